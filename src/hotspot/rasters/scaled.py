"""Whole numbers in a file that stand for others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ScaledInteger:
    """Whole numbers in a file that stand for number times scale.

    Parameters
    ----------
    dtype : str
        ``uint8``, ``uint16``, ``int16`` or ``int32``.
    scale : float
        Values are rounded to multiples of it, so half of it is lost at most.
    """

    dtype: str
    scale: float

    def rounded(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return values as they will read back from the file, NaN where missing.

        Examples
        --------
        >>> ScaledInteger("uint16", 1e-4).rounded(np.array([0.123456, 0.8, np.nan]))
        array([0.1235, 0.8   ,    nan])
        """
        return np.asarray(self.numbers(values) * self.scale, dtype=np.float64)

    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return the whole numbers that stand for values, NaN where missing."""
        return np.asarray(np.rint(values.astype(np.float64) / self.scale), dtype=np.float64)
