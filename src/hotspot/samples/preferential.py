"""Are samples denser where values are high? An audit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist, squareform
from scipy.special import ndtri
from scipy.stats import rankdata

from hotspot.errors import SampleError
from hotspot.grid import Coordinates

Array = NDArray[np.float64]

# Local density is told by the mean distance to so many nearest other places.
N_NEIGHBOURS = 3
# Fields are fitted and drawn at this many places at most; more are thinned at random.
MOST_PLACES = 500
FEWEST_PLACES = 20
# The chance of an equal or stronger correlation without preference below which it is told.
LEVEL = 0.05
# Ranges, as shares of the diagonal of the extent, and nuggets, as shares of the variance,
# among which the field that suits the values best is sought.
_RANGES = np.geomspace(0.01, 1.0, 9)
_NUGGETS = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 0.999])


@dataclass(frozen=True)
class PreferenceAudit:
    """What the audit found.

    Parameters
    ----------
    correlation : float
        Spearman's, of local sampling density and value; above 0 where samples are denser
        where values are high.
    p_value : float
        Chance of a correlation as strong, of either sign, had places been chosen without
        regard to a field as smooth as this one.
    n_places : int
        Places compared.
    sentence : str
        The finding in plain words.
    """

    correlation: float
    p_value: float
    n_places: int
    sentence: str

    @property
    def is_preferential(self) -> bool:
        """Whether chance alone gives so strong a correlation in less than 5 of 100."""
        return self.p_value < LEVEL


def audit_preference(
    coordinates: Coordinates, values: Array, *, n_draws: int = 199, random_state: int = 0
) -> PreferenceAudit:
    """Return whether samples are denser where values are high, beyond chance.

    Neighbours have alike values and alike densities, so that ordinary tests find
    correlations everywhere. The chance is therefore found with random fields at the same
    places: Gaussian, of exponential covariance with nugget, fitted to the normal scores of
    the values by maximum likelihood.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing; or points in space for distances on the sphere.
    values : array, shape (n,)
        Concentrations or their logarithms; only ranks count. NaN is left out. Samples of
        one place count as one, with their mean.
    n_draws : int
        Random fields, 19 or more.
    random_state : int
        Seed.

    Raises
    ------
    SampleError
        Fewer than 20 places, equal values, or too few draws.

    References
    ----------
    Diggle, Menezes & Su (2010), Geostatistical inference under preferential sampling.
    https://doi.org/10.1111/j.1467-9876.2009.00701.x

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> places = np.concatenate([rng.uniform(0, 10, (60, 2)), rng.uniform(0, 100, (60, 2))])
    >>> audit_preference(places, np.repeat([5.0, 1.0], 60) + rng.normal(0, 0.1, 120)).sentence
    'Samples are denser where values are high (rank correlation 0.76, p = 0.005).'
    """
    if n_draws < 19:
        raise SampleError(f"{n_draws} random fields asked. Ask for 19 or more.")
    places, measured = _places_with_values(coordinates, values)
    if len(places) < FEWEST_PLACES:
        raise SampleError(
            f"{len(places)} places are too few to tell a preference. "
            f"Give {FEWEST_PLACES} places or more."
        )
    if np.ptp(measured) == 0:
        raise SampleError(
            f"All {len(places)} places have the same value, which tells no preference. "
            "Give values that differ."
        )
    rng = np.random.default_rng(random_state)
    density = -_spacing(places)
    if len(places) > MOST_PLACES:
        kept = np.sort(rng.choice(len(places), MOST_PLACES, replace=False))
        places, measured, density = places[kept], measured[kept], density[kept]
    rank = _standard_rank(density)
    n = len(places)
    found = float(rank @ _standard_rank(measured) / n)
    root = _fitted_root(places, _normal_scores(measured))
    drawn = np.array(
        [rank @ _standard_rank(root @ rng.standard_normal(n)) / n for _ in range(n_draws)]
    )
    stronger = int((np.abs(drawn) >= abs(found)).sum())
    p_value = (stronger + 1) / (n_draws + 1)
    return PreferenceAudit(found, p_value, n, _sentence(found, p_value))


def _places_with_values(coordinates: Coordinates, values: Array) -> tuple[Coordinates, Array]:
    measured = np.asarray(values, dtype=np.float64)
    if len(coordinates) != len(measured):
        raise SampleError(
            f"{len(measured)} values were given for {len(coordinates)} samples. "
            "Give one value per sample, NaN where it is unknown."
        )
    known = np.isfinite(measured)
    if not known.any():
        return np.asarray(coordinates, dtype=np.float64)[:0], measured[:0]
    places, inverse = np.unique(
        np.asarray(coordinates, dtype=np.float64)[known], axis=0, return_inverse=True
    )
    place = inverse.reshape(-1)
    means = np.bincount(place, weights=measured[known]) / np.bincount(place)
    return places, means.astype(np.float64)


def _spacing(places: Coordinates) -> Array:
    """Return the mean distance of each place to its nearest other places."""
    count = min(N_NEIGHBOURS, len(places) - 1)
    distance, _ = cKDTree(places).query(places, k=count + 1)
    return np.asarray(distance[:, 1:].mean(axis=1), dtype=np.float64)


def _standard_rank(values: Array) -> Array:
    rank = rankdata(values)
    spread = rank.std()
    centred: Array = rank - rank.mean()
    return centred / spread if spread > 0 else centred


def _normal_scores(values: Array) -> Array:
    scores = ndtri((rankdata(values) - 0.5) / len(values))
    return np.asarray(scores - scores.mean(), dtype=np.float64)


def _fitted_root(places: Coordinates, scores: Array) -> Array:
    """Return the lower root of the correlation matrix that suits the scores best."""
    distance = squareform(pdist(places))
    diagonal = float(np.linalg.norm(np.ptp(places, axis=0)))
    n = len(places)
    best, chosen = np.inf, np.eye(n)
    for reach in _RANGES * diagonal:
        smooth = np.exp(-distance / reach)
        for nugget in _NUGGETS:
            matrix = (1 - nugget) * smooth
            matrix[np.diag_indices(n)] = 1.0
            factor = cho_factor(matrix, lower=True)
            # The profile likelihood: the variance is what suits best.
            fit = float(scores @ cho_solve(factor, scores))
            cost = n * np.log(fit / n) + 2 * float(np.log(np.diag(factor[0])).sum())
            if cost < best:
                best, chosen = cost, matrix
    return np.asarray(cholesky(chosen, lower=True), dtype=np.float64)


def _sentence(correlation: float, p_value: float) -> str:
    numbers = f"(rank correlation {correlation:.2f}, p = {p_value:.3f})"
    if p_value >= LEVEL:
        return f"Samples are not denser where values are high or low, beyond chance {numbers}."
    return (
        f"Samples are denser where values are {'high' if correlation > 0 else 'low'} {numbers}."
    )
