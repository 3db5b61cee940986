"""Which columns of an unknown table hold contaminants, their units and their flags."""

import re

import numpy as np

from hotspot.errors import UnitError, few
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.headers import contaminant_of, split_header
from hotspot.observations.inspection.proposal import SHOWN, UNKNOWN, Columns, Proposal
from hotspot.observations.inspection.spelling import propose_spelling, tell_substituted
from hotspot.observations.spelling import QUALIFIERS
from hotspot.units import read_unit

# What stands behind the name of a value's column in the names of those beside it.
_FLAG_ENDS = ("_q", "_qual", "_qualifier", "_flag", "_below_dl", "_bdl", "_censored", "_sign")
_LIMIT_ENDS = ("_lod", "_loq", "_dl", "_mdl", "_limit", "_rl")
# Contaminants of a long table that are looked at one by one.
_MOST_KINDS = 60


def propose_long(table: Columns, columns: dict[str, str], proposal: Proposal) -> None:
    """Propose what a table with one row per result needs, and tell what is odd in it."""
    registry = Contaminants.load()
    kinds = [str(text) for text in table.texts(columns["contaminant"]).unique()]
    unknown = [text for text in kinds if registry.find(text) is None]
    if unknown:
        proposal.doubt(
            f"{len(unknown)} of {len(kinds)} names in {columns['contaminant']} are no "
            f"contaminants of the registry and will be rejected: {', '.join(unknown[:SHOWN])}. "
            "Map those that matter in contaminant_names."
        )
    if "unit" in columns:
        bad = [
            str(text) for text in table.texts(columns["unit"]).unique() if not _is_unit(text)
        ]
        if bad:
            proposal.doubt(
                f"Units in {columns['unit']} that cannot be used: {', '.join(bad[:SHOWN])}."
            )
    else:
        _, unit = split_header(columns["value"])
        _say_unit(unit, f"the name of {columns['value']}", proposal)
    if "qualifier" in columns:
        _check_flags(table, columns["qualifier"], proposal)
    value = columns["value"]
    propose_spelling(table, {value: value}, proposal, has_limits="limit" in columns)
    names = table.rows[columns["contaminant"]].str.strip()
    for text in kinds[:_MOST_KINDS]:
        of_kind = (names == text).to_numpy(dtype=np.bool_)
        tell_substituted(table, value, text, of_kind, proposal)


def propose_wide(
    table: Columns, taken: set[str], columns: dict[str, str], proposal: Proposal
) -> None:
    """Propose the columns of contaminants, with flags, limits and units."""
    found: dict[str, list[tuple[str, str, list[str]]]] = {}
    for name in table.names:
        lowered = name.lower()
        if name in taken or lowered.endswith((*_FLAG_ENDS, *_LIMIT_ENDS, "_substituted")):
            continue
        told = contaminant_of(name)
        if told is not None and table.is_numeric(name):
            found.setdefault(told[0], []).append((name, told[1], told[2]))
    wide: dict[str, str] = {}
    units: dict[str, str] = {}
    for contaminant, candidates in found.items():
        # The plainest name first: fewest further words.
        candidates.sort(key=lambda each: len(each[2]))
        name, unit, words = candidates[0]
        wide[contaminant], units[contaminant] = name, unit
        if len(candidates) > 1:
            proposal.doubt(
                f"{contaminant} stands in {len(candidates)} columns "
                f"({', '.join(each[0] for each in candidates[:SHOWN])}); {name} was taken. "
                "A configuration reads one column per contaminant."
            )
        elif words:
            proposal.doubt(
                f"{name} was taken for {contaminant}, though it says {' '.join(words)} too."
            )
    if not wide:
        columns.update(contaminant=UNKNOWN, value=UNKNOWN)
        proposal.say("unit", UNKNOWN, "no contaminant found")
        proposal.doubt(
            "No column looks like a contaminant: name a column of contaminants and one of "
            "values in columns, or one column per contaminant in wide."
        )
        return
    proposal.say("wide", wide, "columns of numbers with names of contaminants")
    _beside(table, wide, proposal)
    _wide_units(table, wide, units, proposal)
    propose_spelling(table, wide, proposal, has_limits="wide_limits" in proposal.keys)
    everywhere = np.ones(len(table.rows), dtype=np.bool_)
    for column in wide.values():
        tell_substituted(table, column, column, everywhere, proposal)


def _beside(table: Columns, wide: dict[str, str], proposal: Proposal) -> None:
    registry = Contaminants.load()
    seen, unread = set(wide.values()), []
    for key, ends in (("wide_qualifiers", _FLAG_ENDS), ("wide_limits", _LIMIT_ENDS)):
        stems = {
            name[: -len(end)].lower(): name
            for end in reversed(ends)
            for name in table.names
            if name.lower().endswith(end) and name not in seen
        }
        # cd_below_dl is a flag, although it ends as a limit does.
        seen |= set(stems.values())
        beside = {}
        for contaminant, column in wide.items():
            # Of cd_ppm, cd_ppm_flag goes before Cd_flag.
            plain = [stem for stem in stems if registry.find(stem) == contaminant]
            stem = next((s for s in (column.lower(), *plain) if s in stems), None)
            if stem is not None:
                beside[contaminant] = stems.pop(stem)
        unread += [name for stem, name in stems.items() if _contaminant(stem) in wide]
        if beside:
            proposal.say(key, beside, "names that begin like those of the values")
            if key == "wide_qualifiers":
                for other in beside.values():
                    _check_flags(table, other, proposal)
    if unread:
        proposal.doubt(
            f"Not used, though the names are those of flags or limits: "
            f"{', '.join(unread[:SHOWN])}. Name those that matter in wide_qualifiers or "
            "wide_limits: without its flag, a non-detect counts as measured."
        )


def _contaminant(name: str) -> str | None:
    told = contaminant_of(name)
    return None if told is None else told[0]


def _check_flags(table: Columns, name: str, proposal: Proposal) -> None:
    """Give numbers as flags a meaning, and tell the flags that have none."""
    texts = {str(text) for text in table.texts(name).unique()}
    if texts and texts <= {"0", "1"}:
        if "qualifiers" not in proposal.keys:
            proposal.say(
                "qualifiers", {"0": "measured", "1": "below"}, f"columns such as {name}"
            )
            proposal.doubt(
                f'In {name} and its like, 1 was taken for "below the limit that the value '
                'holds" and 0 for a measured value.'
            )
        return
    known = {flag.casefold() for flag in QUALIFIERS}
    unknown = sorted(
        text
        for text in texts
        if text.casefold() not in known and not re.match(r"[<>≤≥]\s*[\d.,]+$", text)
    )
    if unknown:
        proposal.doubt(
            f"Flags in {name} without a known meaning: {', '.join(unknown[:SHOWN])}. Give each "
            "one in qualifiers; rows with others are rejected."
        )


def _wide_units(
    table: Columns, wide: dict[str, str], units: dict[str, str], proposal: Proposal
) -> None:
    told = {name: unit for name, unit in units.items() if unit}
    if len(told) == len(wide):
        proposal.say("unit", "header", f"names such as {next(iter(wide.values()))}")
        return
    if told:
        proposal.say("units", told, "names of the columns")
    usual = {each.id: each.usual_mg_kg for each in Contaminants.load()}
    ratios = []
    for contaminant, column in wide.items():
        numbers = table.numbers(column)
        level = usual.get(contaminant)
        if contaminant not in told and level and (numbers > 0).any():
            ratios.append(float(np.median(numbers[numbers > 0])) / level)
    middle = float(np.median(ratios)) if ratios else np.nan
    # Where some headers tell their units, the doubt is about the other columns only.
    untold = [column for name, column in wide.items() if name not in told] if told else []
    whose = f" of {few(untold, SHOWN)}" if untold else ""
    if 0.1 < middle < 10:
        proposal.say("unit", "mg/kg", "the level of the values, not the file")
        proposal.doubt(
            f"No header tells the unit{whose}. mg/kg was supposed, since the values lie at "
            f"{middle:.2g} times what soils usually hold; find it in the survey's documents."
        )
    else:
        proposal.say("unit", UNKNOWN, "the headers")
        proposal.doubt(f"Nothing tells the unit{whose} (the headers do not): state it in unit.")
        if np.isfinite(middle):
            proposal.doubt(
                f"In mg/kg the values would lie at {middle:.2g} times what soils usually hold."
            )


def _say_unit(unit: str, where: str, proposal: Proposal) -> None:
    proposal.say("unit", unit or UNKNOWN, where)
    if not unit:
        proposal.doubt(f"Nothing tells the unit ({where} do not): state it in unit.")


def _is_unit(text: object) -> bool:
    try:
        read_unit(str(text))
    except UnitError:
        return False
    return True
