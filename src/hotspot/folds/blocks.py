"""Square blocks, and folds made of whole blocks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import FoldError
from hotspot.folds.geographic import sphere_block_labels
from hotspot.folds.splitter import (
    Labels,
    Splitter,
    checked_coordinates,
    classes_of,
    distribute,
)
from hotspot.grid import Coordinates


def block_labels(
    coordinates: Coordinates, spacing: float, *, shift: tuple[float, float] = (0.0, 0.0)
) -> Labels:
    """Return the number of the square block that each sample lies in, from 0.

    The blocks start at the south-west corner of the samples, so that a shift of all
    coordinates changes nothing. Only blocks that hold a sample are numbered.

    Parameters
    ----------
    coordinates : array, shape (n, 2)
        Easting, northing; or the three columns of `on_sphere`, whose blocks are those of
        `sphere_block_labels`.
    spacing : float
        Side of a block in the units of the coordinates, above 0.
    shift : tuple of float
        How far the lattice of blocks is moved west and south, in shares of a block.

    Raises
    ------
    FoldError
        The spacing is not above 0.

    Examples
    --------
    >>> block_labels(np.array([[0.0, 0.0], [9.0, 9.0], [10.0, 0.0], [35.0, 0.0]]), 10)
    array([0, 0, 1, 2])
    """
    if not spacing > 0:
        raise FoldError(f"Blocks of side {spacing} were asked. Give a spacing above 0.")
    if coordinates.shape[1] == 3:
        return sphere_block_labels(coordinates, spacing, shift=shift)
    # A whisker of tolerance: a point on a block's edge must not change sides by rounding.
    position = (coordinates - coordinates.min(axis=0)) / spacing + np.asarray(shift)
    cells = np.floor(position + 1e-9)
    _, label = np.unique(cells, axis=0, return_inverse=True)
    return label.reshape(-1).astype(np.int64)


class BlockKFold(Splitter):
    """Folds of whole square blocks, balanced in size and in the share of each class.

    Parameters
    ----------
    n_splits : int
        Number of folds, 2 or more.
    spacing : float
        Side of a block in the units of the coordinates; best not below the range of
        spatial autocorrelation, see `suggest_block_size`.
    random_state : int
        Seed of the order in which blocks of similar size are dealt.
    shift : tuple of float
        How far the lattice of blocks is moved west and south, in shares of a block: other
        blocks for another repeat.

    References
    ----------
    Roberts et al. (2017), Cross-validation strategies for data with temporal, spatial,
    hierarchical, or phylogenetic structure. https://doi.org/10.1111/ecog.02881

    Examples
    --------
    Sixteen samples on a square, four blocks of four samples, two folds:

    >>> easting, northing = np.meshgrid(np.arange(4.0), np.arange(4.0))
    >>> coordinates = np.column_stack([easting.ravel(), northing.ravel()])
    >>> BlockKFold(2, spacing=2, random_state=0).labels(coordinates).reshape(4, 4)
    array([[1, 1, 0, 0],
           [1, 1, 0, 0],
           [0, 0, 1, 1],
           [0, 0, 1, 1]])
    >>> BlockKFold(5, spacing=2).labels(coordinates)
    Traceback (most recent call last):
        ...
    hotspot.errors.FoldError: 5 folds asked but the samples fill only 4 blocks of side 2.
    Lower n_splits to 4 or less, or reduce spacing.
    """

    def __init__(
        self,
        n_splits: int = 5,
        spacing: float = 1000.0,
        *,
        random_state: int = 0,
        shift: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self.n_splits = n_splits
        self.spacing = spacing
        self.random_state = random_state
        self.shift = shift

    def labels(
        self,
        coordinates: Coordinates,
        y: NDArray[np.float64] | None = None,
        groups: NDArray[Any] | None = None,
    ) -> Labels:
        """Return the fold label of each sample, shape (n,).

        Raises
        ------
        FoldError
            Fewer samples or blocks than folds, or labels that are not classes.
        """
        places = checked_coordinates(coordinates, self.n_splits)
        block = block_labels(places, self.spacing, shift=self.shift)
        n_blocks = int(block.max()) + 1
        if n_blocks < self.n_splits:
            lower = (
                f"Lower n_splits to {n_blocks} or less, or reduce spacing."
                if n_blocks > 1
                else "Reduce spacing, or use random folds."
            )
            raise FoldError(
                f"{self.n_splits} folds asked but the samples fill only {n_blocks} "
                f"block{'s' if n_blocks > 1 else ''} of side {self.spacing:g}. {lower}"
            )
        fold_of_block = distribute(
            block, classes_of(y, len(places)), self.n_splits, self.random_state
        )
        return fold_of_block[block]
