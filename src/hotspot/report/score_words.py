"""What scores say, in sentences."""

from collections.abc import Mapping
from math import isfinite

from hotspot.folds.honest import honest_plan
from hotspot.report.content import (
    Evaluation,
    Folds,
    Reach,
    Scores,
)
from hotspot.report.numerals import number
from hotspot.report.terms import plan_label


def score_of(
    scores: Scores, model: str, plan: str, score: str
) -> tuple[float | None, float | None]:
    """Return mean and standard error of a score, each None where it is not known."""
    return mean_of(scores.get(model, {}).get(plan, {}).get(score))


def mean_of(entry: object) -> tuple[float | None, float | None]:
    """Return mean and standard error of an entry of the ledger, None where not known."""
    if not isinstance(entry, Mapping):
        return None, None
    return _finite(entry.get("mean")), _finite(entry.get("se"))


def _finite(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, int | float) and isfinite(value) else None


def skill_sentence(evaluation: Evaluation) -> str:
    """Return whether the model predicts better than the share of exceeding samples alone."""
    plan = honest_plan(evaluation.scores, evaluation.model)
    if plan is None:
        return (
            f"There is no score of the model “{evaluation.model}”: how good it is, is unknown."
        )
    label = plan_label(plan)
    mean, error = score_of(evaluation.scores, evaluation.model, plan, "log_loss")
    base, _ = score_of(evaluation.scores, evaluation.baseline, plan, "log_loss")
    if mean is None or base is None:
        return (
            f"Under the plan “{label}” there is no log loss of both the model and the "
            "baseline: whether the model is better than knowing only the share of exceeding "
            "samples is unknown."
        )
    seen = f"log loss {number(mean)} against {number(base)} under the plan “{label}”"
    if error is None:
        return (
            f"The model has a {seen}, but no standard error is known, so that no verdict "
            "against the share of exceeding samples alone is given."
        )
    if mean + error < base:
        return (
            "On samples it has not seen, the model is better than knowing only the share of "
            f"exceeding samples: {seen}, with a standard error of {number(error, 2)}."
        )
    if mean - error > base:
        return (
            "On samples it has not seen, the model is worse than knowing only the share of "
            f"exceeding samples: {seen}, with a standard error of {number(error, 2)}. "
            "Do not use this map for decisions."
        )
    return (
        "On samples it has not seen, the model is not better than knowing only the share of "
        f"exceeding samples, within its standard error: {seen}, with a standard error of "
        f"{number(error, 2)}. Read the map as a suggestion, no more."
    )


def skill_verdict(evaluation: Evaluation) -> str:
    """Return ``better``, ``not better``, ``worse`` or ``unknown`` for `skill_sentence`."""
    plan = honest_plan(evaluation.scores, evaluation.model) or ""
    mean, error = score_of(evaluation.scores, evaluation.model, plan, "log_loss")
    base, _ = score_of(evaluation.scores, evaluation.baseline, plan, "log_loss")
    if mean is None or base is None or error is None:
        return "unknown"
    if mean + error < base:
        return "better"
    return "worse" if mean - error > base else "not better"


def gap_sentence(evaluation: Evaluation) -> str:
    """Return how much random folds flatter the model."""
    entry = (evaluation.gap or {}).get("log_loss", {})
    gap, error = _finite(entry.get("mean")), _finite(entry.get("se"))
    if gap is None:
        return "The gap between random and kNNDM folds is not known."
    within = "" if error is None else f" (standard error {number(error, 2)})"
    if error is not None and abs(gap) <= error:
        return (
            f"Random and kNNDM folds give the model about the same log loss: they differ by "
            f"{number(abs(gap), 2)}, within the standard error of {number(error, 2)}."
        )
    if gap < 0:
        return (
            f"Random folds flatter the model: its log loss under them is {number(-gap, 2)}"
            f"{within} lower than under kNNDM folds, whose distances are those of the map. "
            "Scores from random folds do not hold for this map."
        )
    return (
        f"Random folds do not flatter the model here: its log loss under them is "
        f"{number(gap, 2)}{within} higher than under kNNDM folds."
    )


def reach_sentence(reach: Reach) -> str:
    """Return whether the dissimilarity tells where the model errs, as plainly as it is."""
    mean, error = mean_of(reach.correlation)
    if mean is None:
        return "Whether the model errs more where a place is unlike the samples is not known."
    seen = f"rank correlation {number(mean, 2)}"
    if error is not None:
        seen += f", standard error {number(error, 2)}"
    told = {
        "none": "The dissimilarity from the samples does not tell where the model errs",
        "opposite": "The model errs less, not more, where a place is unlike the samples",
        "weak": "The dissimilarity from the samples tells only weakly where the model errs",
        "moderate": "The dissimilarity from the samples tells in part where the model errs",
        "strong": "The dissimilarity from the samples tells well where the model errs",
    }.get(reach.strength, "How well the dissimilarity tells where the model errs is not known")
    advice = {
        "none": " Use it as a mask of what was never tested, not as a map of the error.",
        "opposite": " Use it as a mask of what was never tested, not as a map of the error.",
        "weak": " Use it as a mask of what was never tested rather than as a map of the error.",
    }.get(reach.strength, "")
    return f"{told} ({seen}, over left-out samples of all fold plans).{advice}"


def separation_sentence(plans: tuple[Folds, ...]) -> str:
    """Return how far each fold plan is from the task of the map."""
    known = [(f.plan, f.separation_m) for f in plans if f.separation_m is not None]
    if not known:
        return "How far the fold plans are from the task of the map (W) was not computed."
    parts = ", ".join(f"{plan_label(plan)} {number(w)} m" for plan, w in known)
    return (
        f"Separation W from the task of the map: {parts}. The smaller W is, the more the test "
        "resembles the task."
    )
