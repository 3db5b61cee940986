"""The way of water: filled depressions, areas, and lengths along the flow."""

import numpy as np
import pytest

from hotspot.covariates import flow
from hotspot.covariates.flow import (
    downstream_distance,
    outlet_distance,
    route,
    upslope_area,
    upstream_distance,
    wetness,
)
from hotspot.errors import CovariateError


def rough(seed=0, shape=(24, 31), step=None):
    """Return a rough surface with depressions, and with flats where heights are rounded."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape) + np.linspace(0, 3, shape[1])
    if step is not None:
        values = np.round(values / step) * step
    values[8:11, 12:15] = np.nan
    return values


def filled_by_hand(elevation):
    """Return the lowest level over which each cell can spill: repeated until nothing moves."""
    rows, cols = elevation.shape
    edged = np.pad(elevation, 1, constant_values=np.nan)
    level = np.where(np.isnan(edged), -np.inf, np.inf)
    while True:
        around = np.min(
            [level[i : i + rows, j : j + cols] for i in range(3) for j in range(3)], axis=0
        )
        lowered = np.where(np.isnan(elevation), -np.inf, np.maximum(elevation, around))
        if (lowered == level[1:-1, 1:-1]).all():
            return np.where(np.isnan(elevation), np.nan, lowered)
        level[1:-1, 1:-1] = lowered


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("step", [None, 0.5])
def test_depressions_are_filled_to_where_they_spill(seed, step):
    """The filled surface is the lowest from which all water runs off, flats included."""
    elevation = rough(seed, step=step)
    routing = route(elevation, width=10.0, height=10.0)
    np.testing.assert_array_equal(
        routing.filled.reshape(elevation.shape), filled_by_hand(elevation)
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("step", [None, 0.5])
def test_water_runs_down_and_off(seed, step):
    """No cell passes water upwards, and each stands after its receiver: no circles."""
    elevation = rough(seed, step=step)
    routing = route(elevation, width=10.0, height=20.0)
    position = np.full(elevation.size, -1)
    position[routing.order] = np.arange(len(routing.order))
    passes = np.flatnonzero(routing.receiver >= 0)
    to = routing.receiver[passes]
    assert (routing.filled[to] <= routing.filled[passes]).all()
    assert (position[to] < position[passes]).all()
    rows, cols = np.divmod(passes, elevation.shape[1])
    to_rows, to_cols = np.divmod(to, elevation.shape[1])
    assert max(np.abs(rows - to_rows).max(), np.abs(cols - to_cols).max()) == 1


def test_all_the_area_leaves():
    """What drains through the cells where water leaves is the whole area."""
    elevation = rough()
    routing = route(elevation, width=10.0, height=20.0)
    area = upslope_area(routing)
    leaves = routing.order[routing.receiver[routing.order] < 0]
    assert area.ravel()[leaves].sum() == pytest.approx(200.0 * len(routing.order))
    assert np.nanmin(area) == 200.0
    np.testing.assert_array_equal(np.isnan(area), np.isnan(elevation))


def test_valley_gathers_its_slopes():
    """Two slopes to a channel: each row adds its cells, and the channel carries them all."""
    cols = np.abs(np.arange(5) - 2)
    elevation = 10.0 * cols[np.newaxis] + 2.0 * np.arange(4)[::-1, np.newaxis]
    area = upslope_area(route(elevation, width=1.0, height=1.0))
    # Water leaves at the edge, so that the outermost cells keep what falls on them; the
    # channel begins with the first row.
    np.testing.assert_array_equal(area[:, 2].argmax(), 3)
    assert area[3, 2] == area.max()
    assert (np.diff(area[:, 2]) > 0).all()


def test_way_to_the_edge_on_a_slope():
    """On a plane that falls to the west the way out is the way west, 10 m per cell."""
    elevation = np.tile(np.arange(6.0), (5, 1))
    distance = outlet_distance(route(elevation, width=10.0, height=10.0))
    np.testing.assert_allclose(distance, np.tile(10.0 * np.arange(6), (5, 1)))


def test_way_of_a_diagonal_counts_its_length():
    """Steps over the corner are longer than those over an edge."""
    rows, cols = np.mgrid[0:5, 0:5]
    routing = route((rows + cols).astype(float), width=3.0, height=4.0)
    distance = outlet_distance(routing)
    # From (3, 3) over the diagonal to (0, 0).
    assert distance[3, 3] == pytest.approx(15.0)


def test_downstream_of_a_mine_and_upstream_of_a_river():
    """Below the mine the way grows; above the river it is the way down; else there is none."""
    elevation = np.tile(np.arange(7.0), (5, 1))
    routing = route(elevation, width=10.0, height=10.0)
    marked = np.zeros((5, 7), dtype=bool)
    marked[2, 4] = True
    down, up = downstream_distance(routing, marked), upstream_distance(routing, marked)
    np.testing.assert_array_equal(down[2], [40, 30, 20, 10, 0, np.inf, np.inf])
    np.testing.assert_array_equal(up[2], [np.inf] * 4 + [0, 10, 20])
    assert np.isinf(down[[0, 1, 3, 4]]).all()
    assert np.isinf(up[[0, 1, 3, 4]]).all()


@pytest.mark.parametrize("seed", range(3))
def test_both_directions_are_one_way(seed):
    """The way down from a cell to a mark is the way from the cell, marked, down to there."""
    routing = route(rough(seed), width=10.0, height=20.0)
    rng = np.random.default_rng(seed)
    for start, end in rng.choice(routing.order, (40, 2)):
        at = np.zeros(routing.shape, dtype=bool)
        at.flat[end] = True
        there = upstream_distance(routing, at).flat[start]
        at[:] = False
        at.flat[start] = True
        assert downstream_distance(routing, at).flat[end] == pytest.approx(there)


def test_wetness_grows_with_area_and_falls_with_slope():
    """ln(a / tan b), with level ground held to a slope of 0.001."""
    found = wetness(np.array([100.0, 100.0, 1000.0]), np.array([0.1, 0.0, 0.1]), 10.0, 10.0)
    np.testing.assert_allclose(found, np.log([100.0, 10_000.0, 1000.0]))


def test_too_large_or_empty_models_are_refused(monkeypatch):
    """The memory bound is said with the size asked for; no elevation is an error."""
    with pytest.raises(CovariateError, match="has an elevation"):
        route(np.full((3, 3), np.nan), width=1.0, height=1.0)
    monkeypatch.setattr(flow, "MOST_CELLS", 8)
    with pytest.raises(CovariateError, match="3 x 3 = 9 cells, and 8 fit the memory"):
        route(np.ones((3, 3)), width=1.0, height=1.0)
