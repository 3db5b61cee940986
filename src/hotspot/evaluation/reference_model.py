"""The reference model of the map: a Gaussian process of the concentration.

What a map really loses could be told from its probabilities if these were right. They may not
be, so that another model says how likely an exceedance is: an additive Gaussian process, whose
answers without any group of samples are known in closed form, and which therefore can be
tested at many distances at the price of one fit.

Answers are normal scores: the probability of exceedance is ``ndtr(score)``.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
from hotspot.estimators.gaussian_process.response import WarpedNormal
from hotspot.estimators.intervals import interval_moments
from hotspot.estimators.table import asked_about
from hotspot.grid import Coordinates
from hotspot.observations.limits.rules import Limit, limits_at
from hotspot.samples.sampleset import Samples

Array = NDArray[np.float64]

MAP_CELLS = "cells that stand for the map"
"""What an evaluation asks models about, in the words of `asked_about`."""

# Scores beyond this are as good as certain.
_MOST_SCORE = 8.0
# Below this width, in standard deviations, an interval is a number.
_NARROW = 1e-6


_ANSWERS = ("score", "centre", "deviation", "square")


@dataclass(frozen=True)
class LeftOut:
    """What the reference model says of held-out samples.

    Parameters
    ----------
    score : array, shape (n,)
        Normal score of the probability of exceedance.
    centre : array, shape (n,)
        Natural logarithm of the median concentration in mg/kg.
    deviation, square : array, shape (n,)
        Mean and mean square of the standardised residual; of a measured sample they are
        the residual and its square, of a non-detect those of its interval.
    """

    score: Array
    centre: Array
    deviation: Array
    square: Array


@dataclass(frozen=True)
class ReferenceModel:
    """A Gaussian process learnt from all samples.

    Parameters
    ----------
    model : AdditiveGaussianProcess
        Fitted.
    samples : Samples
        What it learnt from.
    limit : float or LimitRule
        What is asked, mg/kg.
    """

    model: AdditiveGaussianProcess
    samples: Samples
    limit: Limit

    @classmethod
    def of(
        cls,
        samples: Samples,
        limit: Limit,
        *,
        categorical: tuple[str, ...] = (),
        random_state: int = 0,
    ) -> Self:
        """Return the reference model learnt from some samples.

        Raises
        ------
        ModelError
            Too few samples, or too few of them measured.
        """
        model = AdditiveGaussianProcess(categorical, random_state=random_state)
        model.fit(samples.X, samples.lower, samples.upper, coordinates=samples.coordinates)
        return cls(model, samples, limit)

    def left_out(self, fold: NDArray[np.int64]) -> LeftOut:
        """Return what is said of each sample without those of its fold.

        Hyper-parameters stay those of all samples: see `learnt_anew`.

        Parameters
        ----------
        fold : array of int, shape (n,)
            Label of each sample.
        """
        return self._said(self.model.leave_out(fold), np.arange(len(fold)))

    def learnt_anew(self, fold: NDArray[np.int64]) -> LeftOut:
        """Return what processes say that learnt everything without the fold, a fit for each.

        Parameters
        ----------
        fold : array of int, shape (n,)
            Label of each sample.
        """
        said = self.left_out(fold)
        for label in np.unique(fold):
            test, rest = np.flatnonzero(fold == label), np.flatnonzero(fold != label)
            asked, learnt = self.samples.take(test), self.samples.take(rest)
            model = clone(self.model).set_params(start=self.model.hyperparameters_)
            model.fit(learnt.X, learnt.lower, learnt.upper, coordinates=learnt.coordinates)
            # Of a class that only this fold has, what was said before is kept.
            with asked_about(None):
                found = model.distribution(asked.X, coordinates=asked.coordinates)
            anew = self._said(found, test)
            known = np.isfinite(anew.centre)
            for name in _ANSWERS:
                getattr(said, name)[test[known]] = getattr(anew, name)[known]
        return said

    def surface(self) -> Array:
        """Return the log concentration of the surface at the samples, natural logarithm."""
        found = self.model.distribution(self.samples.X, coordinates=self.samples.coordinates)
        return found.median

    def cells(
        self, X: pd.DataFrame, coordinates: Coordinates, *, slope: float = 0.0
    ) -> tuple[Array, Array]:
        """Return score and centre of cells; NaN where there is no answer.

        Parameters
        ----------
        X : DataFrame, shape (m, n_covariates)
        coordinates : array, shape (m, 2)
        slope : float
            Of the logarithm of the sampling density on the log concentration. Where samples
            were preferred by their concentration, the rest of the map has less of it than
            they tell: the surface at a cell, normal with variance v, is tilted by
            ``exp(-slope * z)``, which moves its mean by ``-slope * v``.
        """
        with asked_about(MAP_CELLS):
            found = self.model.distribution(X, coordinates=coordinates)
        return self._score(found, X, slope), found.median

    def draws(
        self,
        X: pd.DataFrame,
        coordinates: Coordinates,
        *,
        slope: float,
        spread: float,
        n_draws: int,
        random_state: int,
    ) -> NDArray[np.bool_]:
        """Return joint draws of exceedance, shape (2, n_draws, m): two soil samples a cell.

        Both samples of a cell share the surface of their draw and nothing else.

        Parameters
        ----------
        spread : float
            Factor of the standard deviation of all residuals.
        """
        found = self.model.distribution(X, coordinates=coordinates)
        twice = pd.concat([X, X], ignore_index=True)
        drawn = self.model.draw(
            twice,
            coordinates=np.concatenate([coordinates, coordinates]),
            n_draws=n_draws,
            random_state=random_state,
        ).reshape(n_draws, 2, len(X))
        behind = found.response.to_gaussian(np.log(drawn))
        moved = self.model.tilted(found, slope).location + spread * (behind - found.location)
        exceeds = moved > found.response.to_gaussian(np.log(limits_at(self.limit, X)))
        return np.asarray(exceeds.transpose(1, 0, 2))

    def _said(self, found: WarpedNormal, rows: NDArray[np.int64]) -> LeftOut:
        low = _normal_score(found, self.samples.lower[rows])
        high = _normal_score(found, self.samples.upper[rows])
        deviation, square = moments_within(low, high)
        return LeftOut(
            self._score(found, self.samples.X.iloc[rows], 0.0),
            found.median.copy(),
            deviation,
            square,
        )

    def _score(self, found: WarpedNormal, X: pd.DataFrame, slope: float) -> Array:
        return -_normal_score(self.model.tilted(found, slope), limits_at(self.limit, X))


def _normal_score(found: WarpedNormal, concentration: float | Array) -> Array:
    """Return the normal quantile of P(C <= concentration)."""
    return np.clip(found.normal_score(concentration), -_MOST_SCORE, _MOST_SCORE)


def moments_within(low: Array, high: Array) -> tuple[Array, Array]:
    """Return mean and mean square of a standard normal number within intervals, shape (n,)."""
    deviation, square = 0.5 * (low + high), (0.5 * (low + high)) ** 2
    wide = high - low > _NARROW
    centre = np.zeros(int(wide.sum()))
    _, slope, bend = interval_moments(low[wide], high[wide], centre, centre + 1.0)
    deviation[wide], square[wide] = slope, 1.0 - bend + slope**2
    return deviation, square
