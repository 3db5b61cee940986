"""Making the fold plans of an experiment by name."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import FoldError, few, nearest_name
from hotspot.folds.autocorrelation import suggest_block_size
from hotspot.folds.blocks import BlockKFold, block_labels
from hotspot.folds.buffered import BufferedLeaveOut
from hotspot.folds.geographic import Metric, in_metric
from hotspot.folds.groups import GroupKFold, group_numbers
from hotspot.folds.knndm import KNNDM
from hotspot.folds.plan import FoldPlan
from hotspot.folds.random_folds import RandomKFold
from hotspot.folds.splitter import Splitter
from hotspot.folds.tasks import CompactParts, widest_buffer
from hotspot.folds.times import TimeKFold, time_order
from hotspot.grid import Coordinates
from hotspot.seeds import child_seed

_log = logging.getLogger(__name__)

# Blocks of automatic size are made smaller until there are this many per fold.
BLOCKS_PER_FOLD = 2
# A buffered plan tests this many compact parts per fold asked: a buffer around a small part
# costs few training samples.
PARTS_PER_FOLD = 4


@dataclass(frozen=True)
class Survey:
    """The samples to be divided, and the cells that they are to map.

    Parameters
    ----------
    sample_id : array of str, shape (n,)
        All different.
    coordinates : array, shape (n, 2)
        Easting, northing; longitude, latitude in degrees on the sphere.
    y : array, shape (n,), optional
        Exceedance of one representative contaminant: 1, 0, NaN for unknown. Folds are
        balanced in it.
    values : array, shape (n,), optional
        Logarithm of concentrations, for the range of autocorrelation; `y` where not given.
    target : array, shape (m, 2), optional
        Coordinates of the cells to be mapped.
    groups : array, shape (n,), optional
        For plans by group: laboratory, campaign, region. None or NaN is a group of its own.
    times : array, shape (n,), optional
        For plans in time: year, or date of sampling.
    metric : {"plane", "sphere"}
        Whether `coordinates` and `target` are eastings and northings, or degrees.

    Raises
    ------
    FoldError
        Names are repeated or numbers of rows differ.
    """

    sample_id: NDArray[np.str_]
    coordinates: Coordinates
    y: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None
    target: Coordinates | None = None
    groups: NDArray[Any] | None = None
    times: NDArray[Any] | None = None
    metric: Metric = "plane"

    def __post_init__(self) -> None:
        n = len(self.sample_id)
        names, counts = np.unique(self.sample_id, return_counts=True)
        if len(names) < n:
            raise FoldError(
                f"{n - len(names)} of {n} sample names are repeated: "
                f"{few(names[counts > 1].tolist())}. Give every sample once."
            )
        for name in ("coordinates", "y", "values", "groups", "times"):
            rows = getattr(self, name)
            if rows is not None and len(rows) != n:
                raise FoldError(
                    f"{name} has {len(rows)} rows but there are {n} samples. "
                    "Give one row per sample."
                )

    @cached_property
    def block_size(self) -> float:
        """Suggested side of blocks, from the range of autocorrelation."""
        values = self.y if self.values is None else self.values
        return suggest_block_size(self.coordinates, values)

    def ordered(self) -> "Survey":
        """Return the survey sorted by name, so that the order of rows changes no fold."""
        order = np.argsort(self.sample_id, kind="stable")

        def taken(rows: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if rows is None else rows[order]

        return replace(
            self,
            sample_id=self.sample_id[order],
            coordinates=self.coordinates[order],
            y=taken(self.y),
            values=taken(self.values),
            groups=taken(self.groups),
            times=taken(self.times),
        )

    def in_space(self) -> "Survey":
        """Return the survey with places whose straight distances have the right order.

        In the plane it is the survey itself; on the sphere, degrees become points in space.
        """
        if self.metric == "plane":
            return self
        target = None if self.target is None else in_metric(self.target, self.metric)
        return replace(
            self, coordinates=in_metric(self.coordinates, self.metric), target=target
        )


@dataclass(frozen=True)
class PlanRequest:
    """What a plan factory is asked for.

    Parameters
    ----------
    survey : Survey
        With points in space where it lies on the sphere; see `Survey.in_space`.
    n_splits : int
    spacing : float or "auto"
        Side of blocks in the units of the coordinates, metres on the sphere.
    repeat : int
        From 0.
    random_state : int
        Seed of this plan and repeat.
    buffer : float or "auto"
        Width of buffers in the units of the coordinates, metres on the sphere.
    """

    survey: Survey
    n_splits: int
    spacing: float | Literal["auto"]
    repeat: int
    random_state: int
    buffer: float | Literal["auto"] = "auto"

    def block_side(self) -> float:
        """Return the side of blocks; "auto" shrinks until two blocks per fold are filled."""
        if self.spacing != "auto":
            return float(self.spacing)
        side = self.survey.block_size
        wanted = BLOCKS_PER_FOLD * self.n_splits
        # Ten halvings divide a side by a thousand; samples that few blocks still hold are
        # refused by BlockKFold with both counts.
        for _ in range(20):
            if block_labels(self.survey.coordinates, side).max() + 1 >= wanted:
                break
            side /= np.sqrt(2)
        if side < self.survey.block_size:
            _log.info(
                "Blocks of side %.0f, below the suggested %.0f, so that %d folds have two each",
                side,
                self.survey.block_size,
                self.n_splits,
            )
        return float(side)


PlanFactory = Callable[[PlanRequest], Splitter]


def _random(request: PlanRequest) -> Splitter:
    return RandomKFold(request.n_splits, random_state=request.random_state)


def _block(request: PlanRequest) -> Splitter:
    # Further repeats move the lattice, so that other samples share a block.
    rng = np.random.default_rng(child_seed(request.random_state, "shift"))
    shift = (0.0, 0.0) if request.repeat == 0 else (float(rng.random()), float(rng.random()))
    return BlockKFold(
        request.n_splits,
        request.block_side(),
        random_state=request.random_state,
        shift=shift,
    )


def _knndm(request: PlanRequest) -> Splitter:
    if request.survey.target is None:
        raise FoldError(
            "The plan 'knndm' matches the distances of the map, and no prediction cell was "
            "given. Give the coordinates of the cells, or leave the plan out."
        )
    return KNNDM(
        request.n_splits,
        request.survey.target,
        random_state=request.random_state,
        # Ward's clustering draws nothing; a repeat of it would be the same folds again.
        clustering="auto" if request.repeat == 0 else "kmeans",
    )


def _buffered(request: PlanRequest) -> Splitter:
    survey = request.survey
    parts = CompactParts(
        PARTS_PER_FOLD * request.n_splits,
        # Ward's clustering draws nothing; a repeat of it would be the same parts again.
        clustering="ward" if request.repeat == 0 else "kmeans",
        random_state=request.random_state,
    )
    wanted = survey.block_size if request.buffer == "auto" else float(request.buffer)
    radius = wanted
    if request.buffer == "auto":
        radius = widest_buffer(parts.labels(survey.coordinates), survey.coordinates, wanted)
        if radius < wanted:
            _log.info(
                "A buffer of %.0f, below the suggested %.0f, so that half of the samples train",
                *(radius, wanted),
            )
    return BufferedLeaveOut(radius, splitter=parts)


def _group(request: PlanRequest) -> Splitter:
    survey = request.survey
    n_groups = len(np.unique(group_numbers(survey.groups, len(survey.sample_id))))
    # Three laboratories make three folds, whatever the other plans have.
    n_splits = max(2, min(request.n_splits, n_groups))
    if n_splits < request.n_splits:
        _log.info("%d folds by group, one per group, not %d", n_splits, request.n_splits)
    return GroupKFold(n_splits, random_state=request.random_state)


def _time(request: PlanRequest) -> Splitter:
    survey = request.survey
    n_times = len(np.unique(time_order(survey.times, len(survey.sample_id))))
    n_splits = max(1, min(request.n_splits, n_times - 1))
    if n_splits < request.n_splits:
        _log.info("%d tested periods of %d times, not %d", n_splits, n_times, request.n_splits)
    return TimeKFold(n_splits)


PLANS: dict[str, PlanFactory] = {
    "random": _random,
    "block": _block,
    "knndm": _knndm,
    "buffered": _buffered,
    "group": _group,
    "time": _time,
}
"""Plan factories by name. A further plan is a further entry."""

DRAWN_ONCE = frozenset({"time"})
"""Plans that draw nothing: a repeat would be the same folds again, so there is one."""


def make_plans(
    names: Sequence[str],
    survey: Survey,
    *,
    n_splits: int = 5,
    repeats: int = 1,
    spacing: float | Literal["auto"] = "auto",
    buffer: float | Literal["auto"] = "auto",
    seed: int = 0,
) -> list[FoldPlan]:
    """Return the fold plans of some names, each repeated.

    A plan keeps its folds when others are added, dropped or reordered, and when the rows
    of the survey are. The plans ``group`` and ``time`` have fewer folds where there are
    fewer groups or times; ``time`` draws nothing and has one repeat.

    Parameters
    ----------
    names : sequence of str
        Keys of `PLANS`.
    survey : Survey
        Samples and prediction cells.
    n_splits : int
        Folds of each plan.
    repeats : int
        1 or more.
    spacing : float or "auto"
        Side of blocks in the units of the coordinates, metres on the sphere.
    buffer : float or "auto"
        Width of buffers, in the same units; "auto" takes the range of autocorrelation, or
        less where half of the samples would not train.
    seed : int
        Seed of the experiment.

    Returns
    -------
    list of FoldPlan
        By name in the order given, then by repeat. Samples are sorted by name.

    Raises
    ------
    FoldError
        A name is unknown, or a plan cannot be made.

    Examples
    --------
    >>> survey = Survey(np.array(["c", "a", "b"]), np.array([[0.0, 0], [1, 0], [2, 0]]))
    >>> plans = make_plans(["random"], survey, n_splits=3, repeats=2)
    >>> [(plan.plan, plan.repeat, plan.sample_id.tolist()) for plan in plans]
    [('random', 0, ['a', 'b', 'c']), ('random', 1, ['a', 'b', 'c'])]
    """
    for name in names:
        if name not in PLANS:
            raise FoldError(
                f"No fold plan is known as {name!r}.{nearest_name(name, list(PLANS))} "
                f"Known are {few(PLANS)}."
            )
    if repeats < 1:
        raise FoldError(f"{repeats} repeats asked. Ask for 1 or more.")
    ordered = survey.ordered()
    placed = ordered.in_space()
    plans = []
    for name in names:
        for repeat in range(1 if name in DRAWN_ONCE else repeats):
            random_state = child_seed(seed, "folds", name, repeat)
            request = PlanRequest(placed, n_splits, spacing, repeat, random_state, buffer)
            splitter = PLANS[name](request)
            groups = ordered.times if splitter.training == "earlier" else ordered.groups
            fold = splitter.labels(placed.coordinates, ordered.y, groups)
            plan = FoldPlan(
                name,
                repeat,
                ordered.sample_id,
                fold,
                splitter.buffer_m,
                training=splitter.training,
                metric=ordered.metric,
            )
            plans.append(plan)
    return plans
