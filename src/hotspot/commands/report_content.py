"""Gathering what a report says, from the files of an experiment."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hotspot.commands.covariates import features_of
from hotspot.commands.models import config_hash, decision_rule, limit_value, limits_of
from hotspot.config.paths import Paths
from hotspot.config.schema import Config, VectorLayerConfig
from hotspot.covariates.stack import open_stack
from hotspot.covariates.vectors.read import read_features
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.evaluation.store import read_ledger
from hotspot.explanations.dependence import (
    binned_dependence,
    class_dependence,
    dependence_points,
)
from hotspot.explanations.importance import importance_table, role_importance
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.store import (
    HOTSPOTS_FILE,
    ORIGINS_FILE,
    STATEMENTS_FILE,
    read_json,
)
from hotspot.explanations.values import ShapValues
from hotspot.folds.plan import FoldPlan
from hotspot.folds.store import read_folds
from hotspot.grid import Grid
from hotspot.maps.decision import DecisionRule, balanced_frequency
from hotspot.maps.read import read_overview
from hotspot.maps.statistics import MapStatistics
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.exceedance import exceedance_labels, warn_if_outside_range
from hotspot.observations.ledger import Ledger
from hotspot.observations.thresholds import Threshold
from hotspot.rasters import open_raster
from hotspot.report.content import (
    Areas,
    Claims,
    ContaminantContent,
    Context,
    Dependence,
    Evaluation,
    Explanation,
    Folds,
    Hotspots,
    LedgerStep,
    Limit,
    MapLayers,
    Provenance,
    Reach,
    ReportContent,
    RoleLayers,
    SampleContributions,
    SamplePoints,
    Sampling,
)
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
        context=_context(config, paths, grid),
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
        limit=_limit(limit),
        sampling=_sampling(config, samples, limit, plans, ledger),
        evaluation=_evaluation(config, paths, contaminant, ledger),
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


def _context(config: Config, paths: Paths, grid: Grid) -> tuple[Context, ...]:
    """Return the vector layers that covariates were made from, cut to the map."""
    from shapely import box, intersection, union_all

    west, east, south, north = grid.region
    margin = 0.05 * max(east - west, north - south)
    frame = box(west - margin, south - margin, east + margin, north + margin)
    shown: dict[tuple[str, str | None], Context] = {}
    for name, layer in config.covariates.layers.items():
        if not isinstance(layer, VectorLayerConfig) or (layer.path, layer.layer) in shown:
            continue
        features = features_of(layer, f"covariates.layers.{name}", paths)
        found = read_features(features, grid, name=name)
        shape = intersection(union_all(found.geometries), frame)
        if not shape.is_empty:
            label = (layer.layer or Path(layer.path).stem).replace("_", " ")
            shown[(layer.path, layer.layer)] = Context(label, shape)
    return tuple(shown.values())


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
    warning = warn_if_outside_range(limit, chosen.lower, chosen.upper)
    return ContaminantContent(
        contaminant=contaminant,
        name=Contaminants.load()[contaminant].name,
        limit=_limit(limit),
        sampling=_sampling(config, chosen, limit, plans, ledger),
        maps=_maps(config, paths.maps(contaminant), model),
        evaluation=_evaluation(config, paths, contaminant, ledger),
        explanation=_explanation(config, paths.explanations(contaminant), chosen, samples),
        warnings=(
            *([warning] if warning else []),
            *_sampling_warnings(ledger, config, contaminant),
            *_fold_warnings(config, paths, contaminant),
        ),
    )


def _sampling_warnings(
    ledger: dict[str, Any], config: Config, contaminant: str
) -> tuple[str, ...]:
    """Return what the sampling design and the reach of the tests make doubtful."""
    told = []
    sampling = ledger.get("sampling", {}).get(contaminant, {})
    if sampling.get("is_preferential"):
        told.append(
            f"{sampling['sentence']} Scores under folds speak of places like the sampled ones; "
            "those weighed for the map allow for it as far as they can."
        )
    target = ledger.get("target", {}).get(contaminant, {}).get(config.model.kind, {})
    if target.get("reason"):
        told.append(f"No score for the area of the map: {target['reason']}")
    return tuple(told)


def _limit(limit: Threshold) -> Limit:
    return Limit(
        threshold_id=limit.id,
        value_mg_kg=limit_value(limit),
        citation=limit.citation,
        status=limit.status,
        condition=limit.condition,
        note=limit.note,
    )


def _fold_warnings(config: Config, paths: Paths, contaminant: str) -> tuple[str, ...]:
    """Return what is wrong with folds of the primary plan, counted."""
    table = pd.read_parquet(paths.evaluation / "folds.parquet")
    own = table[(table["contaminant"] == contaminant) & (table["plan"] == config.cv.primary)]
    counts = own.loc[own["warning"] != "", "warning"].value_counts()
    return tuple(
        f"{count} of {len(own)} folds of the plan {config.cv.primary}: {warning}."
        for warning, count in counts.items()
    )


def _sampling(
    config: Config,
    samples: Samples,
    limit: Threshold,
    plans: list[FoldPlan],
    ledger: dict[str, Any],
) -> Sampling:
    labels = exceedance_labels(samples.lower, samples.upper, limit_value(limit))
    separations = ledger["separation"].get(limit.contaminant, {})
    known = np.isfinite(labels)
    return Sampling(
        n=len(samples),
        n_unknown=int((~known).sum()),
        prevalence=float(labels[known].mean()) if known.any() else None,
        points=SamplePoints(
            samples.coordinates, labels, tuple(map(_value_text, samples.lower, samples.upper))
        ),
        plans=tuple(
            Folds(plan.plan, plan.select(samples.sample_id).fold, separations.get(plan.plan))
            for plan in plans
            if plan.repeat == 0
        ),
    )


def _value_text(lower: float, upper: float) -> str:
    if lower == upper:
        return f"{lower:g} mg/kg"
    if lower == 0:
        return f"< {upper:g} mg/kg"
    return f"> {lower:g} mg/kg" if np.isinf(upper) else f"{lower:g} to {upper:g} mg/kg"


def _maps(config: Config, folder: Path, model: FittedModel) -> MapLayers | None:
    layers = {
        name: folder / f"{name}.tif"
        for name in ("probability", "dissimilarity", "decision")
        if name in config.predict.layers
    }
    if "probability" not in layers:
        return None
    arrays = {name: read_overview(path) for name, path in layers.items()}
    probability, grid = arrays["probability"]
    dissimilarity = arrays.get("dissimilarity", (None, None))[0]
    hotspots = None
    if (folder / "hotspots.gpkg").is_file():
        table = gpd.read_file(folder / "hotspots.gpkg")
        hotspots = Hotspots(pd.DataFrame(table.drop(columns="geometry")), tuple(table.geometry))
    areas = None
    if (folder / "statistics.json").is_file():
        text = (folder / "statistics.json").read_text(encoding="utf-8")
        areas = Areas.from_statistics(
            MapStatistics.from_dict(json.loads(text)), _rule(config, model)
        )
    return MapLayers(
        grid=grid,
        probability=probability.astype(np.float64),
        decision=arrays.get("decision", (None, None))[0],
        dissimilarity=None if dissimilarity is None else dissimilarity.astype(np.float64),
        dissimilarity_limit=(
            float(model.applicability.threshold_) if model.applicability else None
        ),
        areas=areas,
        hotspots=hotspots,
    )


def _rule(config: Config, model: FittedModel) -> str:
    asked, rule = config.predict.decision, decision_rule(config, model)
    cuts = _cuts(rule)
    if asked.rule == "cuts":
        return f"{cuts}. Outside the area of applicability always cannot say."
    frequency = balanced_frequency(asked.cost_ratio)
    return (
        f"A missed exceedance is taken to cost {asked.cost_ratio:g} times as much as a false "
        f"alarm, so that the mistakes balance where {frequency:.0%} of samples exceed. A place "
        "is called above where left-out samples show that the share is at least that, below "
        f"where they show that it is less, each with a confidence of {asked.confidence:.0%}. "
        f"For this model: {cuts[0].lower()}{cuts[1:]}. Outside the area of applicability "
        "always cannot say."
    )


def _cuts(rule: DecisionRule) -> str:
    above = (
        "No probability is high enough for above"
        if rule.above is None
        else f"Above from a probability of {rule.above:.2g} on"
    )
    below = (
        "none low enough for below" if rule.below is None else f"below up to {rule.below:.2g}"
    )
    return f"{above}, {below}, cannot say between them"


def _evaluation(
    config: Config, paths: Paths, contaminant: str, ledger: dict[str, Any]
) -> Evaluation:
    plan = config.cv.primary
    curves = pd.read_parquet(paths.evaluation / "reliability.parquet")
    own = curves[
        (curves["contaminant"] == contaminant)
        & (curves["plan"] == plan)
        & (curves["applicability"] == "all")
    ]
    profiles = pd.read_parquet(paths.evaluation / "error_profile.parquet")
    profile = profiles[profiles["contaminant"] == contaminant].drop(columns="contaminant")
    strength = ledger["error_profile"][contaminant]
    return Evaluation(
        scores=ledger[contaminant],
        model=config.model.kind,
        gap=ledger["gap"].get(contaminant, {}).get(config.model.kind),
        reliability=own.drop(columns=["contaminant", "plan", "applicability"]).reset_index(
            drop=True
        ),
        reliability_plan=plan,
        reach=Reach(
            applicability=ledger["applicability"][contaminant],
            profile=profile.reset_index(drop=True) if len(profile) else None,
            correlation=strength["spearman"],
            strength=str(strength["strength"]),
        ),
    )


# Columns of values.parquet that are no contribution.
_VALUES_HEAD = ("sample_id", "unit", "base")


def _explanation(
    config: Config, folder: Path, chosen: Samples, samples: SampleSet
) -> Explanation | None:
    catalogue = samples.catalogue
    table = pd.read_parquet(folder / "values.parquet")
    names = tuple(name for name in table.columns if name not in _VALUES_HEAD)
    values = ShapValues(
        values=table[list(names)].to_numpy(dtype=np.float64),
        base=table["base"].to_numpy(dtype=np.float64),
        names=names,
    )
    # A large survey may be explained in part.
    explained = pd.Index(table["sample_id"].astype(str))
    chosen = chosen.take(pd.Index(chosen.sample_id).get_indexer(explained))
    # Both coordinates are one thing in an explanation; the easting stands for them, by which
    # the points of a chart are coloured.
    shown = chosen.X.assign(**{LOCATION: chosen.coordinates[:, 0]})[list(names)]
    if not np.abs(values.values).any():
        return None
    importance = importance_table(values, catalogue)
    importance["unit"] = [
        "m" if name == LOCATION else catalogue[name].unit for name in importance["covariate"]
    ]
    by_role = role_importance(values, catalogue).rename("mean_abs")
    stability = None
    if (folder / "stability.parquet").is_file():
        stability = pd.read_parquet(folder / "stability.parquet")
        importance = importance.merge(
            stability[["covariate", "sd", "above_placebo"]], on="covariate", how="left"
        )
    shapes = _shapes(folder)
    dependence = []
    drawn = importance.loc[importance["covariate"] != LOCATION, "covariate"]
    for name in drawn.head(config.explain.dependence):
        points = dependence_points(values, chosen.X, name)
        categorical = catalogue[name].is_categorical
        curve = class_dependence(points) if categorical else binned_dependence(points)
        rug = points["value"].to_numpy(dtype=np.float64)
        own = shapes[shapes["covariate"] == name] if shapes is not None else None
        shape = own if own is not None and len(own) else None
        dependence.append(Dependence(name, catalogue[name].unit, curve, rug, shape))
    return Explanation(
        scale=values.unit,
        importance=importance,
        by_role=by_role.rename_axis("role").reset_index(),
        # The band is one of refits with planted noise. Beside the final model's importances it
        # would let useless covariates pass; the table of verdicts compares like with like.
        placebo=None,
        samples=SampleContributions(shown, values.values),
        dependence=tuple(dependence),
        layers=_role_layers(folder),
        stability=stability,
        claims=_claims(folder),
    )


def _shapes(folder: Path) -> pd.DataFrame | None:
    path = folder / "shape.parquet"
    return pd.read_parquet(path) if path.is_file() else None


def _claims(folder: Path) -> Claims | None:
    """Return statements, hotspot cards and origins as their files hold them."""
    statements = read_json(folder / STATEMENTS_FILE)
    if statements is None:
        return None
    cards = read_json(folder / HOTSPOTS_FILE)
    width: list[tuple[str, float]] = []
    if (folder / "values_width.parquet").is_file():
        table = pd.read_parquet(folder / "values_width.parquet")
        mean = table.drop(columns=list(_VALUES_HEAD)).abs().mean()
        ranked = mean.sort_values(ascending=False, kind="stable")
        width = [(str(role), float(value)) for role, value in ranked.items()]
    return Claims(
        statements=statements["statements"],
        cautions=statements["cautions"],
        cards=[] if cards is None else cards["hotspots"],
        origins=read_json(folder / ORIGINS_FILE),
        width=width,
    )


def _role_layers(folder: Path) -> RoleLayers | None:
    if not (folder / "driver.tif").is_file():
        return None
    with open_raster(folder / "driver.tif") as dataset:
        classes = [part.split(": ") for part in dataset.tags()["classes"].split("; ")]
    roles = [role for _, role in sorted(classes, key=lambda part: int(part[0]))]
    layers = {role: read_overview(folder / f"role_{role}.tif") for role in roles}
    driver, _ = read_overview(folder / "driver.tif")
    grid = next(iter(layers.values()))[1]
    codes = np.where(np.isnan(driver.astype(np.float64)), 255, driver).astype(np.uint8)
    return RoleLayers(
        grid=grid,
        contribution={role: array.astype(np.float64) for role, (array, _) in layers.items()},
        driver=codes,
        roles=dict(enumerate(roles)),
    )
