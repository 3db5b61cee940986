"""Distances, buffers and blocks on the sphere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotspot.errors import FoldError
from hotspot.folds import FoldPlan, Survey, make_plans, separation
from hotspot.folds.geographic import (
    EARTH_RADIUS_M,
    arc_of_chord,
    great_circle_distances,
    on_sphere,
    sphere_block_labels,
)


def _haversine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Great-circle distances between all pairs, by the haversine formula, metres."""
    (lon1, lat1), (lon2, lat2) = np.radians(first).T[:, :, None], np.radians(second).T[:, None]
    a = np.sin((lat2 - lat1) / 2) ** 2
    a = a + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(a, 0, 1)))


def _places(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))]
    )


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_nearest_distances_are_those_of_haversine(seed: int) -> None:
    """The nearest sample on the sphere, over poles and seam, is found with its distance."""
    points, samples = _places(seed, 40), _places(seed + 1, 15)
    expected = _haversine(points, samples).min(axis=1)
    assert great_circle_distances(points, samples) == pytest.approx(expected, rel=1e-7)


def test_a_chord_has_the_length_of_its_arc() -> None:
    """From metres to the antipodes, a chord has one arc."""
    arc = np.array([0.0, 1.0, 1e3, 1e6, np.pi * EARTH_RADIUS_M])
    assert arc_of_chord(
        2 * EARTH_RADIUS_M * np.sin(arc / (2 * EARTH_RADIUS_M))
    ) == pytest.approx(arc, rel=1e-9, abs=1e-6)


def test_swapped_coordinates_are_refused() -> None:
    """A latitude of 120 degrees shows that the columns were swapped."""
    with pytest.raises(FoldError, match=r"1 of 2 latitudes.*such as 120"):
        on_sphere(np.array([[24.0, 60.0], [60.0, 120.0]]))


def test_a_buffer_on_the_sphere_is_in_metres() -> None:
    """At 60 degrees north a degree of longitude is half as long as one of latitude."""
    degrees = np.array([[20.0, 60.0], [21.0, 60.0], [20.0, 61.0], [-170.0, 10.0]])
    names = np.arange(4).astype(str)
    plan = FoldPlan("x", 0, names, np.arange(4), 80_000.0, metric="sphere")
    train, test = next(plan.splits(degrees))
    assert test.tolist() == [0]
    assert train.tolist() == [2, 3]


def test_blocks_have_equal_areas() -> None:
    """Places spread evenly over the globe fill blocks with equal numbers, but for chance."""
    n = 200_000
    label = sphere_block_labels(_places(3, n), 2_000_000.0)
    counts = np.bincount(label)
    expected = n / (4 * np.pi * EARTH_RADIUS_M**2 / 2_000_000.0**2)
    # Five standard deviations of chance and the rounding of the number of columns.
    inner = np.sort(counts)[5:-5]
    assert inner.min() > 0.8 * expected
    assert inner.max() < 1.2 * expected
    assert len(counts) == pytest.approx(n / expected, rel=0.1)


def test_the_seam_of_longitudes_cuts_no_block() -> None:
    """Samples of one region have the same blocks on both sides of the antimeridian."""
    rng = np.random.default_rng(0)
    home = np.column_stack([rng.uniform(10, 20, 80), rng.uniform(50, 58, 80)])
    away = home + np.array([167.0, 0.0])
    away[:, 0] = (away[:, 0] + 180) % 360 - 180
    assert away[:, 0].min() < -170 < 170 < away[:, 0].max()
    spacing = 150_000.0
    sizes = [np.sort(np.bincount(sphere_block_labels(x, spacing))) for x in (home, away)]
    assert sizes[0].tolist() == sizes[1].tolist()


def test_plans_of_degrees_turn_with_the_globe() -> None:
    """A survey carried along its parallel keeps its folds and their W."""
    rng = np.random.default_rng(5)
    centres = np.column_stack([rng.uniform(0, 12, 6), rng.uniform(55, 62, 6)])
    home = centres[np.arange(60) % 6] + rng.normal(0, 0.2, (60, 2))
    cells = np.column_stack([rng.uniform(0, 12, 200), rng.uniform(55, 62, 200)])
    names = np.array([f"s{number:02d}" for number in range(60)])
    turned = np.array([40.0, 0.0])
    plans = []
    for shift in (np.zeros(2), turned):
        survey = Survey(names, home + shift, target=cells + shift, metric="sphere")
        made = make_plans(["block", "knndm", "buffered"], survey, n_splits=4)
        plans.append((made, [separation(p, home + shift, cells + shift) for p in made]))
    (first, w_first), (second, w_second) = plans
    for one, two in zip(first, second, strict=True):
        parts = [{frozenset(np.flatnonzero(p.fold == k)) for k in p.fold} for p in (one, two)]
        assert parts[0] == parts[1]
        assert one.metric == "sphere"
    assert w_first == pytest.approx(w_second, rel=1e-6)
    assert 1_000 < w_first[1] < 500_000
