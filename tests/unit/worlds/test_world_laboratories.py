"""Laboratories err as planted, and report what they cannot tell as intervals."""

import numpy as np
import pytest

from hotspot.errors import ConfigError
from hotspot.observations import check_observations
from hotspot.worlds import Laboratories, Survey, World

N = 3000


def analysed(world: World, **options: float | str) -> World:
    return world.surveyed(Survey(N), Laboratories(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.75])
def test_censored_share_is_as_planted(world: World, share: float) -> None:
    """The share of non-detects is the one asked for, to half a per cent of rounding."""
    table = analysed(world, censored_share=share).observations
    assert table["is_censored"].mean() == pytest.approx(share, abs=0.005)


def test_non_detects_are_below_limits_that_differ(world: World) -> None:
    """A non-detect is (0, limit], its raw result is below it, and limits vary by sample."""
    surveyed = analysed(world, censored_share=0.4)
    table, raw = surveyed.observations, surveyed.sampling.true_values["measured_mg_kg"]
    censored = table["is_censored"]
    assert (table["lower_mg_kg"][censored] == 0).all()
    assert (table["upper_mg_kg"][censored] == table["limit_mg_kg"][censored]).all()
    assert (raw[censored] < table["limit_mg_kg"][censored]).all()
    assert (raw[~censored] >= table["limit_mg_kg"][~censored]).all()
    assert table.groupby("laboratory")["limit_mg_kg"].nunique().min() > 50


def test_without_spread_there_is_one_limit(world: World) -> None:
    """No spread of limits gives one for all laboratories and samples."""
    table = analysed(world, censored_share=0.4, limit_spread=0.0).observations
    assert table["limit_mg_kg"].nunique() == 1


def test_values_over_range_are_open_intervals(world: World) -> None:
    """The planted share is [limit, inf), and its raw results lie above."""
    surveyed = analysed(world, over_range_share=0.05)
    table, raw = surveyed.observations, surveyed.sampling.true_values["measured_mg_kg"]
    over = np.isinf(table["upper_mg_kg"])
    assert over.mean() == pytest.approx(0.05, abs=0.005)
    assert (raw[over] > table["lower_mg_kg"][over]).all()
    assert (table["lower_mg_kg"][over] == table["limit_mg_kg"][over]).all()


def test_offsets_can_be_recovered_from_the_truth(world: World) -> None:
    """The mean log ratio of result to soil is the laboratory's offset, within 4 errors."""
    surveyed = analysed(world, n_laboratories=4, offset=0.3, error=0.1)
    found = surveyed.sampling.true_values
    ratio = np.log(found["measured_mg_kg"] / found["concentration_mg_kg"])
    for laboratory, group in ratio.groupby(found["laboratory"]):
        row = surveyed.sampling.laboratories.set_index("laboratory").loc[laboratory]
        # A rounding to four digits is far below the error of the mean.
        assert abs(group.mean() - np.log(row["offset"])) < 4 * 0.1 / np.sqrt(len(group))
        assert group.std() == pytest.approx(0.1, rel=4 / np.sqrt(2 * len(group)))


def test_offsets_scatter_as_asked(world: World) -> None:
    """Over many laboratories the log offsets have the standard deviation asked for."""
    offsets = np.log(
        analysed(world, n_laboratories=800, offset=0.2).sampling.laboratories["offset"]
    )
    assert offsets.std() == pytest.approx(0.2, rel=4 / np.sqrt(2 * 800))


def test_regional_laboratories_have_strips_of_the_region(world: World) -> None:
    """Strips do not overlap, so that an offset cannot be told from the place."""
    table = analysed(world, n_laboratories=3, assignment="regional").observations
    ends = table.groupby("laboratory")["easting"].agg(["min", "max"])
    assert (ends["max"].to_numpy()[:-1] < ends["min"].to_numpy()[1:]).all()


def test_table_is_an_observation_table(world: World) -> None:
    """The table passes the check of the pipeline, censored both ways."""
    check_observations(analysed(world, censored_share=0.5, over_range_share=0.1).observations)


def test_shares_that_leave_nothing_are_refused() -> None:
    """Not everything can be censored."""
    with pytest.raises(ConfigError, match="leave no measured result"):
        Laboratories(censored_share=0.6, over_range_share=0.4)
