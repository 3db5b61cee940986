"""What all direct classifiers share: labels, names, missing values and the one threshold."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hotspot.errors import ModelError
from hotspot.estimators.base import ModelState, params_as_json, params_from_json
from hotspot.estimators.intervals import check_bounds
from hotspot.estimators.table import (
    Matrix,
    known_rows,
    levels_as_json,
    levels_from_json,
    mean_one_weights,
    prediction_table,
    seen_levels,
    training_table,
)
from hotspot.grid import Coordinates
from hotspot.observations.limits.exceedance import exceedance_labels


class DirectClassifier(BaseEstimator, ABC):
    """A model of 'concentration > threshold' for the one threshold it was made with.

    A subclass learns from labels and gives log-odds; this class does the rest. Intervals
    that straddle the threshold have no label: they are left out and counted.

    Attributes
    ----------
    feature_names_in_ : array of str, shape (n_covariates,)
        Covariates in the order that every later table must have.
    n_features_in_ : int
        Their number.
    classes_ : array
        ``[0, 1]``: at or below, above the threshold.
    levels_ : dict of str to array
        Codes seen in training, by categorical covariate.
    n_samples_, n_unknown_ : int
        Samples learnt from, and samples left out because their label is unknown.
    prevalence_ : float
        Share of exceedances among the samples learnt from.
    """

    kind: ClassVar[str]
    # Parameters of the machine, not of the model: they leave no trace in a saved model.
    _machine_parameters: ClassVar[frozenset[str]] = frozenset({"n_jobs"})

    threshold: float
    categorical: tuple[str, ...] = ()

    def fit(
        self,
        X: pd.DataFrame | Matrix,
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        *,
        coordinates: Coordinates | None = None,
        sample_weight: NDArray[np.float64] | None = None,
    ) -> Self:
        """Learn from intervals of concentration.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            No missing value.
        lower, upper : array, shape (n,), mg/kg
            The interval that holds each concentration; equal where it was measured.
        coordinates : array, shape (n, 2), optional
            Not used: a direct classifier knows the covariates only.
        sample_weight : array, shape (n,), optional
            How much each sample counts; only the ratios matter.

        Raises
        ------
        ModelError
            `X` is incomplete, lengths differ, a parameter is out of range, or the labels
            are all alike or all unknown.
        """
        self._check_parameters()
        names, matrix = training_table(X, tuple(self.categorical))
        lower, upper = check_bounds(lower, upper, len(matrix))
        labels = exceedance_labels(lower, upper, self.threshold)
        known = np.isfinite(labels)
        weight = mean_one_weights(sample_weight, len(matrix))
        # Bins and draws depend on the order of the rows, and count rows that do not count.
        order = np.lexsort([weight, labels, *matrix.T])
        order = order[known[order] & (weight[order] > 0)]
        matrix, y, weight = matrix[order], labels[order], weight[order]
        self._check_labels(y, n_unknown=int((~known).sum()))

        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.classes_ = np.array([0, 1])
        self.levels_ = seen_levels(matrix, names, self.categorical)
        self.n_samples_ = len(y)
        self.n_unknown_ = int((~known).sum())
        self.prevalence_ = float(y.mean())
        self._learn(matrix, y, weight * (len(weight) / weight.sum()))
        return self

    def exceedance(
        self,
        X: pd.DataFrame | Matrix,
        threshold: float,
        *,
        coordinates: Coordinates | None = None,
    ) -> NDArray[np.float64]:
        """Return P(concentration > threshold), shape (n,); NaN where it cannot be known.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            The covariates of `fit`, in their order. A missing value, or a class that no
            sample had, gives NaN: never a guess.
        threshold : float, mg/kg
            The threshold that the classifier was made with.
        coordinates : array, shape (n, 2), optional
            Not used.

        Raises
        ------
        ModelError
            Another threshold, or other covariates.
        """
        if not math.isclose(threshold, self.threshold, rel_tol=1e-9):
            raise ModelError(
                f"{type(self).__name__} is a direct classifier of concentration > "
                f"{self.threshold:g} mg/kg and knows nothing of {threshold:g} mg/kg. "
                "Fit one for that threshold, or use a model of the concentration."
            )
        probability: NDArray[np.float64] = expit(self.log_odds(X))
        return probability

    def predict_proba(self, X: pd.DataFrame | Matrix) -> NDArray[np.float64]:
        """Return the probabilities of `classes_`, shape (n, 2), as scikit-learn asks."""
        above = self.exceedance(X, self.threshold)
        return np.column_stack([1.0 - above, above])

    def log_odds(self, X: pd.DataFrame | Matrix) -> NDArray[np.float64]:
        """Return the log-odds of exceedance, shape (n,); NaN where they cannot be known."""
        matrix, known = self._usable(X)
        log_odds = np.full(len(matrix), np.nan)
        if known.any():
            log_odds[known] = self._log_odds(_rows(matrix, known))
        return log_odds

    def contributions(self, X: pd.DataFrame | Matrix) -> tuple[Matrix, NDArray[np.float64]]:
        """Return the share of each covariate in the log-odds, and the base they add to.

        Returns
        -------
        values : array, shape (n, n_covariates), log-odds
            NaN in rows where the log-odds cannot be known.
        base : array, shape (n,), log-odds
            ``base + values.sum(axis=1)`` are the log-odds of exceedance.
        """
        matrix, known = self._usable(X)
        values = np.full(matrix.shape, np.nan)
        base = np.full(len(matrix), np.nan)
        if known.any():
            values[known], base[known] = self._contributions(_rows(matrix, known))
        return values, base

    def group_contributions(
        self, X: pd.DataFrame | Matrix, groups: Sequence[int]
    ) -> tuple[Matrix, NDArray[np.float64]]:
        """Return what groups of covariates add to the log-odds, and the base they add to.

        The same as the sums of `contributions` over the covariates of each group; trees have
        a quicker way.

        Parameters
        ----------
        X : DataFrame, shape (n, n_covariates)
            As in `exceedance`.
        groups : sequence of int, shape (n_covariates,)
            Number of the group of each covariate, from 0.

        Returns
        -------
        values : array, shape (n, n_groups), log-odds
            NaN in rows where the log-odds cannot be known.
        base : array, shape (n,), log-odds
            As in `contributions`.
        """
        matrix, known = self._usable(X)
        values = np.full((len(matrix), max(groups) + 1), np.nan)
        base = np.full(len(matrix), np.nan)
        if known.any():
            values[known], base[known] = self._group_contributions(_rows(matrix, known), groups)
        return values, base

    def to_state(self) -> ModelState:
        """Return the fitted classifier as inert data."""
        check_is_fitted(self)
        fitted, files = self._fitted_state()
        values = {
            "params": params_as_json(self.get_params(deep=False), self._machine_parameters),
            "names": [str(name) for name in self.feature_names_in_],
            "levels": levels_as_json(self.levels_),
            "n_samples": self.n_samples_,
            "n_unknown": self.n_unknown_,
            "prevalence": self.prevalence_,
            "fitted": fitted,
        }
        return ModelState(kind=self.kind, values=values, files=files)

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return the fitted classifier that `to_state` described."""
        values = state.values
        model = cls(**params_from_json(values["params"]))
        model.feature_names_in_ = np.array(values["names"], dtype=object)
        model.n_features_in_ = len(values["names"])
        model.classes_ = np.array([0, 1])
        model.levels_ = levels_from_json(values["levels"])
        model.n_samples_ = int(values["n_samples"])
        model.n_unknown_ = int(values["n_unknown"])
        model.prevalence_ = float(values["prevalence"])
        model._restore(values["fitted"], state.files)
        return model

    @abstractmethod
    def _learn(
        self, matrix: Matrix, y: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> None:
        """Learn from complete covariates, labels 0 and 1, both present; weights of mean 1."""

    @abstractmethod
    def _log_odds(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return the log-odds of complete rows of known classes."""

    @abstractmethod
    def _contributions(self, matrix: Matrix) -> tuple[Matrix, NDArray[np.float64]]:
        """Return contributions and base of complete rows of known classes."""

    def _group_contributions(
        self, matrix: Matrix, groups: Sequence[int]
    ) -> tuple[Matrix, NDArray[np.float64]]:
        """Return contributions of groups of covariates, and base, of such rows."""
        values, base = self._contributions(matrix)
        summed = np.zeros((len(matrix), max(groups) + 1))
        for column, group in enumerate(groups):
            summed[:, group] += values[:, column]
        return summed, base

    @abstractmethod
    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what `_learn` found, as JSON values and files."""

    @abstractmethod
    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        """Set what `_fitted_state` returned."""

    def _check_parameters(self) -> None:
        if not (math.isfinite(self.threshold) and self.threshold > 0):
            raise ModelError(
                f"A threshold of {self.threshold} mg/kg cannot be learnt. "
                "Give a limit above 0 mg/kg."
            )

    def _check_labels(self, y: NDArray[np.float64], *, n_unknown: int) -> None:
        limit = f"{self.threshold:g} mg/kg"
        if y.size and 0 < y.sum() < y.size:
            return
        left_out = f" ({n_unknown} more have no label)" if n_unknown else ""
        if y.size == 0:
            raise ModelError(
                f"None of {n_unknown} samples has a label: every interval straddles {limit}. "
                "Use a model of the concentration, or a limit above the detection limits."
            )
        value = int(y[0])
        says = "no sample exceeds" if value == 0 else "every sample exceeds"
        other = "Use a model of the concentration, choose" if n_unknown else "Choose"
        raise ModelError(
            f"All {y.size} labels are {value}: {says} {limit}{left_out}. "
            f"{other} another limit, add samples, or take larger folds."
        )

    def _usable(self, X: pd.DataFrame | Matrix) -> tuple[Matrix, NDArray[np.bool_]]:
        check_is_fitted(self)
        names = [str(name) for name in self.feature_names_in_]
        matrix = prediction_table(X, names)
        return matrix, known_rows(matrix, names, self.levels_)


def positive_weight(class_weight: str | float | None, y: NDArray[np.float64]) -> float:
    """Return the weight of an exceedance where a sample below the limit weighs 1.

    Parameters
    ----------
    class_weight : None, "balanced" or float
        None for 1; ``"balanced"`` gives both classes the same total; a number is taken.
    y : array, shape (n,)
        Labels 0 and 1, both present.

    Raises
    ------
    ModelError
        The weight is another word, or not above 0.

    Examples
    --------
    >>> positive_weight("balanced", np.array([0.0, 0.0, 0.0, 1.0]))
    3.0
    """
    if class_weight is None:
        return 1.0
    if class_weight == "balanced":
        return float((y == 0).sum() / (y == 1).sum())
    if isinstance(class_weight, (int, float)) and 0 < class_weight < math.inf:
        return float(class_weight)
    raise ModelError(
        f"The class weight {class_weight!r} is not one. Give null, 'balanced', or the weight "
        "of an exceedance as a number above 0."
    )


def require(name: str, value: float, *, low: float, high: float = math.inf) -> None:
    """Raise `ModelError` unless a parameter is a number in [low, high]."""
    if not isinstance(value, (int, float)) or not low <= value <= high:
        raise ModelError(
            f"The parameter {name} is {value!r}. Give a number from {low:g} to {high:g}."
        )


def _rows(matrix: Matrix, known: NDArray[np.bool_]) -> Matrix:
    """Return some rows; where these are all of them, as in most of a map, without a copy."""
    return matrix if known.all() else matrix[known]
