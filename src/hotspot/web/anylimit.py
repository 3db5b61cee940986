"""P(exceed) of any limit, from the distributions that the saved model gives.

A map of the model's own limit lies on disk. For any other limit the model is asked again, not
for the limit but for the whole distribution of each cell, block by block; blocks are kept, so
that the next limit costs a look into a distribution and no prediction.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import ceil, floor, log2
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds

from hotspot.errors import ModelError
from hotspot.estimators.answers import AnswersFromDistribution
from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.fitted import FittedModel
from hotspot.grid import Grid, Window
from hotspot.web.tiles import TILE_SIZE, WEB_MERCATOR, Tile, warp

# Up to so many cells a map is computed cell by cell whatever the zoom: seconds of work, once.
WHOLE_CELLS = 100_000
# Side of a block. Zoomed out on a larger map, a tile is drawn from about as many cells a side,
# which are then averages of covariates: two pixels each.
BLOCK = 128
# Distributions of a block hold some ten numbers a cell, or some hundred from a forest.
_KEPT_DISTRIBUTIONS = 48
_KEPT_MAPS = 256

CovariateReader = Callable[[Window, int], NDArray[np.float64]]
"""Covariates, shape (n, rows, cols), of a window and a step."""

_Value = TypeVar("_Value")


class Kept(Generic[_Value]):
    """The values that were last asked for, a bounded number of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, _Value] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], _Value]) -> _Value:
        """Return the value of a key, made if it is not kept."""
        if key not in self._values:
            self._values[key] = make()
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        self._values.move_to_end(key)
        return self._values[key]


@dataclass(frozen=True)
class _Block:
    """Cells of one step, with the distribution of those that miss no covariate."""

    grid: Grid
    positions: NDArray[np.int64]
    distribution: PredictiveDistribution | None


class LimitMap:
    """The map of P(exceed) of a model for any limit.

    Parameters
    ----------
    model : FittedModel
        Of a concentration; see `knows_any_limit`.
    covariates : callable
        Reads the covariates of the model.
    lock : context manager
        Held while the model is asked.

    Raises
    ------
    ModelError
        The model knows one limit only.
    """

    def __init__(
        self, model: FittedModel, covariates: CovariateReader, lock: AbstractContextManager[Any]
    ) -> None:
        estimator = model.estimator
        if not isinstance(estimator, AnswersFromDistribution):
            raise ModelError(
                f"The model of {model.contaminant} is a direct classifier and knows the limit "
                f"{model.threshold_mg_kg:g} mg/kg only. Fit a model of the concentration, such "
                "as model=ensemble."
            )
        self._model = model
        self._estimator = estimator
        self._covariates = covariates
        self._blocks: Kept[_Block] = Kept(_KEPT_DISTRIBUTIONS)
        self._maps: Kept[NDArray[np.float32]] = Kept(_KEPT_MAPS)
        self._lock = lock

    def tile(self, limit: float, tile: Tile) -> NDArray[np.float64] | None:
        """Return P(concentration > limit) under a tile, None where it lies beside the map.

        Parameters
        ----------
        limit : float, mg/kg
            Above 0.
        tile : Tile
            Of the web map.
        """
        window = self._window(tile)
        if window is None:
            return None
        step = self._step(window)
        size = BLOCK * step
        whole = np.full((TILE_SIZE, TILE_SIZE), np.nan)
        for row in range(window.row // size, -(-(window.row + window.height) // size)):
            for col in range(window.col // size, -(-(window.col + window.width) // size)):
                values, grid = self.block(limit, row, col, step)
                part = warp(values, grid, tile)
                whole = np.where(np.isnan(part), whole, part)
        return whole

    def block(
        self, limit: float, row: int, col: int, step: int = 1
    ) -> tuple[NDArray[np.float32], Grid]:
        """Return P(concentration > limit) of a block, as the map stores it, and its grid.

        Parameters
        ----------
        limit : float, mg/kg
            Above 0.
        row, col : int
            Which block, from 0; each has `BLOCK` cells a side.
        step : int
            Cells of the map that one cell of the block stands for, a side.
        """
        with self._lock:
            block = self._blocks.get((row, col, step), lambda: self._made(row, col, step))
            values = self._maps.get((row, col, step, limit), lambda: _chances(block, limit))
        return values, block.grid

    def _made(self, row: int, col: int, step: int) -> _Block:
        rows, cols = self._model.grid.shape
        top, left = row * BLOCK * step, col * BLOCK * step
        window = Window(
            top, left, min(BLOCK * step, rows - top), min(BLOCK * step, cols - left)
        )
        values = self._covariates(window, step)
        shape = (values.shape[1], values.shape[2])
        native = self._model.grid.crop(window)
        # At the far edges a cell of a coarse block stands for fewer cells of the map.
        scale = Affine.scale(window.width / shape[1], window.height / shape[0])
        grid = Grid(native.crs, native.transform @ scale, shape)
        flat = values.reshape(len(values), -1)
        positions = np.flatnonzero(~np.isnan(flat).any(axis=0)).astype(np.int64)
        if not positions.size:
            return _Block(grid, positions, None)
        frame = pd.DataFrame(flat[:, positions].T, columns=list(self._model.catalogue.names))
        coordinates = grid.centres(*np.divmod(positions, shape[1]))
        distribution = self._estimator.distribution(frame, coordinates=coordinates)
        return _Block(grid, positions, distribution)

    def _window(self, tile: Tile) -> Window | None:
        """Return the cells under a tile, with one more on each side."""
        grid = self._model.grid
        try:
            west, south, east, north = transform_bounds(
                WEB_MERCATOR, grid.crs, *tile.bounds, densify_pts=21
            )
        except RasterioError:
            # A tile of half the world has no image in a national grid.
            return Window(0, 0, *grid.shape) if tile.z < 4 else None
        width, height = grid.resolution
        step = grid.transform
        numbers = (
            (step.f - north) / height - 1,
            (step.f - south) / height + 1,
            (west - step.c) / width - 1,
            (east - step.c) / width + 1,
        )
        if not np.isfinite(numbers).all():
            return Window(0, 0, *grid.shape) if tile.z < 4 else None
        top, bottom, left, right = numbers
        first_row, last_row = max(0, floor(top)), min(grid.shape[0], ceil(bottom))
        first_col, last_col = max(0, floor(left)), min(grid.shape[1], ceil(right))
        if first_row >= last_row or first_col >= last_col:
            return None
        return Window(first_row, first_col, last_row - first_row, last_col - first_col)

    def _step(self, window: Window) -> int:
        """Return how many cells one cell stands for, a power of two."""
        rows, cols = self._model.grid.shape
        if rows * cols <= WHOLE_CELLS:
            return 1
        return _power_of_two(max(window.height, window.width) / (2 * BLOCK))


def knows_any_limit(model: FittedModel) -> bool:
    """Return whether a model gives distributions, so that any limit can be asked for."""
    return isinstance(model.estimator, AnswersFromDistribution)


def _power_of_two(ratio: float) -> int:
    """Return the smallest power of two that is not below a ratio, at least 1.

    Examples
    --------
    >>> [_power_of_two(ratio) for ratio in (0.3, 1.0, 2.1, 4.0)]
    [1, 1, 4, 4]
    """
    return int(2 ** max(0, ceil(log2(max(ratio, 1.0)) - 1e-9)))


def _chances(block: _Block, limit: float) -> NDArray[np.float32]:
    values = np.full(block.grid.shape, np.nan, dtype=np.float32)
    if block.distribution is not None:
        values.ravel()[block.positions] = block.distribution.exceedance(limit)
    return values
