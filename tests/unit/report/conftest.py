"""A made-up survey of a river plain, with every part that a report can have."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter, label
from shapely import box, union_all
from shapely.geometry import Polygon

from hotspot.grid import Grid
from hotspot.maps.decision import DecisionRule, decide
from hotspot.maps.styles import probability_style
from hotspot.report.content import (
    Areas,
    ContaminantContent,
    Context,
    Dependence,
    Evaluation,
    Explanation,
    Folds,
    Hotspots,
    Laboratories,
    LedgerStep,
    Limit,
    MapLayers,
    Provenance,
    ReportContent,
    RoleLayers,
    SampleContributions,
    SamplePoints,
    Sampling,
    ScaleImportance,
)

GRID = Grid.from_region((178_440, 181_560, 329_600, 333_760), 40, "EPSG:28992")
CELL_HA = 0.16
COVARIATES = (
    ("distance_to_river", "m", "water"),
    ("elevation", "m", "terrain"),
    ("flood_frequency", "class", "water"),
    ("soil_type", "class", "soil"),
    ("lime", "1", "soil"),
    ("slope", "degree", "terrain"),
    ("distance_to_smelter", "m", "industry"),
    ("road_density", "km/km2", "roads"),
)


def river_line(northing: np.ndarray) -> np.ndarray:
    """Return the easting of the river's east bank."""
    share = (northing - 329_600) / 4160
    return 178_700 + 1500 * share * np.abs(share) ** 0.6 + 160 * np.sin(7 * share)


def make_contaminant(seed: int, name: str, limit_mg_kg: float) -> ContaminantContent:
    """Return one contaminant with every part filled."""
    generator = np.random.default_rng(seed)
    rows, cols = np.indices(GRID.shape)
    centre = GRID.centres(rows.ravel(), cols.ravel())
    distance = (centre[:, 0] - river_line(centre[:, 1])).reshape(GRID.shape)
    noise = gaussian_filter(generator.normal(size=GRID.shape), 5)
    noise /= noise.std()
    mapped = (distance > 0) & (distance < 1250 + 250 * np.sin(rows / 14.0))
    logit = 2.6 - distance / 170 + 1.5 * noise
    probability = np.where(mapped, 1 / (1 + np.exp(-logit)), np.nan)
    dissimilarity = np.where(mapped, 0.12 + 0.3 * np.abs(noise) * distance / 900, np.nan)
    decision = decide(probability, dissimilarity <= 0.32, DecisionRule())
    index = probability_style().classify(probability)
    areas = Areas(
        above_ha=float((decision == 1).sum() * CELL_HA),
        below_ha=float((decision == 0).sum() * CELL_HA),
        cannot_say_ha=float((decision == 2).sum() * CELL_HA),
        by_class_ha=tuple(float((index == k).sum() * CELL_HA) for k in range(6)),
        rule=(
            "A cell is called above from a probability of 0.8, below up to 0.2, and “cannot "
            "say” between them or outside the area of applicability."
        ),
        expected_above_ha=float(np.nansum(probability[dissimilarity <= 0.32]) * CELL_HA),
    )
    maps = MapLayers(
        grid=GRID,
        probability=probability,
        decision=decision,
        dissimilarity=dissimilarity,
        dissimilarity_limit=0.32,
        areas=areas,
        hotspots=make_hotspots(probability),
    )
    return ContaminantContent(
        contaminant=name[:2].lower(),
        name=name,
        limit=Limit(
            f"eu_86_278_{name[:2].lower()}",
            limit_mg_kg,
            "Council Directive 86/278/EEC, Annex I A, upper value",
            status="in_force",
            condition="soil pH 6-7",
            note="Adopted for the use of sewage sludge in agriculture.",
        ),
        sampling=make_sampling(generator, probability),
        maps=maps,
        evaluation=make_evaluation(generator),
        explanation=make_explanation(generator, distance, mapped),
        warnings=("3 samples share a place with another and were averaged.",),
        laboratories=Laboratories(
            censoring=[
                {
                    "laboratory": "north",
                    "values": 90,
                    "below": 18,
                    "above": 0,
                    "limits": 2,
                    "least_limit_mg_kg": 2.0,
                    "greatest_limit_mg_kg": 5.0,
                    "share_below": 0.2,
                }
            ],
            offsets=[
                {
                    "laboratory": "north",
                    "results": 90,
                    "offset": np.log(1.25),
                    "lower": np.log(1.1),
                    "upper": np.log(1.4),
                }
            ],
            left_out=["harbour"],
        ),
    )


def make_hotspots(probability: np.ndarray) -> Hotspots:
    """Return groups of at least four cells above 0.8 as polygons."""
    groups, count = label(np.nan_to_num(probability) > 0.8)
    found = []
    for group in range(1, count + 1):
        rows, cols = np.nonzero(groups == group)
        if len(rows) < 4:
            continue
        west, _, _, north = GRID.region
        shape = union_all(
            [
                box(west + c * 40, north - r * 40 - 40, west + c * 40 + 40, north - r * 40)
                for r, c in zip(rows, cols, strict=True)
            ]
        )
        inside = probability[rows, cols]
        found.append((len(rows), inside.mean(), inside.max(), shape))
    found.sort(key=lambda item: -item[0])
    table = pd.DataFrame(
        {
            "rank": range(1, len(found) + 1),
            "area_m2": [item[0] * 1600.0 for item in found],
            "mean_probability": [item[1] for item in found],
            "max_probability": [item[2] for item in found],
            "confidence": [2 * item[1] - 1 for item in found],
            "n_cells": [item[0] for item in found],
        }
    )
    return Hotspots(table, tuple(item[3] for item in found))


def make_sampling(generator: np.random.Generator, probability: np.ndarray) -> Sampling:
    """Return 155 samples on the mapped area, three plans of folds."""
    rows, cols = np.nonzero(np.isfinite(probability))
    picked = generator.choice(len(rows), 155, replace=False)
    rows, cols = rows[picked], cols[picked]
    exceeds = (generator.random(155) < probability[rows, cols]).astype(float)
    exceeds[generator.choice(155, 6, replace=False)] = np.nan
    coordinates = GRID.centres(rows, cols)
    blocks = ((coordinates[:, 1] - 329_600) // 850).astype(int) * 2 + (
        coordinates[:, 0] > 180_000
    )
    return Sampling(
        n=155,
        n_unknown=6,
        prevalence=float(np.nanmean(exceeds)),
        points=SamplePoints(coordinates, exceeds),
        plans=(
            Folds("random", generator.integers(0, 5, 155), 212.0),
            Folds("block", np.unique(blocks, return_inverse=True)[1], 96.0),
            Folds("knndm", np.digitize(coordinates[:, 1], (330_600, 331_500, 332_400)), 18.4),
        ),
    )


def make_evaluation(generator: np.random.Generator) -> Evaluation:
    """Return scores of three models under four plans."""
    start = {"lightgbm": 0.36, "indicator_kriging": 0.43, "prevalence": 0.63}
    harder = {"random": 0.0, "block": 0.06, "knndm": 0.1, "target_weighted": 0.12}
    scores = {
        model: {
            plan: {
                "log_loss": {
                    "mean": base + (0.004 if model == "prevalence" else extra),
                    "se": 0.03,
                },
                "brier": {"mean": base / 3, "se": 0.012},
                "auc": {"mean": 0.5 if model == "prevalence" else 0.93 - extra, "se": 0.02},
                "ece": {"mean": 0.05 + extra / 4, "se": None},
            }
            for plan, extra in harder.items()
        }
        for model, base in start.items()
    }
    predicted = np.array([0.04, 0.15, 0.31, 0.48, 0.69, 0.85, 0.95])
    observed = np.clip(predicted + generator.normal(0, 0.05, 7), 0, 1)
    return Evaluation(
        scores=scores,
        model="lightgbm",
        gap={"log_loss": {"mean": -0.1, "se": 0.03}},
        reliability=pd.DataFrame(
            {
                "predicted": predicted,
                "observed": observed,
                "lower": np.clip(observed - 0.12, 0, 1),
                "upper": np.clip(observed + 0.12, 0, 1),
                "n": [48, 22, 14, 12, 15, 17, 21],
            }
        ),
        reliability_plan="knndm",
        worst=pd.DataFrame(
            {
                "sample_id": ["s17", "s3"],
                "easting": [179_900.0, 180_400.0],
                "northing": [331_200.0, 332_000.0],
                "measured": ["912 mg/kg", "< 5 mg/kg"],
                "probability": [0.04, 0.9],
                "log_loss": [3.2, 2.3],
            }
        ),
    )


def make_explanation(
    generator: np.random.Generator, distance: np.ndarray, mapped: np.ndarray
) -> Explanation:
    """Return contributions in which the river carries most."""
    names = [name for name, _, _ in COVARIATES]
    X = pd.DataFrame(generator.gamma(2, 200, (155, len(names))), columns=names)
    strength = np.array([1.4, 0.8, 0.5, 0.3, 0.2, 0.12, 0.06, 0.03])
    ranks = X.rank().to_numpy() / 155 - 0.5
    contributions = -2 * strength * ranks + generator.normal(0, 0.06, X.shape)
    mean_abs = np.abs(contributions).mean(axis=0)
    importance = pd.DataFrame(COVARIATES, columns=["covariate", "unit", "role"]).assign(
        mean_abs=mean_abs,
        sd=mean_abs * 0.18,
        above_placebo=mean_abs > 0.08,
        interventional=mean_abs * 0.9,
    )
    importance = importance.sort_values("mean_abs", ascending=False, ignore_index=True)
    by_role = importance.groupby("role", as_index=False, sort=False)["mean_abs"].sum()
    by_role = by_role.assign(sd=by_role["mean_abs"] * 0.12)
    layers = {
        role: np.where(
            mapped,
            weight * (1 - distance / 600)
            + 0.4 * gaussian_filter(generator.normal(size=GRID.shape), 4) / 0.07,
            np.nan,
        )
        for role, weight in (("water", 1.2), ("terrain", 0.7), ("soil", -0.3))
    }
    stacked = np.abs(np.stack(list(layers.values())))
    driver = np.where(mapped, np.argmax(np.nan_to_num(stacked), axis=0) + 1, 255)
    edges = np.linspace(10, 1400, 11)
    dependence = tuple(
        Dependence(
            name,
            unit,
            pd.DataFrame(
                {
                    "low": edges[:-1],
                    "high": edges[1:],
                    "mean": weight * np.cos(edges[:-1] / 500),
                    "sd": 0.15,
                    "n": 16,
                }
            ),
            X[name].to_numpy(),
        )
        for (name, unit, _), weight in zip(COVARIATES[:2], strength, strict=False)
    )
    flooded = pd.DataFrame(
        {"low": [1.0, 2.0], "high": [1.0, 2.0], "mean": [0.4, -0.2], "sd": 0.1, "n": [80, 75]}
    )
    classes = Dependence(
        "flood_frequency",
        "class",
        flooded,
        np.repeat([1.0, 2.0], [80, 75]),
        classes={1.0: "every other year", 2.0: "hardly ever"},
    )
    likeness = np.abs(np.corrcoef(X.to_numpy().T))
    return Explanation(
        scale="log-odds",
        importance=importance,
        by_role=by_role,
        placebo=0.08,
        samples=SampleContributions(X, contributions),
        dependence=(*dependence, classes),
        layers=RoleLayers(
            GRID,
            layers,
            driver.astype(np.uint8),
            {1: "water", 2: "terrain", 3: "soil"},
            outside=mapped & (distance > 900),
        ),
        scales=(
            ScaleImportance("log-odds", "log-odds", {"water": 1.9, "soil": 0.6}, 12),
            ScaleImportance("probability", "probability", {"water": 0.3, "soil": 0.1}, 12),
            ScaleImportance("width", "ln(mg/kg)", {"water": 0.02, "soil": 0.4}, 12),
        ),
        interactions=pd.DataFrame(
            {
                "first": ["water", "soil", "water"],
                "second": ["water", "soil", "soil"],
                "mean_abs": [1.8, 0.5, 0.2],
            }
        ),
        association=pd.DataFrame(likeness, index=names, columns=names),
        n_background=24,
        stability=pd.DataFrame(
            {
                "covariate": names,
                "sign_agreement": [1.0, 1.0, 0.93, 0.86, 0.7, 0.6, 0.5, 0.5],
                "rank_agreement": 0.87,
                "above_placebo": [True] * 5 + [False] * 3,
            }
        ),
    )


def make_report(contaminants: int) -> ReportContent:
    """Return a whole report."""
    known = (("Zinc", 300.0), ("Cadmium", 3.0), ("Lead", 300.0), ("Copper", 140.0))
    northing = np.linspace(329_000, 334_400, 60)
    bank = river_line(northing)
    river = Polygon(
        [*zip(bank, northing, strict=True), *zip(bank[::-1] - 190, northing[::-1], strict=True)]
    )
    return ReportContent(
        title="Heavy metals in the river plain",
        experiment="river_plain",
        contaminants=tuple(
            make_contaminant(seed, name, limit)
            for seed, (name, limit) in enumerate(known[:contaminants], start=1)
        ),
        provenance=Provenance(
            config_hash="sha256:9f2c41d07be3",
            data_hash="sha256:51aa08c7d9e4",
            software_version="0.1.0",
            seed=42,
            model_ids={name[:2].lower(): f"m-{name.lower()}" for name, _ in known},
            facts=(("Coordinate reference system", "EPSG:28992"), ("Cell size", "40 m")),
        ),
        ledger=(
            LedgerStep("read", 164, 164),
            LedgerStep(
                "checked", 164, 158, (("without coordinates", 4), ("negative value", 2))
            ),
            LedgerStep("joined with covariates", 158, 155, (("outside the grid", 3),)),
        ),
        context=(Context("River", river),),
        notes=("21 values look like half a detection limit",),
    )


@pytest.fixture(name="report", scope="session")
def report_fixture() -> ReportContent:
    """Return a report on one contaminant; values are frozen, so tests may share it."""
    return make_report(1)


@pytest.fixture(name="zinc", scope="session")
def zinc_fixture(report: ReportContent) -> ContaminantContent:
    """Return the contaminant of that report."""
    return report.contaminants[0]


@pytest.fixture(name="with_zinc", scope="session")
def with_zinc_fixture(report: ReportContent) -> Callable[[ContaminantContent], ReportContent]:
    """Return a function that puts another contaminant in the report."""
    return lambda content: replace(report, contaminants=(content,))


@pytest.fixture(name="four", scope="session")
def four_fixture() -> ReportContent:
    """Return a report on four contaminants."""
    return make_report(4)
