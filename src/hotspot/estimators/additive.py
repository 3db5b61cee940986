"""Models whose log-odds are a sum over their covariates, and the parts of that sum."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError

# Log-odds. Rounding of a few hundred trees stays below 1e-12; a wrong decomposition, such
# as that of a class split by another method, is off by 0.01 and more.
ADDITIVITY_TOLERANCE = 1e-6


@runtime_checkable
class AdditiveModel(Protocol):
    """A model whose log-odds are a sum over its covariates."""

    def log_odds(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the log-odds of exceedance, shape (n,)."""
        ...

    def contributions(self, X: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return contributions, shape (n, n_covariates), and base, shape (n,)."""
        ...


@runtime_checkable
class GroupedModel(AdditiveModel, Protocol):
    """An additive model that adds up groups of covariates itself, quicker than one by one."""

    def group_contributions(
        self, X: pd.DataFrame, groups: Sequence[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return contributions, shape (n, n_groups), and base, shape (n,)."""
        ...


def checked_contributions(
    estimator: AdditiveModel, X: pd.DataFrame, group: Sequence[int] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return contributions of covariates, or of groups of them, that add up to the log-odds.

    Parameters
    ----------
    estimator : AdditiveModel
        Fitted.
    X : DataFrame, shape (n, n_covariates)
        Covariates in the order of the model.
    group : sequence of int or None
        Number of each covariate's group, from 0; None for each covariate by itself.

    Returns
    -------
    values : array, shape (n, n_groups), log-odds
    base : array, shape (n,), log-odds
        NaN where a covariate is missing or its class was never sampled.

    Raises
    ------
    ModelError
        The sum misses the log-odds of a row by more than 1e-6.
    """
    if group is not None and isinstance(estimator, GroupedModel):
        values, base = estimator.group_contributions(X, group)
    else:
        values, base = estimator.contributions(X)
        if group is not None:
            columns = [np.flatnonzero(np.equal(group, g)) for g in range(max(group) + 1)]
            values = np.column_stack([values[:, held].sum(axis=1) for held in columns])
    answered = np.flatnonzero(np.isfinite(base))
    if answered.size:
        # Rows without an answer were warned of above; asked again, they would be twice.
        everywhere = answered.size == len(X)
        expected = estimator.log_odds(X if everywhere else X.iloc[answered])
        error = np.abs((values.sum(axis=1) + base)[answered] - expected)
        # Written so that NaN fails too.
        if not error.max() <= ADDITIVITY_TOLERANCE:
            raise ModelError(
                f"The contributions miss the log-odds by up to {error.max():.2g} in "
                f"{int((~(error <= ADDITIVITY_TOLERANCE)).sum())} of {len(X)} rows; "
                f"{ADDITIVITY_TOLERANCE:g} is allowed. Do not publish this explanation; fit "
                "the model again with the installed LightGBM."
            )
    return values, base


class SharedOnce:
    """A model that is a sum, and finds the parts of the same rows once.

    The maps of several roles are columns of one table. The rows asked last are known again by
    identity.

    Parameters
    ----------
    member : AdditiveModel
        The fitted model; whatever else it can, this can too.
    """

    def __init__(self, member: AdditiveModel) -> None:
        self._member = member
        self._asked: tuple[object, tuple[int, ...]] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._member, name)

    def shares(self, X: pd.DataFrame, group: Sequence[int]) -> NDArray[np.float64]:
        """Return what groups of covariates add to the log-odds, shape (n, n_groups)."""
        asked = self._asked
        if asked is None or asked[0] is not X or asked[1] != tuple(group):
            self._values = checked_contributions(self._member, X, group)[0]
            self._asked = (X, tuple(group))
        return self._values
