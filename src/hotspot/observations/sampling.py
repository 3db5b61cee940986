"""When and how deep a sample was taken, read from text."""

import re
from datetime import date, datetime, timedelta
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.numerals import decimal_hint, read_number, read_numbers
from hotspot.observations.rejection import Reasons, Rejection, per_text
from hotspot.observations.spelling import Spelling

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ].*)?)?)?")
# Day 0 of spreadsheets; right from March 1900, before which they count a day that never was.
_DAY_0 = date(1899, 12, 30)
_SERIALS = (61, 73050)  # March 1900 to the end of 2099
_DEPTHS = re.compile(
    r"\s*([0-9]+(?:[.,][0-9]+)?)\s*(?:-|–|—|/|to|bis|tot|à|a)\s*([0-9]+(?:[.,][0-9]+)?)\s*(?:cm)?\s*",
    re.IGNORECASE,
)
_NO_DATE = ("nat", "nan", "none")


def read_date(text: str, form: str = "iso") -> str | Rejection:
    """Return an ISO 8601 date, with the precision it was given, or why it is none.

    Parameters
    ----------
    text : str
        Empty where no date is stated.
    form : str
        ``iso``; ``excel`` for days counted from the end of 1899; or as of `strptime`, such as
        ``%d.%m.%Y``.

    Examples
    --------
    >>> read_date("1990"), read_date("1990-05-14T10:30:00"), read_date("")
    ('1990', '1990-05-14', '')
    >>> read_date("14.05.1990", "%d.%m.%Y"), read_date("33007", "excel")
    ('1990-05-14', '1990-05-14')
    >>> read_date("14.05.1990").text
    "sampled_on is no ISO date: '14.05.1990'; write it as 1990-05-14, or give its form in \
data.dates, such as %d.%m.%Y"
    """
    text = text.strip()
    if not text or text.casefold() in _NO_DATE:
        return ""
    if form == "excel":
        return _of_spreadsheet(text)
    if form != "iso":
        try:
            # A date has no time zone here; the day is what was written.
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            return Rejection("sampled_on does not have the form of data.dates", repr(text))
    match = _DATE.fullmatch(text)
    year, month, day = match.groups() if match else (None, None, None)
    try:
        if year is not None:
            date(int(year), int(month or 1), int(day or 1))
            return "-".join(part for part in (year, month, day) if part)
    except ValueError:
        pass
    serial = _of_spreadsheet(text)
    if isinstance(serial, str):
        return Rejection(
            "sampled_on is a number",
            f"{text!r}; if it counts days as spreadsheets do, which would be {serial}, set "
            "data.dates to excel",
        )
    return Rejection(
        "sampled_on is no ISO date",
        f"{text!r}; write it as 1990-05-14, or give its form in data.dates, such as %d.%m.%Y",
    )


def read_dates(texts: "pd.Series[str]", form: str) -> tuple[NDArray[np.object_], Reasons]:
    """Return a column of dates, as `read_date` reads them, and why some are none."""
    days = texts.str.strip()
    if form == "iso":
        # The time of day would make every text another one.
        timed = days.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*").to_numpy(dtype=bool)
        days = days.mask(timed, days.str.slice(0, 10))
    read = per_text(days, lambda text: read_date(text, form))
    reasons = Reasons(len(texts))
    bad = np.array([isinstance(each, Rejection) for each in read], dtype=np.bool_)
    if bad.any():
        for name in dict.fromkeys(each.kind for each in read[bad]):
            of_kind = bad.copy()
            of_kind[bad] = [each.kind == name for each in read[bad]]
            details = np.full(len(texts), "", dtype=object)
            details[of_kind] = [each.detail for each in read[of_kind]]
            reasons.mark(of_kind, name, details)
        read[bad] = ""
    return read, reasons


def read_depths(
    top: "pd.Series[str]", bottom: "pd.Series[str]", spelling: Spelling
) -> tuple[NDArray[np.float64], Reasons]:
    """Return tops and bottoms of sampled layers in cm, NaN where not stated.

    Returns
    -------
    depths : array, shape (n, 2)
        Top and bottom.
    reasons : Reasons
        Of the rows whose depth cannot be read.

    Examples
    --------
    >>> columns = pd.Series(["0", "20"]), pd.Series(["20", "0"])
    >>> depths, reasons = read_depths(*columns, Spelling())
    >>> depths[0].tolist(), reasons.text_of(1)
    ([0.0, 20.0], 'depth_bottom_cm is above depth_top_cm: 0 above 20')
    """
    depths = np.full((len(top), 2), nan)
    reasons = Reasons(len(top))
    for place, (name, texts) in enumerate((("depth_top_cm", top), ("depth_bottom_cm", bottom))):
        depths[:, place] = read_numbers(texts, spelling.decimal)
        bad = np.isnan(depths[:, place])
        bad[bad] = ~spelling.are_missing(texts[bad])
        reasons.mark(
            bad,
            f"{name} is not a number",
            (texts, lambda text: repr(text.strip()) + decimal_hint(text, spelling.decimal)),
        )
    _mark_reversed(depths, reasons)
    return depths, reasons


def read_layers(
    texts: "pd.Series[str]", spelling: Spelling
) -> tuple[NDArray[np.float64], Reasons]:
    """Return tops and bottoms in cm of layers written as one text, NaN where not stated.

    Examples
    --------
    >>> depths, reasons = read_layers(pd.Series(["0-20 cm", "", "topsoil"]), Spelling())
    >>> depths.tolist(), reasons.text_of(2)
    ([[0.0, 20.0], [nan, nan], [nan, nan]], "depth is no pair of numbers: 'topsoil'; write \
it as 0-20")
    """
    reasons = Reasons(len(texts))
    read = per_text(texts, _layer_of)
    depths = np.array([*read, (nan, nan)], dtype=np.float64)[:-1]
    bad = np.isnan(depths[:, 0])
    bad[bad] = ~spelling.are_missing(texts[bad])
    reasons.mark(
        bad,
        "depth is no pair of numbers",
        (texts, lambda text: f"{text.strip()!r}; write it as 0-20"),
    )
    _mark_reversed(depths, reasons)
    return depths, reasons


def _layer_of(text: str) -> tuple[float, float]:
    match = _DEPTHS.fullmatch(text)
    if match is None:
        return nan, nan
    top, bottom = (float(part.replace(",", ".")) for part in match.groups())
    return top, bottom


def _mark_reversed(depths: NDArray[np.float64], reasons: Reasons) -> None:
    wrong = depths[:, 1] < depths[:, 0]
    shown = np.full(len(depths), "", dtype=object)
    shown[wrong] = [f"{bottom:g} above {top:g}" for top, bottom in depths[wrong].tolist()]
    reasons.mark(wrong, "depth_bottom_cm is above depth_top_cm", shown)


def _of_spreadsheet(text: str) -> str | Rejection:
    number = read_number(text)
    if number is None or not _SERIALS[0] <= number <= _SERIALS[1]:
        return Rejection("sampled_on is no day number", repr(text))
    return (_DAY_0 + timedelta(days=int(number))).isoformat()
