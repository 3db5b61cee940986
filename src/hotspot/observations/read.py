"""Reading observations: laboratory tables as text, and the finished table."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hotspot.errors import ObservationError, few, nearest_name, reason_of
from hotspot.observations.formats.address import database_address, is_database
from hotspot.observations.formats.database import read_database
from hotspot.observations.formats.text import read_text
from hotspot.observations.formats.workbook import read_workbook
from hotspot.observations.table import check_observations

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
_PARQUET_SUFFIXES = (".parquet", ".geoparquet")
_VECTOR_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON"}
# Features that tell the columns and the kind of geometry of a file.
_BEGINNING = 100


@dataclass(frozen=True)
class FileRows:
    """A file as text.

    Parameters
    ----------
    rows : DataFrame of str
        Every cell as text, empty where missing. The index ``row`` counts as a spreadsheet
        does: in a text file the header is row 1, in a vector file the first feature is.
    crs : str or None
        Authority code or WKT of the geometry; None for a file without geometry.
    notes : tuple of str
        What was guessed of how the file is written, where the configuration asks for that.
    """

    rows: pd.DataFrame
    crs: str | None = None
    notes: tuple[str, ...] = ()


def read_rows(
    path: Path | str,
    *,
    separator: str = ",",
    encoding: str = "utf-8",
    layer: str | None = None,
    header_row: int = 1,
    only_beginning: bool = False,
) -> FileRows:
    """Return the rows of a table or point file as text, so that ``<0.2`` survives.

    Parameters
    ----------
    path : path
        CSV or TSV (``.csv .tsv .tab .txt``), Excel workbook, GeoPackage, GeoJSON or
        (Geo)Parquet; or ``env:HOTSPOT_DATABASE``, the environment variable that holds the
        address of a database.
    separator : str
        Of a text file; ``.tsv`` and ``.tab`` files are separated by tabs unless told.
        ``auto`` guesses it and notes what it took.
    encoding : str
        Of a text file. A byte order mark is read past. ``auto`` guesses.
    layer : str, optional
        Layer of a GeoPackage, sheet of a workbook, or table of a database with several.
    header_row : int
        Line of the column names in a text file or sheet, from 1.
    only_beginning : bool
        Whether the names of the columns and some rows are enough, as for a check of a large
        file. A database is always read whole.

    Returns
    -------
    FileRows
        Points stand in the columns ``easting`` and ``northing``. A column of the file that
        has one of these names already gets ``_in_table`` behind it.

    Raises
    ------
    ObservationError
        The file is missing, empty, damaged, in another encoding, of another separator, or
        its geometries are no points.
    ConfigError
        The address of a database stands in the path itself.
    """
    if is_database(str(path)):
        frame, crs = read_database(database_address(str(path)), layer)
        return FileRows(_as_texts(frame), crs)
    path = Path(path)
    if not path.is_file():
        near = nearest_name(path.name, _neighbours(path))
        raise ObservationError(f"There is no file {path}.{near} Correct the path.")
    if path.stat().st_size == 0:
        raise ObservationError(f"The file {path} is empty: 0 bytes. Export it again.")
    suffix = path.suffix.lower()
    if suffix in _TEXT_SUFFIXES:
        # A tab is hard to type on a command line.
        separator = separator.replace("\\t", "\t")
        if suffix in (".tsv", ".tab") and separator == ",":
            separator = "\t"
        rows, notes = read_text(
            path, separator, encoding, header_row, only_beginning=only_beginning
        )
        return FileRows(rows, notes=tuple(notes))
    if suffix in _WORKBOOK_SUFFIXES:
        return FileRows(read_workbook(path, layer, header_row, only_beginning=only_beginning))
    if suffix in _PARQUET_SUFFIXES or suffix in _VECTOR_DRIVERS:
        return _read_points(path, layer, _BEGINNING if only_beginning else None)
    known = (*_TEXT_SUFFIXES, *_WORKBOOK_SUFFIXES, *_VECTOR_DRIVERS, *_PARQUET_SUFFIXES)
    raise ObservationError(
        f"The file {path} ends in {suffix!r}, which is no format of observations. "
        f"Give one of {few(known, 20)}."
    )


def read_observations(path: Path | str) -> "GeoDataFrame":
    """Return the observation table that `write_observations` wrote.

    Raises
    ------
    ObservationError
        The file is missing, no GeoParquet, or no observation table.
    """
    import geopandas as gpd
    from pyarrow.lib import ArrowInvalid

    path = Path(path)
    if not path.is_file():
        raise ObservationError(f"There is no file {path}. Run `hotspot observations` first.")
    try:
        table = gpd.read_parquet(path)
    except (ArrowInvalid, OSError, ValueError) as error:
        raise ObservationError(
            f"The file {path} cannot be read as GeoParquet: {reason_of(error)}. "
            "Run `hotspot observations` again."
        ) from error
    check_observations(table)
    return table


def _neighbours(path: Path) -> list[str]:
    return [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []


def _read_points(path: Path, layer: str | None, most: int | None) -> FileRows:
    import geopandas as gpd
    from pyarrow.lib import ArrowInvalid
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        frame = _read_frame(path, layer, most)
    except (DataLayerError, DataSourceError, ArrowInvalid, OSError, ValueError) as error:
        if isinstance(error, ObservationError):
            raise
        raise ObservationError(
            f"The file {path} cannot be read: {reason_of(error)}. Export it again, or give "
            "its layer."
        ) from error
    if len(frame) == 0:
        raise ObservationError(f"The file {path} has no feature. Export it again.")
    crs = None
    if isinstance(frame, gpd.GeoDataFrame):
        easting, northing = _coordinates(path, frame)
        if frame.crs is not None:
            authority = frame.crs.to_authority()
            crs = ":".join(authority) if authority else frame.crs.to_wkt()
        frame = pd.DataFrame(frame.drop(columns=frame.geometry.name))
        names = [str(name).strip() for name in frame.columns]
        frame.columns = pd.Index(
            [f"{name}_in_table" if name in ("easting", "northing") else name for name in names]
        )
        frame["easting"], frame["northing"] = easting, northing
    return FileRows(_as_texts(frame), crs)


def _read_frame(path: Path, layer: str | None, most: int | None) -> Any:
    """Return the features of a file, or at most so many of the first."""
    import geopandas as gpd
    import pyogrio

    if path.suffix.lower() in _PARQUET_SUFFIXES:
        import pyarrow.parquet as pq

        has_geometry = b"geo" in (pq.read_schema(path).metadata or {})
        file = path if most is None else _first_rows(path, most)
        return gpd.read_parquet(file) if has_geometry else pd.read_parquet(file)
    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    if layer is None and len(layers) > 1:
        raise ObservationError(
            f"The file {path} has {len(layers)} layers: {few(layers, 10)}. "
            "Give one as data.layer."
        )
    if layer is not None and layer not in layers:
        raise ObservationError(
            f"The file {path} has no layer {layer!r}.{nearest_name(layer, layers)} "
            f"It has {few(layers, 10)}."
        )
    with warnings.catch_warnings():
        # Columns that GDAL cannot map are told again, in our words, when one is asked for.
        warnings.simplefilter("ignore")
        rows = {} if most is None else {"rows": most}
        return gpd.read_file(path, layer=layer or layers[0], engine="pyogrio", **rows)


def _first_rows(path: Path, most: int) -> BytesIO:
    """Return a Parquet file of the first rows of another, with what it says of itself."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    batch = next(file.iter_batches(batch_size=most), None)
    schema = file.schema_arrow
    table = schema.empty_table() if batch is None else pa.Table.from_batches([batch])
    found = BytesIO()
    pq.write_table(table.replace_schema_metadata(schema.metadata), found)
    found.seek(0)
    return found


def _coordinates(path: Path, frame: Any) -> tuple[Any, Any]:
    import shapely

    shapes = frame.geometry.to_numpy()
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    single = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    # Some programs write every point as a collection of one.
    single |= (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(shapes) == 1
    )
    others = sorted(set(frame.geometry.geom_type[present & ~single]))
    if others:
        raise ObservationError(
            f"The file {path} holds {few(others)}. Observations are points; give a point "
            "layer. Of areas give the centres, and the distance to the farthest border as the "
            "radius within which each place is known (columns.radius_m)."
        )
    points = np.full((len(frame), 2), np.nan)
    points[present] = shapely.get_coordinates(shapely.get_geometry(shapes[present], 0))
    return points[:, 0], points[:, 1]


def _as_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of any types as text, one row per row, numbered from 1."""
    index = pd.RangeIndex(1, len(frame) + 1, name="row")
    texts = {str(name): _as_text(frame[name]).set_axis(index) for name in frame.columns}
    return pd.DataFrame(texts, index=index)


def _as_text(column: "pd.Series[Any]") -> "pd.Series[str]":
    """Return a column as text: numbers as Python writes them, days as ISO dates."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        days = column.dt.normalize()
        form = "%Y-%m-%d" if (days == column)[column.notna()].all() else "%Y-%m-%dT%H:%M:%S"
        return pd.Series(column.dt.strftime(form), dtype="str").fillna("")
    if pd.api.types.is_bool_dtype(column.dtype):
        return pd.Series(column.map({True: "true", False: "false"}), dtype="str").fillna("")
    texts: pd.Series[str] = column.astype("str").mask(column.isna(), "").fillna("")
    return texts
