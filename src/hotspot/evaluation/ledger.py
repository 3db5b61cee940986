"""The score ledger: every model under every plan, beside what random folds would claim."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.evaluation.compare import paired_difference, pooled_extra, pooled_score
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.reliability import calibration_error
from hotspot.evaluation.scores import (
    BUDGET,
    PER_SAMPLE_SCORES,
    SCORES,
    ScoreFunction,
    sensitivity_at_budget,
)

# The score whose difference between random and kNNDM folds is the gap.
GAP_SCORE = "log_loss"


def score_ledger(
    predictions: Mapping[str, Mapping[str, Sequence[OutOfFold]]],
    blocks: Mapping[str, NDArray[np.int64]],
    *,
    separations: Mapping[str, Mapping[str, float]] | None = None,
    budget: float = BUDGET,
) -> dict[str, Any]:
    """Return all scores as plain values for JSON, None where a score is undefined.

    Parameters
    ----------
    predictions : mapping
        By contaminant and model, one `OutOfFold` per plan and repeat. All of a contaminant
        are of the same samples in the same order.
    blocks : mapping of str to array of int
        Spatial block of each sample by contaminant, for the standard errors.
    separations : mapping, optional
        W by contaminant and plan, in CRS units: see `hotspot.folds.separation`.
    budget : float
        Share of the area that could be inspected, for ``sensitivity_at_budget``.

    Returns
    -------
    dict
        ``{contaminant: {model: {plan: {score: {"mean": …, "se": …}}}}}``, where an entry
        that is None has a ``"reason"`` too; and beside the contaminants

        - ``"gap"``: ``{contaminant: {model: {"log_loss": {"mean", "se"}}}}``, random minus
          kNNDM: below 0 where random folds flatter;
        - ``"separation"``: ``{contaminant: {plan: W}}``;
        - ``"samples"``: ``{contaminant: {"n", "n_unknown", "prevalence"}}``;
        - ``"folds"``: ``{contaminant: {model: {plan: {"n_unpredicted",
          "n_single_class_folds", "n_untrained_folds"}}}}``, summed over repeats.

    Raises
    ------
    FoldError
        Predictions of one contaminant are of different samples.
    """
    ledger: dict[str, Any] = {}
    gap: dict[str, Any] = {}
    samples: dict[str, Any] = {}
    folds: dict[str, Any] = {}
    for contaminant, models in predictions.items():
        ledger[contaminant], gap[contaminant], folds[contaminant] = {}, {}, {}
        for model, runs in models.items():
            plans = _by_plan(runs)
            block = blocks[contaminant]
            ledger[contaminant][model] = {
                plan: _scores_of(repeats, block, budget) for plan, repeats in plans.items()
            }
            folds[contaminant][model] = {
                plan: _conditions_of(repeats) for plan, repeats in plans.items()
            }
            if "random" in plans and "knndm" in plans:
                found = paired_difference(plans["random"], plans["knndm"], block, GAP_SCORE)
                gap[contaminant][model] = {GAP_SCORE: found.to_dict()}
            samples.setdefault(contaminant, _samples_of(runs[0]))
    return {
        **ledger,
        "gap": gap,
        "separation": {
            contaminant: {plan: float(w) for plan, w in plans.items()}
            for contaminant, plans in (separations or {}).items()
        },
        "samples": samples,
        "folds": folds,
    }


def _by_plan(runs: Sequence[OutOfFold]) -> dict[str, list[OutOfFold]]:
    plans: dict[str, list[OutOfFold]] = {}
    for run in runs:
        plans.setdefault(run.plan.plan, []).append(run)
    return plans


def _scores_of(
    repeats: Sequence[OutOfFold], blocks: NDArray[np.int64], budget: float
) -> dict[str, Any]:
    scores: dict[str, str | ScoreFunction] = {name: name for name in SCORES if name != "ece"}
    scores["sensitivity_at_budget"] = lambda y, p, _: sensitivity_at_budget(y, p, budget)
    entries = {
        name: pooled_score(repeats, blocks, score).to_dict() for name, score in scores.items()
    }
    for name, error in calibration_error(repeats, blocks).items():
        entries[name] = error.to_dict()
    for name in PER_SAMPLE_SCORES:
        extra = pooled_extra(repeats, blocks, name)
        if extra is not None:
            entries[name] = extra.to_dict()
    return entries


def _conditions_of(repeats: Sequence[OutOfFold]) -> dict[str, int]:
    return {
        "n_unpredicted": sum(int(np.isnan(run.probability).sum()) for run in repeats),
        "n_single_class_folds": sum(len(run.single_class) for run in repeats),
        "n_untrained_folds": sum(len(run.untrained) for run in repeats),
    }


def _samples_of(run: OutOfFold) -> dict[str, float | int | None]:
    known = run.label[np.isfinite(run.label)]
    return {
        "n": len(run),
        "n_unknown": len(run) - int(np.isin(known, (0.0, 1.0)).sum()),
        "prevalence": float(known.mean()) if len(known) else None,
    }
