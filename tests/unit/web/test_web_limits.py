"""The scale of limits."""

import numpy as np
import pytest

from hotspot.observations.limits.thresholds import Thresholds
from hotspot.web.limits import limit_scale
from hotspot.web.refusal import RequestError
from hotspot.web.tiles import Tile


def test_ticks_are_the_registry_s_limits() -> None:
    """Every verified limit of soil in mg/kg between the ends is a tick, with its citation."""
    scale = limit_scale("cd", 3.0, np.array([0.2, 18.0]))
    rows = Thresholds.load().select(contaminant="cd", medium="soil").rows
    wanted = {
        row.value_mg_kg
        for row in rows
        if row.value_mg_kg is not None and scale.low <= row.value_mg_kg <= scale.high
    }
    assert {tick.value_mg_kg for tick in scale.ticks} == wanted
    told = [citation for tick in scale.ticks for citation in tick.citations]
    assert len(told) == sum(
        row.value_mg_kg is not None and scale.low <= row.value_mg_kg <= scale.high
        for row in rows
    )


@pytest.mark.parametrize("limit", [0.003, 0.6, 3.0, 300.0, 25_000.0])
def test_the_ends_are_round_and_hold_the_limit(limit: float) -> None:
    """1, 2 or 5 times a power of ten, a tenth below and ten times above at least."""
    scale = limit_scale("zn", limit, np.array([limit / 3, np.inf, 0.0]))
    assert scale.low <= limit / 10
    assert scale.high >= limit * 10
    for end in (scale.low, scale.high):
        assert f"{end:e}"[0] in "125"
        assert float(f"{end:e}".split("e")[0]) in (1.0, 2.0, 5.0)
    assert scale.check(limit) == limit


def test_a_single_trace_does_not_stretch_the_scale() -> None:
    """The lower end stays within a thousandth of the limit."""
    assert limit_scale("zn", 300.0, np.array([1e-9, 50.0])).low >= 0.2


def test_tiles_that_are_not_there() -> None:
    """Beyond the edge of the world there is no tile."""
    for z, x, y in ((0, 1, 0), (2, 0, 4), (25, 0, 0), (-1, 0, 0)):
        with pytest.raises(RequestError, match="no such tile"):
            Tile(z, x, y)
