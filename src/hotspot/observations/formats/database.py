"""Tables of databases as columns of text, through SQLAlchemy."""

import re
import warnings
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ObservationError, few, nearest_name, reason_of

# Rows that are asked for at once; a table of millions is never held as objects.
_ROWS = 50_000
# What PostGIS calls its columns, and GDAL those that it makes.
_GEOMETRY_NAMES = ("geom", "geometry", "the_geom", "wkb_geometry", "position", "shape")


def read_database(address: str, table: str | None) -> tuple[pd.DataFrame, str | None]:
    """Return a table of a database as text, and the reference system of its points.

    Only a SELECT of the whole table is sent, in a transaction that may not write where the
    server knows such, and rows arrive part by part. A column of points in (extended)
    well-known binary, as PostGIS gives them, becomes ``easting`` and ``northing``.

    Parameters
    ----------
    address : str
        As SQLAlchemy takes it; its driver must be installed.
    table : str or None
        Name of the table or view, with its schema before a point; None for the only one.

    Raises
    ------
    ObservationError
        The address cannot be used, or there is no such table, or it is empty.
    """
    import sqlalchemy as sa
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    try:
        engine = sa.create_engine(address)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        # The address is not shown: it may hold a password.
        kind = address.split(":", 1)[0] if re.match(r"[\w+]+:", address) else "no address"
        raise ObservationError(
            f"The database ({kind}) cannot be opened: {type(error).__name__}. Give an address "
            "such as postgresql+psycopg://user:password@host/name, and install its driver: "
            "pip install 'hotspot[postgis]'."
        ) from error
    shown = engine.url.render_as_string(hide_password=True)
    schema, _, name = (table or "").rpartition(".")
    try:
        with engine.connect() as connection:
            # A view may call functions that write; the server is told that nothing may.
            reading = connection.execution_options(
                postgresql_readonly=True, stream_results=True, yield_per=_ROWS
            )
            name = _one_table(shown, name, _known(sa.inspect(reading), schema or None))
            names = _columns(sa.inspect(reading), name, schema or None)
            # Types that the driver does not know come as the database writes them.
            columns: list[Any] = [sa.literal_column(_quoted(engine, each)) for each in names]
            query = sa.select(*columns).select_from(sa.table(name, schema=schema or None))
            parts = _Parts(names)
            for rows in reading.execute(query).partitions():
                parts.add([list(column) for column in zip(*rows, strict=True)])
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise ObservationError(
            f"The database {shown} cannot be read: {reason_of(reason)}. Check its address and "
            "the name of the table in data.layer."
        ) from error
    finally:
        engine.dispose()
    if not parts.texts:
        raise ObservationError(f"The table {name} of {shown} has no row. Name another one.")
    return parts.frame()


class _Parts:
    """A table that arrives part by part and is kept as text, which is smaller than objects."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.texts: list[dict[str, pd.Series[Any]]] = []
        self.points: list[NDArray[np.float64]] = []
        self.systems: set[int] = set()
        self.geometry = next((n for n in names if n.lower() in _GEOMETRY_NAMES), None)

    def add(self, columns: list[list[Any]]) -> None:
        """Add the columns of some rows."""
        values = dict(zip(self.names, columns, strict=True))
        shapes = None if self.geometry is None else _shapes(values[self.geometry])
        if shapes is None:
            # A column of another content under the name of one of points is a column.
            self.geometry = None if not self.texts else self.geometry
        if self.geometry is not None:
            self._place(shapes, len(columns[0]))
            del values[self.geometry]
        self.texts.append({name: _as_text(column) for name, column in values.items()})

    def frame(self) -> tuple[pd.DataFrame, str | None]:
        """Return the whole table, and the reference system of its points."""
        whole = {}
        for name in list(self.texts[0]):
            parts = [each.pop(name) for each in self.texts]
            whole[name] = pd.concat(parts, ignore_index=True)
        frame = pd.DataFrame(whole)
        if self.geometry is None:
            return frame, None
        frame = frame.rename(columns={n: f"{n}_in_table" for n in ("easting", "northing")})
        frame["easting"], frame["northing"] = np.concatenate(self.points).T
        if len(self.systems) > 1:
            raise ObservationError(
                f"The points of column {self.geometry} are in {len(self.systems)} reference "
                f"systems: EPSG {few(sorted(self.systems))}. Transform them to one."
            )
        return frame, f"EPSG:{self.systems.pop()}" if self.systems else None

    def _place(self, shapes: Any, n: int) -> None:
        import shapely

        kinds = shapely.get_type_id(shapes)
        # Missing geometries have the type -1.
        if shapes is None or not np.isin(kinds, [-1, shapely.GeometryType.POINT]).all():
            raise ObservationError(
                f"The column {self.geometry} holds other geometries than points. Observations "
                "are points; name a table or view of points."
            )
        present = kinds >= 0
        self.systems |= {int(code) for code in shapely.get_srid(shapes[present])} - {0}
        points = np.full((n, 2), np.nan)
        # An empty point is a missing one, and has no coordinates.
        present &= ~shapely.is_empty(shapes)
        points[present] = shapely.get_coordinates(shapes[present])
        self.points.append(points)


def _known(inspector: Any, schema: str | None) -> list[str]:
    """Return the names of tables and views."""
    known = [
        *inspector.get_table_names(schema=schema),
        *inspector.get_view_names(schema=schema),
    ]
    if inspector.dialect.name == "postgresql":
        known += inspector.get_materialized_view_names(schema=schema)
    return known


def _columns(inspector: Any, name: str, schema: str | None) -> list[str]:
    with warnings.catch_warnings():
        # That SQLAlchemy does not know the type of points is no news.
        warnings.filterwarnings("ignore", "Did not recognize type")
        return [str(column["name"]) for column in inspector.get_columns(name, schema=schema)]


def _one_table(shown: str, name: str, known: list[str]) -> str:
    if name in known:
        return name
    if not name and len(known) == 1:
        return known[0]
    asked = (
        f"no table {name!r}.{nearest_name(name, known)}" if name else f"{len(known)} tables."
    )
    raise ObservationError(
        f"The database {shown} has {asked} It has {few(known, 20) or 'none'}. "
        "Give one as data.layer, with its schema before a point if need be."
    )


def _quoted(engine: Any, name: str) -> str:
    return str(engine.dialect.identifier_preparer.quote(name)).replace(":", "\\:")


def _as_text(values: list[Any]) -> "pd.Series[Any]":
    """Return a column as text: numbers as Python writes them, dates in ISO, gaps empty."""
    return pd.Series([_text(value) for value in values], dtype="str")


def _text(value: Any) -> str:
    """Return a value of a database as text.

    Examples
    --------
    >>> from datetime import date, datetime
    >>> from decimal import Decimal
    >>> [_text(value) for value in (12, 0.5, Decimal("1.50"), True, None, float("nan"))]
    ['12', '0.5', '1.50', 'true', '', '']
    >>> _text(datetime(1990, 5, 14)), _text(date(1990, 5, 14))
    ('1990-05-14', '1990-05-14')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _shapes(values: list[Any]) -> Any:
    """Return geometries from well-known binary, as bytes or hexadecimal text, or None."""
    import shapely
    from shapely.errors import ShapelyError

    column = [bytes(each) if isinstance(each, memoryview) else each for each in values]
    if not all(each is None or isinstance(each, str | bytes) for each in column):
        return None
    try:
        return shapely.from_wkb(np.array(column, dtype=object))
    except (ShapelyError, ValueError):
        return None
