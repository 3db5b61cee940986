"""How far the default model can be taken at its word: intervals and probabilities, out of fold.

Run from the root of the project, with the data sets of the developers beside it::

    python benchmarks/calibration.py meuse jura ds801 ngs > docs/benchmarks/calibration.md

The large surveys take hours on one core. Each contaminant is computed once and kept below
``experiments/benchmarks``; remove the files to start afresh.
"""

import json
import os
import sys
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import us_surveys
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hotspot.estimators.applicability import AreaOfApplicability
from hotspot.estimators.concentration import ConcentrationModel
from hotspot.evaluation.scores import ece, ece_by_chance
from hotspot.files import write_text
from hotspot.folds.make import Survey, make_plans
from hotspot.observations.exceedance import exceedance_labels

SHARED, KEPT = us_surveys.SHARED, us_surveys.KEPT
SHARES = us_surveys.SHARES
CONTAMINANTS = {
    "meuse": ("cd", "cu", "pb", "zn"),
    "jura": ("cd", "co", "cr", "cu", "ni", "pb", "zn"),
    "ds801": ("as", "cd", "hg", "pb", "zn"),
    "ngs": ("pb",),
}
TITLES = {
    "meuse": "Meuse",
    "jura": "Jura",
    "ds801": "Soils of the United States (DS801)",
    "ngs": "Sediments and soils of the United States (NGS)",
}
MEUSE = {"cd": "cadmium", "cu": "copper", "pb": "lead", "zn": "zinc"}
HEAD = """\
# Calibration of the default model

Five folds of spatial blocks, every sample predicted by an ensemble that saw none of its fold.

- *coverage*: share of the measured samples inside their 90 % interval; the goal is 88 to 92 %.
- *ECE*: the calibration error, mean of three limits, which a half, a quarter and a tenth of
  the samples exceed; ten bins of equal count. In brackets, what a perfectly calibrated model
  would show by chance with so many samples that err independently. Samples of one block err
  together, so that more than that is no proof of a fault; it is what to reckon with. The goal
  is 0.03 with more than 1,000 samples.
- *inside*, *outside*: of the area of applicability of the other folds, with equal weights of
  the covariates; the share of samples inside stands behind the number of samples.

Made by `python benchmarks/calibration.py {names} > docs/benchmarks/calibration.md`, which
needs the developers' data sets; they are not part of the project."""

# Written from the tables of the small surveys; printed with them only.
READ = ("meuse", "jura")
READING = """
## What the tables say

- A coverage of 90 % over 155 samples has a standard error of 2.4 points, over 259 of 1.9. Six
  of eleven contaminants lie between 88 and 92 %; three fall short by less than a point, copper
  and lead of Jura have 0.3 and 1.8 points too many.
- The calibration error is within 0.02 of chance on Meuse, and 0.01 to 0.06 above it on Jura,
  most for cobalt: there samples of a block err together.
- Nearly all samples of both surveys are inside the area of applicability; too few are outside
  to say more of them than that their coverage is not worse by more than chance.
- The large surveys (`ds801`, `ngs`) were not computed for this page."""


@dataclass(frozen=True)
class Data:
    """One contaminant of one survey."""

    X: pd.DataFrame
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    places: NDArray[np.float64]
    fold: NDArray[np.int64]
    categorical: tuple[str, ...]


def data(name: str, contaminant: str) -> Data:
    """Return samples and folds."""
    if name in us_surveys.MODELS:
        found = us_surveys.survey(name, contaminant)
        return Data(
            *(found.X, found.lower, found.upper, found.places, found.fold),
            categorical=us_surveys.CATEGORICAL,
        )
    if name == "meuse":
        table = pd.read_csv(SHARED / "data" / "meuse" / "meuse.csv")
        X, value = table[["dist", "soil", "ffreq"]], table[MEUSE[contaminant]]
        categorical = ("soil", "ffreq")
    else:
        table = pd.read_csv(SHARED / "data" / "jura" / "jura_prediction.csv")
        categorical = ("landuse", "rock")
        codes = {k: table[k].astype("category").cat.codes for k in categorical}
        X, value = pd.DataFrame(codes), table[contaminant]
    places = table[["x", "y"]].to_numpy(dtype=np.float64)
    concentration = value.to_numpy(dtype=np.float64)
    names = np.array([f"{number:06d}" for number in range(len(X))])
    survey = Survey(names, places, values=np.log(concentration))
    plan = make_plans(["block"], survey, n_splits=5, seed=0)[0].select(names)
    return Data(
        *(X.astype(np.float64), concentration, concentration, places, plan.fold),
        categorical=categorical,
    )


def result(name: str, contaminant: str) -> dict[str, Any]:
    """Return the kept scores, or compute and keep them."""
    path = KEPT / f"calibration_{name}_{contaminant}.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        found = computed(data(name, contaminant))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(found, indent=2))
    print(f"{name} {contaminant}: {found['all']}", file=sys.stderr, flush=True)
    return found


def computed(own: Data) -> dict[str, Any]:
    """Return coverage and calibration errors, over all samples and by side of the area."""
    limits = np.quantile(own.upper, SHARES)
    chance = np.full((len(limits), len(own.X)), np.nan)
    inside = np.full(len(own.X), np.nan)
    applicable = np.zeros(len(own.X), dtype=bool)
    for number in np.unique(own.fold):
        train, test = np.flatnonzero(own.fold != number), np.flatnonzero(own.fold == number)
        model = ConcentrationModel(categorical=own.categorical).fit(
            own.X.iloc[train],
            own.lower[train],
            own.upper[train],
            coordinates=own.places[train],
        )
        found = model.distribution(own.X.iloc[test], coordinates=own.places[test])
        for row, limit in enumerate(limits):
            chance[row, test] = found.exceedance(float(limit))
        low, high = found.quantile(0.05), found.quantile(0.95)
        value = own.upper[test]
        measured = (own.lower[test] == value) & np.isfinite(low)
        inside[test] = np.where(measured, (low <= value) & (value <= high), np.nan)
        area = AreaOfApplicability(own.categorical)
        area.fit(own.X.iloc[train], folds=own.fold[train])
        applicable[test] = area.applicable(own.X.iloc[test])
    parts = {"all": np.ones(len(own.X), dtype=bool), "inside": applicable}
    parts["outside"] = ~applicable
    told = {
        part: of_part(own, rows, limits, chance, inside)
        for part, rows in parts.items()
        if rows.sum() >= 20
    }
    return {"n": len(own.X), "applicable": float(applicable.mean()), **told}


def of_part(
    own: Data,
    rows: NDArray[np.bool_],
    limits: NDArray[np.float64],
    chance: NDArray[np.float64],
    inside: NDArray[np.float64],
) -> dict[str, float]:
    """Return coverage and the mean calibration error of some of the samples."""
    errors = []
    for row, limit in enumerate(limits):
        label = exceedance_labels(own.lower, own.upper, float(limit))
        known = rows & np.isfinite(label) & np.isfinite(chance[row])
        y, p = label[known], chance[row, known]
        errors.append((ece(y, p) or 0.0, ece_by_chance(p) or 0.0))
    error, by_chance = np.mean(errors, axis=0)
    return {
        "coverage": float(np.nanmean(inside[rows])),
        "ece": float(error),
        "ece_by_chance": float(by_chance),
    }


def shown(found: dict[str, Any], part: str) -> str:
    """Return the cells of one part of the samples."""
    if part not in found:
        return "fewer than 20 |"
    own = found[part]
    return f"{own['coverage']:.1%} | {own['ece']:.3f} ({own['ece_by_chance']:.3f})"


def main() -> None:
    """Print a table per survey, in Markdown."""
    names = sys.argv[1:] or list(CONTAMINANTS)
    unknown = [name for name in names if name not in CONTAMINANTS]
    if unknown:
        sys.exit(f"There is no survey {unknown[0]!r}. Choose among {', '.join(CONTAMINANTS)}.")
    if not (SHARED / "data").is_dir():
        sys.exit("The developers' data sets are not here; set HOTSPOT_SHARED to their folder.")
    print(HEAD.format(names=" ".join(names)))
    for name in names:
        print(f"\n## {TITLES[name]}\n")
        print(
            "| contaminant | samples (inside) | coverage | ECE | coverage inside | ECE inside "
            "| coverage outside | ECE outside |\n" + "| --- " * 8 + "|"
        )
        for contaminant in CONTAMINANTS[name]:
            found = result(name, contaminant)
            cells = " | ".join(shown(found, part) for part in ("all", "inside", "outside"))
            count = f"{found['n']} ({found['applicable']:.0%})"
            print(f"| {contaminant.capitalize()} | {count} | {cells} |", flush=True)
    if tuple(names) == READ:
        print(READING)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
