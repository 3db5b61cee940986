"""Evidence: what a model says of its samples, and what its refits say of the same."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hotspot.explanations.placebo import PlaceboBand

Values = NDArray[np.float64]
Rows = NDArray[np.int64]
Sort = Literal["fold", "seed", "bootstrap", "planted"]


@dataclass(frozen=True)
class Effort:
    """How much is spent on the test of an explanation.

    Parameters
    ----------
    n_seeds, n_bootstraps, n_planted : int
        Refits with another seed, on part of the samples, and with planted noise.
    n_rows : int
        Samples that each refit explains, at most.
    n_held_out : int
        Samples that the fold models explain together, at most, each those it has not seen.
    n_background : int
        Samples that a model that is no sum is compared with.
    """

    n_seeds: int
    n_bootstraps: int
    n_planted: int
    n_rows: int
    n_held_out: int
    n_background: int = 12


# A model whose log-odds are a sum is explained at once; of any other each explanation costs
# thousands of predictions, so that fewer samples and refits tell.
FOR_A_SUM = Effort(n_seeds=2, n_bootstraps=8, n_planted=10, n_rows=2000, n_held_out=100_000)
BY_BACKGROUND = Effort(n_seeds=1, n_bootstraps=2, n_planted=2, n_rows=24, n_held_out=160)


@dataclass(frozen=True)
class Told:
    """What one refit says of some samples.

    Parameters
    ----------
    sort : {"fold", "seed", "bootstrap", "planted"}
        What was changed.
    rows : array of int, shape (n,)
        Positions of the samples.
    values : array, shape (n, n_names)
        Contributions; NaN rows where the refit has no answer.
    base : array, shape (n,)
        What they add to.
    fold : int
        Number of the fold; -1 for other refits.
    """

    sort: Sort
    rows: Rows
    values: Values
    base: Values
    fold: int = -1


@dataclass(frozen=True)
class Evidence:
    """What a model says of samples, and what its refits say of the same.

    Parameters
    ----------
    names : tuple of str
        Covariates, then ``location`` where the model uses coordinates.
    rows : array of int, shape (n,)
        Positions of the samples that the model itself explains.
    values : array, shape (n, n_names)
        Its contributions.
    told : tuple of Told
        The refits.
    band : PlaceboBand
        What refits make of planted noise.
    n_background : int
        Samples that make up the base of a refit; 0 where the model itself defines it.
    """

    names: tuple[str, ...]
    rows: Rows
    values: Values
    told: tuple[Told, ...]
    band: PlaceboBand
    n_background: int = 0

    def of(self, *sorts: Sort) -> list[Told]:
        """Return the refits of some sorts."""
        return [each for each in self.told if each.sort in sorts]

    def count(self, *sorts: Sort) -> int:
        """Return how many models of some sorts there are."""
        return len(self.of(*sorts))

    def held_out(self) -> tuple[Values, Values, Rows]:
        """Return each explained sample's values by the model that has not seen it.

        Returns
        -------
        array, shape (n, n_names)
            In the order of `rows`; NaN where no fold model explained the sample.
        array, shape (n,)
            What they add to.
        array of int, shape (n,)
            Number of the fold; -1 where there is none.
        """
        values = np.full(self.values.shape, np.nan)
        base = np.full(len(self.rows), np.nan)
        fold = np.full(len(self.rows), -1, dtype=np.int64)
        place = {row: position for position, row in enumerate(self.rows.tolist())}
        for each in self.of("fold"):
            kept = [n for n, row in enumerate(each.rows.tolist()) if row in place]
            at = [place[int(each.rows[n])] for n in kept]
            values[at], base[at] = each.values[kept], each.base[kept]
            fold[at] = each.fold
        return values, base, fold
