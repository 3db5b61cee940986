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
from dataclasses import replace
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
    player_values,
    role_contributions,
    scale_worths,
    shap_values,
    share_origins,
)
from hotspot.explanations.origins import told_by
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.traits import is_additive, with_location
from hotspot.folds.make import Survey as FoldSurvey
from hotspot.folds.make import make_plans
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed
from hotspot.worlds import Diffuse, Field, Landscape, Region, Sources, World
from hotspot.worlds import Survey as Sampling

FIRST_SEED = 7000
KINDS = ("ensemble", "lightgbm", "regression_kriging", "logistic")
NOISE = ("white_noise_1", "white_noise_2", "smooth_noise_1", "smooth_noise_2")
# What acts in these regions: works, and clay.
DRIVERS = ("industry_distance", "clay")
KEPT = (*DRIVERS, "road_distance", "slope", *NOISE)
# A driver is strong where the others tell so much less of the planted field without it, as a
# share of the variance of its logarithm.
STRONG_FROM = 0.1
FOUND = ("supported", "correlated")
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

A driver is *strong* where curves of the other covariates tell at least 10 points less of the
variance of the planted log field, over all cells, than curves of all covariates do. That is a
measure of the truth and not of any model.

Made by `python benchmarks/explanations.py --worlds {worlds} > docs/benchmarks/explanations.md`.
"""


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=12)
    worlds = parser.parse_args().worlds
    warnings.simplefilter("ignore", UserWarning)
    print(HEAD.format(worlds=worlds))
    seeds = range(FIRST_SEED, FIRST_SEED + worlds)
    regions = {seed: _region(seed) for seed in seeds}
    strong = {
        (seed, name)
        for seed, world in regions.items()
        for name in DRIVERS
        if _strength(world, name) >= STRONG_FROM
    }
    _drivers(regions, strong)
    _copies({seed: regions[seed] for seed in list(seeds)[: max(1, worlds // 3)]})
    _all_origins(seeds)
    return 0


def _drivers(regions: dict[int, World], strong: set[tuple[int, str]]) -> None:
    """Print how often noise is supported, and drivers are found."""
    print("## Drivers and noise\n")
    print("| model | noise supported | strong drivers found | weak drivers found | missed |")
    print("| --- | --- | --- | --- | --- |")
    for kind in KINDS:
        noise, found, weak, missed = [], [], [], []
        for seed, world in regions.items():
            told = {each.subject: each for each in _statements(world, seed, kind)}
            noise += [told[name].verdict == "supported" for name in NOISE]
            for name in DRIVERS:
                is_found = told[name].verdict in FOUND
                (found if (seed, name) in strong else weak).append(is_found)
                if (seed, name) in strong and not is_found:
                    ratio = float(told[name].evidence["placebo_ratio"])
                    missed.append(f"{name} in region {seed} ({ratio:.2f} of its placebo limit)")
        cells = (f"{sum(part)} of {len(part)}" for part in (noise, found, weak))
        row = " | ".join((*cells, "; ".join(missed) or "none"))
        print(f"| {kind.replace('_', ' ')} | {row} |", flush=True)


def _copies(regions: dict[int, World]) -> None:
    """Print what a copy of each driver does to the total of its role."""
    print("\n## Copies\n")
    print(
        "Every driver once more, in the role of the first, and the model learnt again: by how "
        f"much the mean absolute contribution of the role changes, over {len(regions)} "
        "regions; and, for comparison, by how much another seed of the same model changes it.\n"
    )
    print("| model | mean change | largest | mean by another seed | largest |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind in KINDS:
        by_copy, by_seed = [], []
        for seed, world in regions.items():
            once, again, copied = (
                _role_totals(world, seed, kind, state, copied=is_copied)
                for state, is_copied in ((0, False), (1, False), (0, True))
            )
            by_copy += [abs(copied[role] / once[role] - 1) for role in once]
            by_seed += [abs(again[role] / once[role] - 1) for role in once]
        numbers = (np.mean(by_copy), np.max(by_copy), np.mean(by_seed), np.max(by_seed))
        row = " | ".join(f"{100 * number:.1f} %" for number in numbers)
        print(f"| {kind.replace('_', ' ')} | {row} |", flush=True)


def _all_origins(seeds: range) -> None:
    """Print how near shares of origins come, and how often they are refused."""
    print("\n## Origins\n")
    print(
        "Shares of point, diffuse and natural origins by the median concentration of a "
        "Gaussian process, in points from the planted ones. Apart: a few works anywhere. The "
        "same: works along every road. Clay, wetness and the traffic of each road act too, and "
        "no covariate tells of them, as in a real survey. Refused: the origins cannot be told "
        "apart, or a broad trend over the region tells what is credited to one of them.\n"
    )
    print(
        "| works | point and diffuse say the same | refused by trend | regions told | "
        "mean error | largest error | within 10 points |"
    )
    print("| --- | --- | --- | --- | ---: | ---: | --- |")
    for label, along in (("apart", False), ("the same", True)):
        same, trend, told, errors = 0, 0, 0, []
        for seed in seeds:
            found, planted = _origins(seed, along=along)
            same += "diffuse" in found["point"].confused_with
            trend += bool(found["point"].unsettled_by)
            own = [
                abs(found[name].share - planted[name])
                for name in planted
                if found[name].is_identifiable
            ]
            told += bool(own)
            errors += own
        near = f"{sum(error <= 0.1 for error in errors)} of {len(errors)}"
        mean, most = (
            f"{100 * number:.1f}" if errors else "–"
            for number in (np.mean(errors or [0]), np.max(errors or [0]))
        )
        n = len(seeds)
        print(
            f"| {label} | {same} of {n} | {trend} of {n} | {told} of {n} | {mean} | {most} | "
            f"{near} |",
            flush=True,
        )


def _region(seed: int) -> World:
    """Return a region with two drivers and four noises."""
    return World.simulate(
        seed,
        region=Region(shape=(60, 60)),
        landscape=Landscape(n_white_noise=2, n_smooth_noise=2),
        field=Field(effect=0.4, sill=0.1),
        sources=Sources(n_sources=3, peak_mg_kg=200.0, decay_m=800.0, elongation=0.0),
        diffuse=Diffuse(roads_mg_kg=10.0, farming_mg_kg=0.0, urban_mg_kg=0.0),
        survey=Sampling(n_samples=250),
    )


def _strength(world: World, name: str) -> float:
    """Return how much less of the planted field is told without a covariate."""
    catalogue = Catalogue(tuple(c for c in world.covariates.catalogue if c.name in KEPT))
    X = pd.DataFrame({each: world.covariates[each].ravel() for each in catalogue.names})
    field = world.truth.log_field.ravel()
    return told_by(field, X, catalogue) - told_by(field, X.drop(columns=name), catalogue)


def _survey(world: World, seed: int, kind: str) -> tuple[Samples, Catalogue, Refitter]:
    """Return the samples of a region, and what learns a model of a kind from them."""
    samples, catalogue = _kept(world, KEPT)
    return samples, catalogue, _refitter(world, samples, catalogue, seed, kind)


def _refitter(
    world: World, samples: Samples, catalogue: Catalogue, seed: int, kind: str
) -> Refitter:
    limit = world.truth.limit_for(0.3)

    def make(state: int) -> Any:
        return make_estimator(
            kind, {}, threshold=limit, categorical=catalogue.categorical, random_state=state
        )

    return Refitter(make, samples, limit, seed)


def _statements(world: World, seed: int, kind: str) -> tuple[Statement, ...]:
    """Return the statements on the covariates of one region."""
    samples, catalogue, refitter = _survey(world, seed, kind)
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
    told = make_statements(evidence, Survey("pb", "lead", samples.X, catalogue))
    return tuple(each for each in told if each.kind == "covariate")


def _role_totals(
    world: World, seed: int, kind: str, state: int, *, copied: bool
) -> dict[str, float]:
    """Return the mean absolute contribution of the role of each driver."""
    samples, catalogue = _kept(world, KEPT)
    if copied:
        copies = [replace(catalogue[name], name=f"{name}_copy") for name in DRIVERS]
        catalogue = Catalogue((*catalogue, *copies))
        X = samples.X.assign(**{f"{name}_copy": samples.X[name] for name in DRIVERS})
        samples = replace(samples, X=X)
    refitter = _refitter(world, samples, catalogue, seed, kind)
    model = refitter.fit(samples, "copies", state)
    asked = samples.take(np.arange(0, len(samples), 6))
    held = with_location(catalogue.by_role(), model)
    if is_additive(model):
        roles, values = role_contributions(shap_values(model, asked.X), catalogue)
    else:
        found = player_values(
            model,
            asked.X,
            players=held,
            coordinates=asked.coordinates,
            background=choose_background(samples, BY_BACKGROUND.n_background, seed=seed),
            threshold=refitter.threshold,
        )
        roles, values = found.names, found.values
    size = dict(zip(roles, np.abs(values).mean(axis=0), strict=True))
    return {
        str(catalogue[name].role): float(size[str(catalogue[name].role)]) for name in DRIVERS
    }


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
