"""Standard errors of pooled scores, by leaving out spatial blocks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Statistic = Callable[[NDArray[np.bool_]], float | None]
"""A number computed from the samples that a mask keeps; None where they do not define it."""


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error; None where it is not defined, with the reason.

    Parameters
    ----------
    mean : float or None
    se : float or None
    reason : str
        Why the mean, or else the standard error, is None; empty when neither is.
    """

    mean: float | None
    se: float | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the entry of the ledger: mean, se, and a reason if there is one.

        Examples
        --------
        >>> Estimate(0.5, 0.1).to_dict()
        {'mean': 0.5, 'se': 0.1}
        """
        entry: dict[str, float | str | None] = {"mean": self.mean, "se": self.se}
        return {**entry, "reason": self.reason} if self.reason else entry


def block_jackknife(statistic: Statistic, blocks: NDArray[np.int64]) -> float | None:
    """Return the standard error of a statistic by leaving out one block at a time.

    Neighbouring samples err together, so they are left out together:
    ``sqrt((g - 1) / g * sum((t_b - mean(t_b)) ** 2))`` over the g blocks. For a mean over
    blocks of one sample it is the ordinary standard error.

    Parameters
    ----------
    statistic : callable
        From a mask of samples to a number or None.
    blocks : array of int, shape (n,)
        Block of each sample.

    Returns
    -------
    float or None
        None for fewer than two blocks, or where the statistic is undefined without one of
        them, as when one block holds all exceedances.

    References
    ----------
    Kunsch (1989), The jackknife and the bootstrap for general stationary observations.
    https://doi.org/10.1214/aos/1176347265

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 3.0, 4.0])
    >>> block_jackknife(lambda keep: float(values[keep].mean()), np.arange(4))
    0.645
    >>> block_jackknife(lambda keep: float(values[keep].mean()), np.array([0, 0, 1, 1]))
    1.0
    """
    names = np.unique(blocks)
    if len(names) < 2:
        return None
    found = []
    for name in names:
        value = statistic(blocks != name)
        if value is None:
            return None
        found.append(value)
    spread = np.asarray(found) - np.mean(found)
    return float(np.sqrt((len(names) - 1) / len(names) * (spread**2).sum()))


def estimate(statistic: Statistic, blocks: NDArray[np.int64], reason: str = "") -> Estimate:
    """Return a statistic of all samples with its standard error by blocks.

    Parameters
    ----------
    statistic : callable
        From a mask of samples to a number or None.
    blocks : array of int, shape (n,)
        Block of each sample.
    reason : str
        Why the statistic is undefined, if it is.
    """
    value = statistic(np.ones(len(blocks), dtype=bool))
    if value is None:
        return Estimate(None, None, reason or "not defined for these samples")
    error = block_jackknife(statistic, blocks)
    if error is None:
        n_blocks = len(np.unique(blocks))
        return Estimate(
            value, None, f"no standard error: undefined without one of {n_blocks} blocks"
        )
    return Estimate(value, error)
