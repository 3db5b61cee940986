"""Coordinates of a file in the CRS of the grid, and the signs that they are wrong."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from hotspot.errors import GridError, ObservationError, few
from hotspot.grid import Coordinates, parse_crs
from hotspot.observations.degrees import degrees_of
from hotspot.observations.numerals import decimal_hint
from hotspot.observations.regions import check_region, region_box, within_box
from hotspot.observations.rejection import Reasons, per_text
from hotspot.observations.rules import PlaceRules
from hotspot.observations.spelling import Spelling

# Degrees around a CRS's area of use within which it still serves: surveys cross borders.
_MARGIN_DEGREES = 2.0
# A degree of latitude, and of longitude at the equator.
_METRES_OF_DEGREE = 111_320.0


def agree_crs(stated: str | None, of_file: str | None) -> str:
    """Return the CRS of a file's coordinates, from what is stated and what the file says.

    Raises
    ------
    ObservationError
        Neither says it, both do and differ, or what is stated is no reference system.
    """
    if stated and of_file and parse_crs(stated) != parse_crs(of_file):
        raise ObservationError(
            f"The configuration gives the coordinates as {_name(parse_crs(stated))}, the file "
            f"says {_name(parse_crs(of_file))}. Take data.crs out of the configuration, or "
            "correct the file."
        )
    found = stated or of_file
    if found and re.search(r"\bUTM\b(?!.*\d{1,2} ?[NS]\b)", found, re.IGNORECASE):
        raise ObservationError(
            f"data.crs={found}: a UTM coordinate means nothing without its zone and half of "
            "the earth. Give EPSG:326 and the zone for the north, EPSG:327 and the zone for "
            "the south, such as EPSG:32631 for zone 31 north."
        )
    if not found:
        raise ObservationError(
            "Nothing says in which coordinate reference system the coordinates are. "
            "Give data.crs, such as EPSG:28992, or EPSG:4326 for longitude and latitude."
        )
    if stated:
        _known_crs(stated)
    return found


def _known_crs(stated: str) -> None:
    """Raise unless the configuration names a reference system that there is."""
    try:
        parse_crs(stated)
    except GridError as error:
        raise ObservationError(f"data.crs: {error}") from error


@dataclass(frozen=True, eq=False)
class Places:
    """Where the rows of a table lie.

    Parameters
    ----------
    points : array, shape (n, 2)
        Easting, northing in the target CRS; NaN where a row has none.
    rounding_m : array, shape (n,), metres
        Within which a place is known from the decimals that were written.
    reasons : Reasons
        Of the rows without a place.
    """

    points: Coordinates
    rounding_m: NDArray[np.float64]
    reasons: Reasons


def read_places(
    easting: "pd.Series[str]",
    northing: "pd.Series[str]",
    *,
    crs: str,
    target_crs: str,
    spelling: Spelling,
    rules: PlaceRules,
) -> Places:
    """Return the places of rows in the target CRS, and the rows that have none.

    Parameters
    ----------
    easting, northing : Series of str
        As in the file; longitude and latitude if `crs` is geographic.
    crs, target_crs : str
        Of the file and of the grid; the order is easting, northing whatever the authority
        says.
    spelling : Spelling
        Decimal mark and words for missing values.
    rules : PlaceRules
        Form of the coordinates, and the region where they must lie.

    Raises
    ------
    ObservationError
        Most points lie outside the area of use of a CRS, or outside the region stated. Where
        they would lie inside with easting and northing exchanged, the message says so.

    Examples
    --------
    >>> columns = pd.Series(["5°43'12 E", "here"]), pd.Series(["50 58 12 N", "50 N"])
    >>> found = read_places(*columns, crs="EPSG:4326", target_crs="EPSG:4326",
    ...                     spelling=Spelling(), rules=PlaceRules(form="dms"))
    >>> found.points[0].round(4).tolist(), found.reasons.text_of(1)
    ([5.72, 50.97], "coordinates are not numbers: 'here'")
    """
    source, target = parse_crs(crs), parse_crs(target_crs)
    texts = (easting, northing)
    reasons = Reasons(len(easting))
    numbers = [_numbers(each, rules.form, spelling) for each in texts]
    points = np.column_stack(numbers)
    absent = np.zeros(len(points), dtype=np.bool_)
    for each, read in zip(texts, numbers, strict=True):
        unread = np.isnan(read)
        absent[unread] |= spelling.are_missing(each[unread])
    reasons.mark(absent, "coordinates missing")
    for each, read in zip(texts, numbers, strict=True):
        reasons.mark(
            np.isnan(read),
            "coordinates are not numbers",
            (each, lambda text: repr(text.strip()) + _hint(text, rules.form, spelling.decimal)),
        )
    if source.is_geographic:
        reasons.mark((points == 0).all(axis=1), "coordinates missing", "written as 0, 0")
    given = ~reasons.given
    rounding = _rounding(texts, source, rules.form, spelling.decimal)
    points[~given] = np.nan
    if not given.any():
        return Places(points, rounding, reasons)
    inside = np.zeros(len(points), dtype=np.bool_)
    inside[given] = _inside(points[given], source, target, _MARGIN_DEGREES)
    _check_places(points[given], inside[given], source, target)
    reasons.mark(
        given & ~inside,
        f"outside the area of use of {_name(source)} or {_name(target)}",
        _shown(points, given & ~inside),
    )
    if rules.region is not None:
        box = region_box(rules.region)
        within = np.zeros(len(points), dtype=np.bool_)
        within[given] = within_box(points[given], source, box)
        check_region(points[given & inside], source, box)
        reasons.mark(given & ~within, "outside data.region", _shown(points, given & ~within))
    points[reasons.given] = np.nan
    left = ~reasons.given
    transformer = Transformer.from_crs(source, target, always_xy=True)
    if source != target and left.any():
        points[left] = np.column_stack(transformer.transform(*points[left].T))
    return Places(points, rounding, reasons)


def metres_per_unit(crs: str) -> float:
    """Return about how many metres one unit of a CRS is: a degree, a foot, a metre.

    Examples
    --------
    >>> metres_per_unit("EPSG:28992"), metres_per_unit("EPSG:4326")
    (1.0, 111320.0)
    """
    return _metres(parse_crs(crs))


def _metres(crs: CRS) -> float:
    if crs.is_geographic:
        return _METRES_OF_DEGREE
    return float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else 1.0


def _numbers(texts: "pd.Series[str]", form: str, spelling: Spelling) -> NDArray[np.float64]:
    numbers = spelling.read_numbers(texts)
    if form == "dms":
        others = np.isnan(numbers)
        numbers[others] = per_text(texts[others], degrees_of).astype(np.float64)
    return numbers


def _hint(text: str, form: str, decimal: str) -> str:
    marked = re.search(r"[°º'′:NSEWnsew]|\d +\d", text) is not None
    if form != "dms" and marked and not np.isnan(degrees_of(text)):
        return "; if these are degrees, minutes and seconds, set data.coordinates to dms"
    return decimal_hint(text, decimal)


def _rounding(
    texts: Sequence["pd.Series[str]"], source: CRS, form: str, decimal: str
) -> NDArray[np.float64]:
    """Return how far a place may lie from where its decimals put it, in metres."""
    if form == "dms":
        # A second of arc, or a part of it, as it may be; nobody writes their zeros.
        return np.full(len(texts[0]), _METRES_OF_DEGREE / 3600)
    counts = []
    for each in texts:
        bare = each.str.strip()
        place = bare.str.find(decimal).to_numpy(dtype=np.int64)
        length = bare.str.len().to_numpy(dtype=np.int64)
        counts.append(np.where(place < 0, 0, length - place - 1))
    # The longer of the two: files drop zeros at the end of one, seldom of both.
    step = 10.0 ** -np.maximum(*counts).astype(np.float64)
    return np.asarray(step / 2 * np.sqrt(2) * _metres(source), dtype=np.float64)


def _shown(points: Coordinates, rows: NDArray[np.bool_]) -> NDArray[np.object_]:
    shown = np.full(len(points), "", dtype=object)
    shown[rows] = [f"{easting:g}, {northing:g}" for easting, northing in points[rows].tolist()]
    return shown


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
