"""Squares of the web map: where they lie, and how numbers become their colours."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.crs import CRS
from rasterio.warp import Resampling, reproject

from hotspot.grid import Grid
from hotspot.maps.styles import LayerStyle
from hotspot.web.refusal import RequestError

TILE_SIZE = 256
# A pixel is then 9 mm wide at the equator.
DEEPEST_ZOOM = 24
WEB_MERCATOR = "EPSG:3857"
# Pixels from line to line of a hatching, across and down: a part of a tile's side.
_HATCH = 8
HATCH_COLOUR = (0x3F, 0x47, 0x4D)
# Half the width of the web map, metres.
_HALF = 20037508.342789244


@dataclass(frozen=True)
class Tile:
    """A square of the web map (EPSG:3857), counted from the upper left.

    Parameters
    ----------
    z, x, y : int
        Zoom from 0; column and row, below ``2**z``.

    Raises
    ------
    RequestError
        There is no such tile.

    Examples
    --------
    >>> Tile(1, 1, 0).bounds
    (0.0, 0.0, 20037508.342789244, 20037508.342789244)
    """

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        fits = 0 <= self.z <= DEEPEST_ZOOM
        if not fits or not (0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z):
            raise RequestError(
                404,
                wrong="There is no such tile.",
                seen=f"Zoom {self.z}, column {self.x}, row {self.y}.",
                remedy=f"Ask for a zoom up to {DEEPEST_ZOOM}, column and row below 2**zoom.",
            )

    @property
    def side(self) -> float:
        """Length of a side in metres of the web map."""
        return 2.0 * _HALF / float(2**self.z)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north), in metres of the web map."""
        west, north = self.x * self.side - _HALF, _HALF - self.y * self.side
        return (west, north - self.side, west + self.side, north)

    @property
    def transform(self) -> Affine:
        """From (column, row) of a pixel to the web map."""
        west, _, _, north = self.bounds
        pixel = self.side / TILE_SIZE
        return Affine(pixel, 0.0, west, 0.0, -pixel, north)


def warp(values: NDArray[np.float32], grid: Grid, tile: Tile) -> NDArray[np.float64]:
    """Return an array on a grid under a tile, every pixel with the value of its cell.

    Returns
    -------
    array, shape (TILE_SIZE, TILE_SIZE)
        NaN where the grid does not reach or has no value.
    """
    target = np.full((TILE_SIZE, TILE_SIZE), np.nan, dtype=np.float32)
    reproject(
        values,
        target,
        src_transform=grid.transform,
        src_crs=CRS.from_user_input(grid.crs),
        src_nodata=np.nan,
        dst_transform=tile.transform,
        dst_crs=CRS.from_user_input(WEB_MERCATOR),
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
    )
    return target.astype(np.float64)


def paint(
    values: NDArray[np.float64] | None,
    style: LayerStyle,
    *,
    hatched: NDArray[np.bool_] | None = None,
) -> bytes:
    """Return values as a PNG in the colours of a class table; missing is transparent.

    Parameters
    ----------
    values : array, shape (rows, cols), or None
        Numbers or codes with NaN; None for a tile beside the map.
    style : LayerStyle
        The class table, the same as for QGIS.
    hatched : bool array, shape (rows, cols), optional
        Where thin lines are drawn over the colours; they go on from tile to tile.
    """
    if values is None:
        values = np.full((TILE_SIZE, TILE_SIZE), np.nan)
    index = style.classify(values)
    missing = len(style.classes)
    unknown = index < 0
    index[unknown] = missing
    if hatched is not None:
        row, col = np.indices(index.shape)
        index[hatched & ~unknown & ((row + col) % _HATCH == 0)] = missing + 1
    colours = [number for entry in style.classes for number in entry.rgba[:3]]
    # One byte a pixel and a table of colours: a tenth of four numbers a pixel.
    image = Image.fromarray(index.astype(np.uint8))
    image.putpalette([*colours, 0, 0, 0, *HATCH_COLOUR])
    stream = BytesIO()
    image.save(stream, format="PNG", transparency=missing)
    return stream.getvalue()
