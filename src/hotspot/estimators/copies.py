"""Covariates that say the same: found among the samples, and what they come to."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.table import Matrix

Values = NDArray[np.float64]
Holder = TypeVar("Holder", bound=Hashable)

# Two columns are one up to rounding in single precision, which rasters are stored in, a few
# times over: once for each of the two, and once for the change of unit between them.
_ROUNDINGS = 4 * float(np.finfo(np.float32).eps)
# Standard deviations. Beyond, rounding eats what a column says (a small change upon a large
# number), and nothing can be told of it.
_LARGEST_ROUNDING = 1e-4


@dataclass(frozen=True)
class Copies:
    """Which covariates say the same as an earlier one.

    Parameters
    ----------
    names : tuple of str
        All covariates, in order.
    first : tuple of int
        For each the position of the first that says the same; its own where there is none.

    Examples
    --------
    >>> copies = Copies(("road_m", "ph", "road_km"), (0, 1, 0))
    >>> copies.kept, copies.classes
    (('road_m', 'ph'), (('road_m', 'road_km'),))
    >>> copies.shared(np.array([[0.6, 0.1]]))
    array([[0.3, 0.1, 0.3]])
    """

    names: tuple[str, ...]
    first: tuple[int, ...]

    def __bool__(self) -> bool:
        """Whether there is a copy."""
        return len(self.positions) < len(self.names)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the covariates that are no copies."""
        return tuple(n for n, first in enumerate(self.first) if n == first)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the covariates that are no copies."""
        return tuple(self.names[n] for n in self.positions)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many say the same as each covariate, itself among them; shape (n_names,)."""
        first = np.array(self.first)
        return np.asarray(np.bincount(first, minlength=len(first))[first])

    @property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """Covariates that say the same, the first of each class in front; none alone."""
        held = {
            n: tuple(self.names[m] for m, first in enumerate(self.first) if first == n)
            for n in self.positions
        }
        return tuple(names for names in held.values() if len(names) > 1)

    def distinct(self, matrix: Matrix) -> Matrix:
        """Return the columns that are no copies; a gap in a copy is a gap in the first.

        Parameters
        ----------
        matrix : array, shape (n, n_names)

        Returns
        -------
        array, shape (n, n_kept)
        """
        found = np.ascontiguousarray(matrix[:, list(self.positions)])
        for column, first in enumerate(self.first):
            gaps = ~np.isfinite(matrix[:, column])
            if column != first and gaps.any():
                found[gaps, self.positions.index(first)] = np.nan
        return found

    def shared(self, values: Values) -> Values:
        """Return what is credited to each covariate: copies share alike.

        Parameters
        ----------
        values : array, shape (n, n_kept)
            What is credited to those that are no copies.

        Returns
        -------
        array, shape (n, n_names)
        """
        at = [self.positions.index(first) for first in self.first]
        return np.asarray(values[:, at] / self.counts)

    def joint(
        self, holders: Mapping[Holder, Sequence[str]]
    ) -> dict[tuple[Holder, ...], tuple[str, ...]]:
        """Return who holds what together, where covariates that say the same are one thing.

        Parameters
        ----------
        holders : mapping of hashable to sequence of str
            Such as roles and their columns. Other names than covariates are passed through;
            a copy that nobody holds goes with those that somebody does.

        Returns
        -------
        dict
            Columns by all their holders, in the order of the first of these. Without copies
            in different hands these are the holders themselves, each alone.

        Examples
        --------
        >>> copies = Copies(("road_m", "ph", "road_km"), (0, 1, 0))
        >>> copies.joint({"roads": ["road_m"], "soil": ["ph"], "industry": ["road_km"]})
        {('roads', 'industry'): ('road_m', 'road_km'), ('soil',): ('ph',)}
        """
        owner = {name: holder for holder, held in holders.items() for name in held}
        together = {name: names for names in self.classes for name in names}
        order = {holder: n for n, holder in enumerate(holders)}
        found: dict[tuple[Holder, ...], dict[str, None]] = {}
        for name in owner:
            alike = together.get(name, (name,))
            owners = sorted(
                {owner[each] for each in alike if each in owner}, key=order.__getitem__
            )
            found.setdefault(tuple(owners), {}).update(dict.fromkeys(alike))
        ranked = sorted(found, key=lambda owners: (order[owners[0]], len(owners)))
        return {owners: tuple(found[owners]) for owners in ranked}


def find_copies(X: pd.DataFrame, categorical: Sequence[str] = ()) -> Copies:
    """Return which covariates say the same as an earlier one in all samples.

    Continuous ones do where one is the other in another unit: a straight line through all
    samples, rising or falling, up to rounding in single precision. Classes do where each code
    of one stands for one code of the other. No sample can tell such covariates apart. What
    says nothing, a constant, is no copy of anything.

    Parameters
    ----------
    X : DataFrame, shape (n, n_covariates)
        Covariates of the samples.
    categorical : sequence of str
        Those that hold codes of classes.

    Examples
    --------
    >>> X = pd.DataFrame({"m": [5.0, 900.0, 20.0], "km": [0.005, 0.9, 0.02], "ph": [4, 7, 5]})
    >>> find_copies(X).classes
    (('m', 'km'),)
    """
    names = tuple(str(name) for name in X.columns)
    first = list(range(len(names)))
    seen: dict[bool, list[tuple[int, Values, float]]] = {True: [], False: []}
    for column, name in enumerate(names):
        is_class = name in categorical
        values, rounding = _told(X.iloc[:, column].to_numpy(dtype=np.float64), is_class)
        if values is None:
            continue
        for earlier, other, its in seen[is_class]:
            if _same(values, other, min(rounding + its, _LARGEST_ROUNDING)):
                first[column] = earlier
                break
        else:
            seen[is_class].append((column, values, rounding))
    return Copies(names, tuple(first))


def _told(column: Values, is_class: bool) -> tuple[Values | None, float]:
    """Return what a column says apart from its unit or its codes, and its rounding."""
    if not np.isfinite(column).all() or not len(column) or (column == column[0]).all():
        return None, 0.0
    if is_class:
        # Codes by their first appearance.
        _, at, code = np.unique(column, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(at))[code].astype(np.float64), 0.0
    spread = float(column.std())
    if spread == 0:
        return None, 0.0
    told = (column - column.mean()) / spread
    return told, _ROUNDINGS * float(np.abs(column).max()) / spread


def _same(one: Values, other: Values, rounding: float) -> bool:
    """Return whether two standardised columns are one, or one turned upside down."""
    # The first samples tell most columns apart.
    return any(
        np.abs(one[:64] - sign * other[:64]).max() <= rounding
        and np.abs(one - sign * other).max() <= rounding
        for sign in (1.0, -1.0)
    )
