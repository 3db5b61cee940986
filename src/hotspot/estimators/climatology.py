"""What is known of any place without looking at it: the distribution of all samples."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.arrays import pack_arrays, unpack_arrays
from hotspot.estimators.classifier import require
from hotspot.estimators.distribution import Tabulated
from hotspot.estimators.log_intervals import LogNormal, Support
from hotspot.estimators.table import Matrix
from hotspot.estimators.tree_model import TrainingRows, TreeModel, Values
from hotspot.grid import Coordinates

_FILE = "climatology.npz"


class Climatology(TreeModel):
    """The distribution of all samples, the same at every place.

    In a pool it is what a survey falls back on whose covariates and distances tell nothing:
    no other member may count for more than it is worth on left-out ground. Non-detects enter
    by the product limit, as in `QuantileForest`.

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes. A row of a class that no sample had gets no
        answer, as from every model.
    bandwidth : float
        The kernel's standard deviation is this, times the spread of all log concentrations,
        times ``n ** -0.2``.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"slope": np.arange(80.0)})
    >>> zinc = np.where(X["slope"] > 60, 600.0, 100.0)
    >>> model = Climatology().fit(X, zinc, zinc)
    >>> bool(abs(model.exceedance(X[:1], 300.0)[0] - 19 / 80) < 0.01)
    True
    """

    kind: ClassVar[str] = "climatology"
    # Places and directions play no part.
    use_coordinates = False
    n_axes = 2

    def __init__(self, categorical: tuple[str, ...] = (), *, bandwidth: float = 0.4) -> None:
        self.categorical = categorical
        self.bandwidth = bandwidth

    def _check_parameters(self) -> None:
        require("bandwidth", self.bandwidth, low=1e-3, high=10)

    def _learn(self, rows: TrainingRows) -> None:
        marginal = LogNormal.fit(rows.low, rows.high, rows.weight)
        width = self.bandwidth * marginal.spread * len(rows.low) ** -0.2
        support = Support.of(rows.low, rows.high, marginal, width)
        pooled = support.pooled(support.columns(rows.low, rows.high), marginal, rows.weight)
        self._level = np.exp(support.level)
        self._share = support.smooth(pooled[None, :])[0]

    def _answer(
        self, matrix: Matrix, places: Coordinates | None, known: NDArray[np.bool_]
    ) -> Tabulated:
        share = np.full((len(matrix), len(self._level)), np.nan)
        share[known] = self._share
        return Tabulated(self._level, share)

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        arrays: dict[str, Values] = {"level": self._level, "share": self._share}
        return {}, {_FILE: pack_arrays(arrays)}

    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        arrays = unpack_arrays(files[_FILE])
        self._level, self._share = arrays["level"], arrays["share"]
