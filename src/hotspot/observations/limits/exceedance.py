"""Exceedance of a limit by intervals of concentration: yes, no, or unknown."""

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ObservationError, ThresholdError
from hotspot.observations.limits.threshold import Threshold

# Share of samples reported as the limit from which that is told.
_MOST_AT_LIMIT = 0.01


def exceedance_labels(
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    threshold: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return 1 where the concentration exceeds the limit, 0 where not, NaN where unknown.

    A measured value ``c`` exceeds the limit ``T`` if ``c > T``. An interval exceeds it if all
    of it lies above (``lower >= T``, since the concentration is continuous and ``>500`` says
    that 500 was passed), and does not if none of it does (``upper <= T``). Any other interval
    says nothing: a detection limit above ``T`` is unknown, never 0.

    Parameters
    ----------
    lower, upper : array, shape (n,), mg/kg
        Equal where measured; ``upper`` may be infinite.
    threshold : float or array, shape (n,), mg/kg
        Above 0. One limit is finite; of a limit per row NaN is one that is not known, which
        leaves the label unknown, and ``inf`` one that nothing exceeds.

    Returns
    -------
    array of float, shape (n,)

    Raises
    ------
    ThresholdError
        The limit is not above 0.
    ObservationError
        Bounds are missing or reversed.

    Examples
    --------
    >>> lower = np.array([0.5, 0.2, 0.0, 0.0, 2000.0])
    >>> upper = np.array([0.5, 0.2, 0.2, 2.0, np.inf])
    >>> exceedance_labels(lower, upper, 0.2)
    array([ 1.,  0.,  0., nan,  1.])
    >>> exceedance_labels(lower[:4], upper[:4], np.array([np.nan, 0.1, np.inf, 3.0]))
    array([nan,  1.,  0.,  0.])
    """
    _check_limits(threshold, np.shape(lower))
    bad = int((~(lower <= upper)).sum())
    if bad:
        raise ObservationError(
            f"{bad} of {len(lower)} intervals are missing or reversed. "
            "Take lower_mg_kg and upper_mg_kg from an observation table."
        )
    labels = np.full(np.shape(lower), np.nan)
    measured = lower == upper
    labels[upper <= threshold] = 0.0
    labels[np.where(measured, lower > threshold, lower >= threshold)] = 1.0
    return labels


def warn_if_outside_range(
    threshold: Threshold, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> str | None:
    """Return a warning if the data can hardly tell where the limit is exceeded, else None.

    A map of a limit that nearly every sample exceeds is 1 everywhere, and one of a limit that
    no sample reaches is made of extrapolation. The limit is compared with the 10th percentile
    of the lower bounds and with the greatest upper bound, so that non-detects and values over
    range are never taken for more than they say.

    Parameters
    ----------
    threshold : Threshold
        In mg/kg.
    lower, upper : array, shape (n,), mg/kg
        Bounds of the concentration.
    """
    limit = threshold.value_mg_kg
    if limit is None or len(lower) == 0:
        return None
    floor, top = float(np.percentile(lower, 10)), float(np.max(upper))
    if limit < floor:
        return (
            f"The limit of {limit:g} mg/kg ({threshold.id}) lies under the 10th percentile of "
            f"the {len(lower)} samples, {floor:g} mg/kg: nearly all exceed it, and a map will "
            "tell little. Consider a higher limit."
        )
    if limit > top:
        return (
            f"The limit of {limit:g} mg/kg ({threshold.id}) lies above the greatest of the "
            f"{len(lower)} samples, {top:g} mg/kg: none exceeds it, and a probability would "
            "rest on extrapolation. Consider a lower limit."
        )
    return None


def warn_if_reported_at_limit(
    threshold: Threshold, lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> str | None:
    """Return a warning if many samples were reported with the limit itself, else None.

    A laboratory rounds: a reported 40 was between 39.5 and 40.5, on either side of a limit of
    40. By its number it does not exceed the limit, while a model of the concentration says
    that a half of such samples do. Half of their share is therefore a calibration error that
    no model can avoid.

    Parameters
    ----------
    threshold : Threshold
        In mg/kg.
    lower, upper : array, shape (n,), mg/kg
        Bounds of the concentration.
    """
    limit = threshold.value_mg_kg
    if limit is None or len(lower) == 0:
        return None
    share = float(((lower == limit) & (upper == limit)).mean())
    if share <= _MOST_AT_LIMIT:
        return None
    return (
        f"{share:.1%} of the {len(lower)} samples were reported as {limit:g} mg/kg, the limit "
        f"itself ({threshold.id}): the laboratory rounded them to it from either side. They "
        "count as not exceeding; calibration suffers by up to half of that share. "
        "Consider a limit between two reported values."
    )


def _check_limits(threshold: float | NDArray[np.float64], shape: tuple[int, ...]) -> None:
    if not isinstance(threshold, np.ndarray):
        if not (isfinite(threshold) and threshold > 0):
            raise ThresholdError(f"The limit is {threshold}. Give a number of mg/kg above 0.")
        return
    bad = int((threshold <= 0).sum())
    if threshold.shape != shape or bad:
        raise ThresholdError(
            f"Limits of the shape {threshold.shape}, {bad} of them not above 0, were given for "
            f"intervals of the shape {shape}. Give each row a limit of mg/kg above 0, or NaN."
        )
