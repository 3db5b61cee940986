"""How a file writes its values: decimal mark, words and flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.numerals import read_number, read_numbers
from hotspot.observations.rejection import per_text

NONDETECT_WORDS = (
    "n.d.",
    "n.d",
    "nd",
    "n/d",
    "not detected",
    "non-detect",
    "<lod",
    "<loq",
    "<dl",
    "<mdl",
    "<rl",
    "<bg",
    "bdl",
    "bld",
    "bql",
    "blq",
    "below detection",
    "below detection limit",
)
MISSING_WORDS = ("", "na", "n/a", "n.a.", "nan", "null", "none", "-", "--", ".", "#n/a")

# What a flag beside a number says of it. U and UJ are the flags of the US EPA for "not
# detected at this limit", J for an estimated value, which is a value.
QUALIFIERS = {
    "": "measured",
    "=": "measured",
    "j": "measured",
    "<": "below",
    "≤": "below",
    "<=": "below",
    "u": "below",
    "uj": "below",
    ">": "above",
    "≥": "above",
    ">=": "above",
    "r": "reject",
}

# What a file may write a number below zero for: nothing sensible, or "below this number", as
# the National Geochemical Survey of the United States does.
NEGATIVES = ("reject", "nondetect")


@dataclass(frozen=True)
class Spelling:
    """How a file writes its values.

    Parameters
    ----------
    decimal : {".", ","}
        Decimal mark.
    nondetect_words : tuple of str
        What stands for a value below the limit of its row; case and spaces do not matter.
    missing_words : tuple of str
        What stands for no value.
    qualifiers : dict of str
        Flag to ``measured``, ``below``, ``above`` or ``reject``.
    negative : {"reject", "nondetect"}
        Whether -2 is an error, or stands for <2.
    """

    decimal: str = "."
    nondetect_words: tuple[str, ...] = NONDETECT_WORDS
    missing_words: tuple[str, ...] = MISSING_WORDS
    qualifiers: Mapping[str, str] = field(default_factory=lambda: dict(QUALIFIERS))
    negative: str = "reject"

    @cached_property
    def _nondetects(self) -> frozenset[str]:
        return frozenset(squashed(word) for word in self.nondetect_words)

    @cached_property
    def _missing(self) -> frozenset[str]:
        return frozenset(squashed(word) for word in self.missing_words)

    @cached_property
    def _flags(self) -> dict[str, str]:
        return {squashed(flag): meaning for flag, meaning in self.qualifiers.items()}

    def is_missing(self, text: str) -> bool:
        """Whether a text stands for no value; -999 and -999.0 are the same word."""
        if not text.strip() or squashed(text) in self._missing:
            return True
        number = read_number(text, self.decimal)
        return number is not None and number in self.missing_numbers

    def is_nondetect(self, text: str) -> bool:
        """Whether a text stands for a value below the limit of its row."""
        return squashed(text) in self._nondetects

    def meaning_of(self, qualifier: str) -> str | None:
        """Return what a flag says of the number beside it, or None if it is unknown."""
        if squashed(qualifier) in self._flags:
            return self._flags[squashed(qualifier)]
        if self.is_nondetect(qualifier):
            return "below"
        return self._flags.get("") if self.is_missing(qualifier) else None

    def read_numbers(self, texts: "pd.Series[str]") -> NDArray[np.float64]:
        """Return the numbers of a column, NaN where a text is none or stands for no value."""
        numbers = read_numbers(texts, self.decimal)
        numbers[np.isin(numbers, list(self.missing_numbers))] = nan
        return numbers

    def are_missing(self, texts: "pd.Series[str]") -> NDArray[np.bool_]:
        """Return whether texts stand for no value, each different one asked once."""
        return np.asarray(per_text(texts, self.is_missing), dtype=np.bool_)

    @cached_property
    def missing_numbers(self) -> frozenset[float]:
        """Numbers among the words that stand for no value."""
        numbers = (read_number(word, self.decimal) for word in self.missing_words)
        return frozenset(number for number in numbers if number is not None)


def squashed(text: str) -> str:
    """Return a text in lower case without spaces, its signs not as HTML."""
    return "".join(text.replace("&lt;", "<").replace("&gt;", ">").casefold().split())
