"""`hotspot swing`: where the answer depends on the jurisdiction."""

import csv
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from hotspot.commands.composed import read_composed
from hotspot.commands.limit_rules import soil_inputs
from hotspot.commands.models import decision_rule, decision_tags
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import Stack, open_stack
from hotspot.errors import ConfigError, OutputError, ThresholdError, few, nearest_name
from hotspot.estimators.fitted import FittedModel
from hotspot.estimators.store import load_model
from hotspot.files import write_text
from hotspot.grid import Window
from hotspot.maps.decision import Decision, DecisionRule, decide, inside_applicability
from hotspot.maps.limits import exceedance_of_rule
from hotspot.maps.predict import map_windows
from hotspot.maps.swing import Codes, SwingTable, SwingTally, swing_codes, swing_style
from hotspot.maps.write import appear_together, write_json, write_qml, write_sld
from hotspot.observations.limits.conditions import QUANTITIES
from hotspot.observations.limits.regimes import Regimes, regime_rule
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.rasters import CogWriter, bounded_cache

HELP = """\
usage: hotspot swing experiment=NAME regimes=[NAME,NAME,...] [quantity=value ...]

Asks the saved models of an experiment for the decision under several regimes, cell by cell:
above under all, below under all, depends on which is asked, or cannot say.

  regimes=[fi,de_residential]  from `hotspot thresholds regimes=true`; by default those of
                               threshold.regimes in the experiment
  contaminants=[cd,pb]         by default all of the experiment
  clay=soil_clay ph=6.5        what a regime needs of the soil: a covariate, a number or a word

The model must be one of the whole distribution. The cuts are those of the experiment.
Written to experiments/NAME/maps/CONTAMINANT: swing.tif with its styles, swing.json, swing.csv
(area by class), swing_regimes.csv and swing_pairs.csv (who disagrees with whom).
"""
_MEANING = (
    "0: {contaminant} is taken to be below the limit of every regime, 1: above that of every "
    "one, 2: the answer depends on the regime, 3: cannot say, 255: no data; regimes: "
    "{regimes}. A reading of modelled probabilities, not a measurement and no legal finding."
)


def main(arguments: list[str]) -> int:
    """Write the swing map of every contaminant and print what it says."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(HELP)
        return 0
    asked = _parse(arguments)
    paths = Paths(asked.pop("experiment"))
    if not paths.config.is_file():
        raise OutputError(
            f"There is no {paths.config}. Run `hotspot run experiment={paths.name}` first."
        )
    config = read_composed(paths.config)
    names = _list(asked.pop("regimes", "")) or config.threshold.regimes
    contaminants = _list(asked.pop("contaminants", "")) or config.contaminants
    _check(names, contaminants, config)
    given = SoilInputs.read(asked, config.threshold.given.classes) if asked else SoilInputs()
    own = soil_inputs(config)
    replaced = {each.quantity for each in given.given}
    kept = tuple(each for each in own.given if each.quantity not in replaced)
    inputs = SoilInputs((*given.given, *kept))
    with open_stack(paths.covariates) as stack, bounded_cache():
        for contaminant in contaminants:
            table = swing_map(config, paths, stack, contaminant, names=names, inputs=inputs)
            sys.stdout.write(told(contaminant, table))
    return 0


def swing_map(
    config: Config,
    paths: Paths,
    stack: Stack,
    contaminant: str,
    *,
    names: Sequence[str],
    inputs: SoilInputs,
) -> SwingTable:
    """Write the swing map of a contaminant and return its areas.

    Raises
    ------
    ThresholdError
        A regime has no limit of the contaminant.
    ModelError
        The model knows one limit only.
    """
    model = load_model(paths.model(contaminant))
    model = model.with_confidence(config.predict.decision.confidence)
    rule = decision_rule(config, model)
    limits = [regime_rule(contaminant, name, inputs) for name in names]
    tally = SwingTally(names, stack.grid)
    unknown: list[dict[str, int]] = [{} for _ in names]
    folder = paths.maps(contaminant)
    windows = map_windows(
        model, stack, layers=["probability"], window_size=config.predict.window_size
    )
    with appear_together(folder) as hidden:
        with _writer(hidden / "swing.tif", config, model, stack, rule, limits) as writer:
            for window in windows:
                decisions = _decisions(model, stack, window, rule, limits, unknown)
                codes = swing_codes(decisions)
                tally.add(decisions, codes)
                writer.write(window, codes)
        table = tally.result()
        _write_tables(hidden, table, limits, unknown)
    return table


def told(contaminant: str, table: SwingTable) -> str:
    """Return the areas of a swing map in lines for a person."""
    lines = [f"{contaminant}: {', '.join(table.regimes)}"]
    for row in table.class_rows():
        lines.append(f"  {row['class']:<36}{row['area_km2']:>12.2f} km2{row['share']:>8.1%}")
    for pair in table.pair_rows()[:3]:
        one = pair["first_above_second_below_km2"]
        two = pair["first_below_second_above_km2"]
        if one or two:
            lines.append(
                f"  {pair['first']} above, {pair['second']} below: {one:.2f} km2; "
                f"the other way round: {two:.2f} km2"
            )
    return "\n".join(lines) + "\n"


def _decisions(
    model: FittedModel,
    stack: Stack,
    window: Window,
    rule: DecisionRule,
    limits: Sequence[LimitRule],
    unknown: list[dict[str, int]],
) -> Codes:
    """Return the decision of each regime in a window, shape (n_regimes, rows, cols)."""
    frame, positions = stack.frame(window)
    rows, cols = window.shape
    answer = np.full((len(limits), rows * cols), Decision.NO_DATA, dtype=np.uint8)
    if len(frame):
        row, col = np.divmod(positions, cols)
        coordinates = stack.grid.crop(window).centres(row, col)
        area = model.applicability
        inside = np.zeros(len(frame), dtype=np.bool_)
        if area is not None:
            inside = inside_applicability(area.dissimilarity(frame), float(area.threshold_))
        for number, limit in enumerate(limits):
            chance = exceedance_of_rule(model, frame, coordinates, limit)
            codes = decide(chance, inside, rule)
            # There is ground, but no limit or no probability: nobody can say.
            codes[np.isnan(chance)] = Decision.CANNOT_SAY
            answer[number, positions] = codes
            for reason, count in limit.reasons(frame).items():
                unknown[number][reason] = unknown[number].get(reason, 0) + count
    return answer.reshape(len(limits), rows, cols)


def _writer(
    path: Path,
    config: Config,
    model: FittedModel,
    stack: Stack,
    rule: DecisionRule,
    limits: Sequence[LimitRule],
) -> CogWriter:
    style = swing_style()
    facts = model.facts
    ids = ", ".join(limit.id for limit in limits)
    tags = {
        "contaminant": model.contaminant,
        "threshold_id": ids,
        "threshold_citation": " | ".join(limit.citation for limit in limits),
        "model_id": str(facts.get("model_id", "")),
        "data_hash": str(facts.get("data_hash", "")),
        "software": f"hotspot {facts.get('version', '')}".strip(),
        "layer": "swing",
        "meaning": _MEANING.format(contaminant=model.contaminant, regimes=ids),
        **decision_tags(config, rule),
    }
    return CogWriter(
        path,
        stack.grid,
        dtype="uint8",
        nodata=float(Decision.NO_DATA),
        tags=tags,
        descriptions=[style.title],
        units=["class"],
        colormap=style.gdal_colours(),
        categorical=True,
    )


def _write_tables(
    folder: Path,
    table: SwingTable,
    limits: Sequence[LimitRule],
    unknown: Sequence[dict[str, int]],
) -> None:
    style = swing_style()
    write_qml(folder / "swing.qml", style)
    write_sld(folder / "swing.sld", style)
    told_of = [
        {
            "regime": name,
            "title": Regimes.load().get(name).title,
            "limit": limit.citation,
            "ids": [row.threshold.id for row in limit.rows],
            "cautions": list(limit.cautions),
            "cells_without_limit": reasons,
        }
        for name, limit, reasons in zip(table.regimes, limits, unknown, strict=True)
    ]
    write_json(folder / "swing.json", {**table.to_dict(), "limits": told_of})
    write_text(folder / "swing.csv", _csv(table.class_rows()))
    write_text(folder / "swing_regimes.csv", _csv(table.regime_rows()))
    write_text(folder / "swing_pairs.csv", _csv(table.pair_rows()))


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    text = StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _parse(arguments: list[str]) -> dict[str, str]:
    known = ("experiment", "regimes", "contaminants", *QUANTITIES)
    asked = {}
    for text in arguments:
        key, equals, value = text.partition("=")
        if not equals or key not in known:
            raise ConfigError(
                f"hotspot swing does not know {text!r}.{nearest_name(key, known)} "
                "Write `hotspot swing experiment=NAME regimes=[fi,de_residential]`."
            )
        asked[key] = value
    if "experiment" not in asked:
        raise ConfigError(
            f"hotspot swing needs an experiment; seen: {' '.join(arguments) or 'nothing'}. "
            "Write `hotspot swing experiment=NAME regimes=[fi,de_residential]`."
        )
    return asked


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.strip("[] ").split(",") if part.strip()]


def _check(names: Sequence[str], contaminants: Sequence[str], config: Config) -> None:
    for name in names:
        Regimes.load().get(name)
    if len(set(names)) < max(2, len(names)):
        raise ThresholdError(
            f"A swing map compares regimes, and {few(names) or 'none'} is asked. Name two or "
            "more different ones, such as regimes=[fi,de_residential]; "
            "`hotspot thresholds regimes=true` lists them."
        )
    unknown = [name for name in contaminants if name not in config.contaminants]
    if unknown:
        raise ConfigError(
            f"contaminants: {config.name} has no {few(unknown)}."
            f"{nearest_name(unknown[0], config.contaminants)} It has "
            f"{few(config.contaminants, 20)}."
        )
    _check_limits(names, contaminants)


def _check_limits(names: Sequence[str], contaminants: Sequence[str]) -> None:
    """Refuse a regime without limit of a contaminant before the first map is computed."""
    lacking = {
        name: [
            each for each in contaminants if each not in Regimes.load().get(name).contaminants
        ]
        for name in names
    }
    lacking = {name: missing for name, missing in lacking.items() if missing}
    if not lacking:
        return
    without = {each for missing in lacking.values() for each in missing}
    kept = [each for each in contaminants if each not in without]
    way = f"Ask for contaminants=[{','.join(kept)}], or " if kept else "Ask "
    raise ThresholdError(
        "A swing map needs a limit of every contaminant under every regime, and there is none: "
        + "; ".join(f"{name} has none of {few(missing)}" for name, missing in lacking.items())
        + f". {way}for other regimes; `hotspot thresholds regimes=true` lists what each has."
    )
