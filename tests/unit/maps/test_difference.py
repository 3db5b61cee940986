"""Differences of two maps, and the causes that make them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely import box

from hotspot.errors import GridError
from hotspot.grid import Grid, Window
from hotspot.maps.causes import DrawnCells, MapState, draw_cells, split_by_cause
from hotspot.maps.decision import DecisionRule, decide
from hotspot.maps.difference import difference_style, hotspot_change, map_difference
from hotspot.maps.statistics import Block

SHAPE = (30, 40)
GRID = Grid.from_region((0, 4000, 0, 3000), 100.0, "EPSG:28992")


def planted(seed: int) -> Block:
    """Return a map with gaps and all three decisions."""
    rng = np.random.default_rng(seed)
    probability = rng.random(SHAPE).astype(np.float32)
    gaps = rng.random(SHAPE) < 0.1
    inside = rng.random(SHAPE) < 0.8
    probability[gaps] = np.nan
    lower = rng.uniform(1, 5, SHAPE).astype(np.float32)
    return {
        "probability": probability,
        "decision": decide(probability, inside, DecisionRule()),
        "lower": lower,
        "upper": lower + rng.uniform(1, 9, SHAPE).astype(np.float32),
    }


def cut(block: Block, size: int) -> list[Block]:
    """Return a map in windows."""
    return [
        {name: values[window.slices] for name, values in block.items()}
        for window in GRID.windows(size)
    ]


def test_the_table_of_decisions_sums_to_the_mapped_area() -> None:
    """Every cell that both maps have stands in the table once."""
    one, two = planted(1), planted(2)
    found = map_difference([one], [two], GRID)
    both = np.isfinite(one["probability"]) & np.isfinite(two["probability"])
    assert found.decisions is not None
    assert found.decisions.sum() == found.cells == both.sum()
    assert found.cells + found.only_first == np.isfinite(one["probability"]).sum()
    assert found.cells + found.only_second == np.isfinite(two["probability"]).sum()
    assert found.area_km2(found.cells) == pytest.approx(both.sum() * 0.01)
    for row in range(3):
        for col in range(3):
            cells = both & (one["decision"] == row) & (two["decision"] == col)
            assert found.decisions[row, col] == cells.sum()


def test_identical_maps_have_no_difference() -> None:
    """All numbers are exactly 0, the widths alike, and no decision changed."""
    one = planted(1)
    found = map_difference([one], [one], GRID)
    assert found.changed_cells == 0
    assert set(found.probability.values()) == {0.0}
    assert found.interval_ratio == 1.0


def test_windows_change_nothing() -> None:
    """Cut in any way, the maps differ by the same."""
    one, two = planted(1), planted(2)
    whole = map_difference([one], [two], GRID)
    parts = map_difference(cut(one, 7), cut(two, 7), GRID)
    np.testing.assert_array_equal(whole.decisions, parts.decisions)
    assert parts.probability == pytest.approx(whole.probability, abs=1e-12)
    assert parts.interval_ratio == pytest.approx(whole.interval_ratio)


def test_quantiles_are_those_of_numpy() -> None:
    """Counted quantiles lie within a step of those of all differences at once."""
    one, two = planted(1), planted(2)
    found = map_difference([one], [two], GRID)
    change = two["probability"].astype(float) - one["probability"]
    change = change[np.isfinite(change)]
    assert found.probability["mean"] == pytest.approx(change.mean(), abs=1e-12)
    assert found.probability["mean_absolute"] == pytest.approx(np.abs(change).mean())
    assert found.probability["notable_share"] == pytest.approx((np.abs(change) >= 0.1).mean())
    for name, share in (("q05", 0.05), ("q50", 0.5), ("q95", 0.95)):
        assert found.probability[name] == pytest.approx(np.quantile(change, share), abs=0.01)


def test_a_planted_width_is_found() -> None:
    """Intervals twice as wide have a ratio of 2."""
    one = planted(1)
    wide = {**one, "upper": one["lower"] + 2 * (one["upper"] - one["lower"])}
    found = map_difference([one], [wide], GRID)
    assert found.interval_ratio == pytest.approx(2.0, rel=1e-6)


def test_maps_without_decisions_or_intervals_have_none() -> None:
    """What one map lacks is None, never 0."""
    one = planted(1)
    found = map_difference([one], [{"probability": one["probability"]}], GRID)
    assert found.decisions is None
    assert found.changed_cells is None
    assert found.interval_ratio is None


def test_a_missing_window_is_refused() -> None:
    """Maps that are not read whole are no comparison."""
    one = planted(1)
    with pytest.raises(GridError, match="hold 49 cells, the grid 1200"):
        map_difference(cut(one, 7)[:1], cut(one, 7)[:1], GRID)


def drawn(most: int, seed: int = 3) -> tuple[DrawnCells, Block]:
    one, two = planted(1), planted(2)
    windows = list(GRID.windows(7))
    found = draw_cells(cut(one, 7), cut(two, 7), GRID, windows=windows, most=most, seed=seed)
    return found, one


def test_drawn_cells_are_cells_of_the_map() -> None:
    """Places and values of a drawn cell belong together, and all cells are drawn if few."""
    found, one = drawn(100)
    rows, cols, inside = GRID.cells(found.coordinates)
    assert inside.all()
    assert len(found) == 100
    assert len(np.unique(rows * SHAPE[1] + cols)) == 100
    np.testing.assert_array_equal(found.first["probability"], one["probability"][rows, cols])
    everything, _ = drawn(10_000)
    assert len(everything) == everything.n_cells == found.n_cells


def test_every_cell_has_the_same_chance_to_be_drawn() -> None:
    """Cells of the last windows are drawn as often as those of the first."""
    counts = np.zeros(SHAPE)
    for seed in range(150):
        rows, cols, _ = GRID.cells(drawn(100, seed)[0].coordinates)
        counts[rows, cols] += 1
    north, south = counts[:15].sum(), counts[15:].sum()
    # 15,000 draws: a share of one half has a standard error of 0.4 %.
    assert abs(north / (north + south) - 0.5) < 0.04


def states(seed: int = 0) -> list[MapState]:
    rng = np.random.default_rng(seed)
    first, other, last = rng.random((3, 500))
    one, two = rng.random((2, 500)) < 0.7
    return [
        MapState("", first, one, DecisionRule(0.9, 0.1)),
        MapState("decision rule", first, one, DecisionRule()),
        MapState("area of applicability", first, two, DecisionRule()),
        MapState("limit", other, two, DecisionRule()),
        MapState("model", last, two, DecisionRule()),
    ]


def share(state: MapState, code: int) -> float:
    return float(np.mean(state.decisions() == code))


def test_steps_sum_to_the_difference() -> None:
    """Net changes of all causes add up to the difference of both maps, for every decision."""
    way = states()
    steps = split_by_cause(way)
    total = float(np.mean(way[-1].probability - way[0].probability))
    assert sum(step.probability for step in steps) == pytest.approx(total, abs=1e-12)
    for code, name in enumerate(("below", "above", "cannot_say")):
        moved = sum(getattr(step, name) for step in steps)
        expected = share(way[-1], code) - share(way[0], code)
        assert moved == pytest.approx(expected, abs=1e-12)


def test_a_cause_that_changes_nothing_is_zero() -> None:
    """Rule and applicability move no probability; a cause without effect moves nothing."""
    way = states()
    steps = split_by_cause([*way, MapState("nothing", *_same(way[-1]))])
    assert [step.probability_absolute for step in steps[:2]] == [0.0, 0.0]
    assert steps[0].changed > 0
    last = steps[-1]
    assert (last.probability, last.changed, last.above, last.below) == (0.0, 0.0, 0.0, 0.0)


def _same(state: MapState) -> tuple[NDArray[np.float64], NDArray[np.bool_], DecisionRule]:
    return state.probability, state.inside, state.rule


def test_a_cell_without_probability_cannot_say() -> None:
    """Ground of a class without samples has data but no answer, as in the maps."""
    state = MapState("", np.array([np.nan, 0.9]), np.ones(2, dtype=bool), DecisionRule())
    assert state.decisions().tolist() == [2, 1]


def test_hotspots_that_touch_at_a_corner_are_not_the_same() -> None:
    """Shared ground makes a hotspot stay; areas lost, gained and kept add up."""
    first = [box(0, 0, 2, 2), box(10, 10, 12, 12)]
    second = [box(2, 2, 4, 4), box(11, 10, 14, 12)]
    found = hotspot_change(first, second, metres_per_unit=10.0)
    assert (found.lost, found.gained, found.kept_of_first, found.kept_of_second) == (1, 1, 1, 1)
    assert found.common_m2 == 200.0
    assert found.lost_m2 + found.common_m2 == 800.0
    assert found.gained_m2 + found.common_m2 == 1000.0


def test_no_hotspot_is_no_change() -> None:
    """Maps without hotspots have none to lose or gain."""
    found = hotspot_change([], [])
    assert (found.lost, found.gained, found.common_m2) == (0, 0, 0.0)
    assert hotspot_change([], [box(0, 0, 1, 1)]).gained == 1


def test_opposite_differences_have_opposite_classes() -> None:
    """The scale is symmetric: what one map has more, the other has less."""
    style = difference_style()
    change = np.array([0.01, 0.05, 0.2, 0.7])
    up, down = style.classify(change), style.classify(-change)
    np.testing.assert_array_equal(up + down, 6)
    assert len({entry.colour for entry in style.classes}) == 7


def test_windows_of_other_shapes_are_refused() -> None:
    """Two cuttings cannot be compared window by window."""
    one = planted(1)
    windows = [Window(0, 0, *SHAPE)]
    with pytest.raises(GridError, match="cannot be compared"):
        draw_cells([one], cut(one, 7)[:1], GRID, windows=windows, most=5, seed=0)
