"""Windows computed by Dask workers: other processes, or other machines."""

import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from importlib.metadata import version
from time import monotonic, sleep
from typing import Any

from hotspot import __version__
from hotspot.covariates.remote_rasters import remote_reading
from hotspot.errors import HotspotError, OutputError, few
from hotspot.maps.engine import Packed
from hotspot.maps.window import CovariateStack, MapJob
from hotspot.rasters import bounded_cache

OpenStack = Callable[[], AbstractContextManager[CovariateStack]]
"""Opens the covariates where the worker finds them; it is sent to other processes."""

# Libraries whose other version may compute another last digit, or not read what was sent.
_LIBRARIES = ("lightgbm", "numba", "numpy", "pandas", "pyarrow", "rasterio", "scikit-learn")
# Windows handed out for each thread of the workers: one in work and one to go on with.
_AHEAD = 2
# Seconds without a worker after which nobody is waited for any more.
_PATIENCE = 120.0
# Seconds after which a window that has not come makes one look for the workers.
_LOOK = 5.0
# Seconds after which a window whose connection broke is asked for again.
_RETRY = 0.5


class DaskWorkers:
    """Has the windows of a map computed by the workers of a Dask cluster.

    Model and settings are sent to each worker once, also to one that joins later; the
    covariates are opened there. Windows come back packed and in order, so that journal and
    rasters are those of `hotspot.maps.engine.Threads`, byte for byte. A window of a worker
    that is lost is computed by another one.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster; see `hotspot.maps.cluster`.
    open_stack : callable
        Opens the covariates on a worker, once for each of its threads.
    patience : float, seconds
        How long to wait without any worker before giving up.
    """

    def __init__(
        self, client: Any, open_stack: OpenStack, *, patience: float = _PATIENCE
    ) -> None:
        self._client = client
        self._open_stack = open_stack
        self._patience = patience

    def results(
        self, job: MapJob, stack: CovariateStack, numbers: Iterable[int], /
    ) -> Iterator[tuple[int, Packed]]:
        """Yield the windows of these numbers, in their order.

        Parameters
        ----------
        job : MapJob
            What is sent to the workers.
        stack : CovariateStack
            Not used: the workers open their own.
        numbers : iterable of int
            Windows to compute.

        Raises
        ------
        OutputError
            No worker is left, the scheduler is gone, a window ended several workers, or a
            worker runs another version.
        HotspotError
            As raised on a worker by reading or computing.
        """
        name = f"hotspot-{uuid.uuid4().hex}"
        client = self._client
        self._replace_lost()
        self._await_worker()
        self._send(_plugin(name, job, self._open_stack))
        under_way: deque[tuple[int, Any]] = deque()
        try:
            for number in numbers:
                under_way.append((number, client.submit(_window, name, number, pure=False)))
                while len(under_way) >= _AHEAD * self._threads():
                    first, future = under_way.popleft()
                    yield first, self._result(first, future)
            while under_way:
                first, future = under_way.popleft()
                yield first, self._result(first, future)
        finally:
            client.cancel([future for _, future in under_way])
            # A worker that ends just then breaks the connection, and takes the job with it.
            with suppress(OSError):
                if client.status == "running":
                    client.unregister_worker_plugin(name)

    def _send(self, plugin: Any) -> None:
        """Hand the job to all workers, again where one of them ends meanwhile."""
        until = monotonic() + self._patience
        while True:
            try:
                self._client.register_plugin(plugin)
            except OSError:
                if monotonic() > until:
                    raise
                sleep(_RETRY)
            else:
                return

    def _threads(self) -> int:
        return max(1, sum(map(int, self._client.ncores().values())))

    def _replace_lost(self) -> None:
        """Have workers of this machine started again where their keepers gave them up.

        Each is kept by a process that starts it again when it ends, and that gives up when it
        ends while it is being started. A scheduler elsewhere looks after its own.
        """
        cluster: Any = getattr(self._client, "cluster", None)
        wanted = getattr(cluster, "worker_spec", None)
        if wanted and len(self._client.ncores()) < len(wanted):
            cluster.scale(len(wanted))

    def _await_worker(self) -> None:
        from dask.distributed import TimeoutError as DaskTimeoutError

        try:
            self._client.wait_for_workers(1, timeout=self._patience)
        except (DaskTimeoutError, TimeoutError) as error:
            raise self._nobody() from error

    def _nobody(self) -> OutputError:
        address = self._client.scheduler.address if self._client.scheduler else "?"
        return OutputError(
            f"The Dask scheduler {address} has had no worker for {self._patience:g} seconds. "
            "Windows that were finished are kept. Start workers (`dask worker`, or the jobs of "
            "dask-jobqueue), see why they ended, then run again to go on."
        )

    def _result(self, number: int, future: Any) -> Packed:
        """Return a window, however many workers it takes."""
        from concurrent.futures import CancelledError

        from dask.distributed import KilledWorker
        from dask.distributed import TimeoutError as DaskTimeoutError

        alone_since: float | None = None
        broken_since: float | None = None
        while True:
            try:
                packed: Packed = future.result(timeout=_LOOK)
            except (DaskTimeoutError, TimeoutError):
                self._replace_lost()
                if self._client.ncores():
                    alone_since = None
                    continue
                alone_since = monotonic() if alone_since is None else alone_since
                if monotonic() - alone_since > self._patience:
                    raise self._nobody() from None
            except KilledWorker as error:
                raise OutputError(
                    f"Window {number} of the map was given to several workers, and each of "
                    "them ended: most likely their memory was too small. Windows that were "
                    "finished are kept. Give workers more memory or fewer threads, or make "
                    "predict.window_size smaller, then run again."
                ) from error
            except CancelledError as error:
                raise OutputError(
                    "The Dask scheduler was lost while the map was made. Windows that were "
                    "finished are kept. See why it ended, then run again to go on."
                ) from error
            except OSError as error:
                # What computing raised is the answer. A connection that broke while the window
                # came over, as when its worker ends just then, is none: it is asked for again.
                if isinstance(error, HotspotError) or future.status == "error":
                    raise
                broken_since = monotonic() if broken_since is None else broken_since
                if monotonic() - broken_since > self._patience:
                    raise OutputError(
                        f"Window {number} of the map could not be fetched from the Dask "
                        f"workers for {self._patience:g} seconds: {error}. Windows that were "
                        "finished are kept. See whether the network holds, then run again."
                    ) from error
                sleep(_RETRY)
            else:
                return packed


def versions() -> dict[str, str]:
    """Return what a worker must have in common with this program."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "hotspot": __version__,
        "python": python,
        **{name: version(name) for name in _LIBRARIES},
    }


def _plugin(name: str, job: MapJob, open_stack: OpenStack) -> Any:
    """Return what each worker is given: the job, and how to open the covariates.

    A plugin rather than scattered data: the scheduler hands it to workers that join later,
    and it is not lost with the worker that holds it.
    """
    from distributed import WorkerPlugin

    # Dask has no types, so that its base class is Any.
    class MapPlugin(WorkerPlugin):  # type: ignore[misc]
        """Holds the job of a map on a worker."""

        def setup(self, worker: Any) -> None:
            self.held = _Held(job, open_stack, expected)

    expected = versions()
    plugin = MapPlugin()
    plugin.name = name
    return plugin


def _window(name: str, number: int) -> Packed:
    """Compute a window on a worker."""
    from distributed import get_worker

    held: _Held = get_worker().plugins[name].held
    return held.window(number)


class _Held:
    """The job of a map on a worker, and its covariates, open once for each thread.

    They are closed when the last thread lets go of them, and not before: a window that nobody
    waits for any more may still be reading.
    """

    def __init__(self, job: MapJob, open_stack: OpenStack, expected: dict[str, str]) -> None:
        self._job = job
        self._open_stack = open_stack
        self._expected = expected
        self._own = threading.local()
        self._is_checked = False

    def window(self, number: int) -> Packed:
        """Return a window, packed."""
        self._check()
        with bounded_cache(), remote_reading():
            return self._job.packed(number, self._job.read(self._stack(), number))

    def _stack(self) -> CovariateStack:
        if not hasattr(self._own, "stack"):
            self._own.opened = self._open_stack()
            self._own.stack = self._own.opened.__enter__()
        stack: CovariateStack = self._own.stack
        return stack

    def _check(self) -> None:
        """Refuse to compute what another version might compute otherwise."""
        if self._is_checked:
            return
        found = versions()
        other = [
            f"{name} {found[name]} instead of {wanted}"
            for name, wanted in self._expected.items()
            if found[name] != wanted
        ]
        if other:
            raise OutputError(
                f"A Dask worker has {few(other)}, so that its windows may differ in the last "
                "digit. Install the same environment on all workers, then run again."
            )
        self._is_checked = True
