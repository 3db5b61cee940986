"""How far test samples lie from training samples, against how far the map lies from samples.

Folds tell the truth about a map when both distances have the same distribution. Their
1-Wasserstein distance W, in the units of the coordinates, says how far they are from it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import FoldError
from hotspot.folds.geographic import in_metric
from hotspot.folds.plan import FoldPlan
from hotspot.grid import Coordinates

Distances = NDArray[np.float64]


def nearest_distances(points: Coordinates, samples: Coordinates) -> Distances:
    """Return the distance from each point to the nearest sample, shape (n_points,).

    Examples
    --------
    >>> nearest_distances(np.array([[0.0, 3.0]]), np.array([[4.0, 0.0], [0.0, 9.0]]))
    array([5.])
    """
    distance, _ = cKDTree(samples).query(points)
    return np.asarray(distance, dtype=np.float64)


def neighbour_distances(coordinates: Coordinates) -> Distances:
    """Return the distance from each sample to the nearest sample of another place.

    Samples of one place have one distance: what lies at the same place is never tested
    against itself.

    Examples
    --------
    >>> neighbour_distances(np.array([[0.0, 0.0], [0.0, 0.0], [2.0, 0.0]]))
    array([2., 2., 2.])
    """
    places, inverse = np.unique(coordinates, axis=0, return_inverse=True)
    if len(places) < 2:
        raise FoldError(
            f"All {len(coordinates)} samples lie at one place. "
            "Spatial folds need samples of two places or more."
        )
    distance, _ = cKDTree(places).query(places, k=2)
    return np.asarray(distance[:, 1][inverse.reshape(-1)], dtype=np.float64)


def held_out_distances(plan: FoldPlan, coordinates: Coordinates) -> Distances:
    """Return the distance from each sample to the nearest one that trains for it.

    NaN where a fold has no training sample. Metres along great circles where the plan
    measures on the sphere.
    """
    distance = np.full(len(coordinates), np.nan)
    places = in_metric(coordinates, plan.metric)
    for train, test in plan.splits(coordinates):
        if len(train):
            distance[test] = nearest_distances(places[test], places[train])
    return distance


class DistanceDistribution:
    """The distribution of some distances, ready to be compared with many others.

    Sorting once and keeping running sums makes each comparison cost no more than sorting
    the other sample, however many prediction cells stand behind this one.

    Parameters
    ----------
    values : array, shape (m,)
        Distances, finite, at least one.
    """

    def __init__(self, values: Distances) -> None:
        self._sorted = np.sort(np.asarray(values, dtype=np.float64))
        if not len(self._sorted) or not np.isfinite(self._sorted).all():
            raise FoldError(
                f"{len(self._sorted)} distances were given, of which "
                f"{int(np.isfinite(self._sorted).sum())} are finite. "
                "Check the coordinates of the samples and of the prediction cells."
            )
        m = len(self._sorted)
        self._shares = np.arange(m + 1) / m
        self._sums = np.concatenate([[0.0], np.cumsum(self._sorted)]) / m

    def _integral(self, share: Distances) -> Distances:
        """Integral of the quantile function from 0 to a share."""
        return np.interp(share, self._shares, self._sums)

    def wasserstein(self, other: Distances) -> float:
        """Return the 1-Wasserstein distance to other distances.

        It is the area between both quantile functions. Where `other` is constant, over
        ``[i/n, (i+1)/n]``, the quantile function of this distribution crosses it once.
        """
        values = np.sort(np.asarray(other, dtype=np.float64))
        n = len(values)
        start, end = np.arange(n) / n, np.arange(1, n + 1) / n
        below = np.searchsorted(self._sorted, values, side="right") / len(self._sorted)
        cross = np.clip(below, start, end)
        at_start, at_cross, at_end = map(self._integral, (start, cross, end))
        area = values * (cross - start) - (at_cross - at_start)
        area += (at_end - at_cross) - values * (end - cross)
        return float(max(area.sum(), 0.0))


def wasserstein(first: Distances, second: Distances) -> float:
    """Return the 1-Wasserstein distance between two samples of distances.

    Examples
    --------
    >>> wasserstein(np.array([1.0, 2.0]), np.array([2.0, 1.0, 1.0, 2.0]))
    0.0
    >>> wasserstein(np.array([1.0, 2.0]), np.array([4.0]))
    2.5
    """
    return DistanceDistribution(second).wasserstein(first)


def separation(plan: FoldPlan, coordinates: Coordinates, target: Coordinates) -> float:
    """Return W between test-to-train and map-to-sample distances, in CRS units.

    0 means that the folds ask as much of a model as the map does.

    Parameters
    ----------
    plan : FoldPlan
        Labels in the order of `coordinates`.
    coordinates : array, shape (n, 2)
        The samples.
    target : array, shape (m, 2)
        The cells to be mapped, or an even share of them.

    Raises
    ------
    FoldError
        No fold has a training sample.

    References
    ----------
    Linnenbrink et al. (2024). https://doi.org/10.5194/gmd-17-5897-2024
    """
    tested = held_out_distances(plan, coordinates)
    tested = tested[np.isfinite(tested)]
    if not len(tested):
        raise FoldError(
            f"None of the folds of {plan.plan!r} has a training sample "
            f"(buffer {plan.buffer_m:g}). Lower the buffer."
        )
    to_map = nearest_distances(
        in_metric(target, plan.metric), in_metric(coordinates, plan.metric)
    )
    return wasserstein(tested, to_map)
