"""Scores for the area to be mapped: what of `hotspot evaluate` looks at the map's cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hotspot.commands.models import limit_value, limits_of, model_factory
from hotspot.config.schema import Config
from hotspot.errors import ModelError, SampleError
from hotspot.estimators.preference import can_be_corrected, corrected
from hotspot.estimators.table import asked_about
from hotspot.estimators.varying_limit import exceedance_at, fit_at
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.reference_model import MAP_CELLS, ReferenceModel
from hotspot.evaluation.target import model_tests, target_scores
from hotspot.evaluation.target_preference import map_correction
from hotspot.evaluation.target_reference import map_reference
from hotspot.grid import Coordinates
from hotspot.observations.intervals import positive_midpoints
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import Limit, limits_at
from hotspot.samples.preferential import PreferenceAudit, audit_preference
from hotspot.samples.sampleset import Samples, SampleSet
from hotspot.seeds import child_seed

PLAN = "target_weighted"
# The plan whose left-out samples compare a model with the reference model.
TESTS = "random"

Runs = Mapping[str, Sequence[OutOfFold]]
"""Out-of-fold predictions of one contaminant, by kind of model."""


@dataclass(frozen=True)
class Target:
    """Cells that stand for the map: their places and complete covariates.

    The unit is that of the coordinates, in words.
    """

    coordinates: Coordinates
    X: pd.DataFrame
    unit_of_length: str = "m"


@dataclass(frozen=True)
class TargetEntry:
    """What a ledger tells of one contaminant's survey and of the area to be mapped."""

    sampling: dict[str, Any]
    target: dict[str, Any]
    scores: dict[str, dict[str, Any]]


def add_target_scores(ledger: dict[str, Any], entries: Mapping[str, TargetEntry]) -> None:
    """Add the plan `target_weighted` to a score ledger, for every model in it.

    A model whose score would rest on too few samples, or on ground that no test resembles,
    gets no number but the reason, under ``ledger["target"]``.

    Parameters
    ----------
    ledger : dict
        As of `score_ledger`; changed in place.
    entries : mapping of TargetEntry
        By contaminant.
    """
    ledger["target"], ledger["sampling"] = {}, {}
    for contaminant, entry in entries.items():
        ledger["sampling"][contaminant] = entry.sampling
        ledger["target"][contaminant] = entry.target
        for kind, scores in entry.scores.items():
            ledger[contaminant][kind][PLAN] = scores


def target_entry(
    config: Config, samples: SampleSet, contaminant: str, target: Target, predictions: Runs
) -> TargetEntry:
    """Return what the ledger is told of one contaminant.

    Parameters
    ----------
    config : Config
    samples : SampleSet
        Of all contaminants.
    contaminant : str
        One of them.
    target : Target
        The cells.
    predictions : mapping
        Its out-of-fold predictions, by kind of model.
    """
    chosen = samples.of(contaminant)
    audit, sampling = _audited(config, chosen, contaminant)
    limit = limit_value(limits_of(config)[contaminant])
    tested = {
        kind: [run for run in runs if run.plan.plan == TESTS]
        for kind, runs in predictions.items()
    }
    reason = ""
    if not _has_both_classes(chosen, limit):
        reason = "All samples are on one side of the limit, or unknown."
    elif not all(tested.values()):
        reason = f"No predictions of the plan {TESTS!r}. Add it to cv.plans."
    referee = None
    if not reason:
        try:
            referee = ReferenceModel.of(
                chosen,
                limit,
                categorical=samples.catalogue.categorical,
                random_state=child_seed(config.seed, "second_opinion", contaminant),
            )
        except ModelError as error:
            reason = f"No reference model: {error}"
    if referee is None:
        none = {kind: {"n_effective": None, "reason": reason} for kind in tested}
        return TargetEntry(sampling, none, {})
    reference = map_reference(
        referee,
        target.X,
        target.coordinates,
        numeric=[c.name for c in samples.catalogue if not c.is_categorical],
        unit_of_length=target.unit_of_length,
        random_state=child_seed(config.seed, "tasks", contaminant),
    )
    slope = 0.0
    if config.preference == "auto" and audit is not None:
        slope = map_correction(reference.preference, audit)
    correction = 0.0
    told: dict[str, Any] = {}
    printed: dict[str, dict[str, Any]] = {}
    for kind, runs in tested.items():
        model = fit_at(
            model_factory(config, kind, contaminant, samples.catalogue)(),
            chosen,
            limits_at(limit, chosen.X),
        )
        moves = slope != 0 and can_be_corrected(model)
        if moves and kind == config.model.kind:
            correction = slope
        with asked_about(MAP_CELLS):
            chance = exceedance_at(
                corrected(model, slope),
                target.X,
                limits_at(limit, target.X),
                coordinates=target.coordinates,
            )
        scores = target_scores(
            reference,
            model_tests(referee, reference, runs),
            chance,
            is_corrected=moves,
        )
        first = scores["log_loss"]
        told[kind] = {"n_effective": _plain(first.n_effective), "reason": first.reason}
        if first.mean is not None:
            printed[kind] = {
                name: {"mean": _plain(score.mean), "se": _plain(score.se)}
                for name, score in scores.items()
            }
    slopes = {
        "preference": _plain(reference.preference.slope),
        "preference_se": _plain(reference.preference.se),
        "correction": _plain(correction),
    }
    return TargetEntry({**sampling, **slopes}, told, printed)


def _audited(
    config: Config, samples: Samples, contaminant: str
) -> tuple[PreferenceAudit | None, dict[str, Any]]:
    """Return the audit of preferential sampling, and what a ledger tells of it.

    The audit is a side result: where it cannot be made, the ledger says why, with no answer
    under ``is_preferential``.
    """
    try:
        audit = audit_preference(
            samples.coordinates,
            np.log(positive_midpoints(samples.lower, samples.upper)),
            random_state=child_seed(config.seed, "preference", contaminant),
        )
    except SampleError as error:
        sentence = f"Whether samples are denser where values are high is not known: {error}"
        untold = {"is_preferential": None, "correlation": None, "p_value": None}
        return None, {**untold, "sentence": sentence}
    return audit, {
        "is_preferential": bool(audit.is_preferential),
        "correlation": _plain(audit.correlation),
        "p_value": _plain(audit.p_value),
        "sentence": audit.sentence,
    }


def _has_both_classes(samples: Samples, limit: Limit) -> bool:
    labels = exceedance_labels(samples.lower, samples.upper, limits_at(limit, samples.X))
    return len(np.unique(labels[np.isfinite(labels)])) == 2


def _plain(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
