"""Stated rules do what they say, and bad input has a reason that names the remedy."""

from collections.abc import Callable
from math import inf, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.errors import ConfigError, ObservationError, UnitError
from hotspot.observations import Harmonised, TableMapping, agree_crs, harmonise
from hotspot.observations.censoring import read_interval
from hotspot.observations.methods import Methods
from hotspot.observations.numerals import read_number, read_numbers
from hotspot.observations.oxides import find_oxide
from hotspot.observations.spelling import Spelling
from hotspot.observations.substitution import suspects
from hotspot.units import read_unit

Maker = Callable[..., Harmonised]
GLOSIS_UNITS = [
    ("unit:MilliGM-PER-KiloGM", 1.0),
    ("MicroGM-PER-KiloGM", 1e-3),
    ("unit:PPM", 1.0),
]


def bounds(result: Harmonised) -> list[tuple[float, float]]:
    table = result.observations
    return list(zip(table["lower_mg_kg"], table["upper_mg_kg"], strict=True))


def reasons(result: Harmonised) -> list[str]:
    return list(result.rejected["reason"])


# Numbers and non-detects


@given(
    st.lists(st.text(max_size=8) | st.floats(allow_nan=False).map(repr), max_size=20),
    st.sampled_from([".", ","]),
)
def test_a_column_is_read_as_its_cells_are(texts: list[str], decimal: str) -> None:
    """The reader of columns and that of single texts agree on every text."""
    column = pd.Series(texts, dtype="str")
    read = read_numbers(column, decimal)
    single = [read_number(text, decimal) for text in texts]
    np.testing.assert_array_equal(read, [np.nan if each is None else each for each in single])


def test_a_number_below_zero_is_a_non_detect_where_that_is_stated(made: Maker) -> None:
    """As the National Geochemical Survey writes them; otherwise the reason names the key."""
    result = made({"value": "-2"}, {"value": "2"}, negative="nondetect")
    assert bounds(result) == [(0.0, 2.0), (2.0, 2.0)]
    assert "set data.negative to nondetect" in reasons(made({}, {"value": "-2"}))[0]


def test_a_code_is_no_non_detect(made: Maker) -> None:
    """-999 among the words for no value is none, however it is typed."""
    result = made(
        {}, {"value": "-999.0"}, {"value": "-2"}, negative="nondetect", missing_words=["-999"]
    )
    assert reasons(result) == ["value missing"]
    assert len(result.observations) == 2


def test_a_stated_limit_gives_words_and_zeros_a_bound(made: Maker) -> None:
    """The limit of the row goes before that of the contaminant."""
    result = made(
        {"value": "nd", "contaminant": "Cd"},
        {"value": "0", "contaminant": "Cd"},
        {"value": "nd", "contaminant": "Cd", "limit": "0.5"},
        {"value": "nd"},
        limits={"cd": 0.07},
    )
    assert bounds(result) == [(0.0, 0.07), (0.0, 0.07), (0.0, 0.5)]
    assert reasons(result) == ["non-detect without a limit"]


def test_substituted_values_become_non_detects_again(made: Maker) -> None:
    """Only the numbers stated, only of the contaminant stated, in the unit of the file."""
    result = made(
        {"value": "2", "contaminant": "Pb", "unit": "g/kg"},
        {"value": "2.5", "contaminant": "Pb", "unit": "g/kg"},
        {"value": "2"},
        substituted={"pb": {2: 4}},
    )
    assert bounds(result) == [(0.0, 4000.0), (2500.0, 2500.0), (2.0, 2.0)]


@pytest.mark.parametrize(("share", "name"), [(0.5, "half"), (sqrt(0.5), "1/√2 of")])
def test_planted_substitutes_are_found(share: float, name: str) -> None:
    """A tenth of log-normal values under a limit of 10, replaced by a share of it."""
    rng = np.random.default_rng(1)
    values = np.round(np.exp(rng.normal(3.5, 0.9, 2000)), 1)
    planted = np.where(values < 10, round(10 * share, 2), values)
    found = suspects(planted)
    assert [(each.share, each.limit) for each in found] == [(name, pytest.approx(10, rel=0.01))]
    assert found[0].count == (values < 10).sum()


def test_nothing_is_suspected_where_nothing_is_planted() -> None:
    """Neither in fine values, nor where the scale itself is coarse, nor at a true limit."""
    rng = np.random.default_rng(2)
    values = np.exp(rng.normal(0, 1, 2000))
    assert suspects(np.round(values, 3)) == []
    assert suspects(np.round(values[values < 3]) + 1) == []
    assert suspects(np.repeat([0.01, 0.02, 0.03, 0.04, 0.05, 0.06], 50)) == []


def test_a_laboratory_that_writes_non_detects_is_judged_by_its_limits(made: Maker) -> None:
    """Many equal values are no half limit where the limits are others."""
    rows = [{"value": "10"}] * 20 + [{"value": text} for text in ("20", "21", "22", "23", "24")]
    rows = [row | {"contaminant": "Pb"} for row in rows]
    for others, count in ((), 1), (["<20"], 1), (["<3"], 0):
        signed = [{"value": text, "contaminant": "Pb"} for text in others]
        assert len(made(*rows, *signed).findings.notes) == count


def test_the_share_of_non_detects_is_told_by_laboratory(made: Maker) -> None:
    """Counts, limits, and the laboratory without any."""
    result = made(
        {"value": "<1"}, {"value": "<2"}, {"value": "5"}, {"value": "6", "laboratory": "B"}
    )
    first, second = result.findings.to_dict()["censoring"]
    assert (first["laboratory"], first["below"], first["values"]) == ("A", 2, 3)
    assert (first["least_limit_mg_kg"], first["greatest_limit_mg_kg"]) == (1.0, 2.0)
    assert first["share_below"] == pytest.approx(2 / 3, abs=1e-6)
    assert (second["laboratory"], second["below"], second["least_limit_mg_kg"]) == (
        "B",
        0,
        None,
    )


def test_a_result_may_stand_in_the_flag(made: Maker) -> None:
    """As in the web database of the US Geological Survey; beside a value it is unknown."""
    result = made({"value": "", "flag": "<0.1"}, {"value": "3", "flag": "<0.1"})
    assert bounds(result) == [(0.0, 0.1)]
    assert reasons(result)[0].startswith("unknown qualifier: '<0.1'")


@pytest.mark.parametrize(
    "text",
    ["1-Mar", "03-Jan", "Mrz 05", "2024-03-01", "1/3/2024", "01.03.2024", "5. Mai", "1-Apr-05"],
)
def test_a_value_that_a_spreadsheet_turned_into_a_date_is_told(text: str) -> None:
    """1-3 and 3.1 become dates in careless hands; nobody can turn them back."""
    read = read_interval(text, spelling=Spelling())
    assert read.kind == "a spreadsheet turned the value into a date"


# Units


def test_wet_mass_needs_the_moisture(made: Maker) -> None:
    """The three ways of stating it agree; without it the row is rejected."""
    columns = {
        "easting": "easting",
        "northing": "northing",
        "contaminant": "contaminant",
        "value": "value",
        "unit": "unit",
        "site": "site",
        "moisture": "batch",
    }
    for form, text in (
        ("wet_percent", "20"),
        ("dry_percent", "25"),
        ("dry_matter_percent", "80"),
    ):
        result = made(
            {"value": "8", "unit": "mg/kg ww", "batch": text},
            {"value": "8", "unit": "mg/kg", "batch": text},
            {"value": "8", "unit": "mg/kg ww", "batch": ""},
            columns=columns,
            moisture=form,
        )
        assert bounds(result) == [(pytest.approx(10.0), pytest.approx(10.0)), (8.0, 8.0)]
        assert reasons(result) == ["wet mass without a moisture that can be used: ''"]


def test_moisture_beyond_reason_is_refused(made: Maker) -> None:
    """All water, or less than none."""
    columns = {
        "contaminant": "contaminant",
        "value": "value",
        "unit": "unit",
        "moisture": "batch",
    }
    rows = [{"unit": "mg/kg ww", "batch": text} for text in ("100", "-5", "wet")]
    result = made({}, *rows, columns=columns, moisture="wet_percent")
    assert len(result.rejected) == 3


@pytest.mark.parametrize(("unit", "factor"), GLOSIS_UNITS)
def test_units_of_the_code_list_are_read(unit: str, factor: float) -> None:
    """The vocabulary that GloSIS uses."""
    assert read_unit(unit).factor == factor
    assert not read_unit(unit).is_wet


def test_a_unit_of_water_is_no_unit_of_soil() -> None:
    """Milligrams per litre, however they are named."""
    for unit in ("mg/l", "unit:MilliGM-PER-L", "µg/L"):
        with pytest.raises(UnitError):
            read_unit(unit)


def test_the_unit_may_stand_in_the_header(table: Callable[..., pd.DataFrame]) -> None:
    """Each column has its own; one contaminant may have another one stated."""
    rows = table({}).assign(**{"Cd_ug_kg": "200", "Zn (mg/kg)": "90", "Hg": "50"})
    mapping = TableMapping.from_config(
        {
            "wide": {"cd": "Cd_ug_kg", "zn": "Zn (mg/kg)", "hg": "Hg"},
            "unit": "header",
            "units": {"hg": "µg/kg"},
        }
    )
    result = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    assert bounds(result) == [(0.2, 0.2), (90.0, 90.0), (0.05, 0.05)]


def test_a_header_without_a_unit_is_a_reason(table: Callable[..., pd.DataFrame]) -> None:
    """`header` promises a unit that this column does not name."""
    rows = table({}).assign(**{"Cd mg/kg": "0.2", "Zn": "90"})
    mapping = TableMapping.from_config(
        {"wide": {"cd": "Cd mg/kg", "zn": "Zn"}, "unit": "header"}
    )
    result = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    assert reasons(result) == ["unit missing"]


# Molar masses of the elements and of oxygen as chemists' tables have them.
@pytest.mark.parametrize(
    ("formula", "share"),
    [("MnO", 0.7745), ("Cr2O3", 0.6842), ("ZnO", 0.8034), ("As2O3", 0.7574), ("PbO", 0.9283)],
)
def test_an_oxide_holds_the_share_that_tables_give(formula: str, share: float) -> None:
    """Conversion factors of geochemistry, to four digits."""
    oxide = find_oxide(formula)
    assert oxide is not None
    assert oxide.factor == pytest.approx(share, abs=5e-5)


def test_oxides_become_elements_and_are_told(made: Maker) -> None:
    """One per cent of Cr2O3 is 6842 mg/kg of chromium."""
    result = made({"contaminant": "Cr2O3", "value": "1", "unit": "%"})
    assert bounds(result)[0][0] == pytest.approx(6842, abs=0.5)
    assert "multiplied by 0.6842" in result.findings.notes[0]


# Depths


LAYERS = {"site": "p", "value": "10"}


def test_layers_are_weighted_by_their_overlap(made: Maker) -> None:
    """0-10 at 1, 10-40 at 3 and 40-60 at 9: 0-30 holds (10*1 + 20*3) / 30."""
    result = made(
        LAYERS | {"top": "0", "bottom": "10", "value": "1"},
        LAYERS | {"top": "10", "bottom": "40", "value": "<3"},
        LAYERS | {"top": "40", "bottom": "60", "value": "9"},
        depth={"top": 0, "bottom": 30},
    )
    row = result.observations.iloc[0]
    assert row["lower_mg_kg"] == pytest.approx(10 / 30)
    assert row["upper_mg_kg"] == pytest.approx(70 / 30)
    assert (row["depth_top_cm"], row["depth_bottom_cm"]) == (0.0, 40.0)
    assert reasons(result) == [
        "layer averaged into 0 to 30 cm: row2-zn of row 2",
        "layer outside 0 to 30 cm: 40 to 60 cm",
    ]
    assert result.ledger.adds_up()


def test_too_little_of_the_layer_is_no_answer(made: Maker) -> None:
    """Overlaps count once; a stated share decides; an unstated depth says nothing."""
    rows = (
        LAYERS | {"top": "0", "bottom": "5"},
        LAYERS | {"top": "2", "bottom": "8"},
        {"site": "q", "top": "", "bottom": ""},
        {"site": "r"},
    )
    result = made(*rows, depth={"top": 0, "bottom": 20})
    assert result.observations["site_id"].tolist() == ["r"]
    assert reasons(result) == [
        "too little of 0 to 20 cm sampled: 40%",
        "too little of 0 to 20 cm sampled: 40%",
        "depth not stated, which 0 to 20 cm needs",
    ]
    assert (
        len(made(*rows, depth={"top": 0, "bottom": 20, "least_share": 0.4}).observations) == 2
    )


def test_only_layers_inside_count_where_that_is_the_rule(made: Maker) -> None:
    """0-40 says nothing of 0-20 alone."""
    result = made(
        LAYERS | {"top": "0", "bottom": "20", "value": "1"},
        {"site": "q", "top": "0", "bottom": "40"},
        depth={"top": 0, "bottom": 20, "rule": "inside"},
    )
    assert result.observations["site_id"].tolist() == ["p"]
    assert reasons(result) == ["layer outside 0 to 20 cm: 0 to 40 cm"]


# Projections and tables are slow to set up, which says nothing of the law.
@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(5, 60))
def test_layers_of_one_value_keep_it(thickness: list[int], bottom: int) -> None:
    """However a profile is cut, a constant stays what it is."""
    edges = np.concatenate([[0], np.cumsum(thickness)])
    rows = pd.DataFrame(
        {
            "site": "p",
            "easting": "180000",
            "northing": "331600",
            "value": "0.3",
            "top": [str(edge) for edge in edges[:-1]],
            "bottom": [str(edge) for edge in edges[1:]],
        }
    )
    mapping = TableMapping.from_config(
        {
            "columns": {"site": "site", "depth_top_cm": "top", "depth_bottom_cm": "bottom"},
            "wide": {"cd": "value"},
            "unit": "mg/kg",
            "depth": {"top": 0, "bottom": bottom, "least_share": 0.01},
        }
    )
    result = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    assert bounds(result) == [(0.3, 0.3)]


def test_a_layer_may_be_one_text(made: Maker, table: Callable[..., pd.DataFrame]) -> None:
    """0-20 cm, with any dash; a word is a reason."""
    texts = ["0-20", "0 – 20 cm", "", "topsoil"]
    rows = table(*({"batch": text} for text in texts))
    mapping = TableMapping.from_config(
        {
            "columns": {
                "depth": "batch",
                "contaminant": "contaminant",
                "value": "value",
                "site": "site",
            },
            "unit": "mg/kg",
        }
    )
    result = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    assert result.observations["depth_bottom_cm"].tolist()[:2] == [20.0, 20.0]
    assert np.isnan(result.observations["depth_bottom_cm"].iloc[2])
    assert reasons(result) == ["depth is no pair of numbers: 'topsoil'; write it as 0-20"]


# Dates


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%d.%m.%Y", "14.05.1990"),
        ("excel", "33007"),
        ("excel", "33007.5"),
        ("%d/%m/%y", "14/05/90"),
    ],
)
def test_dates_of_a_stated_form_are_read(made: Maker, form: str, text: str) -> None:
    """Days first, days counted by a spreadsheet, years of two digits."""
    assert made({"day": text}, dates=form).observations["sampled_on"].tolist() == ["1990-05-14"]


def test_a_day_number_is_told_and_never_guessed(reason: Callable[..., str]) -> None:
    """The reason says which day it would be."""
    assert reason(day="43985") == (
        "sampled_on is a number: '43985'; if it counts days as spreadsheets do, which would be "
        "2020-06-03, set data.dates to excel"
    )


# Places


def test_degrees_minutes_and_seconds_are_read_where_stated(made: Maker) -> None:
    """In any of their dresses; unstated, the reason says how to state them."""
    place = {"easting": "5°43'12\"E", "northing": "50 58 12 N"}
    other = {"easting": "E 5° 43.2'", "northing": "50:58:12"}
    result = made(place, other, crs="EPSG:4326", target_crs="EPSG:4326", coordinates="dms")
    np.testing.assert_allclose(
        result.observations[["easting", "northing"]], [[5.72, 50.97], [5.72, 50.97]], atol=1e-9
    )
    plain = {"easting": "5.72", "northing": "50.97"}
    said = reasons(made(plain, place, crs="EPSG:4326", target_crs="EPSG:4326"))[0]
    assert said.endswith(
        "if these are degrees, minutes and seconds, set data.coordinates to dms"
    )


def test_a_region_finds_what_the_numbers_cannot_show(made: Maker) -> None:
    """Swapped degrees that both are possible; single rows elsewhere; a system as region."""
    east = {"easting": "36.8", "northing": "-1.3"}
    region = [33, 42, -5, 5]
    options = {"crs": "EPSG:4326", "target_crs": "EPSG:4326", "region": region}
    swapped = {"easting": "-1.3", "northing": "36.8"}
    with pytest.raises(ObservationError, match=r"lie outside data\.region.*look swapped"):
        made(swapped, swapped, **options)
    result = made(east, east, swapped, **options)
    assert reasons(result) == ["outside data.region: -1.3, 36.8"]
    assert len(made({}, region="EPSG:28992").observations) == 1


def test_nought_degrees_twice_are_no_place(made: Maker) -> None:
    """The sea off Africa is where missing coordinates go."""
    result = made(
        {"easting": "5", "northing": "50"},
        {"easting": "0", "northing": "0"},
        crs="EPSG:4326",
        target_crs="EPSG:4326",
    )
    assert reasons(result) == ["coordinates missing: written as 0, 0"]


@pytest.mark.parametrize("text", ["UTM", "utm wgs84", "UTM zone 31"])
def test_utm_without_its_zone_is_refused(text: str) -> None:
    """The message says how to name zone and half of the earth."""
    with pytest.raises(ObservationError, match="EPSG:32631 for zone 31 north"):
        agree_crs(text, None)
    assert agree_crs("WGS 84 / UTM zone 31N", None) == "WGS 84 / UTM zone 31N"


def test_a_site_at_two_far_places_is_rejected(made: Maker) -> None:
    """Nobody knows which is right; a few metres are a site, and the check can be turned off."""
    rows = (
        {"site": "x"},
        {"site": "x", "easting": "185000", "contaminant": "Cd", "value": "0.3"},
        {"site": "y"},
        {"site": "y", "easting": "180005"},
    )
    result = made(*rows)
    assert result.observations["site_id"].tolist() == ["y", "y"]
    assert reasons(result)[0].startswith("one site at places more than 1000 m apart: 'x', 5 km")
    assert len(made(*rows, site_distance_m=None).observations) == 4


def radii(rows: list[dict[str, str]], cell_m: float | None, **config: object) -> Harmonised:
    frame = pd.DataFrame(
        [{"e": "5.7212", "n": "50.9733", "v": "1", "r": ""} | row for row in rows], dtype="str"
    )
    mapping = TableMapping.from_config(
        {"columns": {"easting": "e", "northing": "n"}, "wide": {"cd": "v"}, "unit": "mg/kg"}
        | config
    )
    return harmonise(
        frame, mapping, crs="EPSG:4326", target_crs="EPSG:28992", source="x", cell_m=cell_m
    )


def test_a_radius_is_kept_and_judged_by_the_cell() -> None:
    """Displaced places are kept with their radius, told, or left out, as the rule says."""
    columns = {"easting": "e", "northing": "n", "radius_m": "r"}
    rows = [{"r": "10"}, {"r": "5000", "e": "5.7213"}, {"e": "5.7214"}]
    kept = radii(rows, 40.0, columns=columns)
    assert kept.observations["radius_m"].iloc[:2].tolist() == [10.0, 5000.0]
    assert np.isnan(kept.observations["radius_m"].iloc[2])
    assert "1 of 3 places are known only within more than a cell" in kept.findings.notes[0]
    gone = radii(rows, 40.0, columns=columns, radius_rule="reject")
    assert reasons(gone) == ["place known only within more than a cell of 40 m: 5000 m"]
    assert radii(rows, None, columns=columns).findings.notes == ()
    bad = radii([*rows, {"r": "wide"}], 40.0, columns=columns)
    assert reasons(bad) == ["radius_m is not a number from zero: 'wide'"]


def test_two_decimals_of_a_degree_are_half_a_kilometre() -> None:
    """The rounding of coordinates is a radius where that is asked, and told where not."""
    rows = [{"e": "5.72", "n": "50.97"}, {}]
    result = radii(rows, 40.0, radius_m="decimals")
    expected = [0.005 * sqrt(2) * 111_320, 0.00005 * sqrt(2) * 111_320]
    assert result.observations["radius_m"].tolist() == pytest.approx(expected)
    assert "1 of 2 places" in radii(rows, 40.0).findings.notes[0]
    assert "radius_m" not in radii(rows, 40.0).observations.columns


# Methods, campaigns, plausibility


def test_a_conversion_carries_what_is_not_known(made: Maker) -> None:
    """Aqua regia finds 79 to 93 % of lead; a total is then an interval around 100/0.86."""
    columns = {
        "contaminant": "contaminant",
        "value": "value",
        "method": "batch",
        "site": "site",
        "easting": "easting",
        "northing": "northing",
    }
    rows = (
        {"contaminant": "Pb", "batch": "AR"},
        {"contaminant": "Pb", "batch": "AR", "value": "<100"},
        {"contaminant": "Pb", "batch": "XRF"},
        {"contaminant": "Pb", "batch": "DTPA"},
        {"contaminant": "Mn", "batch": "AR"},
        {"contaminant": "Pb", "batch": "?"},
    )
    names = {"AR": "aqua_regia_iso11466", "XRF": "xrf_lab", "DTPA": "dtpa"}
    config = {"columns": columns, "unit": "mg/kg", "methods": names}
    result = made(*rows, **config, convert_methods_to="total")
    low, high = Methods.load().recovery("pb") or (0, 0)
    assert bounds(result) == [
        (pytest.approx(100 / high), pytest.approx(100 / low)),
        (0.0, pytest.approx(100 / low)),
        (100.0, 100.0),
    ]
    assert reasons(result) == [
        "no valid conversion from extractable to total",
        "no two recovery records of mn to convert with",
        "method not known, so no conversion to total",
    ]
    mixed = made(*rows[:3], **config)
    assert mixed.observations["method"].tolist() == [*["aqua_regia_iso11466"] * 2, "xrf_lab"]
    assert any("several strengths (2 pseudo_total, 1 total)" in n for n in mixed.findings.notes)


def test_an_unknown_method_in_the_mapping_is_answered_with_the_near_one(made: Maker) -> None:
    """A typing error is the user's to mend."""
    columns = {"contaminant": "contaminant", "value": "value", "method": "batch"}
    with pytest.raises(ConfigError, match="Did you mean 'aqua_regia_iso11466'"):
        made({}, columns=columns, unit="mg/kg", methods={"1": "aqua_regia_iso1146"})


def test_a_campaign_is_kept(made: Maker) -> None:
    """As a column of its own, and only where it is mapped."""
    columns = {"contaminant": "contaminant", "value": "value", "campaign": "batch"}
    result = made({"batch": "2018"}, columns=columns, unit="mg/kg")
    assert result.observations["campaign"].tolist() == ["2018"]
    assert "campaign" not in made({}).observations.columns


@pytest.mark.parametrize("factor", ["1e-6", "1e6"])
def test_a_millionfold_slip_of_the_unit_is_named(made: Maker, factor: str) -> None:
    """Of cadmium, of which soils hold 0.41 mg/kg; the check can be turned off."""
    row = {"contaminant": "Cd", "value": f"{0.4 * float(factor):g}"}
    result = made({}, row)
    assert "times above or below what soils hold" in reasons(result)[0]
    assert "soils hold about 0.41; check the unit" in reasons(result)[0]
    assert len(made({}, row, plausible_factor=None).observations) == 2


def test_a_thousandfold_slip_of_a_laboratory_is_told(made: Maker) -> None:
    """Single values may be so high; the median of a laboratory hardly."""
    rows = [{"value": str(70_000 + place), "laboratory": "B"} for place in range(6)]
    notes = made({}, {}, *rows).findings.notes
    assert len(notes) == 1
    assert "6 values of zn of laboratory B is 1e+03 times what soils usually hold" in notes[0]


def test_infinite_bounds_survive_every_rule(made: Maker) -> None:
    """A value over range is still one after averaging over depths and conversion."""
    result = made({"value": ">500"}, depth={"top": 0, "bottom": 20})
    assert bounds(result) == [(500.0, inf)]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"depth": {"top": 20, "bottom": 10}}, "20 to 10 cm"),
        ({"depth": {"top": 0, "bottom": 10, "rule": "mean"}}, "data.depth.rule does not know"),
        ({"negative": "limit"}, "data.negative does not know 'limit'"),
        ({"coordinates": "grads"}, "data.coordinates does not know 'grads'"),
        ({"dates": "german"}, "data.dates does not know 'german'"),
        ({"region": [8, 5, 50, 54]}, "west under east"),
        ({"moisture": "wet_percent"}, "Only data.moisture is given"),
        ({"unit": "header"}, "one column per contaminant"),
        ({"radius_m": "digits"}, "Did you mean 'decimals'|does not know 'digits'"),
        ({"wide_qualifiers": {"cd": "flag"}}, "data.wide_qualifiers does not know 'cd'"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(config: dict, said: str) -> None:
    """Each with the key as it is typed."""
    columns = {"contaminant": "c", "value": "v"}
    with pytest.raises(ConfigError, match=said):
        TableMapping.from_config({"columns": columns, "unit": "mg/kg"} | config)
