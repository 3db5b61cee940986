"""From a laboratory's table to observations in one unit, one CRS and one spelling."""

import warnings
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ConfigError, ObservationError, UnitError, few
from hotspot.observations.cells import cells_of, excluded, rejected_rows
from hotspot.observations.censoring import read_interval
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.coordinates import project
from hotspot.observations.duplicates import merge_duplicates
from hotspot.observations.ledger import Ledger
from hotspot.observations.mapping import TableMapping
from hotspot.observations.rejection import Rejection, Sieve
from hotspot.observations.sampling import read_date, read_depths
from hotspot.observations.table import OBSERVATION_COLUMNS, check_observations
from hotspot.units import factor_to_mg_kg

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# A kilogram of soil holds no more than a million milligrams of anything.
_PURE_MG_KG = 1e6


@dataclass(frozen=True)
class Harmonised:
    """Observations, what could not become one, and the account of both.

    Parameters
    ----------
    observations : GeoDataFrame
        Columns `OBSERVATION_COLUMNS` and points in the target CRS.
    rejected : DataFrame
        ``row``, every column of the file as text, ``value_column`` and ``reason``.
    ledger : Ledger
        Rows in and out of each step.
    """

    observations: "GeoDataFrame"
    rejected: pd.DataFrame
    ledger: Ledger


def harmonise(
    rows: pd.DataFrame, mapping: TableMapping, *, crs: str, target_crs: str, source: str
) -> Harmonised:
    """Return the observations of a table of text, and the rows that are none, with reasons.

    A row falls out at the first step that speaks against it: configuration, contaminant,
    unit, value, coordinates, depth and date, duplicates. Contaminants nobody asked for stay.

    Parameters
    ----------
    rows : DataFrame of str
        As `read_rows` returns it: cells as text, the index the row's number in the file.
    mapping : TableMapping
        What the columns mean.
    crs, target_crs : str
        Of the file's coordinates, and of the grid.
    source : str
        Name of the file or survey, kept with every observation.

    Raises
    ------
    ObservationError
        A column of the mapping is not in the file, easting and northing are swapped, or no
        row is left.
    ConfigError
        The mapping names a contaminant that the registry does not know.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     {"E": ["180000", "180040"], "N": ["331600", ""], "metal": ["Cd", "Cd"],
    ...      "result": ["< 0.2", "1"]}, index=[2, 3])
    >>> mapping = TableMapping.from_config({"unit": "mg/kg", "columns": {
    ...     "easting": "E", "northing": "N", "contaminant": "metal", "value": "result"}})
    >>> made = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="lab")
    >>> made.observations[["contaminant", "lower_mg_kg", "upper_mg_kg"]].values.tolist()
    [['cd', 0.0, 0.2]]
    >>> made.rejected[["row", "reason"]].values.tolist()
    [[3, 'coordinates missing']]
    """
    cells = cells_of(rows, mapping)
    if cells.empty:
        raise ObservationError(
            f"The table of {source} holds no row. Give a file with at least one observation."
        )
    sieve = Sieve(len(cells))
    sieve.reject("configuration", excluded(rows, cells, mapping))
    table = pd.DataFrame({"row": cells["row"], "source": source})
    table["contaminant"] = _read_contaminants(cells, mapping, sieve)
    factors = _read_units(cells, sieve)
    bounds = _read_values(cells, mapping, factors, sieve)
    table[["lower_mg_kg", "upper_mg_kg", "limit_mg_kg"]] = bounds
    table[["easting", "northing"]] = _read_coordinates(
        cells, mapping, sieve, crs=crs, target_crs=target_crs
    )
    depths, dates = _read_circumstances(cells, mapping, sieve)
    table[["depth_top_cm", "depth_bottom_cm"]] = depths
    table["sampled_on"] = dates
    table["method"] = cells["method"].str.strip()
    table["laboratory"] = cells["laboratory"].str.strip()
    _check_some_left(sieve, source)

    table = table[sieve.kept].copy()
    _warn_of_values_under_limit(table)
    table["site_id"] = _site_ids(cells["site"][sieve.kept], table)
    table["observation_id"] = _observation_ids(cells["observation"][sieve.kept], table)
    table, repeated = merge_duplicates(table, mapping.duplicates)
    sieve.reject(f"duplicates ({mapping.duplicates})", repeated)
    return Harmonised(
        observations=_points(table, target_crs),
        rejected=rejected_rows(rows, cells, sieve.reasons),
        ledger=sieve.ledger,
    )


def _read_contaminants(cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve) -> list[str]:
    """Return the contaminant id of each row, empty where there is none."""
    registry = Contaminants.load()
    own = {
        text.strip(): _known(name, registry) for text, name in mapping.contaminant_names.items()
    }
    for name in mapping.wide:
        own[name.strip()] = _known(name, registry)
    ids = {
        text: own.get(text.strip()) or registry.find(text) or ""
        for text in cells["contaminant"].unique()
    }
    rejections = {}
    for place, text in enumerate(cells["contaminant"]):
        if ids[text]:
            continue
        # The name belongs to the kind: the ledger then shows which names to map.
        rejections[place] = (
            Rejection(f"unknown contaminant {text.strip()!r}", registry.near(text).strip())
            if text.strip()
            else Rejection("contaminant missing")
        )
    sieve.reject("contaminants", rejections)
    return [ids[text] for text in cells["contaminant"]]


def _known(name: str, registry: Contaminants) -> str:
    found = registry.find(name)
    if found is None:
        raise ConfigError(
            f"The mapping names the contaminant {name!r}, which the registry does not know."
            f"{registry.near(name)} Use an id of contaminants.csv, such as zn or pb."
        )
    return found


def _read_units(cells: pd.DataFrame, sieve: Sieve) -> NDArray[np.float64]:
    """Return the factor to mg/kg of each row, NaN where its unit cannot be used."""
    factors: dict[str, float] = {}
    problems: dict[str, Rejection] = {}
    for text in cells["unit"].unique():
        if not text.strip():
            problems[text] = Rejection("unit missing")
            continue
        try:
            factors[text] = factor_to_mg_kg(text)
        except UnitError as error:
            problems[text] = Rejection(f"unit {text.strip()[:40]!r} cannot be used", str(error))
    sieve.reject(
        "units",
        {place: problems[text] for place, text in enumerate(cells["unit"]) if text in problems},
    )
    return np.array([factors.get(text, nan) for text in cells["unit"]], dtype=np.float64)


def _read_values(
    cells: pd.DataFrame, mapping: TableMapping, factors: NDArray[np.float64], sieve: Sieve
) -> NDArray[np.float64]:
    """Return lower, upper and limit in mg/kg, shape (n, 3)."""
    bounds = np.full((len(cells), 3), nan)
    rejections: dict[int, Rejection] = {}
    texts = zip(cells["value"], cells["qualifier"], cells["limit"], strict=True)
    for place, (value, qualifier, limit) in enumerate(texts):
        read = read_interval(value, qualifier=qualifier, limit=limit, spelling=mapping.spelling)
        if isinstance(read, Rejection):
            rejections[place] = read
            continue
        bounds[place] = (read.lower, read.upper, read.limit)
        bounds[place] *= factors[place]
        if bounds[place, 0] > _PURE_MG_KG:
            rejections[place] = Rejection(
                "more contaminant than soil", f"{bounds[place, 0]:g} mg/kg; check the unit"
            )
    sieve.reject("values", rejections)
    return bounds


def _read_coordinates(
    cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve, *, crs: str, target_crs: str
) -> NDArray[np.float64]:
    """Return easting and northing in the target CRS, shape (n, 2)."""
    # Only rows still in have a say in whether the table's coordinates are swapped.
    places = sieve.positions
    points, rejections = project(
        cells["easting"].iloc[places].tolist(),
        cells["northing"].iloc[places].tolist(),
        crs=crs,
        target_crs=target_crs,
        decimal=mapping.spelling.decimal,
    )
    coordinates = np.full((len(cells), 2), nan)
    coordinates[places] = points
    sieve.reject("coordinates", {places[place]: why for place, why in rejections.items()})
    return coordinates


def _read_circumstances(
    cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve
) -> tuple[NDArray[np.float64], list[str]]:
    """Return depths in cm, shape (n, 2), and dates."""
    depths = np.full((len(cells), 2), nan)
    dates = [""] * len(cells)
    rejections: dict[int, Rejection] = {}
    texts = zip(
        cells["depth_top_cm"], cells["depth_bottom_cm"], cells["sampled_on"], strict=True
    )
    for place, (top, bottom, day) in enumerate(texts):
        layer = read_depths(top, bottom, mapping.spelling.decimal)
        read = read_date(day)
        if isinstance(layer, Rejection):
            rejections[place] = layer
        elif isinstance(read, Rejection):
            rejections[place] = read
        else:
            depths[place], dates[place] = layer, read
    sieve.reject("depth and date", rejections)
    return depths, dates


def _check_some_left(sieve: Sieve, source: str) -> None:
    if sieve.kept.any():
        return
    reasons = sieve.ledger.reasons()
    counts = [f"{reason} ({count})" for reason, count in reasons.items()]
    commonest = next(iter(reasons))
    example = next(why.text for why in sieve.reasons.values() if why.kind == commonest)
    raise ObservationError(
        f"None of the {len(sieve.kept)} rows of {source} can be used: {few(counts)}. "
        f"The first of these: {example}. Correct the file or its mapping."
    )


def _warn_of_values_under_limit(table: pd.DataFrame) -> None:
    """Say so where measured values lie under their own detection limit: maybe substituted."""
    measured = table["lower_mg_kg"] == table["upper_mg_kg"]
    under = int((measured & (table["lower_mg_kg"] < table["limit_mg_kg"])).sum())
    if under:
        warnings.warn(
            f"{under} of {len(table)} values lie under the detection limit of their own row "
            "and carry no flag; they are kept as measured. If the file holds substituted "
            "values, such as half the limit, write the non-detects as <limit.",
            stacklevel=3,
        )


def _site_ids(sites: pd.Series, table: pd.DataFrame) -> list[str]:
    """Return the site of each row; a row without one is named by its place."""
    places = zip(sites, table["easting"], table["northing"], strict=True)
    return [site.strip() or f"E{e:.2f}N{n:.2f}" for site, e, n in places]


def _observation_ids(names: pd.Series, table: pd.DataFrame) -> list[str]:
    """Return the laboratory's id or the row's number, with the contaminant, each once."""
    used: set[str] = set()
    times: dict[str, int] = {}
    ids = []
    for name, row, contaminant in zip(names, table["row"], table["contaminant"], strict=True):
        stem = f"{name.strip() or f'row{row}'}-{contaminant}"
        found = stem
        while found in used:
            times[stem] = times.get(stem, 1) + 1
            found = f"{stem}-{times[stem]}"
        used.add(found)
        ids.append(found)
    return ids


def _points(table: pd.DataFrame, crs: str) -> "GeoDataFrame":
    """Return the finished table with its points, in the order of the file."""
    import geopandas as gpd

    table = table.assign(is_censored=table["lower_mg_kg"] < table["upper_mg_kg"])
    table = table[list(OBSERVATION_COLUMNS)].reset_index(drop=True)
    check_observations(table)
    points = gpd.points_from_xy(table["easting"], table["northing"])
    return gpd.GeoDataFrame(table, geometry=points, crs=crs)
