"""Slope, aspect and curvature of an elevation model."""

import numpy as np
from numpy.typing import NDArray

from hotspot.covariates.derivations import Surface

Lengths = NDArray[np.float64] | float
"""A length in metres, for all cells or for each row, shape (rows, 1)."""

HALO = 1
"""Cells by which a window has to be grown on each side."""

# Row and column of the neighbours over an edge.
_N, _W, _E, _S = (0, 1), (1, 0), (1, 2), (2, 1)


def derive_surface(
    elevation: NDArray[np.float64], surface: Surface, *, width: Lengths, height: Lengths
) -> NDArray[np.float64]:
    """Return slope, aspect or curvature of the inner cells of a grown window.

    A missing neighbour, as at the edge of the elevation model, is continued in a straight
    line from the opposite one, so that a plane keeps its slope up to the edge.

    Parameters
    ----------
    elevation : array, shape (rows + 2, cols + 2), m
        NaN where missing.
    surface : {"slope", "northness", "eastness", "profile_curvature", "plan_curvature"}
        Slope in degrees (Horn 1981). Northness and eastness are the cosine and the sine of
        the direction in which the cell falls, clockwise from north; 0 where it is level.
        Curvatures in 1/m are second derivatives down the slope (profile) and across it
        (plan), above 0 where the ground is convex (Zevenbergen and Thorne 1987).
    width, height : float or array of shape (rows, 1), m
        Sides of a cell.

    Returns
    -------
    array, shape (rows, cols)
        NaN where the cell itself is missing.

    References
    ----------
    Horn (1981), doi:10.1109/PROC.1981.11918.
    Zevenbergen and Thorne (1987), doi:10.1002/esp.3290120107.

    Examples
    --------
    >>> rising_east = np.tile(np.arange(3.0), (3, 1))
    >>> derive_surface(rising_east, "slope", width=1.0, height=1.0)
    array([[45.]])
    >>> derive_surface(rising_east, "eastness", width=1.0, height=1.0)  # it falls to the west
    array([[-1.]])
    """
    z = _neighbours(elevation)
    if surface in ("profile_curvature", "plan_curvature"):
        found = _curvature(z, surface, width, height)
    else:
        found = _slope_or_aspect(z, surface, width, height)
    return np.where(np.isnan(z[1][1]), np.nan, found)


def slope_tangent(
    elevation: NDArray[np.float64], *, width: Lengths, height: Lengths
) -> NDArray[np.float64]:
    """Return the tangent of the slope of the inner cells of a grown window."""
    z = _neighbours(elevation)
    return np.where(np.isnan(z[1][1]), np.nan, np.hypot(*_gradient(z, width, height)))


def _neighbours(elevation: NDArray[np.float64]) -> list[list[NDArray[np.float64]]]:
    """Return the nine cells about each inner cell, from the north-west one on, row by row."""
    rows, cols = elevation.shape[0] - 2, elevation.shape[1] - 2
    z = [
        [elevation[row : row + rows, col : col + cols] for col in range(3)] for row in range(3)
    ]
    middle = z[1][1]
    # The four over an edge first, since a corner at the end of both its edges lies in the
    # plane through them.
    for (row, col), (other_row, other_col) in ((_N, _S), (_W, _E)):
        one, other = z[row][col], z[other_row][other_col]
        z[row][col] = _continued(one, other, middle, middle)
        z[other_row][other_col] = _continued(other, one, middle, middle)
    corners = {(row, col): z[row][col] for row in (0, 2) for col in (0, 2)}
    for (row, col), corner in corners.items():
        plane = z[row][1] + z[1][col] - middle
        z[row][col] = _continued(corner, corners[2 - row, 2 - col], middle, plane)
    return z


def _continued(
    cell: NDArray[np.float64],
    opposite: NDArray[np.float64],
    middle: NDArray[np.float64],
    otherwise: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return a cell; where missing, straight on from the opposite one through the middle."""
    straight = np.where(np.isnan(opposite), otherwise, 2 * middle - opposite)
    return np.where(np.isnan(cell), straight, cell)


def _slope_or_aspect(
    z: list[list[NDArray[np.float64]]], surface: Surface, width: Lengths, height: Lengths
) -> NDArray[np.float64]:
    east, north = _gradient(z, width, height)
    steepness = np.hypot(east, north)
    if surface == "slope":
        return np.asarray(np.degrees(np.arctan(steepness)))
    downhill = -north if surface == "northness" else -east
    return np.asarray(
        np.divide(downhill, steepness, out=np.zeros_like(steepness), where=steepness != 0)
    )


def _gradient(
    z: list[list[NDArray[np.float64]]], width: Lengths, height: Lengths
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rise to the east and to the north, by Horn's weights."""
    east = (z[0][2] + 2 * z[1][2] + z[2][2]) - (z[0][0] + 2 * z[1][0] + z[2][0])
    north = (z[0][0] + 2 * z[0][1] + z[0][2]) - (z[2][0] + 2 * z[2][1] + z[2][2])
    return np.asarray(east / (8 * width)), np.asarray(north / (8 * height))


def _curvature(
    z: list[list[NDArray[np.float64]]], surface: Surface, width: Lengths, height: Lengths
) -> NDArray[np.float64]:
    east = (z[1][2] - z[1][0]) / (2 * width)
    north = (z[0][1] - z[2][1]) / (2 * height)
    east_east = (z[1][0] + z[1][2] - 2 * z[1][1]) / (width * width)
    north_north = (z[0][1] + z[2][1] - 2 * z[1][1]) / (height * height)
    east_north = (z[0][2] - z[0][0] - z[2][2] + z[2][0]) / (4 * width * height)
    mixed = 2 * east_north * east * north
    if surface == "profile_curvature":
        bend = east_east * east**2 + mixed + north_north * north**2
    else:
        bend = east_east * north**2 - mixed + north_north * east**2
    steepness = east**2 + north**2
    # No direction on level ground, hence no curvature.
    return np.asarray(
        np.divide(-bend, steepness, out=np.zeros_like(bend), where=steepness != 0)
    )
