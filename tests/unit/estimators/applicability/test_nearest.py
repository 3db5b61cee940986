"""Exact search among samples: products and boxes give the bits of SciPy's tree."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from hotspot.estimators.applicability.nearest import NearestSamples
from hotspot.estimators.applicability.nearest_boxes import BoxTree
from hotspot.estimators.applicability.nearest_products import ProductSearch

WAYS = pytest.mark.parametrize("way", [BoxTree, ProductSearch])


def _points(n, d, seed=0, spread=1.0):
    return np.random.default_rng(seed).normal(0, spread, (n, d))


@WAYS
@pytest.mark.parametrize("d", [1, 3, 16, 44])
@pytest.mark.parametrize("n_samples", [1, 8, 9, 700])
def test_the_nearest_is_that_of_scipy(way, d, n_samples):
    """Distances are the same to the last bit, whatever the size and the dimension."""
    samples, points = _points(n_samples, d), _points(300, d, seed=1, spread=1.5)
    found = way.of(samples).distance(points)
    np.testing.assert_array_equal(found, cKDTree(samples).query(points)[0])


@WAYS
@pytest.mark.parametrize("shift", [0.0, 1e6, -3e9])
def test_single_precision_never_decides(way, shift):
    """Far from 0 singles cannot tell samples apart, and the nearest is found all the same."""
    samples, points = _points(400, 5) + shift, _points(200, 5, seed=1) + shift
    tree, plain = way.of(samples), cKDTree(samples)
    np.testing.assert_array_equal(tree.distance(points), plain.query(points)[0])
    counted = plain.query_ball_point(points, 1.2, return_length=True)
    np.testing.assert_array_equal(tree.count(points, 1.2), counted)


@WAYS
def test_an_outlier_does_not_spoil_the_others(way):
    """A sample so far away that single precision is lost beside it changes no answer."""
    samples = np.vstack([_points(300, 6), np.full((1, 6), 1e7)])
    points = _points(200, 6, seed=1)
    np.testing.assert_array_equal(
        way.of(samples).distance(points), cKDTree(samples).query(points)[0]
    )


@WAYS
@pytest.mark.parametrize("radius", [0.0, 0.4, 2.0, 50.0])
def test_as_many_are_near_as_scipy_says(way, radius):
    """Whole boxes are counted where they are inside, and a sample at the radius counts."""
    samples = np.round(_points(600, 4), 1)
    points = np.vstack([samples[:100], _points(200, 4, seed=2)])
    counted = cKDTree(samples).query_ball_point(points, radius, return_length=True)
    np.testing.assert_array_equal(way.of(samples).count(points, radius), counted)


@WAYS
def test_samples_at_one_place_are_each_counted(way):
    """Boxes without an extent are cut by number."""
    samples = np.ones((50, 3))
    tree = way.of(samples)
    np.testing.assert_array_equal(tree.distance(np.array([[1.0, 1, 1], [1, 1, 3]])), [0.0, 2.0])
    np.testing.assert_array_equal(tree.count(np.array([[1.0, 1, 2]]), 1.0), [50.0])


@WAYS
def test_threads_and_order_change_nothing(way):
    """The row before is only where the search begins."""
    samples, points = _points(500, 6), _points(9000, 6, seed=3)
    tree, order = way.of(samples), np.random.default_rng(4).permutation(9000)
    found = tree.distance(points)
    np.testing.assert_array_equal(found[order], tree.distance(points[order], n_threads=3))
    np.testing.assert_array_equal(found, tree.distance(points, n_threads=-1))


def test_few_rows_do_without_what_many_need(monkeypatch):
    """SciPy's tree answers few rows; products and boxes answer many with the same bits."""
    samples, points = _points(300, 8), _points(50, 8, seed=5)
    search = NearestSamples(samples)
    few = search.distance(points), search.count(points, 2.0)
    monkeypatch.setattr("hotspot.estimators.applicability.nearest._FEW", 1)
    many = search.distance(points), search.count(points, 2.0)
    assert "_products" in vars(search)
    monkeypatch.setattr("hotspot.estimators.applicability.nearest._PRODUCTS", 1)
    more = search.distance(points), search.count(points, 2.0)
    assert "_boxes" in vars(search)
    np.testing.assert_array_equal(few, many)
    np.testing.assert_array_equal(few, more)


def _with_classes(n, seed):
    """Four numbers, and indicators of two covariates of 3 and 5 classes between them."""
    draw = np.random.default_rng(seed)
    first, second = draw.integers(0, 3, n), draw.integers(0, 6, n)
    # A class that no sample had when the area was fitted has all indicators 0.
    wide = 2.5 * (second[:, np.newaxis] == np.arange(5)) - 0.4
    return np.column_stack(
        [
            draw.normal(size=(n, 2)),
            0.4 * (first[:, np.newaxis] == np.arange(3)) - 0.3,
            draw.normal(size=(n, 2)),
            wide,
        ]
    )


CLASSES = np.array([2, 3, 4, 7, 8, 9, 10, 11])


@pytest.mark.parametrize("n_samples", [1, 30, 3000])
def test_kinds_change_no_distance_and_no_count(n_samples):
    """Samples of other classes are found where they are nearer than those of the same."""
    samples, points = _with_classes(n_samples, 0), _with_classes(5000, 1)
    tree, plain = BoxTree.of(samples, CLASSES), cKDTree(samples)
    assert n_samples == 1 or len(tree.root) > 10
    distance = tree.distance(points)
    np.testing.assert_array_equal(distance, plain.query(points)[0])
    other = samples[plain.query(points)[1]][:, CLASSES] != points[:, CLASSES]
    assert other.any(axis=1).any()
    counted = plain.query_ball_point(points, 2.8, return_length=True)
    np.testing.assert_array_equal(tree.count(points, 2.8), counted)
    number = np.unique(points[:, CLASSES], axis=0, return_inverse=True)[1].ravel()
    np.testing.assert_array_equal(tree.distance(points, number * 7 - 3), distance)


@pytest.mark.parametrize("columns", [1, 4])
def test_classes_alone_are_searched(columns):
    """Where every column is an indicator, boxes still tell samples from empty places."""
    draw = np.random.default_rng(0)
    samples, points = (0.5 * draw.integers(0, 2, (n, columns)) for n in (155, 3000))
    tree, plain = BoxTree.of(samples, np.arange(columns)), cKDTree(samples)
    np.testing.assert_array_equal(tree.distance(points), plain.query(points)[0])
    counted = plain.query_ball_point(points, 0.6, return_length=True)
    np.testing.assert_array_equal(tree.count(points, 0.6), counted)


def test_samples_are_searched_by_kind_where_it_pays(monkeypatch):
    """Kinds are used where they leave little to look at, and few kinds of points are asked."""
    samples, points = _with_classes(4000, 2), _with_classes(3000, 3)
    kind = np.unique(points[:, CLASSES], axis=0, return_inverse=True)[1].ravel()
    search = NearestSamples(samples, CLASSES)
    plain = search.distance(points)
    assert "_boxes_by_kind" not in vars(search)
    np.testing.assert_array_equal(search.distance(points, kind), plain)
    np.testing.assert_array_equal(search.count(points, 0.7, kind), search.count(points, 0.7))
    assert "_boxes_by_kind" in vars(search)
    monkeypatch.setattr("hotspot.estimators.applicability.nearest._SORTED", 0)
    assert search._search(kind)[0] is search._products
    whole = NearestSamples(samples, np.arange(0))
    assert whole._search(kind)[0] is whole._products


def test_orders_of_kinds_are_not_kept_without_end(monkeypatch):
    """What is kept for further rows is bounded, and thrown away without a trace."""
    samples, points = _with_classes(400, 4), _with_classes(9000, 5)
    # So that each portion of the rows has kinds of its own.
    points = points[np.lexsort(points[:, CLASSES].T)]
    monkeypatch.setattr("hotspot.estimators.applicability.nearest_boxes._MOST_BYTES", 500)
    tree = BoxTree.of(samples, CLASSES)
    np.testing.assert_array_equal(tree.distance(points), cKDTree(samples).query(points)[0])
    assert 0 < len(tree._orders) < len(tree.kinds)
