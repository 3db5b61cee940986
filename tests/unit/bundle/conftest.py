"""A small map as `hotspot predict` leaves it, and clean bundles made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hotspot.bundle.content import Contact, PropertySource, Statement
from hotspot.bundle.methods import PropertyMethods, RunMethods, methods_page
from hotspot.bundle.profiles import PROFILES
from hotspot.bundle.write import write_bundle
from hotspot.grid import Grid, Window
from hotspot.maps.decision import DecisionRule, decide, inside_applicability
from hotspot.maps.stac import SamplingPeriod
from hotspot.maps.write import write_hotspots
from hotspot.rasters import CogWriter

GRID = Grid.from_region((178_000, 183_000, 330_000, 334_000), 100, "EPSG:28992")
EDGE = 1.0
LIMIT = {
    "id": "eu_86-278_cd_s_agr_mp_2",
    "value_mg_kg": 3.0,
    "citation": "EU, Council Directive 86/278/EEC, Annex I A",
    "cautions": ["The limit holds under a condition: soil pH 6-7."],
}
FACTS = {"model_id": "0cc8", "data_hash": "e200", "config_hash": "b4e2", "version": "0.1.0"}
RULE = DecisionRule(above=0.6, below=0.2)
STATEMENT = Statement(
    country="NLD",
    depth=(0.0, 20.0),
    title="Cadmium along the Meuse",
    abstract="Where soil exceeds the limit.",
    licence="CC-BY-4.0",
    contact=Contact("Soil service", "soil@example.org"),
)


@dataclass(frozen=True)
class Reach:
    """As much of an area of applicability as a style needs."""

    threshold_: float


@dataclass(frozen=True)
class MappedModel:
    """As much of a model as tags, styles and items ask for; none of it predicts."""

    contaminant: str
    threshold: dict
    facts: dict
    applicability: Reach


def layers() -> dict[str, np.ndarray]:
    """Return smooth layers with a corner that has no data."""
    rng = np.random.default_rng(7)
    rows, cols = GRID.shape
    y, x = np.mgrid[0:rows, 0:cols]
    chance = 0.5 + 0.42 * np.sin(x / 9.0) * np.cos(y / 11.0) + 0.02 * rng.normal(size=x.shape)
    chance = np.clip(chance, 0.01, 0.99)
    median = 0.5 + 6 * chance
    found = {
        "probability": chance,
        "lower": 0.5 * median,
        "median": median,
        "upper": 2.0 * median,
        "dissimilarity": 0.4 + 0.02 * x + 0.01 * rng.random(x.shape),
    }
    missing = (x + y) < 12
    found = {name: np.where(missing, np.nan, v).astype("float32") for name, v in found.items()}
    inside = inside_applicability(found["dissimilarity"], EDGE)
    found["decision"] = decide(found["probability"], inside, RULE)
    return found


def write_maps(folder: Path, limit: dict = LIMIT) -> dict[str, Path]:
    """Write the layers as `hotspot predict` would."""
    paths = {}
    found = layers()
    if "rule" in limit:
        west = np.arange(GRID.shape[1]) < GRID.shape[1] // 2
        limits = np.where(west, limit["lowest_mg_kg"], limit["highest_mg_kg"])
        found["limit"] = np.broadcast_to(limits, GRID.shape).astype("float32")
    for name, values in found.items():
        paths[name] = folder / f"{name}.tif"
        codes = values.dtype == np.uint8
        with CogWriter(paths[name], GRID, dtype="uint8" if codes else "float32") as writer:
            writer.write(Window(0, 0, *GRID.shape), values)
    return paths


def hotspots(chance: np.ndarray, limit: dict = LIMIT) -> gpd.GeoDataFrame:
    """Return one polygon of whole cells, with its mean."""
    west, north = GRID.transform.c, GRID.transform.f
    box = shapely.box(west + 1000, north - 2500, west + 2000, north - 1500)
    return gpd.GeoDataFrame(
        {
            "rank": [1],
            "mean_probability": [float(chance[15:25, 10:20].mean())],
            "contaminant": ["cd"],
            "threshold_id": [limit["id"]],
        },
        geometry=[box],
        crs=GRID.crs,
    )


def samples() -> pd.DataFrame:
    """Return left-out predictions that are calibrated."""
    rng = np.random.default_rng(3)
    chance = rng.uniform(0.05, 0.6, 200)
    return pd.DataFrame({"probability": chance, "exceeds": rng.random(200) < chance})


def source(folder: Path, limit: dict = LIMIT) -> PropertySource:
    """Return the maps of cadmium."""
    paths = write_maps(folder, limit)
    write_hotspots(folder / "hotspots.gpkg", hotspots(layers()["probability"], limit))
    return PropertySource(
        MappedModel("cd", limit, FACTS, Reach(EDGE)),
        "Cadmium",
        "Cd",
        layers=paths,
        decision={"decision_rule": "cuts", "decision_above": "0.6", "decision_below": "0.2"},
        period=SamplingPeriod(date(1990, 3, 1), date(1991, 5, 31)),
        hotspots=folder / "hotspots.gpkg",
        samples=samples(),
    )


def page_for(profile: str, limit: dict = LIMIT):
    """Return what makes the methods page."""
    run = RunMethods(
        configuration="seed: 1\n",
        facts={"data hash": "e200"},
        ledger=[{"name": "units", "rows_in": 5, "rows_out": 4, "reasons": {"no unit": 1}}],
        folds=[
            {"contaminant": "cd", "plan": "block", "repeats": 1, "folds": 5, "samples": 155}
        ],
        primary="block",
    )

    def page(meanings):
        return methods_page(
            STATEMENT,
            PROFILES[profile],
            run,
            [
                PropertyMethods(
                    "Cd",
                    "Cadmium",
                    limit=limit,
                    model="ensemble",
                    scores={"block": {"brier": {"mean": 0.12, "se": 0.018}}},
                    layers=meanings["Cd"],
                    reliability=[
                        {
                            "plan": "block",
                            "applicability": where,
                            "predicted": 0.1,
                            "observed": 0.12,
                            "lower": 0.0,
                            "upper": 0.3,
                            "n": count,
                        }
                        for where, count in (("all", 15), ("inside", 14), ("outside", 1))
                    ],
                )
            ],
        )

    return page


@pytest.fixture(scope="session")
def maps(tmp_path_factory) -> PropertySource:
    """Return the maps of cadmium, on disk."""
    return source(tmp_path_factory.mktemp("maps"))


@pytest.fixture
def bundle_of(tmp_path) -> Callable[..., Path]:
    """Return what writes a bundle of the same maps with another limit."""

    def write(limit: dict, name: str = "stac") -> Path:
        folder = tmp_path / name / str(limit["id"])
        folder.mkdir(parents=True)
        profile, page = PROFILES[name], page_for(name, limit)
        write_bundle(folder / "out", [source(folder, limit)], STATEMENT, profile, page=page)
        return folder / "out"

    return write


@pytest.fixture(scope="session")
def clean(maps, tmp_path_factory) -> dict[str, Path]:
    """Return a clean bundle of each profile."""
    root = tmp_path_factory.mktemp("bundles")
    for name, profile in PROFILES.items():
        write_bundle(root / name, [maps], STATEMENT, profile, page=page_for(name))
    return {name: root / name for name in PROFILES}


@pytest.fixture(scope="session")
def statement() -> Statement:
    """Return country, depth, licence and contact."""
    return STATEMENT


@pytest.fixture(scope="session")
def page():
    """Return what makes the methods page of a profile."""
    return page_for
