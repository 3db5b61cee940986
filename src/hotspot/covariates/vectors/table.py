"""Tables of features: GeoParquet, and rows of coordinates as points."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from hotspot.covariates.layers import Features
from hotspot.covariates.vectors.formats import unreadable
from hotspot.errors import CovariateError, few, nearest_name, reason_of

if TYPE_CHECKING:
    import geopandas


def read_parquet(file: Path, path: Path) -> "geopandas.GeoDataFrame":
    """Return the features of a GeoParquet file."""
    import geopandas
    import pyarrow as pa

    try:
        return geopandas.read_parquet(file)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise unreadable(path, error) from error


def read_points(file: Path, features: Features) -> "geopandas.GeoDataFrame":
    """Return the rows of a table as points; those without coordinates have no geometry."""
    import geopandas

    name = features.path.name
    if features.columns is None:
        raise CovariateError(
            f"{name} is a table without geometries. Name the columns of its coordinates with "
            "the keys `easting` and `northing`, and their `crs`."
        )
    if features.crs is None:
        raise CovariateError(
            f"{name} is a table, which says no coordinate reference system. Declare it with "
            "the key `crs`, such as EPSG:4326 for longitude and latitude."
        )
    try:
        table = pd.read_csv(file, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        # Parser and decoding errors of pandas are ValueErrors.
        raise CovariateError(
            f"{features.path} cannot be read as a table: {reason_of(error)}. Give a file of "
            "values separated by commas, in UTF-8, with a header."
        ) from error
    columns = [str(column) for column in table.columns]
    places = []
    for wanted in features.columns:
        if wanted not in columns:
            raise CovariateError(
                f"{name} has no column {wanted!r}.{nearest_name(wanted, columns)} "
                f"It has {few(columns, 12)}; values are separated by commas."
            )
        numbers = pd.to_numeric(table[wanted], errors="coerce").to_numpy(dtype=np.float64)
        given = table[wanted][np.isnan(numbers) & table[wanted].notna().to_numpy()]
        if len(given):
            raise CovariateError(
                f"The column {wanted!r} of {name} holds {few(map(repr, given))}, which are "
                "no coordinates. Write decimal numbers with a point."
            )
        places.append(numbers)
    known = np.isfinite(places[0]) & np.isfinite(places[1])
    points = np.full(len(table), None, dtype=object)
    points[known] = shapely.points(places[0][known], places[1][known])
    return geopandas.GeoDataFrame(table, geometry=points, crs=features.crs)
