"""How strongly samples were preferred by their concentration."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from hotspot.grid import Coordinates
from hotspot.samples.preferential import PreferenceAudit

Array = NDArray[np.float64]

# Cells count so many times, as if they were the whole plane and not a share of it.
_CELL_WEIGHT = 50.0
# Places that the error of a slope is told from, at most.
_MOST_PLACES = 600
# No place of a sample counts more than this many times the mean.
_MOST_WEIGHT = 10.0
# Standard errors that a slope must exceed before a map is moved by it.
_SURE = 2.0


@dataclass(frozen=True)
class Preference:
    """The slope of the log sampling density on the log concentration, with its error.

    Parameters
    ----------
    slope : float
        As far as it exceeds its error; 0 without preference.
    se : float
        Standard error.
    sure : float
        As far as it exceeds twice its error: what a map may be corrected for.
    alone, beside_covariates : float
        Both estimates that it rests on.
    """

    slope: float
    se: float
    sure: float
    alone: float
    beside_covariates: float


def preference_slope(
    tested: Array,
    mapped: Array,
    *,
    coordinates: Coordinates,
    cells: Coordinates,
    covariates: Array,
    cell_covariates: Array,
    reach: float,
    random_state: int = 0,
) -> Preference:
    """Return how the density of samples rises with the concentration.

    Samples are compared with the cells of the map in what a model says of both, of samples
    when they are left out: a logistic regression of what is a sample and what is a cell,
    which is that of a Poisson process whose log density is linear. It is made twice, with
    the concentration alone and beside the covariates. Alone it would take roads, near which
    concentrations are high, for a preference; beside covariates it would take clusters of
    samples for one. If their signs agree, their mean is believed as far as they differ by
    chance, the smaller as far as they differ by more, and either as far as both exceed their
    errors.

    The error of the first is that of the mean of a field of the given range, over the samples
    weighted against the preference found: clusters that the concentration does not explain
    make it large.

    Parameters
    ----------
    tested : array, shape (n,)
        Log concentration said of each sample when left out.
    mapped : array, shape (m,)
        Log concentration said of each cell.
    coordinates, cells : array, shape (n, 2), (m, 2)
        Easting, northing; or points in space for distances on the sphere.
    covariates, cell_covariates : array, shape (n, k), (m, k)
        In standard units.
    reach : float
        Distance at which a correlation of exp(-1) is left.
    random_state : int
        Seed of the places that the error is told from, where there are many.

    References
    ----------
    Diggle, Menezes & Su (2010), Geostatistical inference under preferential sampling.
    https://doi.org/10.1111/j.1467-9876.2009.00701.x
    Fithian & Hastie (2013), Finite-sample equivalence in statistical models for
    presence-only data. https://doi.org/10.1214/13-AOAS667
    """
    spread = float(mapped.std())
    if len(tested) < 2 or not spread > 0:
        return Preference(0.0, 0.0, 0.0, 0.0, 0.0)
    one, other = ((found - mapped.mean()) / spread for found in (tested, mapped))
    alone, error = _slope(one[:, None], other[:, None])
    clustered = _clustered_error(
        one, other, slope=alone, reach=reach, places=(coordinates, cells), seed=random_state
    )
    beside, beside_error = _slope(
        np.column_stack([one, covariates]), np.column_stack([other, cell_covariates])
    )
    error = max(error, clustered)
    estimates = (alone, error), (beside, beside_error)
    agreed, sure = (agreed_slope(*estimates, beyond=times) for times in (1.0, _SURE))
    return Preference(
        *(value / spread for value in (agreed, error, sure, alone, beside)),
    )


def agreed_slope(
    first: tuple[float, float], second: tuple[float, float], *, beyond: float
) -> float:
    """Return what two estimates, each with its error, say together; 0 if of two signs.

    Their mean by precision, as far as they differ by no more than chance; the smaller, as
    far as they differ by more. And of that as much as the less sure of both has proved.
    """
    (one, error), (other, other_error) = first, second
    if one * other <= 0:
        return 0.0
    precision, other_precision = error**-2, other_error**-2
    mean = (precision * one + other_precision * other) / (precision + other_precision)
    apart = _share_proved(one - other, float(np.hypot(error, other_error)))
    smaller = min(one, other, key=abs)
    share = min(_share_proved(*each, beyond=beyond) for each in (first, second))
    return float(share * (apart * smaller + (1.0 - apart) * mean))


def map_correction(preference: Preference, audit: PreferenceAudit) -> float:
    """Return the slope that a map is corrected for.

    Audit and slope look at different things, the density of samples where they are and what
    cells would have; a map is moved where they agree.

    Parameters
    ----------
    preference : Preference
        Of the samples against the map.
    audit : PreferenceAudit
        Of the samples among themselves.

    Examples
    --------
    >>> clear = Preference(slope=1.1, se=0.2, sure=0.9, alone=1.2, beside_covariates=1.3)
    >>> audit = PreferenceAudit(0.7, 0.005, 150, "Samples are denser where values are high.")
    >>> map_correction(clear, audit)
    0.9
    """
    agree = audit.is_preferential and preference.sure * audit.correlation > 0
    return preference.sure if agree else 0.0


def proved(value: float, error: float, *, beyond: float = 1.0) -> float:
    """Return a number as far as it exceeds its error: ``value * max(0, 1 - (error/value)²)``.

    The positive part of the rule of James and Stein: what chance alone gives comes out as 0,
    what is many times its error as it is.

    Parameters
    ----------
    beyond : float
        How many times the error must be exceeded.

    Examples
    --------
    >>> proved(1.0, 2.0), proved(10.0, 2.0), proved(-10.0, 2.0, beyond=2.5)
    (0.0, 9.6, -7.5)
    """
    return float(value * _share_proved(value, error, beyond=beyond))


def _share_proved(value: float, error: float, *, beyond: float = 1.0) -> float:
    if abs(value) <= beyond * error:
        return 0.0
    return 1.0 - (beyond * error / value) ** 2


def _slope(samples: Array, cells: Array) -> tuple[float, float]:
    """Return the slope of the log density on the first column, and its error."""
    from sklearn.linear_model import LogisticRegression

    X = np.concatenate([samples, cells])
    is_sample = np.repeat([1.0, 0.0], [len(samples), len(cells)])
    weight = np.where(is_sample == 1, 1.0, _CELL_WEIGHT)
    # The ridge is worth about one sample for each column.
    model = LogisticRegression(C=1.0, max_iter=1000).fit(X, is_sample, sample_weight=weight)
    chance = model.predict_proba(X)[:, 1]
    design = np.column_stack([X, np.ones(len(X))])
    information = (design * (weight * chance * (1 - chance))[:, None]).T @ design
    information += np.diag(np.append(np.ones(X.shape[1]), 1e-9))
    error = np.sqrt(np.linalg.inv(information)[0, 0])
    return float(model.coef_[0, 0]), float(error)


def _clustered_error(
    samples: Array,
    cells: Array,
    *,
    slope: float,
    reach: float,
    places: tuple[Coordinates, Coordinates],
    seed: int,
) -> float:
    """Return the error of a slope by what the field does between clusters of samples."""
    rng = np.random.default_rng(seed)
    kept, over = (
        np.sort(rng.permutation(len(found))[:_MOST_PLACES]) for found in (samples, cells)
    )
    against = np.exp(-slope * samples[kept])
    against = np.minimum(against, _MOST_WEIGHT * against.mean())
    contrast = np.concatenate([against / against.sum(), np.full(len(over), -1.0 / len(over))])
    every = np.concatenate([places[0][kept], places[1][over]])
    correlation = np.exp(-cdist(every, every) / reach)
    return float(np.sqrt(max(contrast @ correlation @ contrast, 0.0)))
