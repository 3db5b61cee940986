"""What learns: classifiers, the baseline, the area of applicability, building and saving.

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
    from hotspot.estimators.logistic import LogisticClassifier
    from hotspot.estimators.prevalence import PrevalenceBaseline

__all__ = [
    "ESTIMATOR_KINDS",
    "AreaOfApplicability",
    "BoostedClassifier",
    "ExceedanceModel",
    "FittedModel",
    "LeftOutEvidence",
    "LogisticClassifier",
    "ModelState",
    "PrevalenceBaseline",
    "UnseenClassWarning",
    "estimator_class",
    "load_model",
    "make_estimator",
    "save_model",
]

_LATE = {
    "AreaOfApplicability": "hotspot.estimators.applicability.area",
    "BoostedClassifier": "hotspot.estimators.boosting.classifier",
    "LogisticClassifier": "hotspot.estimators.logistic",
    "PrevalenceBaseline": "hotspot.estimators.prevalence",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'hotspot.estimators' has no attribute {name!r}")
