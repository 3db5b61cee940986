"""Spatial blocks for standard errors: samples of one block err together."""

import numpy as np
from numpy.typing import NDArray

from hotspot.folds.autocorrelation import suggest_block_size
from hotspot.folds.blocks import block_labels
from hotspot.grid import Coordinates

# Fewer blocks than this make a standard error that is itself not known; more than the second
# number make it no better, and every score is computed once without each of them.
FEWEST_BLOCKS = 10
MOST_BLOCKS = 60


def score_blocks(coordinates: Coordinates, spacing: float | None = None) -> NDArray[np.int64]:
    """Return the spatial block of each sample, for standard errors.

    The side of a block is enlarged until at most 60 blocks hold a sample, then shrunk until
    at least 10 do, or every place is one.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing.
    spacing : float, optional
        Side of a block, best the range of autocorrelation; a tenth of the longer side of
        the extent where not given.

    Examples
    --------
    >>> line = np.column_stack([np.arange(40.0), np.zeros(40)])
    >>> len(np.unique(score_blocks(line, spacing=10.0)))
    12
    """
    places = len(np.unique(coordinates, axis=0))
    if places < 2:
        return np.zeros(len(coordinates), dtype=np.int64)
    side = suggest_block_size(coordinates) if spacing is None else float(spacing)
    block = block_labels(coordinates, side)
    while block.max() + 1 > MOST_BLOCKS:
        side *= 2**0.5
        block = block_labels(coordinates, side)
    while block.max() + 1 < min(FEWEST_BLOCKS, places):
        side /= 2**0.5
        block = block_labels(coordinates, side)
    return block
