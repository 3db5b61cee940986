"""The stages: what each reads, which keys and code it depends on, and what it writes.

This table drives `hotspot run`, and `dvc.yaml` says the same in DVC's words; a test holds
the two together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hotspot.config.paths import Paths, input_path, raster_source
from hotspot.config.schema import Config, RasterLayerConfig
from hotspot.covariates.source_files import source_files
from hotspot.errors import ConfigError, nearest_name
from hotspot.observations.formats.address import is_database


def _nothing(config: Config, paths: Paths) -> list[Path]:
    return []


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    Parameters
    ----------
    name : str
        The verb; the function ``run`` of ``hotspot.commands.<name>`` does the work.
    reads, writes : str
        The files, for people; ``<e>`` is the experiment and ``<c>`` a contaminant.
    keys : tuple of str
        Configuration keys it depends on, dotted.
    packages : tuple of str
        Packages of `hotspot` whose code it depends on.
    inputs, outputs : callable
        Files and folders, for a configuration and its paths.
    """

    name: str
    reads: str = ""
    writes: str = ""
    keys: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    inputs: Callable[[Config, Paths], list[Path]] = field(default=_nothing)
    outputs: Callable[[Config, Paths], list[Path]] = field(default=_nothing)


def raw_table(config: Config, paths: Paths) -> list[Path]:
    """Return the laboratory's table, and the raster that gives the CRS of the grid.

    A database is no file: `hotspot observations` reads it anew, `hotspot run` does not notice
    that it has changed.
    """
    files = []
    if not is_database(config.data.path):
        files.append(input_path(config.data.path, "data.path", root=paths.root))
    if config.covariates.grid.like is not None:
        files.append(
            input_path(config.covariates.grid.like, "covariates.grid.like", root=paths.root)
        )
    return files


def raw_layers(config: Config, paths: Paths) -> list[Path]:
    """Return the files that covariates are made from, with those that belong to them.

    A raster on a server is no file: `hotspot covariates` asks for its edition anew, `hotspot
    run` does not notice that it has changed.
    """
    files = []
    if config.covariates.grid.like is not None:
        files.append(
            input_path(config.covariates.grid.like, "covariates.grid.like", root=paths.root)
        )
    for name, layer in config.covariates.layers.items():
        for key, path in layer.files().items():
            whole = f"covariates.layers.{name}.{key}"
            is_raster = isinstance(layer, RasterLayerConfig) and key != "sources.path"
            find = raster_source if is_raster else input_path
            source = find(path, whole, root=paths.root)
            files += source_files(source) if isinstance(source, Path) else []
    return list(dict.fromkeys(files))


def raw_limits(config: Config, paths: Paths) -> list[Path]:
    """Return the file of limits of the user's own, if there is one."""
    name = config.threshold.registry
    return [] if name is None else [input_path(name, "threshold.registry", root=paths.root)]


STAGES = (
    Stage(
        "observations",
        reads="the laboratory's table",
        writes="data/interim/<e>/observations.parquet, rejected.parquet, ledger.json",
        keys=("data", "covariates.grid", "seed"),
        packages=("covariates", "observations"),
        inputs=raw_table,
        outputs=lambda config, paths: [
            paths.interim / "observations.parquet",
            paths.interim / "rejected.parquet",
            paths.interim / "ledger.json",
        ],
    ),
    Stage(
        "covariates",
        reads="rasters and vector layers",
        writes="data/interim/<e>/covariates/<name>.tif, catalogue.json",
        keys=("covariates",),
        packages=("covariates",),
        inputs=raw_layers,
        outputs=lambda config, paths: [paths.covariates],
    ),
    Stage(
        "samples",
        reads="observations, covariates",
        writes="data/processed/<e>/samples.parquet, rejected.parquet, ledger.json",
        keys=("contaminants", "seed", "weights"),
        packages=("covariates", "folds", "observations", "samples"),
        inputs=lambda config, paths: [
            paths.interim / "observations.parquet",
            paths.interim / "ledger.json",
            paths.covariates,
        ],
        outputs=lambda config, paths: [
            paths.samples,
            paths.processed / "rejected.parquet",
            paths.ledger,
        ],
    ),
    Stage(
        "folds",
        reads="samples, covariates",
        writes="data/processed/<e>/folds.parquet",
        keys=(
            "cv.plans",
            "cv.n_splits",
            "cv.repeats",
            "cv.spacing_m",
            "cv.groups",
            "cv.buffer_m",
            "seed",
        ),
        packages=("covariates", "folds", "observations", "samples"),
        inputs=lambda config, paths: [paths.samples, paths.covariates],
        outputs=lambda config, paths: [paths.folds],
    ),
    Stage(
        "evaluate",
        reads="samples, folds, covariates",
        writes="experiments/<e>/metrics.json, headline.json, evaluation/",
        keys=("covariates.layers", "cv", "model", "preference", "seed", "threshold"),
        packages=(
            "covariates",
            "estimators",
            "evaluation",
            "explanations",
            "folds",
            "maps",
            "observations",
            "samples",
        ),
        inputs=lambda config, paths: [
            *raw_limits(config, paths),
            paths.samples,
            paths.folds,
            paths.covariates,
        ],
        outputs=lambda config, paths: [paths.metrics, paths.headline, paths.evaluation],
    ),
    Stage(
        "fit",
        reads="samples, folds, scores, covariates",
        writes="models/<e>/<c>/, with card.md",
        keys=(
            "contaminants",
            "covariates",
            "cv",
            "data",
            "description",
            "model",
            "preference",
            "seed",
            "threshold",
        ),
        packages=(
            "covariates",
            "estimators",
            "evaluation",
            "explanations",
            "folds",
            "maps",
            "observations",
            "report",
            "samples",
        ),
        inputs=lambda config, paths: [
            *raw_limits(config, paths),
            paths.samples,
            paths.folds,
            paths.covariates,
            paths.metrics,
            paths.evaluation,
        ],
        outputs=lambda config, paths: [paths.models],
    ),
    Stage(
        "predict",
        reads="models, covariates",
        writes="experiments/<e>/maps/<c>/, maps/collection.json",
        keys=("description", "predict", "title"),
        packages=("covariates", "estimators", "folds", "maps", "observations", "samples"),
        inputs=lambda config, paths: [paths.models, paths.covariates],
        outputs=lambda config, paths: [paths.all_maps],
    ),
    Stage(
        "explain",
        reads="models, covariates, samples, folds, scores, maps",
        writes="experiments/<e>/explanations/<c>/",
        keys=(
            "contaminants",
            "covariates.layers",
            "cv.primary",
            "explain",
            "model",
            "predict.window_size",
            "seed",
            "threshold",
        ),
        packages=(
            "covariates",
            "estimators",
            "evaluation",
            "explanations",
            "folds",
            "maps",
            "observations",
            "samples",
        ),
        inputs=lambda config, paths: [
            *raw_limits(config, paths),
            paths.models,
            paths.covariates,
            paths.samples,
            paths.folds,
            paths.metrics,
            paths.evaluation,
            paths.all_maps,
        ],
        outputs=lambda config, paths: [paths.all_explanations],
    ),
    Stage(
        "report",
        reads="all that the stages before wrote, and review.json if there is one",
        writes="experiments/<e>/report/report.html, card_<c>.md",
        keys=(
            "contaminants",
            "covariates.layers",
            "cv",
            "data.source",
            "description",
            "explain.dependence",
            "model",
            "name",
            "predict",
            "seed",
            "threshold",
            "title",
        ),
        packages=(
            "covariates",
            "estimators",
            "evaluation",
            "explanations",
            "folds",
            "maps",
            "observations",
            "report",
            "review",
            "samples",
        ),
        inputs=lambda config, paths: [
            *raw_limits(config, paths),
            paths.interim,
            paths.processed,
            paths.metrics,
            paths.evaluation,
            paths.models,
            paths.all_maps,
            paths.all_explanations,
            # Nobody may have reviewed yet.
            *(path for path in (paths.reviews,) if path.is_file()),
        ],
        outputs=lambda config, paths: [paths.report.parent],
    ),
)


def stage(name: str) -> Stage:
    """Return the stage of a name."""
    for candidate in STAGES:
        if candidate.name == name:
            return candidate
    names = [candidate.name for candidate in STAGES]
    raise ConfigError(
        f"There is no stage {name!r}.{nearest_name(name, names)} "
        f"The stages are {', '.join(names)}."
    )


def files_below(paths: list[Path]) -> Iterator[Path]:
    """Yield every file of some files and folders, in a fixed order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        else:
            yield path
