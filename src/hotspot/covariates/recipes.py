"""How the windows of each covariate are filled: from layers to functions of a window."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Covariate
from hotspot.covariates.derived_rasters import DerivedValues, derive_raster
from hotspot.covariates.derived_vectors import derive_features
from hotspot.covariates.layers import (
    CoordinateLayer,
    DerivedLayer,
    PlainLayer,
    RasterLayer,
)
from hotspot.covariates.read import AlignedRaster
from hotspot.grid import Coordinates, Grid, Window

WindowReader: TypeAlias = Callable[[Window], NDArray[np.float64]]
"""From a window of the grid to its values, NaN where missing."""

# A multiple of the tiles on disk, so that each is written once.
_WINDOW = 512


@dataclass(frozen=True)
class Recipe:
    """How the windows of a covariate are filled.

    Parameters
    ----------
    covariate : Covariate
        With the unit that its derivation gives.
    dtype : str
        In which its values are kept.
    source : str
        Name of the file that it comes from.
    values : DerivedValues or callable
        From a window to its values; or that with windows of its own.
    """

    covariate: Covariate
    dtype: str
    source: str
    values: DerivedValues | WindowReader

    def windows(self, grid: Grid) -> Iterator[tuple[Window, NDArray[np.float64]]]:
        """Yield the windows that make up the grid, with their values."""
        if isinstance(self.values, DerivedValues):
            tiles, read = self.values.windows, self.values.read
        else:
            tiles, read = None, self.values
        for window in tiles or grid.windows(_WINDOW):
            yield window, read(window)


def recipe_of(layer: PlainLayer, grid: Grid, files: ExitStack) -> Recipe:
    """Return how the windows of a layer are filled; its files stay open with `files`.

    Raises
    ------
    CovariateError, GridError
        The layer cannot be read, or does not fit the grid.
    """
    covariate = layer.covariate
    if isinstance(layer, RasterLayer):
        raster = files.enter_context(AlignedRaster(layer, grid))
        raster.check_cover(grid)
        raster.warn_of_collar()
        dtype = "int32" if covariate.is_categorical else raster.dtype
        covariate = replace(covariate, unit=raster.unit)
        return Recipe(covariate, dtype, layer.path.name, raster.read)
    if isinstance(layer, CoordinateLayer):
        column = 0 if layer.axis == "easting" else 1
        # float32 would place a northing to half a metre only.
        return Recipe(
            covariate, "float64", "coordinates", at_centres(grid, lambda c: c[:, column])
        )
    if isinstance(layer, DerivedLayer):
        derived = derive_raster(layer, grid, files)
        covariate = replace(covariate, unit=derived.unit)
        return Recipe(covariate, "float32", layer.raster.path.name, derived)
    unit, values = derive_features(layer, grid)
    covariate = replace(covariate, unit=unit)
    return Recipe(covariate, "float32", layer.features.path.name, at_centres(grid, values))


def at_centres(
    grid: Grid, values: Callable[[Coordinates], NDArray[np.float64]]
) -> WindowReader:
    """Return a reader of windows from a function of places, asked at the cell centres."""

    def read(window: Window) -> NDArray[np.float64]:
        rows, cols = np.indices(window.shape).reshape(2, -1)
        centres = grid.centres(rows + window.row, cols + window.col)
        return values(centres).reshape(window.shape)

    return read
