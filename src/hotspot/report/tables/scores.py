"""Tables of scores, reliability, applicability and the worst places."""

import pandas as pd

from hotspot.report.content import (
    Evaluation,
    Reach,
)
from hotspot.report.numerals import MISSING, number
from hotspot.report.score_words import mean_of, score_of
from hotspot.report.tables.rows import Table, table
from hotspot.report.terms import SCORES, plan_label, score_label

_REACH_SCORES = (
    "log_loss",
    "brier",
    "mean_probability",
    "share_above",
    "ece",
    "ece_excess",
    "coverage_90",
)
# Below this a score or its error is a matter of rounding.
_ROUNDING = 1e-9


def score_tables(evaluation: Evaluation) -> tuple[Table, ...]:
    """Return one table per fold plan: models in rows, scores in columns."""
    scores = evaluation.scores
    plans = dict.fromkeys(plan for by_plan in scores.values() for plan in by_plan)
    tables = []
    for plan in plans:
        seen = {name for by_plan in scores.values() for name in by_plan.get(plan, {})}
        names = [name for name in SCORES if name in seen]
        names += sorted(seen - set(names))
        rows = []
        for model, by_plan in scores.items():
            if plan not in by_plan:
                continue
            cells = [_with_error(*score_of(scores, model, plan, name)) for name in names]
            rows.append((model, *cells))
        heads = ("Model", *(score_label(name) for name in names))
        tables.append(table(f"{plan_label(plan)}: mean ± standard error", heads, rows))
    return tuple(tables)


def _with_error(mean: float | None, error: float | None) -> str:
    if mean is None:
        return MISSING
    # What rounding leaves of 0 is 0.
    told = [
        0.0 if value is not None and abs(value) < _ROUNDING else value
        for value in (mean, error)
    ]
    text = number(told[0])
    return text if told[1] is None else f"{text} ± {number(told[1], 2)}"


def reliability_table(frame: pd.DataFrame) -> Table:
    """Return the bins of the reliability curve."""
    return table(
        "Reliability by bin",
        ("Probability given", "Share found", "Interval from", "Interval to", "Samples"),
        frame[["predicted", "observed", "lower", "upper", "n"]].itertuples(
            index=False, name=None
        ),
    )


def applicability_table(reach: Reach) -> Table:
    """Return scores of left-out samples inside and outside the area of applicability."""
    rows = []
    for plan, sides in reach.applicability.items():
        for side, scores in sides.items():
            cells = [_with_error(*mean_of(scores.get(name))) for name in _REACH_SCORES]
            rows.append((plan_label(plan), side, scores["n"], *cells))
    return table(
        "Left-out samples inside and outside the area of applicability",
        ("Plan", "Side", "Predictions", *(score_label(name) for name in _REACH_SCORES)),
        rows,
    )


def profile_table(frame: pd.DataFrame) -> Table:
    """Return the classes of the error profile."""
    columns = ["dissimilarity", "largest", "n", "brier", "brier_lower", "brier_upper"]
    heads = ["Dissimilarity", "Up to", "Predictions", "Expected Brier score", "From", "To"]
    if "coverage_90" in frame.columns and frame["coverage_90"].notna().any():
        columns.append("coverage_90")
        heads.append("Coverage of 90 % interval")
    return table(
        "Error by dissimilarity", heads, frame[columns].itertuples(index=False, name=None)
    )


def worst_table(worst: pd.DataFrame) -> Table:
    """Return the left-out samples that were told worst."""
    return table(
        "The left-out samples that the model told worst",
        ("Number", "Sample", "Measured", "Probability given", "Log loss"),
        (
            (rank, each.sample_id, each.measured, each.probability, each.log_loss)
            for rank, each in enumerate(worst.itertuples(index=False), start=1)
        ),
    )
