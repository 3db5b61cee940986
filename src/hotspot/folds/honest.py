"""Which plan answers for the map."""

from collections.abc import Mapping
from typing import Any

# Plans, and scores weighted for the map: the more alike what is asked of the map, the earlier.
_HONEST = ("target_weighted", "knndm", "block", "buffered", "group", "time", "random")


def honest_plan(scores: Mapping[str, Mapping[str, Any]], model: str) -> str | None:
    """Return the plan whose score answers for the map, or None if the model has no score.

    Its tests are the most like what is asked of the map among the plans that the model was
    scored on. The plan of `cv.primary`, by which models are chosen, may be another.

    Parameters
    ----------
    scores : mapping
        Of one contaminant: model, plan, score.
    model : str
        Kind of model.

    Examples
    --------
    >>> honest_plan({"gbm": {"random": {}, "knndm": {}}}, "gbm")
    'knndm'
    """
    plans = scores.get(model, {})
    for plan in _HONEST:
        if plan in plans:
            return plan
    return next(iter(plans), None)
