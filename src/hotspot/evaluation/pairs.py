"""Two models side by side: their out-of-fold predictions paired by plan, repeat and sample."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from hotspot.errors import FoldError, few
from hotspot.evaluation.compare import (
    paired_difference,
    paired_extra,
    pooled_extra,
    pooled_score,
)
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.predictions import Predictions, in_all, selected
from hotspot.evaluation.scores import PER_SAMPLE_SCORES
from hotspot.evaluation.uncertainty import Estimate
from hotspot.folds.score_blocks import score_blocks

# Scores whose difference says which of two is better, and needs labels of one limit.
COMPARED = ("log_loss", "brier")
# Scores that are better when lower. Of the coverage neither more nor less is better.
LOWER_IS_BETTER = ("log_loss", "brier", "crps", "rmse_log")
# A smaller difference, as a share of the score, is rounding in the fits of one model.
LEAST = 1e-4
_SHOWN = {"brier": "Brier score", "crps": "CRPS", "rmse_log": "RMSE of the log concentration"}


@dataclass(frozen=True)
class ScoreDifference:
    """A score of two models under one plan, and what lies between them.

    Parameters
    ----------
    plan, score : str
    first, second : Estimate
        The score of each; of the common samples where the difference is paired.
    difference : Estimate
        Second minus first.
    interval : tuple of float, or None
        95 % interval of the difference; None where it has no standard error.
    n_samples : int
        Samples that the difference rests on; the fewer of both where it is not paired.
    unpaired : str
        Why samples could not be paired, in a sentence; empty where they are.
    """

    plan: str
    score: str
    first: Estimate
    second: Estimate
    difference: Estimate
    interval: tuple[float, float] | None
    n_samples: int
    unpaired: str = ""

    @property
    def better(self) -> Literal["first", "second", "unknown"]:
        """Which of both the interval calls better; unknown where it holds 0.

        Unknown too where the difference is a share of the score below `LEAST`.
        """
        if self.interval is None or self.score not in LOWER_IS_BETTER:
            return "unknown"
        low, high = self.interval
        if abs(low + high) / 2 < LEAST * abs(self.first.mean or 0.0):
            return "unknown"
        return "second" if high < 0 else "first" if low > 0 else "unknown"

    def sentence(self, first: str, second: str) -> str:
        """Return what the difference says, in one sentence.

        Parameters
        ----------
        first, second : str
            Names of both.

        Examples
        --------
        >>> half = Estimate(0.5)
        >>> found = ScoreDifference(
        ...     "block", "log_loss", half, half, Estimate(-0.1, 0.02), (-0.14, -0.06), 90)
        >>> found.sentence("A", "B")
        'B is better than A: its log loss under block folds is lower by 0.1 (0.06 to 0.14).'
        """
        shown = _SHOWN.get(self.score, self.score.replace("_", " "))
        name = f"{shown} under {self.plan.replace('_', '-')} folds"
        mean = self.difference.mean
        if mean is None:
            return f"No difference could be told: no {name}, {self.difference.reason}."
        if self.interval is None:
            return (
                f"No difference could be told: the {name} of {second} minus that of {first} is "
                f"{mean:.3g}, {self.difference.reason}."
            )
        low, high = self.interval
        if self.better == "unknown":
            return (
                f"No difference could be told: the {name} of {second} minus that of {first} is "
                f"{mean:.3g} ({low:.3g} to {high:.3g})."
            )
        better, worse = (second, first) if self.better == "second" else (first, second)
        near, far = sorted((abs(low), abs(high)))
        return (
            f"{better} is better than {worse}: its {name} is lower by {abs(mean):.3g} "
            f"({near:.3g} to {far:.3g})."
        )


def label_differences(first: Predictions, second: Predictions) -> list[ScoreDifference]:
    """Return the differences of log loss and Brier score, plan by plan.

    Predictions are paired by plan, repeat and sample, whatever the order of rows. Where only
    some samples are common, those count; a sample that was moved, or whose measurement was
    changed, is none of them. Where no repeat of a plan has the same folds,
    each model is scored on its own samples, and the variances add up: the interval is wider.

    Raises
    ------
    FoldError
        The limits differ, or no plan is common.
    """
    if first.limit_mg_kg != second.limit_mg_kg:
        raise FoldError(
            f"The scores are of different limits, {first.limit_mg_kg:g} and "
            f"{second.limit_mg_kg:g} mg/kg, and so of different questions. Evaluate both runs "
            "at one limit, or compare the CRPS and the maps."
        )
    return [
        _difference(first, second, plan, score)
        for plan in _common_plans(first, second)
        for score in COMPARED
    ]


def distribution_differences(first: Predictions, second: Predictions) -> list[ScoreDifference]:
    """Return the differences of scores of whole distributions, whatever the limits.

    Empty unless both models have a distribution; see `PER_SAMPLE_SCORES`.

    Raises
    ------
    FoldError
        No plan is common.
    """
    common = [
        name
        for name in PER_SAMPLE_SCORES
        if all(name in run.extra for run in (*first.runs, *second.runs))
    ]
    return [
        _difference(first, second, plan, score)
        for plan in _common_plans(first, second)
        for score in common
    ]


def unpaired_difference(
    first: Estimate, second: Estimate, n_blocks: int | None = None
) -> tuple[Estimate, tuple[float, float] | None]:
    """Return second minus first of two scores taken for independent, with its 95 % interval.

    Parameters
    ----------
    first, second : Estimate
        Scores with standard errors.
    n_blocks : int, optional
        The fewer blocks of both, for the quantile of Student's t; normal where not known.

    Examples
    --------
    >>> unpaired_difference(Estimate(0.5, 0.3), Estimate(0.9, 0.4))
    (Estimate(mean=0.4, se=0.5, reason=''), (-0.58, 1.38))
    """
    if first.mean is None or second.mean is None:
        reason = first.reason or second.reason or "one of both has no such score"
        return Estimate(None, None, reason), None
    mean = second.mean - first.mean
    if first.se is None or second.se is None:
        return Estimate(mean, None, first.reason or second.reason), None
    found = Estimate(mean, float(np.hypot(first.se, second.se)))
    return found, _interval(found, n_blocks)


def _difference(
    first: Predictions, second: Predictions, plan: str, score: str
) -> ScoreDifference:
    names = _common_names(first, second, plan)
    pairs = _paired_repeats(first.under(plan), second.under(plan), names)
    if not pairs:
        return _unpaired(first, second, plan, score)
    known = [_is_known(one, score) & _is_known(two, score) for one, two in pairs]
    left = [_only(one, mask) for (one, _), mask in zip(pairs, known, strict=True)]
    right = [_only(two, mask) for (_, two), mask in zip(pairs, known, strict=True)]
    blocks = score_blocks(first.coordinates(names))
    difference = (paired_extra if score in PER_SAMPLE_SCORES else paired_difference)(
        right, left, blocks, score
    )
    return ScoreDifference(
        plan=plan,
        score=score,
        first=_pooled(left, blocks, score),
        second=_pooled(right, blocks, score),
        difference=difference,
        interval=_interval(difference, len(np.unique(blocks))),
        n_samples=int(np.logical_or.reduce(known).sum()),
    )


def _unpaired(
    first: Predictions, second: Predictions, plan: str, score: str
) -> ScoreDifference:
    scores, counts, n_blocks = [], [], []
    for predictions in (first, second):
        runs = predictions.under(plan)
        names = in_all(runs)
        blocks = score_blocks(predictions.coordinates(names))
        scores.append(_pooled([selected(run, names) for run in runs], blocks, score))
        counts.append(len(names))
        n_blocks.append(len(np.unique(blocks)))
    difference, interval = unpaired_difference(scores[0], scores[1], min(n_blocks))
    common = len(_common_names(first, second, plan))
    return ScoreDifference(
        plan=plan,
        score=score,
        first=scores[0],
        second=scores[1],
        difference=difference,
        interval=interval,
        n_samples=min(counts),
        unpaired=(
            f"The folds of {plan} are not the same; {common} samples are common to the "
            f"{counts[0]} of one and the {counts[1]} of the other. Each is scored on its own, "
            "so that the interval is wider."
        ),
    )


def _pooled(runs: Sequence[OutOfFold], blocks: NDArray[np.int64], score: str) -> Estimate:
    if score not in PER_SAMPLE_SCORES:
        return pooled_score(runs, blocks, score)
    return pooled_extra(runs, blocks, score) or Estimate(None, None, "no such score")


def _is_known(run: OutOfFold, score: str) -> NDArray[np.bool_]:
    if score in PER_SAMPLE_SCORES:
        return np.isfinite(run.extra[score])
    return run.is_scored


def _only(run: OutOfFold, known: NDArray[np.bool_]) -> OutOfFold:
    """Return a run without the numbers of samples that are not known of both."""
    return replace(
        run,
        probability=np.where(known, run.probability, np.nan),
        extra={name: np.where(known, values, np.nan) for name, values in run.extra.items()},
    )


def _common_plans(first: Predictions, second: Predictions) -> list[str]:
    common = [plan for plan in first.plans if plan in second.plans]
    if not common:
        raise FoldError(
            f"No plan is common: {few(first.plans)} on one side, {few(second.plans)} on the "
            "other. Evaluate both runs with one plan, such as cv.plans=[block]."
        )
    return common


def _common_names(first: Predictions, second: Predictions, plan: str) -> NDArray[np.str_]:
    """Return the samples, sorted, that every repeat of both has, measured alike."""
    names = in_all([*first.under(plan), *second.under(plan)])
    return names[first.known_of(names).eq(second.known_of(names)).all(axis=1).to_numpy()]


def _paired_repeats(
    first: Sequence[OutOfFold], second: Sequence[OutOfFold], names: NDArray[np.str_]
) -> list[tuple[OutOfFold, OutOfFold]]:
    """Return the repeats of both in which the common samples are divided alike."""
    if not len(names):
        return []
    others = {run.plan.repeat: run for run in second}
    pairs = []
    for run in first:
        if run.plan.repeat in others:
            mine, other = selected(run, names), selected(others[run.plan.repeat], names)
            if _same_division(mine.plan.fold, other.plan.fold):
                pairs.append((mine, other))
    return pairs


def _same_division(first: NDArray[np.int64], second: NDArray[np.int64]) -> bool:
    """Whether two labellings put the same samples together, by whatever numbers."""
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    return len(pairs) == len(set(first.tolist())) == len(set(second.tolist()))


def _interval(found: Estimate, n_blocks: int | None) -> tuple[float, float] | None:
    """Return the 95 % interval of an estimate, by Student's t with blocks - 1 degrees."""
    if found.mean is None or found.se is None:
        return None
    df = np.inf if n_blocks is None else max(n_blocks - 1, 1)
    reach = float(student.ppf(0.975, df)) * found.se
    return (found.mean - reach, found.mean + reach)
