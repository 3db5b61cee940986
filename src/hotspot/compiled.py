"""Loops turned into machine code by numba, which is imported only where one is at hand."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=128)
def compiled(loop: Callable[..., Any], *, any_order: bool = False) -> Callable[..., Any]:
    """Return a function of numbers and arrays that is compiled at its first call.

    The machine code is kept on disk beside the module. Where nothing can be written (a
    read-only installation without a home), every process compiles it again. No loop holds the
    interpreter's lock.

    Parameters
    ----------
    loop : callable
        Of a module, in the part of Python that numba knows.
    any_order : bool
        Whether floating-point operations may be done in another order than written, which is
        faster and differs in the last bits.

    Examples
    --------
    >>> def total(n):
    ...     found = 0
    ...     for value in range(n):
    ...         found += value
    ...     return found
    >>> compiled(total)(4)
    6
    """
    from numba import njit

    given = {"nogil": True, "error_model": "numpy", "fastmath": any_order}
    try:
        kept: Callable[..., Any] = njit(**given, cache=True)(loop)
    except RuntimeError:
        kept = njit(**given)(loop)
    return kept
