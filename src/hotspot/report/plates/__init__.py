"""Plates of the page: each figure with its alternative text, caption, legend and table."""

from hotspot.report.plates.leaning import (
    association_plate,
    dependence_plates,
    importance_plate,
    interaction_plate,
    role_plate,
    swarm_plate,
)
from hotspot.report.plates.maps import decision_plate, dissimilarity_plate, probability_plate
from hotspot.report.plates.plate import Key, Plate
from hotspot.report.plates.roles import contribution_keys, driver_plate, role_map_plates
from hotspot.report.plates.samples import fold_plates, sample_plate
from hotspot.report.plates.scores import (
    profile_plate,
    reliability_plate,
    score_plate,
    worst_plate,
)

__all__ = [
    "Key",
    "Plate",
    "association_plate",
    "contribution_keys",
    "decision_plate",
    "dependence_plates",
    "dissimilarity_plate",
    "driver_plate",
    "fold_plates",
    "importance_plate",
    "interaction_plate",
    "probability_plate",
    "profile_plate",
    "reliability_plate",
    "role_map_plates",
    "role_plate",
    "sample_plate",
    "score_plate",
    "swarm_plate",
    "worst_plate",
]
