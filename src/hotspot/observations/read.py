"""Reading observations: laboratory tables as text, and the finished table."""

import csv
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hotspot.errors import ObservationError, few, nearest_name
from hotspot.observations.table import check_observations

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_PARQUET_SUFFIXES = (".parquet", ".geoparquet")
_VECTOR_DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON"}


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
    """

    rows: pd.DataFrame
    crs: str | None = None


def read_rows(
    path: Path | str, *, separator: str = ",", encoding: str = "utf-8", layer: str | None = None
) -> FileRows:
    """Return the rows of a table or point file as text, so that ``<0.2`` survives.

    Parameters
    ----------
    path : path
        CSV or TSV (``.csv .tsv .tab .txt``), GeoPackage, GeoJSON or (Geo)Parquet.
    separator : str
        Of a text file; ``.tsv`` and ``.tab`` files are separated by tabs unless told.
    encoding : str
        Of a text file. A byte order mark is read past.
    layer : str, optional
        Of a GeoPackage with several.

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
    """
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
        return FileRows(_read_text(path, separator, encoding))
    if suffix in _PARQUET_SUFFIXES or suffix in _VECTOR_DRIVERS:
        return _read_points(path, layer)
    known = (*_TEXT_SUFFIXES, *_VECTOR_DRIVERS, *_PARQUET_SUFFIXES)
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
            f"The file {path} cannot be read as GeoParquet: {error}. "
            "Run `hotspot observations` again."
        ) from error
    check_observations(table)
    return table


def _neighbours(path: Path) -> list[str]:
    return [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []


def _read_text(path: Path, separator: str, encoding: str) -> pd.DataFrame:
    # utf-8-sig reads past a byte order mark, and text without one too.
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        with path.open(encoding=codec, newline="") as file:
            lines = list(csv.reader(file, delimiter=separator, strict=True))
    except UnicodeDecodeError as error:
        raise ObservationError(
            f"The file {path} is not {encoding}: byte {error.object[error.start]:#04x} at "
            f"{error.start} has no meaning there. Give data.encoding; tables exported "
            "by Excel are often cp1252."
        ) from error
    except LookupError as error:
        raise ObservationError(
            f"No text encoding is called {encoding!r}. Give one such as utf-8 or cp1252."
        ) from error
    except TypeError as error:
        raise ObservationError(
            f"The separator {separator!r} is not one character. Give one such as ',' or ';'."
        ) from error
    except (csv.Error, OSError) as error:
        raise ObservationError(
            f"The file {path} cannot be read as a table: {error}. Export it again."
        ) from error
    numbered = [
        (number, line) for number, line in enumerate(lines, 1) if any(map(str.strip, line))
    ]
    if len(numbered) < 2:
        found = "no line" if not numbered else "a header and no row"
        raise ObservationError(f"The file {path} has {found}. Export it again.")
    header = _header(path, numbered[0][1], separator)
    rows = [(number, _fitted(line, len(header))) for number, line in numbered[1:]]
    ragged = [number for number, line in rows if len(line) != len(header)]
    if ragged:
        raise ObservationError(
            f"{len(ragged)} rows of {path} have another number of cells than the "
            f"{len(header)} of the header: rows {few(ragged)}. The file may be cut off, or "
            f"a cell may hold {separator!r} without quotes."
        )
    index = pd.Index([number for number, _ in rows], name="row")
    return pd.DataFrame([line for _, line in rows], columns=header, index=index, dtype=str)


def _fitted(line: list[str], cells: int) -> list[str]:
    """Return the line without empty cells behind the last column, as spreadsheets leave."""
    extra = line[cells:]
    return line[:cells] if extra and not any(map(str.strip, extra)) else line


def _header(path: Path, line: list[str], separator: str) -> list[str]:
    header = [name.strip() for name in line]
    while header and not header[-1]:
        header.pop()
    header = [name or f"unnamed_{place}" for place, name in enumerate(header, 1)]
    if len(header) == 1:
        other = next((mark for mark in (";", "\t", ",", "|") if mark in header[0]), None)
        if other is not None:
            raise ObservationError(
                f"The file {path} has a single column when separated by {separator!r}: "
                f"{header[0][:60]!r}. Give data.separator={other!r}."
            )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ObservationError(
            f"Columns of {path} share a name: {few(twice)}. Give each its own name."
        )
    return header


def _read_points(path: Path, layer: str | None) -> FileRows:
    import geopandas as gpd
    from pyarrow.lib import ArrowInvalid
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        frame = _read_frame(path, layer)
    except (DataLayerError, DataSourceError, ArrowInvalid, OSError, ValueError) as error:
        if isinstance(error, ObservationError):
            raise
        raise ObservationError(
            f"The file {path} cannot be read: {error}. Export it again, or give its layer."
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
    text = {str(name): [_as_text(value) for value in frame[name]] for name in frame.columns}
    index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return FileRows(pd.DataFrame(text, index=index, dtype=str), crs)


def _read_frame(path: Path, layer: str | None) -> Any:
    import geopandas as gpd
    import pyogrio

    if path.suffix.lower() in _PARQUET_SUFFIXES:
        import pyarrow.parquet as pq

        has_geometry = b"geo" in (pq.read_schema(path).metadata or {})
        return gpd.read_parquet(path) if has_geometry else pd.read_parquet(path)
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
        return gpd.read_file(path, layer=layer or layers[0], engine="pyogrio")


def _coordinates(path: Path, frame: Any) -> tuple[list[str], list[str]]:
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
            f"The file {path} holds {few(others)}. Observations are points; give a point layer."
        )
    points = shapely.get_coordinates(shapely.get_geometry(shapes[present], 0))
    texts = np.full((len(frame), 2), "", dtype=object)
    texts[present] = [[repr(float(value)) for value in point] for point in points]
    return texts[:, 0].tolist(), texts[:, 1].tolist()


def _as_text(value: Any) -> str:
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return str(value)
