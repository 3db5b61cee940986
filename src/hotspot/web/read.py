"""What the viewer reads from disk: tiles, cells, covariates, hotspots, tags."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Imported here and not where they are used: requests are answered by several threads, and
# libraries whose modules import each other in a circle fail when two threads begin at once.
import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from rasterio.errors import RasterioError
from rio_tiler.errors import RioTilerError, TileOutsideBounds
from rio_tiler.io import Reader

from hotspot.errors import CovariateError
from hotspot.grid import Grid, Window
from hotspot.rasters import open_raster, read_window
from hotspot.web.refusal import RequestError
from hotspot.web.tiles import TILE_SIZE, Tile

WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Folders:
    """Where the files of one experiment lie.

    Parameters
    ----------
    maps, explanations, models : Path
        Each with one folder per contaminant.
    covariates : Path
        One raster per covariate.
    samples : Path
        The table of samples.
    notes, reviews : Path
        What reviewers write; the only files that the viewer writes.
    """

    maps: Path
    explanations: Path
    models: Path
    covariates: Path
    samples: Path
    notes: Path
    reviews: Path

    def statements(self, contaminant: str) -> Path:
        """Return the statements that can be reviewed, if they were made."""
        return self.explanations / contaminant / "statements.json"

    def hotspots(self, contaminant: str) -> Path:
        """Return the polygons of a contaminant's hotspots."""
        return self.maps / contaminant / "hotspots.gpkg"


def read_tile(path: Path, tile: Tile, grid: Grid) -> NDArray[np.float64] | None:
    """Return a layer under a tile, every pixel with the value of the cell under it.

    Zoomed out, the overviews of the file are read: averages of numbers, the commonest of
    codes.

    Returns
    -------
    array, shape (TILE_SIZE, TILE_SIZE), or None
        NaN where missing; None where the tile lies beside the layer.

    Raises
    ------
    RequestError
        The file is missing, damaged, or not on the grid.
    """
    with _opened(path, grid) as dataset:
        try:
            image = Reader(None, dataset=dataset).tile(
                tile.x,
                tile.y,
                tile.z,
                tilesize=TILE_SIZE,
                resampling_method="nearest",
                reproject_method="nearest",
                # Probabilities may be stored as whole numbers with a scale.
                unscale=True,
            )
        except TileOutsideBounds:
            return None
        except RioTilerError as error:
            raise _unreadable(path, error) from error
        values = image.array[0].astype(np.float64)
    return np.ma.filled(values, np.nan)


def read_cell(path: Path, row: int, col: int, grid: Grid) -> float:
    """Return the value of one cell of a layer, NaN where it is missing.

    Raises
    ------
    RequestError
        The file is missing, damaged or on another grid.
    """
    with _opened(path, grid) as dataset:
        return float(read_window(dataset, Window(row, col, 1, 1))[0, 0])


def read_tags(path: Path) -> dict[str, str]:
    """Return the tags of a raster.

    Raises
    ------
    RequestError
        The file is missing or damaged.
    """
    with _opened(path) as dataset:
        return {str(key): str(value) for key, value in dataset.tags().items()}


def read_covariates(
    folder: Path, names: Sequence[str], window: Window, *, grid: Grid, step: int = 1
) -> NDArray[np.float64]:
    """Return covariates under a window, all cells or thinned by a step.

    Parameters
    ----------
    folder : Path
        Of the rasters.
    names : sequence of str
        Covariates in the order wanted.
    window : Window
        In cells of the grid.
    grid : Grid
        That of the rasters.
    step : int
        1 for the cells themselves; above, overviews are read.

    Returns
    -------
    array, shape (n_covariates, ceil(rows / step), ceil(cols / step))
        NaN where missing.

    Raises
    ------
    RequestError
        A raster is missing, damaged or on another grid.
    """
    shape = (-(-window.height // step), -(-window.width // step))
    values = np.empty((len(names), *shape))
    for band, name in enumerate(names):
        with _opened(folder / f"{name}.tif", grid) as dataset:
            if step == 1:
                values[band] = read_window(dataset, window)
                continue
            where = ((window.row, window.row + window.height), _cols(window))
            thinned = dataset.read(1, window=where, out_shape=shape, masked=True)
            values[band] = np.ma.filled(thinned.astype(np.float64), np.nan)
    return values


def read_hotspots(path: Path) -> gpd.GeoDataFrame:
    """Return the hotspots of a contaminant in WGS 84, in the order of their rank.

    Raises
    ------
    RequestError
        The file is missing or damaged.
    """
    if not path.is_file():
        raise _missing(path)
    try:
        frame = gpd.read_file(path, layer="hotspots", engine="pyogrio")
    except (DataSourceError, ValueError) as error:
        raise _unreadable(path, error) from error
    return frame.sort_values("rank").to_crs(WGS84)


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is replaced, or None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


@contextmanager
def _opened(path: Path, grid: Grid | None = None) -> Iterator[Any]:
    """Open a raster, and refuse in words whatever is wrong with it, now or while it is read."""
    if not path.is_file():
        raise _missing(path)
    try:
        with open_raster(path) as dataset:
            if grid is not None and not _lies_on(dataset, grid):
                raise RequestError(
                    503,
                    wrong="This layer does not lie on the grid of the model.",
                    seen=(
                        f"{path.name} of {path.parent.name} has {dataset.shape} cells, the "
                        f"model {grid.shape}."
                        if dataset.crs is not None
                        else f"{path.name} of {path.parent.name} does not tell where it lies."
                    ),
                    remedy="Run `hotspot run` again, so that all comes from one run.",
                )
            yield dataset
    except (RasterioError, CovariateError) as error:
        raise _unreadable(path, error) from error


def _lies_on(dataset: Any, grid: Grid) -> bool:
    """Return whether a raster lies on a grid; a cut file has lost its place."""
    return bool(
        dataset.crs is not None
        and dataset.shape == grid.shape
        and np.allclose(tuple(dataset.transform), tuple(grid.transform))
    )


def _cols(window: Window) -> tuple[int, int]:
    return (window.col, window.col + window.width)


def _missing(path: Path) -> RequestError:
    return RequestError(
        404,
        wrong="This layer is not there.",
        seen=f"No file {path.name} of {path.parent.name}.",
        remedy="Run `hotspot run` to make it, or choose another layer.",
    )


def _unreadable(path: Path, error: Exception) -> RequestError:
    # The folders of this machine are nobody's business.
    reason = str(error).replace(str(path.absolute()), path.name).replace(str(path), path.name)
    return RequestError(
        503,
        wrong="This layer cannot be read.",
        seen=f"{path.name} of {path.parent.name}: {reason[:300]}",
        remedy="Run `hotspot run` to make it again, or choose another layer.",
    )
