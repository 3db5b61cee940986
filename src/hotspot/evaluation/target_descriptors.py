"""What a test asks of a model, and what a cell of the map asks, in the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from hotspot.errors import FoldError, SampleError
from hotspot.folds.geographic import Metric, in_metric
from hotspot.folds.plan import FoldPlan
from hotspot.folds.separation import held_out_distances, nearest_distances
from hotspot.grid import Coordinates

Array = NDArray[np.float64]

# Components that are balanced, at most, and the share of the variance that is enough: every
# further one costs effective samples and says less about the covariates.
MOST_COMPONENTS = 4
ENOUGH_VARIANCE = 0.9


@dataclass(frozen=True)
class Descriptors:
    """What tests or cells ask of a model.

    Parameters
    ----------
    distance : array, shape (n,)
        To the nearest training sample, in the units of the CRS.
    components : array, shape (n, k)
        Principal components of the covariates; none where k is 0.
    """

    distance: Array
    components: Array

    def __len__(self) -> int:
        return len(self.distance)


@dataclass(frozen=True)
class CovariateSpace:
    """Principal components of covariates after a transform by rank.

    Each covariate becomes the normal quantile of its rank among the cells of the map, so
    that skew covariates, such as distances to a source, and their units count no more than
    others. What lies beyond all cells has the rank of the last.

    Parameters
    ----------
    cells : array, shape (m, k)
        Each column sorted: covariates of the cells.
    axes : array, shape (k, n_components)
        Loadings, scaled so that each component has variance 1 over the cells.
    centre : array, shape (k,)
        Mean of the transformed covariates of the cells.
    """

    cells: Array
    axes: Array
    centre: Array

    @classmethod
    def of(cls, X: Array, *, most_components: int = MOST_COMPONENTS) -> Self:
        """Return the space of the cells to be mapped.

        Parameters
        ----------
        X : array, shape (m, k)
            Covariates of the cells, numbers without missing ones. Codes of categories have
            no order and are best left out or given as one column each. Without any column
            there is no component, and places alone are compared.
        most_components : int
            At most so many; fewer where they hold 90 % of the variance.

        Raises
        ------
        SampleError
            There is no cell, or a covariate is missing.
        """
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2 or not len(values) or not np.isfinite(values).all():
            raise SampleError(
                f"The covariates of the cells have the shape {values.shape}, "
                f"{int((~np.isfinite(values)).sum())} of them missing. "
                "Give one complete row per cell, at least one cell."
            )
        ordered = np.sort(values, axis=0)
        scores = _normal_scores(values, ordered)
        centre = scores.mean(axis=0)
        _, spread, loadings = np.linalg.svd(scores - centre, full_matrices=False)
        variance = spread**2 / len(values)
        # What is constant over the map says nothing.
        some = variance > 1e-9 * max(float(variance.sum()), 1e-300)
        shares = np.cumsum(variance) / max(float(variance.sum()), 1e-300)
        wanted = int(np.searchsorted(shares, ENOUGH_VARIANCE - 1e-12)) + 1
        count = min(most_components, wanted, int(some.sum()))
        axes = loadings[:count]
        if count:
            # An axis has no sign of its own; its largest loading is made positive.
            largest = axes[np.arange(count), np.abs(axes).argmax(axis=1)]
            axes = axes * np.sign(largest)[:, None] / np.sqrt(variance[:count])[:, None]
        return cls(cells=ordered, axes=axes.T, centre=centre)

    def components(self, X: Array) -> Array:
        """Return the components of some covariates, shape (n, n_components)."""
        found: Array = (self.scores(X) - self.centre) @ self.axes
        return found

    def scores(self, X: Array) -> Array:
        """Return the normal quantile of the rank of each covariate, shape (n, k)."""
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != self.cells.shape[1]:
            raise SampleError(
                f"Covariates of the shape {values.shape} were given, the map has "
                f"{self.cells.shape[1]}. Give the same covariates in the same order."
            )
        return _normal_scores(values, self.cells)


def _normal_scores(values: Array, ordered: Array) -> Array:
    """Return the normal quantile of the mean rank of each value among sorted columns."""
    m = len(ordered)
    scores = np.empty(values.shape)
    for column in range(values.shape[1]):
        below = np.searchsorted(ordered[:, column], values[:, column], side="left")
        within = np.searchsorted(ordered[:, column], values[:, column], side="right")
        share = (below + within) / (2 * m)
        scores[:, column] = ndtri(np.clip(share, 0.5 / m, 1 - 0.5 / m))
    return scores


def task_descriptors(
    plans: Sequence[FoldPlan], coordinates: Coordinates, components: Array
) -> tuple[NDArray[np.int64], Descriptors]:
    """Return the tested sample and the descriptors of every test of some plans.

    Parameters
    ----------
    plans : sequence of FoldPlan
        Of the same samples in the same order, see `FoldPlan.select`.
    coordinates : array, shape (n, 2)
        Of these samples.
    components : array, shape (n, k)
        Of these samples, from `CovariateSpace.components`; k may be 0.

    Raises
    ------
    FoldError
        Numbers of samples differ.

    Examples
    --------
    >>> plan = FoldPlan("tasks", 0, np.array(["a", "b", "c"]), np.array([0, 0, 1]))
    >>> line = np.array([[0.0, 0.0], [3.0, 0.0], [4.0, 0.0]])
    >>> sample, found = task_descriptors([plan], line, np.zeros((3, 0)))
    >>> sample, found.distance
    (array([0, 1, 2]), array([4., 1., 1.]))
    """
    for plan in plans:
        if not len(plan.fold) == len(coordinates) == len(components):
            raise FoldError(
                f"A plan has {len(plan.fold)} samples, but there are {len(coordinates)} "
                f"coordinates and {len(components)} rows of components. Give all of the same "
                "samples."
            )
    sample = np.tile(np.arange(len(coordinates)), len(plans))
    distances = [held_out_distances(plan, coordinates) for plan in plans]
    distance = np.concatenate([np.zeros(0), *distances])
    return sample, Descriptors(distance, components[sample])


def cell_descriptors(
    cells: Coordinates,
    coordinates: Coordinates,
    components: Array,
    *,
    metric: Metric = "plane",
) -> Descriptors:
    """Return what the cells of the map ask, with the full survey as training set.

    Parameters
    ----------
    cells : array, shape (m, 2)
        The cells to be mapped, or an even share of them.
    coordinates : array, shape (n, 2)
        The samples.
    components : array, shape (m, k)
        Of the cells, from `CovariateSpace.components`.
    metric : {"plane", "sphere"}
        What the coordinates are.

    Examples
    --------
    >>> cells, samples = np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([[0.0, 0.0]])
    >>> cell_descriptors(cells, samples, np.zeros((2, 0))).distance
    array([0., 5.])
    """
    distance = nearest_distances(in_metric(cells, metric), in_metric(coordinates, metric))
    return Descriptors(distance, components)
