"""A small finished experiment: zinc by a model of the concentration, lead by a classifier."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.stack import open_stack
from hotspot.covariates.store import write_catalogue
from hotspot.estimators import AreaOfApplicability, FittedModel, LogisticClassifier
from hotspot.estimators.registry import make_estimator
from hotspot.estimators.store import save_model
from hotspot.explanations.background import choose_background
from hotspot.explanations.layers import NO_DRIVER, layer_roles, role_layers
from hotspot.grid import Grid, Window
from hotspot.maps.decision import DecisionRule, inside_applicability
from hotspot.maps.hotspot_rules import HotspotRule
from hotspot.maps.hotspots import find_hotspots
from hotspot.maps.layers import LAYERS, available_layers
from hotspot.maps.read import read_layer
from hotspot.maps.tags import layer_tags
from hotspot.maps.window import predict_window
from hotspot.maps.write import write_hotspots
from hotspot.rasters import CogWriter
from hotspot.samples.sampleset import SAMPLE_COLUMNS, Samples
from hotspot.seeds import child_seed
from hotspot.web.app import make_application
from hotspot.web.guard import Door
from hotspot.web.opened import Site
from hotspot.web.read import Folders

SEED = 7
TOKEN = "known-to-the-page"  # noqa: S105 - a fixed one for tests
RULE = DecisionRule(above=0.9, below=0.1)
CATALOGUE = Catalogue(
    (
        Covariate("industry", "m", Kind.CONTINUOUS, Role.INDUSTRY, "Distance to a works."),
        Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN),
        Covariate(
            "rock", "class", Kind.CATEGORICAL, Role.GEOLOGY, classes=((1, "clay"), (2, "chalk"))
        ),
    )
)
# Not the grid of the web map, nor turned like it: Lambert's azimuthal one of Europe.
GRID = Grid.from_region((4_000_000, 4_004_000, 3_100_000, 3_103_000), 100.0, "EPSG:3035")
# Where a covariate is missing, and where the rock is of a class that no sample had.
GAP = (0, 0)
UNSEEN = (29, 39)


@dataclass(frozen=True)
class Experiment:
    """Where the experiment lies, and what made it."""

    root: Path
    folders: Folders
    models: dict[str, FittedModel]
    samples: dict[str, Samples]


def folders_below(root: Path) -> Folders:
    """Return the folders of an experiment below a root."""
    return Folders(
        maps=root / "maps",
        explanations=root / "explanations",
        models=root / "models",
        covariates=root / "covariates",
        samples=root / "samples.parquet",
        notes=root / "review" / "notes.geojson",
        reviews=root / "review.json",
    )


def site_of(root: Path) -> Site:
    """Return the experiment below a root as it is served."""
    return Site(
        "toy",
        title="A toy <b>region</b>",
        description="",
        contaminants=("zn", "pb"),
        folders=folders_below(root),
    )


def client_of(root: Path) -> TestClient:
    """Return a client of the experiment below a root."""
    application = make_application(site_of(root), Door("127.0.0.1", TOKEN))
    return TestClient(
        application, base_url="http://127.0.0.1:8765", raise_server_exceptions=False
    )


def _bands() -> np.ndarray[Any, Any]:
    rows, cols = np.indices(GRID.shape)
    industry = 50.0 + 100.0 * np.hypot(rows - 8, cols - 10)
    slope = 5.0 + 4.0 * np.sin(rows / 4.0) * np.cos(cols / 5.0)
    rock = np.where(cols < 20, 1.0, 2.0)
    bands = np.stack([industry, slope, rock])
    bands[1][GAP] = np.nan
    bands[2][UNSEEN] = 9.0
    return bands


def _table(bands: np.ndarray[Any, Any]) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    cells = generator.choice(np.arange(1, GRID.shape[0] * GRID.shape[1] - 1), 90, replace=False)
    rows, cols = np.divmod(cells, GRID.shape[1])
    places = GRID.centres(rows, cols) + generator.uniform(-40, 40, (90, 2))
    industry, slope, rock = bands[:, rows, cols]
    level = 7.5 - industry / 900.0 + 0.4 * (rock == 2) + generator.normal(0, 0.3, 90)
    frames = []
    for contaminant, factor in (("zn", 1.0), ("pb", 0.4)):
        value = np.exp(level) * factor
        lower, upper = value.copy(), value.copy()
        # Non-detects, one over range, and one that says nothing of the limit.
        lower[:3], upper[:3] = 0.0, 20.0
        lower[3], upper[3] = 2000.0, np.inf
        lower[4], upper[4] = 0.0, 4000.0
        frames.append(
            pd.DataFrame(
                {
                    "sample_id": [f"s{n}" for n in range(90)],
                    "site_id": [f"site <{n}>" for n in range(90)],
                    "contaminant": contaminant,
                    "easting": places[:, 0],
                    "northing": places[:, 1],
                    "lower_mg_kg": lower,
                    "upper_mg_kg": upper,
                    "is_censored": lower != upper,
                    "limit_mg_kg": np.where(lower != upper, 20.0, np.nan),
                    "laboratory": "",
                    "method": "",
                    "sampled_on": "2020-05-01",
                    "industry": industry,
                    "slope": slope,
                    "rock": rock,
                }
            )
        )
    table = pd.concat(frames, ignore_index=True)
    table["sample_weight"] = 1.0
    # Texts that no test asks for are empty.
    return table.reindex(columns=[*SAMPLE_COLUMNS, *CATALOGUE.names]).assign(
        **{name: "" for name in SAMPLE_COLUMNS if name not in table.columns}
    )


def _samples(table: pd.DataFrame, contaminant: str) -> Samples:
    from hotspot.samples.sampleset import SampleSet

    return SampleSet(table, CATALOGUE).of(contaminant)


def _fitted(samples: Samples, contaminant: str, limit: float) -> FittedModel:
    estimator: Any = (
        make_estimator(
            "regression_kriging", {}, threshold=limit, categorical=("rock",), random_state=1
        )
        if contaminant == "zn"
        else LogisticClassifier(limit, ("rock",))
    )
    estimator.fit(samples.X, samples.lower, samples.upper, coordinates=samples.coordinates)
    area = AreaOfApplicability(categorical=("rock",)).fit(
        samples.X, folds=np.arange(len(samples)) % 5
    )
    return FittedModel(
        estimator=estimator,
        catalogue=CATALOGUE,
        grid=GRID,
        contaminant=contaminant,
        threshold={
            "id": "t",
            "value_mg_kg": limit,
            "citation": "A limit & its <law>",
            "cautions": [],
        },
        applicability=area,
        facts={"model_id": f"model-{contaminant}", "seed": SEED, "kind": "toy"},
    )


def _explain(model: FittedModel, samples: Samples, root: Path) -> None:
    seed = child_seed(SEED, "background", model.contaminant)
    background = choose_background(samples, 8, seed=seed)
    folder = root / "explanations" / model.contaminant
    folder.mkdir(parents=True)
    with open_stack(root / "covariates") as stack:
        frame, positions = stack.frame(Window(0, 0, *GRID.shape))
    layers = role_layers(
        model,
        frame,
        positions,
        GRID.shape,
        coordinates=GRID.centres(*np.divmod(positions, GRID.shape[1])),
        background=background,
    )
    whole = Window(0, 0, *GRID.shape)
    for role, values in zip(layer_roles(model), layers.contributions, strict=True):
        tags = {**layer_tags(model, f"role_{role}"), "n_background": str(len(background))}
        with CogWriter(folder / f"role_{role}.tif", GRID, tags=tags) as writer:
            writer.write(whole, values)
    with CogWriter(
        folder / "driver.tif",
        GRID,
        dtype="uint8",
        nodata=float(NO_DRIVER),
        tags={**layer_tags(model, "driver"), "n_background": str(len(background))},
    ) as writer:
        writer.write(whole, layers.drivers)


def _map(model: FittedModel, root: Path) -> None:
    folder = root / "maps" / model.contaminant
    folder.mkdir(parents=True)
    whole = Window(0, 0, *GRID.shape)
    with open_stack(root / "covariates") as stack:
        frame, positions = stack.frame(whole)
    arrays = predict_window(
        model,
        frame,
        positions=positions,
        grid=GRID,
        layers=available_layers(model),
        rule=RULE,
    )
    cuts = {"decision_above": f"{RULE.above:g}", "decision_below": f"{RULE.below:g}"}
    for name, array in arrays.items():
        with CogWriter(
            folder / f"{name}.tif",
            GRID,
            dtype=LAYERS[name].dtype,
            nodata=LAYERS[name].nodata,
            tags={**layer_tags(model, name), **cuts},
            categorical=LAYERS[name].unit == "class",
        ) as writer:
            writer.write(whole, array)
    probability, _ = read_layer(folder / "probability.tif")
    dissimilarity, _ = read_layer(folder / "dissimilarity.tif")
    assert model.applicability is not None
    inside = inside_applicability(dissimilarity, float(model.applicability.threshold_))
    hotspots = find_hotspots(
        probability,
        inside,
        grid=GRID,
        rule=HotspotRule(probability=0.6),
        contaminant=model.contaminant,
        threshold_id="t",
    )
    write_hotspots(folder / "hotspots.gpkg", hotspots)


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """Return an experiment that is only read."""
    root = tmp_path_factory.mktemp("toy")
    bands = _bands()
    (root / "covariates").mkdir()
    for name, band in zip(CATALOGUE.names, bands, strict=True):
        with CogWriter(root / "covariates" / f"{name}.tif", GRID, dtype="float64") as writer:
            writer.write(Window(0, 0, *GRID.shape), band)
    write_catalogue(root / "covariates", CATALOGUE, GRID)
    table = _table(bands)
    table.to_parquet(root / "samples.parquet", index=False)
    models, samples = {}, {}
    for contaminant, limit in (("zn", 300.0), ("pb", 120.0)):
        samples[contaminant] = _samples(table, contaminant)
        models[contaminant] = _fitted(samples[contaminant], contaminant, limit)
        save_model(models[contaminant], root / "models" / contaminant)
        _map(models[contaminant], root)
        _explain(models[contaminant], samples[contaminant], root)
    statements = [
        {"id": "first", "text": "Industry drives zinc.", "verdict": "supported"},
        {"id": "second", "text": "Slope does not.", "verdict": "unstable"},
    ]
    (root / "explanations" / "zn" / "statements.json").write_text(
        json.dumps({"statements": statements})
    )
    return Experiment(root, folders_below(root), models, samples)


@pytest.fixture
def own(experiment: Experiment, tmp_path: Path) -> Path:
    """Return the root of a copy that a test may damage or write to."""
    import shutil

    shutil.copytree(experiment.root, tmp_path / "toy")
    return tmp_path / "toy"


@pytest.fixture(scope="session")
def client(experiment: Experiment) -> Iterator[TestClient]:
    """Return a client of the experiment that is only read."""
    with client_of(experiment.root) as opened:
        yield opened


@pytest.fixture
def own_client(own: Path) -> Iterator[TestClient]:
    """Return a client of the copy."""
    with client_of(own) as opened:
        yield opened


@pytest.fixture
def site(experiment: Experiment) -> Site:
    """Return the experiment that is only read, as it is served."""
    return site_of(experiment.root)
