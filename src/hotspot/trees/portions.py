"""Rows in portions, on several threads."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

# Rows worked on at once: their codes and sums stay in the cache.
PORTION = 4096


def over_rows(
    work: Callable[[slice], None], n_rows: int, *, n_threads: int = 1, portion: int = PORTION
) -> None:
    """Do some work on all rows, portion by portion.

    Parameters
    ----------
    work : callable
        Takes a slice of rows. It must release the interpreter's lock for threads to help.
    n_rows : int
        Number of rows.
    n_threads : int
        Portions under way at once; -1 for as many as the machine has cores. The result cannot
        depend on it.
    portion : int
        Rows of a portion.

    Examples
    --------
    >>> over_rows(print, 5000)
    slice(0, 4096, None)
    slice(4096, 5000, None)
    """
    portions = [
        slice(start, min(start + portion, n_rows)) for start in range(0, n_rows, portion)
    ]
    if n_threads < 0:
        n_threads = os.cpu_count() or 1
    if n_threads == 1 or len(portions) < 2:
        for rows in portions:
            work(rows)
        return
    with ThreadPoolExecutor(min(n_threads, len(portions))) as pool:
        # A list, so that an error of a portion is raised here.
        list(pool.map(work, portions))
