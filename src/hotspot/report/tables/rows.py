"""A table of the page: text and alignment, ready to be set."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd

from hotspot.report.numerals import MISSING, number


@dataclass(frozen=True)
class Table:
    """A caption, column heads, and rows of text; numbers are set to the right."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table from values: numbers are rounded, missing ones become a dash.

    A column is numeric if every value in it is a number or missing.
    """
    values = [tuple(row) for row in rows]
    numeric = tuple(
        all(_is_number(row[column]) or row[column] in (None, MISSING) for row in values)
        for column in range(len(heads))
    )
    texts = tuple(tuple(text(value) for value in row) for row in values)
    return Table(caption, tuple(heads), texts, numeric)


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return value[:1].isdigit() or value[:1] in ("−", "<", ">", MISSING)
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def text(value: object) -> str:
    """Return any cell as text.

    Examples
    --------
    >>> text(0.12345), text(True), text(None), text("<0.2")
    ('0.123', 'yes', '–', '<0.2')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return number(int(value))
    if isinstance(value, Real):
        return number(float(value))
    return MISSING if value is None or value is pd.NA else str(value)


def frame_table(caption: str, frame: pd.DataFrame) -> Table:
    """Return a data frame as it is, its column names made readable."""
    heads = [str(name).replace("_", " ").capitalize() for name in frame.columns]
    return table(caption, heads, frame.itertuples(index=False, name=None))
