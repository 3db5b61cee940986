"""The decision rule."""

import numpy as np
import pytest

from hotspot.errors import ConfigError
from hotspot.maps.decision import DecisionRule, decide, inside_applicability


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
