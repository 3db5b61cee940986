"""Speed of point sampling and of exact distances, against the usual ways.

Run from the root of the project::

    nice python benchmarks/covariates.py > docs/benchmarks/covariates.md

Both ways of a pair take turns, so that a busy machine slows both. What is compared is time of
the processor, not of the clock. Nothing is read but what the script writes to a temporary
folder (0.3 GB).
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from hotspot.covariates.euclidean import StripDistance, cell_distance
from hotspot.covariates.sampling import sample_points
from hotspot.grid import Grid
from hotspot.rasters import CogWriter, open_raster

REPEATS = 7
SIDE = 4096
BANDS = 4
POINTS = (20_000, 100_000)
SHARES = (0.0001, 0.01, 0.2)

HEAD = f"""\
# Covariates: points and distances

Time of the processor of the usual way over that of `hotspot`, median of {REPEATS} turns taken
in alternation, with the smallest and largest ratio of a turn. Results are compared before times
are: values at points and strips to the last bit, distances to 1e-9. Made by
`nice python benchmarks/covariates.py > docs/benchmarks/covariates.md`.

Points come in random order. Both ways decode every block once, from the cache of GDAL or not;
what is saved is the work per point, so that the ratio grows with the points per block.

| task | usual way | hotspot | seconds, usual | seconds, hotspot | ratio |
| --- | --- | --- | --- | --- | --- |"""


def turns(usual: Callable[[], object], ours: Callable[[], object]) -> list[tuple[float, float]]:
    """Return seconds of the processor of both ways, turn by turn."""
    found = []
    for _ in range(REPEATS):
        pair = []
        for way in (usual, ours):
            start = time.process_time()
            way()
            pair.append(time.process_time() - start)
        found.append((pair[0], pair[1]))
    return found


def row(task: str, usual: str, ours: str, found: list[tuple[float, float]]) -> None:
    """Print a row of the table."""
    ratios = sorted(slow / fast for slow, fast in found)
    slow, fast = (statistics.median(side) for side in zip(*found, strict=True))
    print(
        f"| {task} | {usual} | {ours} | {slow:.2f} | {fast:.2f} | "
        f"**{statistics.median(ratios):.1f}** ({ratios[0]:.1f} to {ratios[-1]:.1f}) |",
        flush=True,
    )


def write_bands(folder: Path, grid: Grid) -> list[Path]:
    """Write bands as `hotspot covariates` does: smooth and noisy ones, some with holes."""
    rng = np.random.default_rng(0)
    paths = []
    rows, cols = np.mgrid[0:SIDE, 0:SIDE]
    for band in range(BANDS):
        smooth = np.sin(rows / (150 + 40 * band)) + np.cos(cols / 210)
        noise = rng.normal(size=grid.shape) if band % 2 else 0.0
        values = np.where(rng.random(grid.shape) < 0.02 * band, np.nan, smooth + noise)
        paths.append(folder / f"band_{band}.tif")
        with CogWriter(paths[-1], grid) as writer:
            for window in grid.windows(512):
                writer.write(window, values[window.slices])
    return paths


def sample_one_by_one(paths: list[Path], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values at points as `rasterio.sample` gives them."""
    found = np.empty((len(points), len(paths)))
    for band, path in enumerate(paths):
        with rasterio.open(path) as dataset:
            values = (value[0] for value in dataset.sample(points))
            found[:, band] = np.fromiter(values, np.float64, len(points))
    return found


def sample_by_block(
    paths: list[Path], grid: Grid, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return values at points, files opened and closed as in the other way."""
    datasets = [open_raster(path) for path in paths]
    try:
        return sample_points(datasets, grid, points)
    finally:
        for dataset in datasets:
            dataset.close()


def sampling() -> None:
    """Compare the sampling of points in random order."""
    grid = Grid("EPSG:28992", Affine(10, 0, 0, 0, -10, 10 * SIDE), (SIDE, SIDE))
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_bands(Path(folder), grid)
        for count in POINTS:
            cells = rng.integers(0, SIDE, (2, count))
            points = grid.centres(cells[0], cells[1])

            def usual(points: NDArray[np.float64] = points) -> NDArray[np.float64]:
                return sample_one_by_one(paths, points)

            def ours(points: NDArray[np.float64] = points) -> NDArray[np.float64]:
                return sample_by_block(paths, grid, points)

            np.testing.assert_array_equal(usual(), ours())
            task = f"{count} points, {BANDS} bands of {SIDE} x {SIDE}"
            row(task, "`rasterio.sample`", "`sample_points`", turns(usual, ours))


def distance() -> None:
    """Compare exact distances to marked cells, whole and strip by strip."""
    side = SIDE // 2
    for share in SHARES:
        marked = np.random.default_rng(2).random((side, side)) < share
        task = f"distance to {share:.2%} of {side} x {side} cells"

        def usual(marked: NDArray[np.bool_] = marked) -> NDArray[np.float64]:
            return np.asarray(distance_transform_edt(~marked, sampling=25.0))

        def ours(marked: NDArray[np.bool_] = marked) -> NDArray[np.float64]:
            return cell_distance(marked, (25.0, 25.0))

        def strips(marked: NDArray[np.bool_] = marked) -> NDArray[np.float64]:
            found = StripDistance(
                marked.shape, lambda window: marked[window.slices], resolution=(25.0, 25.0)
            )
            return np.vstack([found.read(window) for window in found.strips()])

        np.testing.assert_allclose(ours(), usual(), rtol=1e-12, atol=1e-9)
        np.testing.assert_array_equal(strips(), ours())
        row(task, "`scipy` transform", "`cell_distance`", turns(usual, ours))
        row(task, "`scipy` transform", "`StripDistance`", turns(usual, strips))


def main() -> None:
    """Print the page."""
    print(HEAD)
    sampling()
    distance()
    print(
        f"\nPython {sys.version.split()[0]}, numpy {np.__version__}, rasterio "
        f"{rasterio.__version__} with GDAL {rasterio.__gdal_version__}, one thread."
    )


if __name__ == "__main__":
    main()
