"""Reading ahead, computing in threads and handing on in order, with bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from hotspot.grid import Grid, Window
from hotspot.maps.window import Complete, CovariateStack, MapJob

Job = TypeVar("Job")
Raw = TypeVar("Raw")
Result = TypeVar("Result")

Packed = dict[str, bytes]
"""The layers of a window as they are kept until the map is complete."""

# Windows that are read, or wait to be written, beside those that are computed.
_AHEAD = 2


class Engine(Protocol):
    """Who computes the windows of a map; the map does not depend on it."""

    def results(
        self, job: MapJob, stack: CovariateStack, numbers: Iterable[int], /
    ) -> Iterator[tuple[int, Packed]]:
        """Yield the windows of these numbers, in their order."""
        ...


class InTurn:
    """Reads and computes one window after the other in the thread of the caller."""

    def results(
        self, job: MapJob, stack: CovariateStack, numbers: Iterable[int], /
    ) -> Iterator[tuple[int, Packed]]:
        """Yield the windows of these numbers, in their order."""
        for number in numbers:
            yield number, job.packed(number, job.read(stack, number))


@dataclass(frozen=True)
class Threads:
    """Reads ahead in one thread and computes in several.

    Parameters
    ----------
    count : int
        Computing at once.
    """

    count: int = 1

    def results(
        self, job: MapJob, stack: CovariateStack, numbers: Iterable[int], /
    ) -> Iterator[tuple[int, Packed]]:
        """Yield the windows of these numbers, in their order."""

        def read(number: int) -> Complete:
            return job.read(stack, number)

        return overlapped(numbers, read, job.packed, threads=self.count)


def windows_in_flight(threads: int) -> int:
    """Return the largest number of windows in memory at once."""
    return threads + _AHEAD


def aligned_windows(
    grid: Grid, size: int, blocks: tuple[int, int] | None = None
) -> tuple[Window, ...]:
    """Return the windows of a grid, on the block grid of its files where they are larger.

    A block is decoded whole, so a window that cuts through one decodes it for the cells next
    door, too. A window is never larger than asked, since it sets the memory.

    Parameters
    ----------
    grid : Grid
        What the windows tile.
    size : int, cells
        Largest side of a window.
    blocks : tuple of int, optional
        Rows and columns of the blocks of the files.

    Examples
    --------
    >>> grid = Grid.from_region((0, 1000, 0, 1000), 1, "EPSG:28992")
    >>> [window.shape for window in aligned_windows(grid, 700, (512, 512))]
    [(512, 512), (512, 488), (488, 512), (488, 488)]
    """
    side = max(blocks) if blocks else 1
    return tuple(grid.windows(size // side * side if size >= side else size))


def overlapped(
    jobs: Iterable[Job],
    read: Callable[[Job], Raw],
    compute: Callable[[Job, Raw], Result],
    *,
    threads: int = 1,
) -> Iterator[tuple[Job, Result]]:
    """Yield (job, result) in the order of the jobs, while later ones are read and computed.

    One thread reads, in order, since an open raster must not be read by two at once;
    `threads` threads compute; whoever consumes the results writes, in the thread of the
    caller. At most `windows_in_flight` jobs are under way, so a slow writer holds up the
    reader rather than filling the memory. An error of any thread is raised here, at its job,
    and nothing of a later job is yielded.

    Parameters
    ----------
    jobs : iterable
        What to do; drawn one by one.
    read, compute : callable
        Raw data of a job, and its result from them. Both should release the interpreter's
        lock in the long run, as GDAL, NumPy, LightGBM and compiled loops do.
    threads : int
        Computing at once; `compute` must then bear being called from several threads.

    Examples
    --------
    >>> list(overlapped([1, 2, 3], lambda job: 10 * job, lambda job, raw: job + raw, threads=2))
    [(1, 11), (2, 22), (3, 33)]
    """
    reader = ThreadPoolExecutor(1, thread_name_prefix="read")
    workers = ThreadPoolExecutor(threads, thread_name_prefix="compute")
    under_way: deque[tuple[Job, Future[Result]]] = deque()

    def result(job: Job, raw: list[Future[Raw]]) -> Result:
        # Taken out of the list, so that the data are freed when this call ends.
        return compute(job, raw.pop().result())

    try:
        for job in jobs:
            raw = reader.submit(read, job)
            under_way.append((job, workers.submit(result, job, [raw])))
            del raw
            if len(under_way) == windows_in_flight(threads):
                first, done = under_way.popleft()
                yield first, done.result()
                del done
        while under_way:
            first, done = under_way.popleft()
            yield first, done.result()
            del done
    finally:
        # What has begun runs to its end, since a thread cannot be stopped; the rest is dropped.
        reader.shutdown(wait=True, cancel_futures=True)
        workers.shutdown(wait=True, cancel_futures=True)
