"""A synthetic stack of covariates of any size, for benchmarks.

Run from the root of the project::

    python benchmarks/make_stack.py FOLDER --size 4000

It writes what `hotspot covariates` writes: a catalogue and one raster per covariate, 16 of
them, in tiles of 512 cells, every other one packed by deflate or by zstd. Twelve hold float32:
six smooth ones, as climate and distances are, and six with noise at every cell, as
reflectances are; or so many noisy ones as are asked for. Four hold codes of classes in one
byte. About a fifth of the area has no data, in coherent patches as a sea makes them. Every
value follows from the seed and its place, so that windows are made one after the other, in
the memory of one window.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.windows import Window as RasterioWindow

from hotspot.covariates.catalogue import Catalogue, Covariate, Kind, Role
from hotspot.covariates.store import write_catalogue
from hotspot.grid import Grid, Window

TILE = 512
WAVES = 14
N_NUMBERS, N_NOISY, N_CLASSES = 12, 6, 4
SHARE_WITHOUT_DATA = 0.2
ROLES = tuple(Role)


def grid_of(rows: int, cols: int) -> Grid:
    """Return a grid of 30 m cells."""
    return Grid("EPSG:32633", Affine(30, 0, 300_000, 0, -30, 6_000_000), (rows, cols))


def covariates(n_noisy: int = N_NOISY) -> tuple[Covariate, ...]:
    """Return the covariates in order: smooth, noisy, classes."""
    numbers = [f"smooth_{n}" for n in range(N_NUMBERS - n_noisy)]
    numbers += [f"noisy_{n}" for n in range(n_noisy)]
    found = [
        Covariate(name, "1", Kind.CONTINUOUS, ROLES[place % len(ROLES)])
        for place, name in enumerate(numbers)
    ]
    found += [
        Covariate(
            f"class_{n}",
            "class",
            Kind.CATEGORICAL,
            Role.LAND_USE if n == 0 else Role.GEOLOGY,
            classes=tuple((code, f"class {code}") for code in range(8)),
        )
        for n in range(N_CLASSES)
    ]
    return tuple(found)


class Field:
    """A smooth random field: a sum of plane waves from 20 cells up to 4,000 cells long."""

    def __init__(self, seed: int, number: int, shortest: float = 20.0) -> None:
        draw = np.random.default_rng([seed, number])
        length = np.exp(draw.uniform(np.log(shortest), np.log(4000.0), WAVES))
        angle = draw.uniform(0, 2 * np.pi, WAVES)
        self._row = np.sin(angle) * 2 * np.pi / length
        self._col = np.cos(angle) * 2 * np.pi / length
        self._phase = draw.uniform(0, 2 * np.pi, WAVES)
        # Long waves are higher, as in most things on the ground.
        height = length**0.4
        self._height = height / np.sqrt((height**2).sum() / 2)

    def at(self, window: Window, step: int = 1) -> NDArray[np.float32]:
        """Return the field in every cell, or every so many, with about unit variance."""
        rows = np.arange(window.row, window.row + window.height, step)[:, np.newaxis]
        cols = np.arange(window.col, window.col + window.width, step)
        total = np.zeros((rows.size, cols.size), dtype=np.float32)
        for row, col, phase, height in zip(
            self._row, self._col, self._phase, self._height, strict=True
        ):
            # cos(a + b), from sines and cosines of rows and columns alone.
            a, b = row * rows + phase, col * cols
            total += (height * (np.cos(a) * np.cos(b) - np.sin(a) * np.sin(b))).astype("f4")
        return total


def bands(
    window: Window, seed: int, cut: float, n_noisy: int = N_NOISY
) -> Iterator[NDArray[np.float32]]:
    """Yield every covariate of a window in order, NaN where there are no data."""
    sea = Field(seed, 99, shortest=500.0).at(window) < cut
    noise = np.random.default_rng([seed, window.row, window.col])
    for number in range(N_NUMBERS + N_CLASSES):
        values = Field(seed, number).at(window)
        if number >= N_NUMBERS:
            values = np.clip(np.floor(2 * values + 4), 0, 7)
        elif number >= N_NUMBERS - n_noisy:
            values = np.round(values + noise.normal(0, 0.5, window.shape).astype("f4"), 3)
        values[sea] = np.nan
        yield values


def make_stack(
    folder: Path, shape: tuple[int, int], *, seed: int = 0, n_noisy: int = N_NOISY
) -> None:
    """Write the stack into a folder.

    Parameters
    ----------
    folder : Path
        Made if needed.
    shape : tuple of int
        Rows and columns.
    seed : int
        Of every value.
    n_noisy : int
        Covariates, of twelve, with noise at every cell.
    """
    folder.mkdir(parents=True, exist_ok=True)
    grid, known = grid_of(*shape), covariates(n_noisy)
    # The level of the sea, from about 10,000 cells.
    level = Field(seed, 99, shortest=500.0).at(Window(0, 0, *shape), max(1, max(shape) // 100))
    cut = float(np.quantile(level, SHARE_WITHOUT_DATA))
    datasets = []
    for number, covariate in enumerate(known):
        codes = covariate.is_categorical
        datasets.append(
            rasterio.open(
                folder / f"{covariate.name}.tif",
                "w",
                driver="GTiff",
                height=shape[0],
                width=shape[1],
                count=1,
                dtype="uint8" if codes else "float32",
                crs=grid.crs,
                transform=grid.transform,
                nodata=255 if codes else np.nan,
                tiled=True,
                blockxsize=TILE,
                blockysize=TILE,
                compress=("deflate", "zstd")[number % 2],
                predictor=2 if codes else 3,
                bigtiff="if_safer",
            )
        )
    for window in grid.windows(2 * TILE):
        place = RasterioWindow(window.col, window.row, window.width, window.height)
        for dataset, values in zip(datasets, bands(window, seed, cut, n_noisy), strict=True):
            if dataset.dtypes[0] == "uint8":
                values = np.where(np.isnan(values), 255, values).astype(np.uint8)
            dataset.write(values, 1, window=place)
    for dataset in datasets:
        dataset.close()
    write_catalogue(folder, Catalogue(known), grid)


def main() -> None:
    """Write a stack as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=2000, help="cells along a side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--noisy", type=int, default=N_NOISY, help="covariates with noise")
    given = parser.parse_args()
    make_stack(given.folder, (given.size, given.size), seed=given.seed, n_noisy=given.noisy)


if __name__ == "__main__":
    main()
