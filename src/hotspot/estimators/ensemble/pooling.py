"""Weights of a linear pool of predictive distributions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.observations.limits.exceedance import exceedance_labels

Values = NDArray[np.float64]

_CLIP = 1e-6
_ROUNDS = 500


def pool_weights(
    members: Sequence[PredictiveDistribution],
    lower: Values,
    upper: Values,
    limits: Values,
    *,
    prior: Values,
    sample_weight: Values | None = None,
) -> Values:
    """Return the weights with the highest log score of exceedance over some limits.

    The log score of a linear pool is concave in its weights. They are found by expectation
    maximisation, each sample counting once whatever the number of limits, with a Dirichlet
    prior: few samples leave the weights near it.

    Parameters
    ----------
    members : sequence of PredictiveDistribution, of n rows
        From fits that have not seen the row.
    lower, upper : array, shape (n,), mg/kg
        What was measured.
    limits : array, mg/kg
        Where the pool is to be good.
    prior : array, shape (n_members,)
        What is believed of each member before, in samples that it alone explains.
    sample_weight : array, shape (n,), optional
        How many samples each counts for; 1 where not given.

    Returns
    -------
    array, shape (n_members,)
        Sum 1.

    Examples
    --------
    >>> from hotspot.estimators.distribution import LogLocationScale
    >>> truth = np.exp(np.random.default_rng(1).normal(size=200))
    >>> good = LogLocationScale(np.log(truth), np.full(200, 0.5))
    >>> bad = LogLocationScale(np.zeros(200), np.full(200, 0.5))
    >>> limits, prior = np.array([0.5, 1.0, 2.0]), np.array([5.0, 5.0])
    >>> bool(pool_weights([good, bad], truth, truth, limits, prior=prior)[0] > 0.8)
    True
    """
    count = len(members)
    if count == 1:
        return np.ones(1)
    support = []
    for limit in limits:
        labels = exceedance_labels(lower, upper, float(limit))
        chance = np.array([member.exceedance(float(limit)) for member in members])
        right = np.where(labels == 1, chance, 1.0 - chance)
        right[:, np.isnan(labels)] = np.nan
        support.append(np.clip(right, _CLIP, 1.0))
    given = np.stack(support, axis=2)  # members, rows, limits
    known = np.isfinite(given).all(axis=0)
    rows = known.any(axis=1)
    given, known = given[:, rows], known[rows]
    share = np.where(known, 1.0 / np.maximum(known.sum(axis=1, keepdims=True), 1), 0.0)
    if sample_weight is not None:
        share *= sample_weight[rows, None]
    given = np.where(known, given, 1.0)
    weights = prior / prior.sum()
    for _ in range(_ROUNDS):
        mixed = weights[:, None, None] * given
        taken = mixed / mixed.sum(axis=0)
        found = (taken * share).sum(axis=(1, 2)) + prior
        updated = found / found.sum()
        if np.abs(updated - weights).max() < 1e-9:
            return np.asarray(updated)
        weights = updated
    return np.asarray(weights)
