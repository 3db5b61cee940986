"""Pooled scores of one model, and paired differences between two, with standard errors."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import FoldError, few, nearest_name
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.scores import PER_SAMPLE_SCORES, SCORES, ScoreFunction, why_undefined
from hotspot.evaluation.uncertainty import Estimate, estimate

Mask = NDArray[np.bool_]


def pooled_score(
    repeats: Sequence[OutOfFold], blocks: NDArray[np.int64], score: str | ScoreFunction
) -> Estimate:
    """Return a score pooled over folds and averaged over repeats, with its standard error.

    Within a repeat all folds are pooled before the score is computed. A block is left out of
    every repeat at once: repeats share their samples and must not count as new data. What
    the draw of folds adds, the variance between repeats over their number, is added to the
    variance by blocks; with one repeat it is not known and not in the standard error.

    Parameters
    ----------
    repeats : sequence of OutOfFold
        One model and plan; the same samples in the same order.
    blocks : array of int, shape (n,)
        Spatial block of each sample.
    score : str or callable
        A name of `SCORES`, or a function of labels, probabilities and training prevalences.

    Raises
    ------
    FoldError
        The score is unknown, there is no repeat, or the samples differ.
    """
    function = _function(score)
    _check_same_samples(repeats, blocks)

    def statistic(keep: Mask) -> float | None:
        return _mean_score(repeats, function, [keep & run.is_scored for run in repeats])

    labels = repeats[0].label[repeats[0].is_scored]
    drawn = _each_score(repeats, function, [run.is_scored for run in repeats])
    return _with_draws(estimate(statistic, blocks, why_undefined(labels)), drawn)


def paired_difference(
    first: Sequence[OutOfFold],
    second: Sequence[OutOfFold],
    blocks: NDArray[np.int64],
    score: str | ScoreFunction = "log_loss",
) -> Estimate:
    """Return the score of the first minus that of the second, with its standard error.

    What makes a sample hard for both cancels, so the error is smaller than that of either
    score. Where both are of the same plan and repeats, repeats are paired too, each on the
    samples that both have predicted in it: two models that answer for the same samples differ
    by the difference of their scores. Otherwise both are scored on the samples that both have
    predicted in every repeat, and the draws of folds of both are taken for independent.

    Parameters
    ----------
    first, second : sequence of OutOfFold
        Two models under one plan, or one model under two plans; the same samples in the
        same order.
    blocks : array of int, shape (n,)
        Spatial block of each sample.
    score : str or callable
        A name of `SCORES`, or a function of labels, probabilities and training prevalences.

    Raises
    ------
    FoldError
        The score is unknown, there is no repeat, or the samples differ.
    """
    function = _function(score)
    _check_same_samples([*first, *second], blocks)
    if not first or not second:
        raise FoldError(
            f"{len(first)} and {len(second)} repeats were given to be compared. "
            "Give at least one of each."
        )
    are_paired = _keys(first) == _keys(second)
    if are_paired:
        ours = [a.is_scored & b.is_scored for a, b in zip(first, second, strict=True)]
        theirs = ours
    else:
        scored = np.logical_and.reduce([run.is_scored for run in (*first, *second)])
        ours, theirs = [scored] * len(first), [scored] * len(second)

    def statistic(keep: Mask) -> float | None:
        mine = _mean_score(first, function, [keep & mask for mask in ours])
        other = _mean_score(second, function, [keep & mask for mask in theirs])
        return None if mine is None or other is None else mine - other

    found = estimate(statistic, blocks, why_undefined(first[0].label[ours[0]]))
    mine = _each_score(first, function, ours)
    other = _each_score(second, function, theirs)
    if not are_paired:
        return _with_draws(found, mine, other)
    return _with_draws(
        found,
        [
            None if one is None or two is None else one - two
            for one, two in zip(mine, other, strict=True)
        ],
    )


def pooled_extra(
    repeats: Sequence[OutOfFold], blocks: NDArray[np.int64], name: str
) -> Estimate | None:
    """Return a per-sample score of distribution models, pooled; None where a run lacks it.

    Raises
    ------
    FoldError
        There is no repeat, or the samples differ.
    """
    _check_same_samples(repeats, blocks)
    if any(name not in run.extra for run in repeats):
        return None
    pool: Callable[[NDArray[np.float64]], float | None] = PER_SAMPLE_SCORES[name]

    def each(keep: Mask) -> list[float | None]:
        return [pool(run.extra[name][keep & np.isfinite(run.extra[name])]) for run in repeats]

    found = estimate(lambda keep: _mean_of(each(keep)), blocks, "no sample has this score")
    return _with_draws(found, each(np.ones(len(blocks), dtype=np.bool_)))


def paired_extra(
    first: Sequence[OutOfFold],
    second: Sequence[OutOfFold],
    blocks: NDArray[np.int64],
    name: str,
) -> Estimate:
    """Return a per-sample score of the first minus that of the second, with its error.

    Repeats are paired in the order given, each on the samples that have the score in both.

    Parameters
    ----------
    first, second : sequence of OutOfFold
        As many of one as of the other; the same samples in the same order.
    blocks : array of int, shape (n,)
        Spatial block of each sample.
    name : str
        A name of `PER_SAMPLE_SCORES` that every run has.

    Raises
    ------
    FoldError
        There is no repeat, or the samples differ.
    """
    _check_same_samples([*first, *second], blocks)
    pool: Callable[[NDArray[np.float64]], float | None] = PER_SAMPLE_SCORES[name]

    def each(keep: Mask) -> list[float | None]:
        found: list[float | None] = []
        for one, two in zip(first, second, strict=True):
            known = np.isfinite(one.extra[name]) & np.isfinite(two.extra[name])
            mine, other = (pool(run.extra[name][keep & known]) for run in (one, two))
            found.append(None if mine is None or other is None else mine - other)
        return found

    found = estimate(
        lambda keep: _mean_of(each(keep)), blocks, "no sample has this score in both"
    )
    return _with_draws(found, each(np.ones(len(blocks), dtype=np.bool_)))


def _each_score(
    repeats: Sequence[OutOfFold], function: ScoreFunction, masks: Sequence[Mask]
) -> list[float | None]:
    return [
        function(run.label[mask], run.probability[mask], run.prevalence[mask])
        for run, mask in zip(repeats, masks, strict=True)
    ]


def _mean_score(
    repeats: Sequence[OutOfFold], function: ScoreFunction, masks: Sequence[Mask]
) -> float | None:
    return _mean_of(_each_score(repeats, function, masks))


def _keys(repeats: Sequence[OutOfFold]) -> list[tuple[str, int]]:
    return [(run.plan.plan, run.plan.repeat) for run in repeats]


def _with_draws(found: Estimate, *drawn: Sequence[float | None]) -> Estimate:
    """Return the estimate with the variance that the draws of folds add to its mean."""
    if found.se is None:
        return found
    variance = found.se**2
    for scores in drawn:
        known = [score for score in scores if score is not None]
        if len(known) > 1:
            variance += float(np.var(known, ddof=1)) / len(known)
    return Estimate(found.mean, float(np.sqrt(variance)))


def _mean_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _function(score: str | ScoreFunction) -> ScoreFunction:
    if not isinstance(score, str):
        return score
    if score not in SCORES:
        raise FoldError(
            f"No score is known as {score!r}.{nearest_name(score, list(SCORES))} "
            f"Known are {few(SCORES, 10)}."
        )
    return SCORES[score]


def _check_same_samples(runs: Sequence[OutOfFold], blocks: NDArray[np.int64]) -> None:
    if not runs:
        raise FoldError("No out-of-fold prediction was given. Give at least one repeat.")
    for run in runs:
        if not np.array_equal(run.plan.sample_id, runs[0].plan.sample_id):
            raise FoldError(
                f"The predictions under {run.plan.plan!r}, repeat {run.plan.repeat}, are of "
                "other samples than the first. Predict the same samples in the same order."
            )
    if len(blocks) != len(runs[0]):
        raise FoldError(
            f"{len(blocks)} blocks were given for {len(runs[0])} samples. "
            "Give the block of each sample."
        )
