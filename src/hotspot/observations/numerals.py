"""Numbers as laboratories type them."""

import re
from functools import lru_cache
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Plain decimal numbers only: no thousands mark, which one country's decimal mark is, no
# underscore, no "nan" and no "inf", all of which `float` alone would take or mistake.
_NUMBER = {
    mark: re.compile(
        rf"[+-]?(?:[0-9]+(?:{re.escape(mark)}[0-9]*)?|{re.escape(mark)}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    )
    for mark in (".", ",")
}


@lru_cache(maxsize=65536)
def read_number(text: str, decimal: str = ".") -> float | None:
    """Return the finite number that a text spells, or None.

    Parameters
    ----------
    text : str
        Spaces around it and a typographic minus are allowed.
    decimal : {".", ","}
        The decimal mark of the whole file. The other mark makes the text no number, since it
        might as well part thousands.

    Examples
    --------
    >>> read_number(" 0.2 "), read_number("0,2", ","), read_number("1e3")
    (0.2, 0.2, 1000.0)
    >>> [read_number(text) for text in ("0,2", "1,234.5", "1_000", "nan", "inf", "1e999", "")]
    [None, None, None, None, None, None, None]
    """
    text = text.strip().replace("−", "-")
    if len(text) > 40 or not _NUMBER[decimal].fullmatch(text):
        return None
    number = float(text.replace(decimal, "."))
    return number if isfinite(number) else None


def read_numbers(texts: "pd.Series[str]", decimal: str = ".") -> NDArray[np.float64]:
    """Return the finite numbers that texts spell, as `read_number` reads them, else NaN.

    Parameters
    ----------
    texts : Series of str
        A column; read as a whole, without a step per row.
    decimal : {".", ","}
        The decimal mark of the whole file.

    Examples
    --------
    >>> read_numbers(pd.Series([" 0.2 ", "0,2", "+1e1", "n.d."]))
    array([ 0.2,  nan, 10. ,  nan])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = np.full(len(texts), np.nan)
    column = pa.array(texts, type=pa.large_string(), from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    column = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    column = pc.replace_substring(column, "−", "-")
    short = pc.less_equal(pc.utf8_length(column), 40)
    is_number = pc.match_substring_regex(column, f"^(?:{_NUMBER[decimal].pattern})$")
    is_number = pc.and_(is_number, short).to_numpy(zero_copy_only=False)
    # Arrow refuses a whole column for one number beyond the range of floats.
    far = pc.match_substring_regex(column, "[eE][+-]?[0-9]{3}").to_numpy(zero_copy_only=False)
    plain = is_number & ~far
    spelled = pc.filter(column, pa.array(plain))
    if decimal != ".":
        spelled = pc.replace_substring(spelled, decimal, ".")
    spelled = pc.replace_substring_regex(spelled, r"^\+", "")
    numbers[plain] = pc.cast(spelled, pa.float64()).to_numpy()
    for place in np.flatnonzero(is_number & far).tolist():
        read = read_number(str(column[place]), decimal)
        numbers[place] = np.nan if read is None else read
    return numbers


def decimal_hint(text: str, decimal: str = ".") -> str:
    """Return advice if the text is a number with the other decimal mark, else nothing.

    Examples
    --------
    >>> decimal_hint("0,2")
    "; if the comma is the decimal mark, set data.decimal to ','"
    """
    other, word = (",", "comma") if decimal == "." else (".", "point")
    if read_number(text, other) is None:
        return ""
    return f"; if the {word} is the decimal mark, set data.decimal to {other!r}"
