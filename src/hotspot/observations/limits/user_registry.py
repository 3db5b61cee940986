"""Registries of the user's own: limits in the format of the package's, checked row by row."""

import csv
import datetime
import math
import re
from collections.abc import Sequence
from io import StringIO
from itertools import combinations

from hotspot.errors import HotspotError, ThresholdError, UnitError, few, nearest_name
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.limits.conditions import read_condition
from hotspot.observations.limits.threshold import Threshold
from hotspot.observations.limits.thresholds import Thresholds
from hotspot.units import factor_to_mg_kg

NEEDED = ("id", "contaminant", "value", "unit", "jurisdiction", "instrument")
OPTIONAL = (
    "issuer",
    "medium",
    "land_use",
    "value_kind",
    "condition",
    "basis",
    "fraction",
    "source_url",
    "source_quote_or_table",
    "verified",
    "status",
    "note",
    "valid_from",
    "valid_to",
    "background_rule",
)
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_WORDS = {
    "medium": ("soil", "groundwater", "drinking_water"),
    "land_use": (
        "",
        "any",
        "agricultural",
        "residential",
        "parkland",
        "commercial",
        "industrial",
    ),
    "value_kind": (
        "",
        "background",
        "guideline",
        "screening",
        "trigger",
        "intervention",
        "maximum_permissible",
    ),
    "verified": ("", "yes", "second", "memory"),
    "status": ("", "in_force", "superseded", "unknown"),
    "background_rule": ("", "higher", "replaces", "addition"),
}
# Far above any national list; a bound on what a hostile file can ask for.
_MOST_ROWS = 20_000
_MOST_FAULTS = 20


def read_user_registry(text: str, name: str) -> Thresholds:
    """Return the limits of a registry of the user's.

    Conditions are those of the package, in its words, or clauses such as
    ``ph > 5.5; ph <= 6.5``; numbers are numbers. Nothing in the file is evaluated.

    Parameters
    ----------
    text : str
        CSV, with a header: `NEEDED`, and any of `OPTIONAL`. Every row needs a source, in
        ``source_url`` or ``source_quote_or_table``.
    name : str
        Of the file, for messages.

    Raises
    ------
    ThresholdError
        Any row has a fault; all are named, with their row in the file.

    Examples
    --------
    >>> lines = [
    ...     "id,contaminant,value,unit,jurisdiction,instrument,source_url,condition",
    ...     "xx_cd_1,cd,800,ug/kg,XX,Decree 1,https://example.org,ph <= 6.5",
    ... ]
    >>> own = read_user_registry(chr(10).join(lines), "own.csv")
    >>> own.get("xx_cd_1").value_mg_kg
    0.8
    """
    if "\0" in text:
        raise ThresholdError(
            f"{name} is no table of limits: it holds bytes that no text has. Save it as CSV in "
            "UTF-8."
        )
    try:
        reader = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        header = list(reader.fieldnames or [])
        _check_header(header, name)
        numbered = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ThresholdError(
            f"{name} is no table of limits: {error}. Save it as CSV in UTF-8, with commas."
        ) from error
    if not numbered or len(numbered) > _MOST_ROWS:
        raise ThresholdError(
            f"{name} has {len(numbered)} rows of limits. Give from 1 to {_MOST_ROWS}."
        )
    faults: list[str] = []
    rows: list[tuple[int, Threshold]] = []
    for line, values in numbered:
        found, wrong = _read_row(values)
        faults += [f"row {line}: {fault}" for fault in wrong]
        if found is not None:
            rows.append((line, found))
    faults += _shared_ids(numbered)
    faults += _among_rows(rows)
    if faults:
        shown = " ".join(
            fault if fault.endswith("?") else f"{fault.rstrip('.')}."
            for fault in faults[:_MOST_FAULTS]
        )
        more = len(faults) - _MOST_FAULTS
        raise ThresholdError(
            f"{name} has {len(faults)} faults. {shown}"
            f"{f' And {more} more.' if more > 0 else ''} Correct these rows, as "
            "docs/thresholds.md describes them."
        )
    return Thresholds(tuple(row for _, row in rows))


def _check_header(header: Sequence[str], name: str) -> None:
    lacking = [column for column in NEEDED if column not in header]
    unknown = [column for column in header if column not in (*NEEDED, *OPTIONAL)]
    twice = [column for column in set(header) if header.count(column) > 1]
    if lacking or unknown or twice:
        hint = nearest_name(unknown[0], (*NEEDED, *OPTIONAL)) if unknown else ""
        raise ThresholdError(
            f"{name} has not the columns of a registry: missing {few(lacking) or 'none'}; "
            f"unknown {few(unknown) or 'none'}; twice {few(twice) or 'none'}.{hint} "
            f"The columns are {few((*NEEDED, *OPTIONAL), 30)}."
        )


def _read_row(values: dict[str, str]) -> tuple[Threshold | None, list[str]]:
    """Return the limit of a row, and all that is wrong with it."""
    if None in values or any(value is None for value in values.values()):
        return None, ["it has not as many cells as the header"]
    row = {column: values.get(column, "").strip() for column in (*NEEDED, *OPTIONAL)}
    row["medium"] = row["medium"] or "soil"
    row["status"] = row["status"] or "in_force"
    wrong = [f"{column} is empty" for column in NEEDED if not row[column]]
    if not row["source_url"] and not row["source_quote_or_table"]:
        wrong.append("there is no citation in source_url or source_quote_or_table")
    if row["id"] and not _ID.fullmatch(row["id"]):
        wrong.append(f"the id {row['id'][:40]!r} is not of a-z, 0-9, '_', '.' and '-'")
    for column, words in _WORDS.items():
        if row[column] not in words:
            wrong.append(
                f"{column} {row[column][:40]!r} is unknown.{nearest_name(row[column], words)}"
            )
    contaminant = Contaminants.load().find(row["contaminant"]) if row["contaminant"] else None
    if row["contaminant"] and contaminant is None:
        hint = nearest_name(row["contaminant"], Contaminants.load().ids)
        wrong.append(f"the contaminant {row['contaminant'][:40]!r} is unknown.{hint}")
    factor = _checked_factor(row, wrong)
    _check_dates(row, wrong)
    try:
        read_condition(row["jurisdiction"], contaminant or "", row["condition"])
    except HotspotError as error:
        wrong.append(str(error).rstrip("."))
    if wrong or contaminant is None:
        return None, wrong
    row |= {"contaminant": contaminant, "land_use": row["land_use"] or "any"}
    return Threshold.from_row(row, factor), wrong


def _checked_factor(row: dict[str, str], wrong: list[str]) -> float | None:
    """Return the factor of the unit to mg/kg in soil, and check value and unit."""
    try:
        value = float(row["value"]) if row["value"] else math.nan
    except ValueError:
        wrong.append(f"the value {row['value'][:40]!r} is no number")
    else:
        if row["value"] and not (math.isfinite(value) and value > 0):
            wrong.append(f"the value {row['value'][:40]!r} is not above 0")
    if row["medium"] != "soil" or not row["unit"]:
        return None
    try:
        return factor_to_mg_kg(row["unit"])
    except UnitError as error:
        wrong.append(f"the unit cannot be converted: {str(error).rstrip('.')}")
        return None


def _check_dates(row: dict[str, str], wrong: list[str]) -> None:
    for column in ("valid_from", "valid_to"):
        try:
            if row[column]:
                row[column] = datetime.date.fromisoformat(row[column]).isoformat()
        except ValueError:
            wrong.append(f"{column} {row[column][:40]!r} is no date such as 2021-04-01")
            row[column] = ""
    if row["valid_from"] and row["valid_to"] and row["valid_from"] > row["valid_to"]:
        wrong.append(
            f"it holds from {row['valid_from']} to {row['valid_to']}, which ends before it "
            "begins"
        )


def _shared_ids(numbered: Sequence[tuple[int, dict[str, str]]]) -> list[str]:
    """Return which ids stand twice, or in the package's registry; of rows with faults too."""
    faults = []
    first: dict[str, int] = {}
    packaged = {row.id for row in Thresholds.load()}
    for line, values in numbered:
        name = (values.get("id") or "").strip()
        if not name:
            continue
        if name in first:
            faults.append(f"row {line}: the id {name[:40]!r} stands in row {first[name]} too")
        elif name in packaged:
            faults.append(f"row {line}: the id {name!r} is one of the package's registry")
        first.setdefault(name, line)
    return faults


def _among_rows(rows: Sequence[tuple[int, Threshold]]) -> list[str]:
    """Return which rows of different values hold for the same soil on a common day."""
    faults = []
    groups: dict[tuple[str, ...], list[tuple[int, Threshold]]] = {}
    for line, row in rows:
        place = (row.jurisdiction, row.instrument, row.contaminant, row.medium)
        key = (*place, row.land_use, row.value_kind, row.condition, row.fraction)
        groups.setdefault(key, []).append((line, row))
    for same in groups.values():
        for (one_line, one), (line, row) in combinations(same, 2):
            apart = one.value_mg_kg != row.value_mg_kg or one.value != row.value
            if apart and _overlap(one, row):
                faults.append(
                    f"row {line}: {row.value:g} and {one.value:g} of row {one_line} hold for "
                    "the same soil on the same days"
                )
    return faults


def _overlap(one: Threshold, two: Threshold) -> bool:
    """Whether two limits hold on a common day; an open end never ends."""
    ended = (one.valid_to and two.valid_from and one.valid_to < two.valid_from) or (
        two.valid_to and one.valid_from and two.valid_to < one.valid_from
    )
    return not ended
