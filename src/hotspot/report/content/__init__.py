"""What a report is made of: values, tables and arrays, gathered by the caller."""

from hotspot.report.content.explanation import (
    DEPENDENCE_COLUMNS,
    IMPORTANCE_COLUMNS,
    INTERACTION_COLUMNS,
    ROLE_COLUMNS,
    STABILITY_COLUMNS,
    Claims,
    Dependence,
    Explanation,
    RoleLayers,
    SampleContributions,
    ScaleImportance,
)
from hotspot.report.content.laboratories import Laboratories
from hotspot.report.content.maps import HOTSPOT_COLUMNS, Areas, Context, Hotspots, MapLayers
from hotspot.report.content.page import ContaminantContent, ReportContent
from hotspot.report.content.provenance import LedgerStep, Provenance
from hotspot.report.content.review import ReviewAnswer, ReviewContent, StatementReview
from hotspot.report.content.samples import Folds, Limit, SamplePoints, Sampling
from hotspot.report.content.scores import (
    PROFILE_COLUMNS,
    RELIABILITY_COLUMNS,
    WORST_COLUMNS,
    Evaluation,
    Reach,
    Score,
    Scores,
)

__all__ = [
    "DEPENDENCE_COLUMNS",
    "HOTSPOT_COLUMNS",
    "IMPORTANCE_COLUMNS",
    "INTERACTION_COLUMNS",
    "PROFILE_COLUMNS",
    "RELIABILITY_COLUMNS",
    "ROLE_COLUMNS",
    "STABILITY_COLUMNS",
    "WORST_COLUMNS",
    "Areas",
    "Claims",
    "ContaminantContent",
    "Context",
    "Dependence",
    "Evaluation",
    "Explanation",
    "Folds",
    "Hotspots",
    "Laboratories",
    "LedgerStep",
    "Limit",
    "MapLayers",
    "Provenance",
    "Reach",
    "ReportContent",
    "ReviewAnswer",
    "ReviewContent",
    "RoleLayers",
    "SampleContributions",
    "SamplePoints",
    "Sampling",
    "ScaleImportance",
    "Score",
    "Scores",
    "StatementReview",
]
