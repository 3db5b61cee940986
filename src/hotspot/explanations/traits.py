"""What an explanation must know of a model: whether it is a sum, and what it answers."""

from collections.abc import Mapping, Sequence

from hotspot.estimators.additive import AdditiveModel
from hotspot.estimators.answers import DistributionModel
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.fitted import FittedModel
from hotspot.explanations.shapley import LOCATION


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


def has_distribution(model: FittedModel | ExceedanceModel) -> bool:
    """Return whether a model knows the concentration, and not one limit only."""
    return isinstance(estimator_of(model), DistributionModel)
