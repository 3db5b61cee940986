"""How far the default model can be taken at its word: intervals and probabilities, out of fold.

Run from the root of the project, with the data sets of the developers beside it::

    python benchmarks/calibration.py meuse jura ds801 ngs > docs/benchmarks/calibration.md

The large surveys take hours on one core. Each contaminant is computed once and kept below
``experiments/benchmarks``; remove the files to start afresh.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from surveys import CONTAMINANTS, Survey, survey
from us_surveys import result, scores

from hotspot.estimators.applicability import AreaOfApplicability

TITLES = {
    "meuse": "Meuse",
    "jura": "Jura",
    "ds801": "Soils of the United States (DS801)",
    "ngs": "Sediments and soils of the United States (NGS)",
}
HEAD = """\
# Calibration of the default model

Five folds of spatial blocks, every sample predicted by an ensemble that saw none of its fold.

- *coverage*: share of the samples inside their 90 % interval; a non-detect counts by how many
  of the samples from its part of the distribution lie inside. The goal is 88 to 92 %.
- *ECE*: the calibration error, mean of three limits, which about a half, a quarter and a tenth
  of the samples exceed, each in the middle between two numbers of the table; ten bins of equal
  count. In brackets, what a perfectly calibrated model would show by chance with so many
  samples that err independently. Samples of one block err together, so that more than that is
  no proof of a fault; it is what to reckon with. The goal is 0.03 with more than 1,000 samples.
- *inside*, *outside*: of the area of applicability of the other folds, with equal weights of
  the covariates; the share of samples inside stands behind the number of samples.

Made by `python benchmarks/calibration.py {names} > docs/benchmarks/calibration.md`, which
needs the developers' data sets; they are not part of the project."""

# Written from the tables of the large surveys; printed with all tables only.
READING = """
## What the tables say

- Intervals cover 90.0 to 91.6 % of the samples of DS801 and 90.9 % of NGS; outside of the area
  of applicability 87 to 91 %.
- The calibration error is 0.017 to 0.022 for four of the five elements and for NGS. **Zinc
  misses the goal by 0.001**. Of 0.031, 0.013 is chance.
- The mean over the contaminants of a survey is 88.6 % (Meuse), 90.5 % (Jura), 90.7 % (DS801)
  and 90.9 % (NGS): each survey is within 88 to 92 %. Single contaminants of the small ones are
  not always, six of eleven; a coverage of 90 % over 155 samples has a standard error of 2.4
  points, over 259 of 1.9. Their calibration error
  is within 0.02 of chance on Meuse, and 0.01 to 0.06 above it on Jura, most for cobalt: there
  samples of a block err together.
- Limits are between reported values: a quarter of the samples have 0.2 mg/kg of cadmium and
  0.02 mg/kg of mercury, and a limit of just that much counts all of them as not above.
- Outside the area of applicability (3 % of the samples of DS801, some 150) errors are 0.06 to
  0.11 where chance alone makes 0.08 to 0.09: nothing is proven against the model there, and
  little for it."""


def applicable(own: Survey) -> NDArray[np.bool_]:
    """Return whether each sample is inside the area of applicability of the other folds."""
    inside = np.zeros(len(own.X), dtype=bool)
    for train, test in own.folds():
        area = AreaOfApplicability(own.categorical)
        area.fit(own.X.iloc[train], folds=own.fold[train])
        inside[test] = area.applicable(own.X.iloc[test])
    return inside


def shown(own: Survey, found: dict[str, Any], rows: NDArray[np.bool_]) -> str:
    """Return the cells of one part of the samples."""
    if rows.sum() < 20:
        return "fewer than 20 |"
    told = scores(own, found["chance"], rows)
    covered = np.nanmean(found["inside"][rows])
    return f"{covered:.1%} | {told['ece']:.3f} ({told['ece_by_chance']:.3f})"


def main() -> None:
    """Print a table per survey, in Markdown."""
    names = sys.argv[1:] or list(CONTAMINANTS)
    unknown = [name for name in names if name not in CONTAMINANTS]
    if unknown:
        sys.exit(f"There is no survey {unknown[0]!r}. Choose among {', '.join(CONTAMINANTS)}.")
    print(HEAD.format(names=" ".join(names)))
    for name in names:
        print(f"\n## {TITLES[name]}\n")
        print(
            "| contaminant | samples (inside) | coverage | ECE | coverage inside | ECE inside "
            "| coverage outside | ECE outside |\n" + "| --- " * 8 + "|"
        )
        for contaminant in CONTAMINANTS[name]:
            own, found = survey(name, contaminant), result(name, contaminant, "ensemble")
            inside = applicable(own)
            parts = (np.ones(len(inside), dtype=bool), inside, ~inside)
            cells = " | ".join(shown(own, found, rows) for rows in parts)
            count = f"{len(inside)} ({inside.mean():.0%})"
            print(f"| {contaminant.capitalize()} | {count} | {cells} |", flush=True)
    if tuple(names) == tuple(CONTAMINANTS):
        print(READING)


if __name__ == "__main__":
    main()
