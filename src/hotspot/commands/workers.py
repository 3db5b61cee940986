"""Independent work in several processes, with the same results as one after the other."""

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from hotspot.commands.console import Console
from hotspot.errors import HotspotError

Answer = TypeVar("Answer")

# Beyond this, a machine's memory is likelier to end than its cores.
_MOST = 8


def worker_count(asked: int | Literal["auto"], n_jobs: int) -> int:
    """Return how many processes to use: never more than jobs, one core each.

    Examples
    --------
    >>> worker_count(4, 2), worker_count(1, 10)
    (2, 1)
    """
    wanted = min(available_cores(), _MOST) if asked == "auto" else asked
    return max(1, min(wanted, n_jobs))


def workers_within(asked: int | Literal["auto"], n_jobs: int) -> int:
    """Return how many processes each job may use while as many as asked run side by side.

    Examples
    --------
    >>> workers_within(8, 3), workers_within(2, 5)
    (2, 1)
    """
    return worker_count(asked, _MOST) // worker_count(asked, n_jobs)


def available_cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parallel(
    work: Callable[..., Answer],
    jobs: Sequence[tuple[Any, ...]],
    *,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Answer]:
    """Return the answer to each job, in the order of the jobs.

    Parameters
    ----------
    work : callable
        Called with each job's values, in another process where `workers` is above 1; what it
        gets and returns is pickled. Its warnings are told here.
    jobs : sequence of tuple
        Independent of each other.
    workers : int
        Processes, see `worker_count`. Answers do not depend on it.
    progress : callable, optional
        Called with (jobs done, jobs in all) after each.
    """
    if workers == 1 or len(jobs) < 2:
        answers = []
        for done, job in enumerate(jobs, start=1):
            answers.append(work(*job))
            if progress is not None:
                progress(done, len(jobs))
        return answers
    from joblib import Parallel, delayed

    told = Parallel(n_jobs=workers, backend="loky", return_as="generator", max_nbytes=None)(
        delayed(_with_warnings)(work, job, Path.cwd()) for job in jobs
    )
    # An idle process that ends is replaced; nobody need know.
    warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
    answers = []
    for done, (answer, messages) in enumerate(told, start=1):
        for message, category in messages:
            warnings.warn(message, category, stacklevel=2)
        if isinstance(answer, HotspotError):
            raise answer
        answers.append(answer)
        if progress is not None:
            progress(done, len(jobs))
    return answers


@dataclass(frozen=True)
class Team:
    """Processes that share out independent work, each round under a bar of its own.

    Parameters
    ----------
    workers : int
        Processes; answers do not depend on it.
    console : Console, optional
        Where bars are shown; without it there are none.
    """

    workers: int
    console: Console | None = None

    def do(
        self, label: str, work: Callable[..., Answer], jobs: Sequence[tuple[Any, ...]]
    ) -> list[Answer]:
        """Return the answer to each job, as `in_parallel` does."""
        if self.console is None:
            return in_parallel(work, jobs, workers=self.workers)
        with self.console.bar(label) as move:
            return in_parallel(work, jobs, workers=self.workers, progress=move)


def _with_warnings(
    work: Callable[..., Answer], job: tuple[Any, ...], folder: Path
) -> tuple[Answer | HotspotError, list[tuple[str, type[Warning]]]]:
    """Return the answer and what a process of its own would have said to nobody.

    A refusal is handed over like an answer, so that of several the first in the order of the
    jobs is raised, whichever process is quicker. Processes live on between calls; `folder` is
    where relative paths begin in this one.
    """
    os.chdir(folder)
    answer: Answer | HotspotError
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            answer = work(*job)
        except HotspotError as refusal:
            answer = refusal
    messages = {
        (str(each.message), each.category)
        for each in caught
        if issubclass(each.category, UserWarning)
    }
    return answer, sorted(messages, key=lambda pair: pair[0])
