"""Placebo: covariates that can explain nothing, and how much a model makes of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t

from hotspot.folds.autocorrelation import autocorrelation_range
from hotspot.grid import Coordinates
from hotspot.observations.intervals import positive_midpoints
from hotspot.samples.sampleset import Samples

# Range of structured noise as a share of the extent, where the survey shows no range of its
# own: covariates vary over the field, over a valley, over the region.
_SHARES = (0.05, 0.15, 0.4)
# Length of a Gaussian covariance, per unit of the range at which it has fallen to 0.05.
_LENGTH = 1 / np.sqrt(2 * np.log(20))
# Waves that add up to a nearly Gaussian field.
_WAVES = 128
WHITE, STRUCTURED = "placebo_white", "placebo_structured"
# One useless covariate in twenty may pass the band.
_CONFIDENCE = 0.95


def plant_noise(
    X: pd.DataFrame,
    coordinates: Coordinates,
    *,
    n_each: int,
    seed: int,
    range_m: float | None = None,
) -> pd.DataFrame:
    """Return the covariates followed by noise: `n_each` white, `n_each` structured in space.

    Structured noise is a sum of waves with a Gaussian covariance. It looks like a covariate,
    and can fit a cluster of contaminated samples by luck as a covariate can.

    Parameters
    ----------
    X : DataFrame, shape (n, n_covariates)
        Covariates of the samples.
    coordinates : array, shape (n, 2)
        Easting, northing.
    n_each : int
        Noise covariates of each sort.
    seed : int
        Of the noise.
    range_m : float, optional
        Distance up to which samples resemble each other, see `survey_range`; structured
        noise has this range, so that it fits by luck what has no cause but place. Without
        it, lengths of 5, 15 and 40 % of the extent in turn.
    """
    generator = np.random.default_rng(seed)
    extent = float(np.ptp(coordinates, axis=0).max()) or 1.0
    own = [share * extent for share in _SHARES]
    lengths = own if range_m is None else [range_m * _LENGTH]
    noise = {f"{WHITE}_{number}": generator.standard_normal(len(X)) for number in range(n_each)}
    for number in range(n_each):
        # Spectral method: frequencies drawn from the spectrum of a Gaussian covariance.
        frequency = generator.standard_normal((2, _WAVES)) / lengths[number % len(lengths)]
        phase = generator.uniform(0, 2 * np.pi, _WAVES)
        waves = np.cos((coordinates - coordinates.mean(axis=0)) @ frequency + phase)
        noise[f"{STRUCTURED}_{number}"] = waves.sum(axis=1) * np.sqrt(2 / _WAVES)
    return pd.concat([X, pd.DataFrame(noise, index=X.index)], axis=1)


def survey_range(samples: Samples, *, seed: int) -> float | None:
    """Return the distance up to which log concentrations of samples resemble each other.

    None where neighbours are not more alike than others.
    """
    middle = np.log(positive_midpoints(samples.lower, samples.upper))
    return autocorrelation_range(samples.coordinates, middle, random_state=seed)


@dataclass(frozen=True)
class PlaceboBand:
    """How much a model makes of covariates that can explain nothing.

    Parameters
    ----------
    white, structured : array, shape (n,)
        Mean absolute contribution of each noise covariate, one or more of each sort, over
        all refits.
    n_fits : int
        Refits they come from.
    range_m : float or None
        Range of the survey that the structured noise has; None where it has none.
    """

    white: NDArray[np.float64]
    structured: NDArray[np.float64]
    n_fits: int
    range_m: float | None = None

    def limit(self, n_covariates: int = 1) -> float:
        """Return what a sum of so many useless covariates exceeds in one case of twenty.

        Their mean absolute contribution is taken for that of a normal variable of mean 0,
        whose spread the noise tells; few noise covariates tell it badly, and Student's t
        allows for that. Contributions of several add up as independent ones do. The sort of
        noise with the higher limit counts.

        Examples
        --------
        >>> band = PlaceboBand(np.array([0.1, 0.1]), np.array([0.2, 0.2]), n_fits=1)
        >>> round(band.limit(), 2), round(band.limit(4), 2)
        (0.86, 1.72)
        """
        limits = [
            float(t.ppf((1 + _CONFIDENCE) / 2, len(noise)) * np.sqrt(np.mean(noise**2)))
            for noise in (self.white, self.structured)
        ]
        return max(limits) * float(np.sqrt(max(n_covariates, 1)))
