"""What a comparison says: as JSON, as a page, and as text for the terminal."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from hotspot import __version__
from hotspot.commands.causes import ORDER
from hotspot.commands.compared import Compared
from hotspot.commands.finished import ChangedKey, FinishedRun
from hotspot.evaluation.pairs import LOWER_IS_BETTER, ScoreDifference
from hotspot.maps.causes import Step
from hotspot.maps.difference import DECISIONS, HotspotChange, MapDifference
from hotspot.maps.read import read_overview
from hotspot.observations.contaminants import Contaminants
from hotspot.report.comparison import (
    ComparisonContent,
    ContaminantComparison,
    MapPair,
    ScoreBar,
    render_comparison,
)
from hotspot.report.numerals import number, percent
from hotspot.report.tables import Table, table
from hotspot.report.terms import plan_label, score_label

LABELS = ("below", "above", "cannot say")
# Digits that are kept: more would differ between machines.
_DIGITS = 9
ORDER_SENTENCE = (
    "The difference of the maps is split in this order: "
    + ", ".join(ORDER)
    + ". Another order would give another split of the same difference."
)


def answer(first: FinishedRun, second: FinishedRun, compared: Compared) -> str:
    """Return the sentence on the log loss under the primary plan, or on what there is."""
    plans = [first.primary, second.primary, *(each.plan for each in compared.scores)]
    for plan in plans:
        for score in ("log_loss", "crps"):
            for each in compared.scores:
                if (each.plan, each.score) == (plan, score):
                    return each.sentence(first.name, second.name)
    return "No score can be compared."


def as_json(
    first: FinishedRun,
    second: FinishedRun,
    *,
    changed: Sequence[ChangedKey],
    compared: Sequence[Compared],
) -> str:
    """Return the comparison as the text of comparison.json."""
    values = {
        "first": first.name,
        "second": second.name,
        "software": f"hotspot {__version__}",
        "differences": "second minus first",
        "order": list(ORDER),
        "settings": [
            {"group": c.group, "key": c.key, "first": c.first, "second": c.second}
            for c in changed
        ],
        "contaminants": {
            each.contaminant: {
                "limit_mg_kg": list(each.limits_mg_kg),
                "answer": answer(first, second, each),
                "scores": [_score_entry(score) for score in each.scores],
                "map": None if each.map is None else _map_entry(each.map),
                "hotspots": None if each.hotspots is None else vars(each.hotspots),
                "causes": {
                    "cells": each.cells[0],
                    "of_cells": each.cells[1],
                    "steps": [vars(step) for step in each.steps],
                },
                "notes": list(each.notes),
            }
            for each in compared
        },
    }
    return json.dumps(_plain(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_page(
    first: FinishedRun,
    second: FinishedRun,
    *,
    changed: Sequence[ChangedKey],
    compared: Sequence[Compared],
) -> str:
    """Return the comparison as one page."""
    return render_comparison(
        ComparisonContent(
            first=first.name,
            second=second.name,
            contaminants=tuple(
                ContaminantComparison(
                    name=Contaminants.load()[each.contaminant].name,
                    limits=_limits(each),
                    answer=answer(first, second, each),
                    bars=tuple(
                        ScoreBar(
                            plan=score.plan,
                            score=score.score,
                            mean=score.difference.mean,
                            low=score.interval[0] if score.interval else None,
                            high=score.interval[1] if score.interval else None,
                            is_paired=not score.unpaired,
                        )
                        for score in each.scores
                        if score.score in LOWER_IS_BETTER
                    ),
                    maps=None if each.map is None else _map_pair(first, second, each),
                    tables=tables_of(first, second, each),
                    notes=each.notes,
                )
                for each in compared
            ),
            changed=_settings_table(first, second, changed) if changed else None,
            order=ORDER_SENTENCE,
            software_version=__version__,
        )
    )


def as_text(
    first: FinishedRun,
    second: FinishedRun,
    *,
    changed: Sequence[ChangedKey],
    compared: Sequence[Compared],
) -> str:
    """Return the comparison as text for a terminal."""
    lines = [f"A = {first.name}", f"B = {second.name}", "All differences are B minus A."]
    if changed:
        lines += ["", *_aligned(_settings_table(first, second, changed))]
    for each in compared:
        lines += ["", f"{each.contaminant}, {_limits(each)}", answer(first, second, each)]
        for part in tables_of(first, second, each):
            lines += ["", *_aligned(part)]
        lines += [f"note: {note}" for note in each.notes]
    if any(each.steps for each in compared):
        lines += ["", ORDER_SENTENCE]
    return "\n".join(lines) + "\n"


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


def _settings_table(
    first: FinishedRun, second: FinishedRun, changed: Sequence[ChangedKey]
) -> Table:
    rows = [(c.group, c.key, _short(c.first), _short(c.second)) for c in changed]
    return table("Settings that differ", ("Part", "Key", first.name, second.name), rows)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= 60 else f"{text[:57]}…"


def _limits(compared: Compared) -> str:
    one, two = compared.limits_mg_kg
    if one == two:
        return f"limit {one:g} mg/kg"
    return f"limits {one:g} and {two:g} mg/kg"


def _map_pair(first: FinishedRun, second: FinishedRun, compared: Compared) -> MapPair:
    layers = []
    for run in (first, second):
        path = run.map_layers(compared.contaminant)["probability"]
        layer, grid = read_overview(path, 250_000)
        layers.append(layer.astype(np.float64))
    return MapPair(grid, layers[0], layers[1], (first.name, second.name))


def _score_entry(score: ScoreDifference) -> dict[str, Any]:
    return {
        "plan": score.plan,
        "score": score.score,
        "first": score.first.to_dict(),
        "second": score.second.to_dict(),
        "difference": score.difference.to_dict(),
        "interval_95": None if score.interval is None else list(score.interval),
        "better": score.better,
        "samples": score.n_samples,
        "paired": not score.unpaired,
    }


def _map_entry(found: MapDifference) -> dict[str, Any]:
    decisions = None
    if found.decisions is not None:
        names = [code.name.lower() for code in DECISIONS]
        decisions = {
            one: {
                two: found.area_km2(int(found.decisions[row, col]))
                for col, two in enumerate(names)
            }
            for row, one in enumerate(names)
        }
    changed = found.changed_cells
    return {
        "area_km2": found.area_km2(found.cells),
        "only_first_km2": found.area_km2(found.only_first),
        "only_second_km2": found.area_km2(found.only_second),
        "decisions_km2": decisions,
        "decision_changed_km2": None if changed is None else found.area_km2(changed),
        "probability": found.probability,
        "interval_width_ratio": found.interval_ratio,
    }


def _plain(value: Any) -> Any:
    """Return values for JSON, numbers rounded to `_DIGITS` significant digits."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") + 0.0
    return value


def _signed(value: float | None) -> str:
    """Return a number with three significant digits; nearly nothing is 0."""
    if value is None or not np.isfinite(value):
        return "–"
    return "0" if abs(value) < 1e-12 else number(float(value))


def _aligned(found: Table) -> list[str]:
    """Return a table as lines of text, numbers to the right."""
    rows = [found.heads, *found.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(found.heads))]

    def line(row: Sequence[str]) -> str:
        cells = [
            text.rjust(width) if is_number else text.ljust(width)
            for text, width, is_number in zip(row, widths, found.numeric, strict=True)
        ]
        return "  ".join(cells).rstrip()

    return [found.caption, *(line(row) for row in rows)]
