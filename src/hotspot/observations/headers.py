"""Names of columns that hold a contaminant and its unit, such as ``Cd (mg/kg)``."""

import re

from hotspot.errors import UnitError
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.oxides import find_oxide
from hotspot.units import read_unit

_MASS = r"(?:k|m|µ|μ|u|n|p|mc)?g|t"
# A unit at the end of a name, in the marks that survive databases and statistics programs.
_UNIT = re.compile(
    rf"(?:^|[\s_.\-\[(]+)(?P<unit>(?:{_MASS})\s*(?:/|\bper\b|_per_|[_.\s])\s*(?:kg|g|t)"
    rf"(?:[\s_.^\-]*-?1)?|ppm|ppb|pct|percent|wt[\s_.]*%|%)"
    r"(?P<basis>[\s_.]*(?:dw|dm|ds|ts|ww|fw|dry|wet)(?:[\s_.]*(?:weight|matter|mass))?)?[\s\])]*$",
    re.IGNORECASE,
)
# Words beside a contaminant that change nothing of what it is.
_HARMLESS = frozenset(
    {
        *("a", "b", "c", "ap", "ah", "top", "topsoil", "subsoil", "top5", "soil", "boden"),
        *(
            "bodem",
            "sol",
            "suelo",
            "conc",
            "concentration",
            "content",
            "gehalt",
            "total",
            "tot",
        ),
        *("value", "result", "icp", "ms", "oes", "aes", "aas", "xrf", "ar", "aqua", "regia"),
        *("hno3", "mean", "avg"),
    }
)


def split_header(name: str) -> tuple[str, str]:
    """Return a column's name without its unit, and the unit as `read_unit` takes it.

    Examples
    --------
    >>> split_header("Cd (mg/kg)"), split_header("Pb_mg_kg"), split_header("hg_ppb")
    (('Cd', 'mg/kg'), ('Pb', 'mg/kg'), ('hg', 'ppb'))
    >>> split_header("zinc")
    ('zinc', '')
    """
    match = _UNIT.search(name)
    if match is None or match.start() == 0:
        return name.strip(), ""
    unit = re.sub(r"[\s_.^\-]*-?1$", "", match["unit"])
    unit = re.sub(r"\s*(?:/|_per_|\bper\b|[_.\s])\s*", "/", unit, flags=re.IGNORECASE)
    unit = unit.replace("wt/%", "wt%")
    basis = re.sub(r"[\s_.]+", " ", match["basis"] or "").rstrip()
    try:
        read_unit(unit + basis)
    except UnitError:
        return name.strip(), ""
    return name[: match.start()].strip(" _.-([") or name.strip(), unit + basis


def contaminant_of(name: str) -> tuple[str, str, list[str]] | None:
    """Return the contaminant that a column's name tells, its unit, and words not understood.

    Parameters
    ----------
    name : str
        Such as ``Pb_mg_kg``, ``A_Hg``, ``Zink [mg/kg TS]`` or ``Cr2O3 (%)``.

    Returns
    -------
    tuple or None
        Id, unit (empty if not told), and further words; None where no part of the name is a
        contaminant, or several are.

    Examples
    --------
    >>> contaminant_of("A_Hg"), contaminant_of("Zink [mg/kg]"), contaminant_of("landuse")
    (('hg', '', []), ('zn', 'mg/kg', []), None)
    >>> contaminant_of("pb_isotope")
    ('pb', '', ['isotope'])
    """
    rest, unit = split_header(name)
    registry = Contaminants.load()
    whole = registry.find(rest)
    oxide = find_oxide(rest)
    if whole is not None or oxide is not None:
        return whole or (oxide.contaminant if oxide else ""), unit, []
    words = [word for word in re.split(r"[\s_.\-()\[\]/]+", rest) if word]
    named = [word for word in words if registry.find(word) and word.lower() not in _HARMLESS]
    if len(named) != 1:
        return None
    others = [word for word in words if word != named[0] and word.lower() not in _HARMLESS]
    return registry.id_of(named[0]), unit, others
