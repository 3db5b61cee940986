"""Covariates as codes of a model's own split points.

Trees ask of a value only on which side of their thresholds it lies. A code says that for all
thresholds of a covariate at once, in two bytes, and everything that trees do with a row
follows from its codes: prediction and explanation share them.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError, few
from hotspot.trees.ensemble import MISSING_NAN, MISSING_ZERO, Ints, TreeEnsemble, Values

# LightGBM takes values this near to zero for zero.
_NEARLY_ZERO = float(np.float32(1e-35))
_MOST_CODES = 1 << 16


@dataclass(frozen=True)
class Codes:
    """How values of the columns that trees ask become codes.

    A number gets the count of `edges` below it. A class gets its place among `edges`, from
    1, and 0 if no split names it. Where trees send NaN its own way it has the last code;
    otherwise it counts as 0, as in LightGBM.

    Parameters
    ----------
    column : array of int, shape (n,)
        Columns of the table, rising; others are never asked.
    edges : array, shape (n_edges,)
        Thresholds, or classes, of each column in turn, rising.
    first : array of int, shape (n + 1,)
        Where the edges of each column begin.
    by_class : array of bool, shape (n,)
        Whether the column holds classes.
    missing : array of int, shape (n,)
        Code of NaN.
    count : array of int, shape (n,)
        Number of codes.
    n_columns : int
        Columns of the table.
    """

    column: Ints
    edges: Values
    first: Ints
    by_class: NDArray[np.bool_]
    missing: Ints
    count: Ints
    n_columns: int

    @classmethod
    def of(cls, *ensembles: TreeEnsemble) -> Self:
        """Return the codes that suffice for all trees of some ensembles.

        Raises
        ------
        ModelError
            The ensembles ask tables of other widths; a column is split by threshold and by
            class, or has more than 65 536 codes.
        """
        widths = {trees.n_columns for trees in ensembles}
        if len(widths) != 1:
            raise ModelError(
                f"Codes are of one table, but {len(ensembles)} ensembles ask tables of "
                f"{few(sorted(widths)) or 'no'} columns. Give ensembles of the same table."
            )
        asked = sorted({int(c) for trees in ensembles for c in np.unique(trees.splits.column)})
        edges: list[Values] = []
        by_class, missing, count = [], [], []
        for column in asked:
            found, classes, nan = _edges(ensembles, column)
            edges.append(found)
            by_class.append(classes)
            n_codes = len(found) + 1
            zero = 0 if classes else int(np.searchsorted(found, 0.0))
            missing.append(n_codes if nan else zero)
            count.append(n_codes + nan)
            if count[-1] > _MOST_CODES:
                raise ModelError(
                    f"Column {column} is split at {len(found)} places, and at most "
                    f"{_MOST_CODES - 2} have codes. Train with a smaller max_bin."
                )
        return cls(
            column=np.array(asked, dtype=np.int64),
            edges=np.concatenate([np.empty(0), *edges]),
            first=np.cumsum([0, *map(len, edges)]).astype(np.int64),
            by_class=np.array(by_class, dtype=np.bool_),
            missing=np.array(missing, dtype=np.int64),
            count=np.array(count, dtype=np.int64),
            n_columns=ensembles[0].n_columns,
        )

    def encode(self, rows: NDArray[np.floating]) -> NDArray[np.uint16]:
        """Return the codes of rows, shape (n_columns_asked, n_rows).

        Parameters
        ----------
        rows : array, shape (n_rows, n_columns)
            Numbers, infinite ones and NaN among them.

        Raises
        ------
        ModelError
            The rows have another number of columns.
        """
        self.check(rows)
        out = np.empty((len(self.column), len(rows)), dtype=np.uint16)
        for place, column in enumerate(self.column):
            values = np.asarray(rows[:, column], dtype=np.float64)
            edges = self.edges[self.first[place] : self.first[place + 1]]
            gap = np.isnan(values)
            if self.by_class[place]:
                # LightGBM cuts towards 0, so that -0.5 is class 0; NaN has no class.
                whole = np.trunc(np.where(gap, -1.0, values))
                at = np.searchsorted(edges, whole)
                named = edges[np.minimum(at, len(edges) - 1)] == whole if len(edges) else False
                out[place] = np.where(named, at + 1, 0)
            else:
                flat = np.where(np.abs(values) <= _NEARLY_ZERO, 0.0, values)
                out[place] = np.where(
                    gap, self.missing[place], np.searchsorted(edges, flat, side="left")
                )
        return out

    def check(self, rows: NDArray[np.floating]) -> None:
        """Refuse rows of another number of columns.

        Raises
        ------
        ModelError
            The rows have another number of columns, or are none.
        """
        if rows.ndim != 2 or rows.shape[1] != self.n_columns:
            raise ModelError(
                f"The trees ask tables of {self.n_columns} columns, but an array of shape "
                f"{rows.shape} was given. Give one row per cell and one column per covariate."
            )

    def goes_left(self, ensemble: TreeEnsemble) -> list[NDArray[np.bool_]]:
        """Return which codes go left at each split.

        Returns
        -------
        list of array, shape (n_codes of the split's column,)
            One per split.
        """
        splits = ensemble.splits
        place = np.searchsorted(self.column, splits.column)
        missing, missing_left = splits.missing, splits.missing_left
        answer: list[NDArray[np.bool_]] = [np.empty(0, np.bool_)] * len(place)
        for at in range(len(self.column)):
            edges = self.edges[self.first[at] : self.first[at + 1]]
            chosen = np.flatnonzero(place == at)
            left = np.zeros((len(chosen), int(self.count[at])), dtype=np.bool_)
            if self.by_class[at]:
                for row, split in zip(left, chosen, strict=True):
                    named = ensemble.classes[int(splits.threshold[split])]
                    row[1:] = np.isin(edges, named)
            else:
                last = np.searchsorted(edges, splits.threshold[chosen])
                left = np.arange(int(self.count[at])) <= last[:, None]
                zero, nan = int(np.searchsorted(edges, 0.0)), int(self.missing[at])
                own = missing[chosen] == MISSING_ZERO
                left[own, zero] = missing_left[chosen][own]
                if nan != zero:
                    own = missing[chosen] == MISSING_NAN
                    left[:, nan] = np.where(own, missing_left[chosen], left[:, zero])
            for position, row in zip(chosen.tolist(), left, strict=True):
                answer[position] = row
        return answer


def _edges(ensembles: tuple[TreeEnsemble, ...], column: int) -> tuple[Values, bool, bool]:
    """Return thresholds or classes of a column, which of them, and whether NaN is its own."""
    edges: list[Values] = []
    classes: list[Values] = []
    nan = False
    for trees in ensembles:
        splits = trees.splits
        here = splits.column == column
        named = here & splits.by_class
        classes += [
            trees.classes[int(position)].astype(np.float64)
            for position in splits.threshold[named]
        ]
        numeric = here & ~splits.by_class
        edges.append(splits.threshold[numeric])
        if (splits.missing[numeric] == MISSING_ZERO).any():
            # Zero gets a code of its own, between the last number below it and itself.
            edges.append(np.array([np.nextafter(0.0, -1.0), 0.0]))
        nan |= bool((splits.missing[numeric] == MISSING_NAN).any())
    thresholds = np.unique(np.concatenate(edges))
    if classes and thresholds.size:
        raise ModelError(
            f"Column {column} is split by thresholds and by classes, and its codes could not "
            "stand for both. Predict with LightGBM itself."
        )
    if classes:
        return np.unique(np.concatenate(classes)), True, False
    return thresholds, False, nan
