"""The registry of limits: complete, searchable, and never more certain than its sources."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hotspot.observations
from hotspot.errors import ObservationError, ThresholdError
from hotspot.observations import Contaminants, Thresholds, resolve_threshold

REGISTRY = Path(hotspot.observations.__file__).parent / "registry"


def test_the_registry_is_the_published_table(shared: Path) -> None:
    """Every row of the reference tables is in the package, byte for byte."""
    for name in ("thresholds", "contaminants", "methods"):
        ours = (REGISTRY / f"{name}.csv").read_bytes()
        assert ours == (shared / "reference" / f"{name}.csv").read_bytes()


def test_every_row_is_read() -> None:
    """Ids are unique, values above zero, contaminants known, cautions and citation readable."""
    rows = Thresholds.load().rows
    with (REGISTRY / "thresholds.csv").open(encoding="utf-8", newline="") as file:
        assert len(rows) == sum(1 for _ in csv.DictReader(file))
    assert len({row.id for row in rows}) == len(rows)
    known = set(Contaminants.load().ids)
    for row in rows:
        assert row.value > 0
        assert row.contaminant in known
        assert row.id in row.citation
        assert "\n" not in row.citation


def test_only_mass_per_mass_of_soil_has_a_value_in_mg_kg() -> None:
    """Water limits and toxic equivalents cannot be compared with a soil concentration."""
    for row in Thresholds.load():
        assert (row.value_mg_kg is not None) == (
            row.medium == "soil" and row.unit == "mg/kg dry"
        )


def test_search_finds_a_limit_that_the_law_has() -> None:
    """German trigger value for lead in residential soil: 400 mg/kg (BBodSchV, annex 2)."""
    found = Thresholds.load().select(
        contaminant="Lead", jurisdiction="de", land_use="residential", value_kind="trigger"
    )
    assert 400.0 in [row.value_mg_kg for row in found]
    assert {row.jurisdiction for row in found} == {"DE"}


def test_several_values_are_parted_by_commas() -> None:
    """The union of both searches, in the registry's order."""
    table = Thresholds.load()
    both = table.select("cd, Zinc", "DE,CZ")
    parts = [table.select(c, j) for c in ("cd", "zn") for j in ("DE", "CZ")]
    assert {row.id for row in both} == {row.id for part in parts for row in part}
    assert len(both) == sum(map(len, parts)) > 0


def test_what_is_left_out_is_counted() -> None:
    """Unverified and superseded limits are hidden by default, and never silently."""
    table = Thresholds.load()
    shown = table.select("cd", "NL")
    assert len(shown) == 0
    assert dict(shown.left_out)["superseded"] == len(
        table.select("cd", "NL", include_superseded=True)
    )
    finnish = table.select(jurisdiction="FI")
    assert all(row.verified != "memory" for row in finnish)
    assert dict(finnish.left_out)["memory"] == 32
    assert len(table.select(jurisdiction="FI", include_memory=True)) == len(finnish) + 32


def test_text_and_instrument_search_parts_of_words() -> None:
    """Case does not matter."""
    table = Thresholds.load()
    assert {row.jurisdiction for row in table.select(instrument="bbodschv")} == {"DE"}
    assert len(table.select(text="lutum", include_superseded=True)) > 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("land_use", "agricultral", "Did you mean 'agricultural'"),
        ("jurisdiction", "XX", "Choose among AU, BE-VLG"),
        ("value_kind", "limit", "Choose among background"),
        ("medium", "soils", "Did you mean 'soil'"),
        ("contaminant", "zincc", "Did you mean 'zinc'"),
    ],
)
def test_an_unknown_filter_value_is_an_error(name: str, value: str, said: str) -> None:
    """An empty list would say that there is no such limit, which is another thing."""
    with pytest.raises(ThresholdError, match=said):
        Thresholds.load().select(**{name: value})


def test_an_unknown_id_is_answered_with_near_ones() -> None:
    """By beginning, or by likeness."""
    with pytest.raises(
        ThresholdError, match="begin so: se_nv_zn_s_ind_gl_1, se_nv_zn_s_res_gl_1"
    ):
        Thresholds.load().get("se_nv_zn")
    with pytest.raises(ThresholdError, match="Did you mean 'se_nv_zn_s_ind_gl_1'"):
        Thresholds.load().get("se_nv_zn_s_ind_gl_9")


@pytest.mark.parametrize("given", [500, 500.0, "500", "5e2"])
def test_a_number_is_a_limit_of_the_user(given: float | str) -> None:
    """Its id carries the number, its citation says that nobody published it."""
    limit = resolve_threshold("Zinc", given)
    assert (limit.id, limit.value_mg_kg, limit.status) == ("user_zn_500", 500.0, "user")
    assert "given by the user" in limit.citation


def test_an_id_is_a_limit_of_the_registry() -> None:
    """With its number, its source and its cautions."""
    limit = resolve_threshold("cd", "nl_cb2013_cd_s_any_iv_1")
    assert limit.value_mg_kg == 13.0
    assert any("superseded" in caution for caution in limit.cautions)
    assert any("standard soil" in caution for caution in limit.cautions)


@pytest.mark.parametrize("given", [0, -1, float("nan"), float("inf"), "nan", True])
def test_a_number_that_is_no_limit_is_refused(given: float | str) -> None:
    """Zero, negative, not finite, or a truth value."""
    with pytest.raises(ThresholdError, match="above 0"):
        resolve_threshold("zn", given)


def test_a_limit_of_something_else_is_refused() -> None:
    """Another contaminant, water, or toxic equivalents."""
    with pytest.raises(ThresholdError, match=r"one of zn, not of pb.*'se_nv_pb_s_ind_gl_1'"):
        resolve_threshold("pb", "se_nv_zn_s_ind_gl_1")
    water = next(row for row in Thresholds.load() if row.medium == "groundwater")
    with pytest.raises(ThresholdError, match="is for groundwater"):
        resolve_threshold(water.contaminant, water.id)
    dioxin = next(row for row in Thresholds.load() if "TEQ" in row.unit)
    with pytest.raises(ThresholdError, match="cannot be compared with mg/kg"):
        resolve_threshold(dioxin.contaminant, dioxin.id)
    with pytest.raises(ThresholdError, match="No contaminant is known as 'zz'"):
        resolve_threshold("zz", 500)


def test_every_id_and_name_finds_its_contaminant() -> None:
    """No synonym or symbol hides an id or a name of another."""
    contaminants = Contaminants.load()
    for row in contaminants:
        assert contaminants.find(row.id) == contaminants.find(row.name.upper()) == row.id
    with pytest.raises(ObservationError, match="Did you mean"):
        contaminants.id_of("cadmiun")


def test_a_formula_of_several_isomers_names_none() -> None:
    """C6H6Cl6 is lindane and three others."""
    assert Contaminants.load().find("C6H6Cl6") is None


def test_the_registry_needs_no_heavy_module() -> None:
    """Listing limits does not wait for pandas, numpy or pint."""
    code = (
        "import sys; from hotspot.observations import Thresholds; Thresholds.load();"
        "print([m for m in ('pandas', 'numpy', 'pint', 'geopandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"
