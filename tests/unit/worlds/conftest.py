"""Small worlds that many tests look at."""

import pytest

from hotspot.worlds import Laboratories, Region, Survey, World


@pytest.fixture(scope="session")
def world() -> World:
    """Return a usual world of 50 by 60 cells with 400 samples and nothing censored."""
    return World.simulate(5, region=Region(shape=(50, 60)), survey=Survey(400))


@pytest.fixture(scope="session")
def dense() -> World:
    """Return a tiny world of 12 by 12 cells with 60 000 samples and perfect laboratories."""
    return World.simulate(
        2,
        region=Region(shape=(12, 12)),
        survey=Survey(60_000),
        laboratories=Laboratories(offset=0.0, error=0.0),
    )
