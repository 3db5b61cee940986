"""Finished windows of a map on disk, so that an interrupted map goes on where it stopped."""

import os
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from hotspot.errors import OutputError
from hotspot.grid import Window
from hotspot.maps.journal import Entry, Journal

_JOURNAL = "journal"
_LOCK = "lock"


@dataclass(frozen=True)
class Work:
    """Where finished windows are kept until the map is complete, and what they depend on.

    Parameters
    ----------
    folder : Path
        Of its own, on the disk of the map; made if needed, and left for the next attempt
        when this one is interrupted. `discard` removes it.
    depends : mapping of str to str
        Hashes of everything that the windows depend on and that the map itself cannot see,
        under names for people: the model, the covariates, the software. Layers, decision,
        encoding and window grid are added by the map.
    """

    folder: Path
    depends: Mapping[str, str] = field(default_factory=dict)

    def discard(self) -> None:
        """Remove the finished windows."""
        shutil.rmtree(self.folder, ignore_errors=True)


class FinishedWindows:
    """The layers of finished windows, kept in one working file per layer.

    A working file holds the windows one after the other in the order of finishing, each
    compressed by itself (zstd, fast); the journal says where. Data are on disk before the
    journal says so, and both end with checksums, so that stopping at any moment, even by
    cutting the power, loses the windows under way and no other: a torn line or a torn window
    is noticed and the window is done again.

    Not a GeoTIFF: GDAL keeps the places of the tiles in memory until it closes the file, so
    that a killed program loses all of them.

    Parameters
    ----------
    work : Work
        The folder and what the windows depend on.
    layers : mapping of str
        Data type of each layer in memory, ``float32`` or ``uint8``, in order.
    windows : sequence of Window
        All windows of the map; their numbers are their places here.

    Attributes
    ----------
    stale : str or None
        Why windows that were there were thrown away.

    Raises
    ------
    OutputError
        Another program is at work in the folder, or it cannot be written.
    """

    def __init__(
        self, work: Work, layers: Mapping[str, str], windows: Sequence[Window]
    ) -> None:
        self.folder = work.folder
        self.windows = tuple(windows)
        self._layers = {name: np.dtype(dtype) for name, dtype in layers.items()}
        self._journal = Journal(self.folder / _JOURNAL, work.depends)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._lock(opened)
                opened.enter_context(self._journal)
                self.stale = self._journal.stale
                self._files = [
                    opened.enter_context(self._path(name).open("a+b")) for name in self._layers
                ]
                self._check()
                _sync_folder(self.folder)
            except OSError as error:
                raise _not_kept(self.folder, error) from error
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    @property
    def missing(self) -> list[int]:
        """Numbers of the windows that are not finished, in order."""
        done = self._journal.entries
        return [number for number in range(len(self.windows)) if number not in done]

    @property
    def size(self) -> int:
        """Bytes in the working files."""
        return sum(file.seek(0, os.SEEK_END) for file in self._files)

    def add(self, number: int, layers: Mapping[str, bytes]) -> None:
        """Keep the layers of a window, as `pack_layers` gives them.

        They are on disk when this returns.
        """
        places = []
        try:
            for file, name in zip(self._files, self._layers, strict=True):
                data = layers[name]
                at = file.seek(0, os.SEEK_END)
                file.write(data)
                file.flush()
                places.append((at, len(data), zlib.crc32(data)))
            for file in self._files:
                os.fsync(file.fileno())
            self._journal.add(Entry(number, tuple(places)))
        except OSError as error:
            raise _not_kept(self.folder, error) from error

    def read(self, name: str) -> Iterator[tuple[Window, NDArray[Any]]]:
        """Yield a layer window by window, in the order of the grid.

        Safe in a thread of its own.

        Raises
        ------
        OutputError
            A window is missing, or the disk has changed its bytes.
        """
        position = list(self._layers).index(name)
        dtype = self._layers[name]
        with self._path(name).open("rb") as file:
            for number, window in enumerate(self.windows):
                entry = self._journal.entries.get(number)
                data = None if entry is None else _piece(file, entry.places[position])
                if data is None:
                    raise OutputError(
                        f"Window {number} of {name} was finished and cannot be read back from "
                        f"{self.folder}. Run again: only what is damaged is done anew; check "
                        "the disk if it happens twice."
                    )
                yield window, unpack(data, dtype, window.shape)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.windows"

    def _lock(self, opened: ExitStack) -> None:
        lock = FileLock(self.folder / _LOCK, timeout=0)
        try:
            opened.enter_context(lock)
        except Timeout as error:
            raise OutputError(
                f"Another program is making the map in {self.folder}. Wait for it or stop it, "
                "then run again."
            ) from error

    def _check(self) -> None:
        """Forget windows whose bytes are not all there, and cut off what no line names."""
        bad: set[int] = set()
        ends = [0] * len(self._files)
        for position, file in enumerate(self._files):
            for number, entry in self._journal.entries.items():
                if number >= len(self.windows) or _piece(file, entry.places[position]) is None:
                    bad.add(number)
                else:
                    at, length, _ = entry.places[position]
                    ends[position] = max(ends[position], at + length)
        if bad:
            self._journal.drop(sorted(bad))
        for file, end in zip(self._files, ends, strict=True):
            file.truncate(end)


def pack_layers(layers: Mapping[str, NDArray[Any]]) -> dict[str, bytes]:
    """Return the layers of a window as `FinishedWindows` keeps them."""
    return {name: pack(values) for name, values in layers.items()}


def pack(values: NDArray[Any]) -> bytes:
    """Return an array as compressed bytes.

    The first bytes of all numbers come first, then the second, and so on: neighbours in a
    map share their first bytes, which then shrink to almost nothing.
    """
    from pyarrow import Codec

    width = values.dtype.itemsize
    planes = np.ascontiguousarray(values).view(np.uint8).reshape(-1, width).T
    packed = Codec("zstd", compression_level=1).compress(np.ascontiguousarray(planes))
    return bytes(packed)


def unpack(data: bytes, dtype: np.dtype[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """Return the array that `pack` was given."""
    from pyarrow import Codec

    cells = shape[0] * shape[1]
    plain = Codec("zstd").decompress(data, decompressed_size=cells * dtype.itemsize)
    planes = np.frombuffer(plain, dtype=np.uint8).reshape(dtype.itemsize, cells)
    return np.ascontiguousarray(planes.T).view(dtype).reshape(shape)


def check_space(folder: Path, needed: float, already: int = 0) -> None:
    """Raise `OutputError` unless the disk of a folder has room for a number of bytes.

    Parameters
    ----------
    folder : Path
        Where the files shall lie.
    needed : float
        Bytes of all files together.
    already : int
        Bytes of them that are there.
    """
    free = shutil.disk_usage(folder).free
    if free < needed - already:
        raise OutputError(
            f"The map needs about {(needed - already) / 1e9:.3g} GB on the disk of {folder}, "
            f"and {free / 1e9:.3g} GB are free. Free space, ask for fewer layers "
            "(predict.layers), or map a smaller region or larger cells."
        )


def _piece(file: Any, place: tuple[int, int, int]) -> bytes | None:
    """Return the bytes at a place, or None where they are not those that were written."""
    at, length, checksum = place
    file.seek(at)
    data: bytes = file.read(length)
    return data if len(data) == length and zlib.crc32(data) == checksum else None


def _sync_folder(folder: Path) -> None:
    """Make sure that the names of new files are on disk, where the system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _not_kept(folder: Path, error: OSError) -> OutputError:
    if isinstance(error, OutputError):
        return error
    return OutputError(
        f"{folder} could not be written: {error.strerror or error}. The windows that were "
        f"finished are kept. Free space or give write permission, then run "
        "again to go on."
    )
