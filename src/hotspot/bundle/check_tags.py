"""Checks of what rasters say of themselves: tags, units, limits, lineage."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from hotspot.bundle.findings import Findings
from hotspot.bundle.layer_files import LayerFile, Parcel
from hotspot.bundle.methods import LIMIT_LINE
from hotspot.bundle.names import UNITS
from hotspot.errors import HotspotError, ThresholdError, few
from hotspot.maps.limits import BY_PLACE
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.limits.regimes import Regimes
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.thresholds import Thresholds

REQUIRED = ("contaminant", "threshold_id", "threshold_value", "threshold_unit", "meaning")
_LINEAGE = ("data_hash", "model_id", "config_hash")
# Written by a registry of the user's, whose numbers nobody else can look up.
_OWN_REGISTRY = "from the registry of the user"
_SAME_UNIT = {
    "1": ("1", "", "fraction", "probability"),
    "mg/kg": ("mg/kg", "mg kg-1", "mg.kg-1", "ppm"),
    "class": ("class", "code"),
    "samples": ("samples", "count", "1"),
}


def check_tags(parcel: Parcel, findings: Findings) -> None:
    """Note tags that are missing, units that are wrong, limits that are none."""
    for layer in parcel.maps:
        tags, file = layer.facts.tags, layer.file
        missing = [name for name in REQUIRED if not tags.get(name)]
        if missing:
            findings.add("tag-missing", file, "the raster does not say", few(missing, 9))
        if not tags.get("data_hash"):
            findings.add("data-hash-missing", file, "the data cannot be told", "no data_hash")
        if not tags.get("software"):
            findings.add("version-missing", file, "the program cannot be told", "no software")
        _check_unit(layer, findings)
        _check_threshold(layer, findings)
    for group in parcel.groups().values():
        _check_lineage(group, parcel.declared(group), findings)


def _check_unit(layer: LayerFile, findings: Findings) -> None:
    unit = layer.facts.tags.get("unit")
    wanted = UNITS.get(layer.role or "")
    if unit is None:
        findings.add("unit-missing", layer.file, "the band has no unit", f"{wanted} expected")
    elif wanted is not None and unit.strip() not in _SAME_UNIT[wanted]:
        findings.add(
            "unit-wrong",
            layer.file,
            "the unit is not that of the layer",
            f"{unit}, {wanted} expected",
        )
    limit = layer.facts.tags.get("threshold_unit")
    if limit is not None and limit not in _SAME_UNIT["mg/kg"]:
        findings.add("unit-wrong", layer.file, "the limit is not in mg/kg", limit)


def _check_threshold(layer: LayerFile, findings: Findings) -> None:
    tags, file = layer.facts.tags, layer.file
    name, text = tags.get("threshold_id"), tags.get("threshold_value")
    if not name or not text:
        return
    if text == BY_PLACE:
        _check_rule(name, tags, file, findings)
        return
    value = _number(text)
    if value is None:
        findings.add("threshold-value-differs", file, "the limit is no number", text)
        return
    if name.startswith("user_"):
        given = _number(name.rsplit("_", 1)[-1])
        if given is not None and not _close(given, value):
            findings.add(
                "threshold-value-differs",
                file,
                "id and value of the limit differ",
                f"{name}, {value:g} mg/kg",
            )
        return
    try:
        limit = Thresholds.load().get(name)
    except ThresholdError:
        own = _OWN_REGISTRY in tags.get("threshold_citation", "")
        # A rule that comes to one number is named after its regime and contaminant.
        begin = name.rpartition(".")[0] or name
        if not own and begin not in {regime.name for regime in Regimes.load()}:
            findings.add("threshold-unknown", file, "the registry has no such limit", name)
        return
    if limit.value_mg_kg is None or not _close(limit.value_mg_kg, value):
        findings.add(
            "threshold-value-differs",
            file,
            "the registry holds another value",
            f"{value:g}, registry {limit.value_mg_kg} mg/kg [{name}]",
        )
    contaminant = tags.get("contaminant")
    known = Contaminants.load().find(contaminant) if contaminant else None
    if known is not None and known != limit.contaminant:
        findings.add(
            "threshold-contaminant",
            file,
            "the limit is one of another contaminant",
            f"{known}, the limit is of {limit.contaminant}",
        )


def _check_rule(name: str, tags: Mapping[str, str], file: str, findings: Findings) -> None:
    """Note a limit that is said to depend on the place, by a rule that is none."""
    text = tags.get("threshold_rule", "")
    seen, rule = text[:60] or "no threshold_rule", None
    try:
        rule = LimitRule.from_dict(json.loads(text))
        is_told = rule.id == name and bool(rule.covariates)
    except (HotspotError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        # A stranger's text may be anything.
        is_told = False
    if rule is None or not is_told:
        findings.add(
            "threshold-rule",
            file,
            "the limit is said to depend on the place, and its rule does not tell how",
            f"{name}: {seen}",
        )
        return
    known = Contaminants.load().find(tags.get("contaminant", ""))
    if known is not None and known != rule.contaminant:
        findings.add(
            "threshold-contaminant",
            file,
            "the limit is one of another contaminant",
            f"{known}, the limit is of {rule.contaminant}",
        )


def _check_lineage(
    group: Mapping[str, LayerFile], declared: Mapping[str, Any], findings: Findings
) -> None:
    lineage = declared.get("lineage")
    stated = lineage if isinstance(lineage, dict) else {}
    for key in _LINEAGE:
        values = {
            role: layer.facts.tags[key]
            for role, layer in group.items()
            if layer.facts.tags.get(key)
        }
        common = stated.get(key) or _most(values.values())
        for role, value in values.items():
            if value != common:
                findings.add(
                    "lineage-differs",
                    group[role].file,
                    f"{key} is not that of the bundle",
                    f"{value[:16]}, elsewhere {str(common)[:16]}",
                )


def check_limits(
    parcel: Parcel,
    findings: Findings,
    *,
    page: str,
    elsewhere: Iterable[tuple[str, str, Any, Any]],
) -> None:
    """Note files that state another limit than the others.

    Parameters
    ----------
    page : str
        Text of the methods page.
    elsewhere : iterable of (token, file, id, value)
        What records, items and polygons state; None where they do not.
    """
    others = list(elsewhere)
    for token, group in parcel.groups().items():
        tags = {role: layer.facts.tags for role, layer in group.items()}
        declared = parcel.declared(group).get("threshold")
        given = declared if isinstance(declared, dict) else {}
        ids = [each["threshold_id"] for each in tags.values() if each.get("threshold_id")]
        values = [
            each["threshold_value"] for each in tags.values() if each.get("threshold_value")
        ]
        name, value = _most(ids), _number(_most(values))
        said = [
            (group[role].file, each.get("threshold_id"), each.get("threshold_value"))
            for role, each in tags.items()
        ]
        said += [("bundle.json", given.get("id"), given.get("value_mg_kg"))]
        said += [(file, i, v) for owner, file, i, v in others if owner.casefold() == token]
        said += [
            ("methods.md", found[3], found[2])
            for found in LIMIT_LINE.finditer(page)
            if found[1].casefold() == token
        ]
        for file, other, number in said:
            seen = _number(number)
            if other and name and other != name:
                findings.add(
                    "limit-differs",
                    file,
                    "the limit is not that of the others",
                    f"{other}, elsewhere {name}",
                )
            elif seen is not None and value is not None and not _close(seen, value):
                findings.add(
                    "limit-differs",
                    file,
                    "the limit is not that of the others",
                    f"{seen:g} mg/kg, elsewhere {value:g}",
                )


LINEAGE_LIMIT = re.compile(r"Limit: (?:([0-9.eE+-]+) mg/kg|by place), id (\S+?);")


def _most(values: Iterable[str]) -> str:
    items = list(values)
    return max(items, key=items.count) if items else ""


def _number(value: object) -> float | None:
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None


def _close(one: float, other: float) -> bool:
    # Tags hold six digits.
    return abs(one - other) <= 1e-5 * max(abs(one), abs(other))
