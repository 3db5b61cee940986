"""Gathering what a report says, from the files of an experiment."""

import json
from dataclasses import replace
from typing import Any

from hotspot.commands.limit_rules import limit_warnings
from hotspot.commands.models import limits_of
from hotspot.commands.report_card import limit_content, provenance_of, sampling_content
from hotspot.commands.report_explanation import explanation_of
from hotspot.commands.report_maps import map_context, map_layers
from hotspot.commands.report_review import review_of
from hotspot.commands.report_samples import laboratories_of, observation_notes
from hotspot.commands.report_scores import (
    evaluation_of,
    fold_warnings,
    sampling_warnings,
    worst_places,
)
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import open_stack
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.evaluation.store import read_ledger
from hotspot.folds.plan import FoldPlan
from hotspot.folds.store import read_folds
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.ledger import Ledger
from hotspot.report.content import (
    ContaminantContent,
    LedgerStep,
    ReportContent,
)
from hotspot.samples.sampleset import SampleSet
from hotspot.samples.store import read_samples


def report_content(config: Config, paths: Paths) -> ReportContent:
    """Return everything the report of an experiment says."""
    with open_stack(paths.covariates) as stack:
        samples = read_samples(paths.samples, stack.catalogue)
        grid = stack.grid
    ledger = read_ledger(paths.metrics)
    plans = read_folds(paths.folds)
    models = {c: load_model(paths.model(c)) for c in config.contaminants}
    return ReportContent(
        title=config.title,
        experiment=config.name,
        contaminants=tuple(
            _contaminant(config, paths, samples, models[c], ledger=ledger, plans=plans)
            for c in config.contaminants
        ),
        provenance=provenance_of(
            config,
            next(iter(models.values())).facts,
            {c: str(model.facts["model_id"]) for c, model in models.items()},
        ),
        ledger=_ledger(paths),
        context=map_context(config, paths, grid),
        notes=observation_notes(paths),
    )


def _ledger(paths: Paths) -> tuple[LedgerStep, ...]:
    ledger = Ledger.from_dict(json.loads(paths.ledger.read_text(encoding="utf-8")))
    return tuple(
        LedgerStep(step.name, step.rows_in, step.rows_out, tuple(step.reasons.items()))
        for step in ledger.steps
    )


def _contaminant(
    config: Config,
    paths: Paths,
    samples: SampleSet,
    model: FittedModel,
    *,
    ledger: dict[str, Any],
    plans: list[FoldPlan],
) -> ContaminantContent:
    contaminant = model.contaminant
    limit = limits_of(config)[contaminant]
    chosen = samples.of(contaminant)
    maps = map_layers(config, paths.maps(contaminant), model)
    return ContaminantContent(
        contaminant=contaminant,
        name=Contaminants.load()[contaminant].name,
        limit=limit_content(limit, chosen),
        sampling=sampling_content(config, chosen, limit, plans, ledger),
        maps=maps,
        evaluation=replace(
            evaluation_of(config, paths, contaminant, ledger),
            worst=worst_places(config, paths, contaminant, chosen),
        ),
        explanation=explanation_of(
            config,
            paths.explanations(contaminant),
            chosen,
            samples,
            outside=None if maps is None else maps.outside,
        ),
        warnings=(
            *limit_warnings(limit, chosen),
            *sampling_warnings(ledger, config, contaminant),
            *fold_warnings(config, paths, contaminant),
        ),
        review=review_of(paths, contaminant),
        laboratories=laboratories_of(paths, contaminant),
    )
