"""Mean distances among many points, by matrix products."""

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.table import Matrix
from hotspot.one_core import one_core

# Rows and columns of distances held at once: a megabyte, which stays in a processor's cache.
_BLOCK = (256, 512)
# Squared distances below this share of the squared norms lose digits in a matrix product, and
# are computed again from the differences.
_CLOSE = 1e-4


def mean_distances(points: Matrix) -> NDArray[np.float64]:
    """Return the mean distance of each point to all others, a block of pairs at a time.

    A block of squared distances is one matrix product. Points are in the order of their
    norms, so that those of a block lose the same number of digits.
    """
    n = len(points)
    centred = points - points.mean(axis=0)
    norm = np.einsum("ij,ij->i", centred, centred)
    order = np.argsort(norm, kind="stable")
    centred, norm = centred[order], norm[order]
    one = np.ones((n, 1))
    left = np.hstack([centred, norm[:, None], one])
    right = np.ascontiguousarray(np.hstack([-2 * centred, one, norm[:, None]]).T)
    total = np.zeros(n)
    # Products this small are slower on several threads than on one.
    with one_core():
        for start in range(0, n, _BLOCK[0]):
            stop = min(start + _BLOCK[0], n)
            for first in range(start, n, _BLOCK[1]):
                last = min(first + _BLOCK[1], n)
                block = left[start:stop] @ right[:, first:last]
                close = _CLOSE * (norm[stop - 1] + norm[last - 1])
                if block.min() < close:
                    i, j = np.nonzero(block < close)
                    block[i, j] = ((centred[start + i] - centred[first + j]) ** 2).sum(axis=1)
                np.sqrt(block, out=block)
                total[start:stop] += block.sum(axis=1)
                # Each pair is measured once: what follows the rows gets its share here.
                after = max(stop, first)
                total[after:last] += block[:, after - first :].sum(axis=0)
    mean = np.empty(n)
    mean[order] = total / (n - 1)
    return mean
