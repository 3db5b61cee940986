"""Candidate clusterings of places, from coarse to fine."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from hotspot.folds.splitter import Labels
from hotspot.grid import Coordinates


def ward_clusters(places: Coordinates, counts: NDArray[np.int64]) -> Iterator[Labels]:
    """Yield the cluster of each place for each wanted number of clusters.

    Ward's minimum variance criterion on distances (ward.D2). Memory grows with the square
    of the number of places: 100 MB at 5,000.

    Parameters
    ----------
    places : array, shape (n, 2)
        Different places.
    counts : array of int
        Wanted numbers of clusters, from 1 to n.

    Examples
    --------
    >>> places = np.array([[0.0, 0.0], [1.0, 0.0], [9.0, 0.0]])
    >>> [labels.tolist() for labels in ward_clusters(places, np.array([2]))]
    [[0, 0, 1]]
    """
    n = len(places)
    # Centred first, so that large coordinates cost no digits.
    tree = linkage(places - places.mean(axis=0), method="ward")
    children = tree[:, :2].astype(np.int64)
    for count in counts:
        # The first n - count merges leave exactly `count` clusters, also where heights tie.
        merges = n - int(count)
        parents = np.repeat(np.arange(n, n + merges), 2)
        edges = (np.ones(2 * merges), (parents, children[:merges].ravel()))
        graph = coo_array(edges, shape=(n + merges, n + merges))
        _, label = connected_components(graph, directed=False)
        yield label[:n].astype(np.int64)


def kmeans_clusters(
    places: Coordinates, counts: NDArray[np.int64], random_state: int, n_iterations: int = 10
) -> Iterator[Labels]:
    """Yield the cluster of each place for each wanted number of clusters, by k-means.

    Lloyd's iterations from randomly chosen places. Assignment goes through a tree of the
    centres, so tens of thousands of places and thousands of clusters stay quick.

    Parameters
    ----------
    places : array, shape (n, 2)
        Different places.
    counts : array of int
        Wanted numbers of clusters, from 1 to n.
    random_state : int
        Seed of the first centres.
    n_iterations : int
        At most this many.
    """
    rng = np.random.default_rng(random_state)
    centred = places - places.mean(axis=0)
    for count in counts:
        centres = centred[rng.choice(len(centred), int(count), replace=False)]
        label = np.full(len(centred), -1, dtype=np.int64)
        for _ in range(n_iterations):
            _, nearest = cKDTree(centres).query(centred)
            if np.array_equal(nearest, label):
                break
            label = nearest.astype(np.int64)
            size = np.bincount(label, minlength=len(centres)).astype(np.float64)
            sums = np.column_stack(
                [
                    np.bincount(label, weights=column, minlength=len(centres))
                    for column in centred.T
                ]
            )
            filled = size > 0
            centres[filled] = sums[filled] / size[filled, None]
        _, compact = np.unique(label, return_inverse=True)
        yield compact.reshape(-1).astype(np.int64)


def merge_along_axis(places: Coordinates, cluster: Labels, n_splits: int) -> Labels:
    """Return the fold of each place: clusters dealt in turn along the main axis.

    Clusters are ranked by their centre along the first principal axis of the places and
    given to the folds 0, 1, …, n_splits - 1, 0, … in this order, so that the clusters of
    one fold lie apart.

    Examples
    --------
    >>> places = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    >>> merge_along_axis(places, np.array([3, 1, 0, 2]), 2)
    array([0, 1, 0, 1])
    """
    n_clusters = int(cluster.max()) + 1
    centred = places - places.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axis = axes[:, -1]
    # An eigenvector has no sign of its own; the largest part is made positive.
    axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
    sums = np.bincount(cluster, weights=centred @ axis, minlength=n_clusters)
    position = sums / np.bincount(cluster, minlength=n_clusters)
    fold = np.empty(n_clusters, dtype=np.int64)
    fold[np.argsort(position, kind="stable")] = np.arange(n_clusters) % n_splits
    return fold[cluster]
