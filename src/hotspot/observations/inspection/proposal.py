"""A proposal of what a table means, with its doubts, and the table behind it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.numerals import read_numbers
from hotspot.observations.spelling import Spelling

UNKNOWN = "???"
# So many examples stand in a doubt.
SHOWN = 4


@dataclass
class Proposal:
    """What the keys of `data` may be for a table.

    Parameters
    ----------
    keys : dict
        Keys of `data` that differ from ``conf/data/table.yaml``; ``???`` where a person must
        say it.
    why : dict of str
        By key, what it was told from.
    doubts : list of str
        What is unsure, in whole sentences.
    """

    keys: dict[str, Any] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def say(self, key: str, value: Any, why: str) -> None:
        """Propose a key, with its reason."""
        self.keys[key], self.why[key] = value, why

    def doubt(self, text: str) -> None:
        """Add a doubt, once."""
        if text not in self.doubts:
            self.doubts.append(text)


class Columns:
    """A table of text with its numbers at hand."""

    def __init__(self, rows: pd.DataFrame, decimal: str) -> None:
        self.rows, self.decimal = rows, decimal
        self.names = [str(name) for name in rows.columns]
        self._numbers: dict[str, NDArray[np.float64]] = {}
        self.spelling = Spelling(decimal=decimal)

    def texts(self, name: str) -> "pd.Series[str]":
        """Return the cells of a column that hold anything."""
        column = self.rows[name].str.strip()
        return column[column != ""]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return the numbers of a column, signs such as ``<`` taken off."""
        if name not in self._numbers:
            bare = self.rows[name].str.strip().str.replace(r"^[<>≤≥=]+", "", regex=True)
            self._numbers[name] = read_numbers(bare, self.decimal)
        return self._numbers[name]

    def is_numeric(self, name: str) -> bool:
        """Whether nearly every cell that says something is a number, or a non-detect."""
        texts = self.texts(name)
        others = texts[
            np.isnan(self.numbers(name)[(self.rows[name].str.strip() != "").to_numpy()])
        ]
        words = sum(
            int(count)
            for text, count in others.value_counts().items()
            if self.spelling.is_nondetect(str(text)) or self.spelling.is_missing(str(text))
        )
        numeric = len(texts) - len(others)
        return numeric > 0 and numeric + words >= 0.5 * len(texts)
