"""Why the map says so: SHAP values, sums by role, map layers, and tested statements."""

from hotspot.estimators.additive import AdditiveModel, GroupedModel
from hotspot.explanations.agreement import OtherModel, near_best
from hotspot.explanations.ale import SHAPE_COLUMNS, effect_shape
from hotspot.explanations.background import Background, choose_background
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.correlation import associations, covariate_clusters
from hotspot.explanations.dependence import (
    binned_dependence,
    class_dependence,
    dependence_points,
)
from hotspot.explanations.evidence import BY_BACKGROUND, FOR_A_SUM, Effort, Evidence
from hotspot.explanations.hotspots import HotspotCard, Removal
from hotspot.explanations.importance import (
    covariate_importance,
    importance_table,
    role_importance,
)
from hotspot.explanations.interactions import interaction_table, joined_players
from hotspot.explanations.layers import (
    NO_DRIVER,
    RoleLayers,
    driver_codes,
    layer_roles,
    role_layers,
)
from hotspot.explanations.nearby import (
    CovariateDistance,
    LocalScore,
    Neighbour,
    local_score,
    nearest_samples,
    similar_samples,
)
from hotspot.explanations.origins import (
    ORIGINS,
    Origin,
    origin_roles,
    share_origins,
    told_by,
)
from hotspot.explanations.placebo import PlaceboBand, plant_noise, survey_range
from hotspot.explanations.refits import Refitter, gather_evidence
from hotspot.explanations.roles import dominant_role, role_contributions, role_of
from hotspot.explanations.scales import (
    UNITS,
    ScaleWorths,
    known_scales,
    player_values,
    scale_worths,
)
from hotspot.explanations.shapley import LOCATION, Worths, coalition_worths, shapley_values
from hotspot.explanations.stability import (
    STABILITY_COLUMNS,
    explanation_stability,
    sign_agreement,
    stability_table,
)
from hotspot.explanations.statement import Statement, Survey
from hotspot.explanations.statements import make_statements
from hotspot.explanations.traits import (
    has_distribution,
    is_additive,
    uses_coordinates,
)
from hotspot.explanations.values import group_values, shap_values
from hotspot.explanations.verdicts import RULES, Rule, Verdict, verdict_of

__all__ = [
    "BY_BACKGROUND",
    "FOR_A_SUM",
    "LOCATION",
    "NO_DRIVER",
    "ORIGINS",
    "RULES",
    "SHAPE_COLUMNS",
    "STABILITY_COLUMNS",
    "UNITS",
    "AdditiveModel",
    "Background",
    "CovariateDistance",
    "Effort",
    "Evidence",
    "GroupedModel",
    "HotspotCard",
    "LocalScore",
    "Neighbour",
    "Origin",
    "OtherModel",
    "PlaceboBand",
    "Refitter",
    "Removal",
    "RoleLayers",
    "Rule",
    "ScaleWorths",
    "ShapValues",
    "Statement",
    "Survey",
    "Verdict",
    "Worths",
    "associations",
    "binned_dependence",
    "choose_background",
    "class_dependence",
    "coalition_worths",
    "covariate_clusters",
    "covariate_importance",
    "dependence_points",
    "dominant_role",
    "driver_codes",
    "effect_shape",
    "explanation_stability",
    "gather_evidence",
    "group_values",
    "has_distribution",
    "importance_table",
    "interaction_table",
    "is_additive",
    "joined_players",
    "known_scales",
    "layer_roles",
    "local_score",
    "make_statements",
    "near_best",
    "nearest_samples",
    "origin_roles",
    "plant_noise",
    "player_values",
    "role_contributions",
    "role_importance",
    "role_layers",
    "role_of",
    "scale_worths",
    "shap_values",
    "shapley_values",
    "share_origins",
    "sign_agreement",
    "similar_samples",
    "stability_table",
    "survey_range",
    "told_by",
    "uses_coordinates",
    "verdict_of",
]
