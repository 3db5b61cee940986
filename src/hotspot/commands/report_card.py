"""Gathering what the card of a model says, before its maps are made."""

from typing import Any

import numpy as np

from hotspot.commands.limit_rules import rule_facts, rule_threshold
from hotspot.commands.models import config_hash, limit_value, limits_of
from hotspot.commands.report_scores import (
    evaluation_of,
)
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.folds.plan import FoldPlan
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import LimitRule, limits_at
from hotspot.report.content import (
    ContaminantContent,
    Folds,
    Limit,
    Provenance,
    SamplePoints,
    Sampling,
)
from hotspot.report.numerals import concentration
from hotspot.samples.sampleset import Samples


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
        limit=limit_content(limit, samples),
        sampling=sampling_content(config, samples, limit, plans, ledger),
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


def limit_content(rule: LimitRule, samples: Samples) -> Limit:
    """Return the limit as the page tells it."""
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


def sampling_content(
    config: Config,
    samples: Samples,
    limit: LimitRule,
    plans: list[FoldPlan],
    ledger: dict[str, Any],
) -> Sampling:
    """Return the samples of a contaminant in numbers, on the map and in folds."""
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
        preference=ledger.get("sampling", {}).get(limit.contaminant, {}).get("correction")
        or 0.0,
    )
