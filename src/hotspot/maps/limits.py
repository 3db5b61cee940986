"""Limits of places: what maps say and ask of them."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.varying_limit import check_one_limit, exceedance_at
from hotspot.grid import Coordinates
from hotspot.observations.limits.rules import LimitRule

Values = NDArray[np.float64]

BY_PLACE = "by place"
"""What a tag has for the value of a limit that depends on the place."""


def exceedance_of_rule(
    model: FittedModel, X: pd.DataFrame, coordinates: Coordinates, rule: LimitRule
) -> Values:
    """Return P(concentration > limit of the cell) under a rule, shape (n,).

    The model may be fitted for another limit: one of the whole distribution answers for any.

    Raises
    ------
    ModelError
        The model is a direct classifier that learnt other limits than the rule asks about.
    """
    limits, own = rule.values(X), model.rule
    if own is None:
        check_one_limit(model.estimator, limits)
    elif own.to_dict() != rule.to_dict() and not hasattr(model.estimator, "distribution"):
        raise ModelError(
            f"The model of {model.contaminant} learnt exceedance of the limits of {own.id}, "
            f"and is asked about those of {rule.id}. Choose a model of the whole distribution, "
            "such as model=ensemble, or fit one for these limits."
        )
    return exceedance_at(model.estimator, X, limits, coordinates=coordinates)


def limit_phrase(threshold: Mapping[str, Any]) -> str:
    """Return a model's limit for the middle of a sentence.

    Examples
    --------
    >>> limit_phrase({"value_mg_kg": 300.0})
    '300 mg/kg'
    >>> limit_phrase({"value_mg_kg": 150.0, "rule": {"id": "cn_farmland_control.as"}})
    'the limit of its place (cn_farmland_control.as)'
    """
    rule = threshold.get("rule")
    if rule is not None:
        return f"the limit of its place ({rule['id']})"
    return f"{float(threshold['value_mg_kg']):g} mg/kg"


def limit_value(threshold: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's limit for JSON: its value, or the rule that gives each place one."""
    rule = threshold.get("rule")
    if rule is None:
        return {"value_mg_kg": float(threshold["value_mg_kg"])}
    return {"rule": rule}


def limit_tags(threshold: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a raster says of its limit; a rule whole, so that no registry is needed."""
    rule = threshold.get("rule")
    told = {
        "threshold_id": threshold.get("id"),
        "threshold_value": f"{float(threshold['value_mg_kg']):g}" if rule is None else BY_PLACE,
        "threshold_unit": "mg/kg",
        "threshold_citation": threshold.get("citation"),
    }
    if rule is None:
        return told
    span = f"{threshold['lowest_mg_kg']:g} to {threshold['highest_mg_kg']:g}"
    text = json.dumps(rule, separators=(",", ":"), allow_nan=False)
    return {**told, "threshold_at_samples": span, "threshold_rule": text}
