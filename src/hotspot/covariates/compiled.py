"""Loops turned into machine code at their first use."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=64)
def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of numbers and arrays compiled by numba.

    Compiling takes a second and numba half a second to import, so neither happens before a
    loop is needed. Floating-point operations keep the order in which they are written.
    """
    from numba import njit

    compiled_loop: Callable[..., Any] = njit(nogil=True, error_model="numpy")(loop)
    return compiled_loop
