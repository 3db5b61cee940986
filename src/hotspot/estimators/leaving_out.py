"""Folds at the door of a model that answers for its own samples."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotspot.errors import ModelError


def check_folds(folds: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return the fold of each of n samples, shape (n,).

    Raises
    ------
    ModelError
        The number of folds is not that of the samples, or all are in one.

    Examples
    --------
    >>> check_folds([0, 1, 1], 3)
    array([0, 1, 1])
    """
    found = np.asarray(folds)
    if found.shape != (n,) or len(np.unique(found)) < 2:
        raise ModelError(
            f"{len(np.unique(found))} folds in an array of shape {found.shape} cannot be "
            f"left out of {n} samples. Give one number per sample, two or more different."
        )
    return found
