"""What a preference of the samples does to maps, and what undoes it, over simulated regions.

Run from the root of the project::

    python benchmarks/preference.py --jobs 2 > docs/benchmarks/preference.md

The regions and designs are those of `worlds.py`. The loss of a whole map is known of simulated
regions only. Results are kept by region below `experiments/benchmarks/preference`, so that a
run that was interrupted goes on; a change of the code computes everything anew.
"""

import argparse
import os
import warnings

# Before numpy is imported: two processes of one thread each are quicker than two of many.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from by_region import rows_by_region
from worlds import CODE, DESIGNS, FIRST_SEED, maker, referred, simulated

from hotspot.estimators.preference import can_be_corrected, corrected
from hotspot.estimators.table import takes_weights
from hotspot.evaluation.target_preference import map_correction
from hotspot.samples.preferential import audit_preference
from hotspot.samples.weights import weigh
from hotspot.seeds import child_seed
from hotspot.worlds import true_score

WORLDS = 24
KINDS = (
    "ensemble",
    "gaussian_process",
    "quantile_forest",
    "boosted_distribution",
    "lightgbm",
    "logistic",
)
HEAD = """\
# Samples chosen by their soil

Where places are sampled because soil is suspected to be polluted, a model of the samples
overstates the rest of the map. Over {worlds} simulated regions of [worlds.md](worlds.md) and
five sampling designs, the true log loss of the whole map, in nats, of models with their
defaults; and by how many percent it changes,

- *corrected*: where the map is moved against the preference (`preference=auto`,
  [how](../scores.md)), as far as the rules of `hotspot` find one;
- *declustered*, *target*: where samples count differently in training (`weights=`).

Below 0 is better; mean over regions ± its standard error. Only models with a Gaussian process
can be corrected, only classifiers and trees, alone or in the pool, take weights.

Made by `python benchmarks/preference.py --jobs 2 > docs/benchmarks/preference.md`."""

# Written from the tables of the default run; printed with that run only.
READING = """
## What the tables say

- Where samples are **preferred** by their concentration, the correction lowers the loss of the
  map by a tenth, of the ensemble in every region of the 24. Where they are not, it leaves maps
  alone: it acts in 2 of the other 96 surveys, both clustered, and changes those little.
- **Declustering** and weights by the map's **share** serve classifiers of preferred samples:
  8 to 11 %. The pool gains 3 % from them, beside 10 % from the correction.
- Weights cost nothing under random and grid sampling, and little in clusters. **Along roads
  they do harm**: a few samples far from roads then speak for the country behind. So they are
  not the default.
- The slope is that of the design simulated, a density that rises with the logarithm of the
  concentration. Real surveyors are less regular; what a survey does not betray is not
  corrected."""


def of_world(seed: int) -> pd.DataFrame:
    """Return the true losses of every design, model and remedy of one region."""
    warnings.simplefilter("ignore")
    world, surveys, limit = simulated(seed)
    rows = []
    for design, survey in surveys.items():
        surveyed = world.surveyed(survey)
        samples, name = surveyed.samples(), surveyed.options.field.contaminant
        cells, places = surveyed.covariates.frame(), surveyed.covariates.centres()
        chosen = samples.of(name)
        preference = referred(surveyed, limit)[1].preference
        audit = audit_preference(
            chosen.coordinates, np.log(chosen.upper), random_state=child_seed(seed, "audit")
        )
        slope = map_correction(preference, audit)
        for kind in KINDS:
            make = maker(kind, samples, limit, seed)

            def loss(model: object) -> float:
                chance = model.exceedance(cells, limit, coordinates=places)  # noqa: B023
                return true_score(surveyed, chance, limit).log_loss  # noqa: B023

            learnt = chosen.X, chosen.lower, chosen.upper
            plain = make().fit(*learnt, coordinates=chosen.coordinates)
            row = {"seed": seed, "design": design, "model": kind, "slope": slope}
            row["plain"] = loss(plain)
            if can_be_corrected(plain):
                row["corrected"] = loss(corrected(plain, slope))
            if takes_weights(plain):
                for how in ("declustered", "target"):
                    weight = weigh(samples, how, places).of(name).weight
                    model = make().fit(
                        *learnt, coordinates=chosen.coordinates, sample_weight=weight
                    )
                    row[how] = loss(model)
            rows.append(row)
    return pd.DataFrame(rows)


def change(rows: pd.DataFrame, remedy: str) -> str:
    """Return the mean change of the loss in percent, with its error."""
    percent = 100 * (rows[remedy] / rows["plain"] - 1)
    if percent.isna().all():
        return ""
    return f"{percent.mean():+.1f} ± {percent.sem():.1f}"


def page(table: pd.DataFrame) -> str:
    """Return the page in Markdown."""
    lines = [HEAD.format(worlds=table["seed"].nunique())]
    for design in DESIGNS:
        rows = table[table["design"] == design]
        found = rows.groupby("seed")["slope"].first() != 0
        lines += [
            f"\n## {design.replace('_', ' ').capitalize()}\n",
            f"A preference is found in {int(found.sum())} of {len(found)} regions.\n",
            "| model | log loss | corrected | declustered | target |",
            "| --- | --- | --- | --- | --- |",
        ]
        for kind in KINDS:
            own = rows[rows["model"] == kind]
            cells = [change(own, r) for r in ("corrected", "declustered", "target")]
            lines.append(f"| {kind} | {own['plain'].mean():.3f} | " + " | ".join(cells) + " |")
    if table["seed"].nunique() == WORLDS:
        lines.append(READING)
    return "\n".join(lines)


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=WORLDS)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    table = rows_by_region(
        of_world,
        range(FIRST_SEED, FIRST_SEED + given.worlds),
        name="preference",
        jobs=given.jobs,
        settings=(DESIGNS, KINDS),
        code=CODE,
    )
    print(page(table))


if __name__ == "__main__":
    main()
