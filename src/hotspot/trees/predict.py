"""Sums of tree ensembles over many rows, bit for bit those of LightGBM."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.trees.ensemble import TreeEnsemble, Values
from hotspot.trees.portions import over_rows
from hotspot.trees.quantise import Codes

# Leaves of a slot: bits of a word.
_WIDTH = 32
_ALL = (1 << _WIDTH) - 1
# Slots of a block, in strips as the compiled loop joins them: the masks of the largest for
# all codes stay in the second-level cache.
_STRIP = 16
_SMALLEST_BLOCK, _LARGEST_BLOCK = 4 * _STRIP, 6 * _STRIP
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class LeafMasks:
    """An ensemble as bit masks of leaves, one per code of each covariate.

    A code rules out the leaves behind all splits of its covariate that it does not pass. What
    the codes of a row leave over is one leaf per tree: the masks are joined by AND, and the
    position of the one bit that remains is the leaf (as in QuickScorer, with the masks of all
    thresholds of a covariate joined beforehand). A tree of more than 32 leaves takes several
    words. Leaf values are added tree by tree in double precision, as LightGBM adds them.

    Parameters
    ----------
    codes : Codes
        How covariates become codes.
    masks : array of uint32, shape (n_blocks, n_codes, n_slots)
        Leaves that remain, by code and word.
    leaf : array, shape (n_blocks * n_slots, 33)
        Leaf values by word and bit; the last is 0, for a word where no leaf remains.

    References
    ----------
    Lucchese et al. (2015). QuickScorer: a fast algorithm to rank documents with additive
    ensembles of regression trees. https://doi.org/10.1145/2766462.2767733
    """

    codes: Codes
    masks: NDArray[np.uint32]
    leaf: Values

    @classmethod
    def of(cls, ensemble: TreeEnsemble, codes: Codes) -> Self:
        """Return the masks of an ensemble of one sum.

        Raises
        ------
        ModelError
            The ensemble makes several sums, or the masks would take more than 256 MB.
        """
        if ensemble.n_outputs != 1:
            raise ModelError(
                f"The trees make {ensemble.n_outputs} sums, and masks add to one. Take them "
                "apart by TreeEnsemble.output."
            )
        n_leaves = np.diff(ensemble.first_leaf)
        first_slot = np.concatenate([[0], np.cumsum(-(-n_leaves // _WIDTH))])
        n_blocks = max(1, -(-int(first_slot[-1]) // _LARGEST_BLOCK))
        n_slots = -(-int(first_slot[-1]) // (_STRIP * n_blocks)) * _STRIP
        n_slots = max(n_slots, _SMALLEST_BLOCK)
        first = np.concatenate([[0], np.cumsum(codes.count)]).astype(np.int64)
        n_bytes = 4 * n_blocks * n_slots * int(first[-1])
        if n_bytes > _MOST_BYTES:
            raise ModelError(
                f"The masks of {ensemble.n_trees} trees with {int(n_leaves.sum())} leaves "
                f"would take {n_bytes >> 20} MB, and {_MOST_BYTES >> 20} MB are allowed. "
                "Predict with LightGBM itself, or train fewer or smaller trees."
            )
        begin, middle, end, place = ensemble.leaf_order()
        masks = np.full((n_blocks * n_slots, int(first[-1])), _ALL, dtype=np.uint32)
        leaf = np.zeros((n_blocks * n_slots, _WIDTH + 1))
        tree = np.repeat(np.arange(ensemble.n_trees), n_leaves)
        leaf[first_slot[tree] + place // _WIDTH, place % _WIDTH] = ensemble.leaf_value
        tree = np.repeat(np.arange(ensemble.n_trees), np.diff(ensemble.first_split))
        row = np.searchsorted(codes.column, ensemble.splits.column)
        for split, left in enumerate(codes.goes_left(ensemble)):
            a, m, b = int(begin[split]), int(middle[split]), int(end[split])
            columns = slice(first[row[split]], first[row[split] + 1])
            for slot in range(a // _WIDTH, (b - 1) // _WIDTH + 1):
                passed = np.uint32(_ALL ^ _bits(m, b, slot))
                failed = np.uint32(_ALL ^ _bits(a, m, slot))
                masks[first_slot[tree[split]] + slot, columns] &= np.where(left, passed, failed)
        shaped = masks.reshape(n_blocks, n_slots, -1).transpose(0, 2, 1)
        return cls(codes, np.ascontiguousarray(shaped), leaf)

    def sums(self, rows: NDArray[np.floating], *, n_threads: int = 1) -> Values:
        """Return the sum of the trees at each row, shape (n,).

        Parameters
        ----------
        rows : array, shape (n, n_columns)
            Single or double precision; NaN and infinite values as LightGBM takes them.
        n_threads : int
            Threads; the sums do not depend on it.
        """
        from hotspot.trees import kernels

        self.codes.check(rows)
        total = np.zeros(len(rows))
        first = np.concatenate([[0], np.cumsum(self.codes.count)[:-1]]).astype(np.int64)

        def work(portion: slice) -> None:
            # Row by row: codes a portion apart would meet in few lines of the nearest cache.
            codes = np.ascontiguousarray(compiled_codes(self.codes, rows[portion]).T)
            kernels.add_leaves(codes, first, self.masks, self.leaf, total[portion])

        over_rows(work, len(rows), n_threads=n_threads)
        return total


def compiled_codes(codes: Codes, rows: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Return what `Codes.encode` does, by the compiled loop."""
    from hotspot.trees import kernels

    out = np.empty((len(codes.column), len(rows)), dtype=np.uint16)
    # A copy, so that the loop is compiled for one kind of array alone. Single precision fits
    # into double without change.
    values = np.array(rows, dtype=np.float64, order="C")
    kernels.encode(
        values, codes.column, codes.edges, codes.first, codes.by_class, codes.missing, out
    )
    return out


def _bits(first: int, last: int, slot: int) -> int:
    """Return the bits of the leaves from first to below last that lie in a slot."""
    low = min(max(first - slot * _WIDTH, 0), _WIDTH)
    high = min(max(last - slot * _WIDTH, 0), _WIDTH)
    return (1 << high) - (1 << low) if high > low else 0
