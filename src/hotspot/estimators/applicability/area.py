"""The area of applicability: where covariates resemble those of the samples."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hotspot.errors import ModelError, few
from hotspot.estimators.applicability.mean_distances import mean_distances
from hotspot.estimators.applicability.nearest import NearestSamples
from hotspot.estimators.applicability.space import WeightedSpace
from hotspot.estimators.arrays import pack_arrays, unpack_arrays
from hotspot.estimators.base import ModelState
from hotspot.estimators.copies import Copies, find_copies
from hotspot.estimators.table import (
    Matrix,
    levels_as_json,
    levels_from_json,
    prediction_table,
    seen_levels,
    training_table,
)

Splits = Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Positions of training and of test samples, fold by fold."""

# Rows of a map that are scaled and searched at once.
_ROWS = 65_536


class AreaOfApplicability(BaseEstimator):
    """How far cells lie from the samples in the space of weighted covariates.

    The dissimilarity index of a cell is its distance to the nearest sample, divided by the
    average distance between samples. The threshold is the largest index, outliers aside,
    that the samples themselves have to the samples of other folds: beyond it,
    cross-validation says nothing about the error.

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes. Each code seen becomes an indicator with the
        full weight of its covariate; a code never seen has all indicators 0.
    n_jobs : int
        Threads of the search; the result does not depend on it.

    Attributes
    ----------
    threshold_ : float
        Largest index that counts as applicable.
    dissimilarity_train_ : array, shape (n,)
        Index of each sample to the nearest sample outside its fold; NaN where a sample is
        never tested.
    mean_distance_train_ : array, shape (n,)
        Mean distance of each sample to all others, folds ignored.
    mean_distance_ : float
        Average of these, the unit of the index.
    weights_ : dict of str to float
        Weight of each covariate; 0 for those left out. Covariates that say the same
        (`find_copies`) measure together what one of them would, with the sum of their weights:
        each of k has that sum over the root of k.

    References
    ----------
    Meyer, H. & Pebesma, E. (2021). Predicting into unknown space? Estimating the area of
    applicability of spatial prediction models. Methods in Ecology and Evolution 12,
    1620-1633, 10.1111/2041-210X.13650. Schumacher, F. et al. (2025). Assessing the area of
    applicability with the local point density. Geoscientific Model Development 18,
    10185, 10.5194/gmd-18-10185-2025.

    Examples
    --------
    >>> X = pd.DataFrame({"slope": [0.0, 1.0, 2.0, 3.0]})
    >>> area = AreaOfApplicability().fit(X)
    >>> area.threshold_
    0.6
    >>> area.applicable(pd.DataFrame({"slope": [1.5, 3.9, 9.0, np.nan]}))
    array([ True,  True, False, False])
    """

    kind: ClassVar[str] = "area_of_applicability"

    def __init__(self, categorical: tuple[str, ...] = (), *, n_jobs: int = 1) -> None:
        self.categorical = categorical
        self.n_jobs = n_jobs

    def fit(
        self,
        X: pd.DataFrame | Matrix,
        weights: Mapping[str, float] | None = None,
        folds: ArrayLike | None = None,
        *,
        splits: Splits | None = None,
    ) -> Self:
        """Learn the scale, the samples and the threshold.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            Covariates of the samples; no missing value.
        weights : mapping of str to float, optional
            Importance of each covariate, such as its mean absolute SHAP value; only ratios
            matter. Negative ones count as 0. By default all weigh 1, copies together.
        folds : array, shape (n,), optional
            Fold of each sample; without it the nearest other sample counts.
        splits : iterable of (train, test), optional
            In place of `folds`, who trains for whom, where it is not everyone of another
            fold: with a buffer, or in time.

        Raises
        ------
        ModelError
            Values are missing, covariates lack a weight, all weights are 0, all samples are
            alike, there is one fold only, or no split has a training sample.
        """
        names, matrix = training_table(X, tuple(self.categorical))
        if len(matrix) < 3:
            raise ModelError(
                f"An area of applicability needs at least 3 samples, not {len(matrix)}. "
                "Add samples."
            )
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.levels_ = seen_levels(matrix, names, self.categorical)
        copies = find_copies(pd.DataFrame(matrix, columns=names), tuple(self.categorical))
        self.weights_ = _check_weights(weights, names, copies)
        self._space = WeightedSpace.of(matrix, names, self.levels_, self.weights_)
        if self._space.flat:
            warnings.warn(
                f"All samples have the same value of {few(self._space.flat)}: no distance can "
                "be measured along it, so it does not bound the area of applicability. Add "
                "samples where it differs, or leave the covariate out.",
                stacklevel=2,
            )
        self._samples, _ = self._space.place(matrix)

        self.mean_distance_train_ = mean_distances(self._samples)
        self.mean_distance_ = float(self.mean_distance_train_.mean())
        if not self.mean_distance_ > 0:
            raise ModelError(
                f"All {len(matrix)} samples have the same covariates, so that distances mean "
                "nothing. Add covariates, or samples elsewhere."
            )
        self.dissimilarity_train_ = (
            self._nearest_outside(folds) / self.mean_distance_
            if splits is None
            else self.held_out_dissimilarity(splits)
        )
        tested = self.dissimilarity_train_[np.isfinite(self.dissimilarity_train_)]
        if not len(tested):
            raise ModelError(
                f"None of {len(matrix)} samples is tested by training samples, so that no "
                "threshold can be told. Give splits with training and test samples."
            )
        low, high = np.quantile(tested, [0.25, 0.75])
        whisker = high + 1.5 * (high - low)
        self.threshold_ = float(min(whisker, tested.max()))
        self._nearest = NearestSamples(self._samples, self._space.class_axes)
        return self

    def dissimilarity(self, X: pd.DataFrame | Matrix) -> NDArray[np.float64]:
        """Return the dissimilarity index, shape (n,); NaN where a covariate is missing.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            The covariates of `fit`, in their order.
        """
        check_is_fitted(self)
        matrix = prediction_table(X, [str(name) for name in self.feature_names_in_])
        index = np.full(len(matrix), np.nan)
        for rows, points, kind in self._complete(matrix):
            index[rows] = self._nearest.distance(points, kind, n_threads=self.n_jobs)
        return index / self.mean_distance_

    def held_out_dissimilarity(self, splits: Splits) -> NDArray[np.float64]:
        """Return the index of each sample of `fit` to the samples that train for it.

        Scale, weights and unit are those of all samples, so that indices of different plans
        can be compared with each other and with the threshold.

        Parameters
        ----------
        splits : iterable of (train, test)
            Positions among the samples of `fit`, as `FoldPlan.splits` gives them.

        Returns
        -------
        array, shape (n,)
            NaN where a sample is never tested, or has no training sample.
        """
        nearest = np.full(len(self._samples), np.nan)
        for train, test in splits:
            if len(train) and len(test):
                tree = cKDTree(self._samples[train])
                nearest[test] = tree.query(self._samples[test], workers=self.n_jobs)[0]
        return nearest / self.mean_distance_

    def applicable(self, X: pd.DataFrame | Matrix) -> NDArray[np.bool_]:
        """Return whether the index is at most the threshold; False where it is missing."""
        inside: NDArray[np.bool_] = self.dissimilarity(X) <= self.threshold_
        return inside

    def local_point_density(self, X: pd.DataFrame | Matrix) -> NDArray[np.float64]:
        """Return the number of samples nearer than the threshold, shape (n,); NaN if missing.

        One such sample makes a cell applicable; many make it well supported.
        """
        check_is_fitted(self)
        matrix = prediction_table(X, [str(name) for name in self.feature_names_in_])
        count = np.full(len(matrix), np.nan)
        # A ball holds its surface, and a sample at the threshold itself does not count.
        radius = self.threshold_ * self.mean_distance_ * (1 - 1e-12)
        for rows, points, kind in self._complete(matrix):
            count[rows] = self._nearest.count(points, radius, kind, n_threads=self.n_jobs)
        return count

    def to_state(self) -> ModelState:
        """Return the fitted area as inert data."""
        check_is_fitted(self)
        values = {
            "names": [str(name) for name in self.feature_names_in_],
            "categorical": list(self.categorical),
            "levels": levels_as_json(self.levels_),
            "weights": self.weights_,
            "threshold": self.threshold_,
            "mean_distance": self.mean_distance_,
        }
        arrays = {
            "center": self._space.centre,
            "scale": self._space.scale,
            "samples": self._samples,
            "dissimilarity_train": self.dissimilarity_train_,
            "mean_distance_train": self.mean_distance_train_,
        }
        return ModelState(self.kind, values, {"applicability.npz": pack_arrays(arrays)})

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the fitted area that `to_state` described."""
        values = state.values
        arrays = unpack_arrays(state.files["applicability.npz"])
        area = cls(categorical=tuple(values["categorical"]))
        area.feature_names_in_ = np.array(values["names"], dtype=object)
        area.n_features_in_ = len(values["names"])
        area.levels_ = levels_from_json(values["levels"])
        area.weights_ = dict(values["weights"])
        area.threshold_ = float(values["threshold"])
        area.mean_distance_ = float(values["mean_distance"])
        area.dissimilarity_train_ = arrays["dissimilarity_train"]
        area.mean_distance_train_ = arrays["mean_distance_train"]
        names = tuple(str(name) for name in values["names"])
        area._space = WeightedSpace(
            names, area.levels_, area.weights_, arrays["center"], arrays["scale"]
        )
        area._samples = arrays["samples"]
        area._nearest = NearestSamples(area._samples, area._space.class_axes)
        return area

    def _complete(
        self, matrix: Matrix
    ) -> Iterator[tuple[NDArray[np.int64], Matrix, NDArray[np.int64]]]:
        rows = np.flatnonzero(np.isfinite(matrix).all(axis=1))
        for start in range(0, len(rows), _ROWS):
            part = rows[start : start + _ROWS]
            yield part, *self._space.place(matrix[part])

    def _nearest_outside(self, folds: ArrayLike | None) -> NDArray[np.float64]:
        """Return the distance of each sample to the nearest one of another fold."""
        points = self._samples
        fold = np.arange(len(points)) if folds is None else np.asarray(folds)
        if fold.shape != (len(points),):
            raise ModelError(
                f"There are {len(points)} samples but folds of shape {fold.shape}. "
                "Give one fold per sample."
            )
        labels = np.unique(fold)
        if len(labels) == len(points):
            distance: NDArray[np.float64] = cKDTree(points).query(
                points, k=2, workers=self.n_jobs
            )[0][:, 1]
            return distance
        if len(labels) < 2:
            raise ModelError(
                f"All {len(points)} samples are in fold {labels[0]}, so that none lies in "
                "another one. Give at least 2 folds, or none."
            )
        nearest = np.empty(len(points))
        for label in labels:
            own = fold == label
            tree = cKDTree(points[~own])
            nearest[own] = tree.query(points[own], workers=self.n_jobs)[0]
        return nearest


def _check_weights(
    weights: Mapping[str, float] | None, names: tuple[str, ...], copies: Copies
) -> dict[str, float]:
    if weights is None:
        return dict(zip(names, (1 / np.sqrt(copies.counts)).tolist(), strict=True))
    # A Series, too, may be given: one goes over its values, not over its names.
    given: dict[str, Any] = {str(name): weights[name] for name in weights.keys()}  # noqa: SIM118
    missing = [name for name in names if name not in given]
    extra = [name for name in given if name not in names]
    if missing or extra:
        raise ModelError(
            f"The weights are not those of the covariates: missing {few(missing) or 'none'}; "
            f"of no covariate {few(extra) or 'none'}. Give one weight per covariate."
        )
    kept = {name: max(float(given[name]), 0.0) for name in names}
    if not all(np.isfinite(float(given[name])) for name in names) or not any(kept.values()):
        raise ModelError(
            f"The weights {few(f'{n} {v:g}' for n, v in given.items())} leave no covariate to "
            "measure by. Give finite numbers, one of them above 0."
        )
    for alike in copies.classes:
        # Squared distances along k equal axes add up to k times that along one.
        together = sum(kept[name] for name in alike) / np.sqrt(len(alike))
        kept |= dict.fromkeys(alike, float(together))
    return kept
