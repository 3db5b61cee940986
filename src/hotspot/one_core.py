"""Linear algebra on one core, for all threads of the process that ask for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any


class _Hold:
    """How many are inside, and what gives the libraries their cores back after the last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limits: Any = None

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                _let_this_thread_control()
                self._limits = _shared_by_threads().limit(limits=1)
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                _let_this_thread_control()
                self._limits.restore_original_limits()


_hold = _Hold()


@contextmanager
def one_core() -> Iterator[None]:
    """Keep linear algebra on one core while inside.

    How a matrix product is shared among cores shows in its last bits. On one core these do not
    depend on the machine; small systems, solved one after the other or beside other folds, are
    also quicker. The number of cores is the whole process's in most libraries: the first
    thread inside takes them away, and the last one to leave gives them back, so that none is
    left with another number halfway.

    Examples
    --------
    >>> from threadpoolctl import threadpool_info
    >>> with one_core():
    ...     {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
    {1}
    """
    _hold.enter()
    try:
        with _own_of_threads().limit(limits=1):
            yield
    finally:
        _hold.leave()


@cache
def _libraries() -> Any:
    # Both NumPy and SciPy bring one; a search takes longer than a small system, and finds only
    # those that are loaded.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


@cache
def _own_of_threads() -> Any:
    """Return the libraries where each thread has a number of cores of its own."""
    return _libraries().select(threading_layer="openmp")


@cache
def _shared_by_threads() -> Any:
    own = {each["filepath"] for each in _own_of_threads().info()}
    paths = [each["filepath"] for each in _libraries().info()]
    return _libraries().select(filepath=[path for path in paths if path not in own])


def _let_this_thread_control() -> None:
    from threadpoolctl import OpenBLASController

    # Otherwise only the thread that set a number first may set one, and others are passed over
    # in silence. Here the lock and the count keep threads apart.
    OpenBLASController.clear_controlling_thread(force=True)
