"""SHAP values: what each covariate adds to the log-odds of exceedance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from hotspot.errors import ModelError
from hotspot.estimators.additive import AdditiveModel, checked_contributions
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.background import Background
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.scales import player_values
from hotspot.explanations.traits import estimator_of, with_location
from hotspot.grid import Coordinates
from hotspot.observations.limits.rules import Limit, limits_at

# Rows that are explained at once, so that a large table needs little memory.
_ROWS = 20_000


def shap_values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    coordinates: Coordinates | None = None,
    background: Background | None = None,
    threshold: Limit | None = None,
) -> ShapValues:
    """Return the SHAP values of a model in log-odds; they add up to its log-odds.

    A model whose log-odds are a sum is explained by its own parts, checked row by row: trees
    path-dependently, which stays exact where they split by class; a logistic model against
    the mean of its training samples. Any other is explained by interventional Shapley values
    against a background (`shapley_values`), with probabilities moved inside
    [1e-6, 1 - 1e-6] first; if it uses coordinates, easting and northing together are one
    player, ``location``, which holds the trend in space and what samples nearby tell. The
    values say what the model did with a covariate, not what a source did to the soil.

    Parameters
    ----------
    model : FittedModel or fitted estimator
        A model with an attribute ``uses_coordinates`` that is false has no ``location``.
    X : DataFrame, shape (n, n_covariates)
        Covariates in the order of the model.
    coordinates : array, shape (n, 2), optional
        Easting, northing; needed for a model that uses them and is no sum.
    background : Background, optional
        Training samples to compare with; needed for a model that is no sum.
    threshold : float or LimitRule, optional
        The limit in mg/kg; needed for an estimator that is no sum, taken from a `FittedModel`.
        Of a rule each row has the limit of its own covariates: what is credited to one that
        the limit depends on is both what it tells of the concentration and what the law makes
        of it. Rows without a known limit have no values.

    Raises
    ------
    CovariateError, ModelError
        The covariates are not those of the model; something it needs is missing; or the
        contributions of a sum miss its log-odds by more than 1e-6.

    References
    ----------
    Lundberg, S. M. et al. (2020). From local explanations to global understanding with
    explainable AI for trees. Nature Machine Intelligence 2, 56-67,
    10.1038/s42256-019-0138-9.
    """
    estimator = estimator_of(model)
    if isinstance(model, FittedModel):
        model.catalogue.check_names([str(name) for name in X.columns])
        threshold = model.limit
    names = tuple(str(name) for name in X.columns)
    if not isinstance(estimator, AdditiveModel):
        return player_values(
            model,
            X,
            players=with_location({name: (name,) for name in names}, model),
            coordinates=coordinates,
            background=background,
            threshold=threshold,
        )
    return _of_known_limits(_in_portions(estimator, X, names, None), X, threshold)


def group_values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    groups: Mapping[str, Sequence[str]],
) -> ShapValues:
    """Return what groups of covariates, such as roles, add to the log-odds of a sum.

    The value of a group is the sum of the values of its covariates.

    Parameters
    ----------
    model : FittedModel or fitted estimator
        One whose log-odds are a sum over covariates (`is_additive`).
    X : DataFrame, shape (n, n_covariates)
        Covariates in the order of the model.
    groups : mapping of str to sequence of str
        Name of each group and its covariates; each covariate has one.

    Raises
    ------
    CovariateError, ModelError
        As in `shap_values`; or the model is no sum, or the groups do not share out its
        covariates.
    """
    estimator = estimator_of(model)
    names = [str(name) for name in X.columns]
    if isinstance(model, FittedModel):
        model.catalogue.check_names(names)
    if not isinstance(estimator, AdditiveModel):
        raise ModelError(
            f"The log-odds of {type(estimator).__name__} are no sum over covariates, and "
            "groups of them have values of their own. Ask for player_values."
        )
    held = [name for members in groups.values() for name in members]
    if sorted(held) != sorted(names):
        raise ModelError(
            f"The groups hold {len(held)} covariates, {len(set(held) & set(names))} of them "
            f"among the {len(names)} of the table. Give each covariate one group."
        )
    group = [
        next(number for number, members in enumerate(groups.values()) if name in members)
        for name in names
    ]
    limit = model.limit if isinstance(model, FittedModel) else None
    return _of_known_limits(_in_portions(estimator, X, tuple(groups), group), X, limit)


def _of_known_limits(found: ShapValues, X: pd.DataFrame, limit: Limit | None) -> ShapValues:
    """Return values without those of rows whose limit is not known, or never exceeded."""
    limits = None if limit is None else limits_at(limit, X)
    if not isinstance(limits, np.ndarray):
        return found
    known = np.isfinite(limits)
    return replace(
        found,
        values=np.where(known[:, None], found.values, np.nan),
        base=np.where(known, found.base, np.nan),
    )


def _in_portions(
    estimator: AdditiveModel,
    X: pd.DataFrame,
    names: tuple[str, ...],
    group: Sequence[int] | None,
) -> ShapValues:
    """Return the contributions of covariates, or of groups of them, a portion at a time."""
    parts = [
        checked_contributions(estimator, X.iloc[start : start + _ROWS], group)
        for start in range(0, max(len(X), 1), _ROWS)
    ]
    return ShapValues(
        values=np.concatenate([values for values, _ in parts]),
        base=np.concatenate([base for _, base in parts]),
        names=names,
        slow_reason=str(getattr(estimator, "slow_reason", "")),
    )
