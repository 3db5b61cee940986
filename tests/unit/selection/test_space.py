"""The search space as values."""

import pytest

from hotspot.errors import ConfigError
from hotspot.selection import SearchSpace

SPACE = SearchSpace.from_dict(
    {
        "rate": {"kind": "float", "low": 0.01, "high": 1.0, "log": True, "choices": None},
        "leaves": {"kind": "int", "low": 2, "high": 12},
        "members": {"kind": "categorical", "choices": [None, ["a", "b"]], "low": None},
    }
)


def test_distance_counts_factors_where_log_is_asked() -> None:
    """0.01 to 0.1 is as far as 0.1 to 1: half the range each; a choice is the whole of it."""
    start = {"rate": 0.1, "leaves": 2, "members": None}
    assert SPACE.distance(start, start | {"rate": 0.01}) == pytest.approx(0.5)
    assert SPACE.distance(start, start | {"rate": 1.0}) == pytest.approx(0.5)
    assert SPACE.distance(start, start | {"leaves": 7}) == pytest.approx(0.5)
    assert SPACE.distance(start, start | {"members": ["a", "b"]}) == 1.0


def test_numbers_are_told_with_three_digits_inside_the_range() -> None:
    """A setting can be typed, and rounding does not leave the range."""
    rounded = SPACE.rounded({"rate": 0.0123456, "leaves": 11, "members": None})
    assert rounded == {"rate": 0.0123, "leaves": 11, "members": None}
    narrow = SearchSpace.from_dict({"a": {"kind": "float", "low": 0.10049, "high": 0.5}})
    assert narrow.rounded({"a": 0.10049}) == {"a": 0.10049}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"rate": 2.0}, r"model.rate=2.0: .*0.01 to 1.*tune.spaces"),
        ({"leaves": 1}, r"model.leaves=1: .*2 to 12"),
        ({"members": ["b"]}, r"model.members=.*choices"),
        ({"rate": None}, "model.rate=None"),
        ({"leaves": True}, "model.leaves=True"),
    ],
)
def test_a_start_outside_is_refused(change: dict[str, object], text: str) -> None:
    """The search begins at the model's own values, so they must lie inside."""
    with pytest.raises(ConfigError, match=text):
        SPACE.check({"rate": 0.1, "leaves": 2, "members": None} | change)


def test_every_setting_of_a_finite_space() -> None:
    """All combinations, each once; a space with a float has no end."""
    finite = SearchSpace(SPACE.parameters[1:])
    every = finite.every(22)
    assert every is not None
    assert len(every) == 22
    assert len({str(each) for each in every}) == 22
    assert finite.every(21) is None
    assert SPACE.every(10**9) is None
