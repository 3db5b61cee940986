"""How often statements on covariates are right, and how near shares of origins come.

Run from the root of the project::

    python benchmarks/explanations.py --worlds 12 --jobs 2 > docs/benchmarks/explanations.md

Simulated regions tell which covariates act on the contaminant, how much each origin adds, and
which covariates are noise. Every region is surveyed once; a model is fitted, explained and
tested as `hotspot explain` does it, with the same numbers of refits.
"""

import argparse
import os
import sys
import warnings
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

# Before numpy is imported: small products are quicker on one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators.registry import make_estimator
from hotspot.explanations import (
    BY_BACKGROUND,
    FOR_A_SUM,
    Background,
    Refitter,
    Statement,
    Survey,
    choose_background,
    gather_evidence,
    make_statements,
    player_values,
    role_contributions,
    shap_values,
    shapley_values,
    share_origins,
)
from hotspot.explanations.background import BACKGROUND_SIZE
from hotspot.explanations.origins import origin_covariates, told_by
from hotspot.explanations.share_trial import try_shares
from hotspot.explanations.traits import is_additive, with_location
from hotspot.folds.make import Survey as FoldSurvey
from hotspot.folds.make import make_plans
from hotspot.grid import Coordinates
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
# Regions of the table of origins, beside those the rules were made on.
ORIGIN_SEEDS = (7000, 9000)
DESIGNS = {
    "few": Sources(2, 200.0, decay_m=700.0, elongation=0.0),
    "many": Sources(20, 200.0, decay_m=300.0, elongation=0.0),
    "the same": Sources(400, 40.0, decay_m=150.0, elongation=0.0, placement="along_roads"),
}
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

Made by `python benchmarks/explanations.py --worlds {worlds} > docs/benchmarks/explanations.md`;
`--jobs 2` takes two processors, `--part` makes one of the tables; the numbers stay the same.
"""


DRIVER_NOTE = """
Of a missed driver the statement says that *this model* does not show it. Regression kriging
and logistic regression are straight lines in every covariate, and what a works adds falls off
within some hundred metres: a straight line in the distance holds little of it, and little more
than it holds of noise. The statement is right about such a model, which is not the one to ask.
"""

COPIES = """
## Copies

Every driver once more, in the role of the first, and the model learnt again: by how much the
mean absolute contribution of the role changes, over {regions} regions; mean and largest change.
Copies say the same to the last bit and are learnt once. Near copies have normal noise upon
them, of 1 and 10 % of the standard deviation of the covariate: samples can tell them apart, and
so may the model. For comparison, another seed of the same model without any copy.
"""

ORIGINS = """
## Origins

Shares of point, diffuse and natural origins as `hotspot explain` tells them of the default
model, in points from the planted ones. A planted share is that of the Shapley values of the
planted log field itself, asked as a model is asked: works, roads and geology each as in the
sample or as elsewhere. Clay, wetness and the traffic of each road act too, and no covariate
tells of them, as in a real survey. *Few*: two works of wide reach. *Many*: twenty works of
short reach. *The same*: works along every road, so that point and diffuse origins cannot be
told apart. A share is told as one number, as a range, or not at all. The rules were made on
regions 8000 to 8015.

*By parts* compares the same numbers with the sizes of the parts of the planted log field, in
which geology has its full effect everywhere: where works add ten times what the rock gives, a
rock twice as rich makes hardly a difference to the sum, and no model can credit it with one.
"""


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--part", choices=("drivers", "copies", "origins"))
    asked = parser.parse_args()
    wanted = (asked.part,) if asked.part else ("drivers", "copies", "origins")
    seeds = range(FIRST_SEED, FIRST_SEED + asked.worlds)
    some = seeds[: max(1, asked.worlds // 3)]
    with _pool(asked.jobs) as pool:
        if "drivers" in wanted:
            print(HEAD.format(worlds=asked.worlds))
            jobs = [(kind, seed) for kind in KINDS for seed in seeds]
            _print_drivers(list(pool.map(_region_told, jobs)))
        if "copies" in wanted:
            jobs = [(kind, seed) for kind in KINDS for seed in some]
            _print_copies(list(pool.map(_copies_told, jobs)), len(some))
        if "origins" in wanted:
            rows = [(name, first) for name in DESIGNS for first in ORIGIN_SEEDS]
            shared = {
                (name, first): list(
                    pool.map(
                        _shares_told,
                        [(name, seed) for seed in range(first, first + asked.worlds)],
                    )
                )
                for name, first in rows
            }
            _print_origins(shared, asked.worlds)
    return 0


def _pool(jobs: int) -> Executor:
    """Return who does the work: processes, or this one."""
    if jobs > 1:
        return ProcessPoolExecutor(jobs, initializer=_quiet)
    _quiet()
    return _InTurn()


class _InTurn(ThreadPoolExecutor):
    """One job after the other."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)


def _quiet() -> None:
    warnings.simplefilter("ignore", UserWarning)


def _region_told(job: tuple[str, int]) -> tuple[str, dict[str, Any]]:
    """Return what statements on one region come to, and which drivers are strong."""
    kind, seed = job
    world = _region(seed)
    told = {each.subject: each for each in _statements(world, seed, kind)}
    drivers = {
        name: {
            "seed": seed,
            "is_strong": _strength(world, name) >= STRONG_FROM,
            "is_found": told[name].verdict in FOUND,
            "ratio": float(told[name].evidence["placebo_ratio"] or 0.0),
        }
        for name in DRIVERS
    }
    noise = [told[name].verdict == "supported" for name in NOISE]
    return kind, {"noise": noise, "drivers": drivers}


def _print_drivers(found: list[tuple[str, dict[str, Any]]]) -> None:
    """Print how often noise is supported, and drivers are found."""
    print("## Drivers and noise\n")
    print("| model | noise supported | strong drivers found | weak drivers found | missed |")
    print("| --- | --- | --- | --- | --- |")
    for kind in KINDS:
        mine = [told for of, told in found if of == kind]
        noise = [supported for told in mine for supported in told["noise"]]
        drivers = [(n, d) for told in mine for n, d in told["drivers"].items()]
        strong = [d["is_found"] for _, d in drivers if d["is_strong"]]
        weak = [d["is_found"] for _, d in drivers if not d["is_strong"]]
        missed = [
            f"{name} in region {d['seed']} ({d['ratio']:.2f} of its placebo limit)"
            for name, d in drivers
            if d["is_strong"] and not d["is_found"]
        ]
        cells = (f"{sum(part)} of {len(part)}" for part in (noise, strong, weak))
        row = " | ".join((*cells, "; ".join(missed) or "none"))
        print(f"| {kind.replace('_', ' ')} | {row} |")
    print(DRIVER_NOTE.rstrip())


def _copies_told(job: tuple[str, int]) -> tuple[str, dict[str, list[float]]]:
    """Return by how much the totals of roles change with copies, and by chance."""
    kind, seed = job
    world = _region(seed)
    once = _role_totals(world, seed, kind, 0)
    changed = {
        "copies": _role_totals(world, seed, kind, 0, noise=0.0),
        "1 %": _role_totals(world, seed, kind, 0, noise=0.01),
        "10 %": _role_totals(world, seed, kind, 0, noise=0.1),
        "seed": _role_totals(world, seed, kind, 1),
    }
    return kind, {
        name: [abs(told[role] / once[role] - 1) for role in once]
        for name, told in changed.items()
    }


def _print_copies(found: list[tuple[str, dict[str, list[float]]]], regions: int) -> None:
    """Print what a copy of each driver does to the total of its role."""
    print(COPIES.format(regions=regions))
    print("| model | copies | near copies, 1 % | near copies, 10 % | another seed |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for kind in KINDS:
        cells = []
        for name in ("copies", "1 %", "10 %", "seed"):
            every = [value for of, told in found if of == kind for value in told[name]]
            cells.append(f"{100 * np.mean(every):.1f} %, {100 * np.max(every):.1f} %")
        print(f"| {kind.replace('_', ' ')} | {' | '.join(cells)} |")


def _print_origins(shared: dict[tuple[str, int], list[dict[str, Any]]], worlds: int) -> None:
    """Print how near shares of origins come, and how often none is told."""
    print(ORIGINS)
    print(
        "| works | regions | point and diffuse say the same | told as one number | within 10 "
        "points | largest error | within 10 points, by parts | told as a range | ranges that "
        "hold the planted share | mean width of a range |"
    )
    print("| --- | --- | --- | --- | --- | ---: | --- | --- | --- | ---: |")
    for (name, first), regions in shared.items():
        same = sum(region["same"] for region in regions)
        every = [share for region in regions for share in region["shares"]]
        told = [s for s in every if s["error"] is not None]
        ranged = [s for s in every if s["error"] is None and s["width"] is not None]
        near = sum(s["error"] <= 0.1 for s in told)
        held = sum(s["is_held"] for s in ranged)
        most = f"{100 * max(s['error'] for s in told):.1f}" if told else "–"
        width = f"{100 * np.mean([s['width'] for s in ranged]):.0f}" if ranged else "–"
        print(
            f"| {name} | {first} to {first + worlds - 1} | {same} of {len(regions)} | "
            f"{len(told)} of {len(every)} | {near} of {len(told)} | {most} | "
            f"{sum(s['by_parts'] <= 0.1 for s in told)} of {len(told)} | "
            f"{len(ranged)} of {len(every)} | {held} of {len(ranged)} | {width} |"
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
    world: World, seed: int, kind: str, state: int, *, noise: float | None = None
) -> dict[str, float]:
    """Return the mean absolute contribution of the role of each driver.

    With `noise` there is each driver once more, with noise upon it of so many standard
    deviations.
    """
    samples, catalogue = _kept(world, KEPT)
    if noise is not None:
        copies = [replace(catalogue[name], name=f"{name}_copy") for name in DRIVERS]
        catalogue = Catalogue((*catalogue, *copies))
        generator = np.random.default_rng(child_seed(seed, "near copies"))
        X = samples.X.copy()
        for name in DRIVERS:
            spread = noise * float(X[name].std())
            X[f"{name}_copy"] = X[name] + spread * generator.standard_normal(len(X))
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


def _shares_told(job: tuple[str, int]) -> dict[str, Any]:
    """Return how near the shares of one region come to the planted ones."""
    name, seed = job
    world = World.simulate(
        seed,
        region=Region(shape=(60, 60)),
        landscape=Landscape(n_white_noise=0, n_smooth_noise=0),
        field=Field(effect=0.3, sill=0.02, nugget=0.02),
        sources=DESIGNS[name],
        diffuse=Diffuse(40.0, roads_decay_m=300.0, farming_mg_kg=0.0, urban_mg_kg=0.0),
        survey=Sampling(n_samples=220),
    )
    samples, catalogue = _kept(world, tuple(name for held in ROLES.values() for name in held))
    refitter = _refitter(world, samples, catalogue, seed, "ensemble")
    model = refitter.fit(samples, "final")
    values = refitter.explain(model, samples, samples, BACKGROUND_SIZE)
    roles, columns = role_contributions(values, catalogue)
    trial = try_shares(samples, catalogue, origin_covariates(roles, catalogue), seed=seed)
    credit = dict(zip(roles, columns.T, strict=True))
    found = share_origins(credit, samples.X, catalogue, trial=trial)
    planted, by_parts = _planted_shares(world, samples), _shares_of_parts(world, samples)
    return {
        "same": any(each.confused_with for each in found),
        "shares": [
            {
                "error": None if each.share is None else abs(each.share - planted[each.name]),
                "by_parts": None
                if each.share is None
                else abs(each.share - by_parts[each.name]),
                "width": None if each.range is None else each.range[1] - each.range[0],
                "is_held": each.range is not None
                and each.range[0] <= planted[each.name] <= each.range[1],
            }
            for each in found
        ],
    }


def _shares_of_parts(world: World, samples: Samples) -> dict[str, float]:
    """Return the shares of origins in the sizes of the parts of the planted log field."""
    rows, cols, _ = world.grid.cells(samples.coordinates)
    log = world.truth.log
    parts = {"point": log["plumes"], "diffuse": log["roads"], "natural": log["geology"]}
    at = {name: part[rows, cols] for name, part in parts.items()}
    size = {name: float(np.abs(part - part.mean()).mean()) for name, part in at.items()}
    return {name: value / sum(size.values()) for name, value in size.items()}


def _planted_shares(world: World, samples: Samples) -> dict[str, float]:
    """Return the shares of origins in the Shapley values of the planted log field."""
    rows, cols, _ = world.grid.cells(samples.coordinates)
    log, residual = world.truth.log, np.exp(world.truth.log["residual"])
    hidden = sum(log[name] for name in ("background", "clay", "wetness", "clay_by_carbon"))
    parts = {
        "point": world.truth.mg_kg["plumes"] / residual,
        "diffuse": world.truth.mg_kg["roads"] / residual,
        "natural": log["geology"],
        "hidden": hidden,
    }
    X = pd.DataFrame({name: np.asarray(part)[rows, cols] for name, part in parts.items()})

    def field(table: pd.DataFrame, places: Coordinates) -> NDArray[np.float64]:
        natural = np.exp(table["natural"] + table["hidden"])
        return np.log(natural + table["point"] + table["diffuse"]).to_numpy()

    places = np.zeros((len(X), 2))
    values, _ = shapley_values(
        field,
        X,
        places,
        background=Background(X.iloc[::3].reset_index(drop=True), places[::3]),
        players={name: (name,) for name in parts},
    )
    size = dict(zip(parts, np.abs(values).mean(axis=0), strict=True))
    total = sum(size[name] for name in ("point", "diffuse", "natural"))
    return {name: float(size[name] / total) for name in ("point", "diffuse", "natural")}


def _kept(world: World, names: tuple[str, ...]) -> tuple[Samples, Catalogue]:
    """Return the samples of a region with some of its covariates."""
    samples = world.samples().of("pb")
    catalogue = Catalogue(tuple(c for c in world.covariates.catalogue if c.name in names))
    X: pd.DataFrame = samples.X[list(catalogue.names)].reset_index(drop=True)
    kept = Samples(samples.sample_id, X, samples.lower, samples.upper, samples.coordinates)
    return kept, catalogue


if __name__ == "__main__":
    sys.exit(main())
