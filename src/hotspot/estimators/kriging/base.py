"""What the kriging models share: places, variogram, samples left out, saving."""

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.arrays import pack_arrays, unpack_arrays
from hotspot.estimators.base import ModelState, params_as_json, params_from_json
from hotspot.estimators.classifier import require
from hotspot.estimators.distribution import LogLocationScale
from hotspot.estimators.intervals import LogIntervals
from hotspot.estimators.kriging.predictor import MOST_GLOBAL, Kriged, Kriging
from hotspot.estimators.kriging.variogram import (
    CUTOFF_SHARE,
    VariogramFit,
    VariogramModel,
    check_family,
    empirical_variogram,
    extent,
    fit_variogram,
    longest_range,
)
from hotspot.estimators.leaving_out import check_folds
from hotspot.estimators.table import Matrix
from hotspot.grid import Coordinates

Values = NDArray[np.float64]
Folds = NDArray[np.int64]

# Neighbours of a target where the survey is too large for one system.
N_NEIGHBOURS = 40
# Variogram, trend and evidence depend on each other; they have settled after this.
N_ROUNDS = 3
# Samples that a variogram is found from, evenly chosen from west to east.
_MOST_PAIRED = 4000
# Of a log concentration: below a millionth everything is exact.
_LEAST_SCALE = 1e-6
_FILE = "kriging.npz"


class VariogramWarning(UserWarning):
    """A variogram was fitted beyond what the survey can tell, and another one is used."""


class KrigingModel(BaseEstimator, ABC):
    """What the kriging models share: places, a variogram, and how they are saved."""

    kind: ClassVar[str]
    # Parameters of the machine, not of the model: they leave no trace in a saved model.
    _machine_parameters: ClassVar[frozenset[str]] = frozenset({"n_jobs"})

    model: str
    n_neighbours: int | None
    variogram_: VariogramModel

    def _check_parameters(self) -> None:
        check_family(self.model)
        if self.n_neighbours is not None:
            require("n_neighbours", self.n_neighbours, low=1)

    def _reach(self, n: int) -> int | None:
        if self.n_neighbours is not None:
            return int(self.n_neighbours)
        return None if n <= MOST_GLOBAL else N_NEIGHBOURS

    def _fit_variogram(
        self, places: Coordinates, values: Values, noise: Values | None = None
    ) -> VariogramFit:
        kept = thinned(places, _MOST_PAIRED)
        some = noise
        if noise is not None and len(kept) < len(places):
            some = noise[kept] if noise.ndim == 1 else noise[np.ix_(kept, kept)]
        cutoff = CUTOFF_SHARE * extent(places)
        if cutoff > 0:
            seen = empirical_variogram(places[kept], values[kept], cutoff=cutoff, noise=some)
        if cutoff == 0 or not seen.lag.size:
            level = max(float(np.var(values)), _LEAST_SCALE**2)
            n_places = len(np.unique(places, axis=0))
            seen_places = (
                f"All {len(places)} samples lie at one place"
                if n_places == 1
                else f"{n_places} places have too few pairs near each other to fit a variogram"
            )
            return VariogramFit(
                VariogramModel(self.model, level, 0.0, 1.0),
                math.nan,
                f"{seen_places}: all variance is taken for nugget. "
                "Give samples of more places.",
            )
        return fit_variogram(seen, self.model, longest=longest_range(places))

    def _use(self, fit: VariogramFit) -> None:
        """Keep a variogram, and say what was wrong with it."""
        self.variogram_ = fit.model
        if fit.problem is not None:
            warnings.warn(fit.problem, VariogramWarning, stacklevel=4)

    def to_state(self) -> ModelState:
        """Return the fitted model as inert data."""
        check_is_fitted(self)
        params = params_as_json(self.get_params(deep=False), self._machine_parameters)
        fitted, arrays = self._fitted_state()
        values = {"params": params, "variogram": self.variogram_.to_dict(), "fitted": fitted}
        return ModelState(self.kind, values, {_FILE: pack_arrays(arrays)})

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the fitted model that `to_state` described."""
        found = cls(**params_from_json(state.values["params"]))
        found.variogram_ = VariogramModel.from_dict(state.values["variogram"])
        found._restore(state.values["fitted"], unpack_arrays(state.files[_FILE]))
        return found

    @abstractmethod
    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `fit` found beside the variogram: JSON values and arrays."""

    @abstractmethod
    def _restore(self, fitted: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        """Set what `_fitted_state` returned."""


class ConcentrationKriging(AnswersFromDistribution, KrigingModel):
    """Kriging of the logarithm of the concentration, for any limit."""

    n_samples_: int
    n_censored_: int
    _order: NDArray[np.int64]
    _kriging: Kriging

    def leave_out(self, folds: Folds) -> LogLocationScale:
        """Return distributions for the training samples, each without those of its fold.

        What was learnt about the whole (the variogram, the penalty of a ridge trend) is held,
        and so is what a censored sample says of itself; the samples of the fold are not used.

        Parameters
        ----------
        folds : array of int, shape (n,)
            In the order of the rows given to `fit`; samples of one number leave together.

        Raises
        ------
        ModelError
            The number of folds is not that of the samples, or all are in one.
        """
        check_is_fitted(self)
        n = self.n_samples_
        folds = check_folds(folds, n)
        found = self._left_out(folds[self._order])
        there = np.empty(n, dtype=np.int64)
        there[self._order] = np.arange(n)
        return as_distribution(Kriged(found.value[there], found.variance[there]))

    @abstractmethod
    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> LogLocationScale:
        """Return the distribution of a new measurement at each row."""

    @abstractmethod
    def _left_out(self, folds: Folds) -> Kriged:
        """Return samples kriged from those of other folds, in their own order."""

    def _counted(self, intervals: LogIntervals, order: NDArray[np.int64]) -> None:
        self._order = order
        self.n_samples_ = len(intervals)
        self.n_censored_ = int((~intervals.measured).sum())

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays: dict[str, NDArray[Any]] = {
            "order": self._order,
            "coordinates": self._kriging.coordinates,
            "values": self._kriging.values,
        }
        if self._kriging.noise is not None:
            arrays["noise"] = self._kriging.noise
        return {"n_samples": self.n_samples_, "n_censored": self.n_censored_}, arrays

    def _restore(self, fitted: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self._order = arrays["order"]
        self.n_samples_ = int(fitted["n_samples"])
        self.n_censored_ = int(fitted["n_censored"])
        self._kriging = Kriging(
            arrays["coordinates"],
            arrays["values"],
            self.variogram_,
            noise=arrays.get("noise"),
        )


def make_system(
    places: Coordinates,
    variogram: VariogramModel,
    drift: Values | None = None,
    penalty: float = 0.0,
) -> Callable[[Values, Values], Kriging]:
    """Return what makes the kriging of values and noises."""
    columns = None if drift is None else np.full(drift.shape[1], penalty)

    def system(values: Values, noise: Values) -> Kriging:
        return Kriging(places, values, variogram, drift=drift, penalty=columns, noise=noise)

    return system


def as_distribution(found: Kriged) -> LogLocationScale:
    """Return kriged logarithms as distributions of the concentration."""
    return LogLocationScale(found.value, np.maximum(np.sqrt(found.variance), _LEAST_SCALE))


def own_order(
    intervals: LogIntervals, places: Coordinates, matrix: Matrix | None = None
) -> NDArray[np.int64]:
    """Return an order of the samples' own, so that the order given changes nothing."""
    covariates = () if matrix is None else tuple(matrix.T)
    keys = (intervals.high, intervals.low, *covariates, *places.T[::-1])
    return np.lexsort(keys).astype(np.int64)


def thinned(places: Coordinates, most: int) -> NDArray[np.int64]:
    """Return at most so many samples, evenly chosen; they stand in order from the west."""
    if len(places) <= most:
        return np.arange(len(places))
    return np.linspace(0, len(places) - 1, most).astype(np.int64)
