"""Coordinates of a file in the CRS of the grid, and the signs that they are wrong."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from hotspot.errors import ObservationError, few
from hotspot.grid import Coordinates, parse_crs
from hotspot.observations.numerals import decimal_hint, read_number
from hotspot.observations.rejection import Rejection

# Degrees around a CRS's area of use within which it still serves: surveys cross borders.
_MARGIN_DEGREES = 2.0


def agree_crs(stated: str | None, of_file: str | None) -> str:
    """Return the CRS of a file's coordinates, from what is stated and what the file says.

    Raises
    ------
    ObservationError
        Neither says it, or both do and differ.
    """
    if stated and of_file and parse_crs(stated) != parse_crs(of_file):
        raise ObservationError(
            f"The configuration gives the coordinates as {_name(parse_crs(stated))}, the file "
            f"says {_name(parse_crs(of_file))}. Take data.crs out of the configuration, or "
            "correct the file."
        )
    found = stated or of_file
    if not found:
        raise ObservationError(
            "Nothing says in which coordinate reference system the coordinates are. "
            "Give data.crs, such as EPSG:28992, or EPSG:4326 for longitude and latitude."
        )
    return found


def project(
    easting: Sequence[str], northing: Sequence[str], *, crs: str, target_crs: str, decimal: str
) -> tuple[Coordinates, dict[int, Rejection]]:
    """Return coordinates in the target CRS, and the rows that have none.

    Parameters
    ----------
    easting, northing : sequence of str
        As in the file; longitude and latitude if `crs` is geographic.
    crs, target_crs : str
        Of the file and of the grid; the order is easting, northing whatever the authority
        says.
    decimal : {".", ","}
        Decimal mark.

    Returns
    -------
    coordinates : array, shape (n, 2)
        NaN where a row is rejected.
    rejections : dict of Rejection
        By position.

    Raises
    ------
    ObservationError
        Most points lie outside the area of use of a CRS. Where they would lie inside with
        easting and northing exchanged, the message says so.
    """
    source, target = parse_crs(crs), parse_crs(target_crs)
    points = np.full((len(easting), 2), np.nan)
    rejections: dict[int, Rejection] = {}
    for place, texts in enumerate(zip(easting, northing, strict=True)):
        numbers = [read_number(text, decimal) for text in texts]
        if None not in numbers:
            points[place] = numbers
        elif any(not text.strip() or text.strip().casefold() == "nan" for text in texts):
            rejections[place] = Rejection("coordinates missing")
        else:
            bad = next(
                text for text, number in zip(texts, numbers, strict=True) if number is None
            )
            rejections[place] = Rejection(
                "coordinates are not numbers", repr(bad.strip()) + decimal_hint(bad, decimal)
            )
    given = np.isfinite(points).all(axis=1)
    if not given.any():
        return points, rejections
    inside = np.zeros(len(points), dtype=np.bool_)
    inside[given] = _inside(points[given], source, target, _MARGIN_DEGREES)
    _check_places(points[given], inside[given], source, target)
    for place in np.flatnonzero(given & ~inside).tolist():
        rejections[place] = Rejection(
            f"outside the area of use of {_name(source)} or {_name(target)}",
            f"{points[place, 0]:g}, {points[place, 1]:g}",
        )
    points[~inside] = np.nan
    transformer = Transformer.from_crs(source, target, always_xy=True)
    if source != target and inside.any():
        points[inside] = np.column_stack(transformer.transform(*points[inside].T))
    return points, rejections


def _inside(points: Coordinates, source: CRS, target: CRS, margin: float) -> NDArray[np.bool_]:
    """Return whether points of the source CRS lie where both systems are meant to be used."""
    degrees = np.column_stack(
        Transformer.from_crs(source, CRS("EPSG:4326"), always_xy=True).transform(*points.T)
    )
    inside: NDArray[np.bool_] = np.isfinite(degrees).all(axis=1) & (np.abs(degrees[:, 1]) <= 90)
    for crs in (source, target):
        area = crs.area_of_use
        if area is None:
            continue
        longitude, latitude = degrees.T
        width = (area.east - area.west) % 360 or 360.0
        # Measured eastwards from the west edge, so that areas across 180° are areas too.
        east_of_west = (longitude - area.west + margin) % 360
        inside &= (width + 2 * margin >= 360) | (east_of_west <= width + 2 * margin)
        inside &= (latitude >= area.south - margin) & (latitude <= area.north + margin)
    return inside


def _check_places(
    points: Coordinates, inside: NDArray[np.bool_], source: CRS, target: CRS
) -> None:
    """Raise if easting and northing look swapped, or if the CRS cannot be the right one."""
    strictly = _inside(points, source, target, 0.0)
    # Without the margin, which a swap can hide in: in the Netherlands it moves a point by
    # a degree or two.
    swapped = bool(
        strictly.mean() < 0.5 and _inside(points[:, ::-1], source, target, 0.0).mean() > 0.5
    )
    if not swapped and inside.mean() >= 0.5:
        return
    outside = points[~strictly if swapped else ~inside]
    shown = few([f"({easting:g}, {northing:g})" for easting, northing in outside], 3)
    where = _name(source) if source == target else f"{_name(source)} or {_name(target)}"
    message = (
        f"{len(outside)} of {len(points)} points lie outside the area of use of {where}, "
        f"such as {shown}."
    )
    if swapped:
        raise ObservationError(
            f"{message} With easting and northing exchanged they lie inside: the two look "
            "swapped. Exchange easting and northing in data.columns."
        )
    raise ObservationError(
        f"{message} Give the CRS in which the coordinates were written as data.crs."
    )


def _name(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else crs.name
