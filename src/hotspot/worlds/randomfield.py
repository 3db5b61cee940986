"""Gaussian random fields on a grid, exact and quick, by circulant embedding."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from hotspot.errors import ConfigError
from hotspot.worlds.bounds import check_between, check_choice

# Distance, in length scales, at which the correlation has fallen to 0.05: roots of
# exp(-x), (1 + x) exp(-x) and (1 + x + x²/3) exp(-x) at that height.
_PRACTICAL = {0.5: 2.995732273554, 1.5: 4.743864518391, 2.5: 5.918649346310}

# The torus grows until the embedding is exact, up to this many cells (130 MB).
_MOST_CELLS = 2**24
# A share of the variance that may be lost to negative eigenvalues of the embedding: far less
# than a field that short of its own range tells about its variance.
_LARGEST_LOSS = 0.02


def correlation(
    distance_m: NDArray[np.float64], range_m: float, smoothness: float = 0.5
) -> NDArray[np.float64]:
    """Return the Matérn correlation at distances.

    Parameters
    ----------
    distance_m : array, m
        0 or above.
    range_m : float, m
        The practical range, at which the correlation has fallen to 0.05.
    smoothness : {0.5, 1.5, 2.5}
        Matérn parameter.

    Examples
    --------
    >>> correlation(np.array([0.0, 1000.0]), 1000.0, 1.5).round(3)
    array([1.  , 0.05])
    """
    check_choice("smoothness", smoothness, tuple(_PRACTICAL))
    scaled = np.asarray(distance_m, dtype=np.float64) * (_PRACTICAL[smoothness] / range_m)
    shape = 1.0 + (scaled if smoothness > 1 else 0.0)
    if smoothness > 2:
        shape = shape + scaled**2 / 3
    return np.asarray(shape * np.exp(-scaled))


class GaussianField:
    """Draws stationary Gaussian fields of mean 0 and variance 1 on a grid of square cells.

    The covariance is wrapped on a torus of at least twice the grid, where it is diagonal in
    the Fourier basis, so that a draw costs two fast transforms and has the covariance of the
    model exactly.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    resolution_m : float, m
        Side of a cell.
    range_m : float, m
        Practical range, above 0.
    smoothness : {0.5, 1.5, 2.5}
        Matérn parameter.

    Raises
    ------
    ConfigError
        The range is so long for the grid that no torus of a bearable size holds it.

    References
    ----------
    Dietrich, C. R. and Newsam, G. N. (1997), 10.1137/S1064827592240555.
    Wood, A. T. A. and Chan, G. (1994), 10.1080/10618600.1994.10474655.

    Examples
    --------
    >>> field = GaussianField((64, 64), 100.0, range_m=500.0)
    >>> first, again = field.draw(7), field.draw(7)
    >>> first.shape, bool((first == again).all())
    ((64, 64), True)
    """

    def __init__(
        self,
        shape: tuple[int, int],
        resolution_m: float,
        *,
        range_m: float,
        smoothness: float = 0.5,
    ) -> None:
        check_between("range_m", range_m, 1e-6)
        check_choice("smoothness", smoothness, tuple(_PRACTICAL))
        self._shape = shape
        self._torus, self._root = _embedding(shape, resolution_m, range_m, smoothness)

    def draw(self, seed: int) -> NDArray[np.float64]:
        """Return one field, shape (rows, cols)."""
        noise = np.random.default_rng(seed).standard_normal(self._torus)
        field = fft.irfft2(fft.rfft2(noise) * self._root, s=self._torus)
        return np.ascontiguousarray(field[: self._shape[0], : self._shape[1]])


def _embedding(
    shape: tuple[int, int], resolution_m: float, range_m: float, smoothness: float
) -> tuple[tuple[int, int], NDArray[np.float64]]:
    """Return the shape of the torus and the square roots of its eigenvalues."""
    growth = 2.0
    while True:
        rows, cols = (fft.next_fast_len(int(np.ceil(growth * side)), True) for side in shape)
        south, east = (
            np.minimum(np.arange(side), side - np.arange(side)) * resolution_m
            for side in (rows, cols)
        )
        wrapped = correlation(np.hypot(south[:, None], east[None, :]), range_m, smoothness)
        eigenvalues = fft.rfft2(wrapped).real
        negative = float(-eigenvalues[eigenvalues < 0].sum())
        lost = negative / float(np.abs(eigenvalues).sum())
        if lost < 1e-12 or rows * cols * 2.25 > _MOST_CELLS or growth > 6:
            break
        growth *= 1.5
    if lost > _LARGEST_LOSS:
        extent = max(shape) * resolution_m
        raise ConfigError(
            f"A field with a range of {range_m:g} m is too long for a region of {extent:g} m. "
            "Shorten range_m or patch_m, or take a larger region."
        )
    kept = np.maximum(eigenvalues, 0.0)
    # The mean eigenvalue is the variance; columns between the first and the last of the half
    # transform stand for two.
    weight = np.full(kept.shape[1], 2.0)
    weight[0] = 1.0
    if cols % 2 == 0:
        weight[-1] = 1.0
    return (rows, cols), np.sqrt(kept / ((kept * weight).sum() / (rows * cols)))
