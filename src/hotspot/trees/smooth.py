"""Rows of weights on even levels, smoothed into distribution functions."""

import numpy as np

from hotspot.trees.ensemble import Values

# Rows smoothed together, which stay in the second-level cache.
_ROWS = 64


def smooth_rows(weights: Values, taps: Values) -> Values:
    """Return rows of weights, each spread by a kernel and added up from the left.

    Parameters
    ----------
    weights : array, shape (n, m)
        From 0, on even levels.
    taps : array, shape (2 * reach - 1,)
        The kernel's share at or below a level that lies ``1 - reach``, ..., ``reach - 1``
        levels from the weight. Nearer levels than that have none of it, farther ones all.

    Returns
    -------
    array, shape (n, m)
        Between 0 and 1, not falling along a row.

    Examples
    --------
    >>> smooth_rows(np.array([[0.0, 1.0, 0.0, 0.0]]), np.array([0.1, 0.5, 0.9]))
    array([[0.1, 0.5, 0.9, 1. ]])
    """
    n, m = weights.shape
    reach = (len(taps) + 1) // 2
    share = np.empty((n, m))
    padded = np.zeros((_ROWS, m + 2 * reach))
    part = np.empty((_ROWS, m))
    for first in range(0, n, _ROWS):
        rows = min(_ROWS, n - first)
        padded[:rows, reach : reach + m] = weights[first : first + rows]
        # All weights that lie `reach` levels below or more.
        np.cumsum(padded[:rows], axis=1, out=padded[:rows])
        sums = padded[:rows, :m].copy()
        padded[:rows, reach : reach + m] = weights[first : first + rows]
        padded[:rows, reach + m :] = 0.0
        for number, tap in enumerate(taps):
            start = 2 * reach - 1 - number
            np.multiply(padded[:rows, start : start + m], tap, out=part[:rows])
            sums += part[:rows]
        np.maximum.accumulate(sums, axis=1, out=sums)
        share[first : first + rows] = np.clip(sums, 0.0, 1.0, out=sums)
    return share


def compiled_smooth_rows(weights: Values, taps: Values) -> Values:
    """Return what `smooth_rows` does, to the last bit, by the compiled loop."""
    from hotspot.trees import kernels

    share = np.empty(weights.shape)
    kernels.smooth(np.ascontiguousarray(weights), taps, share)
    return share
