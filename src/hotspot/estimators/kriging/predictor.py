"""Kriging: the best linear prediction from samples around, and its variance, on arrays."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from hotspot.errors import ModelError
from hotspot.estimators.kriging.neighbourhoods import Surroundings
from hotspot.estimators.kriging.system import Coefficients, Solved, Whitened
from hotspot.estimators.kriging.variogram import VariogramModel
from hotspot.grid import Coordinates
from hotspot.one_core import one_core

Values = NDArray[np.float64]

# One system for all samples up to here; its solution grows with the cube of their number.
MOST_GLOBAL = 2000
# Targets predicted at a time. The last portion is filled up, so that every matrix product
# has the same shape and a prediction does not depend on the targets beside it.
_PORTION = 256
# Share of the sill by which a system without nugget is kept solvable.
_JITTER = 1e-10


@dataclass(frozen=True)
class Kriged:
    """Kriged values and their variances.

    Parameters
    ----------
    value, variance : array, shape (n,)
        The variance is that of a new sample there, so the nugget is part of it. NaN where a
        place or its drift is missing.
    """

    value: Values
    variance: Values


@dataclass(frozen=True)
class Kriging:
    """Samples, a variogram and a drift: everything that kriging follows from.

    With no drift this is ordinary kriging, with one universal kriging (kriging with external
    drift). A penalty on the columns of the drift makes their coefficients a ridge
    regression within the same system: a prior N(0, 1 / penalty).

    The nugget is variance of single samples and not of places. Replicates at one place are
    therefore so many samples, that agree up to the nugget, and no reason for a singular
    system; and at a sampled place the prediction is that of a second sample there. gstat
    returns the old sample itself at that one point, and its numbers everywhere else. Without
    any nugget, a ten-billionth of the sill takes its part.

    Parameters
    ----------
    coordinates : array, shape (n, 2), metres
        Easting, northing of the samples.
    values : array, shape (n,)
        Complete.
    variogram : VariogramModel
        Of the values, or of their residuals from the drift.
    drift : array, shape (n, n_drift), optional
        Covariates at the samples; the constant is always added to them.
    penalty : array, shape (n_drift,), optional
        From 0; 0 by default. A penalised column keeps one coefficient for the whole survey
        where only neighbours are kriged with; the others are found anew among them.
    noise : array, shape (n,), optional
        Variance that a value has beside the nugget, from 0.

    Raises
    ------
    ModelError
        Shapes differ, a number is missing, or there are no samples.

    References
    ----------
    Pebesma, E. J. (2004). Multivariable geostatistics in S: the gstat package. Computers &
    Geosciences 30, 683-691, 10.1016/j.cageo.2004.03.012. Dubrule, O. (1983). Cross
    validation of kriging in a unique neighborhood. Mathematical Geology 15, 687-699,
    10.1007/BF01033232 (what leaving out costs nothing).

    Examples
    --------
    >>> places = np.array([[0.0, 0.0], [100.0, 0.0]])
    >>> model = VariogramModel("exp", nugget=0.0, sill=1.0, range=50.0)
    >>> found = Kriging(places, np.array([2.0, 4.0]), model).predict(
    ...     np.array([[0.0, 0.0], [50.0, 0.0], [9000.0, 0.0]])
    ... )
    >>> found.value
    array([2., 3., 3.])
    >>> np.round(found.variance, 2)
    array([0.  , 0.83, 1.57])
    """

    coordinates: Coordinates
    values: Values
    variogram: VariogramModel
    drift: Values | None = None
    penalty: Values | None = None
    noise: Values | None = None

    def __post_init__(self) -> None:
        n = len(self.values)
        parts = {
            "coordinates": (self.coordinates, (n, 2)),
            "values": (self.values, (n,)),
            "drift": (self._drift, (n, self._drift.shape[-1])),
            "penalty": (self._penalty[1:], (self._drift.shape[-1],)),
            "noise": (self._noise, (n,)),
        }
        for name, (array, shape) in parts.items():
            if np.shape(array) != shape or n == 0:
                raise ModelError(
                    f"Kriging of {n} samples got {name} of shape {np.shape(array)} where "
                    f"{shape} is needed. Give one row per sample, and one sample at least."
                )
            if not np.isfinite(array).all():
                raise ModelError(
                    f"Some {name} of {n} samples are missing or infinite. Drop these samples."
                )

    @property
    def _drift(self) -> Values:
        return np.zeros((len(self.values), 0)) if self.drift is None else self.drift

    @property
    def _penalty(self) -> Values:
        given = np.zeros(self._drift.shape[-1]) if self.penalty is None else self.penalty
        return np.concatenate([[0.0], given])

    @property
    def _noise(self) -> Values:
        return np.zeros(len(self.values)) if self.noise is None else self.noise

    @cached_property
    def _design(self) -> Values:
        return np.column_stack([np.ones(len(self.values)), self._drift])

    @cached_property
    def _own(self) -> Values:
        """Variance that each sample has for itself."""
        least = _JITTER * self.variogram.total
        return np.asarray(np.maximum(self.variogram.nugget + self._noise, least))

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.coordinates)

    @cached_property
    @one_core()
    def coefficients(self) -> Coefficients:
        """What the drift is worth over the whole survey.

        Beyond `MOST_GLOBAL` samples, that many decide, evenly chosen from west to east.
        """
        if len(self.values) <= MOST_GLOBAL:
            return self._solved.coefficients
        order = np.lexsort((self.coordinates[:, 1], self.coordinates[:, 0]))
        kept = order[np.linspace(0, len(order) - 1, MOST_GLOBAL).astype(np.int64)]
        return self._subset(np.sort(kept))._solved.coefficients

    @cached_property
    def _whitened(self) -> Whitened:
        covariance = self.variogram.covariance(cdist(self.coordinates, self.coordinates))
        covariance[np.diag_indices_from(covariance)] += self._own
        return Whitened.of(covariance, self._design, self.values)

    @cached_property
    def _solved(self) -> Solved:
        return self._whitened.solved(self._penalty)

    @one_core()
    def with_penalty(self, penalty: Values) -> "Kriging":
        """Return the same kriging under another penalty; what does not change is kept."""
        other = replace(self, penalty=penalty)
        # The caches of a frozen value are safe to share: nothing in them knows the penalty.
        other.__dict__.update(_whitened=self._whitened)
        return other

    @one_core()
    def predict(
        self,
        targets: Coordinates,
        drift: Values | None = None,
        *,
        n_neighbours: int | None = None,
    ) -> Kriged:
        """Return kriged values and variances of new samples.

        Parameters
        ----------
        targets : array, shape (m, 2), metres
            Easting, northing.
        drift : array, shape (m, n_drift), optional
            The covariates there; needed if the samples have them.
        n_neighbours : int, optional
            Krige each target with so many nearest samples; by default with all of them.

        Raises
        ------
        ModelError
            The drift is missing or of another width.
        """
        places = np.ascontiguousarray(targets, dtype=np.float64)
        given = np.zeros((len(places), 0)) if drift is None else drift
        if given.shape != (len(places), self._drift.shape[1]):
            raise ModelError(
                f"{len(places)} targets got a drift of shape {given.shape}, but the samples "
                f"have {self._drift.shape[1]} columns. Give the same covariates at the targets."
            )
        design = np.column_stack([np.ones(len(places)), given])
        value, variance = np.full(len(places), np.nan), np.full(len(places), np.nan)
        known = np.flatnonzero(
            np.isfinite(places).all(axis=1) & np.isfinite(design).all(axis=1)
        )
        if n_neighbours is None or n_neighbours >= len(self.values):
            for start in range(0, len(known), _PORTION):
                rows = known[start : start + _PORTION]
                full = np.resize(rows, _PORTION)
                part = self._global(places[full], design[full])
                value[rows], variance[rows] = (found[: len(rows)] for found in part)
        else:
            _, near = self._tree.query(places[known], k=n_neighbours)
            near = near.reshape(len(known), n_neighbours)
            value[known], variance[known] = self._local(places[known], design[known], near)
        return Kriged(value, variance)

    @one_core()
    def leave_out(
        self, folds: NDArray[np.int64] | None = None, *, n_neighbours: int | None = None
    ) -> Kriged:
        """Return each sample kriged from those of other folds, the variogram held.

        With all samples in one system this takes one inverse and no refit: for the rows T of
        a fold, the errors are ``inv(G[T, T]) @ (G @ y)[T]`` with the covariance
        ``inv(G[T, T])``, where G is the precision that remains after the drift. The variance
        is that of a new sample, without the noise of the one left out.

        Parameters
        ----------
        folds : array of int, shape (n,), optional
            Label of each sample; by default every sample is a fold.
        n_neighbours : int, optional
            As in `predict`.

        Raises
        ------
        ModelError
            A fold holds every sample, or all that its drift can be told from.
        """
        n = len(self.values)
        labels = np.arange(n) if folds is None else np.asarray(folds)
        if labels.shape != (n,) or len(np.unique(labels)) < 2:
            raise ModelError(
                f"{n} samples cannot be left out by {len(np.unique(labels))} folds of "
                f"{len(labels)} labels. Give one label per sample, of two folds at least."
            )
        if n_neighbours is None or n_neighbours >= n:
            return self._left_out(labels)
        if folds is None:
            return self.by_neighbours(np.arange(n), n_neighbours)
        value, variance = np.empty(n), np.empty(n)
        for label in np.unique(labels):
            test = labels == label
            found = self._subset(np.flatnonzero(~test)).predict(
                self.coordinates[test], self._drift[test], n_neighbours=n_neighbours
            )
            value[test], variance[test] = found.value, found.variance
        return Kriged(value, variance)

    @one_core()
    def by_neighbours(self, rows: NDArray[np.int64], n_neighbours: int) -> Kriged:
        """Return some samples, each kriged from its nearest others.

        Parameters
        ----------
        rows : array of int, shape (m,)
            The samples.
        n_neighbours : int
            Less than the number of samples.
        """
        places = self.coordinates[rows]
        _, near = self._tree.query(places, k=n_neighbours + 1)
        # Of replicates at one place the sample itself need not come first.
        own = near == rows[:, None]
        own[~own.any(axis=1), -1] = True
        near = near[~own].reshape(len(rows), n_neighbours)
        return Kriged(*self._local(places, self._design[rows], near))

    @one_core()
    def given_others(self, rows: NDArray[np.int64]) -> tuple[Values, Values]:
        """Return mean and covariance of some samples given the values of all others.

        Parameters
        ----------
        rows : array of int, shape (m,)
            The samples; their own values play no part, and their noise is in the variance.
        """
        away, covariance = self._solved.left_out(rows)
        return self.values[rows] - away, covariance

    def _subset(self, rows: NDArray[np.int64]) -> "Kriging":
        return Kriging(
            coordinates=self.coordinates[rows],
            values=self.values[rows],
            variogram=self.variogram,
            drift=self._drift[rows],
            penalty=self.penalty,
            noise=self._noise[rows],
        )

    def _global(self, places: Coordinates, design: Values) -> tuple[Values, Values]:
        link = self.variogram.covariance(cdist(self.coordinates, places))
        value, variance = self._solved.at(link, design)
        return value, np.maximum(self.variogram.total + variance, 0.0)

    def _left_out(self, labels: NDArray[np.int64]) -> Kriged:
        groups = np.unique(labels)
        if len(groups) == len(labels):
            away, variance = self._solved.left_out_one_by_one(self.variogram.total)
            return Kriged(self.values - away, np.maximum(variance - self._noise, 0.0))
        value, variance = np.empty(len(labels)), np.empty(len(labels))
        for label in groups:
            test = np.flatnonzero(labels == label)
            value[test], covariance = self.given_others(test)
            variance[test] = np.diag(covariance) - self._noise[test]
        return Kriged(value, np.maximum(variance, 0.0))

    def _local(
        self, places: Coordinates, design: Values, near: NDArray[np.int64]
    ) -> tuple[Values, Values]:
        """Return value and variance from the samples `near` each place, shape (m, k)."""
        fixed = self._penalty > 0
        values = self.values
        value, variance = np.zeros(len(places)), np.zeros(len(places))
        if fixed.any():
            beta = self.coefficients.value[fixed]
            values = values - self._design[:, fixed] @ beta
            value += design[:, fixed] @ beta
        around = Surroundings(
            self.coordinates, self.variogram, self._own, self._design[:, ~fixed]
        )
        for part in around.of(places, design[:, ~fixed], near):
            rows, samples = part.rows, part.samples
            value[rows] += np.einsum("mk,mk->m", part.weights, values[samples])
            variance[rows] = part.variance
            if fixed.any():
                known = self.coefficients.covariance[np.ix_(fixed, fixed)]
                drift = self._design[samples][:, :, fixed]
                beyond = design[rows][:, fixed] - np.einsum("mk,mkp->mp", part.weights, drift)
                variance[rows] += np.einsum("mp,pq,mq->m", beyond, known, beyond)
        return value, np.maximum(variance, 0.0)
