"""Charts as matplotlib figures: every function takes the numbers that it draws."""

from hotspot.report.figures.importance import (
    association_tree,
    importance_bars,
    interaction_bars,
    role_bars,
)
from hotspot.report.figures.samples import beeswarm, dependence_plot
from hotspot.report.figures.scores import error_profile, reliability_curve, score_chart

__all__ = [
    "association_tree",
    "beeswarm",
    "dependence_plot",
    "error_profile",
    "importance_bars",
    "interaction_bars",
    "reliability_curve",
    "role_bars",
    "score_chart",
]
