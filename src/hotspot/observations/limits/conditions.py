"""Conditions of limits: what must hold of a soil for a published number to be its limit.

A condition is a list of alternatives, and an alternative a list of clauses that must all hold:

    texture = loam; ph_cacl2 >= 6 or texture = clay; ph_cacl2 < 6

A clause compares one quantity with a number or with words. That is the whole language:
conditions are read, never evaluated, and a text that is not of this form is refused.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from hotspot.errors import ThresholdError, few, nearest_name
from hotspot.observations.store import registry_rows


@dataclass(frozen=True)
class Quantity:
    """What a condition may ask of a soil.

    Parameters
    ----------
    name : str
        As in conditions and in the configuration.
    meaning : str
        In words.
    unit : str
        ``"1"`` for pH; empty for a quantity of words.
    words : tuple of str
        What it may be; empty for a number.
    answered_by : tuple of str
        Other quantities that answer for it where it is not given itself.
    least, most : float
        Between which a number of a soil lies, both included; in `unit`.
    """

    name: str
    meaning: str
    unit: str = ""
    words: tuple[str, ...] = ()
    answered_by: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf


_ALL = (
    # An instrument that names no method is answered by pH of any; one that names calcium
    # chloride is not answered by pH in water, which is often half a unit higher.
    Quantity(
        "ph",
        "pH, by a method that the instrument does not name",
        "1",
        answered_by=("ph_water", "ph_cacl2", "ph_kcl"),
        least=0,
        most=14,
    ),
    Quantity("ph_cacl2", "pH in calcium chloride", "1", least=0, most=14),
    Quantity("ph_kcl", "pH in potassium chloride", "1", least=0, most=14),
    Quantity("ph_water", "pH in water", "1", least=0, most=14),
    Quantity("clay", "clay, below 2 µm", "%", least=0, most=100),
    Quantity("organic_matter", "organic matter", "%", least=0, most=100),
    Quantity("toc", "organic carbon", "%", least=0, most=100),
    Quantity("particles_lt_10um", "particles below 0.01 mm", "%", least=0, most=100),
    Quantity("particles_lt_20um", "particles below 0.02 mm", "%", least=0, most=100),
    Quantity("depth_top_cm", "depth of the upper end of the sample", "cm"),
    Quantity("depth_bottom_cm", "depth of the lower end of the sample", "cm"),
    Quantity("background", "natural background of the contaminant", "mg/kg", least=0),
    Quantity("extractable", "extractable part of the contaminant", "mg/kg", least=0),
    Quantity(
        "land_use",
        "land use",
        words=("agricultural", "residential", "parkland", "commercial", "industrial", "nature"),
    ),
    Quantity("texture", "texture group", words=("sand", "loam", "clay")),
    Quantity(
        "crop",
        "crop",
        words=(
            "paddy",
            "upland",
            "orchard",
            "arable",
            "arable_reducing",
            "bread_wheat_or_vegetables",
            "kitchen_garden",
            "grassland",
            "grassland_sheep",
        ),
    ),
    Quantity("site", "site", words=("playground", "residential_area", "home_garden")),
    Quantity("range", "end of the range", words=("lower", "upper")),
    Quantity("origin", "origin", words=("natural", "anthropogenic")),
    Quantity(
        "scenario",
        "scenario of the instrument",
        words=(
            "hil_a",
            "hil_b",
            "direct_exposure",
            "indirect_exposure",
            "region_1",
            "region_2",
            "region_3",
            "class_2",
            "class_3",
            "single_source",
            "multiple_sources",
            "plants",
            "invertebrates",
        ),
    ),
)
QUANTITIES = {quantity.name: quantity for quantity in _ALL}

# Longer than any condition of a law; a bound on what a hostile file can ask for.
_LONGEST = 2000
_CLAUSE = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*)\s*(?P<operator><=|>=|<|>|=)\s*(?P<value>[A-Za-z0-9_./+-]+)"
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_IN_WORDS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": ""}


@dataclass(frozen=True)
class Clause:
    """One comparison, such as ``ph_cacl2 >= 6`` or ``crop = paddy/upland``.

    Parameters
    ----------
    quantity : str
        A name of `QUANTITIES`.
    operator : str
        ``<``, ``<=``, ``>``, ``>=`` with a number, ``=`` with words.
    number : float
        NaN for words.
    words : tuple of str
        Any of these; empty for a number.
    """

    quantity: str
    operator: str
    number: float = math.nan
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        value = "/".join(self.words) if self.words else f"{self.number:g}"
        return f"{self.quantity} {self.operator} {value}"

    @property
    def in_words(self) -> str:
        """The clause as a reader would say it.

        Examples
        --------
        >>> parse_condition("ph_cacl2 >= 6")[0][0].in_words
        'pH in calcium chloride at least 6'
        """
        quantity = QUANTITIES[self.quantity]
        meaning = "pH" if self.quantity == "ph" else quantity.meaning
        if self.words:
            return f"{meaning}: {' or '.join(self.words).replace('_', ' ')}"
        unit = "" if quantity.unit in ("", "1") else f" {quantity.unit}"
        return f"{meaning} {_IN_WORDS[self.operator]} {self.number:g}{unit}"

    def admits(self, number: float) -> bool:
        """Whether a number is on the clause's side of its edge."""
        if self.operator == "<":
            return number < self.number
        if self.operator == "<=":
            return number <= self.number
        if self.operator == ">":
            return number > self.number
        return number >= self.number


Alternative = tuple[Clause, ...]
Alternatives = tuple[Alternative, ...]
ALWAYS: Alternatives = ((),)


@dataclass(frozen=True)
class Condition:
    """When a limit holds, or why that cannot be computed.

    Parameters
    ----------
    alternatives : tuple of tuple of Clause
        One of them must hold whole; an empty one always holds.
    not_computable : str
        Why nothing can be said, where the registry lacks what the instrument needs.
    """

    alternatives: Alternatives = ALWAYS
    not_computable: str = ""

    @property
    def quantities(self) -> tuple[str, ...]:
        """What must be known of a soil, in order of appearance."""
        clauses = (clause for part in self.alternatives for clause in part)
        return tuple(dict.fromkeys(clause.quantity for clause in clauses))


def parse_condition(text: str) -> Alternatives:
    """Return the alternatives that a text states.

    Parameters
    ----------
    text : str
        Clauses with semicolons between, alternatives with ``or``; empty if it always holds.

    Raises
    ------
    ThresholdError
        It is not of this form, or a quantity or a word of it is unknown.

    Examples
    --------
    >>> [[str(clause) for clause in part] for part in parse_condition("ph > 5.5; ph <= 6.5")]
    [['ph > 5.5', 'ph <= 6.5']]
    >>> parse_condition("")
    ((),)
    """
    if len(text) > _LONGEST:
        raise ThresholdError(
            f"The condition {text[:40]!r}… has {len(text)} characters. Give at most {_LONGEST}."
        )
    if not text.strip():
        return ALWAYS
    parts = re.split(r"\s+or\s+", text.strip())
    return tuple(tuple(_clause(piece.strip()) for piece in part.split(";")) for part in parts)


def condition_text(alternatives: Alternatives) -> str:
    """Return the text that `parse_condition` reads back.

    Examples
    --------
    >>> condition_text(parse_condition("texture=clay;toc<=9 or texture=loam"))
    'texture = clay; toc <= 9 or texture = loam'
    """
    return " or ".join("; ".join(map(str, part)) for part in alternatives)


def condition_words(alternatives: Alternatives) -> str:
    """Return a condition as a reader would say it; empty if it always holds."""
    parts = [", ".join(clause.in_words for clause in part) for part in alternatives]
    return "; or ".join(part for part in parts if part)


def known_condition(jurisdiction: str, contaminant: str, text: str) -> Condition | None:
    """Return what the registry makes of an instrument's own words, None if it knows them not.

    Parameters
    ----------
    jurisdiction, contaminant : str
        Of the limit. The same words may mean more for some contaminants, as where a pH moves
        a soil to another texture group.
    text : str
        The column ``condition`` of the registry.
    """
    if not text.strip():
        return Condition()
    found = _table().get((jurisdiction, text))
    if found is None:
        return None
    for contaminants, condition in found:
        if contaminant in contaminants:
            return condition
    return next((c for contaminants, c in found if not contaminants), None)


def read_condition(jurisdiction: str, contaminant: str, text: str) -> Condition:
    """Return the condition of a limit, in the registry's words or as clauses.

    Raises
    ------
    ThresholdError
        The text is neither.
    """
    known = known_condition(jurisdiction, contaminant, text)
    return Condition(parse_condition(text)) if known is None else known


def may_hold_together(first: Alternative, second: Alternative) -> bool:
    """Whether some soil could fulfil two alternatives at once.

    Examples
    --------
    >>> low, high = parse_condition("ph <= 6.5 or ph > 6.5")
    >>> may_hold_together(low, high), may_hold_together(low, low)
    (False, True)
    """
    clauses = (*first, *second)
    for name in {clause.quantity for clause in clauses}:
        own = [clause for clause in clauses if clause.quantity == name]
        worded = [set(clause.words) for clause in own if clause.words]
        if worded and not set.intersection(*worded):
            return False
        edges = [clause.number for clause in own if not clause.words]
        if edges and not any(
            all(clause.admits(number) for clause in own if not clause.words)
            for number in _tried(edges)
        ):
            return False
    return True


def check_quantity(name: str) -> Quantity:
    """Return a quantity by name.

    Raises
    ------
    ThresholdError
        There is none.
    """
    if name not in QUANTITIES:
        raise ThresholdError(
            f"No condition of a limit asks for {name!r}."
            f"{nearest_name(name, list(QUANTITIES))} Choose among {few(QUANTITIES, 30)}."
        )
    return QUANTITIES[name]


def check_word(quantity: str, word: str) -> str:
    """Return a word that a quantity may be.

    Raises
    ------
    ThresholdError
        The quantity has no such word.
    """
    words = QUANTITIES[quantity].words
    if word not in words:
        raise ThresholdError(
            f"{quantity} is never {word!r}.{nearest_name(word, words)} "
            f"Choose among {few(words, 30)}."
        )
    return word


def _clause(text: str) -> Clause:
    found = _CLAUSE.fullmatch(text)
    if found is None:
        raise ThresholdError(
            f"The condition {text[:60]!r} is not understood. Write clauses such as "
            "'ph <= 6.5' or 'crop = paddy', with semicolons between and `or` between "
            "alternatives."
        )
    quantity = check_quantity(found["name"])
    operator, value = found["operator"], found["value"]
    if quantity.words:
        if operator != "=":
            raise ThresholdError(
                f"The condition {text!r} compares words. Write "
                f"'{quantity.name} = {quantity.words[0]}'."
            )
        words = tuple(check_word(quantity.name, word) for word in value.split("/"))
        return Clause(quantity.name, operator, words=words)
    if operator == "=" or not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
        raise ThresholdError(
            f"The condition {text!r} does not bound a number. Write '{quantity.name} <= 5.5' "
            "with one of <, <=, > and >=."
        )
    return Clause(quantity.name, operator, float(value))


def _tried(edges: Sequence[float]) -> Iterable[float]:
    """Return numbers of which one fulfils some bounds, if any number does."""
    rising = sorted(set(edges))
    between = [(low + high) / 2 for low, high in pairwise(rising)]
    return (rising[0] - 1, *rising, *between, rising[-1] + 1)


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], list[tuple[frozenset[str], Condition]]]:
    table: dict[tuple[str, str], list[tuple[frozenset[str], Condition]]] = {}
    for row in registry_rows("conditions"):
        condition = Condition(parse_condition(row["clauses"]), row["not_computable"])
        key = row["jurisdiction"], row["condition"]
        table.setdefault(key, []).append((frozenset(row["contaminants"].split()), condition))
    return table
