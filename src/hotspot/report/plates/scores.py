"""Plates of scores, reliability, the error profile and the worst places."""

from collections.abc import Sequence

from hotspot.report import figures, mapplots, tables
from hotspot.report.content import Context, Evaluation, MapLayers
from hotspot.report.numerals import number
from hotspot.report.plates.plate import Plate
from hotspot.report.score_words import reach_sentence, score_of
from hotspot.report.style import png, svg
from hotspot.report.terms import plan_label


def score_plate(evaluation: Evaluation, key: str) -> Plate:
    """Return the chart of log loss under every fold plan."""
    told = []
    for plan in evaluation.scores.get(evaluation.model, {}):
        mean, _ = score_of(evaluation.scores, evaluation.model, plan, "log_loss")
        base, _ = score_of(evaluation.scores, evaluation.baseline, plan, "log_loss")
        told.append(f"{plan_label(plan)} {number(mean)} against {number(base)}")
    figure = figures.score_chart(
        evaluation.scores, model=evaluation.model, baseline=evaluation.baseline
    )
    return Plate(
        svg(
            figure,
            f"Log loss of {evaluation.model} against the baseline {evaluation.baseline}: "
            f"{'; '.join(told) or 'no scores'}.",
            key,
        ),
        "Log loss on samples not seen, by fold plan",
        f"Further left is better. The dashed line and its band are the baseline "
        f"“{evaluation.baseline}” with its standard error; the model of the map is in bold.",
    )


def reliability_plate(evaluation: Evaluation, key: str) -> Plate | None:
    """Return the reliability curve."""
    frame = evaluation.reliability
    if frame is None or frame.empty:
        return None
    gap = float((frame["observed"] - frame["predicted"]).abs().max())
    plan = evaluation.reliability_plan
    return Plate(
        svg(
            figures.reliability_curve(frame),
            f"Reliability curve of {len(frame)} bins; the share found differs from the "
            f"probability given by at most {number(gap, 2)}.",
            key,
        ),
        "Can the probabilities be taken at their word?",
        "Of the samples given a probability of 0.3, about 3 in 10 should be found above the "
        "limit: points near the diagonal. Bars are the interval of the share found; the "
        "columns below are the samples in each bin."
        + (f" Fold plan: {plan_label(plan)}." if plan else ""),
        tables.reliability_table(frame),
    )


def worst_plate(
    evaluation: Evaluation, maps: MapLayers | None, context: Sequence[Context]
) -> Plate | None:
    """Return the left-out samples that were told worst, on the map and in a table."""
    worst = evaluation.worst
    if worst is None or worst.empty or maps is None:
        return None
    first = worst.iloc[0]
    return Plate(
        png(
            mapplots.worst_map(worst, maps, context),
            f"Map of the {len(worst)} left-out samples that were told worst. The worst is "
            f"{first['sample_id']}: {first['measured']}, and a probability of "
            f"{number(float(first['probability']), 2)} to exceed the limit.",
        ),
        "Where the model was most wrong",
        "Samples that were left out and got a probability far from what was found; the larger "
        "the mark, the larger the loss. Look for what they have in common before trusting the "
        "map near them.",
        tables.worst_table(worst),
    )


def profile_plate(evaluation: Evaluation, key: str) -> Plate | None:
    """Return the error profile."""
    reach = evaluation.reach
    if reach is None or reach.profile is None:
        return None
    frame = reach.profile
    first, last = (float(frame["brier"].iloc[at]) for at in (0, -1))
    return Plate(
        svg(
            figures.error_profile(frame),
            f"Expected Brier score by dissimilarity, from {number(first)} for the samples most "
            f"like the others to {number(last)} for those least like them.",
            key,
        ),
        "Does the error rise away from the samples?",
        f"{reach_sentence(reach)} The curve is made to rise; the band holds 90 % of draws of "
        "blocks of ground.",
        tables.profile_table(frame),
    )
