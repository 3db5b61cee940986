"""Values become intervals; what is no value is rejected with a reason."""

from collections.abc import Callable
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.observations import Harmonised
from hotspot.observations.censoring import Interval, read_interval
from hotspot.observations.numerals import read_number
from hotspot.observations.rejection import Rejection
from hotspot.observations.spelling import Spelling

Maker = Callable[..., Harmonised]


def bounds(result: Harmonised) -> list[tuple[float, float]]:
    table = result.observations
    return list(zip(table["lower_mg_kg"], table["upper_mg_kg"], strict=True))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"value": "11.7"}, (11.7, 11.7)),
        ({"value": "1.2e3"}, (1200.0, 1200.0)),
        ({"value": "<0.2"}, (0.0, 0.2)),
        ({"value": "< 0.2"}, (0.0, 0.2)),
        ({"value": "≤0.2"}, (0.0, 0.2)),
        ({"value": "<=0.2"}, (0.0, 0.2)),
        ({"value": "&lt;0.2"}, (0.0, 0.2)),
        ({"value": "n.d.", "limit": "0.4"}, (0.0, 0.4)),
        ({"value": "Not Detected", "limit": "<0.4"}, (0.0, 0.4)),
        ({"value": "< LOD", "limit": "0.4"}, (0.0, 0.4)),
        ({"value": "0.3", "flag": "<"}, (0.0, 0.3)),
        ({"value": "0.3", "flag": "U"}, (0.0, 0.3)),
        ({"value": "0.3", "flag": "nd"}, (0.0, 0.3)),
        ({"value": "", "flag": "<", "limit": "0.4"}, (0.0, 0.4)),
        ({"value": "<0.2", "flag": "<"}, (0.0, 0.2)),
        ({"value": ">500"}, (500.0, inf)),
        ({"value": "≥ 500"}, (500.0, inf)),
        ({"value": "500", "flag": ">"}, (500.0, inf)),
        ({"value": "0.3", "flag": "J"}, (0.3, 0.3)),
        ({"value": "0.3", "flag": "-"}, (0.3, 0.3)),
        ({"value": "0", "limit": "0.4"}, (0.0, 0.4)),
    ],
)
def test_each_spelling_gives_its_interval(
    made: Maker, row: dict[str, str], expected: tuple[float, float]
) -> None:
    """Measured, below a limit, or over range, however the laboratory writes it."""
    result = made(row)
    assert bounds(result) == [expected]
    assert result.observations["is_censored"].tolist() == [expected[0] < expected[1]]


def test_a_decimal_comma_is_read_where_it_is_stated(made: Maker) -> None:
    """The mark holds for values, limits and coordinates."""
    result = made(
        {"value": "<0,2", "easting": "180000,5"}, {"value": "n.d.", "limit": "0,4"}, decimal=","
    )
    assert bounds(result) == [(0.0, 0.2), (0.0, 0.4)]
    assert result.observations["easting"].iloc[0] == 180000.5


def test_a_decimal_comma_is_never_guessed(reason: Callable[..., str]) -> None:
    """Unstated, the comma makes a row rejected, and the reason names the key."""
    assert reason(value="0,2") == (
        "value is not a number: '0,2'; "
        "if the comma is the decimal mark, set data.decimal to ','"
    )


def test_half_the_limit_beside_a_flag_does_not_narrow_the_interval(made: Maker) -> None:
    """Of a flagged number and the limit of its row the larger one counts."""
    assert bounds(made({"value": "0.1", "flag": "<", "limit": "0.2"})) == [(0.0, 0.2)]
    assert bounds(made({"value": "0.5", "flag": "U", "limit": "0.2"})) == [(0.0, 0.5)]


def test_a_value_under_its_limit_is_kept_with_a_warning(made: Maker) -> None:
    """Without a flag the laboratory's number stands, and the user hears of it."""
    with pytest.warns(UserWarning, match="1 of 2 values lie under the detection limit"):
        result = made({"value": "0.1", "limit": "0.2"}, {"value": "0.3", "limit": "0.2"})
    assert bounds(result) == [(0.1, 0.1), (0.3, 0.3)]
    assert result.observations["limit_mg_kg"].tolist() == [0.2, 0.2]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"value": "nan"}, "value missing"),
        ({"value": ""}, "value missing"),
        ({"value": "inf"}, "value is not a number: 'inf'"),
        ({"value": "1e999"}, "value is not a number"),
        ({"value": "high"}, "value is not a number: 'high'"),
        ({"value": "1_000"}, "value is not a number"),
        ({"value": "-5"}, "negative concentration: -5; if the minus marks a non-detect"),
        ({"value": "0"}, "zero without a detection limit"),
        ({"value": "n.d."}, "non-detect without a limit"),
        ({"value": "n.d.", "limit": "0"}, "non-detect without a limit"),
        ({"value": "<0"}, "non-detect without a limit"),
        ({"value": "n.d.", "limit": "low"}, "detection limit is not a number"),
        ({"value": "n.d.", "limit": "-1"}, "detection limit is not a number above zero"),
        ({"value": "<"}, "value is not a number"),
        ({"value": ">0"}, "over range above zero"),
        ({"value": "<0.2", "flag": ">"}, "value and qualifier contradict each other"),
        ({"value": "3", "flag": "R"}, "rejected by its qualifier: 'R'"),
        ({"value": "3", "flag": "?!"}, "unknown qualifier: '?!'"),
        ({"value": "200", "unit": "%"}, "more contaminant than soil"),
    ],
)
def test_what_is_no_value_is_rejected_with_its_reason(
    reason: Callable[..., str], row: dict[str, str], said: str
) -> None:
    """Each bad value has its own reason, which quotes it."""
    assert reason(**row).startswith(said)


def test_units_are_converted_row_by_row(made: Maker) -> None:
    """The same soil in three units is one concentration; limits are converted too."""
    result = made(
        {"value": "181", "unit": "µg/g"},
        {"value": "0.181", "unit": "g/kg"},
        {"value": "<181000", "unit": "ug/kg"},
    )
    assert bounds(result) == [(181.0, 181.0), (181.0, 181.0), (0.0, 181.0)]
    assert result.observations["limit_mg_kg"].iloc[2] == 181.0


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("", "unit missing"),
        ("mg/kf", "unit 'mg/kf' cannot be used"),
        ("mg/L", "unit 'mg/L' cannot be used"),
        ("mg/kg ww", "unit 'mg/kg ww' cannot be used"),
        ("__import__('os')", "unit \"__import__('os')\" cannot be used"),
    ],
)
def test_a_bad_unit_rejects_its_row(reason: Callable[..., str], unit: str, said: str) -> None:
    """Missing, unknown, of something else, wet, or hostile: the row goes, the others stay."""
    assert reason(unit=unit).startswith(said)


def test_own_words_and_flags_are_understood(made: Maker) -> None:
    """A laboratory's own word for a non-detect, and its own flag, come from the mapping."""
    result = made(
        {"value": "spuren", "limit": "0.4"},
        {"value": "7", "flag": "K"},
        nondetect_words=["Spuren"],
        qualifiers={"k": "below"},
    )
    assert bounds(result) == [(0.0, 0.4), (0.0, 7.0)]


@given(st.text(max_size=12), st.sampled_from(["", "<", ">", "U"]), st.sampled_from(["", "0.5"]))
def test_any_text_gives_an_interval_or_a_reason(value: str, flag: str, limit: str) -> None:
    """No text raises, and every interval is one: 0 <= lower <= upper, above zero."""
    read = read_interval(value, qualifier=flag, limit=limit, spelling=Spelling())
    if isinstance(read, Rejection):
        assert read.kind
    else:
        assert isinstance(read, Interval)
        assert 0 <= read.lower <= read.upper
        assert read.upper > 0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_its_spelling(number: float) -> None:
    """What Python writes is read back exactly."""
    assert read_number(repr(number)) == number
