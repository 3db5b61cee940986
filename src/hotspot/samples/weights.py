"""Declustering weights: how much of the area each sample stands for."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from hotspot.errors import SampleError
from hotspot.grid import Coordinates
from hotspot.samples.sampleset import SampleSet

Weights = NDArray[np.float64]

Weighing = Literal["none", "declustered", "target"]
"""What samples count by in training."""

# A sample that stands for a wide gap counts no more than so many: its one value would rule.
MOST_WEIGHT = 10.0
# Side of a cell of declustering, in medians of the distance from the map to the samples.
_SIDE = 2.0
# The lattice of cells is laid in this many ways, so that no weight hangs on one of them.
N_LATTICES = 9


def weigh(samples: SampleSet, how: Weighing, target: Coordinates) -> SampleSet:
    """Return the samples, each contaminant's with weights of mean 1.

    Parameters
    ----------
    samples : SampleSet
    how : "none", "declustered" or "target"
        Alike; by `declustering_weights`, with cells twice as wide as the map lies from its
        nearest sample in the median; or by `cell_share_weights`, at most `MOST_WEIGHT` times
        the mean.
    target : array, shape (m, 2)
        The cells to be mapped, or an even share of them.
    """
    frame = samples.frame.assign(sample_weight=1.0)
    if how != "none":
        for _, rows in frame.groupby("contaminant", sort=False):
            places = rows[["easting", "northing"]].to_numpy(dtype=np.float64)
            frame.loc[rows.index, "sample_weight"] = _weights(places, how, target)
    return SampleSet(frame, samples.catalogue)


def _weights(places: Coordinates, how: Weighing, target: Coordinates) -> Weights:
    if how == "declustered":
        away, _ = cKDTree(places).query(target)
        side = _SIDE * float(np.median(away))
        return declustering_weights(places, side) if side > 0 else np.ones(len(places))
    shares = np.minimum(cell_share_weights(places, target), MOST_WEIGHT)
    return np.asarray(shares / shares.mean())


def cell_share_weights(coordinates: Coordinates, target: Coordinates) -> Weights:
    """Return the share of the map that is nearest to each sample, times their number.

    The mean is 1. Samples of one place divide its share; a sample that is nearest to no
    cell has weight 0.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing; or points in space for distances on the sphere.
    target : array, shape (m, 2)
        The cells to be mapped, or an even share of them.

    Raises
    ------
    SampleError
        There is no sample or no cell.

    References
    ----------
    Isaaks & Srivastava (1989), An introduction to applied geostatistics, chapter 10:
    polygonal declustering.

    Examples
    --------
    >>> samples = np.array([[0.0, 0.0], [0.0, 0.0], [10.0, 0.0]])
    >>> cells = np.array([[1.0, 0.0], [2.0, 0.0], [9.0, 0.0]])
    >>> cell_share_weights(samples, cells)
    array([1., 1., 1.])
    """
    if not len(coordinates) or not len(target):
        raise SampleError(
            f"{len(coordinates)} samples and {len(target)} cells were given. "
            "Give at least one of each."
        )
    places, inverse = np.unique(coordinates, axis=0, return_inverse=True)
    place = inverse.reshape(-1)
    _, nearest = cKDTree(places).query(target)
    cells = np.bincount(nearest, minlength=len(places)).astype(np.float64)
    shared: Weights = (cells / np.bincount(place))[place]
    return shared * len(coordinates) / len(target)


def declustering_weights(coordinates: Coordinates, spacing: float) -> Weights:
    """Return weights by which samples of crowded cells count less; their mean is 1.

    Every occupied cell of a lattice counts the same, and the samples in it divide its
    weight. The weights are averaged over nine positions of the lattice.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing.
    spacing : float
        Side of a cell in the units of the coordinates, above 0: about the distance between
        samples where they are sparse. Very small and very large cells both give 1.

    Raises
    ------
    SampleError
        There is no sample, or the spacing is not above 0.

    References
    ----------
    Deutsch (1989), DECLUS: a Fortran 77 program for determining optimum spatial
    declustering weights. https://doi.org/10.1016/0098-3004(89)90043-5

    Examples
    --------
    >>> line = np.column_stack([[0.0, 0.1, 100.0], np.zeros(3)])
    >>> declustering_weights(line, 10.0)
    array([0.75, 0.75, 1.5 ])
    """
    places = np.asarray(coordinates, dtype=np.float64)
    if not len(places) or not spacing > 0:
        raise SampleError(
            f"{len(places)} samples and cells of side {spacing} were given. "
            "Give at least one sample and a side above 0."
        )
    total = np.zeros(len(places))
    side = int(np.sqrt(N_LATTICES))
    for east in range(side):
        for north in range(side):
            shift = np.zeros(places.shape[1])
            shift[:2] = (np.array([east, north]) + 0.5) / side
            cells = np.floor((places - places.min(axis=0)) / spacing + shift)
            _, inverse, counts = np.unique(
                cells, axis=0, return_inverse=True, return_counts=True
            )
            total += 1 / (counts[inverse.reshape(-1)] * len(counts))
    return np.asarray(total / total.mean(), dtype=np.float64)
