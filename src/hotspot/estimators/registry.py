"""Estimators by name: from the plain values of a configuration to an object."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hotspot.errors import ConfigError, few, nearest_name

if TYPE_CHECKING:
    from hotspot.estimators.base import ExceedanceModel

# Where the class of each kind lives; imported when asked for: scikit-learn takes a second.
_CLASSES = {
    "ensemble": ("ensemble.model", "ConcentrationModel"),
    "gaussian_process": ("gaussian_process.model", "AdditiveGaussianProcess"),
    "regression_kriging": ("kriging.regression", "RegressionKriging"),
    "forest_kriging": ("kriging.forest", "ForestKriging"),
    "ordinary_kriging": ("kriging.ordinary", "OrdinaryKriging"),
    "indicator_kriging": ("kriging.ordinary", "IndicatorKriging"),
    "quantile_forest": ("forests.quantile", "QuantileForest"),
    "neighbour_forest": ("forests.neighbours", "NeighbourForest"),
    "climatology": ("climatology", "Climatology"),
    "boosted_distribution": ("boosting.distribution", "BoostedDistribution"),
    "lightgbm": ("boosting.classifier", "BoostedClassifier"),
    "logistic": ("logistic", "LogisticClassifier"),
    "prevalence": ("prevalence", "PrevalenceBaseline"),
}
ESTIMATOR_KINDS = tuple(_CLASSES)
# Put before a model by the run, and saved with it; nothing to be chosen.
_OPENED = {"distinct_covariates": ("distinct", "DistinctCovariates")}

# Given by the run, not by the model's own configuration.
_GIVEN = ("threshold", "categorical", "random_state")


def estimator_class(kind: str) -> Any:
    """Return the class of a kind of estimator.

    Raises
    ------
    ConfigError
        No estimator has this name.
    """
    if kind not in _CLASSES and kind not in _OPENED:
        raise ConfigError(
            f"There is no model of the kind {kind!r}.{nearest_name(kind, ESTIMATOR_KINDS)} "
            f"Choose one of {few(ESTIMATOR_KINDS, 20)}."
        )
    module, name = (_CLASSES | _OPENED)[kind]
    return getattr(import_module(f"hotspot.estimators.{module}"), name)


def make_estimator(
    kind: str,
    params: Mapping[str, Any],
    *,
    threshold: float,
    categorical: Sequence[str] = (),
    random_state: int = 0,
) -> "ExceedanceModel":
    """Return an unfitted estimator from plain values.

    Parameters
    ----------
    kind : str
        One of `ESTIMATOR_KINDS`.
    params : mapping
        Parameters of its class, without those that follow here.
    threshold : float, mg/kg
        The limit.
    categorical : sequence of str
        Covariates that hold codes of classes.
    random_state : int
        Seed. Like `categorical` it reaches only a class that has use for it.

    Raises
    ------
    ConfigError
        The kind or a parameter is unknown.

    Examples
    --------
    >>> make_estimator("logistic", {"C": 0.5}, threshold=300.0)
    LogisticClassifier(C=0.5, threshold=300.0)
    """
    cls = estimator_class(kind)
    accepted = cls._get_param_names()
    own = [name for name in accepted if name not in _GIVEN]
    for name in params:
        if name in _GIVEN:
            raise ConfigError(
                f"The parameter {name!r} does not belong to the model {kind!r}: the run gives "
                "it. Remove it from the model's parameters."
            )
        if name not in own:
            raise ConfigError(
                f"The model {kind!r} has no parameter {name!r}.{nearest_name(name, own)} "
                f"It takes {few(own, 20) or 'none'}."
            )
    given = {
        "threshold": threshold,
        "categorical": tuple(categorical),
        "random_state": random_state,
    }
    values = {name: value for name, value in given.items() if name in accepted}
    model: ExceedanceModel = cls(**values, **params)
    return model
