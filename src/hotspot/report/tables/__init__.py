"""Tables of the page: text and alignment, ready to be set."""

from hotspot.report.tables.leaning import (
    association_table,
    dependence_table,
    importance_table,
    interaction_table,
    role_table,
    scale_table,
    stability_table,
    swarm_table,
)
from hotspot.report.tables.maps import areas_table, cell_table, class_table, hotspot_table
from hotspot.report.tables.rows import Table, frame_table, table, text
from hotspot.report.tables.samples import (
    censoring_table,
    fold_table,
    ledger_table,
    offset_table,
    sample_table,
)
from hotspot.report.tables.scores import (
    applicability_table,
    profile_table,
    reliability_table,
    score_tables,
    worst_table,
)

__all__ = [
    "Table",
    "applicability_table",
    "areas_table",
    "association_table",
    "cell_table",
    "censoring_table",
    "class_table",
    "dependence_table",
    "fold_table",
    "frame_table",
    "hotspot_table",
    "importance_table",
    "interaction_table",
    "ledger_table",
    "offset_table",
    "profile_table",
    "reliability_table",
    "role_table",
    "sample_table",
    "scale_table",
    "score_tables",
    "stability_table",
    "swarm_table",
    "table",
    "text",
    "worst_table",
]
