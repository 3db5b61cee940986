"""Dask clusters: workers of this machine, or a scheduler that runs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hotspot.errors import ConfigError

# Time that a worker of this machine has to come back before another is started in its place.
_LOST = "40 s"
# As Dask has it, but that a worker keeps the memory of a window for the next one. Handing it
# back in small pieces and asking for it again takes a tenth of the time of a map.
_ENVIRONMENT = {"OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1}
# Workers of this machine that may end with the same window before it is taken for the reason.
_ENDED = 10


@contextmanager
def local_workers(count: int, *, scratch: Path | None = None) -> Iterator[Any]:
    """Give a client of worker processes on this machine, one thread each.

    They listen to this machine alone, and to nobody without the certificate that is made for
    them: whoever may talk to a worker may have it run anything.

    Parameters
    ----------
    count : int
        Processes.
    scratch : Path, optional
        Folder for what Dask writes meanwhile.
    """
    distributed = _distributed()
    import dask

    # No pages on what is computed: the progress bar tells, and others need not know.
    quiet: dict[str, list[str]] = {
        f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker")
    }
    # A worker that ended is started again, which takes a busy machine longer than the 15
    # seconds after which Dask gives it up. A window that it held is not the reason by that.
    lost = {
        "distributed.deploy.lost-worker-timeout": _LOST,
        "distributed.scheduler.allowed-failures": _ENDED,
    }
    memory = {"distributed.nanny.pre-spawn-environ": _ENVIRONMENT}
    with (
        dask.config.set({**quiet, **lost, **memory}),
        distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            security=distributed.Security.temporary(),
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            local_directory=None if scratch is None else str(scratch),
            silence_logs=logging.ERROR,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def connected(scheduler: str, *, timeout: float = 30.0) -> Iterator[Any]:
    """Give a client of a running Dask scheduler.

    Parameters
    ----------
    scheduler : str
        Address such as ``tcp://10.0.0.5:8786`` or ``tls://…``, or the path of the file that
        ``dask scheduler --scheduler-file`` wrote. Certificates are those of Dask's own
        configuration.
    timeout : float, seconds
        How long to try.

    Raises
    ------
    ConfigError
        Nobody answers at the address.
    """
    distributed = _distributed()
    is_file = scheduler.endswith(".json")
    where = {"scheduler_file": scheduler} if is_file else {"address": scheduler}
    try:
        client = distributed.Client(**where, timeout=timeout)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConfigError(
            f"No Dask scheduler answers at {scheduler!r} within {timeout:g} seconds: {error}. "
            "Start one with `dask scheduler`, or correct predict.compute.scheduler; with null, "
            "workers are started on this machine."
        ) from error
    with client:
        yield client


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ConfigError(
            "Windows are to be computed by Dask, which is not installed here. Install it with "
            "`pip install 'hotspot[dask]'`, or set predict.compute.kind=threads."
        ) from error
    return distributed
