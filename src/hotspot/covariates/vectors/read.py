"""Reading features: from files of known formats, chosen by attribute, in the CRS of a grid."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from hotspot.covariates.derivations import Weight
from hotspot.covariates.layers import Features, Value
from hotspot.covariates.references import agreed_crs, region_text
from hotspot.covariates.sources import Geometries
from hotspot.covariates.vectors.formats import DRIVERS, check_content, unreadable
from hotspot.covariates.vectors.table import read_parquet, read_points
from hotspot.errors import CovariateError, GridError, few, nearest_name
from hotspot.grid import Grid, same_crs
from hotspot.rasters import local_path

if TYPE_CHECKING:
    import geopandas


@dataclass(frozen=True)
class FeatureSet:
    """Features in the CRS of a grid.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        Valid, not empty.
    weights : array, shape (n,)
        By which each counts; 1 where no weight was asked for.
    """

    geometries: Geometries
    weights: NDArray[np.float64]


def read_features(
    features: Features,
    grid: Grid,
    *,
    name: str,
    reach_m: float | None = None,
    weight: Weight | None = None,
) -> FeatureSet:
    """Return features in the CRS of a grid. Edges are straight in that CRS.

    Parameters
    ----------
    features : Features
        What to read.
    grid : Grid
        In whose CRS.
    name : str
        Of the covariate, for messages.
    reach_m : float, optional, m
        Features further from the grid are left out; without it all are kept.
    weight : Weight, optional
        The attribute by which each counts.

    Raises
    ------
    CovariateError
        The file, the layer or an attribute does not exist, a weight is no number of 0 or
        above, or no feature is left or near.
    GridError
        The CRS is missing or contradicts the layer, or does not reach the grid.

    Warns
    -----
    UserWarning
        Features have no geometry, or were repaired; or none is near the grid.
    """
    table = _selected(read_table(features), features, name)
    crs = agreed_crs(
        table.crs.to_wkt() if table.crs is not None else None, features.crs, features.path.name
    )
    table = table.set_crs(crs, allow_override=True)
    _check_degrees(table, crs, features.path.name)
    if not same_crs(crs, grid.crs):
        table = table.to_crs(grid.crs)
    if not np.isfinite(table.total_bounds).all():
        raise GridError(
            f"{features.path.name} has features that cannot be placed in {grid.crs}. "
            f"Check that its coordinates are in {CRS.from_user_input(crs).name}."
        )
    table = _near(table, grid, features, name, reach_m)
    weights = _weights(table, weight, features.path.name)
    geometries = _repaired(np.asarray(table.geometry.to_numpy(), dtype=object), features)
    return FeatureSet(geometries, weights)


def read_table(features: Features) -> "geopandas.GeoDataFrame":
    """Return the features of a file as they stand there.

    Raises
    ------
    CovariateError
        The file cannot be read, holds no geometries, or has several layers of which none is
        named.
    """
    import geopandas
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    path = features.path
    file = local_path(path)
    if file.suffix.lower() == ".csv":
        return read_points(file, features)
    check_content(file, path)
    if file.suffix.lower() in (".parquet", ".geoparquet"):
        return read_parquet(file, path)
    try:
        names = [str(name) for name in pyogrio.list_layers(file)[:, 0]]
        if features.layer is not None and features.layer not in names:
            raise CovariateError(
                f"{path.name} has no layer {features.layer!r}."
                f"{nearest_name(features.layer, names)} It has {few(names)}."
            )
        if features.layer is None and len(names) > 1:
            raise CovariateError(
                f"{path.name} has {len(names)} layers: {few(names)}. "
                "Name one with the key `layer`."
            )
        driver = str(pyogrio.read_info(file, layer=features.layer)["driver"])
        if driver not in DRIVERS:
            raise unreadable(path, f"it is in the format {driver}")
        table = geopandas.read_file(file, layer=features.layer, engine="pyogrio")
    except (DataLayerError, DataSourceError) as error:
        raise unreadable(path, error) from error
    if not isinstance(table, geopandas.GeoDataFrame):
        raise CovariateError(
            f"{path.name} is a table without geometries. Give a layer of points, lines "
            "or polygons."
        )
    return table


def _selected(table: Any, features: Features, name: str) -> Any:
    """Return the features that have a geometry and the attributes asked for."""
    path = features.path
    conditions: Mapping[str, Value | list[Value]] = features.where or {}
    for attribute, wanted in conditions.items():
        _check_attribute(table, attribute, path.name)
        values = wanted if isinstance(wanted, list) else [wanted]
        there = table[attribute]
        table = table[there.isin(values)]
        if table.empty:
            known = few(sorted(map(str, there.dropna().unique())))
            raise CovariateError(
                f"No feature of {path.name} has {attribute} = {few(values)}. "
                f"It is {known or 'never given'} there; write the value as it stands."
            )
    empty = table.geometry.isna() | table.geometry.is_empty
    if empty.all():
        raise CovariateError(
            f"{path.name} has no feature with a geometry for the covariate "
            f"{name}. Check the layer."
        )
    if empty.any():
        warnings.warn(
            f"{int(empty.sum())} of {len(table)} features of {path.name} have no geometry and "
            f"do not count for {name}. Check the layer, or leave them out with `where`.",
            stacklevel=3,
        )
    return table[~empty]


def _check_attribute(table: Any, attribute: str, file: str) -> None:
    attributes = [str(column) for column in table.columns if column != table.geometry.name]
    if attribute not in attributes:
        raise CovariateError(
            f"{file} has no attribute {attribute!r}."
            f"{nearest_name(attribute, attributes)} It has {few(attributes, 12) or 'none'}."
        )


def _check_degrees(table: Any, crs: str, file: str) -> None:
    """Refuse latitudes beyond the poles, and tell where the columns look exchanged."""
    if not CRS.from_user_input(crs).is_geographic:
        return
    west, south, east, north = (float(value) for value in table.total_bounds)
    if max(abs(south), abs(north)) <= 90 and max(abs(west), abs(east)) <= 360:
        return
    is_swapped = max(abs(west), abs(east)) <= 90 and max(abs(south), abs(north)) <= 360
    hint = (
        "Longitude and latitude look exchanged: exchange `easting` and `northing`."
        if is_swapped
        else "They look like metres: give their own `crs`."
    )
    raise GridError(
        f"{file} has features that cannot be placed on the globe: in degrees they cover "
        f"{region_text((west, east, south, north))} (west, east, south, north). {hint}"
    )


def _near(table: Any, grid: Grid, features: Features, name: str, reach_m: float | None) -> Any:
    west, east, south, north = grid.region
    everywhere = tuple(float(value) for value in table.total_bounds[[0, 2, 1, 3]])
    if reach_m is None:
        # A plane of distances to one far point says where a cell lies, not what is near it.
        far = 10 * max(east - west, north - south)
        if table.cx[west - far : east + far, south - far : north + far].empty:
            warnings.warn(
                f"No feature of {features.path.name} lies anywhere near the grid: in "
                f"{grid.crs} they cover {region_text(everywhere)} and the grid "
                f"{region_text(grid.region)}. Check the CRS, or leave {name} out.",
                stacklevel=3,
            )
        return table
    if not grid.is_projected:
        return table
    reach = reach_m / grid.metres_per_unit
    near = table.cx[west - reach : east + reach, south - reach : north + reach]
    if near.empty:
        raise CovariateError(
            f"No feature of {features.path.name} comes within {reach_m:g} m of the "
            f"grid, so that {name} would be 0 throughout. In {grid.crs} "
            f"the features cover {region_text(everywhere)} and the grid "
            f"{region_text(grid.region)}. Check the CRS, or leave the layer out."
        )
    return near


def _weights(table: Any, weight: Weight | None, file: str) -> NDArray[np.float64]:
    if weight is None:
        return np.ones(len(table))
    _check_attribute(table, weight.attribute, file)
    column = table[weight.attribute]
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    missing = column.isna().to_numpy()
    bad = ~missing & ~((numbers >= 0) & np.isfinite(numbers))
    if bad.any():
        raise CovariateError(
            f"The weight {weight.attribute!r} of {file} is {few(column[bad].unique())} for "
            f"{int(bad.sum())} of {len(table)} features. Weights are numbers of 0 or above: "
            "choose others with `where`, or correct the file."
        )
    if missing.any() and weight.missing is None:
        raise CovariateError(
            f"The weight {weight.attribute!r} of {file} is missing for {int(missing.sum())} of "
            f"{len(table)} features. Say what stands for it: `missing_weight: 0`, or another "
            "number."
        )
    return np.where(missing, weight.missing if weight.missing is not None else 0.0, numbers)


def _repaired(geometries: Geometries, features: Features) -> Geometries:
    invalid = ~shapely.is_valid(geometries)
    if not invalid.any():
        return geometries
    reason = str(shapely.is_valid_reason(geometries[invalid][0])).split("[")[0]
    warnings.warn(
        f"{int(invalid.sum())} of {len(geometries)} features of {features.path.name} are "
        f"invalid ({reason}) and were repaired, which may change their area. Repair the file, "
        "and look at the result.",
        stacklevel=3,
    )
    repaired = geometries.copy()
    repaired[invalid] = shapely.make_valid(geometries[invalid])
    return repaired
