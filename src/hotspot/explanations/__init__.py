"""Why the map says so: SHAP values, sums by role, map layers, stability and placebo."""

from hotspot.explanations.background import Background, choose_background
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
from hotspot.explanations.layers import (
    NO_DRIVER,
    RoleLayers,
    driver_codes,
    layer_roles,
    role_layers,
)
from hotspot.explanations.roles import dominant_role, role_contributions, role_of
from hotspot.explanations.shapley import LOCATION, shapley_values
from hotspot.explanations.stability import (
    STABILITY_COLUMNS,
    explanation_stability,
    plant_noise,
)
from hotspot.explanations.values import (
    AdditiveModel,
    ShapValues,
    is_additive,
    player_values,
    shap_values,
    uses_coordinates,
)

__all__ = [
    "LOCATION",
    "NO_DRIVER",
    "STABILITY_COLUMNS",
    "AdditiveModel",
    "Background",
    "RoleLayers",
    "ShapValues",
    "binned_dependence",
    "choose_background",
    "class_dependence",
    "covariate_importance",
    "dependence_points",
    "dominant_role",
    "driver_codes",
    "explanation_stability",
    "importance_table",
    "is_additive",
    "layer_roles",
    "plant_noise",
    "player_values",
    "role_contributions",
    "role_importance",
    "role_layers",
    "role_of",
    "shap_values",
    "shapley_values",
    "uses_coordinates",
]
