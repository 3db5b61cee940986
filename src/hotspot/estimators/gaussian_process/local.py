"""A Gaussian surface for large surveys: local in space, of low rank in the covariates.

The spatial part and the noise are approximated by conditioning each sample on its nearest
predecessors (Vecchia). The straight drift enters exactly and the smooth part through
landmarks, both as regression on few columns; coefficients and their uncertainty follow from
all samples. With as many neighbours and landmarks as samples this is the dense process.

References
----------
Vecchia (1988), 10.1111/j.2517-6161.1988.tb01729.x; Katzfuss & Guinness (2021),
10.1214/19-STS755; landmarks by pivoted Cholesky: Harbrecht et al. (2012),
10.1016/j.apnum.2011.10.001.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from hotspot.estimators.expectation_propagation import Sites, cavity, updated_sites
from hotspot.estimators.gaussian_process.basis import Basis
from hotspot.estimators.gaussian_process.exact import PORTION
from hotspot.estimators.gaussian_process.kernel import (
    Hyperparameters,
    Inputs,
    spatial_covariance,
)
from hotspot.estimators.gaussian_process.neighbours import Neighbourhoods, Neighbours
from hotspot.estimators.intervals import LogIntervals

Values = NDArray[np.float64]
Rows = NDArray[np.intp]

_MAX_SWEEPS, _TOLERANCE = 15, 1e-3
# Up to so many folds, each leaves the drift as well; beyond, only the neighbourhood.
_MOST_REFITS = 50
# Variance of a neighbour that is to say nothing.
_SILENT = 1e8


@dataclass(frozen=True)
class LocalPosterior:
    """The surface given all samples, each cell through its nearest ones and the drift.

    Parameters
    ----------
    kernel : Hyperparameters
        Fixed.
    rows : Inputs, n rows
        The samples.
    sites : Sites
        What each says.
    basis : Basis
        Columns of drift and smooth part.
    coefficient : array, shape (q,)
        Posterior mean of their coefficients.
    coefficient_whitening : array, shape (q, q)
        Inverse Cholesky factor of the coefficients' posterior precision.
    n_neighbours : int
        Samples in a neighbourhood.
    random_state : int
        Seed of the order of conditioning.
    """

    kernel: Hyperparameters
    rows: Inputs
    sites: Sites
    basis: Basis
    coefficient: Values
    coefficient_whitening: Values
    n_neighbours: int
    random_state: int

    @classmethod
    def condition(
        cls,
        kernel: Hyperparameters,
        rows: Inputs,
        bounds: LogIntervals,
        *,
        n_neighbours: int,
        random_state: int,
    ) -> Self:
        """Return the surface given samples.

        Sites of censored samples follow from their marginals in the approximated process,
        all moved at once until they rest.
        """
        known, noise = bounds.measured, kernel.noise_variance
        hidden = np.flatnonzero(~known)
        precision = np.where(known, 1.0 / noise, 0.0)
        shift = np.where(known, np.where(known, bounds.low, 0.0) / noise, 0.0)
        lower, upper = bounds.low[hidden], bounds.high[hidden]
        surface = cls.given(
            kernel,
            rows,
            Sites(precision, shift),
            Basis.of(kernel, rows.smooth),
            n_neighbours=n_neighbours,
            random_state=random_state,
        )
        for _ in range(_MAX_SWEEPS if len(hidden) else 0):
            mean, spread = surface.predict_samples(hidden)
            old = Sites(precision[hidden], shift[hidden])
            new = updated_sites(lower, upper, mean, spread, old, noise)
            precision, shift = precision.copy(), shift.copy()
            precision[hidden], shift[hidden] = new.precision, new.shift
            surface = surface.with_sites(Sites(precision, shift))
            change = np.abs(new.shift - old.shift) * np.sqrt(spread)
            if float(change.max()) < _TOLERANCE:
                break
        return surface

    @classmethod
    def given(
        cls,
        kernel: Hyperparameters,
        rows: Inputs,
        sites: Sites,
        basis: Basis,
        *,
        n_neighbours: int,
        random_state: int,
    ) -> Self:
        """Return the surface given what each sample says."""
        k = min(n_neighbours, len(rows))
        empty = np.empty(0)
        blank = cls(kernel, rows, sites, basis, empty, empty.reshape(0, 0), k, random_state)
        return blank.with_sites(sites)

    def with_sites(self, sites: Sites) -> Self:
        """Return the surface were the samples to say something else."""
        told = self._keeping(sites=sites)
        return told._regressed(told._whiten(told._known))

    def _regressed(self, white: Values) -> Self:
        """Return the surface whose coefficients follow from whitened columns and targets."""
        columns, target = white[:, :-1], white[:, -1]
        precision = columns.T @ columns
        precision[np.diag_indices_from(precision)] += 1.0
        factor = cholesky(precision, lower=True)
        inverse = solve_triangular(factor, np.eye(len(factor)), lower=True)
        return self._keeping(
            coefficient=inverse.T @ (inverse @ (columns.T @ target)),
            coefficient_whitening=np.ascontiguousarray(inverse),
        )

    def _keeping(self, **changed: Any) -> Self:
        """Return a surface that differs in some fields; what does not change is kept."""
        other = replace(self, **changed)
        kept = {"_columns", "_neighbourhoods", "_tree"}
        if "sites" not in changed:
            kept |= {"noise", "_known"}
        # The caches of a frozen value are safe to share.
        other.__dict__.update({k: v for k, v in self.__dict__.items() if k in kept})
        return other

    @cached_property
    def _columns(self) -> Values:
        return self.basis.columns(self.rows)

    @cached_property
    def noise(self) -> Values:
        """Variance that each sample has for itself, shape (n,)."""
        return self.sites.variance + self.basis.left_over(self._columns)

    @cached_property
    def _known(self) -> Values:
        """What is known of each sample: its columns, and what it says, shape (n, q + 1)."""
        return np.column_stack([self._columns, self.sites.target])

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.rows.place)

    def predict(self, cells: Inputs) -> tuple[Values, Values]:
        """Return mean and variance of the surface at cells, without noise."""
        _, near = self._tree.query(cells.place, k=self.n_neighbours)
        return self._predict(cells, near.reshape(len(cells), self.n_neighbours))

    def predict_samples(self, at: Rows) -> tuple[Values, Values]:
        """Return mean and variance of the surface at samples, each given its own site too."""
        mean, spread = self._predict_alone(at)
        own = Sites(self.sites.precision[at], self.sites.shift[at])
        joint = 1.0 / (1.0 / spread + own.precision)
        return joint * (mean / spread + own.shift), joint

    def _predict_alone(self, at: Rows) -> tuple[Values, Values]:
        """Return mean and variance of the surface at samples, each without its own site.

        What the landmarks do not carry is noise to the neighbours of a sample, and of the
        surface at the sample itself: its site tells of what they carry through that noise.
        """
        cells = self.rows.take(at)
        _, near = self._tree.query(cells.place, k=self.n_neighbours)
        near = near.reshape(len(at), self.n_neighbours)
        # Where many samples share a place, a sample may not be among its own nearest.
        lost = ~(near == at[:, None]).any(axis=1)
        near[lost, -1] = at[lost]
        mean, spread = self._predict(cells, near)
        lost_variance = self.basis.left_over(self._columns[at])
        dulled = 1.0 + self.sites.precision[at] * lost_variance
        seen = Sites(self.sites.precision[at] / dulled, self.sites.shift[at] / dulled)
        mean, spread = cavity(mean, spread - lost_variance, seen)
        return mean, spread + lost_variance

    def residuals(self, coefficient: Values) -> Values:
        """Return what samples say without these columns of coefficients, shape (n, n_sets)."""
        return np.asarray(self.sites.target[:, None] - self._columns @ coefficient)

    def leave_out(self, folds: NDArray[np.int64]) -> tuple[Values, Values]:
        """Return mean and variance at the samples, each without the samples of its fold.

        With more than 50 folds of several samples the coefficients of the drift stay as they
        are: each fold is then a small part of a large survey.
        """
        names = np.unique(folds)
        if len(names) == len(folds):
            # One at a time: what the sample itself says is divided out of its marginal.
            return self._predict_alone(np.arange(len(folds)))
        if len(names) > _MOST_REFITS:
            return self._leave_neighbours_out(folds)
        mean, spread = np.empty(len(folds)), np.empty(len(folds))
        white = self._whiten(self._known)
        for fold in names:
            gone = folds == fold
            out, rest = np.flatnonzero(gone), np.flatnonzero(~gone)
            surface = self._regressed(self._rewhitened(white, gone))
            k = min(self.n_neighbours, len(rest))
            _, near = cKDTree(self.rows.place[rest]).query(self.rows.place[out], k=k)
            near = rest[near.reshape(len(out), k)]
            mean[out], spread[out] = surface._predict(self.rows.take(out), near)
        return mean, spread

    def _rewhitened(self, white: Values, gone: NDArray[np.bool_]) -> Values:
        """Return whitened columns without some samples: rows of zeros in their place.

        Only samples that were conditioned on one of them change; it is silent to these.
        """
        places = self._neighbourhoods
        n_first = len(places.first)
        white = white.copy()
        white[gone[places.order]] = 0.0
        kept = np.flatnonzero(~gone[places.first])
        if 0 < len(kept) < n_first:
            white[kept] = self._whiten_first(self._known, places.first[kept])
        silent = gone[places.near]
        touched = np.flatnonzero(silent.any(axis=1) & ~gone[places.later])
        extra = np.where(silent[touched], _SILENT, 0.0)
        white[n_first + touched] = self._whiten_later(self._known, touched, extra)
        return white

    def _leave_neighbours_out(self, folds: NDArray[np.int64]) -> tuple[Values, Values]:
        n, k = len(self.rows), self.n_neighbours
        mean, spread = np.empty(n), np.empty(n)
        for part in _parts(n, 4096):
            _, near = self._tree.query(self.rows.place[part], k=min(4 * k, n))
            same = folds[near] == folds[part, None]
            keep = np.argsort(same, axis=1, kind="stable")[:, :k]
            near, same = (np.take_along_axis(a, keep, axis=1) for a in (near, same))
            mean[part], spread[part] = self._predict(
                self.rows.take(part), near, np.where(same, _SILENT, 0.0)
            )
        return mean, spread

    def _predict(
        self, cells: Inputs, near: Rows, extra: Values | None = None
    ) -> tuple[Values, Values]:
        n = len(cells)
        mean, spread = np.empty(n), np.empty(n)
        for start in range(0, n, PORTION):
            stop = min(start + PORTION, n)
            # Filled up, so that a cell does not depend on how many stand beside it.
            rows = np.minimum(np.arange(start, start + PORTION), n - 1)
            some = cells.take(rows)
            columns = self.basis.columns(some)
            away = np.column_stack([columns, np.zeros(PORTION)])
            more = None if extra is None else extra[rows]
            left = self._krige(some.place, near[rows], self._known, away, more)
            away, local = np.ascontiguousarray(away[:, :-1]), -away[:, -1]
            unsure = away @ self.coefficient_whitening.T
            left += np.einsum("ij,ij->i", unsure, unsure) + self.basis.left_over(columns)
            mean[start:stop] = (away @ self.coefficient + local)[: stop - start]
            spread[start:stop] = left[: stop - start]
        return mean, np.maximum(spread, 1e-12)

    def _krige(
        self,
        place: Values,
        near: Rows,
        columns: Values,
        away: Values,
        extra: Values | None = None,
    ) -> Values:
        """Take from `away` what neighbours tell of it; return the spatial variance left."""
        known = Neighbours(self.rows.place, self.noise, columns)
        return known.krige(self.kernel, place, near, away, extra)

    def _whiten(self, columns: Values) -> Values:
        """Return columns made independent, in the order of conditioning."""
        places = self._neighbourhoods
        first = self._whiten_first(columns, places.first)
        return np.vstack([first, self._whiten_later(columns, np.arange(len(places.near)))])

    def _whiten_first(self, columns: Values, first: Rows) -> Values:
        """Return the columns of samples that condition on all before them."""
        place = self.rows.place[first]
        start = spatial_covariance(self.kernel, cdist(place, place))
        start[np.diag_indices_from(start)] += self.noise[first]
        return np.asarray(
            solve_triangular(cholesky(start, lower=True), columns[first], lower=True)
        )

    def _whiten_later(
        self, columns: Values, which: Rows, extra: Values | None = None
    ) -> Values:
        """Return the columns of some samples that condition on their neighbours."""
        later, near = self._neighbourhoods.later[which], self._neighbourhoods.near[which]
        away = columns[later]
        left = self._krige(self.rows.place[later], near, columns, away, extra)
        return np.asarray(away / np.sqrt(left + self.noise[later])[:, None])

    @cached_property
    def _neighbourhoods(self) -> Neighbourhoods:
        return Neighbourhoods.of(self.rows.place, self.n_neighbours, self.random_state)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `from_arrays` needs to give the same bits."""
        return {
            "landmarks": self.basis.landmarks,
            "landmark_whitening": self.basis.whitening,
            "coefficient": self.coefficient,
            "coefficient_whitening": self.coefficient_whitening,
        }

    @classmethod
    def from_arrays(
        cls,
        kernel: Hyperparameters,
        rows: Inputs,
        sites: Sites,
        arrays: dict[str, NDArray[Any]],
        *,
        n_neighbours: int,
        random_state: int,
    ) -> Self:
        """Return the surface that `to_arrays` described."""
        basis = Basis(kernel, arrays["landmarks"], arrays["landmark_whitening"])
        coefficient, whitening = arrays["coefficient"], arrays["coefficient_whitening"]
        k = min(n_neighbours, len(rows))
        return cls(kernel, rows, sites, basis, coefficient, whitening, k, random_state)


def _parts(n: int, size: int = PORTION) -> Iterator[Rows]:
    for start in range(0, n, size):
        yield np.arange(start, min(start + size, n))
