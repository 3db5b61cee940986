"""What a map of decisions is worth: below, above and cannot say, against the truth.

Run from the root of the project::

    python benchmarks/decisions.py --jobs 2 > docs/benchmarks/decisions.md

Regions, surveys and limits are those of `benchmarks/worlds.py`. Of each survey the decision map
is made as `hotspot run` makes it, with the default model, band, costs and area of
applicability, and compared with the true frequency of exceedance of every cell. Results are
kept by region below `experiments/benchmarks/decisions`, so that a run that was interrupted goes
on where it stopped; a change of the code computes everything anew.
"""

import os
import warnings
from collections.abc import Callable
from typing import Any

# Before numpy is imported: two processes of one thread each are quicker than two of many.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from by_region import rows_by_region
from numpy.typing import NDArray
from worlds import (
    DESIGNS,
    FIRST_SEED,
    asked_regions,
    maker,
    one_sided,
    referred,
    simulated,
)

from hotspot.commands.applicability import fitted_area, reliance
from hotspot.commands.folds import survey_of
from hotspot.estimators.calibration_band import fit_calibration_band
from hotspot.estimators.preference import corrected
from hotspot.evaluation.out_of_fold import out_of_fold
from hotspot.evaluation.target_preference import map_correction
from hotspot.folds.make import make_plans
from hotspot.folds.score_blocks import score_blocks
from hotspot.maps.decision import (
    Decision,
    DecisionRule,
    balanced_frequency,
    decide,
    inside_applicability,
)
from hotspot.samples.preferential import audit_preference
from hotspot.seeds import child_seed
from hotspot.worlds import World

WORLDS = 12
COST_RATIO = 4.0
CONFIDENCE = 0.9
REPEATS = 2
# Of the cells with one answer, those nearest to the cut.
EDGE = 0.1
CODE = ("estimators", "evaluation", "explanations", "folds", "maps", "samples", "worlds")

HEAD = """\
# Decisions against the truth

`decision.tif` says of each cell *below*, *above* or *cannot say* ([how](../decisions.md)). Over
{worlds} simulated regions, each sampled by five designs, it is compared with the true frequency
of exceedance of every cell. Regions, surveys of 150 to 250 samples and limits, which 10 to 30 %
of the soil exceeds, are those of [the scores](worlds.md). Everything else is the default: the
model; the costs, a missed exceedance being worth {ratio:g} false alarms, so that one would act
from a frequency of {balance:.0%} on; the confidence of the band, and its evidence, blocks left
out in two repeats.

*At the cut* means the tenth of the cells with one answer whose probability is nearest to the
cut: where the answer is least sure. Cost counts {ratio:g} for soil above the limit in cells
told *below*, and 1 for soil under it in cells told *above*, over the cells that have an answer.
A *plain cut* calls these cells *above* from a probability of {balance:.0%} on, and *below*
otherwise. *Known* is the cost to who knows the true frequencies.

Made by `python benchmarks/decisions.py --jobs 2 > docs/benchmarks/decisions.md`."""

# Written from the tables of the default run; printed with that run only.
READING = """\
- **Below is safe.** Of the soil in cells told *below* 1 to 3 % is above the limit. At the cut
  it is 2 to 12 %, where up to 20 % were allowed, and in 8 % of the 60 surveys more than that;
  10 % would keep the promise of the band. Cells told *below* hold 2 to 10 % of all soil above
  the limit: that much stays unseen.
- **Above is generous.** Of the soil in cells told *above* 56 to 65 % is above the limit, at the
  cut 21 to 33 %. In a quarter of the surveys it is less than the 20 % from which one would act,
  more often than the 10 % promised, most of all under preferential sampling, where left-out
  samples, taken for their high values, make the band ask for less. These errors are on the
  cautious side.
- **Cannot say** has 12 to 18 % of the cells where samples are spread or clustered, 27 % under
  preferential sampling and 33 % along roads, more than half of these outside the area of
  applicability. Of their soil 16 to 19 % is above the limit, near the 20 % where both mistakes
  balance, and 8 % under preferential sampling.
- **The band costs nothing.** Cells that are decided cost what a plain cut at 20 % costs, within
  0.7: the band decides fewer cells, not otherwise. Both cost about twice what it would cost to
  know the true frequencies.
- Twelve regions are few: most differences between designs are within their errors."""


def decided(
    world: World, limit: float
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]:
    """Return decision and probability of every cell, and whether it is applicable."""
    samples = world.samples()
    chosen = samples.of(world.options.field.contaminant)
    cells, places = world.covariates.frame(), world.covariates.centres()
    make: Callable[[], Any] = maker("ensemble", samples, limit, world.seed)
    _, reference = referred(world, limit)
    audit = audit_preference(
        chosen.coordinates, np.log(chosen.upper), random_state=child_seed(world.seed, "audit")
    )
    fitted = make().fit(chosen.X, chosen.lower, chosen.upper, coordinates=chosen.coordinates)
    plans = make_plans(["block"], survey_of(samples, places), repeats=REPEATS, seed=world.seed)
    runs = [out_of_fold(make, chosen, plan, limit) for plan in plans]
    band = fit_calibration_band(
        np.concatenate([run.label for run in runs]),
        np.concatenate([run.probability for run in runs]),
        np.tile(score_blocks(chosen.coordinates), REPEATS),
        weights=np.full(REPEATS * len(chosen), 1 / REPEATS),
    )
    catalogue = samples.catalogue
    weights = reliance(fitted, chosen, catalogue=catalogue, threshold=limit, seed=world.seed)
    area = fitted_area(chosen, plans[0], catalogue=catalogue, weights=weights)
    model = corrected(fitted, map_correction(reference.preference, audit))
    chance = model.exceedance(cells, limit, coordinates=places).astype(np.float32)
    inside = inside_applicability(area.dissimilarity(cells), float(area.threshold_))
    rule = DecisionRule.from_band(band.at(CONFIDENCE), COST_RATIO)
    return decide(chance, inside, rule), chance, inside


def of_world(seed: int) -> pd.DataFrame:
    """Return the rows of one region: every design and answer."""
    warnings.simplefilter("ignore")
    world, surveys, limit = simulated(seed)
    truth = world.truth.probability(limit).ravel()
    balance = balanced_frequency(COST_RATIO)
    rows: list[dict[str, Any]] = []
    for design, survey in surveys.items():
        surveyed = world.surveyed(survey)
        if one_sided(surveyed, limit):
            continue
        answer, chance, inside = decided(surveyed, limit)
        for told in (Decision.BELOW, Decision.ABOVE, Decision.CANNOT_SAY):
            own = answer == told
            row = {
                "seed": seed,
                "design": design,
                "told": told.name.lower().replace("_", " "),
                "cells": own.mean(),
                "outside": (own & ~inside).mean(),
                "true": truth[own].mean() if own.any() else np.nan,
                "exceeding": truth[own].sum() / truth.sum(),
            }
            if told != Decision.CANNOT_SAY and own.any():
                nearest = np.sort(chance[own])
                count = max(1, int(EDGE * len(nearest)))
                cut = nearest[-count] if told == Decision.BELOW else nearest[count - 1]
                at_cut = own & (chance >= cut if told == Decision.BELOW else chance <= cut)
                above = told == Decision.ABOVE
                plain = chance[own] >= balance
                missed, alarm = COST_RATIO * truth[own], 1 - truth[own]
                row |= {
                    "at_cut": truth[at_cut].mean(),
                    "cost": (alarm if above else missed).sum() / len(truth),
                    "plain": np.where(plain, alarm, missed).sum() / len(truth),
                    "known": np.minimum(missed, alarm).sum() / len(truth),
                }
            rows.append(row)
    return pd.DataFrame(rows)


def percent(values: pd.Series, digits: int = 0) -> str:
    """Return a mean in percent with its standard error over regions."""
    known = 100 * values.dropna()
    if len(known) < 2:
        return "–"
    return f"{known.mean():.{digits}f} ± {known.std() / np.sqrt(len(known)):.{digits}f}"


def report(rows: pd.DataFrame) -> str:
    """Return the tables, in Markdown."""
    balance = balanced_frequency(COST_RATIO)
    lines = [
        "## How much is decided, and how right that is\n",
        "Percent; mean over regions ± its standard error.\n",
        "| design | told | cells | all exceeding soil in them | true frequency | at the cut "
        f"| regions where that is on the wrong side of {balance:.0%} |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for design in DESIGNS:
        for told in ("below", "above", "cannot say"):
            own = rows[(rows["design"] == design) & (rows["told"] == told)]
            known = own["at_cut"].dropna()
            wrong = known > balance if told == "below" else known < balance
            cells = [
                percent(own["cells"]),
                percent(own["exceeding"]),
                percent(own["true"]),
                "" if told == "cannot say" else percent(known),
                "" if told == "cannot say" else f"{wrong.mean():.0%} of {len(known)}",
            ]
            lines.append(f"| {design} | {told} | " + " | ".join(cells) + " |")
    by_region = rows.groupby(["design", "seed"])
    cost = by_region[["cost", "plain", "known"]].sum(min_count=1)
    unsure = rows[rows["told"] == "cannot say"].set_index(["design", "seed"])["outside"]
    lines += [
        "\n## What decisions cost\n",
        "A hundredth of the cost of a false alarm in every cell of the map.\n",
        "| design | outside the area of applicability, percent of cells | cost | plain cut "
        "| known |",
        "| --- | --- | --- | --- | --- |",
    ]
    for design in DESIGNS:
        own = cost.loc[design]
        cells = [percent(own[name], 1) for name in ("cost", "plain", "known")]
        lines.append(
            f"| {design} | {percent(unsure.loc[design])} | " + " | ".join(cells) + " |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables in Markdown."""
    asked = asked_regions(str(__doc__), WORLDS)
    rows = rows_by_region(
        of_world,
        range(asked.first, asked.first + asked.worlds),
        name="decisions",
        jobs=asked.jobs,
        settings=(DESIGNS, COST_RATIO, CONFIDENCE, REPEATS, EDGE, 1),
        code=CODE,
    )
    balance = balanced_frequency(COST_RATIO)
    print(HEAD.format(worlds=asked.worlds, ratio=COST_RATIO, balance=balance) + "\n")
    print(report(rows))
    if (asked.worlds, asked.first) == (WORLDS, FIRST_SEED) and READING:
        print(f"\n## What the tables say\n\n{READING}")


if __name__ == "__main__":
    main()
