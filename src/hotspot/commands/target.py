"""Scores for the area to be mapped: what of `hotspot evaluate` looks at the map's cells."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.commands.models import limit_value, limits_of, model_factory
from hotspot.commands.workers import in_parallel, worker_count
from hotspot.config.schema import Config
from hotspot.estimators.varying_limit import exceedance_at, fit_at
from hotspot.evaluation.out_of_fold import out_of_fold
from hotspot.evaluation.target import target_scores
from hotspot.evaluation.target_balance import target_weights
from hotspot.evaluation.target_descriptors import (
    CovariateSpace,
    cell_descriptors,
    task_descriptors,
)
from hotspot.folds.tasks import make_tasks
from hotspot.grid import Coordinates
from hotspot.observations.exceedance import exceedance_labels
from hotspot.observations.limit_rules import Limit, limits_at
from hotspot.samples.preferential import audit_preference, preference_weights
from hotspot.samples.sampleset import Samples, SampleSet
from hotspot.seeds import child_seed

PLAN = "target_weighted"
# Parts that are left out in turn, at each of several distances; each is a fit.
TASK_PARTS = 6


@dataclass(frozen=True)
class Target:
    """Cells that stand for the map: their places and complete covariates."""

    coordinates: Coordinates
    X: pd.DataFrame


def add_target_scores(
    ledger: dict[str, Any], config: Config, samples: SampleSet, target: Target
) -> None:
    """Add the plan `target_weighted` to a score ledger, for the model and the baseline.

    A model whose score would rest on too few samples, or on ground that no test resembles,
    gets no number but the reason, under ``ledger["target"]``.
    """
    jobs = [(config, samples, contaminant, target) for contaminant in config.contaminants]
    found = in_parallel(_of, jobs, workers=worker_count(config.workers, len(jobs)))
    ledger["target"], ledger["sampling"] = {}, {}
    for contaminant, entry in zip(config.contaminants, found, strict=True):
        ledger["sampling"][contaminant] = entry.sampling
        ledger["target"][contaminant] = entry.target
        for kind, scores in entry.scores.items():
            if kind in ledger[contaminant]:
                ledger[contaminant][kind][PLAN] = scores


@dataclass(frozen=True)
class _Entry:
    """What a ledger tells of one contaminant's survey and of the area to be mapped."""

    sampling: dict[str, Any]
    target: dict[str, Any]
    scores: dict[str, dict[str, Any]]


def _of(config: Config, samples: SampleSet, contaminant: str, target: Target) -> _Entry:
    chosen = samples.of(contaminant)
    audit = audit_preference(
        chosen.coordinates,
        _log_middle(chosen),
        random_state=child_seed(config.seed, "preference", contaminant),
    )
    sampling = {
        "is_preferential": bool(audit.is_preferential),
        "correlation": _plain(audit.correlation),
        "p_value": _plain(audit.p_value),
        "sentence": audit.sentence,
    }
    if not _has_both_classes(chosen, limit_value(limits_of(config)[contaminant])):
        reason = "All samples are on one side of the limit, or unknown."
        return _Entry(
            sampling, {config.model.kind: {"n_effective": None, "reason": reason}}, {}
        )
    told: dict[str, Any] = {}
    printed: dict[str, dict[str, Any]] = {}
    for kind in dict.fromkeys((config.model.kind, "prevalence")):
        scores = _scores(config, samples, contaminant, kind, target=target)
        first = next(iter(scores.values()))
        told[kind] = {"n_effective": _plain(first.n_effective), "reason": first.reason}
        if first.mean is not None:
            printed[kind] = {
                name: {"mean": _plain(score.mean), "se": _plain(score.se)}
                for name, score in scores.items()
            }
    return _Entry(sampling, told, printed)


def _has_both_classes(samples: Samples, limit: Limit) -> bool:
    labels = exceedance_labels(samples.lower, samples.upper, limits_at(limit, samples.X))
    return len(np.unique(labels[np.isfinite(labels)])) == 2


def _scores(
    config: Config, samples: SampleSet, contaminant: str, kind: str, *, target: Target
) -> dict[str, Any]:
    chosen = samples.of(contaminant)
    limit = limit_value(limits_of(config)[contaminant])
    make = model_factory(config, kind, contaminant, samples.catalogue)
    plans = make_tasks(
        chosen.sample_id,
        chosen.coordinates,
        target.coordinates,
        n_parts=TASK_PARTS,
        seed=child_seed(config.seed, "tasks", contaminant),
    )
    runs = [out_of_fold(make, chosen, plan, limit) for plan in plans]
    names = [c.name for c in samples.catalogue if not c.is_categorical]
    space = CovariateSpace.of(target.X[names].to_numpy(dtype=np.float64))
    tasks = task_descriptors(
        runs, chosen.coordinates, space.components(chosen.X[names].to_numpy(dtype=np.float64))
    )
    cells = cell_descriptors(
        target.coordinates,
        chosen.coordinates,
        space.components(target.X[names].to_numpy(dtype=np.float64)),
    )
    weights = target_weights(
        tasks.descriptors,
        cells,
        sample=tasks.sample,
        start=preference_weights(chosen.coordinates, _log_middle(chosen)),
        blocks=runs[-1].plan.fold,
    )
    model = fit_at(
        make(),
        chosen.X,
        chosen.lower,
        chosen.upper,
        limits_at(limit, chosen.X),
        coordinates=chosen.coordinates,
    )
    chance = exceedance_at(
        model, target.X, limits_at(limit, target.X), coordinates=target.coordinates
    )
    return target_scores(tasks, weights, cell_probability=chance)


def _log_middle(samples: Samples) -> NDArray[np.float64]:
    """Return one number per sample that rises with its concentration."""
    top = np.where(np.isfinite(samples.upper), samples.upper, samples.lower)
    return np.log(np.maximum((samples.lower + top) / 2, 1e-6))


def _plain(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
