"""The decision rule."""

import numpy as np
import pytest

from hotspot.errors import ConfigError
from hotspot.maps.decision import (
    DecisionRule,
    balanced_frequency,
    decide,
    inside_applicability,
)


@pytest.mark.parametrize(
    ("above", "below"), [(0.2, 0.8), (0.5, 0.5), (1.0, 0.2), (0.8, 0.0), (np.nan, 0.2)]
)
def test_cuts_that_leave_no_room_are_refused(above, below):
    """The cuts must be ordered and inside (0, 1)."""
    with pytest.raises(ConfigError, match=r"predict\.decision\.below"):
        DecisionRule(above=above, below=below)


def test_cuts_belong_to_their_class():
    """P at a cut is decided."""
    answer = decide([0.2, 0.8], [True, True], DecisionRule(above=0.8, below=0.2))
    assert answer.tolist() == [0, 1]


def test_missing_probability_is_no_data_even_outside():
    """No data wins over cannot say."""
    assert decide([np.nan, np.nan], [True, False], DecisionRule()).tolist() == [255, 255]


def test_the_edge_of_applicability_is_inside():
    """A cell exactly at the threshold is applicable also after rounding to float32."""
    assert inside_applicability([0.1], 0.1).tolist() == [True]
    assert inside_applicability(np.float32([0.1]), 0.1).tolist() == [True]


class Band:
    """Bounds a fixed distance in log-odds about a shifted probability."""

    def __init__(self, shift=0.0, width=0.8):
        self.shift, self.width = shift, width

    def bounds(self, probability):
        """Return both bounds."""
        with np.errstate(divide="ignore"):
            z = np.log(probability) - np.log1p(-probability) + self.shift
        return 1 / (1 + np.exp(self.width - z)), 1 / (1 + np.exp(-self.width - z))


@pytest.mark.parametrize("cost_ratio", [0.25, 1.0, 4.0, 20.0])
def test_a_band_decides_where_all_of_it_is_on_one_side(cost_ratio):
    """Above iff the lower bound reaches 1 / (1 + cost ratio), below iff the upper does not."""
    band, rng = Band(shift=-0.3), np.random.default_rng(2)
    rule = DecisionRule.from_band(band, cost_ratio)
    cut = np.float32(balanced_frequency(cost_ratio))
    near = np.array([rule.above, rule.below], dtype=np.float32)
    steps = [np.nextafter(near, np.float32(side)) for side in (0, 1)]
    chance = np.concatenate([rng.random(5000, dtype=np.float32), near, *steps])
    lower, upper = (bound.astype(np.float32) for bound in band.bounds(chance.astype(float)))
    expected = np.where(lower >= cut, 1, np.where(upper < cut, 0, 2))
    answer = decide(chance, np.ones(chance.shape, dtype=bool), rule)
    np.testing.assert_array_equal(answer, expected)


def test_a_missed_exceedance_that_costs_more_is_missed_less():
    """As the cost ratio rises, more is above and less is below."""
    rules = [DecisionRule.from_band(Band(), ratio) for ratio in (0.5, 1.0, 4.0, 20.0)]
    assert (np.diff([rule.above for rule in rules]) < 0).all()
    assert (np.diff([rule.below for rule in rules]) < 0).all()


def test_a_band_that_tells_nothing_decides_nothing():
    """Bounds of 0 and 1 leave every place without an answer."""

    class Unknown:
        def bounds(self, probability):
            return np.zeros_like(probability), np.ones_like(probability)

    rule = DecisionRule.from_band(Unknown(), 4.0)
    assert (rule.above, rule.below) == (None, None)
    assert (decide(np.linspace(0, 1, 50), np.ones(50), rule) == 2).all()


def test_outside_the_area_a_band_decides_nothing_either():
    """However certain the band, a place unlike every sample has no answer."""
    rule = DecisionRule.from_band(Band(width=0.01), 4.0)
    assert decide([0.001, 0.999], [False, False], rule).tolist() == [2, 2]


@pytest.mark.parametrize("cost_ratio", [0.0, -1.0, np.inf, np.nan])
def test_costs_that_are_none_are_refused(cost_ratio):
    """A ratio of costs is a finite number above 0."""
    with pytest.raises(ConfigError, match=r"predict\.decision\.cost_ratio"):
        DecisionRule.from_band(Band(), cost_ratio)
