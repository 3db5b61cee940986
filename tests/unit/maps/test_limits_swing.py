"""Where the answer depends on the jurisdiction."""

import numpy as np
import pytest

from hotspot.errors import GridError
from hotspot.grid import Grid
from hotspot.maps.decision import Decision
from hotspot.maps.swing import Swing, SwingTally, swing_codes, swing_style

GRID = Grid.from_region((0, 4000, 0, 3000), 1000, "EPSG:28992")
RANDOM = np.random.default_rng(5)
DECISIONS = RANDOM.choice([0, 1, 2], size=(3, 3, 4)).astype(np.uint8)
DECISIONS[:, 0, 0] = Decision.NO_DATA


def test_one_above_and_one_below_are_enough() -> None:
    """Whatever a third cannot say; and one that cannot say spoils 'all'."""
    below, above, unknown = Decision.BELOW, Decision.ABOVE, Decision.CANNOT_SAY
    cases = {
        (below, below, below): Swing.ALL_BELOW,
        (above, above, above): Swing.ALL_ABOVE,
        (above, below, unknown): Swing.DEPENDS,
        (above, above, unknown): Swing.CANNOT_SAY,
        (below, unknown, unknown): Swing.CANNOT_SAY,
        (Decision.NO_DATA,) * 3: Swing.NO_DATA,
    }
    table = np.array(list(cases), dtype=np.uint8).T
    assert swing_codes(table).tolist() == list(cases.values())


def test_the_order_of_regimes_changes_nothing() -> None:
    """The map is about the set of laws."""
    np.testing.assert_array_equal(swing_codes(DECISIONS), swing_codes(DECISIONS[::-1]))


def test_areas_are_counted_window_by_window() -> None:
    """Two windows give what one gives; classes fill the cells with data."""
    codes = swing_codes(DECISIONS)
    whole, parts = (SwingTally(("a", "b", "c"), GRID) for _ in range(2))
    whole.add(DECISIONS, codes)
    for rows in (slice(0, 1), slice(1, 3)):
        parts.add(DECISIONS[:, rows], codes[rows])
    assert whole.result().to_dict() == parts.result().to_dict()
    table = whole.result()
    assert sum(row["cells"] for row in table.class_rows()) == 11
    assert sum(row["share"] for row in table.class_rows()) == pytest.approx(1)
    for row in table.pair_rows():
        one, two = ("abc".index(row[key]) for key in ("first", "second"))
        apart = (DECISIONS[one] == 1) & (DECISIONS[two] == 0)
        assert row["first_above_second_below_km2"] == apart.sum()
        decided = (DECISIONS[one] < 2) & (DECISIONS[two] < 2)
        assert row["both_decided_km2"] == decided.sum()
    sums = [
        row["first_above_second_below_km2"] + row["first_below_second_above_km2"]
        for row in table.pair_rows()
    ]
    assert sums == sorted(sums, reverse=True)


def test_areas_need_metres() -> None:
    """Degrees have no common area."""
    with pytest.raises(GridError, match="projected CRS"):
        SwingTally(("a", "b"), Grid.from_region((0, 1, 0, 1), 0.1, "EPSG:4326"))


def test_the_legend_has_every_class() -> None:
    """One colour each, far apart in lightness or hue."""
    style = swing_style()
    assert [entry.code for entry in style.classes] == [0, 1, 2, 3]
    assert len({entry.colour for entry in style.classes}) == 4
    assert style.gdal_colours()[255] == (0, 0, 0, 0)
