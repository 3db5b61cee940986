"""How skewed the log concentration is about its surface, judged by leaving samples out."""

import numpy as np
from scipy.optimize import minimize_scalar

from hotspot.estimators.gaussian_process.exact import ExactPosterior
from hotspot.estimators.gaussian_process.kernel import Hyperparameters, Inputs
from hotspot.estimators.gaussian_process.learning import strewn
from hotspot.estimators.gaussian_process.response import Response
from hotspot.estimators.gaussian_process.tail import Tail
from hotspot.estimators.intervals import LogIntervals
from hotspot.estimators.reported_values import between_reported

# Prior standard deviation of the skew: at 0.2 one side is 1.5 times as wide as the other.
_SKEW_SD = 0.2
_MOST_SKEW = 1.2
# Limits that left-out samples are judged at: shares of the samples below them. Neighbours
# among the nine ask nearly the same, so that together they count a third.
_SHARES = np.arange(1, 10) / 10
_COUNT = 1.0 / 3.0
_CLIP = 1e-3
_MOST_LEFT_OUT = 1000


def choose_skew(
    rows: Inputs,
    logs: LogIntervals,
    kernel: Hyperparameters,
    *,
    tail: str,
    random_state: int = 0,
) -> float:
    """Return the skew of the response under which left-out samples exceed limits as told.

    The surface is conditioned anew for each skew tried, with hyper-parameters as they were
    learnt without skew, and every sample is left out in turn. What counts is the log loss at
    nine limits spread over the survey, which is what a map is asked for; the density of the
    outermost samples, which would decide otherwise, is not. Some hundred samples lean to
    one side by chance: the skew is drawn towards none.

    Parameters
    ----------
    rows : Inputs
        The samples.
    logs : LogIntervals
        Intervals of the natural logarithm of the concentration.
    kernel : Hyperparameters
        Learnt without skew.
    tail : "auto", "normal" or "t"
        As in `Tail.choose`.
    random_state : int
        Seed of the thousand samples of a larger survey that are left out, strewn as in
        `learn`.
    """
    part = np.arange(len(rows))
    if len(rows) > _MOST_LEFT_OUT:
        part = strewn(rows, 1, _MOST_LEFT_OUT, random_state)[0]
    few, told = rows.take(part), logs.take(part)
    ends = np.where(np.isfinite(told.low), told.low, told.high)
    limits = np.log(between_reported(np.exp(ends), _SHARES))
    above = told.low > limits[:, None]
    known = above | (told.high <= limits[:, None])

    def cost(skew: float) -> float:
        response = Response.of(logs, skew=skew)
        bounds = response.standardise(told)
        posterior = ExactPosterior.condition(kernel, few, bounds)
        mean, spread = posterior.leave_out(np.arange(len(few)))
        sd = np.sqrt(spread + kernel.noise_variance)
        shape = Tail.choose(bounds, mean, sd, tail)
        chance = 1.0 - shape.cdf((response.to_gaussian(limits)[:, None] - mean) / sd)
        chance = np.clip(chance, _CLIP, 1.0 - _CLIP)
        loss = -np.where(above, np.log(chance), np.log1p(-chance))[known].sum()
        return 0.5 * (skew / _SKEW_SD) ** 2 + _COUNT * float(loss)

    end = minimize_scalar(
        cost, bounds=(-_MOST_SKEW, _MOST_SKEW), method="bounded", options={"xatol": 0.01}
    )
    return float(end.x)
