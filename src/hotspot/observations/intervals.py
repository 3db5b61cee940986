"""Intervals of concentration as single numbers, where structure is looked for."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def positive_midpoints(lower: Values, upper: Values) -> Values:
    """Return one number above 0 per interval, mg/kg, shape (n,).

    The midpoint; the lower end of a result over range. Good enough for ranges of
    autocorrelation and the order of samples, and for nothing that is told of a concentration:
    there an interval stays one.

    Parameters
    ----------
    lower, upper : array, shape (n,), mg/kg
        From 0; ``upper`` may be infinite. Where both are 0 half of the smallest positive
        midpoint stands, so that there is a logarithm.

    Examples
    --------
    >>> positive_midpoints(np.array([4.0, 0.0, 9.0, 0.0]), np.array([4.0, 4.0, np.inf, 0.0]))
    array([4., 2., 9., 1.])
    """
    middle = (lower + np.where(np.isfinite(upper), upper, lower)) / 2
    positive = middle[middle > 0]
    least = positive.min() / 2 if positive.size else 1.0
    return np.asarray(np.maximum(middle, least))
