"""The wind rose: how often the wind blows from each direction."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Self

from hotspot.errors import CovariateError, few

# Names of the sectors, clockwise from north; every second one makes a rose of eight.
_NAMES = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)


@dataclass(frozen=True)
class WindRose:
    """Share of the time in which the wind blows from each of equal sectors.

    Parameters
    ----------
    frequencies : tuple of float
        Clockwise, the first about north; 0 or above and not all 0. Their sum does not matter.

    Raises
    ------
    CovariateError
        A frequency is negative or no number, all are 0, or there are fewer than four.

    Examples
    --------
    >>> rose = WindRose.from_names({"N": 10, "W": 30, "S": 0, "E": 0,
    ...                             "NE": 0, "SE": 0, "SW": 0, "NW": 0})
    >>> rose.relative[0], rose.relative[6]
    (2.0, 6.0)
    """

    frequencies: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = self.frequencies
        if len(numbers) < 4 or not all(isfinite(n) and n >= 0 for n in numbers):
            raise CovariateError(
                f"A wind rose has frequencies {few(numbers, 16)}. "
                "Give 8 or 16 of them, each 0 or above."
            )
        if sum(numbers) <= 0:
            raise CovariateError(
                "All frequencies of a wind rose are 0. Give how often the wind blows from "
                "each direction."
            )

    @property
    def relative(self) -> tuple[float, ...]:
        """Frequencies divided by their mean: 1 everywhere for a wind without a preference."""
        mean = sum(self.frequencies) / len(self.frequencies)
        return tuple(value / mean for value in self.frequencies)

    @classmethod
    def from_names(cls, frequencies: Mapping[str, float]) -> Self:
        """Return the rose of named directions, from which the wind blows.

        Parameters
        ----------
        frequencies : mapping of str to float
            Of all 8 directions N, NE … NW, or of all 16 directions N, NNE … NNW.

        Raises
        ------
        CovariateError
            A direction is missing or unknown.
        """
        for names in (_NAMES[::2], _NAMES):
            if set(frequencies) == set(names):
                return cls(tuple(float(frequencies[name]) for name in names))
        known = _NAMES if len(frequencies) > 8 else _NAMES[::2]
        missing = [name for name in known if name not in frequencies]
        extra = [name for name in frequencies if name not in known]
        raise CovariateError(
            f"A wind rose of {len(frequencies)} directions lacks {few(missing, 8) or 'none'} "
            f"and has unknown ones: {few(extra, 8) or 'none'}. Give all of "
            f"{', '.join(_NAMES[::2])}, or all 16 of {', '.join(_NAMES)}."
        )
