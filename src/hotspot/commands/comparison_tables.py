"""The tables of a comparison: scores, decisions, probabilities, hotspots, causes, settings."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from hotspot.commands.finished_run import ChangedKey, FinishedRun
from hotspot.commands.run_difference import Compared
from hotspot.evaluation.pairs import ScoreDifference
from hotspot.maps.causes import Step
from hotspot.maps.difference import HotspotChange, MapDifference
from hotspot.report.numerals import number, percent
from hotspot.report.tables import Table, table
from hotspot.report.terms import plan_label, score_label

LABELS = ("below", "above", "cannot say")


def tables_of(first: FinishedRun, second: FinishedRun, compared: Compared) -> tuple[Table, ...]:
    """Return the tables of one contaminant: scores, decisions, probabilities, causes."""
    found = []
    if compared.scores:
        found.append(_score_table(compared.scores))
    if compared.map is not None:
        found += _map_tables(first, second, compared.map)
    if compared.hotspots is not None:
        found.append(_hotspot_table(compared.hotspots))
    if compared.steps and compared.map is not None:
        found.append(_cause_table(compared.steps, compared.cells, compared.map))
    return tuple(found)


def settings_table(
    first: FinishedRun, second: FinishedRun, changed: Sequence[ChangedKey]
) -> Table:
    """Return the table of the settings that differ."""
    rows = [(c.group, c.key, _short(c.first), _short(c.second)) for c in changed]
    return table("Settings that differ", ("Part", "Key", first.name, second.name), rows)


def _score_table(scores: Sequence[ScoreDifference]) -> Table:
    rows = [
        (
            plan_label(each.plan),
            score_label(each.score),
            _signed(each.first.mean),
            _signed(each.second.mean),
            _signed(each.difference.mean),
            "–"
            if each.interval is None
            else f"{_signed(each.interval[0])} to {_signed(each.interval[1])}",
            {"first": "A", "second": "B", "unknown": "–"}[each.better],
            number(each.n_samples),
            "no" if each.unpaired else "yes",
        )
        for each in scores
    ]
    heads = ("Plan", "Score", "A", "B", "B − A", "95 % interval", "Better", "Samples", "Paired")
    return table("Scores on samples not seen", heads, rows)


def _map_tables(first: FinishedRun, second: FinishedRun, found: MapDifference) -> list[Table]:
    made = []
    if found.decisions is not None:
        heads = (f"km²: {first.name} ↓, {second.name} →", *LABELS, "all")
        crossed = np.hstack([found.decisions, found.decisions.sum(axis=1, keepdims=True)])
        crossed = np.vstack([crossed, crossed.sum(axis=0)])
        rows = [
            (name, *(number(found.area_km2(int(cells))) for cells in row))
            for name, row in zip((*LABELS, "all"), crossed, strict=True)
        ]
        share = percent((found.changed_cells or 0) / found.cells if found.cells else None)
        made.append(table(f"Decisions; changed on {share} of the area", heads, rows))
    numbers = found.probability
    rows = [
        ("Mean change of P(exceed)", _signed(numbers["mean"])),
        ("Mean size of the change", _signed(numbers["mean_absolute"])),
        ("Changed by 0.1 or more, share of the area", percent(numbers["notable_share"])),
        *(
            (f"{name[1:].lstrip('0')} % of the area changed by less than", _signed(value))
            for name, value in numbers.items()
            if name.startswith("q")
        ),
        ("Width of the 90 % interval, B over A", number(found.interval_ratio)),
        ("Area with data in both maps, km²", number(found.area_km2(found.cells))),
        ("Area with data in A only, km²", number(found.area_km2(found.only_first))),
        ("Area with data in B only, km²", number(found.area_km2(found.only_second))),
    ]
    made.append(table("Probabilities", ("Over the map", "Value"), rows))
    return made


def _hotspot_table(change: HotspotChange) -> Table:
    rows = [
        ("Lost: in A only", number(change.lost), number(change.lost_m2 / 1e4)),
        ("Gained: in B only", number(change.gained), number(change.gained_m2 / 1e4)),
        (
            "In both",
            f"{change.kept_of_first} of A, {change.kept_of_second} of B",
            number(change.common_m2 / 1e4),
        ),
    ]
    return table("Hotspots", ("", "Hotspots", "Ground, ha"), rows)


def _cause_table(steps: Sequence[Step], cells: tuple[int, int], found: MapDifference) -> Table:
    def area(share: float) -> str:
        return _signed(found.area_km2(share * found.cells))

    rows: list[tuple[str, ...]] = [
        (
            step.cause,
            _signed(step.probability),
            _signed(step.probability_absolute),
            number(found.area_km2(step.changed * found.cells)),
            area(step.above),
            area(step.below),
            area(step.cannot_say),
        )
        for step in steps
    ]
    rows.append(
        (
            "all together",
            _signed(sum(step.probability for step in steps)),
            "–",
            "–",
            *(
                area(sum(getattr(step, name) for step in steps))
                for name in ("above", "below", "cannot_say")
            ),
        )
    )
    on = "all cells" if cells[0] == cells[1] else f"{cells[0]} of {cells[1]} cells"
    heads = ("Changed", "P(exceed)", "Size", "Decision, km²", "Above", "Below", "Cannot say")
    return table(f"What makes the difference of the maps, on {on}; areas in km²", heads, rows)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= 60 else f"{text[:57]}…"


def _signed(value: float | None) -> str:
    """Return a number with three significant digits; nearly nothing is 0."""
    if value is None or not np.isfinite(value):
        return "–"
    return "0" if abs(value) < 1e-12 else number(float(value))
