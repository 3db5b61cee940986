"""What a map would take, from a few windows that are really computed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from hotspot.maps.decision import DecisionRule
from hotspot.maps.encoding import stored_type
from hotspot.maps.engine import windows_in_flight
from hotspot.maps.layers import layer_named
from hotspot.maps.model import MapModel
from hotspot.maps.predict import MapOptions, map_windows
from hotspot.maps.store import pack
from hotspot.maps.window import CovariateStack, predict_window
from hotspot.rasters import bounded_cache, cog_size

# Windows that are computed; more would tell little more of a map of like windows.
_PROBES = 3
# GDAL's cache, and the raster that is being written.
_FIXED_BYTES = 200e6


class StoredStack(CovariateStack, Protocol):
    """A stack of covariates in files."""

    @property
    def stored_bytes(self) -> int:
        """Size of the files together."""
        ...


class Meter(Protocol):
    """What the machine shows while windows are computed."""

    def seconds(self) -> float:
        """Return the time, from any start."""
        ...

    def peak_bytes(self) -> int:
        """Return the largest memory of this program up to now."""
        ...


@dataclass(frozen=True)
class MapEstimate:
    """What a map would take.

    Parameters
    ----------
    cells, windows, probed : int
        Cells and windows of the map, and windows that were computed for the estimate.
    read_bytes, work_bytes, raster_bytes : int
        Covariates as stored; finished windows until the map is complete; rasters.
    read_seconds, compute_seconds, write_seconds : float
        Work of the one reader, of all computing threads together, and of making the rasters
        in all threads together.
    threads : int
        Computing at once.
    peak_bytes : int
        Largest memory of the program.
    """

    cells: int
    windows: int
    probed: int
    read_bytes: int
    work_bytes: int
    raster_bytes: int
    read_seconds: float
    compute_seconds: float
    write_seconds: float
    threads: int
    peak_bytes: int

    @property
    def seconds(self) -> float:
        """Expected time by the clock: what is slowest holds up the rest; rasters come after.

        It takes the cores for free: on a busy machine it takes longer.
        """
        share = self.compute_seconds / self.threads
        return max(self.read_seconds, share) + self.write_seconds / self.threads


@dataclass
class _Spent:
    read: float = 0.0
    compute: float = 0.0
    write: float = 0.0
    work: int = 0
    rasters: int = 0
    cells: int = 0


def estimate_map(
    model: MapModel,
    stack: StoredStack,
    *,
    layers: Sequence[str],
    rule: DecisionRule,
    window_size: int,
    options: MapOptions,
    meter: Meter,
) -> MapEstimate:
    """Return what a map would take, having computed a few windows spread over it.

    Windows over the sea cost little, so a map whose few probes fall differently from the rest
    is told too low or too high. Nothing is written.

    Parameters
    ----------
    model, stack, layers, rule, window_size, options
        As in `hotspot.maps.predict.predict_stack`.
    meter : Meter
        Clock and memory of the machine.

    Raises
    ------
    ModelError, CovariateError, GridError
        As in `hotspot.maps.predict.predict_stack`.
    """
    windows = map_windows(model, stack, layers=layers, window_size=window_size)
    count = min(_PROBES, len(windows))
    chosen = [windows[(2 * probe + 1) * len(windows) // (2 * count)] for probe in range(count)]
    before = meter.peak_bytes()
    spent = _Spent()
    with bounded_cache():
        # The first call compiles and fills tables; it is not what the others will take.
        for number, window in enumerate([chosen[0], *chosen]):
            part = _Spent()
            with _timed(meter) as read:
                frame, positions = stack.frame(window)
            with _timed(meter) as compute:
                arrays = predict_window(
                    model,
                    frame,
                    positions=positions,
                    grid=stack.grid.crop(window),
                    layers=layers,
                    rule=rule,
                    encoding=options.encoding,
                )
            with _timed(meter) as write:
                for name, array in arrays.items():
                    part.work += len(pack(array))
                    kind = stored_type(layer_named(name), options.encoding)
                    part.rasters += cog_size(array, dtype=kind)
            if number:
                spent.read += read[0]
                spent.compute += compute[0]
                spent.write += write[0]
                spent.work += part.work
                spent.rasters += part.rasters
                spent.cells += window.height * window.width
    cells = stack.grid.shape[0] * stack.grid.shape[1]
    scale = cells / spent.cells
    largest = max(window.height * window.width for window in windows)
    held = 16 * largest * (len(model.catalogue.names) + len(layers))
    one = max(meter.peak_bytes() - before, held)
    ahead = windows_in_flight(options.threads) - options.threads
    return MapEstimate(
        cells=cells,
        windows=len(windows),
        probed=count,
        read_bytes=stack.stored_bytes,
        work_bytes=int(spent.work * scale),
        raster_bytes=int(spent.rasters * scale),
        read_seconds=spent.read * scale,
        compute_seconds=spent.compute * scale,
        write_seconds=spent.write * scale,
        threads=options.threads,
        peak_bytes=int(before + options.threads * one + ahead * held / 2 + _FIXED_BYTES),
    )


@contextmanager
def _timed(meter: Meter) -> Iterator[list[float]]:
    """Give a list that holds the seconds of the block once it has ended."""
    took = [0.0]
    start = meter.seconds()
    yield took
    took[0] = meter.seconds() - start
