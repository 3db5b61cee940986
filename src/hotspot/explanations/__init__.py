"""Why the map says so: SHAP values, sums by role, map layers, stability and placebo."""

from hotspot.explanations.dependence import (
    binned_dependence,
    class_dependence,
    dependence_points,
)
from hotspot.explanations.importance import (
    covariate_importance,
    importance_table,
    role_importance,
)
from hotspot.explanations.layers import NO_DRIVER, RoleLayers, driver_codes, role_layers
from hotspot.explanations.roles import dominant_role, role_contributions
from hotspot.explanations.stability import (
    STABILITY_COLUMNS,
    explanation_stability,
    plant_noise,
)
from hotspot.explanations.values import AdditiveModel, ShapValues, shap_values

__all__ = [
    "NO_DRIVER",
    "STABILITY_COLUMNS",
    "AdditiveModel",
    "RoleLayers",
    "ShapValues",
    "binned_dependence",
    "class_dependence",
    "covariate_importance",
    "dependence_points",
    "dominant_role",
    "driver_codes",
    "explanation_stability",
    "importance_table",
    "plant_noise",
    "role_contributions",
    "role_importance",
    "role_layers",
    "shap_values",
]
