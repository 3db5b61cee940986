"""The limits that a configuration asks for: numbers, ids, rules and regimes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hotspot.config.paths import input_path
from hotspot.config.schema import Config, LimitConfig
from hotspot.errors import ConfigError, ThresholdError
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.limits.chosen import resolve_threshold
from hotspot.observations.limits.exceedance import (
    exceedance_labels,
    warn_if_outside_range,
    warn_if_reported_at_limit,
)
from hotspot.observations.limits.regimes import regime_rule, registry_rule
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.threshold import Threshold
from hotspot.observations.limits.thresholds import Thresholds
from hotspot.observations.limits.user_registry import read_user_registry
from hotspot.samples.sampleset import Samples


def limit_rules(config: Config, root: Path = Path()) -> dict[str, LimitRule]:
    """Return the limit of each contaminant as a rule, in the order of the configuration.

    A number and the id of a row are constant rules. Covariates that a rule names must be
    layers of the experiment.

    Raises
    ------
    ThresholdError
        As of `resolve_threshold`, `regime_rule` and `registry_rule`.
    ConfigError
        A contaminant is no id, a rule names a covariate that the experiment does not have, or
        the registry of the user cannot be read.
    """
    _check_ids(config.contaminants)
    registry = registry_of(config, root)
    rules = {}
    for contaminant in config.contaminants:
        asked = config.threshold[contaminant]
        if isinstance(asked, LimitConfig):
            rule = _rule(config, contaminant, asked, registry)
            _check_covariates(config, contaminant, rule)
        else:
            try:
                limit = resolve_threshold(contaminant, asked, registry=registry)
            except ThresholdError as error:
                raise ThresholdError(f"threshold.{contaminant}: {error}") from error
            rule = LimitRule.constant(limit)
        rules[contaminant] = rule
    return rules


def _check_ids(contaminants: Sequence[str]) -> None:
    known = Contaminants.load()
    for name in contaminants:
        if name not in known.ids:
            meant = known.find(name)
            near = f"; did you mean {meant!r}?" if meant else f".{known.near(name)}"
            raise ConfigError(
                f"contaminants: {name!r} is no id of a contaminant{near} Write ids of the "
                "registry, such as [cd, pb], here and as the keys of threshold; other names in "
                "the table are mapped by data.contaminant_names."
            )


def registry_of(config: Config, root: Path = Path()) -> Thresholds:
    """Return the registry of the package, with that of the user behind it.

    Raises
    ------
    ConfigError
        The file cannot be opened.
    ThresholdError
        The file has faults.
    """
    packaged = Thresholds.load()
    name = config.threshold.registry
    if name is None:
        return packaged
    path = input_path(name, "threshold.registry", root=root)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"threshold.registry: {name!r} cannot be read: {error}. Save it as CSV in UTF-8."
        ) from error
    return packaged.extended(read_user_registry(text, name).rows)


def soil_inputs(config: Config, asked: LimitConfig | None = None) -> SoilInputs:
    """Return what a configuration gives of the soil: of a limit, and else of all."""
    own = {} if asked is None else asked.given()
    classes = (asked.classes if asked is not None else {}) or config.threshold.given.classes
    return SoilInputs.read({**config.threshold.given.given(), **own}, classes)


def limit_warnings(rule: LimitRule, samples: Samples) -> list[str]:
    """Return what of a limit the samples can hardly tell, for the console and the report."""
    if rule.is_constant:
        each = [
            warn(rule_threshold(rule), samples.lower, samples.upper)
            for warn in (warn_if_outside_range, warn_if_reported_at_limit)
        ]
        return [warning for warning in each if warning is not None]
    limits = rule.values(samples.X)
    told: list[str] = []
    unknown = int(np.isnan(limits).sum())
    if unknown:
        reasons = (f"{text} ({count})" for text, count in rule.reasons(samples.X).items())
        told.append(
            f"The limit {rule.id} is not known at {unknown} of {len(limits)} samples, whose "
            f"exceedance is unknown: {'; '.join(reasons)}."
        )
    labels = exceedance_labels(samples.lower, samples.upper, limits)
    found = np.unique(labels[np.isfinite(labels)])
    if len(found) == 1:
        told.append(
            f"{'All' if found[0] else 'None'} of the {int(np.isfinite(labels).sum())} samples "
            f"with a known answer exceed{'' if found[0] else 's'} the limit {rule.id}: a "
            "probability would rest on extrapolation. Consider another limit."
        )
    return told


def rule_threshold(rule: LimitRule) -> Threshold:
    """Return a rule that is the same everywhere as one limit.

    Raises
    ------
    ThresholdError
        It depends on the place, or nothing is known of the soil that it needs.
    """
    value = rule.constant_mg_kg
    if value is None:
        depends = ", ".join(rule.covariates)
        unknown = rule.reasons(pd.DataFrame(index=[0])) if not depends else {}
        why = (
            f"depends on the covariates {depends}, so that it has no one number"
            if depends
            else f"is not known: {'; '.join(unknown) or 'no total can exceed it here'}"
        )
        raise ThresholdError(
            f"The limit {rule.id} of {rule.contaminant} {why}. Give what it needs as numbers, "
            "or choose a limit that is a number."
        )
    first = rule.rows[0].threshold
    if len(rule.rows) == 1 and rule.id == first.id:
        return first
    return Threshold(
        id=rule.id,
        contaminant=rule.contaminant,
        value=value,
        unit="mg/kg dry",
        value_mg_kg=value,
        jurisdiction=first.jurisdiction,
        instrument=first.instrument,
        issuer=first.issuer,
        land_use=first.land_use,
        value_kind=first.value_kind,
        condition="; ".join(f"{g.quantity} {g.constant}" for g in rule.inputs.given),
        basis=first.basis,
        fraction=first.fraction,
        source_url=first.source_url,
        source_place=first.source_place,
        verified=_least([row.threshold.verified for row in rule.rows]),
        status=first.status,
        note=" ".join(rule.cautions),
    )


def rule_facts(rule: LimitRule, frame: pd.DataFrame) -> dict[str, Any]:
    """Return a rule as plain values, as models and rasters carry it.

    Parameters
    ----------
    rule : LimitRule
        Of one contaminant.
    frame : DataFrame
        Covariates of the samples; the median of their limits stands for the rule where one
        number is wanted, as on a legend.

    Raises
    ------
    ThresholdError
        The limit of no sample is known.
    """
    limits = rule.values(frame)
    known = limits[np.isfinite(limits)]
    if not len(known):
        raise ThresholdError(
            f"The limit {rule.id} is known at none of {len(frame)} samples: "
            f"{'; '.join(rule.reasons(frame)) or 'no total can exceed it'}. "
            f"Give threshold.{rule.contaminant} what it needs."
        )
    first = rule.rows[0].threshold
    return {
        "id": rule.id,
        "value_mg_kg": float(np.median(known)),
        "citation": rule.citation,
        "status": first.status,
        "verified": _least([row.threshold.verified for row in rule.rows]),
        "cautions": list(rule.cautions),
        "rule": rule.to_dict(),
        "lowest_mg_kg": float(known.min()),
        "highest_mg_kg": float(known.max()),
        "n_unknown": int(np.isnan(limits).sum()),
    }


def _rule(
    config: Config, contaminant: str, asked: LimitConfig, registry: Thresholds
) -> LimitRule:
    inputs = soil_inputs(config, asked)
    if asked.rule is not None:
        return regime_rule(contaminant, asked.rule, inputs)
    return registry_rule(
        contaminant,
        str(asked.registry),
        inputs,
        kind=asked.kind,
        fraction=asked.fraction,
        date=asked.date,
        background_rule=asked.background_rule or "",
        registry=registry,
    )


def _check_covariates(config: Config, contaminant: str, rule: LimitRule) -> None:
    missing = [name for name in rule.covariates if name not in config.covariates.layers]
    if missing:
        raise ConfigError(
            f"threshold.{contaminant}: the limit {rule.id} depends on {', '.join(missing)}, "
            f"and covariates.layers has {', '.join(config.covariates.layers) or 'none'}. "
            "Add the layer, name another, or give a number."
        )


def _least(verified: list[str]) -> str:
    """Return the least certain of several marks."""
    order = ("memory", "second", "", "yes")
    return min(verified, key=order.index)
