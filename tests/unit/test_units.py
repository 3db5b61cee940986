"""Units become mg/kg or are refused; nothing in a unit is ever evaluated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.errors import UnitError
from hotspot.units import factor_to_mg_kg


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("mg/kg", 1.0),
        (" mg / kg ", 1.0),
        ("mg kg-1", 1.0),
        ("mg·kg⁻¹", 1.0),
        ("mg kg^-1", 1.0),
        ("mg kg**-1", 1.0),
        ("mg per kg", 1.0),
        ("µg/g", 1.0),
        ("μg/g", 1.0),
        ("mcg/g", 1.0),
        ("g/t", 1.0),
        ("g/tonne", 1.0),
        ("ppm", 1.0),
        ("ug/kg", 1e-3),
        ("ng/g", 1e-3),
        ("ppb", 1e-3),
        ("pg/g", 1e-6),
        ("g/kg", 1e3),
        ("%", 1e4),
        ("wt%", 1e4),
        ("wt. %", 1e4),
        ("kg/kg", 1e6),
    ],
)
def test_a_unit_becomes_the_factor_that_a_chemist_knows(unit: str, factor: float) -> None:
    """Every common spelling gives its exact power of ten."""
    assert factor_to_mg_kg(unit) == factor


@pytest.mark.parametrize(
    "unit",
    ["mg/kg dw", "mg/kg DM", "mg/kg ds", "mg/kg TS", "mg/kg (dry weight)", "mg kg-1 soil"],
)
def test_dry_mass_is_what_mg_per_kg_means(unit: str) -> None:
    """Words for dry mass change nothing."""
    assert factor_to_mg_kg(unit) == 1.0


@pytest.mark.parametrize("unit", ["Mg/kg", "MG/KG", "mg/Kg", "Mg/Kg"])
def test_a_capital_letter_does_not_make_a_megagram(unit: str) -> None:
    """A reading of more contaminant than soil is a typewriter's, not a chemist's."""
    assert factor_to_mg_kg(unit) == 1.0


def test_a_megagram_that_makes_sense_is_one() -> None:
    """A gram per megagram is a gram per tonne."""
    assert factor_to_mg_kg("g/Mg") == factor_to_mg_kg("g/t") == 1.0


@pytest.mark.parametrize(
    "unit", ["mg/kg ww", "mg/kg wet weight", "mg/kg FW", "mg/kg as received"]
)
def test_wet_mass_is_refused(unit: str) -> None:
    """Without the water content no dry mass can be had, and the message says so."""
    with pytest.raises(UnitError, match=r"wet mass.*water content"):
        factor_to_mg_kg(unit)


@pytest.mark.parametrize("unit", ["mg/L", "mg/m3", "mmol/kg", "K/K"])
def test_what_is_no_mass_per_mass_is_refused(unit: str) -> None:
    """A known unit of something else is told apart from an unknown one."""
    with pytest.raises(UnitError, match="no mass of contaminant per mass"):
        factor_to_mg_kg(unit)


@pytest.mark.parametrize(
    "unit",
    [
        '__import__("os")',
        "**1e9",
        "mg/kg**1e9",
        "9**9**9",
        "(mg/kg).__class__",
        "mg/kg/d",
        "mg//kg",
        "10 mg/kg",
        "5",
        "ppmv",
        "kg/mg",
        "g/ton",
        "nan/kg",
        "-" * 100_000,
        "()",
    ],
)
def test_what_is_no_unit_is_refused(unit: str) -> None:
    """Numbers, expressions and hostile text give a UnitError at once."""
    with pytest.raises(UnitError, match="unknown"):
        factor_to_mg_kg(unit)


def test_a_near_unit_is_named() -> None:
    """The message names the unit that was probably meant."""
    with pytest.raises(UnitError, match="Did you mean 'mg/kg'"):
        factor_to_mg_kg("mg/kf")


@pytest.mark.parametrize("unit", ["", "  ", "\t"])
def test_a_missing_unit_is_refused(unit: str) -> None:
    """Nothing is guessed where nothing is written."""
    with pytest.raises(UnitError, match="missing"):
        factor_to_mg_kg(unit)


@given(st.text(max_size=30))
def test_any_text_gives_a_factor_or_a_unit_error(unit: str) -> None:
    """No text raises anything else, and no factor means more contaminant than soil."""
    try:
        factor = factor_to_mg_kg(unit)
    except UnitError:
        return
    assert 0 < factor <= 1e6
