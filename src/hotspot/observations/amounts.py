"""How much of a contaminant each row reports: units, moisture, non-detects, methods."""

from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import UnitError
from hotspot.observations.censoring import Intervals, read_intervals
from hotspot.observations.headers import split_header
from hotspot.observations.mapping import UNIT_OF_HEADER, TableMapping
from hotspot.observations.methods import Methods, conversion, converted
from hotspot.observations.plausibility import PURE_MG_KG, implausible, usual_contents
from hotspot.observations.rejection import Reasons, Sieve, per_text
from hotspot.units import read_unit


def with_own_units(
    cells: pd.DataFrame, ids: "pd.Series[str]", mapping: TableMapping
) -> pd.DataFrame:
    """Return the cells with the units and limits that are stated for a contaminant."""
    beside = mapping.rules.beside
    if mapping.unit == UNIT_OF_HEADER:
        headers = {column: split_header(column)[1] for column in mapping.wide.values()}
        cells = cells.assign(unit=cells["value_column"].map(headers).astype("str"))
    if beside.units:
        own = ids.map(dict(beside.units))
        cells = cells.assign(unit=cells["unit"].mask(own.notna(), own).astype("str"))
    if beside.limits:
        # Written with the file's decimal mark, to be read like the limits of the file.
        mark = mapping.spelling.decimal
        texts = {
            name: f"{value:.12g}".replace(".", mark) for name, value in beside.limits.items()
        }
        own = ids.map(texts)
        absent = mapping.spelling.are_missing(cells["limit"]) & own.notna()
        cells = cells.assign(limit=cells["limit"].mask(absent, own).astype("str"))
    return cells


def read_units(cells: pd.DataFrame, mapping: TableMapping, sieve: Sieve) -> NDArray[np.float64]:
    """Return the factor to mg/kg of dry mass of each row, NaN where it has none."""
    factors: dict[str, float] = {}
    wet: set[str] = set()
    problems: dict[str, str] = {}
    has_moisture = mapping.rules.moisture is not None
    for text in cells["unit"].unique():
        try:
            unit = read_unit(text)
        except UnitError as error:
            problems[text] = str(error)
            continue
        factors[text] = unit.factor
        if unit.is_wet:
            wet.add(text)
            if not has_moisture:
                problems[text] = (
                    f"The unit {text.strip()!r} is per wet mass. Convert to dry mass with the "
                    "measured water content, or name its column in data.columns.moisture."
                )
    units = cells["unit"]
    reasons = Reasons(len(cells))
    reasons.mark((units.str.strip() == "").to_numpy(dtype=np.bool_), "unit missing")
    bad = units.isin(list(problems)).to_numpy(dtype=np.bool_)
    kinds = np.full(len(cells), "", dtype=object)
    kinds[bad] = per_text(units[bad], lambda text: f"unit {text.strip()[:40]!r} cannot be used")
    reasons.mark(bad, kinds, (units, lambda text: problems[text]))
    found = per_text(units, lambda text: factors.get(text, nan)).astype(np.float64)
    if has_moisture:
        is_wet = units.isin(list(wet)).to_numpy(dtype=np.bool_)
        share = _dry_share(cells["moisture"], mapping)
        reasons.mark(
            is_wet & ~((share > 0) & (share <= 1)),
            "wet mass without a moisture that can be used",
            (cells["moisture"], lambda text: repr(text.strip())),
        )
        share[~(share > 0)] = nan
        found = np.where(is_wet, found / share, found)
    sieve.reject("units", reasons)
    return found


def _dry_share(texts: "pd.Series[str]", mapping: TableMapping) -> NDArray[np.float64]:
    """Return the dry mass per wet mass, NaN where it is not stated.

    References
    ----------
    ISO 11465:1993, Soil quality: determination of dry matter and water content on a mass
    basis.
    """
    percent = mapping.spelling.read_numbers(texts)
    if mapping.rules.moisture == "dry_matter_percent":
        return percent / 100
    if mapping.rules.moisture == "dry_percent":
        return np.where(percent >= 0, 1 / (1 + percent / 100), nan)
    return np.where(percent >= 0, 1 - percent / 100, nan)


def read_values(
    cells: pd.DataFrame,
    ids: "pd.Series[str]",
    mapping: TableMapping,
    factors: NDArray[np.float64],
    sieve: Sieve,
) -> NDArray[np.float64]:
    """Return lower, upper and limit in mg/kg, shape (n, 3)."""
    read = read_intervals(
        cells["value"], cells["qualifier"], cells["limit"], spelling=mapping.spelling
    )
    read = _without_substitutes(read, ids, mapping)
    with np.errstate(invalid="ignore"):
        bounds = np.column_stack([read.lower, read.upper, read.limit]) * factors[:, None]
    too_much = bounds[:, 0] > PURE_MG_KG
    shown = np.full(len(cells), "", dtype=object)
    shown[too_much] = [f"{each:g} mg/kg; check the unit" for each in bounds[too_much, 0]]
    read.reasons.mark(too_much, "more contaminant than soil", shown)
    sieve.reject("values", read.reasons)
    return bounds


def _without_substitutes(
    read: Intervals, ids: "pd.Series[str]", mapping: TableMapping
) -> Intervals:
    """Return the intervals with the numbers that stand for non-detects as what they are."""
    lower, upper, limit = read.lower.copy(), read.upper.copy(), read.limit.copy()
    for name, pairs in mapping.rules.beside.substituted.items():
        of_name = (ids == name).to_numpy(dtype=np.bool_) & (read.lower == read.upper)
        for value, below in pairs.items():
            hit = of_name & np.isclose(read.lower, value, rtol=1e-9, atol=0)
            lower[hit], upper[hit], limit[hit] = 0.0, below, below
    return Intervals(lower, upper, limit, read.reasons)


def read_methods(cells: pd.DataFrame, mapping: TableMapping) -> "pd.Series[str]":
    """Return the id of each row's method where the mapping names it, else the file's word."""
    names = own_methods(mapping)
    texts = cells["method"].str.strip()
    return texts if not names else texts.replace(names).astype("str")


def own_methods(mapping: TableMapping) -> dict[str, str]:
    """Return the id of each word for a method in the mapping, or raise `ConfigError`."""
    named = mapping.rules.methods.names.items()
    return {text.strip(): Methods.load().check(name) for text, name in named}


def convert_methods(
    table: pd.DataFrame, mapping: TableMapping, sieve: Sieve, notes: list[str]
) -> None:
    """Convert results to one strength of extraction, their intervals widened."""
    wanted = mapping.rules.methods.convert_to
    if wanted is None:
        return
    pairs = table["method"] + "\n" + table["contaminant"]
    made = per_text(pairs, lambda pair: conversion(*pair.split("\n", 1), to=wanted))
    problems = np.array([each.problem for each in made], dtype=object)
    factors = np.array([(each.least, each.greatest) for each in made], dtype=np.float64)
    reasons = Reasons(len(table))
    reasons.mark(problems != "", problems)
    sieve.reject(f"methods (to {wanted})", reasons)
    bounds = table[["lower_mg_kg", "upper_mg_kg"]].to_numpy(dtype=np.float64)
    table[["lower_mg_kg", "upper_mg_kg"]] = converted(bounds, factors)
    table["limit_mg_kg"] *= factors[:, 1]
    changed = sieve.kept & (factors != 1).any(axis=1)
    if changed.any():
        notes.append(
            f"{int(changed.sum())} of {int(sieve.kept.sum())} results were converted to "
            f"{wanted}; each became the interval that the published recoveries leave open"
        )


def reject_implausible(table: pd.DataFrame, mapping: TableMapping, sieve: Sieve) -> None:
    """Reject results that no soil holds: their unit is another one."""
    factor = mapping.rules.plausible_factor
    if factor is None:
        return
    usual = usual_contents(table["contaminant"])
    lower, upper = (
        table[name].to_numpy(dtype=np.float64) for name in ("lower_mg_kg", "upper_mg_kg")
    )
    bad = implausible(lower, upper, usual, factor) & sieve.kept
    if not bad.any():
        return
    shown = np.full(len(table), "", dtype=object)
    shown[bad] = [
        f"{value:g} mg/kg, where soils hold about {known:g}; check the unit"
        for value, known in zip(
            np.fmax(lower, 0)[bad] + (lower[bad] == 0) * upper[bad], usual[bad], strict=True
        )
    ]
    reasons = Reasons(len(table))
    reasons.mark(bad, f"more than {factor:g} times above or below what soils hold", shown)
    sieve.reject("plausibility", reasons)
