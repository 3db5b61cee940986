"""Contaminants, coordinates, depths, dates, duplicates and the account of all rows."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from hotspot.errors import ConfigError, GridError, ObservationError
from hotspot.observations import (
    OBSERVATION_COLUMNS,
    Harmonised,
    TableMapping,
    agree_crs,
    check_observations,
    harmonise,
)

Maker = Callable[..., Harmonised]


def test_rows_become_the_canonical_table(made: Maker) -> None:
    """Columns, types, points and CRS are those of the contract."""
    table = made({}, {"value": "<1"}).observations
    assert tuple(table.columns) == (*OBSERVATION_COLUMNS, "geometry")
    check_observations(table)
    assert table.crs.to_authority() == ("EPSG", "28992")
    assert table.geometry.x.tolist() == table["easting"].tolist()
    first = table.iloc[0]
    assert (first["contaminant"], first["sampled_on"], first["laboratory"]) == (
        "zn",
        "1990-05-14",
        "A",
    )
    assert (first["depth_top_cm"], first["depth_bottom_cm"]) == (0.0, 20.0)
    assert (first["method"], first["source"]) == ("", "lab.csv")
    assert np.isnan(first["limit_mg_kg"])


def test_the_index_of_the_file_decides_nothing_but_the_row_number(
    made: Maker, table: Callable[..., pd.DataFrame]
) -> None:
    """Missing cells as NaN and cells of spaces read alike."""
    rows = table({"site": " "}, {"site": "b"})
    rows.loc[3, ["flag", "limit"]] = np.nan
    mapping = TableMapping(
        columns={
            "site": "site",
            "contaminant": "contaminant",
            "value": "value",
            "limit": "limit",
        },
        unit="mg/kg",
    )
    result = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    assert result.observations["site_id"].tolist() == ["E180000.00N331600.00", "b"]
    assert result.observations["observation_id"].tolist() == ["row2-zn", "row3-zn"]


@pytest.mark.parametrize(
    "name",
    [
        "zn",
        "Zn",
        "ZN",
        "Zinc",
        " zinc ",
        "Zink",
        "Zinc (Zn)",
        "Zn - Zinc",
        "total zinc",
        "7440-66-6",
    ],
)
def test_a_contaminant_goes_by_many_names(made: Maker, name: str) -> None:
    """Id, symbol, name, other languages and the number of the Chemical Abstracts Service."""
    assert made({"contaminant": name}).observations["contaminant"].tolist() == ["zn"]


def test_an_unknown_contaminant_is_rejected_with_the_near_one(
    reason: Callable[..., str],
) -> None:
    """The reason names what was probably meant."""
    assert reason(contaminant="Zincc") == "unknown contaminant 'Zincc': Did you mean 'zinc'?"
    assert reason(contaminant="") == "contaminant missing"


def test_total_chromium_is_not_hexavalent(made: Maker) -> None:
    """The species stay apart."""
    result = made({"contaminant": "Chromium"}, {"contaminant": "Cr(VI)"})
    assert result.observations["contaminant"].tolist() == ["cr", "cr6"]


def test_own_names_are_mapped(made: Maker) -> None:
    """The file's own spelling counts where the mapping gives it."""
    result = made({"contaminant": "Element 30"}, contaminant_names={"Element 30": "zn"})
    assert result.observations["contaminant"].tolist() == ["zn"]


def test_an_unknown_id_in_the_mapping_is_refused(made: Maker) -> None:
    """A typing error in the mapping is the user's to mend, not a rejected row."""
    with pytest.raises(ConfigError, match=r"'zinkc'.*Did you mean"):
        made({}, contaminant_names={"Element 30": "zinkc"})


def test_all_contaminants_stay(made: Maker) -> None:
    """Nothing is rejected for not having been asked for."""
    result = made({"contaminant": "Cd"}, {"contaminant": "Hg"})
    assert result.observations["contaminant"].tolist() == ["cd", "hg"]


def test_a_wide_table_gives_one_observation_per_cell(
    table: Callable[..., pd.DataFrame],
) -> None:
    """Each contaminant's column is read; an empty cell is a rejected value."""
    rows = table({}, {}).assign(Cd=["0.2", "<0.1"], Zn=["90", ""])
    mapping = TableMapping.from_config(
        {"columns": {"site": "site"}, "wide": {"cd": "Cd", "zn": "Zn"}, "unit": "mg/kg"}
    )
    result = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    got = result.observations[["site_id", "contaminant", "upper_mg_kg"]].to_numpy().tolist()
    assert got == [["s0", "cd", 0.2], ["s0", "zn", 90.0], ["s1", "cd", 0.1]]
    assert result.rejected[["row", "value_column", "reason"]].to_numpy().tolist() == [
        [3, "Zn", "value missing"]
    ]
    assert (result.ledger.rows_in, result.ledger.rows_out) == (4, 3)


def test_coordinates_reach_the_target_crs_whatever_the_authority_order(made: Maker) -> None:
    """Longitude is easting and latitude northing, though EPSG:4326 says otherwise."""
    to_degrees = Transformer.from_crs("EPSG:28992", "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(180000.0, 331600.0)
    result = made({"easting": repr(longitude), "northing": repr(latitude)}, crs="EPSG:4326")
    place = result.observations[["easting", "northing"]].to_numpy()[0]
    # pyproj's inverse of this projection closes to about 1e-3 m.
    np.testing.assert_allclose(place, [180000.0, 331600.0], atol=0.01)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"easting": ""}, "coordinates missing"),
        ({"northing": "nan"}, "coordinates missing"),
        ({"easting": "inf"}, "coordinates are not numbers: 'inf'"),
        ({"easting": "here"}, "coordinates are not numbers: 'here'"),
        ({"easting": "180000,5"}, "coordinates are not numbers: '180000,5'; if the comma"),
        ({"easting": "0", "northing": "0"}, "outside the area of use of EPSG:28992"),
    ],
)
def test_a_row_without_a_place_is_rejected(made: Maker, row: dict[str, str], said: str) -> None:
    """Missing, not a number, or far away."""
    result = made({}, {}, row)
    assert result.rejected["row"].tolist() == [4]
    assert result.rejected["reason"].iloc[0].startswith(said)


@pytest.mark.parametrize(
    ("crs", "easting", "northing"),
    [("EPSG:28992", "331600", "180000"), ("EPSG:4326", "50.97", "5.74")],
)
def test_swapped_coordinates_are_recognised(
    made: Maker, crs: str, easting: str, northing: str
) -> None:
    """Metres or degrees: the message says that the two look swapped."""
    with pytest.raises(ObservationError, match=r"look swapped\. Exchange easting and northing"):
        made({"easting": easting, "northing": northing}, crs=crs)


def test_coordinates_of_another_crs_are_refused(made: Maker) -> None:
    """Points that fit neither way ask for the right CRS."""
    with pytest.raises(ObservationError, match=r"2 of 2 points lie outside.*Give the CRS"):
        made({}, {}, crs="EPSG:4326")


def test_an_unknown_crs_is_refused(made: Maker) -> None:
    """The grid's own error names the text."""
    with pytest.raises(GridError, match="EPSG:99999"):
        made({}, crs="EPSG:99999")


def test_a_crs_is_agreed_on_or_asked_for() -> None:
    """Stated, of the file, or both alike; never two, never none."""
    assert agree_crs("EPSG:28992", None) == agree_crs(None, "EPSG:28992") == "EPSG:28992"
    assert agree_crs("EPSG:28992", "EPSG:28992") == "EPSG:28992"
    with pytest.raises(ObservationError, match=r"Give data\.crs"):
        agree_crs(None, None)
    with pytest.raises(ObservationError, match="EPSG:28992, the file says EPSG:4326"):
        agree_crs("EPSG:28992", "EPSG:4326")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"day": "14.05.1990"}, "sampled_on is no ISO date: '14.05.1990'"),
        ({"day": "1990-13-01"}, "sampled_on is no ISO date"),
        ({"day": "1990-02-30"}, "sampled_on is no ISO date"),
        ({"top": "0-20"}, "depth_top_cm is not a number: '0-20'"),
        ({"bottom": "deep"}, "depth_bottom_cm is not a number"),
        ({"top": "30", "bottom": "10"}, "depth_bottom_cm is above depth_top_cm"),
    ],
)
def test_a_bad_depth_or_date_rejects_its_row(
    reason: Callable[..., str], row: dict[str, str], said: str
) -> None:
    """What was written and cannot be read is told, not dropped."""
    assert reason(**row).startswith(said)


def test_depth_and_date_may_be_missing(made: Maker) -> None:
    """Nothing is invented where nothing is stated; a year alone keeps its precision."""
    table = made(
        {"top": "", "bottom": "", "day": ""}, {"day": "1990"}, {"day": "1990-05-14T08:00"}
    ).observations
    assert np.isnan(table["depth_top_cm"].iloc[0])
    assert table["sampled_on"].tolist() == ["", "1990", "1990-05-14"]


SAME = {"site": "s"}


@pytest.mark.parametrize(
    ("rule", "kept", "named"),
    [
        ("mean", (0.25, 0.35), "duplicate: averaged into row2-zn of row 2"),
        ("first", (0.0, 0.2), "duplicate: first is row2-zn of row 2"),
        ("max", (0.5, 0.5), "duplicate: greater is row3-zn of row 3"),
    ],
)
def test_duplicates_follow_the_stated_rule(
    made: Maker, rule: str, kept: tuple[float, float], named: str
) -> None:
    """A non-detect and a measured value: the mean is an interval, never a made-up number."""
    result = made({**SAME, "value": "<0.2"}, {**SAME, "value": "0.5"}, duplicates=rule)
    row = result.observations.iloc[0]
    assert len(result.observations) == 1
    assert (row["lower_mg_kg"], row["upper_mg_kg"]) == kept
    assert row["is_censored"] == (kept[0] < kept[1])
    assert result.rejected["reason"].tolist() == [named]


def test_keep_keeps_every_row(made: Maker) -> None:
    """Ids stay unique, and no row is lost."""
    result = made(SAME, SAME, SAME, duplicates="keep")
    assert len(result.observations) == 3
    assert result.rejected.empty


def test_a_mean_over_range_stays_open(made: Maker) -> None:
    """No finite mean is invented from a value over range."""
    row = made({**SAME, "value": ">500"}, {**SAME, "value": "100"}).observations.iloc[0]
    assert (row["lower_mg_kg"], row["upper_mg_kg"]) == (300.0, np.inf)


def test_a_mean_of_equal_values_keeps_their_bits(made: Maker) -> None:
    """Three times 0.1 is 0.1, not its neighbour among the floats."""
    result = made(*[{**SAME, "value": "0.1"}] * 3)
    assert result.observations["lower_mg_kg"].tolist() == [0.1]
    assert not result.observations["is_censored"].any()


@pytest.mark.parametrize("key", ["site", "easting", "contaminant", "top", "day"])
def test_rows_that_differ_in_what_was_measured_are_no_duplicates(made: Maker, key: str) -> None:
    """Another site, place, contaminant, depth or day is another observation."""
    other = {"site": "t", "easting": "180001", "contaminant": "Cd", "top": "5", "day": "1991"}
    assert len(made(SAME, SAME | {key: other[key]}).observations) == 2


def test_two_laboratories_on_one_sample_are_duplicates(made: Maker) -> None:
    """They measured the same soil."""
    result = made(SAME, SAME | {"laboratory": "B", "value": "200"})
    assert result.observations["lower_mg_kg"].tolist() == [150.0]


def test_excluded_rows_are_told_by_column_and_value(made: Maker) -> None:
    """The reason is the configuration's own words."""
    result = made({}, {"batch": " 2 "}, exclude={"batch": ["2", "3"]})
    assert result.rejected["reason"].tolist() == ["excluded by configuration: batch = 2"]


def test_rejected_rows_keep_every_column_of_the_file(
    table: Callable[..., pd.DataFrame],
) -> None:
    """Even one called reason, and the number that the file's owner sees."""
    rows = table({}, {"value": "x"}).assign(reason="hail", row="B7")
    mapping = TableMapping(
        columns={"contaminant": "contaminant", "value": "value"}, unit="mg/kg"
    )
    result = harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    assert set(rows.columns) - {"row", "reason"} <= set(result.rejected.columns)
    gone = result.rejected.iloc[0]
    assert (gone["row"], gone["row_in_file"], gone["reason_in_file"]) == (3, "B7", "hail")


def test_the_ledger_accounts_for_every_row(made: Maker) -> None:
    """Rows in = observations + rejected, and the first reason against a row counts."""
    result = made(
        {},
        {"contaminant": "Q", "unit": ""},
        {"unit": ""},
        {"value": "x"},
        {"easting": ""},
        {"day": "x"},
        {"batch": "2"},
        {"site": "s0"},
        exclude={"batch": ["2"]},
    )
    ledger = result.ledger
    assert ledger.adds_up()
    assert (ledger.rows_in, ledger.rows_out) == (8, 1)
    assert len(result.rejected) == 7
    assert [(step.name, step.dropped) for step in ledger.steps] == [
        ("configuration", 1),
        ("contaminants", 1),
        ("units", 1),
        ("values", 1),
        ("coordinates", 1),
        ("depth and date", 1),
        ("duplicates (mean)", 1),
    ]


def test_a_table_without_a_usable_row_is_an_error(made: Maker) -> None:
    """The commonest reasons stand in the message, with counts and an example."""
    with pytest.raises(ObservationError) as error:
        made({"value": "0,2"}, {"value": "0,4"}, {"unit": ""})
    message = str(error.value)
    assert "None of the 3 rows of lab.csv" in message
    assert "value is not a number (2), unit missing (1)" in message
    assert "set data.decimal to ','" in message


def test_a_misspelt_column_is_answered_with_the_near_one(
    table: Callable[..., pd.DataFrame],
) -> None:
    """The message names the key, the near column, and what the file has."""
    mapping = TableMapping(
        columns={"contaminant": "contaminent", "value": "value"}, unit="mg/kg"
    )
    with pytest.raises(ObservationError) as error:
        harmonise(table({}), mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="x")
    assert "no column 'contaminent', which data.columns.contaminant names." in str(error.value)
    assert "Did you mean 'contaminant'? It has site, easting" in str(error.value)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"columns": {"contaminant": "c", "valu": "v"}}, "Did you mean 'value'"),
        ({"colums": {}}, "Did you mean 'columns'"),
        ({"columns": {"contaminant": "c"}, "unit": "mg/kg"}, "which column is value"),
        ({"columns": {"contaminant": "c", "value": "v"}}, "neither is given"),
        (
            {"columns": {"contaminant": "c", "value": "v", "unit": "u"}, "unit": "mg/kg"},
            "both is given",
        ),
        (
            {"columns": {"value": "v"}, "wide": {"cd": "Cd"}, "unit": "mg/kg"},
            "gives value as well",
        ),
        (
            {"columns": {"contaminant": "c", "value": "v"}, "unit": "ppm", "duplicates": "avg"},
            "Choose among mean, first, max, keep",
        ),
        (
            {"columns": {"contaminant": "c", "value": "v"}, "unit": "ppm", "decimal": ";"},
            "data.decimal does not know ';'",
        ),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(config: dict, said: str) -> None:
    """Unknown names and statements that exclude each other."""
    with pytest.raises(ConfigError, match=said):
        TableMapping.from_config(config)


def test_the_check_finds_a_table_that_contradicts_itself(made: Maker) -> None:
    """Reversed bounds, a wrong flag, an id that stands twice, a missing column."""
    table = made({}, {}).observations
    for column, value, said in (
        ("lower_mg_kg", 1e3, "under the lower one"),
        ("lower_mg_kg", -1.0, "negative"),
        ("is_censored", True, "against their bounds"),
        ("easting", np.nan, "not finite"),
        ("observation_id", "same", "stands twice"),
        ("contaminant", 7, "another type"),
    ):
        with pytest.raises(ObservationError, match=said):
            check_observations(table.assign(**{column: value}))
    with pytest.raises(ObservationError, match="lacks method"):
        check_observations(table.drop(columns="method"))


def test_row_order_changes_no_observation(made: Maker) -> None:
    """Reversing the file reverses the table and nothing else."""
    rows = [{"value": str(10 + place), "site": f"s{place}"} for place in range(5)]
    columns = ["site_id", "lower_mg_kg"]
    forth = made(*rows).observations[columns].to_numpy().tolist()
    back = made(*rows[::-1]).observations[columns].to_numpy().tolist()
    assert forth == back[::-1]
