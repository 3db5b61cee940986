"""Which reference system coordinates may be in, told from their ranges."""

from dataclasses import dataclass

import numpy as np
from pyproj import Transformer

from hotspot.grid import Coordinates, parse_crs
from hotspot.observations.regions import Region, region_box

# Systems that surveys are often in, beside the zones of UTM.
_COMMON = (
    "EPSG:28992",  # Netherlands
    "EPSG:27700",  # Great Britain
    "EPSG:2157",  # Ireland
    "EPSG:2154",  # France
    "EPSG:31370",  # Belgium
    "EPSG:3812",  # Belgium
    "EPSG:21781",  # Switzerland
    "EPSG:2056",  # Switzerland
    "EPSG:31467",  # Germany
    "EPSG:31468",  # Germany
    "EPSG:31287",  # Austria
    "EPSG:3067",  # Finland
    "EPSG:3006",  # Sweden
    "EPSG:2180",  # Poland
    "EPSG:5514",  # Czechia and Slovakia
    "EPSG:3763",  # Portugal
    "EPSG:2193",  # New Zealand
    "EPSG:3577",  # Australia
    "EPSG:3035",  # Europe
    "EPSG:5070",  # United States
    "EPSG:29101",  # Brazil
    "EPSG:3857",  # the web's
)
_MOSTLY = 0.9
_SHOWN = 6


@dataclass(frozen=True)
class CrsGuess:
    """Which system coordinates may be in.

    Parameters
    ----------
    crs : str or None
        The only one that fits; None where several do, or none.
    why : str
        What it was told from.
    doubts : tuple of str
        What is unsure.
    is_swapped : bool
        Whether the two columns must be exchanged.
    """

    crs: str | None
    why: str
    doubts: tuple[str, ...] = ()
    is_swapped: bool = False


def guess_crs(
    points: Coordinates,
    *,
    names: tuple[str, str] = ("", ""),
    region: Region | str | None = None,
) -> CrsGuess:
    """Return the reference system that coordinates may be in.

    Parameters
    ----------
    points : array, shape (n, 2)
        Easting, northing as in the file; finite.
    names : tuple of str
        Of the two columns.
    region : tuple or str, optional
        West, east, south, north in degrees where the places lie, or a system whose area of
        use is meant.

    Examples
    --------
    >>> guess_crs(np.array([[5.7, 50.9], [5.8, 51.0]])).crs
    'EPSG:4326'
    >>> rd = np.array([[181072.0, 333611.0]])
    >>> guess_crs(rd).crs is None, guess_crs(rd, region="EPSG:28992").crs
    (True, 'EPSG:28992')
    """
    if _are_degrees(points):
        return _degrees(points, names, region)
    if _are_degrees(points[:, ::-1]) and not _are_degrees(points):
        return _degrees(points[:, ::-1], names, region, is_swapped=True)
    fits = [code for code in _candidates(region) if _fits(points, code, region)]
    if len(fits) == 1 and region is not None:
        return CrsGuess(
            fits[0],
            "the only common system whose places lie in the region",
            (
                f"{fits[0]} ({_name(fits[0])}) is the only common system that puts the "
                "places into the region; one that is not common may do so too.",
            ),
        )
    if not fits and _looks_like_utm(points):
        return CrsGuess(None, "numbers like UTM", (_utm_doubt(),))
    shown = ", ".join(f"{code} ({_name(code)})" for code in fits[:_SHOWN])
    more = f" and {len(fits) - _SHOWN} more" if len(fits) > _SHOWN else ""
    utm = f" {_utm_doubt()}" if _looks_like_utm(points) and region is None else ""
    return CrsGuess(
        None,
        "several systems fit" if fits else "no common system fits",
        (
            f"The reference system cannot be told: the ranges of the coordinates suit "
            f"{shown or 'none of the common ones'}{more}.{utm} State it in crs, or inspect "
            "again with region=west,east,south,north in degrees.",
        ),
    )


def _degrees(
    points: Coordinates,
    names: tuple[str, str],
    region: Region | str | None,
    *,
    is_swapped: bool = False,
) -> CrsGuess:
    doubts = ["The datum of the degrees is not told; WGS 84 was supposed."]
    if region is not None:
        box = region_box(region)
        right = _share_within(points, box)
        other = _share_within(points[:, ::-1], box)
        if right < 0.5 < other:
            is_swapped = not is_swapped
            doubts.append(
                f"{names[0]} and {names[1]} look swapped: only exchanged do they lie in the "
                "region."
            )
        elif right < 0.5:
            doubts.append(f"{1 - right:.0%} of the places lie outside the region.")
    elif is_swapped:
        doubts.append(
            f"{names[0]} and {names[1]} look swapped: {names[0]} is beyond 90 degrees."
        )
    return CrsGuess("EPSG:4326", "degrees", tuple(doubts), is_swapped)


def _are_degrees(points: Coordinates) -> bool:
    longitude, latitude = np.abs(points.T)
    within = bool((longitude <= 180).mean() > _MOSTLY and (latitude <= 90).mean() > _MOSTLY)
    # A local grid may be as small; degrees have decimals.
    return within and bool((points != np.round(points)).any(axis=1).mean() > 0.5)


def _candidates(region: Region | str | None) -> list[str]:
    codes = [region] if isinstance(region, str) else []
    codes += [code for code in _COMMON if code not in codes]
    if region is not None:
        west, east, south, north = region_box(region)
        zones = range(int((west + 180) // 6) + 1, int((east + 180) // 6) + 2)
        codes += [f"EPSG:326{zone:02d}" for zone in zones if north > 0 and 1 <= zone <= 60]
        codes += [f"EPSG:327{zone:02d}" for zone in zones if south < 0 and 1 <= zone <= 60]
    return codes


def _fits(points: Coordinates, code: str, region: Region | str | None) -> bool:
    crs = parse_crs(code)
    if crs.is_geographic or crs.area_of_use is None:
        return False
    area = crs.area_of_use
    degrees = np.column_stack(
        Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*points.T)
    )
    if not np.isfinite(degrees).all(axis=1).mean() > _MOSTLY:
        return False
    inside = _share_within(degrees, (area.west, area.east, area.south, area.north)) > _MOSTLY
    if region is None:
        return inside
    return inside and _share_within(degrees, region_box(region)) > _MOSTLY


def _share_within(points: Coordinates, box: Region) -> float:
    west, east, south, north = box
    longitude, latitude = points.T
    with np.errstate(invalid="ignore"):
        across = np.mod(longitude - west, 360) <= ((east - west) % 360 or 360.0)
        return float((across & (latitude >= south) & (latitude <= north)).mean())


def _looks_like_utm(points: Coordinates) -> bool:
    easting, northing = points.T
    suits = (easting > 1e5) & (easting < 9e5) & (northing > 0) & (northing < 1e7)
    return bool(suits.mean() > _MOSTLY)


def _utm_doubt() -> str:
    return (
        "Numbers of this size may be UTM, which means nothing without its zone: EPSG:326 "
        "and the zone for the north, EPSG:327 and the zone for the south."
    )


def _name(code: str) -> str:
    area = parse_crs(code).area_of_use
    return parse_crs(code).name if area is None else str(area.name).split(" - ")[0][:40]
