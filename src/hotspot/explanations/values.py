"""SHAP values: what each covariate adds to the log-odds of exceedance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from hotspot.errors import ModelError
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.background import Background
from hotspot.explanations.shapley import LOCATION, Values, shapley_values
from hotspot.grid import Coordinates

# Log-odds. Rounding of a few hundred trees stays below 1e-12; a wrong decomposition, such
# as that of a class split by another method, is off by 0.01 and more.
ADDITIVITY_TOLERANCE = 1e-6

# Probabilities of other models are moved inside these bounds before their log-odds are
# taken, at most 13.8 from even odds: beyond, differences mean nothing for a decision.
LOWEST_PROBABILITY = 1e-6

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


@runtime_checkable
class GroupedModel(AdditiveModel, Protocol):
    """An additive model that adds up groups of covariates itself, quicker than one by one."""

    def group_contributions(
        self, X: pd.DataFrame, groups: Sequence[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return contributions, shape (n, n_groups), and base, shape (n,)."""
        ...


@dataclass(frozen=True)
class ShapValues:
    """Contributions of covariates, and the base they add to.

    Parameters
    ----------
    values : array, shape (n, n_names)
        In `unit`; a row is NaN where a covariate is missing or its class was never sampled.
    base : array, shape (n,)
        In `unit`; what the model says of an average sample.
    names : tuple of str
        Covariates, in the order of the columns; then ``location``, where a model that uses
        coordinates credits both together.
    unit : str
        ``log-odds``: +0.69 doubles the odds of exceedance, -0.69 halves them.
    n_background : int
        Samples whose average prediction is the base; 0 where the model itself defines it.
    """

    values: NDArray[np.float64]
    base: NDArray[np.float64]
    names: tuple[str, ...]
    unit: str = "log-odds"
    n_background: int = 0

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


def shap_values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    coordinates: Coordinates | None = None,
    background: Background | None = None,
    threshold: float | None = None,
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
    threshold : float, mg/kg, optional
        The limit; needed for an estimator that is no sum, taken from a `FittedModel`.

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
        threshold = model.threshold_mg_kg
    names = tuple(str(name) for name in X.columns)
    if not isinstance(estimator, AdditiveModel):
        players = {name: (name,) for name in names}
        return player_values(
            model,
            X,
            players=with_location(players, model),
            coordinates=coordinates,
            background=background,
            threshold=threshold,
        )
    return _in_portions(estimator, X, names, None)


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
    return _in_portions(estimator, X, tuple(groups), group)


def player_values(
    model: FittedModel | ExceedanceModel,
    X: pd.DataFrame,
    *,
    players: Mapping[str, Sequence[str]],
    coordinates: Coordinates | None = None,
    background: Background | None = None,
    threshold: float | None = None,
) -> ShapValues:
    """Return interventional Shapley values of groups of covariates, such as roles.

    The value of a group is not the sum of the values of its covariates unless the model is a
    sum: what two groups do only together is shared between them, whatever their sizes.

    Parameters
    ----------
    model, X, coordinates, background, threshold
        As in `shap_values`; the background is always used.
    players : mapping of str to sequence of str
        Name of each group and its covariates; ``"location"`` among them stands for both
        coordinates.

    Raises
    ------
    CovariateError, ModelError
        As in `shap_values` and `shapley_values`.
    """
    estimator = estimator_of(model)
    kind = type(estimator).__name__
    if not hasattr(estimator, "exceedance"):
        raise ModelError(
            f"{kind} gives no probability of exceedance. Explain a model that does."
        )
    if isinstance(model, FittedModel):
        threshold = model.threshold_mg_kg
    located = uses_coordinates(model)
    missing = [
        name
        for name, given in (
            ("background (see choose_background)", background),
            ("threshold in mg/kg", threshold),
            ("coordinates", coordinates if located else 0),
        )
        if given is None
    ]
    if background is None or threshold is None or missing:
        raise ModelError(
            f"The log-odds of {kind} are no sum over covariates, and to explain them its "
            f"{' and '.join(missing)} must be known. Give {'them' if missing[1:] else 'it'}."
        )
    limit = threshold

    def log_odds(table: pd.DataFrame, places: Coordinates) -> Values:
        given = places if located else None
        if isinstance(model, FittedModel):
            probability = model.exceedance(table, given)
        else:
            probability = estimator.exceedance(table, limit, coordinates=given)
        inside = np.clip(probability, LOWEST_PROBABILITY, 1 - LOWEST_PROBABILITY)
        return np.asarray(logit(inside))

    if coordinates is None or not located:
        # Places that make no difference are all the same one, and asked about once.
        coordinates = np.zeros((len(X), 2))
        background = Background(background.X, np.zeros((len(background), 2)))
    values, base = shapley_values(
        log_odds, X, coordinates, background=background, players=players
    )
    return ShapValues(values, base, tuple(players), n_background=len(background))


def estimator_of(model: FittedModel | ExceedanceModel) -> ExceedanceModel:
    """Return the estimator of a fitted model, or the estimator itself."""
    return model.estimator if isinstance(model, FittedModel) else model


def is_additive(model: FittedModel | ExceedanceModel) -> bool:
    """Return whether the log-odds of a model are a sum over its covariates."""
    return isinstance(estimator_of(model), AdditiveModel)


def uses_coordinates(model: FittedModel | ExceedanceModel) -> bool:
    """Return whether ``location`` takes part in the explanation of a model.

    It does unless the model is a sum over covariates, or says otherwise by its attribute
    ``uses_coordinates``.
    """
    estimator = estimator_of(model)
    return not is_additive(model) and bool(getattr(estimator, "uses_coordinates", True))


def with_location(
    players: Mapping[str, Sequence[str]], model: FittedModel | ExceedanceModel
) -> dict[str, tuple[str, ...]]:
    """Return players with the coordinates among them, if the model uses these.

    They join the player ``location`` if there is one, as the role of that name may be.
    """
    all_players = {name: tuple(held) for name, held in players.items()}
    if uses_coordinates(model):
        all_players[LOCATION] = (*all_players.get(LOCATION, ()), LOCATION)
    return all_players


def _in_portions(
    estimator: AdditiveModel,
    X: pd.DataFrame,
    names: tuple[str, ...],
    group: Sequence[int] | None,
) -> ShapValues:
    """Return the contributions of covariates, or of groups of them, a portion at a time."""
    parts = [
        _explain(estimator, X.iloc[start : start + _ROWS], group)
        for start in range(0, max(len(X), 1), _ROWS)
    ]
    return ShapValues(
        values=np.concatenate([values for values, _ in parts]),
        base=np.concatenate([base for _, base in parts]),
        names=names,
    )


def _explain(
    estimator: AdditiveModel, X: pd.DataFrame, group: Sequence[int] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
