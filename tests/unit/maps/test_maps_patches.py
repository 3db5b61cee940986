"""Hotspots found window by window are those of the whole map."""

import json
from collections import defaultdict

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from rasterio.features import shapes
from scipy import ndimage
from scipy.stats import false_discovery_control, norm
from shapely.geometry import MultiPolygon, shape

from hotspot.covariates.catalogue import Covariate, Kind, Role
from hotspot.errors import ConfigError
from hotspot.grid import Grid
from hotspot.maps.clusters import false_discovery_cut, getis_ord
from hotspot.maps.hotspot_cells import HotspotBlock, coarse_log_odds, top_share_cut
from hotspot.maps.hotspot_rules import ClusterRule, HotspotRule, TopShareRule
from hotspot.maps.hotspots import trace_hotspots

LAND_USE = Covariate(
    "cover", "class", Kind.CATEGORICAL, Role.LAND_USE, classes=((1, "arable"), (2, "forest"))
)


def grid_of(array):
    """Return a grid whose corners are no round numbers."""
    return Grid("EPSG:28992", Affine(25.1, 0, 178_000.3, 0, -24.7, 333_000.9), array.shape)


def blocks_of(probability, size, applicable=None, codes=None):
    """Return the passes over a map in windows of a size."""

    def blocks():
        for window in grid_of(probability).windows(size):
            yield HotspotBlock(
                window,
                probability[window.slices],
                None if applicable is None else applicable[window.slices],
                None if codes is None else codes[window.slices],
            )

    return blocks


def traced(probability, size, rule=None, *, applicable=None, codes=None):
    """Return the hotspots of a map in windows of a size."""
    return trace_hotspots(
        blocks_of(probability, size, applicable, codes),
        grid=grid_of(probability),
        rule=rule or HotspotRule(0.5),
        contaminant="zn",
        threshold_id="t",
        land_use=None if codes is None else LAND_USE,
    )


def whole_array_shapes(probability, cut=0.5):
    """Return the polygons that labelling and tracing the whole array at once give."""
    labels, count = ndimage.label(np.float32(probability) >= np.float32(cut), np.ones((3, 3)))
    parts = defaultdict(list)
    for geometry, label in shapes(
        labels.astype(np.int32),
        mask=labels > 0,
        connectivity=4,
        transform=grid_of(probability).transform,
    ):
        parts[int(label)].append(shape(geometry))
    return [MultiPolygon(parts[label]) for label in range(1, count + 1)]


def assert_same(found, expected):
    """Both are the same set of shapes, each once."""
    assert len(found) == len(expected)
    remaining = shapely.normalize(np.array(expected, dtype=object))
    for polygon in found:
        same = shapely.equals(remaining, polygon)
        assert same.sum() == 1
        remaining = remaining[~same]


def spiral(size):
    """Return a spiral one cell wide, which crosses every window many times."""
    cells = np.zeros((size, size))
    row = col = 0
    step = (0, 1)
    cells[0, 0] = 1
    while True:
        ahead = (row + step[0], col + step[1])
        beyond = (row + 2 * step[0], col + 2 * step[1])

        def free(place):
            inside = 0 <= place[0] < size and 0 <= place[1] < size
            return not inside or cells[place] == 0

        if not (0 <= ahead[0] < size and 0 <= ahead[1] < size) or not free(beyond):
            step = (step[1], -step[0])
            ahead = (row + step[0], col + step[1])
            beyond = (row + 2 * step[0], col + 2 * step[1])
            if not free(beyond) or not free(ahead):
                return cells
        row, col = ahead
        cells[ahead] = 1


def rings(size):
    """Return frames within frames: holes with islands in them."""
    place = np.minimum.outer(*2 * [np.minimum(np.arange(size), np.arange(size)[::-1])])
    return (place % 2 == 0).astype(float)


def chequers(size):
    """Return a board on which every cell meets its like at corners only."""
    return (np.add.outer(np.arange(size), np.arange(size)) % 2).astype(float)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 64])
@pytest.mark.parametrize(
    "cells", [spiral(19), rings(17), chequers(11), np.ones((9, 13)), np.eye(12)]
)
def test_shapes_that_cross_windows_are_those_of_the_whole(cells, size):
    """Spirals, holes with islands, and patches joined by corners are put together."""
    found = traced(cells, size)
    assert_same(found.geometry, whole_array_shapes(cells))
    assert found.geometry.is_valid.all()
    np.testing.assert_allclose(found.geometry.area, found["area_m2"])


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)),
    st.integers(1, 7),
)
def test_windows_change_no_hotspot(cells, size):
    """Any pattern, cut in any windows, has the table of the whole, to the last bit."""
    chance = np.where(cells, np.random.default_rng(1).uniform(0.5, 1, cells.shape), 0.1)
    whole, cut = traced(chance, 64), traced(chance, size)
    assert_same(cut.geometry, whole_array_shapes(chance))
    assert [g.wkb for g in cut.geometry] == [g.wkb for g in whole.geometry]
    for name in whole.columns.drop("geometry"):
        assert cut[name].tolist() == whole[name].tolist()


def test_numbers_are_those_of_the_cells():
    """Count, mean and maximum are those of a labelled array, whatever the windows."""
    rng = np.random.default_rng(5)
    probability = ndimage.gaussian_filter(rng.uniform(size=(70, 90)), 2)
    probability = (probability - probability.min()) / np.ptp(probability)
    found = traced(probability.astype(np.float32), 16, HotspotRule(0.6))
    labels, count = ndimage.label(probability.astype("f4") >= np.float32(0.6), np.ones((3, 3)))
    index = np.arange(1, count + 1)
    chance = probability.astype("f4").astype(float)
    np.testing.assert_array_equal(
        np.sort(found["n_cells"]), np.sort(ndimage.sum_labels(labels > 0, labels, index))
    )
    totals = np.sort(ndimage.sum_labels(chance, labels, index))[::-1]
    np.testing.assert_allclose(found["mean_probability"] * found["n_cells"], totals, rtol=1e-8)
    np.testing.assert_array_equal(
        np.sort(found["max_probability"]), np.sort(ndimage.maximum(chance, labels, index))
    )
    assert found["rank"].tolist() == list(range(1, count + 1))
    np.testing.assert_allclose(found["area_km2"], found["area_m2"] / 1e6)


def test_a_patch_is_small_only_as_a_whole():
    """A thin patch with one cell in each window is kept for its whole area."""
    cells = np.zeros((3, 30))
    cells[1] = 0.9
    cells[0, 0] = cells[2, 20] = 0.9
    rule = HotspotRule(0.5, minimum_area_m2=30 * 25.1 * 24.7)
    assert traced(cells, 1, rule)["n_cells"].tolist() == [32]
    rule = HotspotRule(0.5, minimum_area_m2=33 * 25.1 * 24.7)
    assert len(traced(cells, 1, rule)) == 0


@pytest.mark.parametrize("size", [2, 64])
def test_land_use_of_a_hotspot_is_counted_by_cell(size):
    """The commonest class by name, and the shares of all, over all windows."""
    probability = np.full((4, 6), 0.9)
    probability[:, 4] = 0.1
    codes = np.ones((4, 6))
    codes[0, :4] = 2
    codes[1, 0] = np.nan
    codes[3, 5] = 7
    found = traced(probability, size, codes=codes)
    assert found["land_use"].tolist() == ["arable", "arable"]
    np.testing.assert_allclose(found["land_use_share"], [11 / 15, 3 / 4])
    assert json.loads(found["land_use_shares"][0]) == {"arable": 0.7333, "forest": 0.2667}
    assert json.loads(found["land_use_shares"][1]) == {"arable": 0.75, "7": 0.25}


@pytest.mark.parametrize("share", [0.001, 0.05, 0.37, 0.999])
def test_the_top_share_is_exact(share):
    """As many cells as fit into the share, and they are the highest."""
    rng = np.random.default_rng(3)
    probability = rng.beta(0.3, 2, (61, 47)).astype(np.float32)
    probability[:5] = np.nan
    applicable = rng.uniform(size=probability.shape) < 0.7
    cut = top_share_cut(blocks_of(probability, 13, applicable), share)
    inside = probability[applicable & ~np.isnan(probability)]
    most = int(share * len(inside))
    assert (inside >= cut).sum() == most
    if most:
        assert inside[inside >= cut].min() == np.sort(inside)[::-1][most - 1]
    found = traced(probability, 13, TopShareRule(share), applicable=applicable)
    assert found["n_cells"].sum() == most


def test_equal_cells_are_never_split():
    """A map of one probability has no top share, and ties do not exceed it."""
    assert len(traced(np.full((9, 9), 0.7), 4, TopShareRule(0.5))) == 0
    levels = np.repeat([0.0, 0.2, 0.9], 4).reshape(3, 4)
    assert traced(levels, 2, TopShareRule(0.5))["n_cells"].tolist() == [4]


def test_gi_star_is_the_formula():
    """Sums and standardisation equal those written out cell by cell."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(8, 9))
    values[2, 3] = values[7, 8] = np.nan
    known = values[np.isfinite(values)]
    n, mean, spread = len(known), known.mean(), known.std()
    found = getis_ord(values, (1, 2))
    for row in range(8):
        for col in range(9):
            near = values[max(0, row - 1) : row + 2, max(0, col - 2) : col + 3]
            near = near[np.isfinite(near)]
            w = len(near)
            scale = spread * np.sqrt((n * w - w**2) / (n - 1))
            expected = (near.sum() - mean * w) / scale
            if np.isfinite(values[row, col]):
                assert found[row, col] == pytest.approx(expected, abs=1e-9)
            else:
                assert np.isnan(found[row, col])


def test_the_cut_of_false_discoveries_is_that_of_another_program():
    """What is at or below the cut is what SciPy's adjusted p-values call a finding."""
    rng = np.random.default_rng(4)
    for _ in range(50):
        p = np.r_[rng.uniform(size=40), rng.uniform(0, 0.02, 10)]
        expected = false_discovery_control(p) <= 0.05
        np.testing.assert_array_equal(p <= false_discovery_cut(p, 0.05), expected)


def test_noise_has_few_clusters_and_a_planted_one_is_found():
    """Of maps without a cluster, at most the rate has one; a raised square is found."""
    rng = np.random.default_rng(6)
    rule = ClusterRule(rate=0.05, radius_m=60.0)
    alarms = 0
    for _ in range(60):
        chance = norm.cdf(rng.normal(size=(40, 40)))
        alarms += len(traced(chance, 16, rule)) > 0
    # With no true cluster the rate bounds the share of maps with any: 3 expected, 9 is three
    # standard errors away.
    assert alarms <= 9
    chance[10:20, 12:22] = norm.cdf(rng.normal(1.5, 1, (10, 10)))
    found = traced(chance, 16, rule)
    centre = shapely.Point(*grid_of(chance).centres(np.array([15]), np.array([17]))[0])
    assert found.geometry.iloc[0].contains(centre)
    assert found["n_cells"].iloc[0] > 80


def test_clusters_do_not_depend_on_windows():
    """Coarse cells that windows cut through have the mean of the whole."""
    rng = np.random.default_rng(8)
    chance = ndimage.gaussian_filter(rng.uniform(size=(50, 70)), 3)
    chance[20:24, 30:34] = np.nan
    whole = coarse_log_odds(blocks_of(chance, 64), chance.shape, 4)
    cut = coarse_log_odds(blocks_of(chance, 7), chance.shape, 4)
    np.testing.assert_array_equal(whole, cut)
    odds = np.log(chance / (1 - chance))
    assert whole[0, 0] == pytest.approx(odds[:4, :4].mean(), abs=1e-6)
    assert np.isnan(whole[5, 8]) == np.isnan(odds[20:24, 32:36]).all()
    rule = ClusterRule(radius_m=400.0)
    one, two = traced(chance, 64, rule), traced(chance, 7, rule)
    assert [g.wkb for g in one.geometry] == [g.wkb for g in two.geometry]
    assert len(one) > 0


def test_a_map_without_data_has_no_hotspot():
    """Every rule gives an empty table."""
    empty = np.full((5, 6), np.nan)
    for rule in (HotspotRule(), TopShareRule(), ClusterRule()):
        assert len(traced(empty, 3, rule)) == 0


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (TopShareRule, {"share": 1.0}),
        (TopShareRule, {"minimum_area_m2": -1.0}),
        (ClusterRule, {"rate": 0.0}),
        (ClusterRule, {"radius_m": np.inf}),
    ],
)
def test_other_rules_out_of_range_are_refused(rule, values):
    """A rule names the keys to set."""
    with pytest.raises(ConfigError, match=r"predict\.hotspots"):
        rule(**values)
