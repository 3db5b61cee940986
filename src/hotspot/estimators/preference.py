"""Models corrected for samples that were chosen by their soil, where a model can be."""

from typing import Any, TypeVar

AnyModel = TypeVar("AnyModel")


def can_be_corrected(model: Any) -> bool:
    """Return whether a fitted model knows how sure its surface is, and so can be moved.

    A Gaussian process does, and an ensemble with one among its members.
    """
    return getattr(model, "surface_", None) is not None


def preference_of(model: Any) -> float:
    """Return the slope that a fitted model's answers are corrected for; 0 for none."""
    return float(getattr(model, "preference_", 0.0))


def corrected(model: AnyModel, slope: float) -> AnyModel:
    """Return a fitted model for soil that nobody chose; as it is where it cannot be corrected.

    Parameters
    ----------
    model : ExceedanceModel
        Fitted.
    slope : float
        By which the natural logarithm of the density of samples rises with that of the
        concentration, see `hotspot.evaluation.target_preference`; 0 for none.
    """
    if slope == 0 or not can_be_corrected(model):
        return model
    learner: Any = model
    moved: AnyModel = learner.against_preference(slope)
    return moved
