"""Values as intervals: measured, below a limit, or over range, in a laboratory's spellings."""

import re
from dataclasses import dataclass
from math import inf, nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.numerals import decimal_hint, read_numbers
from hotspot.observations.rejection import Reasons, Rejection, per_text
from hotspot.observations.spelling import Spelling

_SIGN = r"^(<=|>=|=<|=>|[<>≤≥])"
# What spreadsheets make of "1-3" or "3/4", in the months of several languages.
_MONTH = (
    r"(?:jan|feb|fév|mar|mär|mrz|mrt|apr|avr|abr|may|mai|mei|mag|maj|jun|juin|giu|jul|juil|lug"
    r"|aug|aoû|ago|sep|set|oct|okt|ott|out|nov|dec|dez|déc|dic)[a-zéû.]{0,7}"
)
_DATE_LIKE = re.compile(
    rf"\d{{1,2}}[-./ ]{{1,2}}{_MONTH}(?:[-./ ]\d{{2,4}})?|{_MONTH}[-./ ]\d{{1,4}}"
    r"|\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+)?|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}\.\d{1,2}\.\d{2,4}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Interval:
    """What is known of one concentration, in the unit of its row.

    Parameters
    ----------
    lower, upper : float
        Equal for a measured value; ``(0, limit]`` for a non-detect; ``[limit, inf)`` for a
        value over range.
    limit : float
        Detection limit, or the end of the measuring range; NaN where the file has none.
    """

    lower: float
    upper: float
    limit: float = nan


@dataclass(frozen=True, eq=False)
class Intervals:
    """What is known of many concentrations, and why some say nothing.

    Parameters
    ----------
    lower, upper, limit : array, shape (n,)
        As in `Interval`; NaN where a row says nothing.
    reasons : Reasons
        Of the rows that say nothing.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    limit: NDArray[np.float64]
    reasons: Reasons


def read_interval(
    value: str, *, qualifier: str = "", limit: str = "", spelling: Spelling
) -> Interval | Rejection:
    """Return what one row says of its concentration, or why it says nothing.

    A number under its row's detection limit that carries no flag is a measurement: the
    laboratory knew its limit and still gave the number. A zero is no measurement; it becomes
    a non-detect where the row has a limit. Of a number flagged as a non-detect and the limit
    of its row the larger one counts, since some files carry half the limit beside the flag.

    Parameters
    ----------
    value : str
        ``11.7``, ``<0.2``, ``>2000``, ``n.d.``.
    qualifier : str
        The flag of the row, such as ``<`` or ``U``; empty for none.
    limit : str
        The detection limit of the row, in the unit of the value; empty for none.
    spelling : Spelling
        Decimal mark, words and flags of the file.

    Examples
    --------
    >>> read_interval("< 0.2", spelling=Spelling())
    Interval(lower=0.0, upper=0.2, limit=0.2)
    >>> read_interval("n.d.", limit="0,4", spelling=Spelling(decimal=","))
    Interval(lower=0.0, upper=0.4, limit=0.4)
    >>> read_interval("n.d.", spelling=Spelling()).text
    'non-detect without a limit'
    """
    read = read_intervals(
        *(pd.Series([text], dtype="str") for text in (value, qualifier, limit)),
        spelling=spelling,
    )
    if read.reasons.given[0]:
        return Rejection(str(read.reasons.kinds[0]), str(read.reasons.details[0]))
    return Interval(float(read.lower[0]), float(read.upper[0]), float(read.limit[0]))


def read_intervals(
    values: "pd.Series[str]",
    qualifiers: "pd.Series[str]",
    limits: "pd.Series[str]",
    *,
    spelling: Spelling,
) -> Intervals:
    """Return what the rows of a table say of their concentrations.

    As `read_interval`, for whole columns of text of one index.

    Parameters
    ----------
    values, qualifiers, limits : Series of str, n rows
        Empty where a file has none.
    spelling : Spelling
        Decimal mark, words and flags of the file.

    Examples
    --------
    >>> columns = (["11.7", "<0.2", "n.d."], ["", "", "U"], ["0.1", "", ""])
    >>> read = read_intervals(*map(pd.Series, columns), spelling=Spelling())
    >>> read.lower, read.upper
    (array([11.7,  0. ,  nan]), array([11.7,  0.2,  nan]))
    >>> read.reasons.text_of(2)
    'non-detect without a limit'
    """
    reasons = Reasons(len(values))
    meaning = per_text(qualifiers, lambda text: spelling.meaning_of(text) or "unknown")
    values, meaning = _result_in_flag(values, qualifiers, meaning, spelling)
    reasons.mark(
        meaning == "unknown",
        "unknown qualifier",
        (qualifiers, lambda text: f"{text.strip()!r}; give it a meaning in data.qualifiers"),
    )
    reasons.mark(
        meaning == "reject",
        "rejected by its qualifier",
        (qualifiers, lambda t: repr(t.strip())),
    )
    bound = _read_limits(limits, reasons, spelling)

    numbers = read_numbers(values, spelling.decimal)
    is_word = np.isnan(numbers)
    words = np.full(len(values), "", dtype=object)
    words[is_word] = per_text(values[is_word], lambda text: _word(text, spelling))
    words[np.isin(numbers, list(spelling.missing_numbers))] = "missing"
    is_nondetect, is_missing = words == "below", words == "missing"
    contradicted = is_nondetect & (meaning == "above")
    is_nondetect &= ~contradicted
    is_nondetect |= is_missing & (meaning == "below")
    reasons.mark(is_missing & ~is_nondetect, "value missing")

    sign = np.full(len(values), "", dtype=object)
    signed = words == "signed"
    sign[signed] = per_text(values[signed], _sign_of)
    numbers[signed] = read_numbers(
        values[signed]
        .str.strip()
        .str.replace("&lt;", "<", regex=False)
        .str.replace("&gt;", ">", regex=False)
        .str.replace(_SIGN, "", regex=True),
        spelling.decimal,
    )
    contradicted |= signed & (meaning != "measured") & (sign != meaning)
    reasons.mark(
        contradicted,
        "value and qualifier contradict each other",
        (
            values.str.strip() + "\n" + qualifiers.str.strip(),
            lambda pair: "{!r} with {!r}".format(*pair.split("\n", 1)),
        ),
    )
    said = np.where(signed, sign, meaning)
    decided = is_nondetect | is_missing | contradicted
    _mark_bad_numbers(values, numbers, ~decided, reasons, spelling)

    negative = ~decided & (numbers < 0)
    if spelling.negative == "nondetect":
        coded = negative & ~signed & (said != "above")
        is_nondetect |= coded
        bound = np.where(coded, -numbers, bound)
        negative &= ~coded
    reasons.mark(negative, "negative concentration", (values, _about_negative))
    # A sign in the value itself is the laboratory's last word; a flag leaves both numbers.
    below = ~decided & ~is_nondetect & (said == "below")
    bound = np.where(below, np.where(signed, numbers, np.fmax(numbers, bound)), bound)
    zero = ~decided & (said == "measured") & (numbers == 0)
    has_bound = bound > 0
    reasons.mark(zero & ~has_bound, "zero without a detection limit")
    is_nondetect |= below | (zero & has_bound)
    reasons.mark(is_nondetect & ~has_bound, "non-detect without a limit")
    above = ~decided & (said == "above")
    reasons.mark(above & (numbers == 0), "over range above zero")

    lower = np.where(is_nondetect, 0.0, numbers)
    upper = np.where(is_nondetect, bound, np.where(above, inf, numbers))
    limit = np.where(above & ~is_nondetect, numbers, bound)
    for array in (lower, upper, limit):
        array[reasons.given] = nan
    return Intervals(lower, upper, limit, reasons)


def _result_in_flag(
    values: "pd.Series[str]",
    qualifiers: "pd.Series[str]",
    meaning: NDArray[np.object_],
    spelling: Spelling,
) -> tuple["pd.Series[str]", NDArray[np.object_]]:
    """Take the result from the flag where it stands there: an empty value beside ``<0.1``."""
    unknown = meaning == "unknown"
    if not unknown.any():
        return values, meaning
    held = unknown.copy()
    held[unknown] = per_text(
        qualifiers[unknown], lambda text: _word(text, spelling) == "signed"
    )
    held[held] = spelling.are_missing(values[held])
    return values.mask(held, qualifiers), np.where(held, "measured", meaning)


def _read_limits(
    limits: "pd.Series[str]", reasons: Reasons, spelling: Spelling
) -> NDArray[np.float64]:
    """Return detection limits above zero, NaN where there is none or zero."""
    numbers = read_numbers(limits.str.strip().str.lstrip("<≤"), spelling.decimal)
    bad = np.isnan(numbers) | (numbers < 0)
    bad[bad] = ~spelling.are_missing(limits[bad])
    reasons.mark(
        bad,
        "detection limit is not a number above zero",
        (limits, lambda text: repr(text.strip())),
    )
    numbers[~(numbers > 0)] = nan
    return numbers


def _mark_bad_numbers(
    values: "pd.Series[str]",
    numbers: NDArray[np.float64],
    asked: NDArray[np.bool_],
    reasons: Reasons,
    spelling: Spelling,
) -> None:
    bad = asked & np.isnan(numbers)
    if not bad.any():
        return
    dated = bad.copy()
    dated[bad] = per_text(
        values[bad], lambda text: _DATE_LIKE.fullmatch(text.strip()) is not None
    )
    reasons.mark(
        dated,
        "a spreadsheet turned the value into a date",
        (values, lambda text: f"{text.strip()!r}; take the number from the laboratory's file"),
    )
    reasons.mark(
        bad,
        "value is not a number",
        (
            values,
            lambda text: repr(text.strip()[:60]) + decimal_hint(text, spelling.decimal),
        ),
    )


def _word(text: str, spelling: Spelling) -> str:
    """Return whether a text that is no number is a word for something, or has a sign."""
    if spelling.is_nondetect(text):
        return "below"
    if spelling.is_missing(text):
        return "missing"
    return "signed" if _sign_of(text) else ""


def _sign_of(text: str) -> str:
    match = re.match(_SIGN, text.strip().replace("&lt;", "<").replace("&gt;", ">"))
    if match is None:
        return ""
    return "above" if match[1][0] in ">≥" or match[1] == "=>" else "below"


def _about_negative(text: str) -> str:
    shown = text.strip().lstrip("-−")
    return (
        f"{text.strip()}; if the minus marks a non-detect, write <{shown} or set data.negative "
        "to nondetect"
    )
