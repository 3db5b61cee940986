"""Claims that are true, false or not known: 1, 0 and NaN."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def all_of(parts: Sequence[Values], n: int) -> Values:
    """Return 1 where all parts are, 0 where any is not, else NaN: not known.

    Parameters
    ----------
    parts : sequence of array, shape (n,)
        1, 0 or NaN.
    n : int
        Rows; without a part all of them are 1.

    Examples
    --------
    >>> total, extract = np.array([1.0, 1.0, 0.0, np.nan]), np.array([1.0, np.nan, np.nan, 1.0])
    >>> all_of([total, extract], 4)
    array([ 1., nan,  0., nan])
    """
    if not parts:
        return np.ones(n)
    table = np.stack(parts)
    unknown = np.isnan(table).any(axis=0)
    return np.where((table == 0.0).any(axis=0), 0.0, np.where(unknown, np.nan, 1.0))


def any_of(parts: Sequence[Values]) -> Values:
    """Return 1 where any part is, 0 where none is, else NaN: not known."""
    table = np.stack(parts)
    unknown = np.isnan(table).any(axis=0)
    return np.where((table == 1.0).any(axis=0), 1.0, np.where(unknown, np.nan, 0.0))
