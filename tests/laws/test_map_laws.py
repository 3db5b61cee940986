"""Laws of maps: decisions are ordered, hotspots add up to their cells."""

import numpy as np
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hotspot.grid import Grid
from hotspot.maps.decision import Decision, DecisionRule, decide
from hotspot.maps.hotspot_rules import HotspotRule
from hotspot.maps.hotspots import find_hotspots
from hotspot.maps.statistics import raster_statistics

PROBABILITY = st.floats(0, 1)
MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))


@st.composite
def rules(draw):
    """Any valid rule."""
    low, high = sorted(
        draw(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=2, unique=True))
    )
    return DecisionRule(above=high, below=low)


def _grid(shape):
    return Grid("EPSG:28992", Affine(30, 0, 1000, 0, -20, 9000), shape)


@given(PROBABILITY, PROBABILITY, rules())
def test_raising_the_probability_never_moves_from_above_to_below(one, other, rule):
    """Ordered below, cannot say, above, the decision never falls as P rises."""
    order = {Decision.BELOW: 0, Decision.CANNOT_SAY: 1, Decision.ABOVE: 2}
    low, high = decide(sorted([one, other]), [True, True], rule)
    assert order[Decision(low)] <= order[Decision(high)]


@given(PROBABILITY, rules())
def test_outside_the_area_of_applicability_nothing_can_be_said(probability, rule):
    """No probability gives an answer where no sample resembles the place."""
    assert decide([probability], [False], rule).tolist() == [Decision.CANNOT_SAY]


@given(PROBABILITY, rules())
def test_the_stored_probability_gives_the_stored_decision(probability, rule):
    """Rounding to float32, as the raster does, changes no decision."""
    stored = np.array([probability], dtype=np.float32)
    assert decide(stored, [True], rule) == decide([probability], [True], rule)


@settings(deadline=None, max_examples=150)
@given(MASKS)
def test_polygons_are_valid_and_cover_their_cells(cells):
    """Together and each, polygons have the area of their cells, whatever the pattern."""
    grid = _grid(cells.shape)
    found = find_hotspots(
        np.where(cells, 0.9, 0.1),
        None,
        grid=grid,
        rule=HotspotRule(0.8),
        contaminant="zn",
        threshold_id="t",
    )
    assert found.geometry.is_valid.all()
    np.testing.assert_allclose(found.geometry.area, found["n_cells"] * 600.0)
    assert found["n_cells"].sum() == cells.sum()
    # Hotspots that touch would be one.
    if len(found) > 1:
        first, rest = found.geometry.iloc[0], found.geometry.iloc[1:]
        assert rest.distance(first).min() > 0


@settings(deadline=None)
@given(MASKS)
def test_hotspots_cover_the_cells_above_and_no_other(cells):
    """Cell centres inside a polygon are exactly the cells above the cut."""
    import shapely

    grid = _grid(cells.shape)
    found = find_hotspots(
        np.where(cells, 0.9, np.nan),
        None,
        grid=grid,
        rule=HotspotRule(0.8),
        contaminant="zn",
        threshold_id="t",
    )
    rows, cols = np.indices(cells.shape)
    centres = shapely.points(grid.centres(rows.ravel(), cols.ravel()))
    inside = shapely.contains(shapely.union_all(found.geometry.to_numpy()), centres)
    np.testing.assert_array_equal(inside.reshape(cells.shape), cells)


@given(
    arrays(np.float32, 40, elements=st.floats(-100, 100, width=32)),
    st.integers(1, 39),
)
def test_statistics_do_not_depend_on_the_windows(values, cut):
    """Cut in two anywhere, a raster has the statistics of the whole."""
    parts = raster_statistics([values[:cut], values[cut:]])
    whole = values.astype(np.float64)
    np.testing.assert_allclose(
        [parts.minimum, parts.maximum, parts.mean, parts.stddev],
        [whole.min(), whole.max(), whole.mean(), whole.std()],
        atol=1e-9,
    )
