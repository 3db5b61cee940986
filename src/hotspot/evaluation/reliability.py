"""The reliability curve: what happened where the model said how much."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.evaluation.compare import pooled_score
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.scores import N_BINS, ece_by_chance, equal_count_bins
from hotspot.evaluation.uncertainty import Estimate

# Standard normal quantile of a two-sided 95 % interval.
Z_95 = 1.959963984540054


def wilson_interval(
    found: NDArray[np.float64], n: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % interval of a share, by Wilson's method.

    Parameters
    ----------
    found, n : array
        Exceedances and samples, n above 0.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    >>> lower, upper = wilson_interval(np.array([0.0]), np.array([10.0]))
    >>> lower, upper
    (array([0.]), array([0.278]))
    """
    share = found / n
    z2 = Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n**2))
    # Where none or all were found one end is known, and rounding would leave dust of it.
    lower = np.where(found == 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    upper = np.where(found == n, 1.0, np.clip(centre + half, 0.0, 1.0))
    return lower, upper


def reliability_curve(
    y: NDArray[np.float64], p: NDArray[np.float64], n_bins: int = N_BINS
) -> pd.DataFrame:
    """Return predicted and observed share of exceedances in bins of equal count.

    Parameters
    ----------
    y : array, shape (n,)
        1, 0; rows with NaN in either array are left out.
    p : array, shape (n,)
        Out-of-fold probabilities.
    n_bins : int
        At most; equal probabilities share a bin.

    Returns
    -------
    DataFrame
        Columns predicted (mean probability), observed (share of exceedances), lower, upper
        (Wilson's 95 % interval, which takes samples for independent) and n, by bin.

    Examples
    --------
    >>> curve = reliability_curve(np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.8, 0.8]), 2)
    >>> curve[["predicted", "observed", "n"]].to_numpy()
    array([[0.2, 0. , 1. ],
           [0.8, 1. , 2. ]])
    """
    known = np.isfinite(y) & np.isfinite(p)
    y, p = y[known], p[known]
    number = equal_count_bins(p, n_bins)
    n = np.bincount(number)
    found = np.bincount(number, weights=y).astype(np.float64)
    lower, upper = wilson_interval(found, n.astype(np.float64))
    return pd.DataFrame(
        {
            "predicted": np.bincount(number, weights=p) / n,
            "observed": found / n,
            "lower": lower,
            "upper": upper,
            "n": n,
        }
    )


def calibration_error(
    repeats: Sequence[OutOfFold], blocks: NDArray[np.int64]
) -> dict[str, Estimate]:
    """Return the calibration error, what chance alone gives, and the excess over it.

    A perfectly calibrated model has an error above 0, for the shares of few samples scatter.
    The excess is near 0 for it, at any number of samples, and can be below.

    Parameters
    ----------
    repeats : sequence of OutOfFold
        One model and plan; the same samples in the same order.
    blocks : array of int, shape (n,)
        Spatial block of each sample.

    Returns
    -------
    dict of Estimate
        ``ece``, ``ece_by_chance`` (drawn, not observed: without standard error) and
        ``ece_excess``.
    """
    found = pooled_score(repeats, blocks, "ece")
    drawn = [ece_by_chance(run.probability[run.is_scored]) for run in repeats]
    known = [value for value in drawn if value is not None]
    chance = float(np.mean(known)) if known else None
    excess = None if found.mean is None or chance is None else found.mean - chance
    return {
        "ece": found,
        "ece_by_chance": Estimate(chance, None, found.reason if chance is None else ""),
        "ece_excess": Estimate(excess, found.se if excess is not None else None, found.reason),
    }
