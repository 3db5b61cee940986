"""What learns: models of the concentration, classifiers, the area of applicability; saving.

Classes built on scikit-learn are imported when first asked for, since it takes a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hotspot.estimators.base import ExceedanceModel, ModelState
from hotspot.estimators.fitted import FittedModel, LeftOutEvidence
from hotspot.estimators.registry import ESTIMATOR_KINDS, estimator_class, make_estimator
from hotspot.estimators.store import load_model, save_model
from hotspot.estimators.table import UnseenClassWarning

if TYPE_CHECKING:
    from hotspot.estimators.applicability.area import AreaOfApplicability
    from hotspot.estimators.boosting.classifier import BoostedClassifier
    from hotspot.estimators.boosting.distribution import BoostedDistribution
    from hotspot.estimators.climatology import Climatology
    from hotspot.estimators.ensemble.model import ConcentrationModel
    from hotspot.estimators.forests.neighbours import NeighbourForest
    from hotspot.estimators.forests.quantile import QuantileForest
    from hotspot.estimators.gaussian_process.model import AdditiveGaussianProcess
    from hotspot.estimators.kriging.forest import ForestKriging
    from hotspot.estimators.kriging.ordinary import IndicatorKriging, OrdinaryKriging
    from hotspot.estimators.kriging.regression import RegressionKriging
    from hotspot.estimators.logistic import LogisticClassifier
    from hotspot.estimators.prevalence import PrevalenceBaseline

__all__ = [
    "ESTIMATOR_KINDS",
    "AdditiveGaussianProcess",
    "AreaOfApplicability",
    "BoostedClassifier",
    "BoostedDistribution",
    "Climatology",
    "ConcentrationModel",
    "ExceedanceModel",
    "FittedModel",
    "ForestKriging",
    "IndicatorKriging",
    "LeftOutEvidence",
    "LogisticClassifier",
    "ModelState",
    "NeighbourForest",
    "OrdinaryKriging",
    "PrevalenceBaseline",
    "QuantileForest",
    "RegressionKriging",
    "UnseenClassWarning",
    "estimator_class",
    "load_model",
    "make_estimator",
    "save_model",
]

_LATE = {
    "AdditiveGaussianProcess": "hotspot.estimators.gaussian_process.model",
    "AreaOfApplicability": "hotspot.estimators.applicability.area",
    "BoostedClassifier": "hotspot.estimators.boosting.classifier",
    "BoostedDistribution": "hotspot.estimators.boosting.distribution",
    "Climatology": "hotspot.estimators.climatology",
    "ConcentrationModel": "hotspot.estimators.ensemble.model",
    "ForestKriging": "hotspot.estimators.kriging.forest",
    "IndicatorKriging": "hotspot.estimators.kriging.ordinary",
    "LogisticClassifier": "hotspot.estimators.logistic",
    "NeighbourForest": "hotspot.estimators.forests.neighbours",
    "OrdinaryKriging": "hotspot.estimators.kriging.ordinary",
    "PrevalenceBaseline": "hotspot.estimators.prevalence",
    "QuantileForest": "hotspot.estimators.forests.quantile",
    "RegressionKriging": "hotspot.estimators.kriging.regression",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'hotspot.estimators' has no attribute {name!r}")
