"""Hyper-parameters of the additive surface by maximum a posteriori."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from hotspot.errors import ModelError
from hotspot.estimators.gp_exact import Bounds, Marginal
from hotspot.estimators.gp_kernel import Hyperparameters, Inputs

Values = NDArray[np.float64]

# Log-normal priors, median and standard deviation of the logarithm, in standardised units:
# the response has variance 1, coordinates have a root mean square of 1 about their centre,
# numeric covariates a standard deviation of 1. They are weak (a standard deviation of 1 is a
# factor of 2.7 either way) and were fixed before any survey was scored.
_SPATIAL_VARIANCE = (0.3, 1.0)
_SPATIAL_RANGE = (0.5, 1.0)
_LINEAR_VARIANCE = (0.1, 1.0)
_NOISE_VARIANCE = (0.1, 1.0)
_SMOOTH_VARIANCE = (0.3, 1.0)
# Times the root of the number of covariates in the term, so that the typical correlation
# between two samples is the same for any number.
_SMOOTH_RANGE = (1.5, 1.0)

# Log units from the prior medians that the search may go, wide of any sensible value.
_REACH = 7.0

# One dense likelihood up to here; beyond, the sum over portions of the samples.
LARGEST_PORTION = 1000
_PORTIONS, _PORTION_SIZE = 3, 600


def log_prior(n_smooth: int) -> tuple[Values, Values]:
    """Return medians and standard deviations of the log hyper-parameters."""
    parts = [_SPATIAL_VARIANCE, _SPATIAL_RANGE, _LINEAR_VARIANCE, _NOISE_VARIANCE]
    if n_smooth:
        median, sd = _SMOOTH_RANGE
        parts += [_SMOOTH_VARIANCE, *[(median * np.sqrt(n_smooth), sd)] * n_smooth]
    table = np.array(parts)
    return np.log(table[:, 0]), table[:, 1]


def learn(
    rows: Inputs,
    bounds: Bounds,
    *,
    start: Hyperparameters | None = None,
    random_state: int = 0,
) -> Hyperparameters:
    """Return the hyper-parameters of the highest posterior density.

    Up to `LARGEST_PORTION` samples their joint likelihood counts. Beyond, that of three
    portions of 600, each made of small neighbourhoods strewn over the survey, so that short
    and long ranges are both seen.

    Parameters
    ----------
    rows : Inputs
        The samples.
    bounds : Bounds
        Their intervals.
    start : Hyperparameters, optional
        Where the only search begins. Without it two searches begin at the best of six
        fixed points, and the better end is taken.
    random_state : int
        Seed of the portions.

    Raises
    ------
    ModelError
        `start` has another number of smooth covariates.
    """
    parts = [
        Marginal(rows.take(part), bounds.take(part)) for part in portions(rows, random_state)
    ]
    centre, sd = log_prior(rows.smooth.shape[1])
    if start is not None:
        if start.to_log().shape != centre.shape:
            raise ModelError(
                f"The hyper-parameters to start from have {len(start.smooth_range)} smooth "
                f"covariates, but the survey has {rows.smooth.shape[1]}. Start without them."
            )
        starts, n_searches = [start.to_log()], 1
    else:
        starts, n_searches = _starts(centre, rows.smooth.shape[1]), 2

    def cost(vector: Values) -> tuple[float, Values]:
        kernel = Hyperparameters.from_log(vector)
        z = (vector - centre) / sd
        total, slopes = -0.5 * float(z @ z), -z / sd
        for part in parts:
            value, slope = part(kernel)
            total, slopes = total + value, slopes + slope
        return -total, -slopes

    limits = list(zip(centre - _REACH, centre + _REACH, strict=True))
    begun = sorted(starts, key=lambda vector: cost(vector)[0])[:n_searches]
    ends = [
        minimize(
            cost,
            np.clip(vector, centre - _REACH, centre + _REACH),
            jac=True,
            method="L-BFGS-B",
            bounds=limits,
            options={"maxiter": 100, "ftol": 1e-8, "gtol": 1e-4},
        )
        for vector in begun
    ]
    best = min(ends, key=lambda end: float(end.fun))
    return Hyperparameters.from_log(np.asarray(best.x))


def portions(rows: Inputs, random_state: int) -> list[NDArray[np.intp]]:
    """Return the samples whose joint likelihoods are added up."""
    n = len(rows)
    if n <= LARGEST_PORTION:
        return [np.arange(n)]
    generator = np.random.default_rng(random_state)
    tree = cKDTree(rows.place)
    # A centre, its nearest neighbour, and two a little farther off.
    ranks = [rank for rank in (1, 2, 5, 15) if rank <= n]
    found = []
    for _ in range(_PORTIONS):
        centres = generator.choice(n, _PORTION_SIZE // len(ranks), replace=False)
        _, near = tree.query(rows.place[centres], k=ranks)
        found.append(np.unique(near))
    return found


def _starts(centre: Values, n_smooth: int) -> Sequence[Values]:
    # Changes of the log medians: which part of the surface carries the response, and how far
    # a place reaches. Order as in Hyperparameters.to_log.
    spatial, reach, straight, noise, bend = range(5)
    changes: list[dict[int, float]] = [
        {},
        {spatial: 1.0, reach: -1.5, straight: -2.0, bend: -2.0},
        {spatial: 1.0, reach: 1.0, straight: -1.0, bend: -1.0},
        {spatial: -1.5, straight: 1.0, bend: -1.5},
        {spatial: -1.5, straight: -1.0, bend: 1.0},
        {spatial: -2.0, straight: -1.0, noise: 2.0, bend: -2.0},
    ]
    starts = []
    for change in changes:
        vector = centre.copy()
        for position, step in change.items():
            if position < bend or n_smooth:
                vector[position] += step
        starts.append(vector)
    return starts
