"""Weights of tests that make them resemble the map, and whether they can."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import SampleError
from hotspot.evaluation.target_calibration import calibrated_weights, effective_number
from hotspot.evaluation.target_descriptors import Descriptors

Array = NDArray[np.float64]

# The distribution of distances is matched at these many quantiles of the map.
DISTANCE_LEVELS = 7
# A score is refused where, at any of these distances, the weighted tests farther away are
# fewer than the cells by more than this share of the map.
MOST_SHORTFALL = 0.10
# A score is refused where a component differs by more than this, in standard deviations.
MOST_IMBALANCE = 0.5
# How softly distances and components are balanced, see `calibrated_weights`. Exact balance of
# the covariates would put all weight on a few clusters where samples are clustered.
DISTANCE_SOFTNESS = 0.01
COMPONENT_SOFTNESS = 0.1
# Fewer effective samples than this carry no score.
FEWEST_EFFECTIVE = 15.0
# A score is refused where more of the map than this has covariates beyond those of all tests.
MOST_STRANGE = 0.25
# So far beyond the tests, in standard deviations, a component may lie.
_MARGIN = 0.5

BALANCE_COLUMNS = ("descriptor", "map", "tests", "weighted", "imbalance")


@dataclass(frozen=True)
class TargetWeights:
    """Weights of tests that make them resemble the map, and how well they do.

    Parameters
    ----------
    weight : array, shape (n_tasks,)
        Summing to 1.
    sample : array of int, shape (n_tasks,)
        Position of the tested sample.
    replicates : array, shape (n_blocks, n_tasks)
        The weights without each spatial block in turn, for standard errors.
    balance : DataFrame
        Columns `BALANCE_COLUMNS`: means over the cells of the map, over the tests and over
        the weighted tests; the imbalance is the last minus the first in standard deviations
        of the map.
    n_effective : float
        Kish's effective number of samples.
    reason : str
        Why the tests cannot stand for the map; empty where they can.
    """

    weight: Array
    sample: NDArray[np.int64]
    replicates: Array
    balance: pd.DataFrame
    n_effective: float
    reason: str = ""


def target_weights(
    tasks: Descriptors,
    cells: Descriptors,
    *,
    sample: NDArray[np.int64] | None = None,
    start: Array | None = None,
    blocks: NDArray[np.int64] | None = None,
    unit_of_length: str = "m",
) -> TargetWeights:
    """Return weights of tests whose weighted descriptors have the distribution of the map's.

    Balanced are the shares beyond seven quantiles of the map's distances, the mean logarithm
    of the distance and, more softly, the mean of each component. The weights stay as near
    as they can to the starting weights, and none grows more than fifteenfold.

    Parameters
    ----------
    tasks : Descriptors
        Of the tests, see `task_descriptors`.
    cells : Descriptors
        Of the map, see `cell_descriptors`.
    sample : array of int, shape (n_tasks,), optional
        Position of the sample that each task tests; each task its own where not given.
    start : array, shape (n_samples,), optional
        Starting weight of each sample, above 0: what is known of the way the samples were
        chosen. No descriptor tells that samples were taken where concentrations are high
        beyond what covariates explain; starting weights do.
    blocks : array of int, shape (n_samples,), optional
        Blocks of samples that err together, for standard errors: best compact parts, such
        as the ``fold`` of a plan of `make_tasks`. Without them there are no replicates.
    unit_of_length : str
        Of the distances, for what is told of them.

    Raises
    ------
    SampleError
        There is no task or no cell, or the numbers of components differ.

    References
    ----------
    Brenning & Suesse (2026), Aligning validation with deployment in spatial prediction:
    target-weighted cross-validation. https://doi.org/10.48550/arXiv.2603.29981

    Examples
    --------
    Tests are as often near as far, the map is far three times as often as near:

    >>> tests = Descriptors(np.tile([1.0, 3.0], 40), np.zeros((80, 0)))
    >>> cells = Descriptors(np.tile([1.0, 3.0, 3.0, 3.0], 40), np.zeros((160, 0)))
    >>> weights = target_weights(tests, cells)
    >>> round(float(weights.weight[tests.distance > 2].sum()), 2), weights.reason
    (0.75, '')
    """
    _check(tasks, cells)
    unit = np.arange(len(tasks)) if sample is None else np.asarray(sample, dtype=np.int64)
    edges = np.unique(
        np.quantile(cells.distance, np.arange(1, DISTANCE_LEVELS + 1) / (DISTANCE_LEVELS + 1))
    )
    # What no cell exceeds divides nothing.
    edges = edges[edges < cells.distance.max()]
    nearest = float(np.quantile(cells.distance, 0.05))
    floor = nearest if nearest > 0 else max(float(cells.distance.mean()) / 20, 1e-9)
    tested, mapped = (_auxiliary(found, edges, floor) for found in (tasks, cells))
    wanted = mapped.mean(axis=0)
    spread = mapped.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    auxiliary = (tested - wanted) / spread
    softness = np.full(len(wanted), COMPONENT_SOFTNESS)
    softness[: len(edges) + 1] = DISTANCE_SOFTNESS
    first = np.ones(len(tasks)) if start is None else np.asarray(start, dtype=float)[unit]

    def balanced(kept: NDArray[np.bool_]) -> Array:
        found = np.zeros(len(tasks))
        found[kept] = calibrated_weights(
            auxiliary[kept], np.zeros(len(wanted)), softness=softness, start=first[kept]
        )
        return found

    weight = balanced(np.ones(len(tasks), dtype=bool))
    block = np.zeros(len(tasks), dtype=np.int64) if blocks is None else blocks[unit]
    names = np.unique(block)
    without = [balanced(block != name) for name in names] if len(names) > 1 else []
    reached = weight @ tested
    balance = pd.DataFrame(
        {
            "descriptor": _names(edges, unit_of_length, tasks.components.shape[1]),
            "map": wanted,
            "tests": tested.mean(axis=0),
            "weighted": reached,
            "imbalance": (reached - wanted) / spread,
        },
        columns=list(BALANCE_COLUMNS),
    )
    n_effective = effective_number(weight, unit)
    return TargetWeights(
        weight=weight,
        sample=unit,
        replicates=np.array(without).reshape(len(without), len(tasks)),
        balance=balance,
        n_effective=n_effective,
        reason=_why_uncovered(tasks, cells, balance, (edges, unit_of_length), n_effective),
    )


def _check(tasks: Descriptors, cells: Descriptors) -> None:
    if not len(tasks) or not len(cells):
        raise SampleError(
            f"{len(tasks)} tests and {len(cells)} cells were given. Give at least one of each."
        )
    if tasks.components.shape[1] != cells.components.shape[1]:
        raise SampleError(
            f"Tests have {tasks.components.shape[1]} components, cells have "
            f"{cells.components.shape[1]}. Take both from one CovariateSpace."
        )
    for name, found in (("tests", tasks), ("cells", cells)):
        whole = np.isfinite(found.distance).all() and np.isfinite(found.components).all()
        if not whole or len(found.distance) != len(found.components):
            raise SampleError(
                f"The descriptors of the {name} are incomplete: {len(found.distance)} "
                f"distances and {len(found.components)} rows of components, "
                f"{int((~np.isfinite(found.distance)).sum())} distances missing. "
                "Give finite numbers for each."
            )


def _auxiliary(found: Descriptors, edges: Array, floor: float) -> Array:
    beyond = (found.distance[:, None] > edges).astype(np.float64)
    logarithm = np.log(found.distance + floor)[:, None]
    return np.column_stack([beyond, logarithm, found.components])


def _names(edges: Array, unit: str, n_components: int) -> list[str]:
    return [
        *(f"share farther than {_length(edge, unit)}" for edge in edges),
        "log distance",
        *(f"component {number}" for number in range(1, n_components + 1)),
    ]


def _length(value: float, unit: str) -> str:
    """Return a length with its unit, in whole numbers or two digits."""
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.2g} {unit}"


def _why_uncovered(
    tasks: Descriptors,
    cells: Descriptors,
    balance: pd.DataFrame,
    distances: tuple[Array, str],
    n_effective: float,
) -> str:
    """Return why the tests cannot stand for the map, or an empty string."""
    edges, unit = distances
    n_edges = len(edges)
    farthest = float(tasks.distance.max())
    beyond = float((cells.distance > farthest).mean())
    if beyond > MOST_SHORTFALL:
        return (
            f"{beyond:.0%} of the map lie farther than {_length(farthest, unit)} from any "
            "sample, where no test is. Sample there, or map a smaller area."
        )
    lowest = tasks.components.min(axis=0) - _MARGIN
    highest = tasks.components.max(axis=0) + _MARGIN
    strange = (cells.components < lowest) | (cells.components > highest)
    share = float(strange.any(axis=1).mean())
    if share > MOST_STRANGE:
        return (
            f"{share:.0%} of the map have covariates unlike those of any sample. "
            "Sample there, or map the area of applicability only."
        )
    rows = balance.iloc[:n_edges]
    lacking = rows["map"] - rows["weighted"]
    if n_edges and lacking.max() > MOST_SHORTFALL:
        row = rows.iloc[int(np.argmax(lacking))]
        return (
            f"{row['map']:.0%} of the map, but {row['weighted']:.0%} of the weighted tests lie "
            f"{row['descriptor'].removeprefix('share ')} from a training sample. "
            "Sample there, or map a smaller area."
        )
    others = balance.iloc[n_edges + 1 :]
    worst = others["imbalance"].abs()
    if len(others) and worst.max() > MOST_IMBALANCE:
        row = others.iloc[int(np.argmax(worst))]
        return (
            f"no weights make the tests resemble the map: {row['descriptor']} of covariates "
            f"is {row['weighted']:.2f} in the tests, {row['map']:.2f} over the map. "
            "Sample what is missing, or map the area of applicability only."
        )
    if n_effective < FEWEST_EFFECTIVE:
        return (
            f"the weighted tests are worth {n_effective:.0f} samples, fewer than "
            f"{FEWEST_EFFECTIVE:.0f}. Too few samples resemble the map; more are needed there."
        )
    return ""
