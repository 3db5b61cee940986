"""Making the fold plans of an experiment by name."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import FoldError, few, nearest_name
from hotspot.folds.autocorrelation import suggest_block_size
from hotspot.folds.blocks import BlockKFold, block_labels
from hotspot.folds.knndm import KNNDM
from hotspot.folds.plan import FoldPlan
from hotspot.folds.random_folds import RandomKFold
from hotspot.folds.splitter import Splitter
from hotspot.grid import Coordinates
from hotspot.seeds import child_seed

_log = logging.getLogger(__name__)

# Blocks of automatic size are made smaller until there are this many per fold.
BLOCKS_PER_FOLD = 2


@dataclass(frozen=True)
class Survey:
    """The samples to be divided, and the cells that they are to map.

    Parameters
    ----------
    sample_id : array of str, shape (n,)
        All different.
    coordinates : array, shape (n, 2)
        Easting, northing.
    y : array, shape (n,), optional
        Exceedance of one representative contaminant: 1, 0, NaN for unknown. Folds are
        balanced in it.
    values : array, shape (n,), optional
        Logarithm of concentrations, for the range of autocorrelation; `y` where not given.
    target : array, shape (m, 2), optional
        Coordinates of the cells to be mapped.
    groups : array, shape (n,), optional
        For plans by group.

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

    def __post_init__(self) -> None:
        n = len(self.sample_id)
        names, counts = np.unique(self.sample_id, return_counts=True)
        if len(names) < n:
            raise FoldError(
                f"{n - len(names)} of {n} sample names are repeated: "
                f"{few(names[counts > 1].tolist())}. Give every sample once."
            )
        for name in ("coordinates", "y", "values", "groups"):
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

        return Survey(
            sample_id=self.sample_id[order],
            coordinates=self.coordinates[order],
            y=taken(self.y),
            values=taken(self.values),
            target=self.target,
            groups=taken(self.groups),
        )


@dataclass(frozen=True)
class PlanRequest:
    """What a plan factory is asked for.

    Parameters
    ----------
    survey : Survey
    n_splits : int
    spacing : float or "auto"
        Side of blocks in the units of the coordinates.
    repeat : int
        From 0.
    random_state : int
        Seed of this plan and repeat.
    """

    survey: Survey
    n_splits: int
    spacing: float | Literal["auto"]
    repeat: int
    random_state: int

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


PLANS: dict[str, PlanFactory] = {"random": _random, "block": _block, "knndm": _knndm}
"""Plan factories by name. A further plan is a further entry."""


def make_plans(
    names: Sequence[str],
    survey: Survey,
    *,
    n_splits: int = 5,
    repeats: int = 1,
    spacing: float | Literal["auto"] = "auto",
    seed: int = 0,
) -> list[FoldPlan]:
    """Return the fold plans of some names, each repeated.

    A plan keeps its folds when others are added, dropped or reordered, and when the rows
    of the survey are.

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
        Side of blocks in the units of the coordinates.
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
    plans = []
    for name in names:
        for repeat in range(repeats):
            random_state = child_seed(seed, "folds", name, repeat)
            request = PlanRequest(ordered, n_splits, spacing, repeat, random_state)
            splitter = PLANS[name](request)
            fold = splitter.labels(ordered.coordinates, ordered.y, ordered.groups)
            plans.append(FoldPlan(name, repeat, ordered.sample_id, fold, splitter.buffer_m))
    return plans
