"""The cell of a map under a place, and what is known of it without asking the model."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from hotspot.covariates.catalogue import Covariate
from hotspot.web.opened import Opened, from_wgs84, to_wgs84
from hotspot.web.vectors import concentration_text

# Samples nearest to a place that are told.
N_NEAREST = 3

Answer = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """The cell of a map in which a place lies.

    Parameters
    ----------
    row, col : int
        On the grid.
    easting, northing : float
        Of its centre.
    """

    row: int
    col: int
    easting: float
    northing: float


def find_cell(opened: Opened, longitude: float, latitude: float) -> Cell | None:
    """Return the cell in which a place lies, or None beside the map."""
    grid = opened.model.grid
    rows, cols, inside = grid.cells(from_wgs84(grid, np.array([[longitude, latitude]])))
    if not inside[0]:
        return None
    easting, northing = grid.centres(rows, cols)[0]
    return Cell(int(rows[0]), int(cols[0]), float(easting), float(northing))


def covariate_facts(covariate: Covariate, value: float) -> Answer:
    """Return a covariate and its value at a cell, with the meaning of a class."""
    meaning = dict(covariate.classes).get(int(value)) if isfinite(value) else None
    return {
        "name": covariate.name,
        "description": covariate.description,
        "unit": covariate.unit,
        "role": str(covariate.role),
        "value": value if isfinite(value) else None,
        "class": meaning,
    }


def outline(opened: Opened, cell: Cell) -> list[list[float]]:
    """Return the corners of a cell as [latitude, longitude], as the map library wants them."""
    width, height = (0.5 * side for side in opened.model.grid.resolution)
    corners = np.array([[-width, height], [width, height], [width, -height], [-width, -height]])
    places = to_wgs84(opened.model.grid, corners + np.array([cell.easting, cell.northing]))
    return [[float(latitude), float(longitude)] for longitude, latitude in places]


def nearest_samples(opened: Opened, cell: Cell) -> list[Answer]:
    """Return the samples nearest to a cell; distances in metres where the grid has them."""
    grid = opened.model.grid
    if not grid.is_projected:
        return []
    steps = opened.samples.coordinates - np.array([cell.easting, cell.northing])
    metres = np.hypot(steps[:, 0], steps[:, 1]) * grid.metres_per_unit
    return [
        {
            "site": str(opened.sites["site_id"].iloc[row]),
            "distance_m": float(metres[row]),
            "concentration": concentration_text(
                float(opened.samples.lower[row]), float(opened.samples.upper[row])
            ),
        }
        for row in np.argsort(metres, kind="stable")[:N_NEAREST]
    ]
