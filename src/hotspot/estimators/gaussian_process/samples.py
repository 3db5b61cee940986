"""The samples of a Gaussian process: checked, in logarithms, in an order of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.gaussian_process.design import log_bounds
from hotspot.estimators.gaussian_process.exact import Bounds
from hotspot.estimators.table import Matrix, training_table
from hotspot.grid import Coordinates

Values = NDArray[np.float64]


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
    logs : Bounds
        Intervals of the natural logarithm of the concentration.
    order : array, shape (n,)
        Where each sorted sample stood.
    """

    names: tuple[str, ...]
    matrix: Matrix
    places: Coordinates
    logs: Bounds
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
        places = check_places(coordinates, n)
        gaps = ~np.isfinite(places).all(axis=1)
        if gaps.any():
            raise ModelError(
                f"{int(gaps.sum())} of {n} samples have no coordinates. Drop these samples "
                "before fitting."
            )
        lower, upper = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
        if not (lower.shape == upper.shape == (n,)):
            raise ModelError(
                f"There are {n} rows of covariates but {lower.shape} lower and {upper.shape} "
                "upper bounds. Give one interval per row."
            )
        logs = log_bounds(lower, upper)
        order = np.lexsort((logs.upper, logs.lower, *matrix.T, *places.T[::-1]))
        return cls(names, matrix[order], places[order], logs.take(order), order)

    def levels(self, categorical: Sequence[str]) -> dict[str, Values]:
        """Return the codes that occur, by categorical covariate."""
        return {n: np.unique(self.matrix[:, self.names.index(n)]) for n in categorical}


def check_places(coordinates: Coordinates | None, n: int) -> Coordinates:
    """Return coordinates as an array of shape (n, 2); gaps are allowed.

    Raises
    ------
    ModelError
        There are none, or not one pair per row.
    """
    if coordinates is None:
        raise ModelError(
            f"A Gaussian process needs places, but {n} rows came without coordinates. "
            "Give easting and northing."
        )
    places = np.asarray(coordinates, dtype=np.float64)
    if places.shape != (n, 2):
        raise ModelError(
            f"There are {n} rows of covariates but coordinates of shape {places.shape}. "
            "Give easting and northing of each row."
        )
    return places
