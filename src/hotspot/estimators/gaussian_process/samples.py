"""The samples of a Gaussian process: checked, in logarithms, in an order of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.intervals import LogIntervals, check_bounds, log_intervals
from hotspot.estimators.places import check_places
from hotspot.estimators.table import Levels, Matrix, seen_levels, training_table
from hotspot.grid import Coordinates

Values = NDArray[np.float64]

LEARNER = "A Gaussian process"
_FEWEST_SAMPLES = 5


@dataclass(frozen=True)
class Samples:
    """Complete samples, sorted by place, so that the order given changes no bit of a fit.

    Parameters
    ----------
    names : tuple of str
        Covariates.
    matrix : array, shape (n, n_covariates)
        Their values.
    places : array, shape (n, 2)
        Easting and northing.
    logs : LogIntervals
        Intervals of the natural logarithm of the concentration.
    order : array, shape (n,)
        Where each sorted sample stood.
    """

    names: tuple[str, ...]
    matrix: Matrix
    places: Coordinates
    logs: LogIntervals
    order: NDArray[np.intp]

    @classmethod
    def read(
        cls,
        X: pd.DataFrame | Matrix,
        lower: Values,
        upper: Values,
        coordinates: Coordinates | None,
        categorical: Sequence[str],
    ) -> Self:
        """Return samples that can carry a model.

        Raises
        ------
        ModelError
            A covariate or a coordinate is missing, lengths differ, or an interval is none.
        """
        names, matrix = training_table(X, categorical)
        n = len(matrix)
        places = check_places(coordinates, n, learner=LEARNER, complete=True)
        bounds = check_bounds(lower, upper, n)
        logs = log_intervals(*bounds, learner=LEARNER, fewest=_FEWEST_SAMPLES)
        order = np.lexsort((logs.high, logs.low, *matrix.T, *places.T[::-1]))
        return cls(names, matrix[order], places[order], logs.take(order), order)

    def levels(self, categorical: Sequence[str]) -> Levels:
        """Return the codes that occur, by categorical covariate."""
        return seen_levels(self.matrix, self.names, categorical)
