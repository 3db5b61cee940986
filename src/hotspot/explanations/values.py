"""SHAP values: what each covariate adds to the log-odds of exceedance."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.fitted import FittedModel

# Log-odds. Rounding of a few hundred trees stays below 1e-12; a wrong decomposition, such
# as that of a class split by another method, is off by 0.01 and more.
ADDITIVITY_TOLERANCE = 1e-6

# Rows that are explained at once, so that a large table needs little memory.
_ROWS = 20_000


@runtime_checkable
class AdditiveModel(Protocol):
    """A model whose log-odds are a sum over its covariates."""

    def log_odds(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the log-odds of exceedance, shape (n,)."""
        ...

    def contributions(self, X: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return contributions, shape (n, n_covariates), and base, shape (n,)."""
        ...


@dataclass(frozen=True)
class ShapValues:
    """Contributions of covariates, and the base they add to.

    Parameters
    ----------
    values : array, shape (n, n_covariates)
        In `unit`; a row is NaN where a covariate is missing or its class was never sampled.
    base : array, shape (n,)
        In `unit`; what the model says of an average sample.
    names : tuple of str
        Covariates, in the order of the columns.
    unit : str
        ``log-odds``: +0.69 doubles the odds of exceedance, -0.69 halves them.
    """

    values: NDArray[np.float64]
    base: NDArray[np.float64]
    names: tuple[str, ...]
    unit: str = "log-odds"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def total(self) -> NDArray[np.float64]:
        """Base and contributions added up: the log-odds of exceedance, shape (n,)."""
        total: NDArray[np.float64] = self.base + self.values.sum(axis=1)
        return total

    def to_frame(self) -> pd.DataFrame:
        """Return one column per covariate, then ``base``."""
        frame = pd.DataFrame(self.values, columns=list(self.names))
        return frame.assign(base=self.base)


def shap_values(model: FittedModel | ExceedanceModel, X: pd.DataFrame) -> ShapValues:
    """Return the SHAP values of a model, checked row by row against its log-odds.

    Trees are explained path-dependently and in log-odds, which stays exact where they split
    by class; a logistic model against the mean of its training samples. They say what the
    model did with a covariate, not what a source did to the soil.

    Parameters
    ----------
    model : FittedModel or fitted estimator
        One whose log-odds are a sum, such as those of `hotspot.estimators`.
    X : DataFrame, shape (n, n_covariates)
        Covariates in the order of the model.

    Raises
    ------
    CovariateError, ModelError
        The covariates are not those of the model; it has no additive explanation; or the
        contributions do not add up to its log-odds within 1e-6.

    References
    ----------
    Lundberg, S. M. et al. (2020). From local explanations to global understanding with
    explainable AI for trees. Nature Machine Intelligence 2, 56-67,
    10.1038/s42256-019-0138-9.
    """
    estimator = model
    if isinstance(model, FittedModel):
        model.catalogue.check_names([str(name) for name in X.columns])
        estimator = model.estimator
    if not isinstance(estimator, AdditiveModel):
        raise ModelError(
            f"{type(estimator).__name__} cannot be split into contributions of covariates. "
            "Explain a lightgbm or logistic model."
        )
    parts = [
        _explain(estimator, X.iloc[start : start + _ROWS])
        for start in range(0, max(len(X), 1), _ROWS)
    ]
    return ShapValues(
        values=np.concatenate([values for values, _ in parts]),
        base=np.concatenate([base for _, base in parts]),
        names=tuple(str(name) for name in X.columns),
    )


def _explain(
    estimator: AdditiveModel, X: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, base = estimator.contributions(X)
    answered = np.flatnonzero(np.isfinite(base))
    if answered.size:
        # Rows without an answer were warned of above; asked again, they would be twice.
        expected = estimator.log_odds(X.iloc[answered])
        error = np.abs(values[answered].sum(axis=1) + base[answered] - expected)
        # Written so that NaN fails too.
        if not error.max() <= ADDITIVITY_TOLERANCE:
            raise ModelError(
                f"The contributions miss the log-odds by up to {error.max():.2g} in "
                f"{int((~(error <= ADDITIVITY_TOLERANCE)).sum())} of {len(X)} rows; "
                f"{ADDITIVITY_TOLERANCE:g} is allowed. Do not publish this explanation; fit "
                "the model again with the installed LightGBM."
            )
    return values, base
