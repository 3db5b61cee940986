"""The choice among trials: the default, unless a better setting is clearly better."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.evaluation.uncertainty import Estimate
from hotspot.selection.losses import loss_difference
from hotspot.selection.search import Trial
from hotspot.selection.space import SearchSpace, Setting


@dataclass(frozen=True)
class Choice:
    """The chosen setting, and why.

    Parameters
    ----------
    trial : int
        Number of the chosen trial; 0 is the default setting.
    setting : dict
        Values by parameter.
    best : int
        Number of the trial with the lowest loss.
    gain : Estimate
        Loss of the default minus that of the best, with the standard error of the paired
        difference.
    sentence : str
        What was chosen and why, for people.
    """

    trial: int
    setting: Setting
    best: int
    gain: Estimate
    sentence: str

    @property
    def is_default(self) -> bool:
        """Whether the default setting is kept."""
        return self.trial == 0


def choose(trials: Sequence[Trial], space: SearchSpace, blocks: NDArray[np.int64]) -> Choice:
    """Return the setting nearest to the default that is as good as the best.

    As good means: its loss is not above that of the best trial by more than one standard
    error of their paired difference. The default is nearest to itself, so it is kept unless
    the best is better by more than that; then the setting nearest to the default is taken
    among those that are as good as the best and better than the default.

    Parameters
    ----------
    trials : sequence of Trial
        The default first.
    space : SearchSpace
        Says how far two settings are apart.
    blocks : array of int, shape (n,)
        Spatial block of each sample.

    Raises
    ------
    ModelError
        The default setting has no losses.

    References
    ----------
    Breiman, L., Friedman, J., Olshen, R., & Stone, C. (1984). Classification and Regression
    Trees, section 3.4.3 (the rule of one standard error).
    """
    finished = [trial for trial in trials if trial.value is not None]
    if not finished or finished[0].number != 0:
        raise ModelError(
            f"The default setting has no score, and {len(finished)} other settings have one. "
            "Give folds in which the default setting can be scored."
        )
    default = finished[0]
    best = min(finished, key=lambda trial: (trial.value, trial.number))
    gain = _difference(default, best, blocks)
    if best is default:
        sentence = (
            "The default settings are kept: none of the other "
            f"{len(finished) - 1} settings scored better."
        )
        return Choice(0, default.setting, 0, gain, sentence)
    if not is_clear(gain):
        sentence = (
            f"The default settings are kept: the best of {len(finished)} settings, trial "
            f"{best.number}, is better by {told(gain)}, which is not more than one standard "
            "error."
        )
        return Choice(0, default.setting, best.number, gain, sentence)
    equals = [
        trial
        for trial in finished
        if trial is best
        or (
            (trial.value or 0.0) < (default.value or 0.0)
            and not is_clear(_difference(trial, best, blocks))
        )
    ]
    taken = min(
        equals, key=lambda each: (space.distance(each.setting, default.setting), each.number)
    )
    sentence = (
        f"Trial {taken.number} is chosen. The best setting, trial {best.number}, is better "
        f"than the default by {told(gain)}, which is more than one standard error; of the "
        f"{len(equals)} settings within one standard error of the best, trial {taken.number} "
        "is nearest to the default."
    )
    return Choice(taken.number, taken.setting, best.number, gain, sentence)


def is_clear(gain: Estimate) -> bool:
    """Whether a gain is above 0 by more than its standard error; no error is no evidence."""
    return gain.mean is not None and gain.se is not None and gain.mean > gain.se


def told(gain: Estimate) -> str:
    """Return a number with its standard error as text."""
    if gain.mean is None:
        return f"an unknown amount ({gain.reason})"
    error = "unknown" if gain.se is None else f"{gain.se:.4f}"
    return f"{gain.mean:.4f} (standard error {error})"


def _difference(first: Trial, second: Trial, blocks: NDArray[np.int64]) -> Estimate:
    if first.losses is None or second.losses is None:
        return Estimate(None, None, "a setting was refused")
    return loss_difference(first.losses, second.losses, blocks)
