"""Work in several processes."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hotspot.commands.console import Console
from hotspot.commands.workers import Team, in_parallel, worker_count, workers_within
from hotspot.errors import ModelError


def squarer() -> Callable[[int], tuple[int, int]]:
    """Return what squares and says who computed it.

    A function made in a function travels by value: other processes do not know this module.
    """

    def square(number: int) -> tuple[int, int]:
        import os
        import warnings

        if number == 3:
            warnings.warn("three was given", UserWarning, stacklevel=2)
        return number**2, os.getpid()

    return square


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_the_jobs(workers: int) -> None:
    """Whatever the number of processes, and each step is told."""
    steps: list[tuple[int, int]] = []
    with pytest.warns(UserWarning, match="three was given"):
        answers = in_parallel(
            squarer(),
            [(n,) for n in range(6)],
            workers=workers,
            progress=lambda done, total: steps.append((done, total)),
        )
    assert [value for value, _ in answers] == [0, 1, 4, 9, 16, 25]
    assert steps == [(n, 6) for n in range(1, 7)]
    elsewhere = {process for _, process in answers} - {os.getpid()}
    assert bool(elsewhere) == (workers > 1)


def test_the_first_refusal_reaches_the_caller_as_it_was_raised() -> None:
    """An error of a worker keeps its class and its words; later jobs may refuse sooner."""

    def refuse(number: int) -> int:
        import time

        time.sleep(0.3 if number == 1 else 0)
        raise ModelError(f"The number {number} is refused. Give another.")

    with pytest.raises(ModelError, match="The number 1 is refused"):
        in_parallel(refuse, [(1,), (2,)], workers=2)


def test_relative_paths_begin_where_the_caller_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes that live on follow the caller into another folder."""

    def where(_: int) -> str:
        from pathlib import Path

        return str(Path.cwd())

    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        assert in_parallel(where, [(1,), (2,)], workers=2) == [str(folder)] * 2


def test_processes_are_no_more_than_jobs() -> None:
    """One job needs one process; `auto` means cores."""
    assert worker_count("auto", 1) == 1
    assert 1 <= worker_count("auto", 100) <= 8
    assert worker_count(3, 100) == 3


def test_jobs_side_by_side_share_the_processes() -> None:
    """Jobs times processes within never exceed what was asked for, and one is the least."""
    for asked in range(1, 9):
        for n_jobs in range(1, 12):
            within = workers_within(asked, n_jobs)
            assert within >= 1
            assert within * worker_count(asked, n_jobs) <= asked
    assert workers_within(6, 1) == 6


@pytest.mark.parametrize("watched", [False, True])
def test_a_team_answers_in_order(watched: bool) -> None:
    """With and without a bar, in this process and in others."""
    console = Console(io.StringIO()) if watched else None
    jobs = [(n,) for n in (5, 4, 2)]
    for workers in (1, 2):
        found = Team(workers, console).do("squares", squarer(), jobs)
        assert [value for value, _ in found] == [25, 16, 4]
