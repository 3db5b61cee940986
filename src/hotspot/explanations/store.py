"""Writing and reading statements, hotspot cards and origins."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hotspot.errors import OutputError
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.hotspots import HotspotCard
from hotspot.explanations.origins import CAUTION, NOT_IDENTIFIABLE_FROM, Origin
from hotspot.explanations.scales import Scale
from hotspot.explanations.statement import Statement
from hotspot.explanations.verdicts import RULES
from hotspot.files import write_table, write_text

STATEMENTS_FILE = "statements.json"
HOTSPOTS_FILE = "hotspots.json"
ORIGINS_FILE = "origins.json"
# Tables of contributions by role, on each scale.
SCALE_FILES: dict[Scale, str] = {
    "log-odds": "values_by_role",
    "probability": "values_probability",
    "median": "values_median",
    "width": "values_width",
}


def write_statements(
    statements: Sequence[Statement],
    path: Path,
    *,
    contaminant: str,
    model: str,
    unit: str,
    cautions: Sequence[str] = (),
) -> None:
    """Write statements with the rules that gave their verdicts, and cautions on all."""
    rules = [
        {
            "fact": rule.fact,
            "at_least": rule.at_least,
            "verdict": str(rule.verdict),
            "reason": rule.reason,
        }
        for rule in RULES
    ]
    _write(
        {
            "contaminant": contaminant,
            "model": model,
            "unit": unit,
            "cautions": list(cautions),
            "statements": [each.to_dict() for each in statements],
            "rules": rules,
        },
        path,
    )


def write_cards(cards: Sequence[HotspotCard], path: Path, *, contaminant: str) -> None:
    """Write the cards of hotspots, by rank."""
    _write({"contaminant": contaminant, "hotspots": [each.to_dict() for each in cards]}, path)


def write_origins(
    origins: Sequence[Origin], path: Path, *, contaminant: str, unassigned: Sequence[str]
) -> None:
    """Write what is credited to each origin, and which roles count to none."""
    _write(
        {
            "contaminant": contaminant,
            "unit": "share of the mean absolute contribution, log-odds",
            "not_identifiable_from": NOT_IDENTIFIABLE_FROM,
            "origins": [each.to_dict() for each in origins],
            "unassigned_roles": list(unassigned),
            "caution": CAUTION,
        },
        path,
    )


def read_json(path: Path) -> dict[str, Any] | None:
    """Return what one of these files holds; None where there is none.

    Raises
    ------
    OutputError
        The file is not what this module writes.
    """
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise OutputError(
            f"{path} is damaged: {error}. Run `hotspot explain` again."
        ) from error
    return found


def write_values(
    values: ShapValues, sample_id: Sequence[str], path: Path, *, fold: Sequence[int] = ()
) -> None:
    """Write one row per sample: unit, base value, and the contribution of each name.

    The table's attributes tell how many samples make up the base, 0 if the model itself
    defines it, and why a slower way was taken, if one was. With `fold`, the column of that
    name tells which fold's model speaks.
    """
    head = pd.DataFrame(
        {"sample_id": list(sample_id), "unit": values.unit, "base": values.base}
    )
    if len(fold):
        head.insert(1, "fold", list(fold))
    parts = pd.DataFrame(values.values, columns=list(values.names))
    table = pd.concat([head, parts], axis=1)
    table.attrs["n_background"] = values.n_background
    table.attrs["slow_reason"] = values.slow_reason
    write_table(table, path)


def _write(content: dict[str, Any], path: Path) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
