"""What a comparison says: as JSON, as a page, and as text for the terminal."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from hotspot import __version__
from hotspot.commands.causes import ORDER
from hotspot.commands.comparison_tables import settings_table, tables_of
from hotspot.commands.finished_run import ChangedKey, FinishedRun
from hotspot.commands.run_difference import Compared
from hotspot.evaluation.pairs import LOWER_IS_BETTER, ScoreDifference
from hotspot.maps.difference import DECISIONS, MapDifference
from hotspot.maps.read import read_overview
from hotspot.observations.contaminants import Contaminants
from hotspot.report.comparison import (
    ComparisonContent,
    ContaminantComparison,
    MapPair,
    ScoreBar,
    render_comparison,
)
from hotspot.report.tables import Table

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
            changed=settings_table(first, second, changed) if changed else None,
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
        lines += ["", *_aligned(settings_table(first, second, changed))]
    for each in compared:
        lines += ["", f"{each.contaminant}, {_limits(each)}", answer(first, second, each)]
        for part in tables_of(first, second, each):
            lines += ["", *_aligned(part)]
        lines += [f"note: {note}" for note in each.notes]
    if any(each.steps for each in compared):
        lines += ["", ORDER_SENTENCE]
    return "\n".join(lines) + "\n"


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
