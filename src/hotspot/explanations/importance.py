"""Importance: how much each covariate and role moves the log-odds on average."""

import numpy as np
import pandas as pd

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.roles import role_contributions, role_of


def covariate_importance(values: ShapValues) -> pd.Series:
    """Return the mean absolute contribution of each covariate, in their order.

    The index holds the names, so that it serves as weights of `AreaOfApplicability.fit`.

    Examples
    --------
    >>> values = ShapValues(np.array([[1.0, -2.0], [-1.0, 0.0]]), np.zeros(2), ("ph", "clay"))
    >>> covariate_importance(values).to_dict()
    {'ph': 1.0, 'clay': 1.0}
    """
    answered = np.isfinite(values.values).all(axis=1)
    if not answered.any():
        raise ModelError(
            f"None of {len(values)} rows has an explanation, so that no covariate can be "
            "ranked. Explain rows whose covariates are complete."
        )
    mean = np.abs(values.values[answered]).mean(axis=0)
    return pd.Series(mean, index=list(values.names), name="mean_abs")


def role_importance(values: ShapValues, catalogue: Catalogue) -> pd.Series:
    """Return the mean absolute contribution of each role, in order of appearance.

    Covariates of one role that work against each other cancel before the absolute value.
    """
    roles, contributions = role_contributions(values, catalogue)
    by_role = ShapValues(contributions, values.base, roles, values.unit)
    return covariate_importance(by_role)


def importance_table(values: ShapValues, catalogue: Catalogue) -> pd.DataFrame:
    """Return covariates by falling importance: covariate, role, mean_abs, share, rank."""
    mean = covariate_importance(values)
    table = pd.DataFrame(
        {
            "covariate": list(values.names),
            "role": [role_of(name, catalogue) for name in values.names],
            "mean_abs": mean.to_numpy(),
        }
    )
    total = table["mean_abs"].sum()
    table["share"] = table["mean_abs"] / total if total > 0 else 0.0
    table = table.sort_values("mean_abs", ascending=False, kind="stable", ignore_index=True)
    return table.assign(rank=np.arange(1, len(table) + 1))
