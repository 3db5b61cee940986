"""Arrays of one grid onto another: which method, which part of the source, and the warp."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np
import rasterio.crs
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError

from hotspot.covariates.catalogue import Kind
from hotspot.errors import CovariateError, nearest_name
from hotspot.grid import Coordinates, Grid, Window, same_crs

_METHODS = {
    Kind.CONTINUOUS: ("nearest", "bilinear", "cubic", "average", "min", "max"),
    Kind.CATEGORICAL: ("nearest", "mode"),
}

# Cells of a source count as the cells of the grid when nowhere further off than this share of
# a cell: files round their cell size, and resampling would blur what is in place.
_SAME_CELL = 1e-3

# Points per side at which a window is carried into the source to find the part it needs.
_LATTICE = 17

# Cells per side of the grid at which the source is asked whether it reaches there.
_COVER_LATTICE = 101


def choose_resampling(kind: Kind, source_cells_per_cell: float, asked: str | None) -> str:
    """Return the resampling method for a layer.

    Parameters
    ----------
    kind : Kind
        Classes are never averaged: nearest or mode.
    source_cells_per_cell : float
        Cells of the source along the side of one cell of the grid; above 1 where the source
        is finer.
    asked : str or None
        A method to use instead: nearest, bilinear, cubic, average, min, max for numbers;
        nearest, mode for classes.

    Raises
    ------
    CovariateError
        The method asked for is unknown, or averages classes.

    Examples
    --------
    >>> choose_resampling(Kind.CONTINUOUS, 0.5, None)
    'bilinear'
    >>> choose_resampling(Kind.CONTINUOUS, 4.0, None)
    'average'
    >>> choose_resampling(Kind.CATEGORICAL, 4.0, None)
    'mode'
    """
    methods = _METHODS[kind]
    if asked is not None:
        if asked not in methods:
            raise CovariateError(
                f"The resampling {asked!r} does not fit a {kind} covariate."
                f"{nearest_name(asked, methods)} Give one of {', '.join(methods)}, or none."
            )
        return asked
    is_finer = source_cells_per_cell > 1 + _SAME_CELL
    if kind is Kind.CATEGORICAL:
        return "mode" if is_finer else "nearest"
    return "average" if is_finer else "bilinear"


@dataclass(frozen=True)
class Placement:
    """Where the cells of a grid lie among the cells of a source raster.

    Parameters
    ----------
    crs, transform, shape
        Of the source, which may be rotated.
    grid : Grid
        The grid to be filled.
    """

    crs: str
    transform: Affine
    shape: tuple[int, int]
    grid: Grid

    @cached_property
    def _to_source(self) -> Transformer | None:
        if same_crs(self.grid.crs, self.crs):
            return None
        return Transformer.from_crs(self.grid.crs, self.crs, always_xy=True)

    def source_positions(self, coordinates: Coordinates) -> Coordinates:
        """Return (column, row) in the source, with fractions, for coordinates of the grid."""
        easting, northing = coordinates[:, 0], coordinates[:, 1]
        if self._to_source is not None:
            easting, northing = self._to_source.transform(easting, northing)
        inverse = ~self.transform
        cols = inverse.a * easting + inverse.b * northing + inverse.c
        rows = inverse.d * easting + inverse.e * northing + inverse.f
        return np.column_stack([cols, rows]).astype(np.float64)

    @property
    def region(self) -> tuple[float, float, float, float]:
        """(west, east, south, north) of the source in the CRS of the grid.

        Not finite where the source cannot be placed there.
        """
        rows, cols = self.shape
        corners = [self.transform @ at for at in ((0, 0), (cols, 0), (0, rows), (cols, rows))]
        eastings, northings = zip(*corners, strict=True)
        transformer = Transformer.from_crs(self.crs, self.grid.crs, always_xy=True)
        try:
            west, south, east, north = transformer.transform_bounds(
                min(eastings), min(northings), max(eastings), max(northings)
            )
        except ProjError:
            return (np.nan, np.nan, np.nan, np.nan)
        return west, east, south, north

    @cached_property
    def cover(self) -> float:
        """Share of the grid over which the source reaches, known cells or not."""
        west, east, south, north = self.grid.region
        width, height = self.grid.resolution
        lattice = np.meshgrid(
            np.linspace(west + width / 2, east - width / 2, _COVER_LATTICE),
            np.linspace(south + height / 2, north - height / 2, _COVER_LATTICE),
        )
        places = np.column_stack([part.ravel() for part in lattice])
        positions = self.source_positions(places)
        inside = (positions >= -_SAME_CELL) & (
            positions <= np.array(self.shape[::-1]) + _SAME_CELL
        )
        return float(inside.all(axis=1).mean())

    @property
    def difference(self) -> str:
        """What keeps the cells of the source from being cells of the grid, in words."""
        if not same_crs(self.grid.crs, self.crs):
            return f"it is in {self.crs[:40]}, the grid in {self.grid.crs[:40]}"
        step = self.transform
        if step.b or step.d:
            return f"it is rotated: its transform is {tuple(step)[:6]}"
        width, height = self.grid.resolution
        if step.e > 0 and step.a > 0:
            return "it is stored south-up, its first row in the south"
        if not np.allclose([step.a, -step.e], [width, height], rtol=1e-6):
            return (
                f"its cells are {step.a:.8g} x {-step.e:.8g}, those of the grid "
                f"{width:.8g} x {height:.8g}"
            )
        west, _, _, north = self.grid.region
        position = self.source_positions(np.array([[west, north]]))[0] % 1
        return f"its cells lie {position[0]:.3g} and {position[1]:.3g} of a cell aside"

    @cached_property
    def source_cells_per_cell(self) -> float:
        """Cells of the source along the longer side of a cell in the middle of the grid."""
        return max(self._source_cells)

    @cached_property
    def _source_cells(self) -> tuple[float, float]:
        """Cells of the source along the width and the height of a cell of the grid."""
        west, east, south, north = self.grid.region
        middle = np.array([(west + east) / 2, (south + north) / 2])
        width, height = self.grid.resolution
        steps = np.array([[0, 0], [width, 0], [0, height]]) + middle
        origin, right, up = self.source_positions(steps)
        return float(np.hypot(*(right - origin))), float(np.hypot(*(up - origin)))

    @cached_property
    def offset(self) -> tuple[int, int] | None:
        """Row and column of the grid's first cell in the source, if their cells are the same.

        None if any cell has to be resampled.
        """
        if not same_crs(self.grid.crs, self.crs):
            return None
        west, east, south, north = self.grid.region
        corners = np.array([[west, north], [east, north], [west, south], [east, south]])
        rows, cols = self.grid.shape
        ends = np.array([[0, 0], [cols, 0], [0, rows], [cols, rows]])
        shifts = self.source_positions(corners) - ends
        first = np.round(shifts[0])
        if not np.all(np.abs(shifts - first) <= _SAME_CELL):
            return None
        return int(first[1]), int(first[0])

    def source_window(self, window: Window) -> Window | None:
        """Return the part of the source that a window of the grid is computed from.

        None where the window lies off the source.
        """
        west, east, south, north = self.grid.crop(window).region
        lattice = np.meshgrid(
            np.linspace(west, east, _LATTICE), np.linspace(south, north, _LATTICE)
        )
        positions = self.source_positions(np.column_stack([part.ravel() for part in lattice]))
        positions = positions[np.isfinite(positions).all(axis=1)]
        if not len(positions):
            return None
        low, high = positions.min(axis=0), positions.max(axis=0)
        # The reach of the kernel, and the bulge of curved edges between lattice points.
        reach = 3 + 2 * self.source_cells_per_cell + 0.02 * (high - low)
        limits = np.array(self.shape[::-1])
        # Off the source means without a cell in common; the reach alone counts for nothing.
        if np.any(high <= 0) or np.any(low >= limits):
            return None
        left, top = (max(0, floor(value)) for value in low - reach)
        right, bottom = np.minimum(limits, [ceil(value) for value in high + reach])
        return Window(top, left, int(bottom) - top, int(right) - left)

    def warp(
        self, values: NDArray[np.float64], part: Window, window: Window, method: str
    ) -> NDArray[np.float64]:
        """Return a part of the source resampled to a window of the grid.

        Between two CRS, GDAL interpolates the transformation within an eighth of a source
        cell, and from points that depend on the window. In one CRS the result depends on
        the window by rounding only.

        Parameters
        ----------
        values : array, shape of `part`
            NaN where missing; missing cells take no part in an average.
        part : Window
            Where `values` lie in the source, from `source_window`.
        window : Window
            Of the grid.
        method : str
            From `choose_resampling`.
        """
        if method == "mode":
            # GDAL counts classes in float32, which would change codes above 2**24.
            codes, ranks = np.unique(values, return_inverse=True)
            values = np.where(np.isnan(values), np.nan, ranks.reshape(values.shape))
        warped = np.full(window.shape, np.nan)
        rasterio.warp.reproject(
            values,
            warped,
            src_transform=self.transform @ Affine.translation(part.col, part.row),
            src_crs=_gdal_crs(self.crs),
            src_nodata=np.nan,
            dst_transform=self.grid.crop(window).transform,
            # The same text for both, where they are the same system spelt in two ways.
            dst_crs=_gdal_crs(self.crs if self._to_source is None else self.grid.crs),
            dst_nodata=np.nan,
            resampling=rasterio.warp.Resampling[method],
            num_threads=1,
            # Left alone, GDAL takes the ratio of the sizes of both arrays for the ratio of
            # cells, and would smooth a window of few rows by the reach of `part` around it.
            XSCALE=1 / self._source_cells[0],
            YSCALE=1 / self._source_cells[1],
        )
        if method == "mode":
            found = ~np.isnan(warped)
            warped[found] = codes[warped[found].astype(np.int64)]
        return warped


def _gdal_crs(text: str) -> rasterio.crs.CRS:
    return rasterio.crs.CRS.from_user_input(text)
