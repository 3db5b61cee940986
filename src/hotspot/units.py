"""Concentration units: whatever a laboratory writes, into mg of contaminant per kg of soil."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hotspot.errors import UnitError, nearest_name

if TYPE_CHECKING:
    from pint import UnitRegistry

_ASCII = str.maketrans({"µ": "u", "μ": "u", "⁻": "-", "¹": "1", "−": "-", "·": "*", "×": "*"})
_COMMON = ("mg/kg", "ug/kg", "ug/g", "ng/g", "g/kg", "g/t", "mg/g", "ppm", "ppb", "%")

# One name over another, in one of three spellings. pint evaluates expressions, so that only
# names of letters and these operators ever reach it.
_NAME = r"[A-Za-z]{1,12}[23]?"
_RATIO = re.compile(
    rf"({_NAME}) ?(?:/| per ) ?({_NAME})"
    rf"|({_NAME}) ?[ *.] ?({_NAME}) ?(?:\^|\*\*)? ?\(?-1\)?"
)
_FRACTIONS = {
    "ppm": 1.0,
    "ppb": 1e-3,
    "%": 1e4,
    "percent": 1e4,
    "pct": 1e4,
    "wt%": 1e4,
    "wt.%": 1e4,
    "‰": 1e3,
    "permille": 1e3,
}
_SPELLINGS = {"mcg": "ug", "tonne": "t", "tonnes": "t", "Mg": "megagram"}
# "ton" is 907 kg, 1000 kg or 1016 kg, depending on who writes it.
_AMBIGUOUS = frozenset({"ton", "tons"})

# Dry mass is the meaning of mg/kg throughout, so that these words say nothing new: English,
# and the short forms of Dutch (ds), German and Nordic (ts, tm), French (ms), Finnish (ka).
_DRY = re.compile(
    r"[\s_,(\-]+(?:dry(?:[ \-](?:weight|matter|mass|soil|wt))?|soil"
    r"|d\.w\.|d\.m\.|d\.s\.|dw|dwt|dm|ds|ts|tm|ms|ka)(?: basis)?\)?$",
    re.IGNORECASE,
)
# Wet mass is another quantity: the water content is needed to convert it.
_WET = frozenset({"wet", "fresh", "fw", "ww", "wwt", "fm", "wm", "moist", "received"})
_WET_BEHIND = re.compile(
    r"[\s_,(\-]+(?:as[ \-]received|(?:wet|fresh|moist)(?:[ \-](?:weight|matter|mass|soil|wt))?"
    r"|fw|ww|wwt|fm|wm)(?: basis)?\)?$",
    re.IGNORECASE,
)
# Names of the QUDT vocabulary, which GloSIS uses: unit:MilliGM-PER-KiloGM.
_QUDT = re.compile(r"(?:unit:)?([A-Za-z]*GM|TONNE)-PER-([A-Za-z]*GM|TONNE)")
_QUDT_NAMES = {
    "KiloGM": "kg",
    "GM": "g",
    "MilliGM": "mg",
    "MicroGM": "ug",
    "NanoGM": "ng",
    "PicoGM": "pg",
    "TONNE": "t",
}

# mg of contaminant in a kg of soil that is nothing but contaminant.
_PURE_MG_KG = 1e6
# Longer than any unit; a bound on the work that a hostile text can ask for.
_LONGEST = 60


@lru_cache(maxsize=1)
def _registry() -> "UnitRegistry[Any]":
    # pint takes 0.4 s to import, which only a reader of observations should pay.
    from pint import UnitRegistry

    return UnitRegistry()


@dataclass(frozen=True)
class ConcentrationUnit:
    """A unit of mass per mass.

    Parameters
    ----------
    factor : float
        From a value in the unit to mg/kg, above 0.
    is_wet : bool
        Whether the mass below is that of the soil with its water. Without a word on it the
        mass is that of dry soil, which is what laboratories mean by mg/kg.
    """

    factor: float
    is_wet: bool = False


def factor_to_mg_kg(unit: str) -> float:
    """Return the factor that turns a value in `unit` into mg/kg dry mass.

    Parameters
    ----------
    unit : str
        As `read_unit` takes it.

    Raises
    ------
    UnitError
        As of `read_unit`, or the unit is per wet mass.

    Examples
    --------
    >>> factor_to_mg_kg("µg/g"), factor_to_mg_kg("mg kg-1 dm"), factor_to_mg_kg("%")
    (1.0, 1.0, 10000.0)
    >>> factor_to_mg_kg("Mg/kg"), factor_to_mg_kg("g/Mg")
    (1.0, 1.0)
    """
    read = read_unit(unit)
    if read.is_wet:
        raise UnitError(
            f"The unit {unit.strip()!r} is per wet mass. Convert to dry mass with the measured "
            "water content, then write mg/kg; or name the column of moisture in "
            "data.columns.moisture."
        )
    return read.factor


@lru_cache(maxsize=512)
def read_unit(unit: str) -> ConcentrationUnit:
    """Return what a unit of concentration means.

    Letters keep their case as in SI, so that ``g/Mg`` is a gram per megagram. Where that
    reading is unknown or would mean more contaminant than soil (``MG/KG``, ``Mg/kg``), the
    laboratory's typewriter is at fault and the case is dropped.

    Parameters
    ----------
    unit : str
        As the laboratory wrote it: ``mg/kg``, ``µg/g``, ``mg kg-1 dm``, ``ppm``, ``%``,
        ``mg/kg ww``, ``unit:MilliGM-PER-KiloGM``. Parts per million and per cent are shares
        of mass.

    Raises
    ------
    UnitError
        The unit is empty, unknown, or no mass per mass (such as ``mg/L``).

    Examples
    --------
    >>> read_unit("mg/kg wet weight")
    ConcentrationUnit(factor=1.0, is_wet=True)
    """
    unit = unit.strip()
    if len(unit) > _LONGEST:
        raise _unknown(unit)
    text = " ".join(unit.translate(_ASCII).split())
    if not text:
        raise UnitError("A unit is missing. Write the unit of each value, such as mg/kg.")
    is_wet = bool(_WET.intersection(re.findall(r"[a-z]+", text.lower())))
    if is_wet:
        text = _WET_BEHIND.sub("", text).strip()
    qudt = _QUDT.fullmatch(text)
    if qudt is not None and {*qudt.groups()} <= set(_QUDT_NAMES):
        text = "/".join(_QUDT_NAMES[name] for name in qudt.groups())
    return ConcentrationUnit(_factor(text, unit), is_wet)


def _factor(text: str, unit: str) -> float:
    text = _DRY.sub("", text).strip()
    share = text.lower().replace(" ", "").removeprefix("unit:")
    if share in _FRACTIONS:
        return _FRACTIONS[share]
    match = _RATIO.fullmatch(text)
    if match is None:
        raise _unknown(unit)
    top, bottom = (name for name in match.groups() if name)
    factor = _ratio(top, bottom)
    if factor is None or factor > _PURE_MG_KG:
        factor = _ratio(top.lower(), bottom.lower())
    if factor is not None and factor <= _PURE_MG_KG:
        return factor
    if factor is None and all(_is_physical(name) for name in (top, bottom)):
        raise UnitError(
            f"The unit {unit!r} is no mass of contaminant per mass of soil. "
            "Soil values need mg/kg or a unit that converts to it, such as ug/g or g/t."
        )
    raise _unknown(unit)


def _ratio(top: str, bottom: str) -> float | None:
    """Return the ratio of two units of mass in mg/kg, or None if either is not one."""
    masses = [_mass(top), _mass(bottom)]
    if None in masses:
        return None
    # Twelve digits, so that ug/g is 1 and not its neighbour among the floats.
    return float(f"{(masses[0] / masses[1]).to('mg/kg').magnitude:.12g}")


def _mass(name: str) -> Any:
    """Return one unit of mass as a pint quantity, or None if the name is not one."""
    import pint

    if name in _AMBIGUOUS:
        return None
    try:
        quantity = _registry().Quantity(1.0, _SPELLINGS.get(name, name))
    except (pint.PintError, ValueError, TypeError, AttributeError):
        return None
    return quantity if quantity.check("[mass]") else None


def _is_physical(name: str) -> bool:
    """Whether a name is a unit of anything, with or without a power."""
    import pint

    try:
        _registry().Quantity(1.0, name.rstrip("23"))
    except (pint.PintError, ValueError, TypeError, AttributeError):
        return False
    return name.lower() not in _AMBIGUOUS


def _unknown(unit: str) -> UnitError:
    shown = unit if len(unit) <= 40 else unit[:40] + "…"
    return UnitError(
        f"The unit {shown!r} is unknown.{nearest_name(shown, _COMMON)} "
        "Write a mass per mass such as mg/kg, ug/g, g/t or ppm."
    )
