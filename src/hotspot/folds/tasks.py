"""Tasks: tests at many distances, from which those that resemble the map are weighted up.

A task is a test sample and a training set. Random parts ask for the distances within the
survey, compact parts, from many small to few large, for those of the gaps between samples.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import FoldError
from hotspot.folds.clusters import kmeans_clusters, ward_clusters
from hotspot.folds.geographic import Metric, in_metric
from hotspot.folds.knndm import WARD_PLACES
from hotspot.folds.plan import FoldPlan
from hotspot.folds.splitter import Labels, Splitter, checked_coordinates
from hotspot.grid import Coordinates
from hotspot.seeds import child_seed

# Name of the plans of tasks in the fold table.
TASKS = "tasks"
# Parts of the survey that are left out in turn: many small ones, then few large ones.
TASK_PARTS = (32, 16, 8, 4)
# A buffer is narrowed until at least this share of the samples still trains for every part.
# A model of fewer samples is another model than the one that makes the map.
LEAST_TRAINING = 0.5


class CompactParts(Splitter):
    """Folds of neighbouring samples, each fold one cluster of places.

    Parameters
    ----------
    n_splits : int
        Number of parts, 2 or more; one per place where there are fewer places.
    clustering : {"ward", "kmeans"}
        Ward's criterion draws nothing and is left for k-means above 5,000 places.
    random_state : int
        Seed of k-means.

    Examples
    --------
    >>> line = np.column_stack([[0.0, 1.0, 8.0, 9.0], np.zeros(4)])
    >>> CompactParts(2).labels(line)
    array([0, 0, 1, 1])
    """

    def __init__(
        self,
        n_splits: int = 20,
        *,
        clustering: Literal["ward", "kmeans"] = "ward",
        random_state: int = 0,
    ) -> None:
        self.n_splits = n_splits
        self.clustering = clustering
        self.random_state = random_state

    def labels(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Labels:
        """Return the part of each sample, shape (n,); samples of one place share it."""
        samples = checked_coordinates(coordinates, 2)
        places, inverse = np.unique(samples, axis=0, return_inverse=True)
        count = np.array([min(self.n_splits, len(places))])
        if self.clustering == "ward" and len(places) <= WARD_PLACES:
            part = next(ward_clusters(places, count))
        else:
            part = next(kmeans_clusters(places, count, self.random_state))
        return part[inverse.reshape(-1)]


def widest_buffer(fold: Labels, places: Coordinates, wanted: float) -> float:
    """Return the widest buffer up to a wanted one that leaves every fold its training.

    Every fold keeps at least half of all samples, or what it would keep without a buffer
    where that is less.

    Parameters
    ----------
    fold : array of int, shape (n,)
        Label of each sample.
    places : array, shape (n, 2) or (n, 3)
        Places whose straight distances count.
    wanted : float
        In the units of the places.

    Examples
    --------
    >>> line = np.column_stack([np.arange(4.0), np.zeros(4)])
    >>> widest_buffer(np.array([0, 1, 2, 3]), line, 5.0) < 2
    True
    """
    widest = float(wanted)
    for label in np.unique(fold):
        test = fold == label
        kept = min(int(np.ceil(LEAST_TRAINING * len(fold))), int((~test).sum()))
        if kept == 0:
            continue
        distance, _ = cKDTree(places[test]).query(places[~test])
        # The farthest `kept` samples must stay: those at exactly the buffer do not train.
        edge = float(np.sort(distance)[-kept])
        widest = min(widest, float(np.nextafter(edge, 0.0)))
    return max(widest, 0.0)


def make_tasks(
    sample_id: NDArray[np.str_],
    coordinates: Coordinates,
    *,
    parts: Sequence[int] = TASK_PARTS,
    seed: int = 0,
    metric: Metric = "plane",
) -> list[FoldPlan]:
    """Return the plans of tasks: one of random parts, then one per number of compact parts.

    Parameters
    ----------
    sample_id : array of str, shape (n,)
        All different.
    coordinates : array, shape (n, 2)
        Easting, northing; longitude, latitude in degrees on the sphere.
    parts : sequence of int
        Numbers of compact parts, 2 or more each; no more than half of the places, and one
        plan for numbers that come out equal. The random parts are as many as the second.
    seed : int
        Seed of the experiment. Rows in another order give the same parts.
    metric : {"plane", "sphere"}
        What the coordinates are.

    Returns
    -------
    list of FoldPlan
        Named ``tasks``, repeats from 0, sorted by sample name.

    Raises
    ------
    FoldError
        Fewer than 4 places, or fewer than 2 parts asked.

    References
    ----------
    Brenning & Suesse (2026), Aligning validation with deployment in spatial prediction:
    target-weighted cross-validation. https://doi.org/10.48550/arXiv.2603.29981

    Examples
    --------
    >>> line = np.column_stack([np.arange(8.0), np.zeros(8)])
    >>> for plan in make_tasks(np.array(list("abcdefgh")), line, parts=[4, 2]):
    ...     print(plan.repeat, plan.fold)
    0 [0 0 1 1 1 0 0 1]
    1 [0 0 1 1 2 2 3 3]
    2 [0 0 0 0 1 1 1 1]
    """
    if not parts or min(parts) < 2:
        raise FoldError(f"Tasks in {list(parts)} parts were asked. Give numbers from 2.")
    order = np.argsort(sample_id, kind="stable")
    names = np.asarray(sample_id)[order]
    places = in_metric(checked_coordinates(coordinates, 4)[order], metric)
    n_places = len(np.unique(places, axis=0))
    if n_places < 4:
        raise FoldError(
            f"The {len(places)} samples lie at only {n_places} places, too few for tasks of "
            "2 parts. Sample 4 places or more."
        )
    random_state = child_seed(seed, "folds", TASKS)
    counts = sorted({min(int(count), n_places // 2) for count in parts}, reverse=True)
    labels = [_random_parts(places, counts[min(1, len(counts) - 1)], random_state)]
    for count in counts:
        labels.append(CompactParts(count, random_state=random_state).labels(places))
    return [
        FoldPlan(TASKS, repeat, names, label, metric=metric)
        for repeat, label in enumerate(labels)
    ]


def _random_parts(places: Coordinates, n_parts: int, random_state: int) -> Labels:
    """Return parts of equal numbers of places drawn at random; one place has one part."""
    different, inverse = np.unique(places, axis=0, return_inverse=True)
    shuffled = np.random.default_rng(random_state).permutation(len(different))
    part = np.empty(len(different), dtype=np.int64)
    part[shuffled] = np.arange(len(different)) % n_parts
    return part[inverse.reshape(-1)]
