"""`hotspot track`: remember the run, once per content."""

from typing import Any

from hotspot.commands.compose import composed_text
from hotspot.commands.console import Console
from hotspot.commands.models import data_digest
from hotspot.commands.stamps import files_digest
from hotspot.config.check import config_digest
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import open_stack
from hotspot.estimators.store import load_model
from hotspot.evaluation.store import read_ledger
from hotspot.maps.limits import limit_tags
from hotspot.samples.sampleset import SampleSet
from hotspot.samples.store import read_samples
from hotspot.tracking.mlflow_tracker import CONTENT_TAG, MlflowTracker
from hotspot.tracking.record import DatasetRecord, ModelRecord, RunRecord

# Rows that show what a model is asked.
EXAMPLE_ROWS = 5


def run(config: Config, paths: Paths, console: Console) -> None:
    """Log the run unless a finished run of the same content is there."""
    if config.tracking.store == "none":
        console.line(f"{'track':<14}off")
        return
    tracker = MlflowTracker(config.tracking.uri, root=paths.root)
    content = _content(config, paths)
    experiment, is_variant = _experiment(config.name)
    known = tracker.find(experiment, content)
    if known is not None:
        console.line(f"{'track':<14}up to date (run {known})")
        return
    with console.stage("track"):
        record = _record(config, paths, content, is_candidate=is_variant)
        run_id = tracker.log(experiment, record)
    console.line(f"  run {run_id}")


def _content(config: Config, paths: Paths) -> str:
    """Return what identifies the run: its configuration and everything it made."""
    made = files_digest([paths.metrics, paths.models, paths.all_maps, paths.report.parent])
    return config_digest({"config": composed_text(config), "made": made})[:16]


def _experiment(name: str) -> tuple[str, bool]:
    """Return the experiment of a run, and whether the run is one job of a sweep.

    Jobs of a sweep stand beside the plain run, so that they can be compared; their models
    are candidates and are logged without a name in the registry.
    """
    experiment, at, _ = name.partition("@")
    return experiment, bool(at)


def _record(config: Config, paths: Paths, content: str, *, is_candidate: bool) -> RunRecord:
    ledger = read_ledger(paths.metrics)
    with open_stack(paths.covariates) as stack:
        samples = read_samples(paths.samples, stack.catalogue)
    digest = data_digest(paths)
    plans = {
        f"{contaminant}.{name}": value
        for contaminant in config.contaminants
        for name, value in _metrics(ledger[contaminant][config.model.kind]).items()
    }
    return RunRecord(
        name=config.name,
        params=_params(config),
        metrics=plans,
        tags={
            CONTENT_TAG: content,
            "hotspot.experiment": config.name,
            "hotspot.data_hash": digest,
            "mlflow.note.content": f"{config.title}. {config.description}",
        },
        artifacts=(
            (paths.config, ""),
            (paths.metrics, ""),
            (paths.ledger, ""),
            (paths.evaluation, "evaluation"),
            (paths.report.parent, "report"),
        ),
        children=tuple(
            _child(
                config,
                paths,
                samples,
                contaminant,
                ledger=ledger,
                digest=digest,
                is_registered=config.tracking.register_models and not is_candidate,
            )
            for contaminant in config.contaminants
        ),
    )


def _child(
    config: Config,
    paths: Paths,
    samples: SampleSet,
    contaminant: str,
    *,
    ledger: dict[str, Any],
    digest: str,
    is_registered: bool,
) -> RunRecord:
    """Return the record of one contaminant: its model, data and scores."""
    model = load_model(paths.model(contaminant))
    rows = samples.frame[samples.frame["contaminant"] == contaminant]
    chosen = samples.of(contaminant)
    example = chosen.X.assign(
        easting=chosen.coordinates[:, 0], northing=chosen.coordinates[:, 1]
    ).head(EXAMPLE_ROWS)
    metrics = {
        f"{kind}.{name}": value
        for kind, plans in ledger[contaminant].items()
        for name, value in _metrics(plans).items()
    }
    registered = f"hotspot-{config.name}-{contaminant}"
    probability = model.exceedance(
        chosen.X.head(EXAMPLE_ROWS), chosen.coordinates[:EXAMPLE_ROWS]
    )
    return RunRecord(
        name=f"{config.name}/{contaminant}",
        params={
            **_params(config),
            "contaminant": contaminant,
            "threshold_id": str(model.threshold["id"]),
            "threshold_mg_kg": str(limit_tags(model.threshold)["threshold_value"]),
        },
        metrics=metrics,
        tags={
            "hotspot.experiment": config.name,
            "hotspot.contaminant": contaminant,
            "hotspot.model_id": str(model.facts["model_id"]),
            "hotspot.data_hash": digest,
        },
        artifacts=(
            (paths.maps(contaminant) / "hotspots.gpkg", "maps"),
            (paths.maps(contaminant) / "statistics.json", "maps"),
            (paths.explanations(contaminant) / "values.parquet", "explanations"),
            *(
                (path, "figures")
                for path in sorted((paths.report.parent / "figures").glob(f"{contaminant}_*"))
            ),
        ),
        dataset=DatasetRecord(
            name=f"{config.name}-{contaminant}",
            source=paths.samples,
            digest=digest,
            frame=rows.drop(columns=["sampled_on"]),
        ),
        model=ModelRecord(
            folder=paths.model(contaminant),
            example=example,
            probability=probability,
            registered_name=registered if is_registered else None,
            alias=config.tracking.alias,
        ),
    )


def _params(config: Config) -> dict[str, str]:
    """Return the chosen settings; the whole configuration is an artefact."""
    settings = config.model.model_dump(mode="json")
    params = {f"model.{key}": str(value) for key, value in settings.items()}
    return {
        **params,
        "cv.primary": config.cv.primary,
        "cv.n_splits": str(config.cv.n_splits),
        "cv.repeats": str(config.cv.repeats),
        "seed": str(config.seed),
        "covariates": str(len(config.covariates.layers)),
    }


def _metrics(plans: dict[str, Any]) -> dict[str, float]:
    """Return every defined score as ``plan.score``."""
    return {
        f"{plan}.{score}": float(value["mean"])
        for plan, scores in plans.items()
        for score, value in scores.items()
        if isinstance(value, dict) and value.get("mean") is not None
    }
