"""When and how deep a sample was taken, read from text."""

import re
from datetime import date
from math import nan

from hotspot.observations.numerals import decimal_hint, read_number
from hotspot.observations.rejection import Rejection

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ].*)?)?)?")


def read_date(text: str) -> str | Rejection:
    """Return an ISO 8601 date, with the precision it was given, or why it is none.

    Examples
    --------
    >>> read_date("1990"), read_date("1990-05-14T10:30:00"), read_date("")
    ('1990', '1990-05-14', '')
    >>> read_date("14.05.1990").text
    "sampled_on is no ISO date: '14.05.1990'; write it as 1990-05-14"
    """
    text = text.strip()
    if not text or text.casefold() in ("nat", "nan", "none"):
        return ""
    match = _DATE.fullmatch(text)
    year, month, day = match.groups() if match else (None, None, None)
    try:
        if year is not None:
            date(int(year), int(month or 1), int(day or 1))
            return "-".join(part for part in (year, month, day) if part)
    except ValueError:
        pass
    return Rejection("sampled_on is no ISO date", f"{text!r}; write it as 1990-05-14")


def read_depths(top: str, bottom: str, decimal: str) -> tuple[float, float] | Rejection:
    """Return top and bottom of the sampled layer in cm, NaN where not stated.

    Examples
    --------
    >>> read_depths("0", "20", ".")
    (0.0, 20.0)
    >>> read_depths("20", "0", ".").text
    'depth_bottom_cm is above depth_top_cm: 0 above 20'
    """
    depths = []
    for name, text in (("depth_top_cm", top), ("depth_bottom_cm", bottom)):
        number = read_number(text, decimal)
        if number is None and text.strip() and text.strip().casefold() != "nan":
            return Rejection(
                f"{name} is not a number", repr(text.strip()) + decimal_hint(text, decimal)
            )
        depths.append(nan if number is None else number)
    if depths[1] < depths[0]:
        return Rejection(
            "depth_bottom_cm is above depth_top_cm", f"{depths[1]:g} above {depths[0]:g}"
        )
    return depths[0], depths[1]
