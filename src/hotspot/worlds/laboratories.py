"""Laboratories: what they make of the concentration in a sample, and what they cannot tell."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ConfigError
from hotspot.seeds import child_seed
from hotspot.worlds.bounds import check_between, check_choice

# Ids of the registry of methods, taken in turn.
METHODS = ("aqua_regia_iso11466", "epa_3051a", "xrf_lab")
# Spellings of one and the same unit.
UNITS = ("mg/kg", "µg/g", "ppm")
# Digits that a laboratory reports, of results and of limits.
_RESULT_DIGITS, _LIMIT_DIGITS = 4, 3


@dataclass(frozen=True)
class Laboratories:
    """How samples are analysed.

    Parameters
    ----------
    n_laboratories : int
        From 1.
    offset : float
        Standard deviation, in natural logs, of what a laboratory always finds too much or too
        little; the same factor for all its results.
    error : float
        Standard deviation, in natural logs, of single results.
    censored_share : float
        Share of results below the detection limit, planted by the choice of the limits. 0 for
        laboratories without a limit.
    limit_spread : float
        Standard deviation, in natural logs, of the detection limits: half of its variance
        between laboratories, half between their samples. 0 for one limit.
    over_range_share : float
        Share of results above what the method can tell.
    assignment : {"random", "regional"}
        Whether samples go to any laboratory, or each laboratory has a strip of the region, so
        that its offset cannot be told from the region.
    """

    n_laboratories: int = 3
    offset: float = 0.1
    error: float = 0.1
    censored_share: float = 0.0
    limit_spread: float = 0.3
    over_range_share: float = 0.0
    assignment: Literal["random", "regional"] = "random"

    def __post_init__(self) -> None:
        check_between("n_laboratories", self.n_laboratories, 1, 1000)
        check_between("offset", self.offset, 0.0, 3.0)
        check_between("error", self.error, 0.0, 3.0)
        check_between("censored_share", self.censored_share, 0.0, 0.99)
        check_between("limit_spread", self.limit_spread, 0.0, 3.0)
        check_between("over_range_share", self.over_range_share, 0.0, 0.99)
        check_choice("assignment", self.assignment, ("random", "regional"))
        if self.censored_share + self.over_range_share >= 1:
            raise ConfigError(
                f"censored_share={self.censored_share:g} and over_range_share="
                f"{self.over_range_share:g} leave no measured result. Give shares whose sum is "
                "below 1."
            )


@dataclass(frozen=True, eq=False)
class Analyses:
    """What laboratories found.

    Parameters
    ----------
    table : DataFrame, n_laboratories rows
        ``laboratory``, ``method``, ``unit`` and ``offset``, the factor on all its results.
    laboratory : array of int, shape (n,)
        Row of the laboratory of each sample.
    measured_mg_kg : array, shape (n,), mg/kg
        What the instrument showed, before limits.
    lower_mg_kg, upper_mg_kg, limit_mg_kg : array, shape (n,), mg/kg
        What the laboratory reported: equal bounds, (0, limit] or [limit, inf). The limit is
        NaN where a laboratory states none.
    """

    table: pd.DataFrame
    laboratory: NDArray[np.int64]
    measured_mg_kg: NDArray[np.float64]
    lower_mg_kg: NDArray[np.float64]
    upper_mg_kg: NDArray[np.float64]
    limit_mg_kg: NDArray[np.float64]


def analyse(
    options: Laboratories,
    concentration_mg_kg: NDArray[np.float64],
    *,
    across: NDArray[np.float64],
    seed: int,
) -> Analyses:
    """Return what laboratories report of samples.

    Parameters
    ----------
    options : Laboratories
        Who analyses, and how well.
    concentration_mg_kg : array, shape (n,), mg/kg
        In the samples.
    across : array, shape (n,)
        Place of each sample from the west (0) to the east (1) of the region.
    seed : int
        Of offsets, errors and limits.
    """
    n, number = len(concentration_mg_kg), options.n_laboratories
    rng = np.random.default_rng(child_seed(seed, "laboratories"))
    table = pd.DataFrame(
        {
            "laboratory": [f"lab_{k + 1}" for k in range(number)],
            "method": [METHODS[k % len(METHODS)] for k in range(number)],
            "unit": [UNITS[k % len(UNITS)] for k in range(number)],
            "offset": np.exp(options.offset * rng.standard_normal(number)),
        }
    )
    half = options.limit_spread * np.sqrt(0.5)
    of_laboratory = half * rng.standard_normal(number)
    rng = np.random.default_rng(child_seed(seed, "samples"))
    laboratory = rng.integers(number, size=n)
    if options.assignment == "regional":
        laboratory = np.minimum((across * number).astype(np.int64), number - 1)
    error = np.exp(options.error * rng.standard_normal(n))
    offset = table["offset"].to_numpy(dtype=np.float64)[laboratory]
    measured = _rounded(concentration_mg_kg * offset * error, _RESULT_DIGITS)
    relative = np.exp(of_laboratory[laboratory] + half * rng.standard_normal(n))

    lower, upper, limit = measured.copy(), measured.copy(), np.full(n, np.nan)
    if options.censored_share > 0:
        base = _height(measured / relative, options.censored_share)
        limit = _rounded(base * relative, _LIMIT_DIGITS)
        below = measured < limit
        lower[below], upper[below] = 0.0, limit[below]
    if options.over_range_share > 0:
        top = float(
            _rounded(np.array(_height(measured, 1 - options.over_range_share)), _LIMIT_DIGITS)
        )
        over = (measured > top) & (lower == upper)
        lower[over], upper[over], limit[over] = top, np.inf, top
    return Analyses(table, laboratory, measured, lower, upper, limit)


def _height(values: NDArray[np.float64], share: float) -> float:
    """Return a number that a share of the values, to the nearest one, lies below."""
    ordered = np.sort(values)
    below = round(share * len(ordered))
    if below == 0:
        return float(ordered[0]) * 0.99
    if below == len(ordered):
        return float(ordered[-1]) * 1.01
    return float(np.sqrt(ordered[below - 1] * ordered[below]))


def _rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Return numbers rounded to significant digits, exactly as their text is read back."""
    texts = [f"{value:.{digits}g}" for value in np.ravel(values)]
    return np.array([float(text) for text in texts]).reshape(np.shape(values))
