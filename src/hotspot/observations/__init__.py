"""Observations: reading, units, non-detects, duplicates, limits and exceedance."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotspot.observations.contaminants import Contaminant, Contaminants
    from hotspot.observations.coordinates import agree_crs
    from hotspot.observations.harmonisation import Harmonised, harmonise
    from hotspot.observations.ledger import Ledger, Step
    from hotspot.observations.limits.chosen import resolve_threshold
    from hotspot.observations.limits.exceedance import (
        exceedance_labels,
        warn_if_outside_range,
        warn_if_reported_at_limit,
    )
    from hotspot.observations.limits.threshold import Threshold
    from hotspot.observations.limits.thresholds import Thresholds
    from hotspot.observations.mapping import TableMapping
    from hotspot.observations.read import FileRows, read_observations, read_rows
    from hotspot.observations.table import OBSERVATION_COLUMNS, check_observations
    from hotspot.observations.write import write_observations

__all__ = [
    "OBSERVATION_COLUMNS",
    "Contaminant",
    "Contaminants",
    "FileRows",
    "Harmonised",
    "Ledger",
    "Step",
    "TableMapping",
    "Threshold",
    "Thresholds",
    "agree_crs",
    "check_observations",
    "exceedance_labels",
    "harmonise",
    "read_observations",
    "read_rows",
    "resolve_threshold",
    "warn_if_outside_range",
    "warn_if_reported_at_limit",
    "write_observations",
]

# The registry is read by commands that need no table; they should not wait for pandas.
_MODULES = {
    "OBSERVATION_COLUMNS": "table",
    "Contaminant": "contaminants",
    "Contaminants": "contaminants",
    "FileRows": "read",
    "Harmonised": "harmonisation",
    "Ledger": "ledger",
    "Step": "ledger",
    "TableMapping": "mapping",
    "Threshold": "limits.threshold",
    "Thresholds": "limits.thresholds",
    "agree_crs": "coordinates",
    "check_observations": "table",
    "exceedance_labels": "limits.exceedance",
    "harmonise": "harmonisation",
    "read_observations": "read",
    "read_rows": "read",
    "resolve_threshold": "limits.chosen",
    "warn_if_outside_range": "limits.exceedance",
    "warn_if_reported_at_limit": "limits.exceedance",
    "write_observations": "write",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
