"""Scores of left-out samples inside and outside the area of applicability."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hotspot.evaluation.compare import pooled_extra, pooled_score
from hotspot.evaluation.error_profile import DISSIMILARITY
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.reliability import calibration_error
from hotspot.evaluation.scores import ScoreFunction

Side = Literal["inside", "outside"]
SIDES: tuple[Side, ...] = ("inside", "outside")

_SCORES: Mapping[str, str | ScoreFunction] = {
    "log_loss": "log_loss",
    "brier": "brier",
    "mean_probability": lambda y, p, _: float(p.mean()) if len(p) else None,
    "share_above": lambda y, p, _: float(y.mean()) if len(y) else None,
}


def on_side(run: OutOfFold, side: Side, threshold: float) -> OutOfFold:
    """Return predictions of which only those on one side of the threshold are scored.

    A left-out sample is inside if it is no more unlike the samples that trained for it than
    the threshold allows a cell to be; one without training samples is on neither side.

    Parameters
    ----------
    run : OutOfFold
        With an extra ``dissimilarity``.
    side : {"inside", "outside"}
    threshold : float
        Largest index that counts as applicable.
    """
    index = run.extra[DISSIMILARITY]
    keep = index <= threshold if side == "inside" else index > threshold
    return replace(
        run,
        label=np.where(keep, run.label, np.nan),
        extra={name: np.where(keep, values, np.nan) for name, values in run.extra.items()},
    )


def applicability_scores(
    runs: Sequence[OutOfFold], blocks: NDArray[np.int64], threshold: float
) -> dict[str, Any]:
    """Return scores by plan, inside and outside the area of applicability, for the ledger.

    Parameters
    ----------
    runs : sequence of OutOfFold
        One model, one or more plans and repeats, each with an extra ``dissimilarity``; the
        same samples in the same order.
    blocks : array of int, shape (n,)
        Spatial block of each sample, for the standard errors.
    threshold : float
        Largest index that counts as applicable.

    Returns
    -------
    dict
        ``{plan: {"inside": {...}, "outside": {...}}}``. Each side has ``n``, the scored
        predictions over all repeats; where there are any, also ``log_loss``, ``brier``,
        ``mean_probability`` and ``share_above`` (equal where a model is calibrated on the
        whole), ``ece`` with ``ece_by_chance`` and ``ece_excess``, and ``coverage_90`` of a
        model with intervals, each with mean and standard error.
    """
    plans: dict[str, list[OutOfFold]] = {}
    for run in runs:
        plans.setdefault(run.plan.plan, []).append(run)
    return {
        plan: {
            side: _scores_of([on_side(run, side, threshold) for run in repeats], blocks)
            for side in SIDES
        }
        for plan, repeats in plans.items()
    }


def _scores_of(repeats: Sequence[OutOfFold], blocks: NDArray[np.int64]) -> dict[str, Any]:
    # A draw of folds that puts no sample on this side says nothing of it.
    scored = [run for run in repeats if run.is_scored.any()]
    entries: dict[str, Any] = {"n": sum(int(run.is_scored.sum()) for run in scored)}
    if not scored:
        return entries
    for name, score in _SCORES.items():
        entries[name] = pooled_score(scored, blocks, score).to_dict()
    for name, error in calibration_error(scored, blocks).items():
        entries[name] = error.to_dict()
    coverage = pooled_extra(scored, blocks, "coverage_90")
    if coverage is not None:
        entries["coverage_90"] = coverage.to_dict()
    return entries
