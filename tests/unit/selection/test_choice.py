"""The rule of one standard error."""

import numpy as np
import pytest

from hotspot.errors import ModelError
from hotspot.selection import SearchSpace, Trial, choose

SPACE = SearchSpace.from_dict({"a": {"kind": "float", "low": 0.0, "high": 10.0}})
BLOCKS = np.arange(20)
NOISE = np.linspace(-1, 1, 20)


def trial(number: int, a: float, mean: float, spread: float = 0.0) -> Trial:
    """Return a trial whose paired difference to one without spread has error 0.14 spread."""
    return Trial(number, {"a": a}, np.array([1.0 + mean + spread * NOISE]))


def test_the_default_is_kept_within_one_standard_error() -> None:
    """A best setting that is better by less than the error of the difference is left."""
    chosen = choose([trial(0, 1, 0.0), trial(1, 9, -0.1, spread=1.0)], SPACE, BLOCKS)
    assert chosen.is_default
    assert chosen.best == 1
    assert "not more than one standard error" in chosen.sentence


def test_a_clearly_better_setting_is_taken() -> None:
    """The same gain with a small error is taken."""
    chosen = choose([trial(0, 1, 0.0), trial(1, 9, -0.1, spread=0.1)], SPACE, BLOCKS)
    assert chosen.trial == 1
    assert chosen.gain.mean == pytest.approx(0.1)


def test_of_equals_the_one_nearest_to_the_default_is_taken() -> None:
    """Trial 2 is as good as the best, trial 1, within its error, and nearer."""
    trials = [
        trial(0, 1, 0.0),
        trial(1, 9, -0.2),
        trial(2, 3, -0.19, spread=0.2),
        trial(3, 2, -0.05),
    ]
    chosen = choose(trials, SPACE, BLOCKS)
    assert (chosen.trial, chosen.best) == (2, 1)


def test_none_worse_than_the_default_is_an_equal() -> None:
    """A setting with a wide error is not taken if it scored worse than the default."""
    trials = [trial(0, 1, 0.0), trial(1, 9, -0.2), trial(2, 2, 0.01, spread=10.0)]
    assert choose(trials, SPACE, BLOCKS).trial == 1


def test_the_default_may_be_the_best() -> None:
    """It is kept, and refused settings do not count."""
    chosen = choose(
        [trial(0, 1, 0.0), trial(1, 2, 0.1), Trial(2, {"a": 3.0}, None)], SPACE, BLOCKS
    )
    assert chosen.is_default
    assert "none of the other 1 settings scored better" in chosen.sentence


def test_a_difference_without_error_is_no_evidence() -> None:
    """One block gives no standard error, so the default is kept."""
    blocks = np.zeros(20, dtype=np.int64)
    assert choose([trial(0, 1, 0.0), trial(1, 9, -0.5)], SPACE, blocks).is_default


def test_a_default_without_score_is_an_error() -> None:
    """Nothing can be compared with it."""
    with pytest.raises(ModelError, match="default setting has no score"):
        choose([Trial(0, {"a": 1.0}, None), trial(1, 2, 0.1)], SPACE, BLOCKS)
