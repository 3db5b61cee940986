"""Scores of a whole predictive distribution, sample by sample."""

from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.grid import Coordinates
from hotspot.samples.sampleset import Samples

Values = NDArray[np.float64]

# Quantiles over which the CRPS is integrated.
_SHARES = (np.arange(39) + 0.5) / 39


@runtime_checkable
class DistributionModel(Protocol):
    """A model that answers with distributions of the concentration."""

    def distribution(
        self, X: pd.DataFrame, *, coordinates: Coordinates | None = None
    ) -> PredictiveDistribution:
        """Return the distribution of a new measurement at each row."""
        ...


def distribution_scores(model: DistributionModel, samples: Samples) -> dict[str, Values]:
    """Return scores of each measured sample; NaN for a censored one.

    Returns
    -------
    dict of array, shape (n,)
        ``crps`` (mg/kg): continuous ranked probability score, twice the mean quantile loss;
        ``coverage_90``: 1 where the 90 % interval holds the value; ``rmse_log``: log of the
        median minus log of the value, to be pooled as a root mean square.

    References
    ----------
    Gneiting, T., & Raftery, A. E. (2007). Strictly proper scoring rules, prediction, and
    estimation. JASA 102, 359-378. https://doi.org/10.1198/016214506000001437
    """
    found = model.distribution(samples.X, coordinates=samples.coordinates)
    measured = (samples.lower == samples.upper) & (samples.lower > 0)
    value = np.where(measured, samples.lower, np.nan)
    low, median, high = (found.quantile(q) for q in (0.05, 0.5, 0.95))
    losses = []
    for share in _SHARES:
        quantile = found.quantile(share)
        losses.append(((value < quantile) - share) * (quantile - value))
    inside = np.where(np.isnan(value) | np.isnan(low), np.nan, (low <= value) & (value <= high))
    return {
        "crps": 2.0 * np.mean(losses, axis=0),
        "coverage_90": inside.astype(np.float64),
        "rmse_log": np.log(median) - np.log(value),
    }
