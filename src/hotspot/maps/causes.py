"""How much of the difference of two maps each cause makes, one after the other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.grid import Coordinates, Grid, Window
from hotspot.maps.decision import Decision, DecisionRule, decide
from hotspot.maps.difference import has_data, together
from hotspot.maps.statistics import Block

Values = NDArray[np.float64]


@dataclass(frozen=True)
class DrawnCells:
    """Cells of two maps, drawn at random, on which causes are told apart.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Cell centres.
    first, second : dict of array, shape (n,)
        Layers of each map.
    n_cells : int
        Cells that both maps have data of; n at most.
    """

    coordinates: Coordinates
    first: dict[str, NDArray[Any]]
    second: dict[str, NDArray[Any]]
    n_cells: int

    def __len__(self) -> int:
        return len(self.coordinates)


def draw_cells(
    first: Iterable[Block],
    second: Iterable[Block],
    grid: Grid,
    *,
    windows: Iterable[Window],
    most: int,
    seed: int,
) -> DrawnCells:
    """Return cells that both maps have data of, drawn at random; all where there are few.

    Memory does not grow with the map: each window gives up a random part of its cells, and
    all cells have the same chance.

    Parameters
    ----------
    first, second : iterable of mapping
        The same windows of both maps, by layer.
    grid : Grid
        Of both maps.
    windows : iterable of Window
        Where each block lies.
    most : int
        Cells at most.
    seed : int
        Of the draw.
    """
    rng = np.random.default_rng(seed)
    tickets, rows, cols = np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64)
    layers: list[dict[str, NDArray[Any]]] = [{}, {}]
    n_cells = 0
    for (one, two), window in zip(together(first, second), windows, strict=True):
        row, col = np.nonzero(has_data(one) & has_data(two))
        n_cells += len(row)
        tickets = np.concatenate([tickets, rng.random(len(row))])
        # The cells of the lowest tickets so far, in the order of the map.
        kept = np.sort(np.argsort(tickets, kind="stable")[:most])
        tickets = tickets[kept]
        rows = np.concatenate([rows, row + window.row])[kept]
        cols = np.concatenate([cols, col + window.col])[kept]
        for held, block in zip(layers, (one, two), strict=True):
            for name, values in block.items():
                before = held.get(name, np.empty(0, values.dtype))
                held[name] = np.concatenate([before, values[row, col]])[kept]
    return DrawnCells(grid.centres(rows, cols), layers[0], layers[1], n_cells)


@dataclass(frozen=True)
class MapState:
    """A map on the way from the first to the second, at some cells.

    Parameters
    ----------
    cause : str
        What was changed to come here from the state before.
    probability : array, shape (n,)
        P(exceed); NaN where it cannot be known.
    inside : array of bool, shape (n,)
        Whether each cell lies inside the area of applicability.
    rule : DecisionRule
        What is called above and below.
    """

    cause: str
    probability: Values
    inside: NDArray[np.bool_]
    rule: DecisionRule

    def decisions(self) -> NDArray[np.uint8]:
        """Return the decision of each cell, as the maps have it."""
        found = decide(self.probability, self.inside, self.rule)
        # All these cells have data; one without a probability has no answer.
        found[found == Decision.NO_DATA] = Decision.CANNOT_SAY
        return found


@dataclass(frozen=True)
class Step:
    """What one cause does to the map, after the causes before it.

    Parameters
    ----------
    cause : str
    probability, probability_absolute : float
        Mean change, and mean size of the change, of P(exceed).
    changed : float
        Share of cells whose decision changes.
    above, below, cannot_say : float
        Net change of the share of cells of each decision. Over all steps these sum to the
        difference of both maps; `changed` does not, since a cell may change twice.
    """

    cause: str
    probability: float
    probability_absolute: float
    changed: float
    above: float
    below: float
    cannot_say: float


def split_by_cause(states: Sequence[MapState]) -> list[Step]:
    """Return what each cause does, one after the other.

    What a cause does may depend on what was changed before it: another order gives another
    split of the same difference.

    Parameters
    ----------
    states : sequence of MapState
        From the first map to the second; the cause of the first state is not used.

    Examples
    --------
    >>> inside, half = np.ones(2, dtype=bool), np.array([0.5, 0.9])
    >>> strict = MapState("", half, inside, DecisionRule(above=0.95, below=0.05))
    >>> usual = MapState("rule", half, inside, DecisionRule())
    >>> step = split_by_cause([strict, usual])[0]
    >>> step.probability, step.above, step.cannot_say
    (0.0, 0.5, -0.5)
    """
    steps = []
    decided = [state.decisions() for state in states]
    for position in range(1, len(states)):
        before, after = decided[position - 1], decided[position]
        change = states[position].probability - states[position - 1].probability
        known = change[np.isfinite(change)]

        def gained(code: Decision, old: Any = before, new: Any = after) -> float:
            return float(np.mean(new == code) - np.mean(old == code)) if len(new) else 0.0

        steps.append(
            Step(
                cause=states[position].cause,
                probability=float(known.mean()) if len(known) else 0.0,
                probability_absolute=float(np.abs(known).mean()) if len(known) else 0.0,
                changed=float(np.mean(before != after)) if len(before) else 0.0,
                above=gained(Decision.ABOVE),
                below=gained(Decision.BELOW),
                cannot_say=gained(Decision.CANNOT_SAY),
            )
        )
    return steps
