"""Contributions of covariates or roles, and the base they add to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class ShapValues:
    """Contributions of covariates, and the base they add to.

    Parameters
    ----------
    values : array, shape (n, n_names)
        In `unit`; a row is NaN where a covariate is missing or its class was never sampled.
    base : array, shape (n,)
        In `unit`; what the model says of an average sample.
    names : tuple of str
        Covariates, in the order of the columns; then ``location``, where a model that uses
        coordinates credits both together.
    unit : str
        ``log-odds``: +0.69 doubles the odds of exceedance, -0.69 halves them.
    n_background : int
        Samples whose average prediction is the base; 0 where the model itself defines it.
    slow_reason : str
        Why contributions of trees took LightGBM's own, slower way; empty where they did not.
    """

    values: NDArray[np.float64]
    base: NDArray[np.float64]
    names: tuple[str, ...]
    unit: str = "log-odds"
    n_background: int = 0
    slow_reason: str = ""

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return the contributions of consecutive portions of rows as one."""
        return replace(
            parts[0],
            values=np.concatenate([part.values for part in parts]),
            base=np.concatenate([part.base for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def total(self) -> NDArray[np.float64]:
        """Base and contributions added up: the log-odds of exceedance, shape (n,)."""
        total: NDArray[np.float64] = self.base + self.values.sum(axis=1)
        return total

    def to_frame(self) -> pd.DataFrame:
        """Return one column per covariate, then ``base``."""
        frame = pd.DataFrame(self.values, columns=list(self.names))
        return frame.assign(base=self.base)
