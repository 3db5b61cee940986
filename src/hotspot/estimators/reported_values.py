"""Limits that a model is judged at, inside the training samples."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def between_reported(reported: Values, shares: Values) -> Values:
    """Return numbers between reported ones that have shares of them below.

    Laboratories round. At a limit that many samples are reported as, none of these exceeds
    it, though half of them may: a model that is judged there learns that too little is
    exceeded.

    Parameters
    ----------
    reported : array, shape (n,)
        Numbers of a table, in the unit that they were rounded in.
    shares : array
        In (0, 1).

    Returns
    -------
    array
        Rising, each once; the one number where all are equal.

    Examples
    --------
    >>> between_reported(np.array([0.1, 0.2, 0.2, 0.2, 0.4]), np.array([0.5, 0.9]))
    array([0.3])
    """
    levels = np.unique(reported)
    if len(levels) < 2:
        return levels
    left = levels.searchsorted(np.quantile(reported, shares), side="right") - 1
    left = np.clip(left, 0, len(levels) - 2)
    return np.unique((levels[left] + levels[left + 1]) / 2)
