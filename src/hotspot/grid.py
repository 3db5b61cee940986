"""The raster grid as one immutable value: CRS, affine transform and shape."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil, isfinite
from typing import Any, Self

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from hotspot.errors import GridError

Coordinates = NDArray[np.float64]
"""Array of shape (n, 2), columns easting and northing, in the units of the CRS."""


def parse_crs(text: str) -> CRS:
    """Return the coordinate reference system that a text names.

    Parameters
    ----------
    text : str
        An authority code such as ``EPSG:28992``, or WKT.

    Raises
    ------
    GridError
        The text is empty or names no known system.
    """
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise GridError(
            f"No coordinate reference system is known as {text!r}. "
            "Give an authority code such as EPSG:28992, or WKT."
        ) from error


def same_crs(first: str, second: str) -> bool:
    """Whether two texts name the same coordinate reference system.

    Files spell a system in several ways; the order of its axes is not part of the question,
    since coordinates are easting, northing throughout.

    Examples
    --------
    >>> same_crs("EPSG:28992", CRS("EPSG:28992").to_wkt("WKT1_GDAL"))
    True
    >>> same_crs("EPSG:28992", "EPSG:28991")
    False
    """
    one, other = parse_crs(first), parse_crs(second)
    if one.equals(other, ignore_axis_order=True):
        return True
    code = one.to_epsg()
    return code is not None and code == other.to_epsg()


@dataclass(frozen=True)
class Window:
    """A rectangle of cells: upper-left row and column, and its size in cells."""

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Slices of an array of shape (rows, cols) that cut out this window."""
        return (
            slice(self.row, self.row + self.height),
            slice(self.col, self.col + self.width),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the window, (rows, cols)."""
        return (self.height, self.width)


@dataclass(frozen=True)
class Grid:
    """A north-up raster grid in one coordinate reference system.

    Parameters
    ----------
    crs : str
        Authority code such as ``EPSG:28992``, or WKT.
    transform : Affine
        From (column, row) to (easting, northing) of a cell's upper-left corner. North-up:
        no rotation, positive cell width, negative cell height.
    shape : tuple of int
        (rows, cols).

    Raises
    ------
    GridError
        The grid is rotated or empty, or the CRS is unknown.

    Examples
    --------
    >>> grid = Grid.from_region((0, 100, 0, 80), 40, "EPSG:28992")
    >>> grid.shape, grid.region
    ((2, 3), (0.0, 120.0, 0.0, 80.0))
    >>> rows, cols, inside = grid.cells(np.array([[50.0, 10.0], [500.0, 10.0]]))
    >>> rows, cols, inside
    (array([1, 1]), array([ 1, 12]), array([ True, False]))
    """

    crs: str
    transform: Affine
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        parse_crs(self.crs)
        step = self.transform
        if step.b or step.d or step.a <= 0 or step.e >= 0:
            raise GridError(
                f"The grid is not north-up: its transform is {tuple(step)[:6]}. "
                "Warp the raster to a north-up grid first."
            )
        if min(self.shape) < 1:
            raise GridError(
                f"The grid is empty: {self.shape[0]} rows and {self.shape[1]} columns. "
                "Give a region larger than one cell."
            )

    @classmethod
    def from_region(
        cls, region: tuple[float, float, float, float], resolution: float, crs: str
    ) -> Self:
        """Return the smallest grid that covers a region, with its corner at (west, north).

        Parameters
        ----------
        region : tuple of float
            (west, east, south, north) in the units of `crs`.
        resolution : float
            Side of a cell in the units of `crs`.
        crs : str
            Authority code or WKT.
        """
        west, east, south, north = region
        numbers = (*region, resolution)
        if not (
            east > west and north > south and resolution > 0 and all(map(isfinite, numbers))
        ):
            raise GridError(
                f"The region {region} with cells of {resolution} holds no cell. "
                "The order is west, east, south, north; the resolution is above 0."
            )
        # A whisker of tolerance: a region of exactly n cells must not gain one by rounding.
        cols = max(1, ceil((east - west) / resolution - 1e-9))
        rows = max(1, ceil((north - south) / resolution - 1e-9))
        transform = Affine(resolution, 0, west, 0, -resolution, north)
        return cls(crs=crs, transform=transform, shape=(rows, cols))

    @cached_property
    def pyproj_crs(self) -> CRS:
        """The CRS as a pyproj object."""
        return parse_crs(self.crs)

    @property
    def is_projected(self) -> bool:
        """Whether distances on this grid are lengths, not degrees."""
        return bool(self.pyproj_crs.is_projected)

    @property
    def resolution(self) -> tuple[float, float]:
        """Cell width and height, in the units of the CRS."""
        return (self.transform.a, -self.transform.e)

    @property
    def region(self) -> tuple[float, float, float, float]:
        """(west, east, south, north), in the units of the CRS."""
        width, height = self.resolution
        west, north = self.transform.c, self.transform.f
        return (
            float(west),
            float(west + width * self.shape[1]),
            float(north - height * self.shape[0]),
            float(north),
        )

    @property
    def cell_area_m2(self) -> float:
        """Area of one cell in square metres; a geographic CRS is refused."""
        width, height = self.resolution
        return width * height * self.metres_per_unit**2

    @property
    def metres_per_unit(self) -> float:
        """Length of one unit of the CRS in metres; a geographic CRS is refused."""
        if not self.is_projected:
            raise GridError(
                f"Lengths and areas on a grid of {self.crs} are in degrees. "
                "Give the grid a projected CRS, such as the UTM zone of the region."
            )
        return float(self.pyproj_crs.axis_info[0].unit_conversion_factor)

    def cells(
        self, coordinates: Coordinates
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return row, column and whether the cell lies on the grid, for each point.

        A point on the east or south edge of a cell belongs to the next one. A point without
        coordinates lies outside, in cell (-1, -1).
        """
        width, height = self.resolution
        known = np.isfinite(coordinates).all(axis=1)
        east = (coordinates[:, 0] - self.transform.c) / width
        south = (self.transform.f - coordinates[:, 1]) / height
        # Clipped far outside the grid, where every number still fits an integer.
        cols = np.floor(np.where(known, east, -1).clip(-(2**53), 2**53)).astype(np.int64)
        rows = np.floor(np.where(known, south, -1).clip(-(2**53), 2**53)).astype(np.int64)
        inside = (rows >= 0) & (rows < self.shape[0]) & (cols >= 0) & (cols < self.shape[1])
        return rows, cols, inside

    def centres(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Coordinates:
        """Return the coordinates of cell centres, shape (n, 2)."""
        width, height = self.resolution
        easting = self.transform.c + (cols + 0.5) * width
        northing = self.transform.f - (rows + 0.5) * height
        return np.column_stack([easting, northing]).astype(np.float64)

    def windows(self, size: int = 512) -> Iterator[Window]:
        """Yield the windows that tile the grid, row by row; edge windows are smaller."""
        for row in range(0, self.shape[0], size):
            for col in range(0, self.shape[1], size):
                yield Window(
                    row, col, min(size, self.shape[0] - row), min(size, self.shape[1] - col)
                )

    def crop(self, window: Window) -> "Grid":
        """Return the part of the grid under a window."""
        corner = self.transform @ Affine.translation(window.col, window.row)
        return Grid(crs=self.crs, transform=corner, shape=window.shape)

    def pad(self, cells: int) -> "Grid":
        """Return the grid grown by a number of cells on each side."""
        rows, cols = self.shape
        return self.crop(Window(-cells, -cells, rows + 2 * cells, cols + 2 * cells))

    def aligned_with(self, other: "Grid") -> bool:
        """Whether the cells of both grids are the same cells, to a millionth of a cell.

        The corners are compared: a cell size that differs in the last digits adds up over a
        wide grid.
        """
        width, height = self.resolution
        steps = (width, width, height, height)
        return (
            self.shape == other.shape
            and same_crs(self.crs, other.crs)
            and all(
                abs(mine - theirs) <= 1e-6 * step
                for mine, theirs, step in zip(self.region, other.region, steps, strict=True)
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as plain values for JSON."""
        return {
            "crs": self.crs,
            "transform": [float(value) for value in tuple(self.transform)[:6]],
            "shape": list(self.shape),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the grid that `to_dict` described."""
        rows, cols = values["shape"]
        return cls(
            crs=values["crs"],
            transform=Affine(*values["transform"]),
            shape=(int(rows), int(cols)),
        )
