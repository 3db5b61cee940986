"""Tables of the page: text and alignment, ready to be set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd

from hotspot.maps.styles import LayerStyle
from hotspot.report.content import (
    Dependence,
    Evaluation,
    Explanation,
    Folds,
    Hotspots,
    Laboratories,
    LedgerStep,
    MapLayers,
    Reach,
    SampleContributions,
    SamplePoints,
    ScaleImportance,
)
from hotspot.report.numerals import MISSING, area, number, percent
from hotspot.report.terms import SCORES, plan_label, role_label, score_label
from hotspot.report.words import mean_of, score_of, stability_verdict


@dataclass(frozen=True)
class Table:
    """A caption, column heads, and rows of text; numbers are set to the right."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table from values: numbers are rounded, missing ones become a dash.

    A column is numeric if every value in it is a number or missing.
    """
    values = [tuple(row) for row in rows]
    numeric = tuple(
        all(_is_number(row[column]) or row[column] in (None, MISSING) for row in values)
        for column in range(len(heads))
    )
    texts = tuple(tuple(text(value) for value in row) for row in values)
    return Table(caption, tuple(heads), texts, numeric)


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return value[:1].isdigit() or value[:1] in ("−", "<", ">", MISSING)
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def text(value: object) -> str:
    """Return any cell as text.

    Examples
    --------
    >>> text(0.12345), text(True), text(None), text("<0.2")
    ('0.123', 'yes', '–', '<0.2')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return number(int(value))
    if isinstance(value, Real):
        return number(float(value))
    return MISSING if value is None or value is pd.NA else str(value)


def frame_table(caption: str, frame: pd.DataFrame) -> Table:
    """Return a data frame as it is, its column names made readable."""
    heads = [str(name).replace("_", " ").capitalize() for name in frame.columns]
    return table(caption, heads, frame.itertuples(index=False, name=None))


def stability_table(frame: pd.DataFrame) -> Table:
    """Return the stability of each covariate, with a verdict."""
    if "verdict" not in frame.columns:
        verdicts = [
            stability_verdict(float(agreement), above)
            for agreement, above in zip(
                frame["sign_agreement"], frame["above_placebo"], strict=True
            )
        ]
        frame = frame.assign(verdict=verdicts)
    columns = ["covariate", "verdict", *frame.columns.drop(["covariate", "verdict"])]
    return frame_table("Verdict by covariate", frame[columns])


def dependence_table(dependence: Dependence, *, most: int = 13) -> Table:
    """Return the points of a dependence curve, evenly thinned to at most `most` of them."""
    curve = dependence.curve
    caption = f"Contribution along {dependence.name}"
    if len(curve) > most:
        caption += f", {most} of {len(curve)} points"
        kept = np.unique(np.linspace(0, len(curve) - 1, most).round().astype(int))
        curve = curve.iloc[kept]
    if dependence.classes:
        names = [dependence.classes.get(float(code), f"{code:g}") for code in curve["low"]]
        rows = zip(names, curve["mean"], curve["sd"], curve["n"], strict=True)
        return table(caption, ("Class", "Mean", "Sd", "N"), rows)
    return frame_table(caption, curve)


_SCALE_HEADS = {
    "log-odds": "Log-odds of exceedance",
    "probability": "Probability of exceedance",
    "median": "Median concentration, ln(mg/kg)",
    "width": "Uncertainty: width of the 90 % interval, ln(mg/kg)",
}


def scale_table(scales: Sequence[ScaleImportance]) -> Table:
    """Return what roles add on each scale, by their importance on the first."""
    roles = list(scales[0].mean_abs)
    return table(
        "Mean absolute contribution of each role, on every scale",
        ("Role", *(_SCALE_HEADS.get(each.scale, each.unit) for each in scales)),
        ((role_label(role), *(each.mean_abs.get(role) for each in scales)) for role in roles),
    )


def interaction_table(frame: pd.DataFrame, scale: str) -> Table:
    """Return what roles do alone and in pairs."""
    return table(
        "What roles do alone and in pairs",
        ("Role", "With", f"Mean absolute part, {scale}"),
        (
            (role_label(one), "alone" if one == other else role_label(other), value)
            for one, other, value in zip(
                frame["first"], frame["second"], frame["mean_abs"], strict=True
            )
        ),
    )


def association_table(association: pd.DataFrame) -> Table:
    """Return with which other covariate each says most the same."""
    apart = association.to_numpy(dtype=np.float64) - np.eye(len(association))
    names = [str(name) for name in association.index]
    nearest = np.argmax(apart, axis=1)
    return table(
        "The covariate that says most the same",
        ("Covariate", "Most like", "Association"),
        (
            (name, names[near], float(apart[row, near]))
            for row, (name, near) in enumerate(zip(names, nearest.tolist(), strict=True))
        ),
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


def censoring_table(laboratories: Laboratories) -> Table:
    """Return how much each laboratory could not measure."""
    return table(
        "Values below and above what can be measured, by laboratory",
        (
            "Laboratory",
            "Values",
            "Below",
            "Share below",
            "Above",
            "Lowest limit, mg/kg",
            "Highest limit, mg/kg",
        ),
        (
            (
                each["laboratory"] or "not named",
                each["values"],
                each["below"],
                percent(each["share_below"]),
                each["above"],
                each["least_limit_mg_kg"],
                each["greatest_limit_mg_kg"],
            )
            for each in laboratories.censoring
        ),
    )


def offset_table(laboratories: Laboratories) -> Table:
    """Return by which factor each laboratory finds more than the others."""
    return table(
        "What each laboratory finds, as a multiple of what all find",
        ("Laboratory", "Results", "Factor", "95 % from", "to"),
        (
            (
                each["laboratory"],
                each["results"],
                *(float(np.exp(each[name])) for name in ("offset", "lower", "upper")),
            )
            for each in laboratories.offsets
        ),
    )


def areas_table(maps: MapLayers) -> Table:
    """Return hectares by decision class."""
    areas = maps.areas
    rows = (
        ()
        if areas is None
        else tuple(
            (
                name,
                area(hectares),
                percent(hectares / areas.total_ha if areas.total_ha else None),
            )
            for name, hectares in (
                ("Above the limit", areas.above_ha),
                ("Below the limit", areas.below_ha),
                ("Cannot say", areas.cannot_say_ha),
                ("Mapped in all", areas.total_ha),
            )
        )
    )
    return table("Land by decision", ("Class", "Area", "Share"), rows)


def class_table(maps: MapLayers, style: LayerStyle) -> Table:
    """Return land by class of probability, or cells of the drawn map where not counted."""
    hectares = maps.areas.by_class_ha if maps.areas is not None else ()
    if len(hectares) == len(style.classes):
        total = sum(hectares) or float("nan")
        return table(
            "Land by probability of exceedance",
            ("Class", "Area", "Share"),
            (
                (entry.label, area(value), percent(value / total))
                for entry, value in zip(style.classes, hectares, strict=True)
            ),
        )
    return cell_table("Cells of the drawn map by probability", style, maps.probability)


def cell_table(
    caption: str, style: LayerStyle, layer: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
) -> Table:
    """Return how many cells of a drawn layer fall in each class of its style."""
    index = style.classify(layer)
    counts = [int((index == position).sum()) for position in range(len(style.classes))]
    total = sum(counts) or float("nan")
    return table(
        caption,
        ("Class", "Cells drawn", "Share"),
        (
            (entry.label, n, percent(n / total))
            for entry, n in zip(style.classes, counts, strict=True)
        ),
    )


def hotspot_table(hotspots: Hotspots, *, most: int = 50) -> Table:
    """Return the first hotspots by rank."""
    rows = hotspots.table.head(most)
    left = len(hotspots.table) - len(rows)
    return table(
        f"Hotspots by rank{f', the first {most} of {most + left}' if left else ''}",
        ("Rank", "Area", "Mean probability", "Highest probability", "Confidence", "Cells"),
        (
            (rank, area(float(square_metres) / 10_000), mean, highest, confidence, cells)
            for rank, square_metres, mean, highest, confidence, cells in zip(
                rows["rank"],
                rows["area_m2"],
                rows["mean_probability"],
                rows["max_probability"],
                rows["confidence"],
                rows["n_cells"],
                strict=True,
            )
        ),
    )


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


# Below this a standard error is a matter of rounding.
_ROUNDING = 1e-9


def _with_error(mean: float | None, error: float | None) -> str:
    if mean is None:
        return MISSING
    if error is None:
        return number(mean)
    # What rounding leaves of an error of 0 is 0.
    return f"{number(mean)} ± {number(error if error > _ROUNDING else 0.0, 2)}"


def reliability_table(frame: pd.DataFrame) -> Table:
    """Return the bins of the reliability curve."""
    return table(
        "Reliability by bin",
        ("Probability given", "Share found", "Interval from", "Interval to", "Samples"),
        frame[["predicted", "observed", "lower", "upper", "n"]].itertuples(
            index=False, name=None
        ),
    )


_REACH_SCORES = (
    "log_loss",
    "brier",
    "mean_probability",
    "share_above",
    "ece",
    "ece_excess",
    "coverage_90",
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


def importance_table(explanation: Explanation) -> Table:
    """Return the importance of each covariate."""
    frame = explanation.importance
    heads = ["Covariate", "Role", f"Mean absolute contribution, {explanation.scale}"]
    columns = [
        frame["covariate"],
        frame["role"].map(lambda role: role_label(str(role))),
        frame["mean_abs"],
    ]
    for name, head in (
        ("sd", "Standard deviation"),
        ("above_placebo", "Above the placebo band"),
        ("unit", "Unit of the covariate"),
    ):
        if name in frame.columns:
            heads.append(head)
            columns.append(frame[name])
    return table("Importance by covariate", heads, zip(*columns, strict=True))


def role_table(frame: pd.DataFrame, scale: str) -> Table:
    """Return the importance of each role."""
    names = [name for name in ("mean_abs", "sd") if name in frame.columns]
    heads = ["Role", f"Mean absolute contribution, {scale}", "Standard deviation"]
    return table(
        "Importance by role",
        heads[: 1 + len(names)],
        (
            (role_label(str(role)), *values)
            for role, values in zip(
                frame["role"], frame[names].itertuples(index=False, name=None), strict=True
            )
        ),
    )


def swarm_table(samples: SampleContributions, names: Sequence[str]) -> Table:
    """Return the spread of the contributions of each covariate over the samples."""
    columns = list(samples.X.columns)
    rows = []
    for name in names:
        values = samples.contributions[:, columns.index(name)]
        rows.append(
            (name, *(float(v) for v in np.nanquantile(values, (0, 0.25, 0.5, 0.75, 1))))
        )
    heads = ("Covariate", "Lowest", "Quarter", "Median", "Three quarters", "Highest")
    return table("Contributions over the samples", heads, rows)


def sample_table(points: SamplePoints) -> Table:
    """Return how many samples exceed, do not, or are unknown."""
    return table(
        "Samples",
        ("Class", "Samples"),
        (
            ("Exceeds", int((points.label == 1).sum())),
            ("Does not exceed", int((points.label == 0).sum())),
            ("Unknown", int(np.isnan(points.label).sum())),
        ),
    )


def fold_table(points: SamplePoints, folds: Folds, *, most: int = 30) -> Table:
    """Return samples by fold; of more folds than `most`, only their number and sizes."""
    labels, sizes = np.unique(folds.fold, return_counts=True)
    caption = f"{plan_label(folds.plan)}: samples by fold"
    if len(labels) > most:
        rows = [("Folds", len(labels)), ("Smallest", sizes.min()), ("Largest", sizes.max())]
        return table(caption, ("Of the folds", "Number"), rows)
    return table(
        caption,
        ("Fold", "Samples", "Exceed", "Unknown"),
        (
            (
                int(label),
                int(size),
                int((points.label[folds.fold == label] == 1).sum()),
                int(np.isnan(points.label[folds.fold == label]).sum()),
            )
            for label, size in zip(labels, sizes, strict=True)
        ),
    )


def ledger_table(ledger: Sequence[LedgerStep]) -> Table:
    """Return the steps through which the data went."""
    return table(
        "From the raw table to the samples",
        ("Step", "Rows in", "Rows out", "Left out, and why"),
        (
            (
                step.step,
                step.rows_in,
                step.rows_out,
                "; ".join(f"{number(n)} {reason}" for reason, n in step.reasons) or "none",
            )
            for step in ledger
        ),
    )
