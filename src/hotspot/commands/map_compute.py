"""Who computes the windows of a map, as the configuration asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from hotspot.commands.workers import available_cores
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.covariates.stack import Stack, StackElsewhere
from hotspot.maps.cluster import connected, local_workers
from hotspot.maps.engine import Engine, InTurn, Threads
from hotspot.maps.predict import MapOptions
from hotspot.maps.remote import DaskWorkers

# Threads that `auto` takes at most: each holds a window.
_MOST_THREADS = 8


def map_options(config: Config) -> MapOptions:
    """Return how maps are made and stored."""
    compute = config.predict.compute
    auto = 1 if compute.kind == "local" else min(_MOST_THREADS, available_cores())
    return MapOptions(
        threads=auto if compute.threads == "auto" else compute.threads,
        encoding=config.predict.encoding,
    )


def computed_at_once(config: Config) -> int:
    """Return how many windows are computed at once; of a cluster, as many as `workers` says."""
    compute = config.predict.compute
    if compute.kind == "dask":
        return available_cores() if compute.workers == "auto" else compute.workers
    return 1 if compute.kind == "local" else map_options(config).threads


@contextmanager
def map_engine(config: Config, paths: Paths, stack: Stack) -> Iterator[Engine]:
    """Give who computes the windows; worker processes are ended with the context.

    Raises
    ------
    ConfigError
        Dask is not installed, or nobody answers at the address of the scheduler.
    """
    compute = config.predict.compute
    if compute.kind == "local":
        yield InTurn()
    elif compute.kind == "threads":
        yield Threads(computed_at_once(config))
    else:
        place = compute.covariates or str(paths.covariates.absolute())
        elsewhere = StackElsewhere.of(stack, place)
        cluster = (
            local_workers(computed_at_once(config))
            if compute.scheduler is None
            else connected(compute.scheduler)
        )
        with cluster as client:
            yield DaskWorkers(client, elsewhere.open)
