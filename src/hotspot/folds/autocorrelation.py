"""How far values of neighbouring samples resemble each other, and blocks of that size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from hotspot.errors import FoldError
from hotspot.grid import Coordinates

# All pairs of this many samples are half a million: enough for a range, quick to shuffle.
MOST_SAMPLES = 1000
# Pairs farther apart than this share of the longer side say little about a range.
CUTOFF_SHARE = 0.5
N_LAGS = 15
# Median distances from the middle beyond which a sample is no part of the extent.
_FAR = 10.0
# Neighbours must be more alike than in 95 of 100: the survey and its shuffles.
N_SHUFFLES = 99
N_NEIGHBOURS = 4


@dataclass(frozen=True)
class Variogram:
    """An empirical variogram; lags without a pair are left out.

    Parameters
    ----------
    lag : array, shape (n_lags,)
        Mean distance of the pairs, in the units of the coordinates.
    semivariance : array, shape (n_lags,)
        Half the mean squared difference of the pairs.
    n_pairs : array of int, shape (n_lags,)
    """

    lag: NDArray[np.float64]
    semivariance: NDArray[np.float64]
    n_pairs: NDArray[np.int64]


def _thinned(
    coordinates: Coordinates, values: NDArray[np.float64]
) -> tuple[Coordinates, NDArray[np.float64]]:
    """Return places and their mean value, from west to east, evenly thinned."""
    places = np.asarray(coordinates, dtype=np.float64)
    measured = np.asarray(values, dtype=np.float64)
    if len(places) != len(measured):
        raise FoldError(
            f"{len(measured)} values were given for {len(places)} samples. "
            "Give one value per sample, NaN where it is unknown."
        )
    known = np.isfinite(measured)
    places, measured = places[known], measured[known]
    if not len(places):
        return places, measured
    # Replicates at one place resemble each other for other reasons than space.
    places, inverse = np.unique(places, axis=0, return_inverse=True)
    number = inverse.reshape(-1)
    means = np.bincount(number, weights=measured) / np.bincount(number)
    if len(places) > MOST_SAMPLES:
        kept = np.linspace(0, len(places) - 1, MOST_SAMPLES).astype(np.int64)
        places, means = places[kept], means[kept]
    return places, means.astype(np.float64)


def _longer_side(coordinates: Coordinates) -> float:
    # A sample far from all others must not stretch the lags until all pairs are in one.
    away = np.linalg.norm(coordinates - np.median(coordinates, axis=0), axis=1)
    usual = float(np.median(away))
    if usual > 0:
        coordinates = coordinates[away <= _FAR * usual]
    if coordinates.shape[1] == 3:
        # Points in space have no east and north of their own: their main axes do.
        centred = coordinates - coordinates.mean(axis=0)
        coordinates = centred @ np.linalg.eigh(centred.T @ centred)[1]
    return float(np.ptp(coordinates, axis=0).max())


def variogram(coordinates: Coordinates, values: NDArray[np.float64]) -> Variogram:
    """Return the empirical variogram up to half the longer side of the extent.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing. More than 1,000 samples are thinned, evenly from west to east.
    values : array, shape (n,)
        Logarithms of concentrations, or labels; NaN is left out.

    Examples
    --------
    >>> line = np.column_stack([np.arange(21.0), np.zeros(21)])
    >>> found = variogram(line, np.arange(21.0))
    >>> found.lag[:3], found.semivariance[:3]
    (array([1., 2., 3.]), array([0.5, 2. , 4.5]))
    """
    places, measured = _thinned(coordinates, values)
    if len(places) < 2:
        empty = np.zeros(0)
        return Variogram(empty, empty, np.zeros(0, dtype=np.int64))
    distance = pdist(places)
    number = _lag_number(distance, CUTOFF_SHARE * _longer_side(places))
    return _averaged(distance, number, measured)


def _lag_number(distance: NDArray[np.float64], cutoff: float) -> NDArray[np.int64]:
    """Return the lag of each pair from 0; `N_LAGS` for pairs beyond the cutoff."""
    width = max(cutoff, np.finfo(np.float64).tiny) / N_LAGS
    return np.minimum(np.floor(distance / width), N_LAGS).astype(np.int64)


def _averaged(
    distance: NDArray[np.float64], number: NDArray[np.int64], values: NDArray[np.float64]
) -> Variogram:
    half_square = 0.5 * pdist(values[:, None], "sqeuclidean")
    pairs = np.bincount(number, minlength=N_LAGS + 1)[:N_LAGS]
    used = pairs > 0
    lag = np.bincount(number, weights=distance, minlength=N_LAGS + 1)[:N_LAGS]
    gamma = np.bincount(number, weights=half_square, minlength=N_LAGS + 1)[:N_LAGS]
    return Variogram(
        lag=lag[used] / pairs[used],
        semivariance=gamma[used] / pairs[used],
        n_pairs=pairs[used].astype(np.int64),
    )


def _spherical(lag: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    scaled = np.minimum(lag / reach, 1.0)
    return 1.5 * scaled - 0.5 * scaled**3


def autocorrelation_range(
    coordinates: Coordinates, values: NDArray[np.float64], *, random_state: int = 0
) -> float | None:
    """Return the distance up to which values resemble each other, or None for no structure.

    A spherical model with nugget is fitted to the empirical variogram by least squares,
    weighted by pairs over squared lag. There is no structure when neighbours (the four
    nearest places of each) are not more alike than in 95 of 100 shuffles of the values over
    the places.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing.
    values : array, shape (n,)
        Logarithms of concentrations, or labels; NaN is left out.
    random_state : int
        Seed of the shuffles.

    Returns
    -------
    float or None
        In the units of the coordinates, at most half the longer side of the extent. None
        also for fewer than 20 places, equal values, or samples of one place.

    References
    ----------
    Cressie (1985), Fitting variogram models by weighted least squares.
    https://doi.org/10.1007/BF01032109
    """
    places, measured = _thinned(coordinates, values)
    if len(places) < 20 or np.ptp(measured) == 0 or _longer_side(places) == 0:
        return None
    cutoff = CUTOFF_SHARE * _longer_side(places)
    distance = pdist(places)
    _, neighbour = cKDTree(places).query(places, k=1 + N_NEIGHBOURS)
    rng = np.random.default_rng(random_state)
    seen = _roughness(measured, neighbour)
    shuffled = [_roughness(rng.permutation(measured), neighbour) for _ in range(N_SHUFFLES)]
    if np.mean([value <= seen for value in (*shuffled, seen)]) > 0.05:
        return None
    return _fitted_range(_averaged(distance, _lag_number(distance, cutoff), measured), cutoff)


def _roughness(values: NDArray[np.float64], neighbour: NDArray[np.int64]) -> float:
    """Return the mean squared difference to the neighbours; the first is the place itself."""
    return float(((values[neighbour[:, 1:]] - values[:, None]) ** 2).mean())


def _fitted_range(found: Variogram, cutoff: float) -> float:
    positive = found.lag > 0
    lag, gamma = found.lag[positive], found.semivariance[positive]
    weight = np.sqrt(found.n_pairs[positive]) / lag
    reaches = cutoff * np.linspace(0.04, 1.0, 49)
    misfit = [
        nnls(
            weight[:, None] * np.column_stack([np.ones_like(lag), _spherical(lag, reach)]),
            weight * gamma,
        )[1]
        for reach in reaches
    ]
    return float(reaches[int(np.argmin(misfit))])


def suggest_block_size(
    coordinates: Coordinates,
    values: NDArray[np.float64] | None = None,
    *,
    random_state: int = 0,
) -> float:
    """Return a side for square blocks: the range of autocorrelation of the values.

    Where no values are given or they show no structure, a tenth of the longer side of the
    extent is returned: blocks large enough to be blocks and many enough to be dealt.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing.
    values : array, shape (n,), optional
        Logarithms of concentrations, or labels; NaN is left out.
    random_state : int
        Seed of the test for structure.

    Returns
    -------
    float
        In the units of the coordinates; never above half the longer side of the extent.

    Raises
    ------
    FoldError
        All samples lie at one place.

    Examples
    --------
    >>> line = np.column_stack([np.arange(101.0), np.zeros(101)])
    >>> suggest_block_size(line)
    10.0
    >>> suggest_block_size(line, np.sin(line[:, 0] / 5)) < 20
    True
    """
    side = _longer_side(np.asarray(coordinates, dtype=np.float64))
    if side == 0:
        raise FoldError(
            f"All {len(coordinates)} samples lie at one place. "
            "Blocks need samples of two places or more."
        )
    reach = (
        None
        if values is None
        else autocorrelation_range(coordinates, values, random_state=random_state)
    )
    return side / 10 if reach is None else min(reach, side / 2)
