"""Values as intervals: measured, below a limit, or over range, in a laboratory's spellings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
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
    qualifiers: Mapping[str, str] = field(default_factory=lambda: dict(QUALIFIERS))

    @cached_property
    def _nondetects(self) -> frozenset[str]:
        return frozenset(_squash(word) for word in self.nondetect_words)

    @cached_property
    def _missing(self) -> frozenset[str]:
        return frozenset(_squash(word) for word in self.missing_words)

    @cached_property
    def _flags(self) -> dict[str, str]:
        return {_squash(flag): meaning for flag, meaning in self.qualifiers.items()}

    def is_missing(self, text: str) -> bool:
        """Whether a text stands for no value."""
        return not text.strip() or _squash(text) in self._missing

    def is_nondetect(self, text: str) -> bool:
        """Whether a text stands for a value below the limit of its row."""
        return _squash(text) in self._nondetects

    def meaning_of(self, qualifier: str) -> str | None:
        """Return what a flag says of the number beside it, or None if it is unknown."""
        if self.is_nondetect(qualifier):
            return "below"
        return self._flags.get("" if self.is_missing(qualifier) else _squash(qualifier))


def _squash(text: str) -> str:
    return "".join(text.replace("&lt;", "<").replace("&gt;", ">").casefold().split())


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
    meaning = spelling.meaning_of(qualifier)
    if meaning is None:
        return Rejection(
            "unknown qualifier", f"{qualifier.strip()!r}; give it a meaning in data.qualifiers"
        )
    if meaning == "reject":
        return Rejection("rejected by its qualifier", repr(qualifier.strip()))
    bound = _read_limit(limit, spelling)
    if isinstance(bound, Rejection):
        return bound
    if spelling.is_nondetect(value):
        if meaning == "above":
            return _contradiction(value, qualifier)
        return _nondetect(bound)
    if spelling.is_missing(value):
        return _nondetect(bound) if meaning == "below" else Rejection("value missing")
    signed = _SIGNED.fullmatch(value.strip().replace("&lt;", "<").replace("&gt;", ">"))
    said = meaning
    if signed is not None:
        said = "above" if signed[1][0] in ">≥" or signed[1] == "=>" else "below"
        if meaning != "measured" and said != meaning:
            return _contradiction(value, qualifier)
    number = read_number(signed[2] if signed else value, spelling.decimal)
    if number is None:
        return Rejection(
            "value is not a number", repr(value.strip()) + decimal_hint(value, spelling.decimal)
        )
    if number < 0:
        return Rejection(
            "negative concentration",
            f"{value.strip()}; if the minus marks a non-detect, write <{abs(number):g}",
        )
    if said == "above":
        return (
            Interval(number, inf, number) if number > 0 else Rejection("over range above zero")
        )
    if said == "below":
        # A sign in the value itself is the laboratory's last word; a flag leaves both numbers.
        return _nondetect(number if signed else max(number, bound or 0.0))
    if number == 0:
        return _nondetect(bound) if bound else Rejection("zero without a detection limit")
    return Interval(number, number, nan if bound is None else bound)


def _nondetect(bound: float | None) -> Interval | Rejection:
    if not bound:
        return Rejection("non-detect without a limit")
    return Interval(0.0, bound, bound)


def _read_limit(text: str, spelling: Spelling) -> float | Rejection | None:
    """Return the detection limit, None where there is none, or why it cannot be read."""
    if spelling.is_missing(text):
        return None
    number = read_number(text.strip().lstrip("<≤").strip(), spelling.decimal)
    if number is None or number < 0:
        return Rejection("detection limit is not a number above zero", repr(text.strip()))
    return number or None


def _contradiction(value: str, qualifier: str) -> Rejection:
    return Rejection(
        "value and qualifier contradict each other",
        f"{value.strip()!r} with {qualifier.strip()!r}",
    )
