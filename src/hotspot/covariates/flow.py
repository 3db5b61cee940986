"""The way of water over an elevation model: depressions filled, then straight downhill."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.compiled import compiled
from hotspot.covariates import flow_loops
from hotspot.errors import CovariateError

MOST_CELLS = 2**25
"""Cells of the largest elevation model that is routed: 5800 x 5800, about 2 GB of memory."""

# Slopes below count as this one, so that level ground has a finite wetness.
_LEAST_SLOPE = 1e-3

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Routing:
    """Where the water of each cell goes.

    Made by `route`. Cells are numbered row by row.

    Parameters
    ----------
    shape : tuple of int
        (rows, cols).
    filled : array, shape (n_cells,), m
        Elevation with depressions filled up to where they spill over; NaN where missing.
    receiver : array of int, shape (n_cells,)
        The cell that takes the water; -1 where it leaves the elevation model.
    order : array of int, shape (n_known,)
        Known cells, each after its receiver.
    width, height : float, m
        Sides of a cell.
    """

    shape: tuple[int, int]
    filled: Values
    receiver: NDArray[np.int32]
    order: NDArray[np.int32]
    width: float
    height: float


def route(elevation: Values, *, width: float, height: float) -> Routing:
    """Return where the water of each cell goes.

    Depressions are filled by the Priority-Flood (Barnes et al. 2014). On the filled surface
    each cell passes its water to the neighbour, of eight, to which it falls most steeply (D8,
    O'Callaghan and Mark 1984); on level ground and in filled depressions, towards the cell
    over which it spills. Water leaves at the edge and next to missing cells.

    This cannot be done window by window, since water comes from anywhere: the whole elevation
    model is held in memory, at about 60 bytes per cell.

    Parameters
    ----------
    elevation : array, shape (rows, cols), m
        NaN where missing.
    width, height : float, m
        Sides of a cell.

    Raises
    ------
    CovariateError
        There are more cells than `MOST_CELLS`, or none is known.

    References
    ----------
    Barnes, Lehman and Mulla (2014), doi:10.1016/j.cageo.2013.04.024.
    O'Callaghan and Mark (1984), doi:10.1016/S0734-189X(84)80011-0.

    Examples
    --------
    >>> routing = route(np.array([[3.0, 2.0, 1.0]]), width=10.0, height=10.0)
    >>> routing.receiver
    array([ 1,  2, -1], dtype=int32)
    """
    check_size(elevation.shape)
    known = ~np.isnan(elevation)
    if not known.any():
        raise CovariateError(
            f"None of {elevation.size} cells has an elevation. Check the layer and its nodata."
        )
    filled = np.ascontiguousarray(elevation, dtype=np.float64).copy()
    receiver = np.full(elevation.size, -1, dtype=np.int32)
    order = np.empty(int(known.sum()), dtype=np.int32)
    compiled(flow_loops.flood)(filled, receiver, order)
    compiled(flow_loops.steepest)(filled, receiver, float(width), float(height))
    shape = (int(elevation.shape[0]), int(elevation.shape[1]))
    return Routing(shape, filled.ravel(), receiver, order, float(width), float(height))


def check_size(shape: tuple[int, ...]) -> None:
    """Raise `CovariateError` if an elevation model is too large to be routed."""
    cells = shape[0] * shape[1]
    if cells > MOST_CELLS:
        raise CovariateError(
            f"The flow of water is asked over {shape[0]} x {shape[1]} = {cells} cells, and "
            f"{MOST_CELLS} fit the memory: it needs the whole elevation model at once. Take "
            "larger cells, a smaller region, or a smaller margin_m."
        )


def upslope_area(routing: Routing) -> Values:
    """Return the area that drains through each cell, its own included, m2.

    Shape (rows, cols); NaN where missing.
    """
    area = np.full(routing.receiver.size, np.nan)
    area[routing.order] = routing.width * routing.height
    compiled(flow_loops.accumulate)(routing.receiver, routing.order, area)
    return area.reshape(routing.shape)


def wetness(area: Values, tangent: Values, width: float, height: float) -> Values:
    """Return the topographic wetness index ln(a / tan b).

    With a the upslope area per metre of contour, for which the mean of both sides of a cell
    stands, and b the slope, of at least 0.001.

    References
    ----------
    Beven and Kirkby (1979), doi:10.1080/02626667909491834.
    """
    per_width = area / ((width + height) / 2)
    return np.asarray(np.log(per_width / np.maximum(tangent, _LEAST_SLOPE)))


def outlet_distance(routing: Routing) -> Values:
    """Return the distance along the flow to where it leaves the elevation model, m."""
    nowhere = np.zeros(routing.receiver.size, dtype=np.bool_)
    distance = np.full(routing.receiver.size, np.nan)
    compiled(flow_loops.down)(
        routing.receiver, routing.order, nowhere, *_steps(routing), 0.0, distance
    )
    return distance.reshape(routing.shape)


def upstream_distance(routing: Routing, marked: NDArray[np.bool_]) -> Values:
    """Return how far water runs from each cell until it meets a marked one, m.

    Parameters
    ----------
    routing : Routing
        Where water goes.
    marked : array of bool, shape (rows, cols)
        Such as the cells of a river.

    Returns
    -------
    array, shape (rows, cols)
        Infinite where it meets none; NaN where the elevation is missing.
    """
    distance = np.full(routing.receiver.size, np.nan)
    compiled(flow_loops.down)(
        routing.receiver, routing.order, marked.ravel(), *_steps(routing), np.inf, distance
    )
    return distance.reshape(routing.shape)


def downstream_distance(routing: Routing, marked: NDArray[np.bool_]) -> Values:
    """Return how far water has run to each cell from the nearest marked one above it, m.

    Parameters
    ----------
    routing : Routing
        Where water goes.
    marked : array of bool, shape (rows, cols)
        Such as the cells of mines.

    Returns
    -------
    array, shape (rows, cols)
        Infinite where none lies above; NaN where the elevation is missing.
    """
    distance = np.full(routing.receiver.size, np.nan)
    distance[routing.order] = np.inf
    distance[routing.order[marked.ravel()[routing.order]]] = 0.0
    compiled(flow_loops.pass_down)(routing.receiver, routing.order, *_steps(routing), distance)
    return distance.reshape(routing.shape)


def _steps(routing: Routing) -> tuple[int, float, float]:
    return routing.shape[1], routing.width, routing.height
