"""Where high values of a map gather more than chance would have it: local Getis-Ord Gi*."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def getis_ord(values: ArrayLike, reach: tuple[int, int]) -> Values:
    """Return the standardised Gi* of each cell, in standard deviations.

    Every cell within `reach` rows and columns counts once, the cell itself too. If the values
    stood in random order, Gi* would be about standard normal.

    Parameters
    ----------
    values : array, shape (rows, cols)
        NaN where there is none.
    reach : tuple of int
        Rows and columns to either side.

    Returns
    -------
    array, shape (rows, cols)
        NaN where there is no value; 0 where all neighbourhoods are alike.

    References
    ----------
    Ord & Getis (1995), Local spatial autocorrelation statistics: distributional issues and
    an application,
    https://doi.org/10.1111/j.1538-4632.1995.tb00912.x.

    Examples
    --------
    >>> values = np.zeros((1, 9)); values[0, 4:6] = 1
    >>> getis_ord(values, (0, 1)).round(1)
    array([[-0.8, -1.1, -1.1,  0.5,  2.1,  2.1,  0.5, -1.1, -0.8]])
    """
    array = np.asarray(values, dtype=np.float64)
    known = np.isfinite(array)
    n = int(known.sum())
    if n < 2:
        return np.where(known, 0.0, np.nan)
    # Centred first: the sum over a neighbourhood is then the difference asked for.
    centred = np.where(known, array - array[known].mean(), 0.0)
    spread = np.sqrt((centred[known] ** 2).mean())
    count = _focal_sum(known.astype(np.float64), reach)
    scale = spread * np.sqrt(np.maximum(n * count - count**2, 0.0) / (n - 1))
    sums = _focal_sum(centred, reach)
    z = np.divide(sums, scale, out=np.zeros_like(sums), where=scale > 1e-12 * (1 + spread))
    return np.where(known, z, np.nan)


def false_discovery_cut(p_values: ArrayLike, rate: float) -> float:
    """Return the p-value up to which findings may be called such, or -1 for none.

    The step-up rule: with p-values in order, the largest k with ``p_k <= k / n * rate``. Of
    what it calls findings, a share of at most `rate` is expected to be false, when the tests
    are independent or depend on each other positively, as neighbourhoods that overlap do.

    Parameters
    ----------
    p_values : array
        One per test; NaN is no test.
    rate : float
        Share of false findings, in (0, 1).

    References
    ----------
    Benjamini & Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x.
    Caldas de Castro & Singer (2006), Controlling the false discovery rate: a new application
    to account for multiple and dependent tests in local statistics of spatial association,
    https://doi.org/10.1111/j.0016-7363.2006.00682.x.

    Examples
    --------
    >>> false_discovery_cut([0.001, 0.02, 0.9, 0.04], 0.05)
    0.02
    >>> false_discovery_cut([0.3, 0.5], 0.05)
    -1.0
    """
    found = np.asarray(p_values, dtype=np.float64).ravel()
    found = np.sort(found[np.isfinite(found)])
    below = found <= rate * np.arange(1, len(found) + 1) / max(1, len(found))
    return float(found[below][-1]) if below.any() else -1.0


def _focal_sum(values: Values, reach: tuple[int, int]) -> Values:
    """Return the sum over a rectangle of cells about each, by differences of running sums."""
    for axis, steps in enumerate(reach):
        length = values.shape[axis]
        zero = np.zeros_like(np.take(values, [0], axis=axis))
        running = np.concatenate([zero, np.cumsum(values, axis=axis)], axis=axis)
        places = np.arange(length)
        high = np.take(running, np.minimum(places + steps + 1, length), axis=axis)
        values = high - np.take(running, np.maximum(places - steps, 0), axis=axis)
    return values
