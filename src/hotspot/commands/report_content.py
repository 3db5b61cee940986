"""Gathering what a report says, from the files of an experiment."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from hotspot.commands.limit_rules import limit_warnings, rule_facts, rule_threshold
from hotspot.commands.models import config_hash, limit_value, limits_of
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
from hotspot.observations.exceedance import exceedance_labels
from hotspot.observations.ledger import Ledger
from hotspot.observations.limit_rules import LimitRule, limits_at
from hotspot.report.content import (
    ContaminantContent,
    Folds,
    LedgerStep,
    Limit,
    Provenance,
    ReportContent,
    SamplePoints,
    Sampling,
)
from hotspot.report.numerals import concentration
from hotspot.samples.sampleset import Samples, SampleSet
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


def card_content(
    config: Config,
    paths: Paths,
    samples: Samples,
    contaminant: str,
    *,
    ledger: dict[str, Any],
    plans: list[FoldPlan],
) -> ContaminantContent:
    """Return what is known of a contaminant's model before its maps are made."""
    limit = limits_of(config)[contaminant]
    return ContaminantContent(
        contaminant=contaminant,
        name=Contaminants.load()[contaminant].name,
        limit=_limit(limit, samples),
        sampling=_sampling(config, samples, limit, plans, ledger),
        evaluation=evaluation_of(config, paths, contaminant, ledger),
    )


def provenance_of(config: Config, facts: dict[str, Any], models: dict[str, str]) -> Provenance:
    """Return where the numbers come from, given what every model says of itself."""
    told: list[tuple[str, str]] = [("Model", config.model.kind)]
    if config.description:
        told.append(("About", config.description))
    if config.data.source:
        told.append(("Source of the data", config.data.source))
    return Provenance(
        config_hash=config_hash(config),
        data_hash=str(facts["data_hash"]),
        software_version=str(facts["version"]),
        seed=config.seed,
        model_ids=models,
        facts=tuple(told),
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
        limit=_limit(limit, chosen),
        sampling=_sampling(config, chosen, limit, plans, ledger),
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


def _limit(rule: LimitRule, samples: Samples) -> Limit:
    if not rule.is_constant:
        told = rule_facts(rule, samples.X)
        return Limit(
            threshold_id=rule.id,
            value_mg_kg=told["value_mg_kg"],
            citation=rule.citation,
            status=told["status"],
            note=" ".join(rule.cautions),
            span_mg_kg=(told["lowest_mg_kg"], told["highest_mg_kg"]),
        )
    limit = rule_threshold(rule)
    return Limit(
        threshold_id=limit.id,
        value_mg_kg=float(limit.value_mg_kg or 0.0),
        citation=limit.citation,
        status=limit.status,
        condition=limit.condition,
        note=limit.note,
    )


def _sampling(
    config: Config,
    samples: Samples,
    limit: LimitRule,
    plans: list[FoldPlan],
    ledger: dict[str, Any],
) -> Sampling:
    limits = limits_at(limit_value(limit), samples.X)
    labels = exceedance_labels(samples.lower, samples.upper, limits)
    separations = ledger["separation"].get(limit.contaminant, {})
    known = np.isfinite(labels)
    return Sampling(
        n=len(samples),
        n_unknown=int((~known).sum()),
        prevalence=float(labels[known].mean()) if known.any() else None,
        points=SamplePoints(
            samples.coordinates, labels, tuple(map(concentration, samples.lower, samples.upper))
        ),
        plans=tuple(
            Folds(plan.plan, plan.select(samples.sample_id).fold, separations.get(plan.plan))
            for plan in plans
            if plan.repeat == 0
        ),
        n_without_limit=int(np.isnan(limits).sum()),
    )
