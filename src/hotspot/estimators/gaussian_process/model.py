"""An additive Gaussian process of the logarithm of the concentration."""

from copy import copy
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hotspot.errors import ModelError, few
from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.arrays import pack_arrays, unpack_arrays
from hotspot.estimators.base import ModelState, params_as_json, params_from_json
from hotspot.estimators.classifier import require
from hotspot.estimators.gaussian_process.design import Design, choose_bending, varying_columns
from hotspot.estimators.gaussian_process.kernel import Hyperparameters
from hotspot.estimators.gaussian_process.learning import learn
from hotspot.estimators.gaussian_process.response import Response, WarpedNormal
from hotspot.estimators.gaussian_process.samples import LEARNER, Samples
from hotspot.estimators.gaussian_process.skew import choose_skew
from hotspot.estimators.gaussian_process.surface import Surface
from hotspot.estimators.gaussian_process.tail import Tail
from hotspot.estimators.leaving_out import check_folds
from hotspot.estimators.places import check_places
from hotspot.estimators.sampled_range import SampledRange
from hotspot.estimators.table import (
    Matrix,
    known_rows,
    levels_as_json,
    levels_from_json,
    prediction_table,
)
from hotspot.grid import Coordinates
from hotspot.one_core import one_core

Values = NDArray[np.float64]

_TAILS = ("auto", "normal", "t")
_SKEWS = ("auto", "none")
_FILE = "gaussian_process.npz"


class AdditiveGaussianProcess(AnswersFromDistribution, BaseEstimator):
    """Kriging with a drift, learnt from measured and censored concentrations together.

    A number behind the logarithm of the concentration, which a skewed `Response` makes of it,
    is a sum of an exponential (Matérn 1/2) surface over the coordinates, a ridge-penalised
    straight drift of all covariates, a smooth response to some numeric covariates, each with a
    range of its own, and noise. Hyper-parameters have the highest posterior density under weak
    log-normal priors. A non-detect enters as the
    probability of its interval (expectation propagation), never as a number put in its
    place. Answers are for a new measurement: they include the noise. Beyond the sampled
    values of a covariate the surface is level and its doubt grows (`SampledRange`).

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes; they enter the straight drift.
    max_rbf : int
        Most numeric covariates in the smooth part, from 0. With more than that, those whose
        cubics explain most are taken, one after the other.
    tail : "auto", "normal" or "t"
        Of the predictive distribution; with ``"auto"`` as heavy as samples left out one at a
        time call for.
    skew : "auto" or "none"
        Of the log concentration about the surface; with ``"auto"`` as much as samples left
        out one at a time call for (`choose_skew`).
    max_exact : int
        Samples up to which the process is dense; beyond, it is local (`LocalPosterior`).
    n_neighbours : int
        Samples in a neighbourhood of the local process.
    start : Hyperparameters, optional
        Where the search begins, such as those of a fit to nearly the same samples: faster
        than the searches from fixed points.
    random_state : int
        Seed of what a large survey needs drawn: portions to learn from, order of samples.

    Attributes
    ----------
    feature_names_in_ : array of str, shape (n_covariates,)
        Covariates in the order that every later table must have.
    n_features_in_, n_samples_, n_censored_ : int
        Numbers of covariates, of samples, and of samples known by an interval only.
    levels_ : dict of str to array
        Codes seen in training, by categorical covariate.
    hyperparameters_ : Hyperparameters
        In standardised units.
    response_ : Response
        Centre, spread and skew of the log concentration that make it standard normal.
    tail_ : Tail
        Shape of the predictive distribution.
    smooth_names_ : tuple of str
        Covariates of the smooth part.
    range_ : float, units of the coordinates
        Distance at which 5 % of the spatial correlation is left.
    preference_ : float
        Slope that answers are corrected for, see `against_preference`; 0 for none.

    Examples
    --------
    >>> X = pd.DataFrame({"slope": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]})
    >>> lead = np.array([10.0, 21.0, 40.0, 79.0, 160.0, 0.0])
    >>> limit = np.array([10.0, 21.0, 40.0, 79.0, 160.0, 5.0])  # the last is a non-detect
    >>> places = np.arange(12.0).reshape(6, 2)
    >>> model = AdditiveGaussianProcess(max_rbf=0).fit(X, lead, limit, coordinates=places)
    >>> one, other = model.exceedance(X, 30.0, coordinates=places)[[4, 5]]
    >>> bool(one > 0.5 > other)
    True
    """

    kind: ClassVar[str] = "gaussian_process"

    def __init__(
        self,
        categorical: tuple[str, ...] = (),
        *,
        max_rbf: int = 5,
        tail: str = "auto",
        skew: str = "auto",
        max_exact: int = 3000,
        n_neighbours: int = 30,
        start: Hyperparameters | None = None,
        random_state: int = 0,
    ) -> None:
        self.categorical = categorical
        self.max_rbf = max_rbf
        self.tail = tail
        self.skew = skew
        self.max_exact = max_exact
        self.n_neighbours = n_neighbours
        self.start = start
        self.random_state = random_state

    @one_core()
    def fit(
        self,
        X: pd.DataFrame | Matrix,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
    ) -> Self:
        """Learn from intervals of concentration.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            No missing value.
        lower, upper : array, shape (n,), mg/kg
            The interval that holds each concentration; equal where it was measured. A
            measured 0 counts as a non-detect at the smallest positive bound of the survey.
        coordinates : array, shape (n, 2)
            Easting and northing.

        Raises
        ------
        ModelError
            `X` or the coordinates are incomplete, lengths differ, a parameter is out of
            range, an interval is none, or fewer than 5 samples or 2 measured ones are given.
        """
        self._check_parameters()
        samples = Samples.read(X, lower, upper, coordinates, tuple(self.categorical))
        matrix, places = samples.matrix, samples.places
        self.feature_names_in_ = np.array(samples.names, dtype=object)
        self.n_features_in_ = len(samples.names)
        self.preference_ = 0.0
        classes = [samples.names.index(name) for name in self.categorical]
        self.response_ = Response.of(samples.logs)
        bounds = self.response_.standardise(samples.logs)
        design = Design.of(matrix, places, classes)
        numeric = design.inputs(matrix, places).drift[:, : len(design.numeric)]
        bending = choose_bending(numeric, bounds, int(self.max_rbf))
        design = replace(design, bending=bending)
        rows = design.inputs(matrix, places)

        def learnt(start: Hyperparameters | None) -> Hyperparameters:
            return learn(
                rows,
                self.response_.standardise(samples.logs),
                n_candidates=len(varying_columns(numeric)),
                start=start,
                random_state=self.random_state,
            )

        self.hyperparameters_ = learnt(self.start)
        if self.skew == "auto":
            skew = choose_skew(
                rows,
                samples.logs,
                self.hyperparameters_,
                tail=self.tail,
                random_state=self.random_state,
            )
            self.response_ = Response.of(samples.logs, skew=skew)
            self.hyperparameters_ = learnt(self.hyperparameters_)
        self._condition(samples, design, SampledRange.of(matrix, classes))
        mean, spread = self._surface.posterior.leave_out(np.arange(len(rows)))
        sd = np.sqrt(spread + self.hyperparameters_.noise_variance)
        bounds = self.response_.standardise(samples.logs)
        self.tail_ = Tail.choose(bounds, mean, sd, self.tail)
        return self

    @one_core()
    def refit(
        self,
        X: pd.DataFrame | Matrix,
        lower: Values,
        upper: Values,
        *,
        coordinates: Coordinates | None = None,
    ) -> Self:
        """Return a model of other samples with the hyper-parameters of this one.

        Standardisation and tail are also kept; only the samples are exchanged. That costs a
        small part of `fit`, and suits inner folds.

        Parameters
        ----------
        X, lower, upper, coordinates
            As in `fit`, with the same covariates.

        Raises
        ------
        ModelError
            As in `fit`; or a class stands there that this model never saw.
        """
        check_is_fitted(self)
        prediction_table(X, self._names)
        samples = Samples.read(X, lower, upper, coordinates, tuple(self.categorical))
        for name, codes in samples.levels(self.categorical).items():
            new = np.setdiff1d(codes, self.levels_[name])
            if new.size:
                raise ModelError(
                    f"Samples have the classes {few(new.tolist())} of {name!r}, which the "
                    "fitted model never saw. Fit a model to them instead."
                )
        model = clone(self)
        model.feature_names_in_ = self.feature_names_in_
        model.n_features_in_ = self.n_features_in_
        model.response_, model.hyperparameters_ = self.response_, self.hyperparameters_
        model.tail_, model.preference_ = self.tail_, self.preference_
        model._condition(samples, self._surface.design, self._surface.sampled)
        fresh: Self = model
        return fresh

    def distribution(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> WarpedNormal:
        """Return the distribution of a new measurement at each row.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            The covariates of `fit`, in their order. A missing value, a missing coordinate,
            or a class that no sample had, gives NaN: never a guess.
        coordinates : array, shape (n, 2)
            Easting and northing.
        """
        matrix, places, known = self._asked(X, coordinates)
        mean, spread = np.full(len(known), np.nan), np.full(len(known), np.nan)
        if known.any():
            with one_core():
                mean[known], spread[known] = self._surface.predict(matrix, places)
        return self.tilted(self._answer(mean, spread), self.preference_)

    @property
    def surface_(self) -> Self:
        """The process that knows how sure the surface is: this one."""
        return self

    def against_preference(self, slope: float) -> Self:
        """Return the model for soil that nobody chose, where samples were chosen by their soil.

        If the density of samples rises with the log concentration z as ``exp(slope * z)``,
        soil that was not sampled has less of it than samples tell: the surface at a place,
        normal with variance v, is tilted by ``exp(-slope * z)``, which moves its mean by
        ``-slope * v``. Near samples v is small and nothing changes. `leave_out` stays as it
        is: it answers for samples.

        Parameters
        ----------
        slope : float
            Of the natural logarithm of the density of samples.

        References
        ----------
        Diggle, Menezes & Su (2010), Geostatistical inference under preferential sampling.
        https://doi.org/10.1111/j.1467-9876.2009.00701.x
        """
        check_is_fitted(self)
        model = copy(self)
        model.preference_ = float(slope)
        return model

    def tilted(self, told: WarpedNormal, slope: float) -> WarpedNormal:
        """Return answers as they are where samples were preferred with a slope.

        Parameters
        ----------
        told : WarpedNormal
            Answers of this model, as if samples had been taken regardless of their soil.
        slope : float
            As in `against_preference`; 0 changes nothing.
        """
        if slope == 0:
            return told
        return told.moved(-slope * self.surface_variance(told) / told.rate)

    def surface_variance(self, told: WarpedNormal) -> Values:
        """Return the variance of the log surface, without that of one measurement, shape (n,).

        Parameters
        ----------
        told : WarpedNormal
            An answer of this model, which holds both.
        """
        noise = self.hyperparameters_.noise_variance * self.tail_.stretch**2
        return np.asarray(told.rate**2 * np.maximum(told.scale**2 - noise, 0.0))

    @one_core()
    def leave_out(self, folds: NDArray[np.int64]) -> WarpedNormal:
        """Return distributions for the training samples, each without those of its fold.

        Hyper-parameters stay as they were learnt from all samples. What a censored sample
        says also stays as it was with all others present; without censoring the answer is
        that of a refit, to rounding.

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
        return self._answer(*self._surface.leave_out(check_folds(folds, self.n_samples_)))

    def draw(
        self,
        X: pd.DataFrame | Matrix,
        *,
        coordinates: Coordinates | None = None,
        n_draws: int = 100,
        random_state: int = 0,
    ) -> Values:
        """Return joint draws of the concentration, mg/kg, shape (n_draws, n).

        Each draw is a whole map of new measurements given the samples: cells near each other
        move together, and each cell has the distribution of `distribution`. Up to 2000 rows
        are drawn through their exact covariance; more rows, or a survey beyond `max_exact`,
        one after the other, each given its nearest samples and the nearest rows before it.
        Ask for all rows that belong together in one call.

        Parameters
        ----------
        X, coordinates
            As in `distribution`; a row without an answer is NaN in every draw.
        n_draws : int
            From 1.
        random_state : int
            Seed.
        """
        require("n_draws", n_draws, low=1)
        matrix, places, known = self._asked(X, coordinates)
        draws = np.full((int(n_draws), len(known)), np.nan)
        if not known.any():
            return draws
        with one_core():
            field = self._surface.draw(
                matrix, places, tail=self.tail_, n_draws=int(n_draws), random_state=random_state
            )
            if self.preference_ != 0:
                plain = self._answer(*self._surface.predict(matrix, places))
                field += self.tilted(plain, self.preference_).location - plain.location
        draws[:, known] = np.exp(self.response_.to_log(field))
        return draws

    @property
    def smooth_names_(self) -> tuple[str, ...]:
        """Covariates of the smooth part."""
        design = self._surface.design
        columns = [design.numeric[i][0] for i in design.bending]
        return tuple(self._names[column] for column in columns)

    @property
    def range_(self) -> float:
        """Distance at which 5 % of the spatial correlation is left."""
        unit = self._surface.design.place_unit
        return float(-np.log(0.05) * self.hyperparameters_.spatial_range * unit)

    def to_state(self) -> ModelState:
        """Return the fitted model as inert data."""
        check_is_fitted(self)
        values = {
            "params": params_as_json(self.get_params(deep=False), ("start",)),
            "names": self._names,
            "levels": levels_as_json(self.levels_),
            "n_censored": self.n_censored_,
            "response": self.response_.to_dict(),
            "tail": self.tail_.to_dict(),
            "preference": self.preference_,
            **self._surface.to_values(),
        }
        files = {_FILE: pack_arrays(self._surface.to_arrays())}
        return ModelState(kind=self.kind, values=values, files=files)

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the fitted model that `to_state` described."""
        values = state.values
        model = cls(**params_from_json(values["params"]))
        model.feature_names_in_ = np.array(values["names"], dtype=object)
        model.n_features_in_ = len(values["names"])
        model.levels_ = levels_from_json(values["levels"])
        model.n_censored_ = int(values["n_censored"])
        model.response_ = Response.from_dict(values["response"])
        model.tail_ = Tail.from_dict(values["tail"])
        model.preference_ = float(values["preference"])
        model._surface = Surface.read(values, unpack_arrays(state.files[_FILE]))
        model.n_samples_ = len(model._surface.order)
        model.hyperparameters_ = model._surface.posterior.kernel
        return model

    @property
    def _names(self) -> list[str]:
        return [str(name) for name in self.feature_names_in_]

    def _condition(self, samples: Samples, design: Design, sampled: SampledRange) -> None:
        bounds = self.response_.standardise(samples.logs)
        self.levels_ = samples.levels(self.categorical)
        self.n_samples_ = len(samples.matrix)
        self.n_censored_ = int((~bounds.measured).sum())
        self._surface = Surface.condition(
            self.hyperparameters_,
            samples,
            bounds,
            design=design,
            sampled=sampled,
            max_exact=int(self.max_exact),
            n_neighbours=int(self.n_neighbours),
            random_state=self.random_state,
        )

    def _asked(
        self, X: pd.DataFrame | Matrix, coordinates: Coordinates | None
    ) -> tuple[Matrix, Coordinates, NDArray[np.bool_]]:
        """Return covariates and places of the rows that can be known, and which these are."""
        check_is_fitted(self)
        matrix = prediction_table(X, self._names)
        places = check_places(coordinates, len(matrix), learner=LEARNER)
        known = known_rows(matrix, self._names, self.levels_)
        known = known & np.isfinite(places).all(axis=1)
        return matrix[known], places[known], known

    def _answer(self, mean: Values, spread: Values) -> WarpedNormal:
        sd = np.sqrt(spread + self.hyperparameters_.noise_variance)
        return WarpedNormal(mean, self.tail_.stretch * sd, self.response_, self.tail_.df)

    def _check_parameters(self) -> None:
        require("max_rbf", self.max_rbf, low=0)
        require("max_exact", self.max_exact, low=0)
        require("n_neighbours", self.n_neighbours, low=2, high=500)
        if self.tail not in _TAILS:
            raise ModelError(
                f"The parameter tail is {self.tail!r}. Give one of {', '.join(_TAILS)}."
            )
        if self.skew not in _SKEWS:
            raise ModelError(
                f"The parameter skew is {self.skew!r}. Give one of {', '.join(_SKEWS)}."
            )
