"""Numbers as laboratories type them."""

import re
from functools import lru_cache
from math import isfinite

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
