"""How often statements on covariates are right, and how near shares of origins come.

Run from the root of the project::

    python benchmarks/explanations.py --worlds 12 > docs/benchmarks/explanations.md

Simulated regions tell which covariates act on the contaminant, how much each origin adds, and
which covariates are noise. Every region is surveyed once; a model is fitted, explained and
tested as `hotspot explain` does it, with the same numbers of refits.
"""

import argparse
import os
import sys
import warnings
from typing import Any

# Before numpy is imported: small products are quicker on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators.gaussian_process import AdditiveGaussianProcess
from hotspot.estimators.registry import make_estimator
from hotspot.explanations import (
    BY_BACKGROUND,
    FOR_A_SUM,
    Refitter,
    Statement,
    Survey,
    choose_background,
    gather_evidence,
    make_statements,
    scale_worths,
    share_origins,
)
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.traits import is_additive
from hotspot.folds.make import Survey as FoldSurvey
from hotspot.folds.make import make_plans
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed
from hotspot.worlds import Diffuse, Field, Landscape, Region, Sources, World
from hotspot.worlds import Survey as Sampling

FIRST_SEED = 7000
KINDS = ("logistic", "lightgbm", "regression_kriging")
NOISE = ("white_noise_1", "white_noise_2", "smooth_noise_1", "smooth_noise_2")
# What acts strongly in these regions: works, and clay.
DRIVERS = ("industry_distance", "clay")
KEPT = (*DRIVERS, "road_distance", "slope", *NOISE)
ROLES = {
    "industry": ("industry_distance",),
    "roads": ("road_distance",),
    "geology": ("geology",),
}

HEAD = """\
# Statements and origins against the truth

Over {worlds} simulated regions of 6 km x 6 km, surveyed at 250 places, each with two
drivers (works, and clay of a varying and often weak effect), two white and two smooth noise
covariates. A statement on a noise covariate that is *supported* is false; a driver is found
where its statement is *supported* or *correlated*. Models have their defaults; the limit is
exceeded by 30 % of the soil; tests are those of `hotspot explain`, with its numbers of refits,
on five spatial blocks.

Made by `python benchmarks/explanations.py --worlds {worlds} > docs/benchmarks/explanations.md`.
"""


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=12)
    worlds = parser.parse_args().worlds
    warnings.simplefilter("ignore", UserWarning)
    print(HEAD.format(worlds=worlds))
    print("## Drivers and noise\n")
    print("| model | noise supported | drivers found | drivers supported |")
    print("| --- | --- | --- | --- |")
    for kind in KINDS:
        told = [_statements(FIRST_SEED + number, kind) for number in range(worlds)]
        noise = [each[name] == "supported" for each in told for name in NOISE]
        found = [each[name] in ("supported", "correlated") for each in told for name in DRIVERS]
        sure = [each[name] == "supported" for each in told for name in DRIVERS]
        cells = (f"{sum(part)} of {len(part)}" for part in (noise, found, sure))
        print(f"| {kind.replace('_', ' ')} | {' | '.join(cells)} |", flush=True)
    print("\n## Origins\n")
    print(
        "Shares of point, diffuse and natural origins by the median concentration of a "
        "Gaussian process, in points from the planted ones; and how often the shares of works "
        "and roads are refused. Apart: a few works anywhere. The same: works along every "
        "road.\n"
    )
    print("| works | point and diffuse refused | mean error | largest error |")
    print("| --- | --- | --- | --- |")
    for label, along in (("apart", False), ("the same", True)):
        refused, errors = [], []
        for number in range(worlds):
            found, planted = _origins(FIRST_SEED + number, along=along)
            refused.append("diffuse" in found["point"].confused_with)
            errors += [
                abs(found[name].share - planted[name])
                for name in planted
                if found[name].is_identifiable
            ]
        mean = f"{100 * np.mean(errors):.1f}" if errors else "–"
        most = f"{100 * np.max(errors):.1f}" if errors else "–"
        print(f"| {label} | {sum(refused)} of {worlds} | {mean} | {most} |", flush=True)
    return 0


def _statements(seed: int, kind: str) -> dict[str, str]:
    """Return the verdict on each covariate of one region."""
    world = World.simulate(
        seed,
        region=Region(shape=(60, 60)),
        landscape=Landscape(n_white_noise=2, n_smooth_noise=2),
        field=Field(effect=0.4, sill=0.1),
        sources=Sources(n_sources=3, peak_mg_kg=200.0, decay_m=800.0, elongation=0.0),
        diffuse=Diffuse(roads_mg_kg=10.0, farming_mg_kg=0.0, urban_mg_kg=0.0),
        survey=Sampling(n_samples=250),
    )
    samples, catalogue = _kept(world, KEPT)
    limit = world.truth.limit_for(0.3)

    def make(state: int) -> Any:
        return make_estimator(
            kind, {}, threshold=limit, categorical=catalogue.categorical, random_state=state
        )

    refitter = Refitter(make, samples, limit, seed)
    model = refitter.fit(samples, "final")
    additive = is_additive(model)
    rows = np.arange(len(samples)) if additive else np.arange(0, len(samples), 4)
    effort = FOR_A_SUM if additive else BY_BACKGROUND
    values = refitter.explain(model, samples, samples.take(rows), effort.n_background)
    plan = make_plans(
        ["block"],
        FoldSurvey(samples.sample_id, samples.coordinates, values=np.log(samples.upper)),
        n_splits=5,
        seed=child_seed(seed, "folds"),
    )[0].select(samples.sample_id)
    evidence = gather_evidence(refitter, plan, values, rows, effort=effort)
    told: tuple[Statement, ...] = make_statements(
        evidence, Survey("pb", "lead", samples.X, catalogue)
    )
    return {each.subject: str(each.verdict) for each in told if each.kind == "covariate"}


def _origins(seed: int, *, along: bool) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the origins that were found, and the planted shares."""
    sources = (
        Sources(400, 40.0, decay_m=150.0, elongation=0.0, placement="along_roads")
        if along
        else Sources(2, 200.0, decay_m=700.0, elongation=0.0)
    )
    world = World.simulate(
        seed,
        region=Region(shape=(60, 60)),
        landscape=Landscape(n_white_noise=0, n_smooth_noise=0),
        field=Field(effect=0.3, sill=0.02, nugget=0.02),
        sources=sources,
        diffuse=Diffuse(40.0, roads_decay_m=300.0, farming_mg_kg=0.0, urban_mg_kg=0.0),
        survey=Sampling(n_samples=220),
    )
    samples, catalogue = _kept(world, tuple(name for held in ROLES.values() for name in held))
    model = AdditiveGaussianProcess(catalogue.categorical).fit(
        samples.X, samples.lower, samples.upper, coordinates=samples.coordinates
    )
    values = scale_worths(
        model,
        samples.X,
        coordinates=samples.coordinates,
        background=choose_background(samples, 16, seed=1),
        players={**ROLES, LOCATION: (LOCATION,)},
        scales=("median",),
    ).values("median")
    roles = {
        name: values.values[:, column]
        for column, name in enumerate(values.names)
        if name != LOCATION
    }
    rows, cols, _ = world.grid.cells(samples.coordinates)
    log = world.truth.log
    parts = {"point": log["plumes"], "diffuse": log["roads"], "natural": log["geology"]}
    at = {name: part[rows, cols] for name, part in parts.items()}
    size = {name: float(np.abs(part - part.mean()).mean()) for name, part in at.items()}
    planted = {name: value / sum(size.values()) for name, value in size.items()}
    return {
        each.name: each
        for each in share_origins(roles, samples.X, catalogue, coordinates=samples.coordinates)
    }, planted


def _kept(world: World, names: tuple[str, ...]) -> tuple[Samples, Catalogue]:
    """Return the samples of a region with some of its covariates."""
    samples = world.samples().of("pb")
    catalogue = Catalogue(tuple(c for c in world.covariates.catalogue if c.name in names))
    X: pd.DataFrame = samples.X[list(catalogue.names)].reset_index(drop=True)
    kept = Samples(samples.sample_id, X, samples.lower, samples.upper, samples.coordinates)
    return kept, catalogue


if __name__ == "__main__":
    sys.exit(main())
