"""Samples of a world: what was reported of them, and what was really there."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hotspot.observations.table import OBSERVATION_COLUMNS, check_observations
from hotspot.seeds import child_seed
from hotspot.worlds.laboratories import Analyses, analyse
from hotspot.worlds.options import Options
from hotspot.worlds.stack import CovariateStack
from hotspot.worlds.survey import Visits, draw_visits
from hotspot.worlds.truth import Map, Truth

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

DEPTH_TOP_CM, DEPTH_BOTTOM_CM = 0.0, 20.0


@dataclass(frozen=True, eq=False)
class Sampling:
    """What was sampled, what was reported, and what was really there.

    Parameters
    ----------
    observations : GeoDataFrame
        The observation table, as a user of the survey would have it.
    true_values : DataFrame
        One row per observation: ``observation_id``, ``row`` and ``col`` of its cell, ``year``,
        ``field_mg_kg`` of the cell in that year, ``concentration_mg_kg`` of the soil sample,
        ``measured_mg_kg`` before limits, ``laboratory`` and its ``offset``.
    laboratories : DataFrame
        ``laboratory``, ``method``, ``unit`` and ``offset``.
    intensity : array, shape (rows, cols)
        Expected number of sites of each cell.
    """

    observations: "GeoDataFrame"
    true_values: pd.DataFrame
    laboratories: pd.DataFrame
    intensity: Map


def draw_samples(
    seed: int, options: Options, covariates: CovariateStack, truth: Truth, draw: int
) -> Sampling:
    """Return the samples of a survey and their analyses."""
    contaminant = options.field.contaminant
    grid = covariates.grid
    visits = draw_visits(
        options.survey,
        grid,
        log_field=truth.log_field,
        road_distance=covariates["road_distance"],
        seed=child_seed(seed, "world", "survey", draw),
    )
    rows, cols, _ = grid.cells(visits.coordinates)
    trend = options.field.trend_per_year * (visits.year - max(options.survey.years))
    log_field = truth.log_field[rows, cols] + trend
    rng = np.random.default_rng(child_seed(seed, "world", "soil", contaminant, draw))
    soil = log_field + np.sqrt(truth.nugget) * rng.standard_normal(len(rows))
    west, east, _, _ = grid.region
    found = analyse(
        options.laboratories,
        np.exp(soil),
        across=(visits.coordinates[:, 0] - west) / (east - west),
        seed=child_seed(seed, "world", "analyses", contaminant, draw),
    )
    observations = _observations(seed, contaminant, visits, found, grid.crs)
    laboratory = found.table.iloc[found.laboratory].reset_index(drop=True)
    true_values = pd.DataFrame(
        {
            "observation_id": observations["observation_id"],
            "row": rows,
            "col": cols,
            "year": visits.year,
            "field_mg_kg": np.exp(log_field),
            "concentration_mg_kg": np.exp(soil),
            "measured_mg_kg": found.measured_mg_kg,
            "laboratory": laboratory["laboratory"],
            "offset": laboratory["offset"],
        }
    )
    return Sampling(observations, true_values, found.table, visits.intensity)


def _observations(
    seed: int, contaminant: str, visits: Visits, found: Analyses, crs: str
) -> "GeoDataFrame":
    """Return the observation table of samples and their analyses."""
    import geopandas as gpd

    n = len(visits.site)
    laboratory = found.table.iloc[found.laboratory].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "observation_id": [f"{report}-{contaminant}" for report in report_ids(n)],
            "site_id": [f"S{site + 1:05d}" for site in visits.site],
            "easting": visits.coordinates[:, 0],
            "northing": visits.coordinates[:, 1],
            "depth_top_cm": DEPTH_TOP_CM,
            "depth_bottom_cm": DEPTH_BOTTOM_CM,
            "sampled_on": [f"{year:04d}" for year in visits.year],
            "contaminant": contaminant,
            "lower_mg_kg": found.lower_mg_kg,
            "upper_mg_kg": found.upper_mg_kg,
            "is_censored": found.lower_mg_kg < found.upper_mg_kg,
            "limit_mg_kg": found.limit_mg_kg,
            "method": laboratory["method"],
            "laboratory": laboratory["laboratory"],
            "source": source_text(seed),
        }
    )[list(OBSERVATION_COLUMNS)]
    check_observations(table)
    points = gpd.points_from_xy(table["easting"], table["northing"])
    return gpd.GeoDataFrame(table, geometry=points, crs=crs)


def report_ids(number: int) -> list[str]:
    """Return the numbers of laboratory reports."""
    return [f"R{k + 1:06d}" for k in range(number)]


def source_text(seed: int) -> str:
    """Return what tells everywhere that these are no measurements."""
    return f"Simulated by hotspot world, seed {seed}; not measurements"
