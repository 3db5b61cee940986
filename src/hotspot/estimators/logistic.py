"""Logistic regression of exceedance: the straight line beside the trees."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.classifier import DirectClassifier, positive_weight, require
from hotspot.estimators.table import Matrix, standard_deviation


class LogisticClassifier(DirectClassifier):
    """Ridge-penalised logistic regression of 'concentration > threshold'.

    Continuous covariates are standardised, classes become one indicator per code seen.

    Parameters
    ----------
    threshold : float, mg/kg
        Above 0.
    categorical : tuple of str
        Covariates that hold codes of classes.
    C : float
        Inverse strength of the L2 penalty, above 0; smaller is smoother.
    class_weight : None, "balanced" or float
        Weight of an exceedance while learning; the log-odds are corrected by
        ``-log(weight)``.
    random_state : int
        Kept for the common manner; the solver draws nothing.

    Attributes
    ----------
    intercept_ : float
        Log-odds where every continuous covariate has its training mean, before classes.
    slope_, mean_, scale_ : dict of str to float
        Of each continuous covariate: log-odds per standard deviation, training mean and
        standard deviation in its unit.
    level_effect_, level_share_ : dict of str to array
        Of each categorical covariate, per code in `levels_`: effect in log-odds, and share
        of the training samples.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"slope": [1.0, 2.0, 3.0, 4.0]})
    >>> lead = np.array([10.0, 20.0, 300.0, 400.0])
    >>> model = LogisticClassifier(100.0).fit(X, lead, lead)
    >>> values, base = model.contributions(X)
    >>> np.allclose(values.sum(axis=1) + base, model.log_odds(X))
    True
    """

    kind: ClassVar[str] = "logistic"

    def __init__(
        self,
        threshold: float,
        categorical: tuple[str, ...] = (),
        *,
        C: float = 1.0,
        class_weight: str | float | None = None,
        random_state: int = 0,
    ) -> None:
        self.threshold = threshold
        self.categorical = categorical
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        require("C", self.C, low=1e-12, high=1e12)

    def _learn(
        self, matrix: Matrix, y: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> None:
        from sklearn.linear_model import LogisticRegression

        of_exceedance = positive_weight(self.class_weight, y)
        self.mean_: dict[str, float] = {}
        self.scale_: dict[str, float] = {}
        self.level_share_: dict[str, NDArray[np.float64]] = {}
        design = []
        for name, column in zip(self.feature_names_in_, matrix.T, strict=True):
            if name in self.levels_:
                indicator = column[:, None] == self.levels_[name]
                self.level_share_[name] = indicator.mean(axis=0)
                design.append(indicator.astype(np.float64))
            else:
                self.mean_[name] = float(column.mean())
                # A constant covariate stays at 0 and gets no slope.
                self.scale_[name] = float(standard_deviation(column[:, None])[0]) or 1.0
                design.append(((column - self.mean_[name]) / self.scale_[name])[:, None])
        solver = LogisticRegression(C=self.C, solver="lbfgs", tol=1e-9, max_iter=5000)
        solver.fit(
            np.hstack(design), y, sample_weight=weight * np.where(y == 1, of_exceedance, 1.0)
        )

        self.intercept_ = float(solver.intercept_[0] - np.log(of_exceedance))
        self.slope_: dict[str, float] = {}
        self.level_effect_: dict[str, NDArray[np.float64]] = {}
        ends = np.cumsum([part.shape[1] for part in design])[:-1]
        parts = np.split(solver.coef_[0], ends)
        for name, part in zip(self.feature_names_in_, parts, strict=True):
            if name in self.levels_:
                self.level_effect_[name] = part
            else:
                self.slope_[name] = float(part[0])

    def _terms(self, matrix: Matrix) -> list[NDArray[np.float64]]:
        terms = []
        for name, column in zip(self.feature_names_in_, matrix.T, strict=True):
            if name in self.levels_:
                codes = np.searchsorted(self.levels_[name], column)
                terms.append(self.level_effect_[name][codes])
            else:
                terms.append(
                    self.slope_[name] * (column - self.mean_[name]) / self.scale_[name]
                )
        return terms

    def _log_odds(self, matrix: Matrix) -> NDArray[np.float64]:
        # Term by term and not by a matrix product, whose rounding depends on the number
        # of rows: a map must not depend on its windows.
        log_odds = np.full(len(matrix), self.intercept_)
        for term in self._terms(matrix):
            log_odds += term
        return log_odds

    def _contributions(self, matrix: Matrix) -> tuple[Matrix, NDArray[np.float64]]:
        # Exact SHAP values of a linear model whose background is the training mean: a
        # standardised covariate has mean 0, a class the mean effect of the samples.
        values = np.column_stack(self._terms(matrix))
        base = self.intercept_
        for column, name in enumerate(self.feature_names_in_):
            if name in self.levels_:
                mean = float(self.level_effect_[name] @ self.level_share_[name])
                values[:, column] -= mean
                base += mean
        return values, np.full(len(matrix), base)

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        fitted = {
            "intercept": self.intercept_,
            "slope": self.slope_,
            "mean": self.mean_,
            "scale": self.scale_,
            "level_effect": {name: v.tolist() for name, v in self.level_effect_.items()},
            "level_share": {name: v.tolist() for name, v in self.level_share_.items()},
        }
        return fitted, {}

    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        self.intercept_ = float(fitted["intercept"])
        self.slope_ = dict(fitted["slope"])
        self.mean_ = dict(fitted["mean"])
        self.scale_ = dict(fitted["scale"])
        self.level_effect_ = {n: np.array(v) for n, v in fitted["level_effect"].items()}
        self.level_share_ = {n: np.array(v) for n, v in fitted["level_share"].items()}
