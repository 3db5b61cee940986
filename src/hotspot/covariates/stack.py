"""The stack: all covariates on one grid, read by window or at points."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.covariates.store import read_catalogue
from hotspot.errors import CovariateError, few
from hotspot.grid import Coordinates, Grid, Window
from hotspot.rasters import dataset_crs, open_raster, read_window

# Side of the blocks by which points are read, that of the tiles on disk.
_BLOCK = 512


def open_stack(folder: Path) -> "Stack":
    """Open the covariates of a folder; the stack is a context manager.

    Parameters
    ----------
    folder : Path
        Written by `hotspot.covariates.build.build_covariates`.

    Raises
    ------
    CovariateError
        The folder holds no covariates, or a raster is missing, damaged or on another grid.
    """
    catalogue, grid = read_catalogue(folder)
    missing = [name for name in catalogue.names if not (folder / f"{name}.tif").is_file()]
    if missing:
        raise CovariateError(
            f"The rasters of {few(missing)} are missing in {folder}. "
            "Run `hotspot covariates` again."
        )
    with ExitStack() as files:
        datasets = []
        for name in catalogue.names:
            dataset = files.enter_context(open_raster(folder / f"{name}.tif"))
            crs = dataset_crs(dataset)
            found = crs and Grid(crs=crs, transform=dataset.transform, shape=dataset.shape)
            if not found or not found.aligned_with(grid):
                raise CovariateError(
                    f"{name}.tif is not on the grid of the stack, {grid.shape} cells in "
                    f"{grid.region} of {grid.crs}; it has {dataset.shape} cells in "
                    f"{tuple(dataset.bounds)} of {crs}. Run `hotspot covariates` again."
                )
            datasets.append(dataset)
        return Stack(catalogue, grid, datasets=datasets, files=files.pop_all())


class Stack:
    """All covariates of a region on one grid, in the order of the catalogue.

    Made by `open_stack`; leaving the context closes the files.

    Attributes
    ----------
    catalogue : Catalogue
        Names, units, kinds and roles.
    grid : Grid
        The grid of every covariate.
    """

    def __init__(
        self, catalogue: Catalogue, grid: Grid, *, datasets: Sequence[Any], files: ExitStack
    ) -> None:
        self.catalogue = catalogue
        self.grid = grid
        self._datasets = tuple(datasets)
        self._files = files

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def read(self, window: Window) -> NDArray[np.float64]:
        """Return the covariates of a window, shape (bands, rows, cols); NaN where missing."""
        values = np.empty((len(self._datasets), *window.shape))
        for band, dataset in enumerate(self._datasets):
            values[band] = read_window(dataset, window)
        return values

    def sample(self, coordinates: Coordinates) -> pd.DataFrame:
        """Return the covariates of the cell in which each point lies.

        Points are read block by block, whatever their order.

        Parameters
        ----------
        coordinates : array, shape (n, 2)
            Easting and northing in the CRS of the grid.

        Returns
        -------
        DataFrame, shape (n, n_covariates)
            In the order of the points; NaN where missing or outside the grid.
        """
        rows, cols, inside = self.grid.cells(coordinates)
        values = np.full((len(coordinates), len(self._datasets)), np.nan)
        points = np.flatnonzero(inside)
        blocks_wide = -(-self.grid.shape[1] // _BLOCK)
        block = rows[points] // _BLOCK * blocks_wide + cols[points] // _BLOCK
        order = np.argsort(block, kind="stable")
        starts = np.flatnonzero(np.diff(block[order], prepend=-1))
        for group in np.split(points[order], starts[1:]) if len(points) else []:
            top, left = int(rows[group].min()), int(cols[group].min())
            height = int(rows[group].max()) - top + 1
            width = int(cols[group].max()) - left + 1
            found = self.read(Window(top, left, height, width))
            values[group] = found[:, rows[group] - top, cols[group] - left].T
        return pd.DataFrame(values, columns=list(self.catalogue.names))

    def frame(self, window: Window) -> tuple[pd.DataFrame, NDArray[np.int64]]:
        """Return the cells of a window that miss no covariate, and where they lie.

        Returns
        -------
        DataFrame, shape (n_complete, n_covariates)
            float64, columns in the order of the catalogue.
        array of int, shape (n_complete,)
            Positions in the window read row by row: ``row * width + col``.
        """
        values = self.read(window).reshape(len(self._datasets), -1)
        positions = np.flatnonzero(~np.isnan(values).any(axis=0)).astype(np.int64)
        table = pd.DataFrame(values[:, positions].T, columns=list(self.catalogue.names))
        return table, positions
