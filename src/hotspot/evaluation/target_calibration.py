"""Calibration of weights: as near to the starting weights as known means allow."""

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import SampleError

Array = NDArray[np.float64]

# No task counts more than this many times its starting weight.
MOST_GROWTH = 15.0
_MOST_STEPS = 200


def calibrated_weights(
    values: Array,
    wanted: Array,
    *,
    softness: Array,
    start: Array | None = None,
    growth: float = MOST_GROWTH,
) -> Array:
    """Return weights, summing to 1, whose weighted means come nearest to the wanted ones.

    Among all weights ``w = s * min(exp(u), growth)`` with u linear in the values, those that
    minimise the entropy of w relative to the starting weights s plus the squared imbalance
    over twice the softness: raking with bounds, penalised. The dual is convex and solved by
    Newton's method, so that there is one answer.

    Parameters
    ----------
    values : array, shape (n, c)
        Auxiliary values in units of their standard deviation over the target.
    wanted : array, shape (c,)
        Their means over the target.
    softness : array, shape (c,)
        Above 0. At 0.01 a mean is met to within a few hundredths of a standard deviation
        where the tasks allow it; the larger, the less effective samples it costs.
    start : array, shape (n,), optional
        Starting weights, above 0; equal where not given.
    growth : float
        Above 1: how far a weight may grow.

    Raises
    ------
    SampleError
        There is no task, or a starting weight is not above 0.

    References
    ----------
    Deville & Särndal (1992), Calibration estimators in survey sampling.
    https://doi.org/10.1080/01621459.1992.10475217
    Guggemos & Tillé (2010), Penalized calibration in survey sampling.
    https://doi.org/10.1016/j.jspi.2010.04.010
    Hainmueller (2012), Entropy balancing for causal effects.
    https://doi.org/10.1093/pan/mpr025

    Examples
    --------
    >>> values = np.array([[0.0], [1.0], [2.0]])
    >>> weights = calibrated_weights(values, np.array([1.5]), softness=np.array([0.01]))
    >>> bool(weights[0] < weights[1] < weights[2]), round(float(weights @ values[:, 0]), 2)
    (True, 1.49)
    """
    n = len(values)
    first = np.ones(n) if start is None else np.asarray(start, dtype=np.float64)
    if not n or not (np.isfinite(first) & (first > 0)).all():
        raise SampleError(
            f"{n} tasks were given, {int((first > 0).sum())} of them with a starting weight "
            "above 0. Give at least one task, and weights above 0."
        )
    base = first / first.sum()
    design = np.column_stack([np.ones(n), values - wanted])
    # The first column makes the weights sum to 1 and is met exactly.
    soft = np.append(1e-9, softness)
    goal = np.append(1.0, np.zeros(len(wanted)))
    multiplier = np.zeros(len(goal))
    cost = _dual(multiplier, design, base, goal, soft, growth)
    for _ in range(_MOST_STEPS):
        u = design @ multiplier
        ratio = np.exp(np.minimum(u, np.log(growth)))
        free = np.where(u < np.log(growth), base * ratio, 0.0)
        slope = design.T @ (base * ratio) - goal + soft * multiplier
        curvature = (design * free[:, None]).T @ design + np.diag(soft + 1e-9)
        step = np.linalg.solve(curvature, -slope)
        decrement = float(-slope @ step)
        if decrement < 1e-14:
            break
        size = 1.0
        while size > 1e-8:
            trial = multiplier + size * step
            found = _dual(trial, design, base, goal, soft, growth)
            if found <= cost - 1e-4 * size * decrement:
                multiplier, cost = trial, found
                break
            size /= 2
        else:
            break
    ratio = np.exp(np.minimum(design @ multiplier, np.log(growth)))
    weights: Array = base * ratio
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _dual(
    multiplier: Array, design: Array, base: Array, goal: Array, soft: Array, growth: float
) -> float:
    """Return the dual cost: its slope is the imbalance, exponential up to the bound."""
    u = design @ multiplier
    bound = np.log(growth)
    grown = np.where(u <= bound, np.exp(np.minimum(u, bound)), growth * (1 + u - bound))
    return float(base @ grown - goal @ multiplier + 0.5 * (soft * multiplier) @ multiplier)


def effective_number(weights: Array, unit: NDArray[np.int64]) -> float:
    """Return Kish's effective number of units: how many equal weights would be worth.

    Weights of one unit are added first: a sample tested at five distances is one sample.

    Examples
    --------
    >>> effective_number(np.full(4, 0.25), np.array([0, 0, 1, 1]))
    2.0
    """
    total = np.bincount(unit, weights=weights)
    return float(total.sum() ** 2 / (total**2).sum())
