"""The background: what an explanation compares with."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.grid import Coordinates
from hotspot.observations.limits.rules import Limit, limits_at
from hotspot.samples.sampleset import Samples

# Samples of a background unless another number is asked for.
BACKGROUND_SIZE = 24

# Halvings of each axis along the curve through the samples: 2**16 steps are finer than any
# survey needs, and two axes fit into one integer.
_BITS = 16


@dataclass(frozen=True)
class Background:
    """Samples whose average prediction is the base of an explanation.

    Parameters
    ----------
    X : DataFrame, shape (n, n_covariates)
        Covariates, none missing.
    coordinates : array, shape (n, 2)
        Easting, northing.

    Raises
    ------
    ModelError
        There is no row, a value is missing, or rows and coordinates differ in number.
    """

    X: pd.DataFrame
    coordinates: Coordinates

    def __post_init__(self) -> None:
        if self.coordinates.shape != (len(self.X), 2) or len(self.X) == 0:
            raise ModelError(
                f"A background of {len(self.X)} rows came with coordinates of shape "
                f"{self.coordinates.shape}. Give one row or more, with easting and northing."
            )
        complete = self.X.notna().all(axis=1).to_numpy()
        incomplete = ~(complete & np.isfinite(self.coordinates).all(axis=1))
        if incomplete.any():
            raise ModelError(
                f"{int(incomplete.sum())} of {len(self.X)} rows of the background miss a "
                "covariate or a coordinate. Give complete samples only."
            )

    def __len__(self) -> int:
        return len(self.X)


def choose_background(
    samples: Samples, size: int = BACKGROUND_SIZE, *, seed: int
) -> Background:
    """Return some samples as the background: spread over the survey, all equally likely.

    Every n-th sample is taken along a curve that fills the survey's extent, from a random
    start. No sample is likelier than another, so that the base stays an unbiased estimate
    of the average prediction; and the samples taken are spread as the survey is.

    Parameters
    ----------
    samples : Samples
        Those the model was trained on.
    size : int
        How many, from 1; all where the survey has fewer.
    seed : int
        Of the start, and of ties.

    Raises
    ------
    ModelError
        `size` is below 1, or there is no sample.

    References
    ----------
    Stevens, D. L., & Olsen, A. R. (2004). Spatially balanced sampling of natural resources.
    Journal of the American Statistical Association 99, 262-278,
    10.1198/016214504000000250.

    Examples
    --------
    >>> line = np.arange(8.0)
    >>> survey = Samples(
    ...     sample_id=line.astype(str),
    ...     X=pd.DataFrame({"slope": line}),
    ...     lower=line,
    ...     upper=line,
    ...     coordinates=np.column_stack([line, line]),
    ... )
    >>> steps = choose_background(survey, 4, seed=1).X["slope"].diff()
    >>> steps.dropna().tolist()
    [2.0, 2.0, 2.0]
    """
    rows = spread_rows(samples.coordinates, size, seed=seed)
    return Background(samples.X.iloc[rows].reset_index(drop=True), samples.coordinates[rows])


def with_known_limit(samples: Samples, limit: Limit) -> Samples:
    """Return the samples whose limit is known, among which a background is chosen.

    Parameters
    ----------
    samples : Samples
        Of one contaminant.
    limit : float or LimitRule
        mg/kg.
    """
    limits = limits_at(limit, samples.X)
    if not isinstance(limits, np.ndarray):
        return samples
    return samples.take(np.flatnonzero(np.isfinite(limits)))


def spread_rows(coordinates: Coordinates, size: int, *, seed: int) -> NDArray[np.int64]:
    """Return the rising positions of places chosen as in `choose_background`."""
    n = len(coordinates)
    if size < 1 or n == 0:
        raise ModelError(
            f"{size} out of {n} samples cannot be chosen. Ask for 1 or more of a survey that "
            "has samples."
        )
    if n <= size:
        return np.arange(n)
    generator = np.random.default_rng(seed)
    # Samples of one place keep no order of the file.
    order = np.lexsort((generator.permutation(n), _curve(coordinates)))
    picks = np.floor((generator.uniform() + np.arange(size)) * (n / size)).astype(np.int64)
    return np.asarray(np.sort(order[picks]))


def _curve(coordinates: Coordinates) -> NDArray[np.int64]:
    """Return the position of each place along a Z-order curve through the extent."""
    low = coordinates.min(axis=0)
    extent = float(np.ptp(coordinates, axis=0).max()) or 1.0
    steps = ((coordinates - low) / extent * (2**_BITS - 1)).astype(np.int64)
    position = np.zeros(len(coordinates), dtype=np.int64)
    for bit in range(_BITS):
        position |= (steps[:, 0] >> bit & 1) << (2 * bit)
        position |= (steps[:, 1] >> bit & 1) << (2 * bit + 1)
    return position
