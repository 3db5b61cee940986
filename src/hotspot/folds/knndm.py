"""kNNDM: folds whose nearest-neighbour distances match those of the map."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import ks_2samp

from hotspot.errors import FoldError
from hotspot.folds.clusters import kmeans_clusters, merge_along_axis, ward_clusters
from hotspot.folds.separation import (
    DistanceDistribution,
    Distances,
    nearest_distances,
    neighbour_distances,
)
from hotspot.folds.splitter import (
    Labels,
    Splitter,
    checked_coordinates,
    classes_of,
    distribute,
)
from hotspot.grid import Coordinates
from hotspot.seeds import child_seed

# Ward's criterion holds all pairs of places in memory: 100 MB at this number.
WARD_PLACES = 5000
# Numbers of clusters tried, evenly spaced on a logarithmic scale, as in the paper's code.
CANDIDATES = 100
# k-means starts three times per number of clusters up to this many places.
SEVERAL_STARTS = 1000
# Random draws of which the one with the smallest W is kept.
RANDOM_DRAWS = 10
# Level of the test whether samples are more clustered than the map is far from them.
KS_LEVEL = 0.05


class KNNDM(Splitter):
    """Folds by k-fold nearest neighbour distance matching.

    Where the samples lie closer together than the map lies to them, the samples are
    clustered, the clusters are merged into folds, and the number of clusters is chosen
    whose test-to-train distances come nearest to the map-to-sample distances. Where a
    one-sided Kolmogorov-Smirnov test finds the samples not too close together, or no
    clustering comes nearer than chance, random folds are right: the best of ten draws is
    returned.

    Samples at one place always share a fold, in the random folds too. Distances between
    samples are therefore distances to the nearest sample of *another place*; where all
    places differ this is what the paper does.

    Parameters
    ----------
    n_splits : int
        Number of folds, 2 or more.
    target : array, shape (m, 2)
        Coordinates of the cells to be mapped, or of an even share of them.
    random_state : int
        Seed of the random folds and of k-means; Ward's clustering draws nothing.
    max_share : float
        Largest share of the samples that one fold may hold, above 1 / n_splits, at most 1.
    clustering : {"auto", "ward", "kmeans"}
        The better of both up to 5,000 places and k-means above ("auto"), or one of them.

    Attributes
    ----------
    W_ : float
        1-Wasserstein distance between both distributions of distances, after `labels` or
        `split`, in the units of the coordinates. The smaller, the better the match.
    q_ : int or None
        Number of clusters that were merged into the folds; None for random folds.

    References
    ----------
    Linnenbrink et al. (2024), kNNDM CV: k-fold nearest-neighbour distance matching
    cross-validation for map accuracy estimation.
    https://doi.org/10.5194/gmd-17-5897-2024

    Examples
    --------
    Two tight groups of samples, a map that spreads far around them: a group is a fold.

    >>> group = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> coordinates = np.concatenate([group, group + 20])
    >>> side = np.arange(-40.0, 60.0, 10.0)
    >>> target = np.array([(easting, northing) for easting in side for northing in side])
    >>> folds = KNNDM(2, target)
    >>> folds.labels(coordinates), folds.q_
    (array([0, 0, 0, 0, 1, 1, 1, 1]), 2)
    """

    W_: float
    q_: int | None

    def __init__(
        self,
        n_splits: int,
        target: Coordinates,
        *,
        random_state: int = 0,
        max_share: float = 0.5,
        clustering: Literal["auto", "ward", "kmeans"] = "auto",
    ) -> None:
        self.n_splits = n_splits
        self.target = target
        self.random_state = random_state
        self.max_share = max_share
        self.clustering = clustering

    def labels(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Labels:
        """Return the fold label of each sample, shape (n,), and set `W_` and `q_`.

        Parameters
        ----------
        coordinates : array, shape (n, 2)
            Easting, northing.
        y : array, shape (n,), optional
            Classes to balance where random folds are returned.
        groups : ignored

        Raises
        ------
        FoldError
            Fewer places than folds, no prediction cell, or a `max_share` that cannot be.
        """
        samples = checked_coordinates(coordinates, self.n_splits)
        target = np.asarray(self.target, dtype=np.float64)
        places, inverse, counts = np.unique(
            samples, axis=0, return_inverse=True, return_counts=True
        )
        place_of = inverse.reshape(-1)
        self._check(len(samples), len(places), target)
        to_map = nearest_distances(target, samples)
        wanted = DistanceDistribution(to_map)

        neighbours = _Neighbours(places)
        self.W_, self.q_ = np.inf, None
        fold_of_place = np.zeros(len(places), dtype=np.int64)
        classes = classes_of(y, len(samples))
        for draw in range(RANDOM_DRAWS):
            seed = child_seed(self.random_state, "random", draw)
            fold = distribute(place_of, classes, self.n_splits, seed)
            found = wanted.wasserstein(neighbours.other_fold(fold)[place_of])
            if found < self.W_:
                self.W_, fold_of_place = found, fold
        if not _is_clustered(neighbour_distances(samples), to_map):
            return fold_of_place[place_of]
        for q, fold in self._candidates(places):
            share = np.bincount(fold, weights=counts, minlength=self.n_splits) / len(samples)
            if share.max() > self.max_share or share.min() == 0:
                continue
            found = wanted.wasserstein(neighbours.other_fold(fold)[place_of])
            if found < self.W_:
                self.W_, self.q_, fold_of_place = found, q, fold
        return fold_of_place[place_of]

    def _check(self, n_samples: int, n_places: int, target: Coordinates) -> None:
        if target.ndim != 2 or target.shape[1] not in (2, 3) or not len(target):
            raise FoldError(
                f"The prediction cells have the shape {target.shape}. "
                "Give their coordinates, an array of shape (m, 2), at least one cell."
            )
        if n_places < self.n_splits:
            raise FoldError(
                f"{self.n_splits} folds asked but the {n_samples} samples lie at only "
                f"{n_places} places. Lower n_splits, or use random folds."
            )
        if not 1 / self.n_splits <= self.max_share <= 1:
            raise FoldError(
                f"One fold may hold a share of {self.max_share:g}, but {self.n_splits} folds "
                f"need at least {1 / self.n_splits:.3g}. Give max_share between both and 1."
            )
        if self.clustering not in ("auto", "ward", "kmeans"):
            raise FoldError(
                f"No clustering is known as {self.clustering!r}. Use auto, ward or kmeans."
            )

    def _candidates(self, places: Coordinates) -> Iterator[tuple[int, Labels]]:
        """Yield the number of clusters and the fold of each place, candidate by candidate."""
        n = len(places)
        largest = max(self.n_splits, n - 2)
        wanted = np.exp(np.linspace(np.log(self.n_splits), np.log(largest), CANDIDATES))
        numbers = np.unique(np.rint(wanted).astype(np.int64))
        clusterings: list[Iterator[Labels]] = []
        if self.clustering == "ward" or (self.clustering == "auto" and n <= WARD_PLACES):
            clusterings.append(ward_clusters(places, numbers))
        if self.clustering != "ward":
            # k-means depends on its start; small surveys can afford several.
            starts = np.repeat(numbers, 3 if n <= SEVERAL_STARTS else 1)
            clusterings.append(kmeans_clusters(places, starts, self.random_state))
        for cluster in chain.from_iterable(clusterings):
            yield int(cluster.max()) + 1, merge_along_axis(places, cluster, self.n_splits)


class _Neighbours:
    """Distances to the nearest place of another fold, for many divisions of one set."""

    def __init__(self, places: Coordinates, depth: int = 64) -> None:
        self._places = places
        distance, neighbour = cKDTree(places).query(places, k=min(depth, len(places)))
        self._distance: Distances = np.asarray(distance, dtype=np.float64)
        self._neighbour: Labels = np.asarray(neighbour, dtype=np.int64)

    def other_fold(self, fold: Labels) -> Distances:
        """Return the distance from each place to the nearest one of another fold."""
        other = fold[self._neighbour] != fold[:, None]
        first = other.argmax(axis=1)
        rows = np.arange(len(fold))
        distance: Distances = self._distance[rows, first]
        # Deep inside a fold none of the kept neighbours is of another one.
        inside = ~other[rows, first]
        for label in np.unique(fold[inside]):
            asking = inside & (fold == label)
            distance[asking] = nearest_distances(
                self._places[asking], self._places[fold != label]
            )
        return distance


def _is_clustered(between_samples: Distances, to_map: Distances) -> bool:
    """Whether samples lie closer together than the map lies to them, beyond chance."""
    exact = len(between_samples) * len(to_map) < 10_000
    test = ks_2samp(
        between_samples,
        to_map,
        alternative="greater",
        method="exact" if exact else "asymp",
    )
    return bool(test.pvalue < KS_LEVEL)
