"""The stack: all covariates on one grid, read by window or at points."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.covariates.remote import RemoteFile
from hotspot.covariates.remote_rasters import is_address, open_remote_raster, remote_reading
from hotspot.covariates.sampling import sample_points
from hotspot.covariates.store import CATALOGUE_FILE, read_catalogue
from hotspot.errors import CovariateError, few
from hotspot.grid import Coordinates, Grid, Window
from hotspot.rasters import (
    dataset_crs,
    fingerprint,
    open_raster,
    read_window,
)

# What `stack_digest` reads at the head and the tail of a raster: header and directories of
# the tiles of most files, and some of the data.
_SAMPLED_BYTES = 65536


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
        datasets = [
            files.enter_context(open_raster(folder / f"{name}.tif")) for name in catalogue.names
        ]
        return _stack(catalogue, grid, datasets, files)


@dataclass(frozen=True)
class StackElsewhere:
    """Covariates that another process opens for itself, at a place of its own.

    Values only, so that it can be sent there. The rasters there must be those of the stack
    it was made of; a copy that was made before they were written anew is refused.

    Parameters
    ----------
    place : str
        Folder as the other machine sees it, or an address (``https://``, ``s3://``, ``gs://``,
        ``az://``) below which ``<covariate>.tif`` lie.
    catalogue : Catalogue
        The covariates.
    grid : Grid
        Of all of them.
    fingerprints : tuple
        Of each raster, by `hotspot.rasters.fingerprint`.
    """

    place: str
    catalogue: Catalogue
    grid: Grid
    fingerprints: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, stack: "Stack", place: str) -> Self:
        """Return what another process needs to open a stack at a place."""
        return cls(place.rstrip("/"), stack.catalogue, stack.grid, stack.fingerprints)

    @contextmanager
    def open(self) -> Iterator["Stack"]:
        """Give the stack, and close it at the end.

        Raises
        ------
        CovariateError
            A raster is missing, on another grid, or not the one that is meant.
        """
        with ExitStack() as files:
            datasets = []
            with remote_reading():
                for name in self.catalogue.names:
                    where = f"{self.place}/{name}.tif"
                    opened = (
                        open_remote_raster(RemoteFile(where))
                        if is_address(self.place)
                        else open_raster(Path(where))
                    )
                    datasets.append(files.enter_context(opened))
            with _stack(self.catalogue, self.grid, datasets, files) as stack:
                pairs = zip(stack.fingerprints, self.fingerprints, strict=True)
                other = [
                    name
                    for name, (found, meant) in zip(self.catalogue.names, pairs, strict=True)
                    if found != meant
                ]
                if other:
                    raise CovariateError(
                        f"The rasters of {few(other)} in {self.place} are not those of this "
                        "experiment: their tiles have other lengths. Copy the covariates of "
                        "the experiment there again."
                    )
                yield stack


def _stack(
    catalogue: Catalogue, grid: Grid, datasets: Sequence[Any], files: ExitStack
) -> "Stack":
    """Return a stack of open rasters, once all of them are known to lie on the grid."""
    for name, dataset in zip(catalogue.names, datasets, strict=True):
        crs = dataset_crs(dataset)
        found = crs and Grid(crs=crs, transform=dataset.transform, shape=dataset.shape)
        if not found or not found.aligned_with(grid):
            raise CovariateError(
                f"{name}.tif is not on the grid of the stack, {grid.shape} cells in "
                f"{grid.region} of {grid.crs}; it has {dataset.shape} cells in "
                f"{tuple(dataset.bounds)} of {crs}. Run `hotspot covariates` again."
            )
    return Stack(catalogue, grid, datasets=datasets, files=files.pop_all())


def stack_digest(folder: Path) -> str:
    """Return a hash that changes when a raster of a folder of covariates is written again.

    Of each file it takes the name, size, time of the last change in nanoseconds, and 64 KiB
    at either end; of the catalogue the whole content. A raster that was written anew has
    another time even where its size is the same, so a stale answer would need a file changed
    in the middle, of the same size, with its time set back. Reading everything would be
    certain, and would cost a continental stack of 500 GB half an hour before each start.
    A copy that does not keep times counts as changed, which costs time and never a wrong map.
    """
    catalogue, _ = read_catalogue(folder)
    whole = hashlib.sha256((folder / CATALOGUE_FILE).read_bytes())
    for name in catalogue.names:
        path = folder / f"{name}.tif"
        status = path.stat()
        whole.update(f"\n{name}:{status.st_size}:{status.st_mtime_ns}:".encode())
        with path.open("rb") as file:
            whole.update(file.read(_SAMPLED_BYTES))
            file.seek(max(0, status.st_size - _SAMPLED_BYTES))
            whole.update(file.read())
    return whole.hexdigest()


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

    @property
    def blocks(self) -> tuple[int, int]:
        """Rows and columns of the largest block that is decoded at once."""
        shapes = [shape for dataset in self._datasets for shape in dataset.block_shapes]
        return max(int(rows) for rows, _ in shapes), max(int(cols) for _, cols in shapes)

    @property
    def stored_bytes(self) -> int:
        """Size of the files together."""
        return sum(Path(dataset.name).stat().st_size for dataset in self._datasets)

    @property
    def fingerprints(self) -> tuple[tuple[str, ...], ...]:
        """What tells the file of each covariate from one that was written anew."""
        return tuple(fingerprint(dataset) for dataset in self._datasets)

    def read_one(self, name: str, window: Window) -> NDArray[np.float64]:
        """Return one covariate of a window, shape (rows, cols); NaN where missing."""
        return read_window(self._datasets[self.catalogue.names.index(name)], window)

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
        values = sample_points(self._datasets, self.grid, coordinates)
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
        missing = np.zeros(values.shape[1], dtype=np.bool_)
        for band in values:
            missing |= np.isnan(band)
        positions = np.flatnonzero(~missing).astype(np.int64)
        if missing.any():
            values = np.take(values, positions, axis=1)
        # Nobody else holds these numbers, so the table need not copy them.
        table = pd.DataFrame(values.T, columns=list(self.catalogue.names), copy=False)
        return table, positions
