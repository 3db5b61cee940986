"""What several stages need of models: limits, estimators by configuration, identities."""

from collections.abc import Callable
from functools import partial
from typing import Any

from hotspot import __version__
from hotspot.commands.stamps import files_digest
from hotspot.config.check import config_digest
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.registry import make_estimator
from hotspot.folds.plan import FoldPlan
from hotspot.observations.thresholds import Threshold, resolve_threshold
from hotspot.seeds import child_seed

# Parts of the configuration that a model depends on.
MODEL_KEYS = ("contaminants", "covariates", "cv", "data", "model", "seed", "threshold")


def limits_of(config: Config) -> dict[str, Threshold]:
    """Return the limit of each contaminant, in the order of the configuration."""
    return {
        contaminant: resolve_threshold(contaminant, config.threshold[contaminant])
        for contaminant in config.contaminants
    }


def limit_value(limit: Threshold) -> float:
    """Return a limit in mg/kg; `resolve_threshold` let no other one through."""
    return float(limit.value_mg_kg or 0.0)


def limit_facts(limit: Threshold) -> dict[str, Any]:
    """Return a limit as plain values, as models and rasters carry it."""
    return {
        "id": limit.id,
        "value_mg_kg": limit_value(limit),
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
    limit = limit_value(limits_of(config)[contaminant])

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
    settings = {key: values[key] for key in ("model", "threshold", "seed", "cv")}
    data = data_digest(paths)
    identity = {"settings": settings, "data": data, "version": __version__}
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
