"""Slope, aspect and curvature of surfaces of which they are known."""

import numpy as np
import pytest

from hotspot.covariates.terrain import derive_surface

SURFACES = ("slope", "northness", "eastness", "profile_curvature", "plan_curvature")


def surface(function, width=10.0, height=20.0, shape=(12, 15)):
    """Return elevations of a function of easting and northing."""
    rows, cols = np.mgrid[0 : shape[0], 0 : shape[1]]
    return function(cols * width, -rows * height)


@pytest.mark.parametrize("direction", [0.0, 30.0, 135.0, 250.0])
def test_plane_has_one_slope_and_aspect_up_to_its_edge(direction):
    """A plane that falls in a direction: its slope, cosine and sine of it, no curvature."""
    fall = np.tan(np.radians(12.0))
    east, north = np.sin(np.radians(direction)), np.cos(np.radians(direction))
    plane = surface(lambda e, n: 100 - fall * (e * east + n * north))
    edged = np.pad(plane, 1, constant_values=np.nan)
    found = {name: derive_surface(edged, name, width=10.0, height=20.0) for name in SURFACES}
    np.testing.assert_allclose(found["slope"], 12.0, rtol=1e-9)
    np.testing.assert_allclose(found["northness"], north, atol=1e-9)
    np.testing.assert_allclose(found["eastness"], east, atol=1e-9)
    np.testing.assert_allclose(found["profile_curvature"], 0.0, atol=1e-12)
    np.testing.assert_allclose(found["plan_curvature"], 0.0, atol=1e-12)


def test_dome_curves_by_one_over_its_radius():
    """A parabolic dome has the curvature 1/R down the slope and across it; a bowl -1/R."""
    radius = 500.0
    dome = surface(lambda e, n: -((e - 65) ** 2 + (n + 105) ** 2) / (2 * radius))
    for name in ("profile_curvature", "plan_curvature"):
        found = derive_surface(dome, name, width=10.0, height=20.0)
        np.testing.assert_allclose(found, 1 / radius, rtol=1e-9)
        np.testing.assert_allclose(
            derive_surface(-dome, name, width=10.0, height=20.0), -1 / radius, rtol=1e-9
        )


def test_trough_and_ridge_are_told_apart():
    """A valley that runs downhill curves across the slope and not down it."""
    valley = surface(lambda e, n: 0.1 * n + (e - 70) ** 2 / 1000)
    middle = 6
    plan = derive_surface(valley, "plan_curvature", width=10.0, height=20.0)
    profile = derive_surface(valley, "profile_curvature", width=10.0, height=20.0)
    np.testing.assert_allclose(plan[:, middle], -1 / 500, rtol=1e-9)
    np.testing.assert_allclose(profile[:, middle], 0.0, atol=1e-12)


def test_level_ground_has_no_direction_and_missing_stays_missing():
    """Level: 0 in all; a missing cell has no value, and its neighbours keep theirs."""
    level = np.full((7, 7), 3.0)
    level[3, 3] = np.nan
    for name in SURFACES:
        found = derive_surface(level, name, width=1.0, height=1.0)
        assert np.isnan(found[2, 2])
        assert (found[~np.isnan(found)] == 0).all()
        assert np.isnan(found).sum() == 1


@pytest.mark.parametrize("name", SURFACES)
def test_cells_know_only_their_neighbours(name):
    """A window grown by one cell gives what the whole gives, to the last bit."""
    values = np.random.default_rng(0).normal(size=(20, 22))
    values[5, 5:9] = np.nan
    whole = derive_surface(values, name, width=3.0, height=2.0)
    part = derive_surface(values[4:11, 2:13], name, width=3.0, height=2.0)
    np.testing.assert_array_equal(part, whole[4:9, 2:11])
