"""Tables of databases as columns of text, through SQLAlchemy."""

import re
from typing import Any

import numpy as np
import pandas as pd

from hotspot.errors import ObservationError, few, nearest_name

# What PostGIS calls its columns, and GDAL those that it makes.
_GEOMETRY_NAMES = ("geom", "geometry", "the_geom", "wkb_geometry", "position", "shape")


def read_database(address: str, table: str | None) -> tuple[pd.DataFrame, str | None]:
    """Return a table of a database as text, and the reference system of its points.

    Only a SELECT of the whole table is sent. A column of points in (extended) well-known
    binary, as PostGIS gives them, becomes ``easting`` and ``northing``.

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
            "such as postgresql+psycopg://user:password@host/name, and install its driver."
        ) from error
    shown = engine.url.render_as_string(hide_password=True)
    schema, _, name = (table or "").rpartition(".")
    try:
        with engine.connect() as connection:
            inspector = sa.inspect(connection)
            known = [
                *inspector.get_table_names(schema=schema or None),
                *inspector.get_view_names(schema=schema or None),
            ]
            name = _one_table(shown, name, known)
            found = sa.Table(
                name, sa.MetaData(), schema=schema or None, autoload_with=connection
            )
            # Types that the driver does not know come as the database writes them.
            names = [str(column.name) for column in found.columns]
            columns: list[Any] = [sa.literal_column(_quoted(engine, each)) for each in names]
            query = sa.select(*columns).select_from(found)
            frame = pd.DataFrame(connection.execute(query).fetchall(), columns=names)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise ObservationError(
            f"The database {shown} cannot be read: {reason}. Check its address and "
            "the name of the table in data.layer."
        ) from error
    finally:
        engine.dispose()
    if frame.empty:
        raise ObservationError(f"The table {name} of {shown} has no row. Name another one.")
    return _with_points(frame)


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


def _with_points(frame: pd.DataFrame) -> tuple[pd.DataFrame, str | None]:
    """Return a frame whose column of points became easting and northing, and its CRS."""
    name = next((name for name in frame.columns if str(name).lower() in _GEOMETRY_NAMES), None)
    shapes = None if name is None else _shapes(frame[name])
    if name is None or shapes is None:
        return frame, None
    import shapely

    present = ~shapely.is_missing(shapes)
    kinds = shapely.get_type_id(shapes[present])
    if (kinds != shapely.GeometryType.POINT).any():
        raise ObservationError(
            f"The column {name} holds other geometries than points. Observations are points; "
            "name a table or view of points."
        )
    codes = {int(code) for code in shapely.get_srid(shapes[present])} - {0}
    frame = frame.drop(columns=name)
    frame = frame.rename(columns={n: f"{n}_in_table" for n in ("easting", "northing")})
    points = np.full((len(frame), 2), np.nan)
    points[present] = shapely.get_coordinates(shapes[present])
    frame["easting"], frame["northing"] = points.T
    if len(codes) > 1:
        raise ObservationError(
            f"The points of column {name} are in {len(codes)} reference systems: EPSG "
            f"{few(sorted(codes))}. Transform them to one."
        )
    return frame, f"EPSG:{codes.pop()}" if codes else None


def _shapes(column: "pd.Series[Any]") -> Any:
    """Return geometries from well-known binary, as bytes or hexadecimal text, or None."""
    import shapely
    from shapely.errors import ShapelyError

    values = [
        None if pd.isna(each) else bytes(each) if isinstance(each, memoryview) else each
        for each in column
    ]
    if not all(each is None or isinstance(each, str | bytes) for each in values):
        return None
    try:
        return shapely.from_wkb(np.array(values, dtype=object))
    except (ShapelyError, ValueError):
        return None
