"""Scores of the concentration models on two national surveys of the United States.

Run from the root of the project, with the data sets of the developers beside it::

    python benchmarks/us_surveys.py ds801 > docs/benchmarks/us_soil.md
    python benchmarks/us_surveys.py ngs > docs/benchmarks/us_sediment.md

Each model and contaminant is computed once and kept below ``experiments/benchmarks``, so
that an interrupted run goes on; remove the folder to start afresh.
"""

import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.registry import estimator_class
from hotspot.evaluation.scores import ece, ece_by_chance, losses_log
from hotspot.files import write_text
from hotspot.folds.blocks import BlockKFold
from hotspot.observations.exceedance import exceedance_labels

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("HOTSPOT_SHARED", ROOT.parent / "shared"))
KEPT = ROOT / "experiments" / "benchmarks"
BLOCK_M = 200_000.0
N_SPLITS = 5
# Limits: shares of the samples below them, so that each contaminant has the same three.
SHARES = (0.5, 0.75, 0.9)
CATEGORICAL = ("geomap", "minotype")
MODELS = {
    "ds801": (
        "ensemble",
        "gaussian_process",
        "quantile_forest",
        "boosted_distribution",
        "regression_kriging",
        "lightgbm_tuned",
        "prevalence",
    ),
    "ngs": ("ensemble", "lightgbm_tuned", "prevalence"),
}
CONTAMINANTS = {"ds801": ("as", "cd", "hg", "pb", "zn"), "ngs": ("pb",)}
# The search of the tuned rival: settings drawn at random, judged inside the training part.
N_SETTINGS = 8

HEADS = {
    "ds801": """\
# Soils of the United States, 0-5 cm: 4,800 sites

Smith et al. (2013), https://doi.org/10.3133/ds801.""",
    "ngs": """\
# Lead in soils and stream sediments of the United States: 53,000 samples

The National Geochemical Survey, https://mrdata.usgs.gov/geochem/.""",
}
METHOD = """
Five folds of whole blocks of 200 km, the same for every model. Log loss in nats (lower is
better), mean over the limits at the median and at the quantiles 0.75 and 0.9 of the samples,
so that a half, a quarter and a tenth of them exceed. A non-detect counts where its interval
lies on one side of the limit. `lightgbm_tuned` is one classifier for each limit, with the
best of {n_settings} random settings by three-fold block cross-validation inside the training
part of each fold; every other model is fitted once and asked for all three limits. Coverage
is that of the 90 % interval over measured samples. ECE is the largest of the three limits,
ten bins of equal count; beside it what a perfectly calibrated model would show by chance.
Seconds are those of one busy core, for five fits and predictions.

Made by `python benchmarks/us_surveys.py {survey}`, which needs the developers' data sets;
they are not part of the project.
"""


@dataclass(frozen=True)
class Survey:
    """Covariates, intervals in mg/kg, places in metres and folds."""

    X: pd.DataFrame
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    places: NDArray[np.float64]
    fold: NDArray[np.int64]

    def limits(self) -> NDArray[np.float64]:
        """Return the three limits."""
        return np.quantile(self.upper, SHARES)


def survey(name: str, contaminant: str) -> Survey:
    """Return one contaminant of one survey, complete cases only."""
    path = {
        "ds801": "us_soil_ds801/ds801_top5cm_model_table.csv",
        "ngs": "us_ngs_lead/ngs_lead_model_table.csv",
    }[name]
    table = pd.read_csv(SHARED / "data" / path)
    first = table.columns.get_loc("dairp")
    names = [column for column in table.columns[first:] if column != "block"]
    table = table[
        table[[*names, contaminant]].notna().all(axis=1) & (table[contaminant] > 0)
    ].reset_index(drop=True)
    value = table[contaminant].to_numpy(dtype=np.float64)
    below = "pb_substituted" if name == "ngs" else f"{contaminant}_below_dl"
    places = table[["x", "y"]].to_numpy(dtype=np.float64)
    return Survey(
        X=table[names].astype(np.float64),
        lower=np.where(table[below] == 1, 0.0, value),
        upper=value,
        places=places,
        fold=BlockKFold(N_SPLITS, BLOCK_M, random_state=0).labels(places),
    )


def folds(data: Survey) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield training and test rows."""
    for number in range(N_SPLITS):
        yield np.flatnonzero(data.fold != number), np.flatnonzero(data.fold == number)


def make(kind: str, **given: Any) -> Any:
    """Return an unfitted model with its defaults."""
    cls = estimator_class(kind)
    given = {"categorical": CATEGORICAL, "random_state": 0, **given}
    return cls(**{k: v for k, v in given.items() if k in cls._get_param_names()})


def predict(data: Survey, kind: str) -> dict[str, Any]:
    """Return the scores of a model that knows the whole distribution."""
    limits = data.limits()
    chance = np.full((len(limits), len(data.X)), np.nan)
    inside = np.full(len(data.X), np.nan)
    notes = []
    for train, test in folds(data):
        model = make(kind)
        model.fit(
            data.X.iloc[train],
            data.lower[train],
            data.upper[train],
            coordinates=data.places[train],
        )
        found: PredictiveDistribution = model.distribution(
            data.X.iloc[test], coordinates=data.places[test]
        )
        for row, limit in enumerate(limits):
            chance[row, test] = found.exceedance(float(limit))
        low, high = found.quantile(0.05), found.quantile(0.95)
        value = data.upper[test]
        measured = data.lower[test] == value
        inside[test] = np.where(measured, (low <= value) & (value <= high), np.nan)
        notes.append(getattr(model, "choice_", ""))
    return {
        **scores(data, chance),
        "coverage": float(np.nanmean(inside)),
        "note": notes[0],
    }


def classify(data: Survey, kind: str) -> dict[str, Any]:
    """Return the scores of one classifier for each limit, tuned or not."""
    chance = np.full((len(SHARES), len(data.X)), np.nan)
    for row, limit in enumerate(data.limits()):
        for train, test in folds(data):
            model = tuned(data, train, float(limit)) if kind == "lightgbm_tuned" else None
            model = model or make(kind, threshold=float(limit))
            model.fit(
                data.X.iloc[train],
                data.lower[train],
                data.upper[train],
                coordinates=data.places[train],
            )
            chance[row, test] = model.exceedance(
                data.X.iloc[test], float(limit), coordinates=data.places[test]
            )
    return scores(data, chance)


def tuned(data: Survey, train: NDArray[np.intp], limit: float) -> Any:
    """Return the best of some random settings, by block folds inside the training part."""
    rng = np.random.default_rng(0)
    X, places = data.X.iloc[train], data.places[train]
    lower, upper = data.lower[train], data.upper[train]
    label = exceedance_labels(lower, upper, limit)
    inner = BlockKFold(3, BLOCK_M, random_state=1).labels(places)
    found: list[tuple[float, dict[str, Any]]] = []
    for _ in range(N_SETTINGS):
        setting = {
            "n_estimators": int(rng.choice([100, 200, 400, 800])),
            "learning_rate": float(rng.choice([0.01, 0.02, 0.04])),
            "num_leaves": int(rng.choice([7, 15, 31])),
            "min_child_samples": int(rng.choice([10, 20, 50, 100])),
            "colsample_bytree": float(rng.choice([0.4, 0.7, 1.0])),
            "reg_lambda": float(rng.choice([0.1, 1.0, 10.0])),
        }
        chance = np.full(len(train), np.nan)
        for number in range(3):
            a, b = np.flatnonzero(inner != number), np.flatnonzero(inner == number)
            model = make("lightgbm", threshold=limit, **setting)
            model.fit(X.iloc[a], lower[a], upper[a], coordinates=places[a])
            chance[b] = model.exceedance(X.iloc[b], limit, coordinates=places[b])
        known = np.isfinite(label) & np.isfinite(chance)
        found.append((float(losses_log(label[known], chance[known]).mean()), setting))
    best = min(found, key=lambda pair: pair[0])[1]
    return make("lightgbm", threshold=limit, **best)


def scores(data: Survey, chance: NDArray[np.float64]) -> dict[str, Any]:
    """Return log loss and calibration over the limits."""
    loss, error, by_chance, unknown = [], [], [], []
    for row, limit in enumerate(data.limits()):
        label = exceedance_labels(data.lower, data.upper, float(limit))
        known = np.isfinite(label) & np.isfinite(chance[row])
        loss.append(float(losses_log(label[known], chance[row, known]).mean()))
        error.append(ece(label[known], chance[row, known]))
        by_chance.append(ece_by_chance(chance[row, known]))
        unknown.append(int((np.isfinite(label) & ~known).sum()))
    worst = int(np.argmax(error))
    return {
        "log_loss": float(np.mean(loss)),
        "by_limit": loss,
        "ece": error[worst],
        "ece_by_chance": by_chance[worst],
        "unanswered": max(unknown),
    }


def result(name: str, contaminant: str, kind: str) -> dict[str, Any]:
    """Return the kept scores of a model, or compute and keep them."""
    path = KEPT / f"{name}_{contaminant}_{kind}.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    data = survey(name, contaminant)
    started = time.process_time()
    # One thread, as on the command line of `hotspot`: times are then those of one core.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        knows_distribution = hasattr(
            estimator_class(kind.removesuffix("_tuned")), "distribution"
        )
        found = predict(data, kind) if knows_distribution else classify(data, kind)
    found["seconds"] = time.process_time() - started
    found["n"] = len(data.X)
    found["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(found, indent=2))
    print(f"{contaminant} {kind}: {found['log_loss']:.4f}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Print the tables of one survey, in Markdown."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in MODELS:
        sys.exit(f"Name a survey: {', '.join(MODELS)}.")
    contaminants, kinds = CONTAMINANTS[name], MODELS[name]
    if not (SHARED / "data").is_dir():
        sys.exit("The developers' data sets are not here; set HOTSPOT_SHARED to their folder.")
    table = {c: {k: result(name, c, k) for k in kinds} for c in contaminants}
    print(HEADS[name])
    print(METHOD.format(n_settings=N_SETTINGS, survey=name))
    heading = "| model | " + " | ".join(c.capitalize() for c in contaminants)
    rule = "| --- |" + " --- |" * len(contaminants)
    print(f"## Log loss\n\n{heading} |\n{rule}")
    for kind in kinds:
        row = " | ".join(f"{table[c][kind]['log_loss']:.4f}" for c in contaminants)
        print(f"| {kind} | {row} |")
    print(f"\n## Coverage of the 90 % interval, and ECE (by chance)\n\n{heading} |\n{rule}")
    for kind in kinds:
        cells = []
        for c in contaminants:
            own = table[c][kind]
            covered = f"{own['coverage']:.1%}, " if "coverage" in own else ""
            cells.append(f"{covered}{own['ece']:.3f} ({own['ece_by_chance']:.3f})")
        print(f"| {kind} | {' | '.join(cells)} |")
    print(f"\n## Seconds of one core\n\n{heading} |\n{rule}")
    for kind in kinds:
        print(
            f"| {kind} | "
            + " | ".join(f"{table[c][kind]['seconds']:.0f}" for c in contaminants)
            + " |"
        )
    peak = max(table[c][k]["peak_gb"] for c in contaminants for k in kinds)
    print(f"\nPeak memory of the process: {peak:.1f} GB. Samples: ", end="")
    print(", ".join(f"{c.capitalize()} {table[c][kinds[0]]['n']}" for c in contaminants) + ".")
    print("\nWhat the ensemble chose, in its first fold:\n")
    for c in contaminants:
        print(f"- {c.capitalize()}: {table[c]['ensemble'].get('note', '')}")


if __name__ == "__main__":
    main()
