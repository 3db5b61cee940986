"""How far the default model can be taken at its word: intervals and probabilities, out of fold.

Run from the root of the project, with the data sets of the developers beside it::

    python benchmarks/calibration.py meuse jura ds801 ngs > docs/benchmarks/calibration.md

The large surveys take minutes on one core. Each contaminant is computed once and kept below
``experiments/benchmarks``; remove the files to start afresh.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.spatial.distance import cdist
from scipy.special import ndtri
from surveys import CONTAMINANTS, Survey, survey
from us_surveys import result, scores

from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.evaluation.scores import ece

TITLES = {
    "meuse": "Meuse",
    "jura": "Jura",
    "ds801": "Soils of the United States (DS801)",
    "ngs": "Sediments and soils of the United States (NGS)",
}
COLUMNS = (
    "contaminant",
    "samples (inside)",
    "coverage",
    "ECE",
    "coverage inside",
    "ECE inside",
    "coverage outside",
    "ECE outside",
)
# Surveys whose noise of calibration errors is told, at most this large; draws of it.
MOST_NOISY, N_DRAWS = 1000, 1000
HEAD = """\
# Calibration of the default model

Five folds of spatial blocks, every sample predicted by an ensemble that saw none of its fold.

- *coverage*: share of the samples inside their 90 % interval; a non-detect counts by how many
  of the samples from its part of the distribution lie inside. The goal is 88 to 92 %.
- *ECE*: the calibration error, mean of three limits, which about a half, a quarter and a tenth
  of the samples exceed, each in the middle between two numbers of the table; ten bins of equal
  count. In brackets, what a perfectly calibrated model would show by chance with so many
  samples that err independently. The goal is 0.03 with more than 1,000 samples.
- *noise* (surveys of up to 1,000): neighbours err together, and then a perfectly calibrated
  model shows more. The mean, and what 95 % of such models stay below, where the normal scores
  of left-out samples are correlated as those of this survey are (exponential with a nugget, of
  the greatest likelihood; 1,000 draws). Below the second number nothing speaks against the
  model.
- *inside*, *outside*: of the area of applicability of the other folds, with equal weights of
  the covariates; the share of samples inside stands behind the number of samples.

Made by `python benchmarks/calibration.py {names} > docs/benchmarks/calibration.md`, which
needs the developers' data sets; they are not part of the project."""

# Written from the tables of the large surveys; printed with all tables only.
READING = """
## What the tables say

- Intervals cover 89.7 to 91.0 % of the samples of DS801 and 90.8 % of NGS; outside of the area
  of applicability 87 to 91 %.
- The calibration error is 0.013 to 0.019 for four of the five elements and for NGS, and 0.026
  for zinc, of which 0.013 is chance: all are within the goal.
- The mean coverage over the contaminants of a survey is 89.7 % (Meuse), 90.9 % (Jura), 90.5 %
  (DS801) and 90.8 % (NGS): all are within 88 to 92 %. Of the eleven contaminants of the small
  ones four are not: cadmium and lead of Meuse (92.3 and 87.1 %), cobalt and lead of Jura (92.3
  and 93.1 %); a coverage of 90 % over 155 samples has a standard error of 2.4 points, over 259
  of 1.9.
- On the small surveys the calibration error is within what 95 % of perfect models show, but for
  chromium of Jura (0.099, where they stay below 0.085); nickel of Jura is at the edge.
- Limits are between reported values: a quarter of the samples have 0.2 mg/kg of cadmium and
  0.02 mg/kg of mercury, and a limit of just that much counts all of them as not above.
- Outside the area of applicability (3 % of the samples of DS801, some 150) errors are 0.07 to
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


def noise(own: Survey, found: dict[str, Any]) -> NDArray[np.float64]:
    """Return the calibration errors of perfect models, shape (n_draws,).

    Their errors are correlated over the distance as those of the survey's left-out samples.
    """
    known = np.isfinite(found["score"])
    score, chance = found["score"][known], found["chance"][:, known]
    distance = cdist(own.places[known], own.places[known])
    found_best = (-np.inf, np.eye(len(score)))
    for reach in np.geomspace(distance[distance > 0].min(), distance.max() / 2, 12):
        decay = np.exp(-distance / reach)
        for share in np.linspace(0.0, 0.95, 20):
            covariance = share * decay + (1 - share) * np.eye(len(score))
            lower = cholesky(covariance, lower=True)
            white = solve_triangular(lower, score, lower=True)
            fit = -0.5 * float(white @ white) - float(np.log(np.diag(lower)).sum())
            if fit > found_best[0]:
                found_best = (fit, lower)
    rng = np.random.default_rng(0)
    drawn = rng.standard_normal((N_DRAWS, len(score))) @ found_best[1].T
    cut = ndtri(1 - np.clip(chance, 1e-9, 1 - 1e-9))
    return np.array(
        [
            np.mean([ece(each > c, p) for c, p in zip(cut, chance, strict=True)])
            for each in drawn
        ]
    )


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
        is_small = len(survey(name, CONTAMINANTS[name][0]).X) <= MOST_NOISY
        columns = [*COLUMNS, "noise"] if is_small else COLUMNS
        print(f"| {' | '.join(columns)} |\n" + "| --- " * len(columns) + "|")
        for contaminant in CONTAMINANTS[name]:
            own, found = survey(name, contaminant), result(name, contaminant, "ensemble")
            inside = applicable(own)
            parts = (np.ones(len(inside), dtype=bool), inside, ~inside)
            cells = " | ".join(shown(own, found, rows) for rows in parts)
            count = f"{len(inside)} ({inside.mean():.0%})"
            if len(inside) <= MOST_NOISY:
                perfect = noise(own, found)
                cells += f" | {perfect.mean():.3f}, {np.quantile(perfect, 0.95):.3f}"
            print(f"| {contaminant.capitalize()} | {count} | {cells} |", flush=True)
    if tuple(names) == tuple(CONTAMINANTS):
        print(READING)


if __name__ == "__main__":
    main()
