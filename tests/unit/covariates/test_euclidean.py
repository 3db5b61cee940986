"""Exact distances between cells, whole and strip by strip."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from hotspot.covariates import euclidean
from hotspot.covariates.euclidean import StripDistance, cell_distance
from hotspot.errors import CovariateError


def marks(shape, share, seed=0):
    marked = np.random.default_rng(seed).random(shape) < share
    marked[shape[0] // 2, shape[1] // 3] = True
    return marked


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (37, 53), (120, 90)])
@pytest.mark.parametrize("share", [0.0, 0.002, 0.3, 1.0])
@pytest.mark.parametrize("sides", [(1.0, 1.0), (25.0, 40.0), (0.001, 7.0)])
def test_distance_is_that_of_scipy(shape, share, sides):
    """The same numbers to 1e-9, for few and many marked cells and for cells of any shape."""
    marked = marks(shape, share)
    expected = distance_transform_edt(~marked, sampling=sides[::-1])
    np.testing.assert_allclose(cell_distance(marked, sides), expected, rtol=1e-12, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 40),
    cols=st.integers(1, 12),
    seed=st.integers(0, 999),
    height=st.integers(1, 41),
)
def test_strips_give_the_whole_to_the_last_bit(rows, cols, seed, height):
    """Whatever the height of the strips, no bit of the result changes."""
    marked = marks((rows, cols), 0.05, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(euclidean, "_STRIP_CELLS", height * cols)
        strips = StripDistance(
            (rows, cols), lambda window: marked[window.slices], resolution=(3.0, 2.0)
        )
        found = np.vstack([strips.read(window) for window in strips.strips()])
    np.testing.assert_array_equal(found, cell_distance(marked, (3.0, 2.0)))


def test_nothing_marked_is_infinitely_far_or_refused():
    """The bare transform says infinity; a covariate of it is an error that names the key."""
    nothing = np.zeros((3, 4), dtype=bool)
    assert np.isinf(cell_distance(nothing, (1.0, 1.0))).all()
    with pytest.raises(CovariateError, match="Check the codes with `of`"):
        StripDistance((3, 4), lambda window: nothing[window.slices], resolution=(1.0, 1.0))
