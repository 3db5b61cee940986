"""Values as intervals: measured, below a limit, or over range, in a laboratory's spellings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, nan

from hotspot.observations.numerals import decimal_hint, read_number
from hotspot.observations.rejection import Rejection

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

_SIGNED = re.compile(r"(<=|>=|=<|=>|[<>≤≥])\s*(.*)", re.DOTALL)
_BELOW = ("<", "≤", "<=", "=<")


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
    """

    decimal: str = "."
    nondetect_words: tuple[str, ...] = NONDETECT_WORDS
    missing_words: tuple[str, ...] = MISSING_WORDS
    qualifiers: Mapping[str, str] = field(default_factory=lambda: QUALIFIERS)

    def __post_init__(self) -> None:
        for name in ("nondetect_words", "missing_words"):
            folded = frozenset(_squash(word) for word in getattr(self, name))
            object.__setattr__(self, f"_{name}", folded)
        flags = {_squash(flag): meaning for flag, meaning in self.qualifiers.items()}
        object.__setattr__(self, "_flags", flags)

    def is_missing(self, text: str) -> bool:
        """Whether a text stands for no value."""
        words: frozenset[str] = self._missing_words  # type: ignore[attr-defined]
        return not text.strip() or _squash(text) in words

    def is_nondetect(self, text: str) -> bool:
        """Whether a text stands for a value below the limit of its row."""
        words: frozenset[str] = self._nondetect_words  # type: ignore[attr-defined]
        return _squash(text) in words

    def meaning_of(self, qualifier: str) -> str | None:
        """Return what a flag says of the number beside it, or None if it is unknown."""
        flags: dict[str, str] = self._flags  # type: ignore[attr-defined]
        if self.is_nondetect(qualifier):
            return "below"
        return flags.get("" if self.is_missing(qualifier) else _squash(qualifier))


def _squash(text: str) -> str:
    return "".join(text.replace("&lt;", "<").replace("&gt;", ">").casefold().split())
