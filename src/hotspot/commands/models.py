"""What several stages need of models: limits, estimators by configuration, identities."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd

from hotspot import __version__
from hotspot.commands.limit_rules import limit_rules, rule_facts, rule_threshold
from hotspot.commands.stamps import files_digest
from hotspot.config.check import config_digest
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.registry import make_estimator
from hotspot.folds.plan import FoldPlan
from hotspot.maps.decision import DecisionRule
from hotspot.observations.limits.rules import Limit, LimitRule
from hotspot.seeds import child_seed

# Parts of the configuration that a model depends on.
MODEL_KEYS = (
    "contaminants",
    "covariates",
    "cv",
    "data",
    "model",
    "preference",
    "seed",
    "threshold",
    "weights",
)


def limits_of(config: Config) -> dict[str, LimitRule]:
    """Return the limit of each contaminant, in the order of the configuration.

    Raises
    ------
    ThresholdError
        A limit is known nowhere, since nothing is known of the soil that it needs.
    """
    rules = limit_rules(config)
    for rule in rules.values():
        if not rule.covariates:
            rule_threshold(rule)
    return rules


def limit_value(rule: LimitRule) -> Limit:
    """Return a limit as models are asked about it: in mg/kg, or the rule of every place."""
    return rule if rule.constant_mg_kg is None else rule.constant_mg_kg


def limit_facts(rule: LimitRule, X: pd.DataFrame) -> dict[str, Any]:
    """Return a limit as plain values, as models and rasters carry it.

    Parameters
    ----------
    rule : LimitRule
        Of one contaminant.
    X : DataFrame, shape (n, n_covariates)
        Covariates of the samples.
    """
    if not rule.is_constant:
        return rule_facts(rule, X)
    limit = rule_threshold(rule)
    return {
        "id": limit.id,
        "value_mg_kg": rule.constant_mg_kg,
        "citation": limit.citation,
        "status": limit.status,
        "verified": limit.verified,
        "cautions": list(limit.cautions),
    }


def model_maker(
    config: Config, kind: str, contaminant: str, catalogue: Catalogue
) -> Callable[[int], ExceedanceModel]:
    """Return what makes an unfitted model of a kind from a seed.

    The chosen model has the settings of the configuration; a rival has its defaults.
    """
    chosen = config.model.model_dump(exclude={"kind"}) if kind == config.model.kind else {}
    rule = limits_of(config)[contaminant]
    # A direct classifier learns sides of its own limit: any number stands for a rule.
    limit = rule.constant_mg_kg or rule.reference_mg_kg

    def make(seed: int) -> ExceedanceModel:
        return make_estimator(
            kind,
            chosen,
            threshold=limit,
            categorical=catalogue.categorical,
            random_state=seed,
        )

    return make


def model_factory(
    config: Config, kind: str, contaminant: str, catalogue: Catalogue
) -> Callable[[], ExceedanceModel]:
    """Return what makes an unfitted model of a kind; the same one on every call."""
    make = model_maker(config, kind, contaminant, catalogue)
    return partial(make, child_seed(config.seed, "model", contaminant, kind))


def model_kinds(config: Config) -> list[str]:
    """Return the chosen model, then its rivals."""
    return [config.model.kind, *(k for k in config.cv.rivals if k != config.model.kind)]


def data_digest(paths: Paths) -> str:
    """Return one hash over samples and covariates."""
    return files_digest([paths.samples, paths.covariates])


def config_hash(config: Config) -> str:
    """Return the hash of everything that a model depends on.

    How maps are cut, drawn and remembered is left out: it changes no model.
    """
    return config_digest(config.model_dump(mode="json", include=set(MODEL_KEYS)))


def model_facts(config: Config, paths: Paths) -> dict[str, Any]:
    """Return what identifies a model: the same data, settings and version give the same."""
    values = config.model_dump(mode="json")
    settings = {key: values[key] for key in ("model", "preference", "threshold", "seed", "cv")}
    data = data_digest(paths)
    identity = {
        "settings": settings,
        "limits": {name: rule.to_dict() for name, rule in limits_of(config).items()},
        "data": data,
        "version": __version__,
    }
    return {
        "model_id": config_digest(identity)[:12],
        "data_hash": data,
        "config_hash": config_hash(config),
        "version": __version__,
        "seed": config.seed,
        "experiment": config.name,
    }


def primary_plans(config: Config, plans: list[FoldPlan]) -> list[FoldPlan]:
    """Return the repeats of the plan on which decisions rest."""
    return [plan for plan in plans if plan.plan == config.cv.primary]


def decision_rule(config: Config, model: FittedModel) -> DecisionRule:
    """Return the rule of the decision classes that the configuration asks for.

    A model whose probabilities were never tested on left-out samples has no band: nothing
    can be decided by one, and every cell is "cannot say".
    """
    asked = config.predict.decision
    if asked.rule == "cuts":
        return DecisionRule(above=asked.above, below=asked.below)
    if model.calibration_band is None:
        warnings.warn(
            f"The model of {model.contaminant} was not tested on left-out samples of two "
            "blocks or more, so that every cell is 'cannot say'. Run `hotspot evaluate` and "
            "`hotspot fit`, add samples elsewhere, or set predict.decision.rule=cuts.",
            stacklevel=2,
        )
        return DecisionRule(above=None, below=None)
    return DecisionRule.from_band(model.calibration_band.at(asked.confidence), asked.cost_ratio)


def decision_tags(config: Config, rule: DecisionRule) -> dict[str, str]:
    """Return what every raster says of the decision rule."""
    asked = config.predict.decision
    cuts = {"decision_above": rule.above, "decision_below": rule.below}
    # Nine digits give a cut back as it is, so that who reads the tags decides alike.
    tags = {name: "never" if cut is None else f"{cut:.9g}" for name, cut in cuts.items()}
    if asked.rule == "cuts":
        return {"decision_rule": "cuts", **tags}
    return {
        "decision_rule": "band",
        "decision_cost_ratio": f"{asked.cost_ratio:g}",
        "decision_confidence": f"{asked.confidence:g}",
        **tags,
    }
