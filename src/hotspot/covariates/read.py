"""Reading raster layers on the cells of a grid."""

import warnings
from collections import OrderedDict
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np
import rasterio
from numpy.typing import NDArray

from hotspot.covariates.align import Placement, choose_resampling
from hotspot.covariates.catalogue import Kind
from hotspot.covariates.layers import RasterLayer
from hotspot.covariates.references import agreed_crs, region_text
from hotspot.covariates.remote import RemoteFile
from hotspot.covariates.source_rasters import open_source
from hotspot.errors import CovariateError, GridError, few
from hotspot.grid import Grid, Window
from hotspot.rasters import (
    dataset_crs,
    read_window,
)

Values = NDArray[np.float64]

# A window that needs more source cells than this (64 MB) is read in halves.
_SOURCE_CELLS = 2**23

# One cell of the grid may need more, up to 1 GB.
_SOURCE_CELLS_OF_ONE = 2**27

# Side in cells of the tiles in which a raster is brought onto other cells, that of the windows
# of a build; and how many are kept (64 MB) for the halos of the windows next to them.
_TILE = 512
_KEPT_TILES = 32

# Less of the grid than this without a raster is rounding of its border.
_WHOLE = 0.99

# Rows of a raster of which the ends are looked at for zeros.
_BORDER_ROWS = 32

# A border of which this share is 0 looks like a collar.
_COLLAR = 0.5

# How units are spelt in files; others are compared as they stand.
_SPELLINGS = {
    **dict.fromkeys(("metre", "metres", "meter", "meters"), "m"),
    **dict.fromkeys(("foot", "feet", "international foot"), "ft"),
    **dict.fromkeys(("kilometre", "kilometres", "kilometer", "kilometers"), "km"),
    **dict.fromkeys(("degrees", "deg", "°"), "degree"),
    **dict.fromkeys(("percent", "per cent"), "%"),
    "": "1",
}


class AlignedRaster:
    """A raster layer, read on the cells of a grid. A context manager.

    Parameters
    ----------
    layer : RasterLayer
        What to read.
    grid : Grid
        The cells to fill.
    convert : callable, optional
        Changes the values of the source before they are brought onto the grid.

    Raises
    ------
    CovariateError
        The file cannot be read, the resampling does not fit the kind of covariate, or the
        unit of the file is another than that of the layer.
    GridError
        The CRS is missing or contradicts the layer, no cell of the raster meets the grid, or
        its cells are others than those of the grid and the layer says no resampling.
    """

    def __init__(
        self,
        layer: RasterLayer,
        grid: Grid,
        *,
        convert: Callable[[Values], Values] | None = None,
    ) -> None:
        self.layer = layer
        self.grid = grid
        self._convert = convert
        self._tiles: OrderedDict[tuple[int, int], Values] = OrderedDict()

    def __enter__(self) -> Self:
        self._dataset = open_source(self.layer)
        try:
            self.placement = self._place()
            self.method = self._method()
            self.unit = self._unit()
        except (CovariateError, GridError):
            self._dataset.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dataset.close()

    @property
    def is_in_place(self) -> bool:
        """Whether the cells of the raster are cells of the grid, so that nothing changes."""
        return self.placement.offset is not None

    @property
    def dtype(self) -> str:
        """``float64`` where values are copied that float32 would change, else ``float32``."""
        stored = np.dtype(self._dataset.dtypes[self.layer.band - 1])
        exact = np.can_cast(stored, np.float32)
        return "float64" if self.is_in_place and not exact else "float32"

    def check_cover(self, grid: Grid) -> None:
        """Raise `GridError` where the layer is to cover a grid and the file does not."""
        placement = Placement(
            self.placement.crs, self.placement.transform, self.placement.shape, grid
        )
        if self.layer.cover == "part" or placement.cover >= _WHOLE:
            return
        raise GridError(
            f"{self.layer.path.name} reaches over {placement.cover:.1%} of the grid: in "
            f"{grid.crs} it covers {region_text(placement.region)} and the grid "
            f"{region_text(grid.region)} (west, east, south, north). Give a raster of the "
            "whole grid or a smaller grid; or say `cover: part`, and cells without it are "
            "left off the map."
        )

    def warn_of_collar(self) -> None:
        """Warn where zeros at the border of a file without nodata look like missing cells."""
        layer, dataset = self.layer, self._dataset
        flags = dataset.mask_flag_enums[layer.band - 1]
        if layer.nodata is not None or rasterio.enums.MaskFlags.all_valid not in flags:
            return
        last_row, last_col = dataset.height - 1, dataset.width - 1
        inner = np.unique(np.linspace(0, last_row, _BORDER_ROWS + 2).astype(int)[1:-1])
        ends = []
        middle = []
        for row in (0, *inner, last_row):
            line = read_window(dataset, Window(int(row), 0, 1, dataset.width), layer.band)[0]
            is_border = row in (0, last_row)
            ends.append(line if is_border else line[[0, last_col]])
            middle.append(line[:0] if is_border else line[1:-1])
        border, inside = (np.concatenate(parts) == 0 for parts in (ends, middle))
        if border.mean() < _COLLAR or not inside.size or inside.mean() > border.mean() / 2:
            return
        warnings.warn(
            f"{border.mean():.0%} of the border of {layer.path.name} is 0, against "
            f"{inside.mean():.0%} of the inside, and the file declares no nodata: the zeros "
            f"look like missing cells. Give the covariate {layer.covariate.name} "
            "`nodata: 0`; or, if they are meant, `nodata: none`.",
            stacklevel=2,
        )

    def read(self, window: Window) -> Values:
        """Return the values of a window of the grid; NaN where missing or infinite.

        What has to be resampled is resampled in tiles at fixed places of the grid, so that a
        cell has one value whatever the window is.

        Raises
        ------
        CovariateError
            The file is damaged, or a class has a code that is no whole number.
        """
        if self.placement.offset is not None:
            return self._copied(window, self.placement.offset)
        values = np.empty(window.shape)
        bottom, right = window.row + window.height, window.col + window.width
        for row in range(window.row // _TILE, (bottom - 1) // _TILE + 1):
            for col in range(window.col // _TILE, (right - 1) // _TILE + 1):
                tile = self._tile(row, col)
                top, left = row * _TILE, col * _TILE
                low, high = max(top, window.row), min(top + tile.shape[0], bottom)
                near, far = max(left, window.col), min(left + tile.shape[1], right)
                values[
                    low - window.row : high - window.row, near - window.col : far - window.col
                ] = tile[low - top : high - top, near - left : far - left]
        return values

    def _tile(self, row: int, col: int) -> Values:
        if (row, col) not in self._tiles:
            rows, cols = self.grid.shape
            top, left = row * _TILE, col * _TILE
            tile = Window(top, left, min(_TILE, rows - top), min(_TILE, cols - left))
            self._tiles[row, col] = self._resampled(tile)
            if len(self._tiles) > _KEPT_TILES:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end((row, col))
        return self._tiles[row, col]

    def _resampled(self, window: Window) -> Values:
        part = self.placement.source_window(window)
        if part is None:
            return np.full(window.shape, np.nan)
        needed = part.height * part.width
        if needed > _SOURCE_CELLS and window.shape != (1, 1):
            return self._in_halves(window)
        if needed > _SOURCE_CELLS_OF_ONE:
            raise CovariateError(
                f"One cell of the grid holds {needed} cells of {self.layer.path.name}, more "
                "than fit the memory. Aggregate the raster first, or take smaller cells."
            )
        return self.placement.warp(self._source(part), part, window, self.method)

    def _copied(self, window: Window, offset: tuple[int, int]) -> Values:
        values = np.full(window.shape, np.nan)
        row, col = window.row + offset[0], window.col + offset[1]
        rows, cols = self.placement.shape
        top, bottom = max(row, 0), min(row + window.height, rows)
        left, right = max(col, 0), min(col + window.width, cols)
        if top < bottom and left < right:
            found = self._source(Window(top, left, bottom - top, right - left))
            values[top - row : bottom - row, left - col : right - col] = found
        return values

    def _in_halves(self, window: Window) -> Values:
        row, col, height, width = window.row, window.col, window.height, window.width
        if height >= width:
            half = height // 2
            upper = self._resampled(Window(row, col, half, width))
            lower = self._resampled(Window(row + half, col, height - half, width))
            return np.vstack([upper, lower])
        half = width // 2
        left = self._resampled(Window(row, col, height, half))
        return np.hstack([left, self._resampled(Window(row, col + half, height, width - half))])

    def _source(self, part: Window) -> Values:
        layer = self.layer
        try:
            values = read_window(self._dataset, part, layer.band, nodata=layer.missing_value)
        except CovariateError as error:
            if not isinstance(layer.path, RemoteFile):
                raise
            raise CovariateError(
                f"{layer.path} broke off or is damaged, or was changed while it was read. Run "
                "again; or fetch it, put it below data/raw, and give its path."
            ) from error
        values[np.isinf(values)] = np.nan
        if layer.covariate.is_categorical:
            whole = (values == np.rint(values)) & (np.abs(values) < 2**31)
            broken = values[~whole & ~np.isnan(values)]
            if broken.size:
                raise CovariateError(
                    f"The covariate {layer.covariate.name} is categorical, and "
                    f"{layer.path.name} holds {few(np.unique(broken))}, which are no codes. "
                    "Give it kind continuous, or declare the value as nodata."
                )
        return values if self._convert is None else self._convert(values)

    def _method(self) -> str:
        layer, placement = self.layer, self.placement
        if layer.resampling is None and not self.is_in_place:
            kind = layer.covariate.kind
            what = "nearest or mode" if kind is Kind.CATEGORICAL else "bilinear or average"
            raise GridError(
                f"The cells of {layer.path.name} are not those of the grid: "
                f"{placement.difference}. Say how the covariate {layer.covariate.name} is "
                f"brought onto the grid: `resampling: auto`, or a method such as {what}."
            )
        asked = None if layer.resampling == "auto" else layer.resampling
        return choose_resampling(layer.covariate.kind, placement.source_cells_per_cell, asked)

    def _unit(self) -> str:
        covariate, name = self.layer.covariate, self.layer.path.name
        in_file = (self._dataset.units[self.layer.band - 1] or "").strip()
        if covariate.is_categorical:
            # Codes are in no unit, whatever file or configuration makes of that.
            return "class" if covariate.unit in ("", "1") else covariate.unit
        if not in_file:
            return covariate.unit or "1"
        if covariate.unit and _spelt(covariate.unit) != _spelt(in_file):
            raise CovariateError(
                f"{name} says that its values are in {in_file!r}, and the covariate "
                f"{covariate.name} is declared in {covariate.unit!r}. Write `unit: "
                f"{in_file}`, or correct the file."
            )
        return covariate.unit or in_file

    def _place(self) -> Placement:
        name, dataset = self.layer.path.name, self._dataset
        if not 1 <= self.layer.band <= dataset.count:
            raise CovariateError(
                f"{name} has {dataset.count} band(s), so there is no band {self.layer.band}. "
                "Bands are counted from 1."
            )
        crs = agreed_crs(dataset_crs(dataset), self.layer.crs, name)
        if dataset.transform.is_identity:
            raise GridError(
                f"{name} has a CRS but no position: its corner is (0, 0) and its cells are "
                "1 by 1. Write the region into the file: gdal_edit.py -a_ullr."
            )
        placement = Placement(crs, dataset.transform, dataset.shape, self.grid)
        if placement.source_window(Window(0, 0, *self.grid.shape)) is None:
            raise GridError(
                f"{name} and the grid have no cell in common. In {self.grid.crs} the raster "
                f"covers {region_text(placement.region)} and the grid "
                f"{region_text(self.grid.region)} (west, east, south, north). "
                "Check the CRS of both, and the region of the grid."
            )
        return placement


def _spelt(unit: str) -> str:
    plain = unit.strip().casefold()
    return _SPELLINGS.get(plain, plain)
