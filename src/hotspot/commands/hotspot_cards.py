"""Cards of hotspots: what of `hotspot explain` looks at the polygons of a map."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.commands.models import model_factory
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.catalogue import Catalogue, Role
from hotspot.covariates.stack import Stack
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.preference import corrected, preference_of
from hotspot.estimators.varying_limit import exceedance_at, fit_at
from hotspot.evaluation.store import read_table
from hotspot.explanations.background import spread_rows
from hotspot.explanations.hotspots import HotspotCard, Removal
from hotspot.explanations.nearby import (
    CovariateDistance,
    LocalScore,
    Neighbour,
    local_score,
    nearest_samples,
    similar_samples,
)
from hotspot.explanations.placebo import survey_range
from hotspot.explanations.traits import has_distribution
from hotspot.grid import Coordinates, Grid, Window
from hotspot.rasters import open_raster, read_window
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed

# Cells of a hotspot that models are asked about, at most.
_ASKED = 24
# Cells of the window around a hotspot that are looked at, at most; of more every k-th.
_LOOKED_AT = 1_000_000
# Radius of the local score where the survey shows no range: a share of its extent.
_RADIUS_SHARE = 0.1


@dataclass(frozen=True)
class _Known:
    """What all cards of a contaminant share."""

    model: FittedModel
    samples: Samples
    stack: Stack
    layers: dict[str, Path]
    without: dict[str, tuple[ExceedanceModel, Catalogue]]
    left_out: pd.DataFrame
    radius_m: float


def hotspot_cards(
    config: Config,
    paths: Paths,
    model: FittedModel,
    samples: Samples,
    *,
    stack: Stack,
    folder: Path,
    roles: Sequence[str],
) -> list[HotspotCard]:
    """Return the cards of the first hotspots by rank; none where none were looked for.

    Parameters
    ----------
    config, paths, model, samples, stack
        Of one contaminant.
    folder : Path
        Where its role layers were written.
    roles : sequence of str
        By falling importance; the first ones with covariates are left out of the fit.
    """
    import geopandas as gpd

    file = paths.maps(model.contaminant) / "hotspots.gpkg"
    if not config.explain.hotspots or not file.is_file():
        return []
    table = gpd.read_file(file).sort_values("rank").head(config.explain.hotspots)
    if table.empty:
        return []
    reach = survey_range(samples, seed=child_seed(config.seed, "radius", model.contaminant))
    extent = float(np.ptp(samples.coordinates, axis=0).max())
    known = _Known(
        model=model,
        samples=samples,
        stack=stack,
        layers={
            role: folder / f"role_{role}.tif"
            for role in roles
            if (folder / f"role_{role}.tif").is_file()
        },
        without=_without(config, model, samples, roles),
        left_out=_left_out(config, paths, model, samples),
        radius_m=reach or _RADIUS_SHARE * extent,
    )
    return [_card(known, row) for _, row in table.iterrows()]


def _card(known: _Known, row: Any) -> HotspotCard:
    model, samples, grid = known.model, known.samples, known.stack.grid
    window, rows, cols = _cells(row.geometry, grid)
    cells = grid.centres(rows, cols)
    asked = cells[spread_rows(cells, _ASKED, seed=0)]
    X = known.stack.sample(asked)
    complete = X.notna().all(axis=1).to_numpy()
    asked, X = asked[complete], X.loc[complete].reset_index(drop=True)
    chance, limits = model.exceedance(X, asked), model.limits(X)
    probability = {
        "mean": float(row["mean_probability"]),
        "max": float(row["max_probability"]),
    }
    if model.calibration_band is not None:
        lower, upper = model.calibration_band.bounds(chance)
        probability |= {"lower": float(np.nanmean(lower)), "upper": float(np.nanmean(upper))}
    half_cell = (grid.resolution[0] / 2, grid.resolution[1] / 2)
    dissimilarity: NDArray[np.float64] | None = None
    similar: tuple[Neighbour, ...] = ()
    if model.applicability is not None:
        area = model.applicability
        space = CovariateDistance(
            samples.X, area.weights_, area.mean_distance_, model.catalogue
        )
        dissimilarity = space.between(X)
        similar = similar_samples(samples, cells, dissimilarity, half_cell=half_cell)
    return HotspotCard(
        rank=int(row["rank"]),
        n_cells=int(row["n_cells"]),
        area_m2=float(row["area_m2"]),
        probability=probability,
        concentration_mg_kg=_concentration(model, X, asked),
        contributions={
            role: _mean_of(path, window, rows, cols) for role, path in known.layers.items()
        },
        nearest=nearest_samples(
            samples, cells, half_cell=half_cell, dissimilarity=dissimilarity
        ),
        similar=similar,
        local=_local(known, cells),
        removals=tuple(
            Removal(
                role,
                float(
                    np.nanmean(
                        exceedance_at(
                            fitted, X[list(catalogue.names)], limits, coordinates=asked
                        )
                    )
                ),
                float(np.nanmean(chance)),
            )
            for role, (fitted, catalogue) in known.without.items()
        ),
        n_asked=len(asked),
    )


def _cells(polygon: Any, grid: Grid) -> tuple[Window, NDArray[np.int64], NDArray[np.int64]]:
    """Return the window around a polygon, and rows and columns of the cells inside."""
    import shapely

    west, south, east, north = polygon.bounds
    step = grid.transform
    first_col = max(0, int(np.floor((west - step.c) / step.a + 1e-6)))
    last_col = min(grid.shape[1], int(np.ceil((east - step.c) / step.a - 1e-6)))
    first_row = max(0, int(np.floor((north - step.f) / step.e + 1e-6)))
    last_row = min(grid.shape[0], int(np.ceil((south - step.f) / step.e - 1e-6)))
    window = Window(first_row, first_col, last_row - first_row, last_col - first_col)
    every = max(1, int(np.ceil(np.sqrt(window.height * window.width / _LOOKED_AT))))
    rows, cols = np.meshgrid(
        np.arange(first_row, last_row, every),
        np.arange(first_col, last_col, every),
        indexing="ij",
    )
    centres = grid.centres(rows.ravel(), cols.ravel())
    shapely.prepare(polygon)
    inside = shapely.contains_xy(polygon, centres[:, 0], centres[:, 1])
    return window, rows.ravel()[inside], cols.ravel()[inside]


def _mean_of(
    path: Path, window: Window, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> float:
    """Return the mean of a layer over some cells of a window."""
    with open_raster(path) as dataset:
        values = read_window(dataset, window)
    return float(np.nanmean(values[rows - window.row, cols - window.col]))


def _concentration(
    model: FittedModel, X: pd.DataFrame, places: Coordinates
) -> dict[str, float] | None:
    """Return the middle of the cells' medians and interval ends, mg/kg."""
    if not has_distribution(model):
        return None
    estimator: Any = model.estimator
    found = estimator.distribution(X, coordinates=places)
    shares = {"lower": 0.05, "median": 0.5, "upper": 0.95}
    return {name: float(np.nanmedian(found.quantile(share))) for name, share in shares.items()}


def _without(
    config: Config, model: FittedModel, samples: Samples, roles: Sequence[str]
) -> dict[str, tuple[ExceedanceModel, Catalogue]]:
    """Return the model learnt without each of the first roles, and the covariates left."""
    found: dict[str, tuple[ExceedanceModel, Catalogue]] = {}
    by_role = model.catalogue.by_role()
    for role in roles:
        if len(found) == config.explain.removals:
            break
        # The coordinates cannot be taken from a model that is one of space.
        kept = tuple(c for c in model.catalogue if c.name not in by_role.get(role, []))
        if not kept or len(kept) == len(model.catalogue) or role == str(Role.LOCATION):
            continue
        catalogue = Catalogue(kept)
        make = model_factory(config, config.model.kind, model.contaminant, catalogue)
        without = replace(samples, X=samples.X[list(catalogue.names)])
        fitted = fit_at(make(), without, model.limits(samples.X))
        # Moved as the map is, or the difference would not be that of the role alone.
        fitted = corrected(fitted, preference_of(model.estimator))
        found[role] = (fitted, catalogue)
    return found


def _left_out(
    config: Config, paths: Paths, model: FittedModel, samples: Samples
) -> pd.DataFrame:
    """Return label and probability of each sample by models that had not seen it."""
    table = read_table(paths.evaluation / "out_of_fold.parquet")
    own = table[
        (table["contaminant"] == model.contaminant)
        & (table["model"] == config.model.kind)
        & (table["plan"] == config.cv.primary)
    ]
    mean = own.groupby("sample_id")[["label", "probability"]].mean()
    return mean.reindex(samples.sample_id)


def _local(known: _Known, cells: Coordinates) -> LocalScore | None:
    label = known.left_out["label"].to_numpy(dtype=np.float64)
    probability = known.left_out["probability"].to_numpy(dtype=np.float64)
    if not (np.isfinite(label) & np.isfinite(probability)).any():
        return None
    return local_score(
        label, probability, known.samples.coordinates, cells, radius_m=known.radius_m
    )
