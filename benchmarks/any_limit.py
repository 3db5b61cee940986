"""What one model for any limit costs against a classifier trained for each.

Run from the root of the project, with the data sets of the developers beside it::

    python benchmarks/any_limit.py worlds ds801 > docs/benchmarks/any_limit.md

Each survey and contaminant is computed once and kept below ``experiments/benchmarks``.
"""

import json
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import surveys
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from threadpoolctl import threadpool_limits

from hotspot.evaluation.scores import losses_brier, losses_log
from hotspot.files import write_text
from hotspot.folds.blocks import BlockKFold
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.worlds import Field, Laboratories, Region, Sources, Survey, World

WORLDS = range(8200, 8206)
DS801 = ("pb",)
# Limits between which the order of probabilities is checked, in steps of a few percent.
LADDER = 60
HEAD = """\
# One model for any limit, and classifiers of one limit

Brier score and log loss out of fold (five folds of spatial blocks), mean over three limits,
which a half, a quarter and a tenth of the samples exceed. The same kind of learner as a model
of the whole distribution, asked for each limit, and as three classifiers, one trained for
each limit: a forest (quantile forest; scikit-learn's random forest of 300 trees with the same
columns, splits and share of columns) and boosted trees (boosted distribution; `lightgbm` of
this project with 400 trees and places). *change* is that of the Brier score; below 0 the one
model is better. The goal is at most 2 %. *rises*: how often, over all left-out samples and
{ladder} rising limits, a probability of the one model rose with the limit; it has to be 0.

Made by `python benchmarks/any_limit.py {names} > docs/benchmarks/any_limit.md`. DS801 needs the
developers' data sets; worlds are simulated here (six regions of 600 samples)."""
PAIRS = {
    "forest": ("quantile_forest", "random forest"),
    "boosted trees": ("boosted_distribution", "lightgbm"),
    "default": ("ensemble", None),
}


def named(name: str) -> Iterator[tuple[str, surveys.Survey]]:
    """Yield the surveys of a name."""
    if name == "ds801":
        for contaminant in DS801:
            yield contaminant, surveys.survey("ds801", contaminant)
        return
    for seed in WORLDS:
        world = World.simulate(
            seed,
            region=Region(shape=(60, 60)),
            field=Field(effect=0.3, range_m=1500.0, sill=0.2),
            sources=Sources(n_sources=4),
            survey=Survey(600),
            laboratories=Laboratories(offset=0.0, error=0.0),
        )
        found = world.samples().of(world.options.field.contaminant)
        fold = BlockKFold(5, 1000.0, random_state=0).labels(found.coordinates)
        own = surveys.Survey(
            found.X.reset_index(drop=True),
            *(found.lower, found.upper, found.coordinates, fold),
            categorical=tuple(world.samples().catalogue.categorical),
        )
        yield str(seed), own


def one_model(own: surveys.Survey, kind: str) -> dict[str, float]:
    """Return the scores of a model of the whole distribution, and how often its order fails."""
    limits = own.limits()
    chance = np.full((len(limits), len(own.X)), np.nan)
    ladder = np.quantile(own.upper, np.linspace(0.02, 0.995, LADDER))
    rises = 0
    for train, test in own.folds():
        model = own.fitted(own.make(kind), train)
        found = model.distribution(own.X.iloc[test], coordinates=own.places[test])
        for row, limit in enumerate(limits):
            chance[row, test] = found.exceedance(float(limit))
        steps = np.diff([found.exceedance(float(limit)) for limit in ladder], axis=0)
        rises += int((steps > 0).sum())
    return {**scored(own, chance), "rises": rises}


def classifiers(own: surveys.Survey, kind: str) -> dict[str, float]:
    """Return the scores of one classifier for each limit."""
    chance = np.full((len(surveys.SHARES), len(own.X)), np.nan)
    # Places are columns, as they are for the models of the whole distribution.
    X = own.X.assign(easting=own.places[:, 0], northing=own.places[:, 1])
    columns = X.to_numpy()
    for row, limit in enumerate(own.limits()):
        label = exceedance_labels(own.lower, own.upper, float(limit))
        for train, test in own.folds():
            if kind == "lightgbm":
                model = own.make(kind, n_estimators=400, threshold=float(limit))
                model.fit(
                    X.iloc[train],
                    own.lower[train],
                    own.upper[train],
                    coordinates=own.places[train],
                )
                chance[row, test] = model.exceedance(
                    X.iloc[test], float(limit), coordinates=own.places[test]
                )
                continue
            forest = RandomForestClassifier(
                300, min_samples_split=5, max_features=0.34, random_state=0
            )
            known = train[np.isfinite(label[train])]
            forest.fit(columns[known], label[known] == 1)
            chance[row, test] = forest.predict_proba(columns[test])[:, 1]
    return scored(own, chance)


def scored(own: surveys.Survey, chance: NDArray[np.float64]) -> dict[str, float]:
    """Return the mean Brier score and log loss over the limits."""
    brier, loss = [], []
    for row, limit in enumerate(own.limits()):
        label = exceedance_labels(own.lower, own.upper, float(limit))
        known = np.isfinite(label) & np.isfinite(chance[row])
        y, p = label[known], chance[row, known]
        brier.append(float(losses_brier(y, p).mean()))
        loss.append(float(losses_log(y, p).mean()))
    return {"brier": float(np.mean(brier)), "log_loss": float(np.mean(loss))}


def result(name: str, contaminant: str, pair: str, own: surveys.Survey) -> dict[str, Any]:
    """Return the kept scores of a pair, or compute and keep them."""
    path = surveys.KEPT / f"any_limit_{name}_{contaminant}_{pair.replace(' ', '_')}.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    one, other = PAIRS[pair]
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        found: dict[str, Any] = {"one": one_model(own, one)}
        if other is not None:
            found["each"] = classifiers(own, other)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(found, indent=2))
    print(f"{name} {contaminant} {pair}: {found}", file=sys.stderr, flush=True)
    return found


def line(label: str, pair: str, found: list[dict[str, Any]]) -> str:
    """Return one row: means over surveys."""

    def mean(which: str, score: str) -> float:
        return float(np.mean([each[which][score] for each in found]))

    rises = sum(each["one"]["rises"] for each in found)
    own = f"{mean('one', 'brier'):.4f}, {mean('one', 'log_loss'):.4f}"
    if "each" not in found[0]:
        return f"| {label} | {pair} | {own} | | | {rises} |"
    other = f"{mean('each', 'brier'):.4f}, {mean('each', 'log_loss'):.4f}"
    change = mean("one", "brier") / mean("each", "brier") - 1
    return f"| {label} | {pair} | {own} | {other} | {change:+.1%} | {rises} |"


def main() -> None:
    """Print one table in Markdown."""
    names = sys.argv[1:] or ["worlds", "ds801"]
    print(HEAD.format(ladder=LADDER, names=" ".join(names)))
    print(
        "\n| survey | learner | one model: Brier, log loss | a classifier for each limit "
        "| change | rises |\n| --- | --- | --- | --- | --- | --- |"
    )
    for name in names:
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for contaminant, own in named(name):
            label = "worlds" if name == "worlds" else f"DS801, {contaminant.capitalize()}"
            for pair in PAIRS:
                scores = result(name, contaminant, pair, own)
                found.setdefault((label, pair), []).append(scores)
        for (label, pair), each in found.items():
            print(line(label, pair, each), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
