"""`hotspot folds`: who is tested when, under every plan."""

from dataclasses import replace

import numpy as np
import pandas as pd

from hotspot.commands.console import Console
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import Stack, open_stack
from hotspot.folds.make import Survey, make_plans
from hotspot.folds.membership import groups_of_samples, times_of_samples
from hotspot.folds.plan import FoldPlan
from hotspot.folds.store import write_folds
from hotspot.grid import Coordinates
from hotspot.observations.intervals import positive_midpoints
from hotspot.samples.sampleset import SampleSet
from hotspot.samples.store import read_samples
from hotspot.seeds import child_seed

# Cells of the map that stand for all of it where distances to the samples are compared.
TARGET_CELLS = 4000


def run(config: Config, paths: Paths, console: Console) -> None:
    """Make every plan on the places of the samples and write the table."""
    with open_stack(paths.covariates) as stack:
        samples = read_samples(paths.samples, stack.catalogue)
        target = target_cells(stack, config.seed)
    survey = survey_of(samples, target)
    if "group" in config.cv.plans and config.cv.groups is not None:
        groups = groups_of_samples(samples.frame, config.cv.groups)
        survey = replace(survey, groups=groups.to_numpy(dtype=object))
    if "time" in config.cv.plans:
        times = times_of_samples(samples.frame)
        survey = replace(survey, times=times.to_numpy())
    plans = make_plans(
        config.cv.plans,
        survey,
        n_splits=config.cv.n_splits,
        repeats=config.cv.repeats,
        spacing=config.cv.spacing_m,
        buffer=config.cv.buffer_m,
        seed=config.seed,
    )
    write_folds(plans, paths.folds)
    for name in dict.fromkeys(plan.plan for plan in plans):
        console.line(f"  {described([plan for plan in plans if plan.plan == name])}")


def described(repeats: list[FoldPlan]) -> str:
    """Return one line on the repeats of a plan: folds, repeats and buffer."""
    first = repeats[0]
    n_folds = len(np.unique(first.fold))
    if first.training == "earlier":
        # The first period trains and is not tested.
        n_folds -= 1
    again = f", {len(repeats)} times" if len(repeats) > 1 else ""
    buffer = f", buffer {first.buffer_m:.0f}" if first.buffer_m > 0 else ""
    return f"{first.plan}: {n_folds} folds{again}{buffer}"


def survey_of(samples: SampleSet, target: Coordinates) -> Survey:
    """Return the places to be divided: one per sample, whatever was measured on it.

    The range of autocorrelation, from which blocks take their size, is that of the mean
    standardised logarithm over the contaminants. No limit enters, so that folds stay the
    same when a limit changes.
    """
    frame = samples.frame
    lower, upper = (frame[f"{end}_mg_kg"].to_numpy() for end in ("lower", "upper"))
    middle = np.empty(len(frame))
    for rows in frame.groupby("contaminant").indices.values():
        middle[rows] = positive_midpoints(lower[rows], upper[rows])
    log = pd.Series(np.log(middle), frame.index)
    by_contaminant = log.groupby(frame["contaminant"])
    spread = by_contaminant.transform("std").replace(0.0, 1.0).fillna(1.0)
    score = (log - by_contaminant.transform("mean")) / spread
    places = (
        frame.assign(score=score)
        .groupby("sample_id", sort=True)
        .agg({"easting": "first", "northing": "first", "score": "mean"})
    )
    return Survey(
        sample_id=places.index.to_numpy(dtype=str),
        coordinates=places[["easting", "northing"]].to_numpy(dtype=np.float64),
        values=places["score"].to_numpy(dtype=np.float64),
        target=target,
    )


def target_cells(stack: Stack, seed: int) -> Coordinates:
    """Return the centres of cells to be mapped, at most `TARGET_CELLS`, drawn at random.

    Each window gives up a random part of its cells, so that memory does not grow with the
    map, and all cells have the same chance.
    """
    generator = np.random.default_rng(child_seed(seed, "target_cells"))
    chosen = np.empty((0, 3))
    for window in stack.grid.windows(1024):
        complete = ~np.isnan(stack.read(window)).any(axis=0)
        rows, cols = np.nonzero(complete)
        place = stack.grid.centres(rows + window.row, cols + window.col)
        ticket = generator.random(len(place))
        chosen = np.vstack([chosen, np.column_stack([ticket, place])])
        # The cells of the lowest tickets so far: a sample of all cells seen, each window long.
        chosen = chosen[np.argsort(chosen[:, 0], kind="stable")[:TARGET_CELLS]]
    return np.ascontiguousarray(chosen[:, 1:])
