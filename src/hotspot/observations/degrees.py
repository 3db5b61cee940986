"""Degrees, minutes and seconds as people write them."""

import re

import numpy as np

_DMS = re.compile(
    r"([NSEW]?)\s*([-−]?)\s*(\d{1,3}(?:\.\d+)?)\s*[°ºd:\s]\s*(?:(\d{1,2}(?:\.\d+)?)\s*['′’m:\s]?\s*)?"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:\"|″|”|''|s)?\s*)?([NSEW]?)",
    re.IGNORECASE,
)


def degrees_of(text: str) -> float:
    """Return degrees from degrees, minutes and seconds, NaN where the text is none.

    Examples
    --------
    >>> degrees_of("5°43'12 W"), degrees_of("N 50 58.2"), degrees_of("5:61:00")
    (-5.72, 50.97, nan)
    """
    match = _DMS.fullmatch(text.replace(",", ".").strip())
    if match is None:
        return np.nan
    before, sign, degrees, minutes, seconds, behind = match.groups()
    if before and behind:
        return np.nan
    parts = [float(part or 0) for part in (degrees, minutes, seconds)]
    if parts[1] >= 60 or parts[2] >= 60 or parts[0] > 180:
        return np.nan
    size = parts[0] + parts[1] / 60 + parts[2] / 3600
    side = (before or behind or "").upper()
    return round(-size if sign or side in ("S", "W") else size, 9)
