"""Covariates made of the nearest samples, and the forest that learns from them."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import ModelError
from hotspot.estimators.arrays import pack_arrays, unpack_arrays
from hotspot.estimators.classifier import require
from hotspot.estimators.forests.quantile import QuantileForest
from hotspot.estimators.table import Matrix
from hotspot.estimators.tree_model import TrainingRows, Values
from hotspot.grid import Coordinates


@dataclass(frozen=True)
class NeighbourCovariates:
    """Log concentrations of the nearest samples, and the distances to them.

    Parameters
    ----------
    places : array, shape (n, 2), metres
        Easting and northing of the samples.
    log_concentration : array, shape (n,)
        Of the samples, log mg/kg. For a censored sample an expectation: a covariate may be
        a guess, the response may not.
    n_neighbours : int
        Nearest samples, from 1.

    References
    ----------
    Sekulić et al. (2020), Random forest spatial interpolation.
    https://doi.org/10.3390/rs12101687

    Examples
    --------
    >>> samples = NeighbourCovariates(
    ...     np.array([[0.0, 0.0], [10.0, 0.0], [40.0, 0.0]]), np.array([1.0, 2.0, 3.0]), 2
    ... )
    >>> samples.at(np.array([[12.0, 0.0]]))
    array([[ 2.,  1.,  2., 12.]])

    The first sample does not see itself:

    >>> samples.at_samples()[0]
    array([ 2.,  3., 10., 40.])
    """

    places: Coordinates
    log_concentration: Values
    n_neighbours: int

    def __post_init__(self) -> None:
        n_places = len(np.unique(self.places, axis=0))
        if not 1 <= self.n_neighbours < n_places:
            raise ModelError(
                f"{self.n_neighbours} neighbours cannot be taken from samples at {n_places} "
                "places. Give a number from 1 to one less than the places."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns: values from near to far, then distances."""
        order = range(1, self.n_neighbours + 1)
        return (
            *(f"neighbour_{k}_log_mg_kg" for k in order),
            *(f"neighbour_{k}_distance_m" for k in order),
        )

    def at(self, places: Coordinates) -> Matrix:
        """Return the covariates at any places, shape (n, 2 n_neighbours).

        A place where a sample stands sees that sample at distance 0. For training that would
        be to learn an answer from itself: see `at_samples`.
        """
        distance, index = cKDTree(self.places).query(
            places, k=np.arange(1, self.n_neighbours + 1)
        )
        return np.hstack([self.log_concentration[index], distance])

    def at_samples(self) -> Matrix:
        """Return the covariates of the samples, each without all samples at its own place."""
        place, member, size = np.unique(
            self.places, axis=0, return_inverse=True, return_counts=True
        )
        member = member.reshape(-1)
        # All others at the own place could be nearer than the first that counts.
        reach = min(self.n_neighbours + int(size.max()), len(self.places))
        _, near = cKDTree(self.places).query(place, k=np.arange(1, reach + 1))
        result = np.empty((len(place), 2 * self.n_neighbours))
        for number, candidates in enumerate(near):
            others = candidates[member[candidates] != number][: self.n_neighbours]
            distance = np.hypot(*(self.places[others] - place[number]).T)
            result[number] = np.concatenate([self.log_concentration[others], distance])
        return result[member]


class NeighbourForest(QuantileForest):
    """A quantile forest that also sees the nearest samples (random forest interpolation).

    Beside the covariates and places it learns from the log concentrations of the
    `n_neighbours` nearest training samples and the distances to them. They belong to the
    fit: a model of the training part of a fold knows no value of the test part, and a
    training sample never sees itself or another at its own place. A censored neighbour stands
    at its expected log concentration given its interval, under the log-normal of all training
    samples; as in the splits, this value steers and is never an answer.

    Out-of-bag distributions are flattered a little more than those of the plain forest, since
    a sample's value is a neighbour covariate of other samples.

    Parameters
    ----------
    n_neighbours : int
        Nearest samples; fewer where the survey has fewer places.

    Notes
    -----
    The other parameters are those of `QuantileForest`.

    References
    ----------
    Sekulić et al. (2020), Random forest spatial interpolation.
    https://doi.org/10.3390/rs12101687

    Examples
    --------
    >>> import pandas as pd
    >>> places = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), -1).reshape(-1, 2)
    >>> zinc = np.where(np.hypot(*(places - 4).T) < 2.5, 600.0, 100.0)
    >>> X = pd.DataFrame({"noise": np.random.default_rng(0).normal(size=81)})
    >>> model = NeighbourForest(n_estimators=20).fit(X, zinc, zinc, coordinates=places)
    >>> near, far = model.exceedance(X[:2], 300.0, coordinates=np.array([[4.2, 4], [8, 0.2]]))
    >>> bool(near > 0.9), bool(far < 0.1)
    (True, True)
    """

    kind: ClassVar[str] = "neighbour_forest"

    def __init__(
        self,
        categorical: tuple[str, ...] = (),
        *,
        n_neighbours: int = 6,
        n_estimators: int = 300,
        min_samples_split: int = 5,
        min_samples_leaf: int = 1,
        max_features: float = 0.34,
        max_samples: int = 10_000,
        bandwidth: float = 0.4,
        use_coordinates: bool = True,
        n_axes: int = 6,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        super().__init__(
            categorical,
            n_estimators=n_estimators,
            min_samples_split=min_samples_split,
            min_samples_leaf=min_samples_leaf,
            max_features=max_features,
            max_samples=max_samples,
            bandwidth=bandwidth,
            use_coordinates=use_coordinates,
            n_axes=n_axes,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        self.n_neighbours = n_neighbours

    def _needs_places(self) -> bool:
        return True

    def _training_design(self, rows: TrainingRows, score: Values) -> Matrix:
        places = rows.places
        if places is None:
            raise ModelError("Neighbours need places. Give easting and northing.")
        n_places = len(np.unique(places, axis=0))
        self.neighbours_ = NeighbourCovariates(
            places, score, min(self.n_neighbours, n_places - 1)
        )
        plain = super()._training_design(rows, score)
        return np.hstack([plain, self.neighbours_.at_samples()])

    def _predicted_design(self, matrix: Matrix, places: Coordinates | None) -> Matrix:
        if places is None:
            raise ModelError("Neighbours need places. Give easting and northing.")
        plain = super()._predicted_design(matrix, places)
        return np.hstack([plain, self.neighbours_.at(places)])

    def _check_parameters(self) -> None:
        super()._check_parameters()
        require("n_neighbours", self.n_neighbours, low=1, high=100)

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        values, files = super()._fitted_state()
        samples = self.neighbours_
        arrays: dict[str, NDArray[Any]] = {
            "places": samples.places,
            "log_concentration": samples.log_concentration,
        }
        values = {**values, "n_neighbours": samples.n_neighbours}
        return values, {**files, "neighbours.npz": pack_arrays(arrays)}

    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        super()._restore(fitted, files)
        arrays = unpack_arrays(files["neighbours.npz"])
        self.neighbours_ = NeighbourCovariates(
            arrays["places"], arrays["log_concentration"], int(fitted["n_neighbours"])
        )
