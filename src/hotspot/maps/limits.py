"""The limit of each cell, where it depends on the soil."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.varying_limit import exceedance_at
from hotspot.grid import Coordinates
from hotspot.maps.layers import MapModel
from hotspot.maps.styles import LayerStyle, concentration_style
from hotspot.observations.limit_rules import LimitRule

Values = NDArray[np.float64]


def rule_of(model: MapModel) -> LimitRule | None:
    """Return the rule of a model's limit; None where it is one number."""
    told: Mapping[str, Any] = model.threshold
    rule = told.get("rule")
    return None if rule is None else LimitRule.from_dict(rule)


def limit_of_cells(model: MapModel, X: pd.DataFrame, coordinates: Coordinates) -> Values:
    """Return the limit of each cell in mg/kg, shape (n,): what `Layer.compute` asks for.

    NaN where it is not known, ``inf`` where no total concentration exceeds it.

    Parameters
    ----------
    model : MapModel
        Fitted.
    X : DataFrame, shape (n, n_covariates)
        Covariates of the cells.
    coordinates : array, shape (n, 2)
        Not used: limits depend on the soil.
    """
    rule = rule_of(model)
    if rule is None:
        return np.full(len(X), float(model.threshold["value_mg_kg"]))
    return rule.values(X)


def exceedance_of_rule(
    model: MapModel, X: pd.DataFrame, coordinates: Coordinates, rule: LimitRule
) -> Values:
    """Return P(concentration > limit of the cell) under a rule, shape (n,).

    The model may be fitted for another limit: one of the whole distribution answers for any.

    Raises
    ------
    ModelError
        The model knows one limit, and the rule asks for others.
    """
    estimator = getattr(model, "estimator", model)
    return exceedance_at(estimator, X, rule.values(X), coordinates=coordinates)


def limit_style(model: MapModel) -> LayerStyle:
    """Return the classes of the limit, as multiples of that of the median sample."""
    return concentration_style("limit", "Limit", float(model.threshold["value_mg_kg"]))
