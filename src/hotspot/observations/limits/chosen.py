"""The limit that a number, or the id of a row of the registry, stands for."""

import re
from math import isfinite

from hotspot.errors import ThresholdError, UnitError, nearest_name
from hotspot.observations.limits.threshold import USER, Threshold, contaminant_of_limit
from hotspot.observations.limits.thresholds import Thresholds
from hotspot.units import read_unit


def resolve_threshold(
    contaminant: str, given: float | str, *, registry: Thresholds | None = None
) -> Threshold:
    """Return the limit that a number in mg/kg, or an id of the registry, stands for.

    Parameters
    ----------
    contaminant : str
        Id or any name.
    given : float or str
        mg/kg dry mass, above 0; or an id.
    registry : Thresholds, optional
        Where ids are looked up; the registry of the package by default.

    Raises
    ------
    ThresholdError
        The number is not above 0; the id is unknown, of another contaminant, of water, or in
        a unit that no soil concentration can be compared with.

    Examples
    --------
    >>> resolve_threshold("zn", 500).id, resolve_threshold("zn", "0.6").value_mg_kg
    ('user_zn_500', 0.6)
    >>> resolve_threshold("Zinc", "se_nv_zn_s_ind_gl_1").value_mg_kg
    500.0
    """
    wanted = contaminant_of_limit(contaminant)
    number = _number(given)
    if number is None:
        return _checked(_row(str(given), wanted, registry or Thresholds.load()), wanted)
    if not (isfinite(number) and number > 0):
        raise ThresholdError(
            f"The limit of {wanted} is {given!r}. Give a number of mg/kg above 0, or an id of "
            "the threshold registry."
        )
    return Threshold(
        id=f"user_{wanted}_{number:.12g}",
        contaminant=wanted,
        value=number,
        unit="mg/kg dry",
        value_mg_kg=number,
        status=USER,
    )


def _row(text: str, wanted: str, registry: Thresholds) -> Threshold:
    """Return the row of an id; a number with its unit is told what it would be without."""
    amount = re.fullmatch(r"\s*([-+]?\d[\d.,]*(?:e[-+]?\d+)?)\s*(\D.*)", text, re.IGNORECASE)
    if amount is None:
        return registry.get(text, contaminant=wanted)
    try:
        value = float(amount[1].replace(",", ".")) * read_unit(amount[2]).factor
        meant = f"write threshold.{wanted}: {value:.12g}"
    except (UnitError, ValueError):
        meant = f"such as threshold.{wanted}: 3"
    raise ThresholdError(
        f"{text!r} is neither a number nor an id of the threshold "
        "registry. A limit is a number in mg/kg of dry soil, without its unit: "
        f"{meant}. Ids are listed by `hotspot thresholds contaminant={wanted}`."
    )


def _checked(found: Threshold, wanted: str) -> Threshold:
    """Return the limit if it is one of this contaminant in soil, in mg/kg."""
    if found.contaminant != wanted:
        rest = found.id.split(f"_{found.contaminant}_")
        twin = f"_{wanted}_".join(rest)
        known = [row.id for row in Thresholds.load().rows if row.contaminant == wanted]
        hint = f" Did you mean {twin!r}?" if twin in known else nearest_name(found.id, known)
        raise ThresholdError(
            f"The limit {found.id!r} is one of {found.contaminant}, not of {wanted}.{hint} "
            f"List those of {wanted} with `hotspot thresholds contaminant={wanted}`."
        )
    if found.medium != "soil":
        raise ThresholdError(
            f"The limit {found.id!r} is for {found.medium.replace('_', ' ')}, "
            f"{found.value:g} {found.unit}. Choose one for soil."
        )
    if found.value_mg_kg is None:
        raise ThresholdError(
            f"The limit {found.id!r} is given in {found.unit}, which cannot be compared with "
            "mg/kg of a single substance. Choose another, or give a number in mg/kg."
        )
    return found


def _number(given: float | str) -> float | None:
    """Return the number given, NaN for a truth value, or None for an id."""
    if isinstance(given, bool):
        return float("nan")
    try:
        return float(given)
    except ValueError:
        return None
    except TypeError as error:
        raise ThresholdError(
            f"The limit {given!r} is neither a number nor an id. A limit that depends on the "
            "soil is a rule; see `hotspot.observations.limits.regimes`."
        ) from error
