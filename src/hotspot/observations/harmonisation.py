"""From a laboratory's table to observations in one unit, one CRS and one spelling."""

import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hotspot.errors import ObservationError, few
from hotspot.observations.amounts import (
    convert_methods,
    own_methods,
    read_methods,
    read_units,
    read_values,
    reject_implausible,
    with_own_units,
)
from hotspot.observations.cells import cells_of, excluded, rejected_rows
from hotspot.observations.coordinates import metres_per_unit
from hotspot.observations.duplicates import merge_duplicates
from hotspot.observations.findings import Findings, find
from hotspot.observations.identity import (
    observation_ids,
    own_names,
    read_contaminants,
    site_ids,
)
from hotspot.observations.layers import harmonise_depths
from hotspot.observations.ledger import Ledger
from hotspot.observations.mapping import UNIT_OF_HEADER, TableMapping
from hotspot.observations.medium import reject_other_media
from hotspot.observations.regions import region_box
from hotspot.observations.rejection import Reasons, Sieve
from hotspot.observations.substitution import find_substitutions
from hotspot.observations.table import OBSERVATION_COLUMNS, check_observations
from hotspot.observations.whereabouts import (
    read_circumstances,
    read_coordinates,
    read_radii,
    reject_far_sites,
)
from hotspot.units import read_unit

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# Columns that a table has only where its file says something of them.
EXTRA_COLUMNS = ("campaign", "radius_m")


@dataclass(frozen=True)
class Harmonised:
    """Observations, what could not become one, and the account of both.

    Parameters
    ----------
    observations : GeoDataFrame
        Columns `OBSERVATION_COLUMNS` and points in the target CRS; ``campaign`` and
        ``radius_m`` too where the mapping names them.
    rejected : DataFrame
        ``row``, every column of the file as text, ``value_column`` and ``reason``.
    ledger : Ledger
        Rows in and out of each step.
    findings : Findings
        What looks odd, and the share of non-detects by contaminant and laboratory.
    """

    observations: "GeoDataFrame"
    rejected: pd.DataFrame
    ledger: Ledger
    findings: Findings = field(default_factory=Findings)


def harmonise(
    rows: pd.DataFrame,
    mapping: TableMapping,
    *,
    crs: str,
    target_crs: str,
    source: str,
    cell_m: float | None = None,
) -> Harmonised:
    """Return the observations of a table of text, and the rows that are none, with reasons.

    A row falls out at the first step that speaks against it: configuration, contaminant,
    unit, value, coordinates, depth and date, duplicates; then, where the mapping has a rule
    for it, method, plausibility and target depth. Contaminants nobody asked for stay.

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
    cell_m : float, optional
        Size of a cell of the grid in metres, against which the radius of places is held.

    Raises
    ------
    ObservationError
        A column of the mapping is not in the file, easting and northing are swapped, or no
        row is left.
    ConfigError
        The mapping names a contaminant or a method that the registry does not know.

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
    notes: list[str] = []
    sieve.reject("configuration", excluded(rows, cells, mapping))
    reject_other_media(cells, mapping, sieve)
    table = pd.DataFrame({"row": cells["row"], "source": source})
    table["contaminant"], oxides = read_contaminants(cells, mapping, sieve, notes)
    cells = with_own_units(cells, table["contaminant"], mapping)
    factors = oxides * read_units(cells, mapping, sieve)
    bounds = read_values(cells, table["contaminant"], mapping, factors, sieve)
    table[["lower_mg_kg", "upper_mg_kg", "limit_mg_kg"]] = bounds
    places = read_coordinates(cells, mapping, sieve, crs=crs, target_crs=target_crs)
    table[["easting", "northing"]] = places.points
    depths, dates = read_circumstances(cells, mapping, sieve)
    table[["depth_top_cm", "depth_bottom_cm"]] = depths
    table["sampled_on"] = pd.Series(dates, dtype="str")
    for name in ("laboratory", "campaign"):
        table[name] = cells[name].str.strip()
    table["method"] = read_methods(cells, mapping)
    table["radius_m"] = read_radii(cells, mapping, places, sieve, cell_m, notes)
    convert_methods(table, mapping, sieve, notes)
    reject_implausible(table, mapping, sieve)
    reject_far_sites(cells["site"], table, mapping, sieve, metres_per_unit(target_crs))
    _check_some_left(sieve, source)

    table = table[sieve.kept].copy()
    _warn_of_values_under_limit(table)
    table["site_id"] = site_ids(cells["site"][sieve.kept], table)
    table["observation_id"] = observation_ids(cells["observation"][sieve.kept], table)
    found = find_substitutions(table)
    notes += [each.sentence for each in found]
    table, gone = merge_duplicates(table, mapping.duplicates)
    sieve.reject(f"duplicates ({mapping.duplicates})", _reasons_of(gone, len(cells)))
    depth = mapping.rules.depth
    if depth is not None:
        table, gone = harmonise_depths(table, depth)
        step = f"depth ({depth.top_cm:g} to {depth.bottom_cm:g} cm, {depth.rule})"
        sieve.reject(step, _reasons_of(gone, len(cells)))
        _check_some_left(sieve, source)
    findings = find(table)
    return Harmonised(
        observations=_points(table, target_crs, mapping),
        rejected=rejected_rows(rows, cells, sieve.reasons),
        ledger=sieve.ledger,
        findings=replace(findings, notes=(*notes, *findings.notes), suspects=found),
    )


def check_stated(mapping: TableMapping) -> None:
    """Raise what of a mapping no table could mend: names, methods and regions not known.

    Raises
    ------
    ConfigError
        The mapping names a contaminant or a method that the registry does not know.
    UnitError
        The one unit of all values is none of soil.
    GridError, ObservationError
        The region is no reference system, or one without an area of use.
    """
    own_names(mapping)
    own_methods(mapping)
    if mapping.unit is not None and mapping.unit != UNIT_OF_HEADER:
        read_unit(mapping.unit)
    if mapping.rules.places.region is not None:
        region_box(mapping.rules.places.region)


def _reasons_of(gone: pd.DataFrame, rows: int) -> Reasons:
    """Return the reasons against rows that a later step left out, by their label."""
    reasons = Reasons(rows)
    mask = np.zeros(rows, dtype=np.bool_)
    mask[gone.index] = True
    kinds, details = (np.full(rows, "", dtype=object) for _ in range(2))
    kinds[gone.index], details[gone.index] = gone["kind"], gone["detail"]
    reasons.mark(mask, kinds, details)
    return reasons


def _check_some_left(sieve: Sieve, source: str) -> None:
    if sieve.kept.any():
        return
    reasons = sieve.ledger.reasons()
    counts = [f"{reason} ({count})" for reason, count in reasons.items()]
    commonest = next(iter(reasons))
    example = sieve.reasons.text_of(int(np.argmax(sieve.reasons.kinds == commonest)))
    raise ObservationError(
        f"None of the {len(sieve.kept)} rows of {source} can be used: {few(counts)}. "
        f"The first of these: {example.rstrip('.')}. Correct the file or its mapping."
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


def _points(table: pd.DataFrame, crs: str, mapping: TableMapping) -> "GeoDataFrame":
    """Return the finished table with its points, in the order of the file."""
    import geopandas as gpd

    extra = [name for name in EXTRA_COLUMNS if name in mapping.columns]
    if mapping.rules.places.radius_m is not None and "radius_m" not in extra:
        extra.append("radius_m")
    table = table.assign(is_censored=table["lower_mg_kg"] < table["upper_mg_kg"])
    table = table[[*OBSERVATION_COLUMNS, *extra]].reset_index(drop=True)
    check_observations(table)
    points = gpd.points_from_xy(table["easting"], table["northing"])
    return gpd.GeoDataFrame(table, geometry=points, crs=crs)
