"""Three answers to whether the limit is exceeded: below, above, cannot say."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotspot.errors import ConfigError

Values = NDArray[np.float64]


class Band(Protocol):
    """Bounds on the true frequency of exceedance behind a probability."""

    def bounds(self, probability: Values, /) -> tuple[Values, Values]:
        """Return the lower and the upper bound; both rise with the probability."""
        ...


class Decision(IntEnum):
    """Codes of the decision raster; they are part of the file format."""

    BELOW = 0
    ABOVE = 1
    CANNOT_SAY = 2
    NO_DATA = 255


@dataclass(frozen=True)
class DecisionRule:
    """The probabilities from which a place counts as above or below the limit.

    A probability near the point where the costs of both mistakes balance, or one for a place
    unlike every sample, is no ground for an answer. One cut would hide that behind a yes or
    no, so there are two cuts and a third answer between them. They are given as they are, or
    follow from a band about the probabilities and the costs of both mistakes.

    Parameters
    ----------
    above : float or None
        From this P(exceed) upwards the answer is "above"; None for never.
    below : float or None
        Down from this P(exceed) the answer is "below"; None for never.

    Raises
    ------
    ConfigError
        Not ``0 < below < above < 1``.

    Examples
    --------
    >>> DecisionRule(above=0.9, below=0.1)
    DecisionRule(above=0.9, below=0.1)
    """

    above: float | None = 0.8
    below: float | None = 0.2

    def __post_init__(self) -> None:
        below = 0.0 if self.below is None else self.below
        above = 1.0 if self.above is None else self.above
        inside = all(0.0 < cut < 1.0 for cut in (self.below, self.above) if cut is not None)
        if not inside or not below < above:
            raise ConfigError(
                f"The decision needs 0 < below < above < 1, but below is {self.below} and "
                f"above is {self.above}. Set predict.decision.below and "
                "predict.decision.above, such as 0.2 and 0.8."
            )

    @classmethod
    def from_band(cls, band: Band, cost_ratio: float) -> Self:
        """Return the rule that decides only where the whole band is on one side.

        To call a place clean that is not costs `cost_ratio` times as much as to call a clean
        one polluted. Whoever knew the true frequency would call a place "above" from
        ``1 / (1 + cost_ratio)`` on: there both mistakes cost the same on average. The lower
        bound must reach that frequency for "above", and the upper bound stay under it for
        "below". Both bounds rise with the probability, so this comes to two cuts.

        Parameters
        ----------
        band : Band
            Such as the calibration band of a fitted model.
        cost_ratio : float
            Above 0; over 1 where a missed exceedance is worse than a false alarm.

        Raises
        ------
        ConfigError
            The cost ratio is not a finite number above 0.

        References
        ----------
        Elkan, C. (2001). The foundations of cost-sensitive learning. Proceedings of the 17th
        International Joint Conference on Artificial Intelligence, 973-978.

        Examples
        --------
        >>> class Certain:
        ...     def bounds(self, probability):
        ...         return probability - 0.1, probability + 0.1
        >>> DecisionRule.from_band(Certain(), cost_ratio=4.0)
        DecisionRule(above=0.3, below=0.1)
        """
        frequency = balanced_frequency(cost_ratio)
        above = _first(lambda chance: band.bounds(chance)[0], frequency)
        undecided = _first(lambda chance: band.bounds(chance)[1], frequency)
        below = 1.0 if undecided is None else float(np.nextafter(undecided, np.float32(0)))
        return cls(
            above=None if above is None or not above < 1.0 else float(above),
            below=below if 0.0 < below < 1.0 else None,
        )


def balanced_frequency(cost_ratio: float) -> float:
    """Return the frequency of exceedance at which both mistakes cost the same on average.

    Parameters
    ----------
    cost_ratio : float
        Cost of a missed exceedance over that of a false alarm.

    Examples
    --------
    >>> balanced_frequency(4.0)
    0.2
    """
    if not 0.0 < cost_ratio < float("inf"):
        raise ConfigError(
            f"A cost ratio of {cost_ratio} was asked. Give predict.decision.cost_ratio a "
            "number above 0, such as 4: a missed exceedance costs four false alarms."
        )
    return 1.0 / (1.0 + cost_ratio)


def _first(bound: Callable[[Values], Values], frequency: float) -> np.float32 | None:
    """Return the least float32 probability whose bound reaches a frequency, if any does.

    The search is over the numbers themselves: those of floats above 0 are in the order of
    their bits. What a map stores and what it decides then agree in every cell.
    """

    def reaches(bits: int) -> bool:
        chance = np.array([bits], dtype=np.int32).view(np.float32)
        reached = np.asarray(bound(chance.astype(np.float64)), dtype=np.float32)
        return bool(reached[0] >= np.float32(frequency))

    low, high = 0, int(np.array([1.0], dtype=np.float32).view(np.int32)[0])
    if not reaches(high):
        return None
    while low < high:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle + 1
    return np.float32(np.array([high], dtype=np.int32).view(np.float32)[0])


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
    if rule.above is not None:
        answer[inside & (chance >= np.float32(rule.above))] = Decision.ABOVE
    if rule.below is not None:
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
