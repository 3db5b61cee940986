"""Hyper-parameters of the additive surface by maximum a posteriori."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from hotspot.errors import ModelError
from hotspot.estimators.gaussian_process.exact import Marginal
from hotspot.estimators.gaussian_process.kernel import Hyperparameters, Inputs
from hotspot.estimators.intervals import LogIntervals
from hotspot.one_core import one_core

Values = NDArray[np.float64]

# Log-normal priors, median and standard deviation of the logarithm, in standardised units:
# the response has variance 1, coordinates have a root mean square of 1 about their centre,
# numeric covariates a standard deviation of 1. They are weak (a standard deviation of 1 is a
# factor of 2.7 either way). They were chosen on simulated regions, noise and parts of a
# national survey, never on a survey of the benchmarks' fixed folds.
_SPATIAL_VARIANCE = (0.3, 1.0)
_SPATIAL_RANGE = (0.5, 1.0)
# Of the whole drift: each slope has its share, so that many covariates explain no more than
# few unless samples insist.
_DRIFT_VARIANCE = (0.3, 1.0)
_NOISE_VARIANCE = (0.2, 1.0)
_SMOOTH_VARIANCE = (0.1, 1.0)
# Times the root of the number of covariates in the term, so that the typical correlation
# between two samples is the same for any number. Long: nearly straight unless samples insist.
_SMOOTH_RANGE = (5.0, 1.0)

# Log units from the prior medians that the search may go, wide of any sensible value.
_REACH = 7.0

# Place of the smooth part's variance among the log hyper-parameters; its ranges follow.
_BEND = 4
# Of a covariate that bends the response, standard deviations.
_SHORT = 1.2
_FIRST_SEARCHES = 4

# Samples that the first searches see; samples of one joint likelihood; the portions beyond.
_FIRST_LOOK = 300
_LARGEST_JOINT = 1000
_PORTIONS, _PORTION_SIZE = 3, 600


def log_prior(rows: Inputs, n_candidates: int = 1) -> tuple[Values, Values]:
    """Return medians and standard deviations of the log hyper-parameters.

    Parameters
    ----------
    rows : Inputs
        Any samples; they tell how many covariates there are.
    n_candidates : int
        Covariates among which those of the smooth part were looked for. Among many, some
        seem to bend the response by chance: the ranges are held so much closer to straight
        that a bend costs ``log(n_candidates)`` nats more than where nothing was chosen.
    """
    n_smooth = rows.smooth.shape[1]
    drift, sd = _DRIFT_VARIANCE
    # The variance of the drift at a typical row if each slope had variance 1.
    slopes = float(rows.drift.var(axis=0).sum())
    linear = (drift / slopes if slopes > 0 else drift, sd)
    parts = [_SPATIAL_VARIANCE, _SPATIAL_RANGE, linear, _NOISE_VARIANCE]
    if n_smooth:
        median, sd = _SMOOTH_RANGE
        median *= np.sqrt(n_smooth)
        alone = 0.5 * (np.log(median / _SHORT) / sd) ** 2
        sd *= np.sqrt(alone / (alone + np.log(max(n_candidates, 1))))
        parts += [_SMOOTH_VARIANCE, *[(median, sd)] * n_smooth]
    table = np.array(parts)
    return np.log(table[:, 0]), table[:, 1]


@one_core()
def learn(
    rows: Inputs,
    bounds: LogIntervals,
    *,
    n_candidates: int = 1,
    start: Hyperparameters | None = None,
    random_state: int = 0,
) -> Hyperparameters:
    """Return the hyper-parameters of the highest posterior density.

    The density has several tops: a covariate bends the response over a short range, or it
    is straight. Four searches begin at the best of a dozen fixed points, and one more at the
    best end with one covariate made to bend; the best of all ends is taken. With more than
    300 samples they see 300 of them, and one search with more of them follows, in which a
    bend is no dearer for the number of candidates: so many samples tell by themselves. Up
    to 1000 samples their joint likelihood counts. Beyond, that of three portions of 600,
    each made of small neighbourhoods strewn over the survey, so that short and long ranges
    are both seen.

    Parameters
    ----------
    rows : Inputs
        The samples.
    bounds : LogIntervals
        Their intervals.
    n_candidates : int
        As in `log_prior`.
    start : Hyperparameters, optional
        Where the only search begins, in the place of the fixed points.
    random_state : int
        Seed of the portions.

    Raises
    ------
    ModelError
        `start` has another number of smooth covariates.
    """
    n, n_smooth = len(rows), rows.smooth.shape[1]
    centre, sd = log_prior(rows, n_candidates)
    if start is not None:
        begin = start.to_log()
        if begin.shape != centre.shape:
            raise ModelError(
                f"The hyper-parameters to start from have {len(start.smooth_range)} smooth "
                f"covariates, but the survey has {n_smooth}. Start without them."
            )
    else:
        few = [np.arange(n)]
        if n > _FIRST_LOOK:
            few = strewn(rows, 1, _FIRST_LOOK, random_state)
        cost = _Cost([Marginal(rows.take(p), bounds.take(p)) for p in few], centre, sd)
        begin = _first_search(cost, centre, n_smooth)
        if n <= _FIRST_LOOK:
            return Hyperparameters.from_log(begin)
    parts = [np.arange(n)]
    if n > _FIRST_LOOK:
        centre, sd = log_prior(rows)
    if n > _LARGEST_JOINT:
        parts = strewn(rows, _PORTIONS, _PORTION_SIZE, random_state)
    cost = _Cost([Marginal(rows.take(p), bounds.take(p)) for p in parts], centre, sd)
    return Hyperparameters.from_log(cost.search(begin))


class _Cost:
    """Minus the log posterior density of the log hyper-parameters, with its slopes."""

    def __init__(self, parts: list[Marginal], centre: Values, sd: Values) -> None:
        self._parts, self._centre, self._sd = parts, centre, sd

    def __call__(self, vector: Values) -> tuple[float, Values]:
        kernel = Hyperparameters.from_log(vector)
        z = (vector - self._centre) / self._sd
        total, slopes = 0.5 * float(z @ z), z / self._sd
        for part in self._parts:
            value, slope = part(kernel)
            total, slopes = total - value, slopes - slope
        return total, slopes

    def search(self, start: Values) -> Values:
        """Return where the way down from a start ends."""
        low, high = self._centre - _REACH, self._centre + _REACH
        end = minimize(
            self,
            np.clip(start, low, high),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(low, high, strict=True)),
            options={"maxiter": 100, "ftol": 1e-7, "gtol": 1e-3},
        )
        return np.asarray(end.x)


def strewn(
    rows: Inputs, n_portions: int, size: int, random_state: int
) -> list[NDArray[np.intp]]:
    """Return portions of about `size` samples: centres, and neighbours of each.

    Parameters
    ----------
    rows : Inputs
        The samples.
    n_portions, size : int
        How many portions, and how many samples in each, neighbours of two centres once.
    random_state : int
        Seed of the centres.
    """
    generator = np.random.default_rng(random_state)
    tree = cKDTree(rows.place)
    # A centre, its nearest neighbour, and two a little farther off.
    ranks = [1, 2, 5, 15]
    found = []
    for _ in range(n_portions):
        centres = generator.choice(len(rows), size // len(ranks), replace=False)
        _, near = tree.query(rows.place[centres], k=ranks)
        found.append(np.unique(near))
    return found


def _first_search(cost: _Cost, centre: Values, n_smooth: int) -> Values:
    """Return the best end of searches from fixed points, and of one from a bent best end."""

    def height(vector: Values) -> float:
        return cost(vector)[0]

    starts = [*_starts(centre, n_smooth), *_bent_starts(centre, n_smooth)]
    begun = sorted(starts, key=height)[:_FIRST_SEARCHES]
    best = min((cost.search(vector) for vector in begun), key=height)
    if not n_smooth:
        return best
    bent = [_bent(best, j, reach) for j in range(n_smooth) for reach in (0.5, 1.0, 2.0)]
    return min(best, cost.search(min(bent, key=height)), key=height)


def _bent_starts(centre: Values, n_smooth: int) -> list[Values]:
    """Return the prior medians with each smooth covariate bending, and with all."""
    if not n_smooth:
        return []
    together = centre
    for j in range(n_smooth):
        together = _bent(together, j, np.sqrt(n_smooth))
    return [*(_bent(centre, j, 1.0) for j in range(n_smooth)), together]


def _bent(vector: Values, covariate: int, reach: float) -> Values:
    """Return hyper-parameters whose smooth part bends over a short range in one covariate."""
    bent = vector.copy()
    bent[_BEND] = max(bent[_BEND], np.log(2.0 * _SMOOTH_VARIANCE[0]))
    bent[_BEND + 1 + covariate] = np.log(reach * _SHORT)
    return bent


def _starts(centre: Values, n_smooth: int) -> list[Values]:
    # Changes of the log medians: which part of the surface carries the response, and how far
    # a place reaches. Order as in Hyperparameters.to_log.
    spatial, reach, straight, noise, bend = range(_BEND + 1)
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
