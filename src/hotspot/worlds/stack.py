"""All covariates of a world: arrays, names and grid together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import CovariateError
from hotspot.grid import Coordinates, Grid


@dataclass(frozen=True, eq=False)
class CovariateStack:
    """Covariates on the cells of a grid.

    Parameters
    ----------
    values : array, shape (n_covariates, rows, cols)
        float32, as the rasters hold them, in the order of the catalogue; none is missing.
    catalogue : Catalogue
        Names, units, kinds and roles.
    grid : Grid
        The cells.

    Raises
    ------
    CovariateError
        The shapes do not fit together.
    """

    values: NDArray[np.float32]
    catalogue: Catalogue
    grid: Grid

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.catalogue), *self.grid.shape):
            raise CovariateError(
                f"The stack has the shape {self.values.shape}, its catalogue "
                f"{len(self.catalogue)} names and its grid {self.grid.shape} cells. "
                "Give one array of the grid's shape per covariate."
            )

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return one covariate, shape (rows, cols)."""
        self.catalogue[name]
        band = self.values[self.catalogue.names.index(name)]
        return np.asarray(band, dtype=np.float64)

    def frame(self) -> pd.DataFrame:
        """Return one row per cell, row by row from the north-west, float64."""
        flat = self.values.reshape(len(self.catalogue), -1).T.astype(np.float64)
        return pd.DataFrame(flat, columns=list(self.catalogue.names))

    def at(self, coordinates: Coordinates) -> pd.DataFrame:
        """Return the covariates of the cell of each place; NaN outside the grid."""
        rows, cols, inside = self.grid.cells(coordinates)
        found = np.full((len(coordinates), len(self.catalogue)), np.nan)
        found[inside] = self.values[:, rows[inside], cols[inside]].T
        return pd.DataFrame(found, columns=list(self.catalogue.names))

    def centres(self) -> Coordinates:
        """Return the cell centres in the order of `frame`, shape (rows * cols, 2)."""
        return cell_centres(self.grid)


def cell_centres(grid: Grid) -> Coordinates:
    """Return every cell centre, row by row from the north-west, shape (rows * cols, 2)."""
    rows, cols = np.indices(grid.shape)
    return grid.centres(rows.ravel(), cols.ravel())
