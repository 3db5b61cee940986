"""The ledger adds up, or there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspot.errors import HotspotError
from hotspot.observations import Ledger, Step


@pytest.mark.parametrize(
    "steps",
    [
        (Step("a", 5, 3, {"x": 1}),),
        (Step("a", 5, 5, {"x": 1}),),
        (Step("a", 5, 4, {"x": 2, "y": -1}),),
        (Step("a", 5, 4, {"x": 1}), Step("b", 5, 5)),
    ],
    ids=["a row lost", "a row too many", "a negative count", "steps that do not meet"],
)
def test_counts_that_do_not_add_up_are_refused(steps: tuple[Step, ...]) -> None:
    """A ledger that loses a row cannot be made."""
    with pytest.raises(HotspotError, match="does not add up"):
        Ledger(steps)


@given(st.lists(st.lists(st.sampled_from(["x", "y", "z"]), max_size=5), max_size=5))
def test_rows_in_are_rows_out_and_reasons(drops: list[list[str]]) -> None:
    """Over any steps, and through JSON and back."""
    ledger, left = Ledger(), 100
    for place, reasons in enumerate(drops):
        ledger = ledger.then(f"step {place}", left, reasons)
        left -= len(reasons)
    assert ledger.adds_up()
    assert ledger.rows_in == (100 if drops else 0)
    assert ledger.rows_in - ledger.rows_out == sum(ledger.reasons().values())
    assert Ledger.from_dict(ledger.to_dict()) == ledger


def test_the_commonest_reason_stands_first() -> None:
    """Ties in the order of the alphabet, so that the file never changes by itself."""
    ledger = Ledger().then("a", 9, ["z", "b", "c", "c"])
    assert list(ledger.reasons().items()) == [("c", 2), ("b", 1), ("z", 1)]
