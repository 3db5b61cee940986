"""Three answers to whether the limit is exceeded: below, above, cannot say."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotspot.errors import ConfigError


class Decision(IntEnum):
    """Codes of the decision raster; they are part of the file format."""

    BELOW = 0
    ABOVE = 1
    CANNOT_SAY = 2
    NO_DATA = 255


@dataclass(frozen=True)
class DecisionRule:
    """The probabilities from which a place counts as above or below the limit.

    A probability near one half, or one for a place unlike every sample, is no ground for
    an answer. One cut at 0.5 would hide that behind a yes or no, so there are two cuts and
    a third answer between them.

    Parameters
    ----------
    above : float
        From this P(exceed) upwards the answer is "above".
    below : float
        Down from this P(exceed) the answer is "below".

    Raises
    ------
    ConfigError
        Not ``0 < below < above < 1``.

    Examples
    --------
    >>> DecisionRule(above=0.9, below=0.1)
    DecisionRule(above=0.9, below=0.1)
    """

    above: float = 0.8
    below: float = 0.2

    def __post_init__(self) -> None:
        if not 0.0 < self.below < self.above < 1.0:
            raise ConfigError(
                f"The decision needs 0 < below < above < 1, but below is {self.below} and "
                f"above is {self.above}. Set predict.decision.below and "
                "predict.decision.above, such as 0.2 and 0.8."
            )


def decide(
    probability: ArrayLike, applicable: ArrayLike, rule: DecisionRule
) -> NDArray[np.uint8]:
    """Return a decision code for each probability.

    Outside the area of applicability the answer is always "cannot say", whatever the
    probability: there the model has seen no sample like the place, and a low probability
    would read as "clean" where nobody has looked.

    Numbers are compared in float32, the precision of the maps, so that the two rasters of
    one folder never contradict each other.

    Parameters
    ----------
    probability : array of any shape
        P(exceed) in [0, 1]; NaN where there is no data.
    applicable : array of bool, same shape
        Whether the place lies inside the area of applicability.
    rule : DecisionRule
        Both cuts belong to their class: ``above`` itself is above, ``below`` itself below.

    Returns
    -------
    array of uint8, same shape
        Values of `Decision`.

    Examples
    --------
    >>> decide([0.1, 0.5, 0.9, 0.9, np.nan], [1, 1, 1, 0, 1], DecisionRule())
    array([  0,   2,   1,   2, 255], dtype=uint8)
    """
    chance = np.asarray(probability, dtype=np.float32)
    inside = np.asarray(applicable, dtype=np.bool_)
    answer = np.full(chance.shape, Decision.CANNOT_SAY, dtype=np.uint8)
    answer[inside & (chance >= np.float32(rule.above))] = Decision.ABOVE
    answer[inside & (chance <= np.float32(rule.below))] = Decision.BELOW
    answer[np.isnan(chance)] = Decision.NO_DATA
    return answer


def inside_applicability(dissimilarity: ArrayLike, threshold: float) -> NDArray[np.bool_]:
    """Return whether each dissimilarity lies inside the area of applicability.

    Compared in float32, as the map stores it; NaN is outside.

    Examples
    --------
    >>> inside_applicability([0.1, 0.4, np.nan], 0.3)
    array([ True, False, False])
    """
    index = np.asarray(dissimilarity, dtype=np.float32)
    return np.asarray(index <= np.float32(threshold), dtype=np.bool_)
