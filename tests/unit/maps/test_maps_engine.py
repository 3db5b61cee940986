"""Windows on the block grid, and reading, computing and writing at once."""

import gc
import weakref
from threading import Event, Lock

import pytest
from affine import Affine

from hotspot.grid import Grid
from hotspot.maps.decision import DecisionRule
from hotspot.maps.engine import aligned_windows, overlapped, windows_in_flight
from hotspot.maps.predict import MapOptions, predict_stack

GRID = Grid("EPSG:28992", Affine(10, 0, 0, 0, -10, 0), (1000, 1500))
LONG = 30.0  # seconds after which a thread that waits is taken for stuck


@pytest.mark.parametrize(("asked", "side"), [(512, 512), (700, 512), (1100, 1024), (300, 300)])
def test_windows_begin_at_blocks_and_are_never_larger_than_asked(asked, side):
    """A window of a block or more is a whole number of blocks; memory is the user's."""
    windows = aligned_windows(GRID, asked, (512, 512))
    assert windows == tuple(GRID.windows(side))
    assert sum(window.height * window.width for window in windows) == 1_500_000


def test_results_come_in_the_order_of_the_jobs():
    """The first job ends after the second, and is still handed on first."""
    second_done = Event()

    def compute(job, raw):
        if job == 0:
            assert second_done.wait(LONG)
        if job == 1:
            second_done.set()
        return raw

    found = list(overlapped(range(5), lambda job: -job, compute, threads=2))
    assert found == [(job, -job) for job in range(5)]


def test_the_next_job_is_read_while_one_is_computed():
    """Computing the first waits for the second to be read, which would block otherwise."""
    read_second = Event()

    def read(job):
        if job == 1:
            read_second.set()

    def compute(job, raw):
        assert job != 0 or read_second.wait(LONG)

    assert len(list(overlapped(range(3), read, compute, threads=1))) == 3


def test_the_next_job_is_computed_while_one_is_written():
    """The consumer of the first result waits for the second to be computed."""
    second = Event()

    def compute(job, raw):
        if job == 1:
            second.set()

    results = overlapped(range(3), lambda job: job, compute, threads=1)
    next(results)
    assert second.wait(LONG)
    results.close()


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_jobs_are_read_than_fit(threads):
    """However slow the writer, the reader stays within the bound."""
    lock, read, seen = Lock(), [0], []

    def count(job):
        with lock:
            read[0] += 1

    for done, _ in enumerate(overlapped(range(40), count, lambda job, raw: 0, threads=threads)):
        with lock:
            seen.append(read[0] - done)
    assert max(seen) <= windows_in_flight(threads)


@pytest.mark.parametrize("stage", ["read", "compute"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_comes_at_its_job(stage, error):
    """What was done before is handed on, what comes after is not."""

    def fail(job, raw=None):
        if job == 3:
            raise error

    def work(job, raw=None):
        return job

    calls = (fail, work) if stage == "read" else (work, fail)
    results = overlapped(range(9), *calls, threads=2)
    assert [next(results)[0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(error):
        next(results)


@pytest.mark.parametrize("threads", [1, 3])
def test_no_window_outlives_its_computing(model, stack, tmp_path, threads):
    """Tables of windows are gone when they are done, without waiting to be collected."""
    tables, alive = [], []
    given = stack.frame

    def frame(window):
        table, positions = given(window)
        tables.append(weakref.ref(table))
        return table, positions

    stack.frame = frame
    gc.disable()
    try:
        predict_stack(
            model,
            stack,
            tmp_path,
            layers=("probability", "dissimilarity", "decision"),
            rule=DecisionRule(),
            window_size=8,
            options=MapOptions(threads=threads),
            progress=lambda done, total: alive.append(sum(t() is not None for t in tables)),
        )
    finally:
        gc.enable()
    assert len(alive) == 35
    assert max(alive) <= windows_in_flight(threads)
    assert alive[-1] == 0
