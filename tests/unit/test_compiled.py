"""Loops turned into machine code."""

from typing import Any

import numpy as np
import pytest

from hotspot.compiled import compiled


def loop_of(text: str) -> Any:
    """Return a function that has no file, so that numba cannot keep its code on disk."""
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102 -- has no file, on purpose
    return space["loop"]


def test_without_a_folder_for_compiled_loops_they_still_run() -> None:
    """Code that numba cannot keep on disk is compiled all the same."""
    assert compiled(loop_of("def loop(x):\n    return 2 * x"))(21) == 42


def test_a_loop_is_compiled_once() -> None:
    """Asked for twice it is the same; in any order it is another."""
    loop = loop_of("def loop(x):\n    return x")
    assert compiled(loop) is compiled(loop)
    assert compiled(loop) is not compiled(loop, any_order=True)


@pytest.mark.parametrize("n", [7, 1000])
def test_sums_are_added_in_the_order_written(n: int) -> None:
    """The last bits are those of Python, whatever the width of the machine's registers."""
    text = "def loop(v):\n    t = 0.0\n    for x in v:\n        t += x\n    return t"
    values = np.random.default_rng(0).normal(size=n)
    total = 0.0
    for value in values:
        total += float(value)
    assert compiled(loop_of(text))(values) == total
