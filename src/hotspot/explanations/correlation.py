"""Which covariates say the same: associations, and groups that share credit."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue

Values = NDArray[np.float64]

# From this association on two covariates say the same, as far as a model can tell: half of
# what one tells (0.7 squared) is told by the other. A common cut of collinearity (Dormann et
# al. 2013, 10.1111/j.1600-0587.2012.07348.x).
SAME_FROM = 0.7


def associations(X: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return how much each pair of covariates says the same, from 0 to 1.

    Of two numbers it is the absolute rank correlation of Spearman; of a number and classes
    the root of the share of the ranks' variance that the classes explain, corrected for
    their number; of two sets of classes Cramér's V, corrected for bias.

    Parameters
    ----------
    X : DataFrame, shape (n, n_covariates)
        Covariates of the samples.
    catalogue : Catalogue
        Theirs.

    Returns
    -------
    DataFrame, shape (n_covariates, n_covariates)
        Symmetric, 1 on the diagonal; 0 for a covariate that does not vary.

    References
    ----------
    Bergsma, W. (2013). A bias-correction for Cramér's V and Tschuprow's T. Journal of the
    Korean Statistical Society 42, 323-328, 10.1016/j.jkss.2012.10.002.

    Examples
    --------
    >>> from hotspot.covariates.catalogue import Covariate, Kind, Role
    >>> one = Covariate("slope", "degree", Kind.CONTINUOUS, Role.TERRAIN)
    >>> other = Covariate("height", "m", Kind.CONTINUOUS, Role.TERRAIN)
    >>> X = pd.DataFrame({"slope": [1.0, 2.0, 3.0], "height": [9.0, 4.0, 1.0]})
    >>> float(associations(X, Catalogue((one, other))).loc["slope", "height"])
    1.0
    """
    names = list(catalogue.names)
    ranks: dict[str, Values] = {
        name: np.asarray(X[name].rank(), dtype=np.float64) for name in names
    }
    found = np.eye(len(names))
    for i, first in enumerate(names):
        for j in range(i):
            second = names[j]
            classes = [catalogue[name].is_categorical for name in (first, second)]
            if all(classes):
                value = _cramer(X[first].to_numpy(), X[second].to_numpy())
            elif any(classes):
                coded, other = (first, second) if classes[0] else (second, first)
                value = _correlation_ratio(X[coded].to_numpy(), ranks[other])
            else:
                value = _rank_correlation(ranks[first], ranks[second])
            found[i, j] = found[j, i] = value
    return pd.DataFrame(found, index=names, columns=names)


def covariate_clusters(
    association: pd.DataFrame, *, same_from: float = SAME_FROM
) -> dict[str, tuple[str, ...]]:
    """Return the group of each covariate: those it is joined with in the dendrogram.

    Average linkage of 1 minus the association, cut at 1 minus `same_from`.

    Examples
    --------
    >>> names = ["a", "b", "c"]
    >>> table = pd.DataFrame([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]], names, names)
    >>> covariate_clusters(table)
    {'a': ('a', 'b'), 'b': ('a', 'b'), 'c': ('c',)}
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    names = [str(name) for name in association.index]
    if len(names) < 2:
        return {name: (name,) for name in names}
    distance = np.clip(1.0 - association.to_numpy(dtype=np.float64), 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    label = fcluster(tree, 1.0 - same_from + 1e-12, criterion="distance")
    return {
        name: tuple(other for other, own in zip(names, label, strict=True) if own == mine)
        for name, mine in zip(names, label, strict=True)
    }


def _rank_correlation(first: Values, second: Values) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(min(1.0, abs(np.corrcoef(first, second)[0, 1])))


def _correlation_ratio(codes: Values, ranks: Values) -> float:
    levels, of = np.unique(codes, return_inverse=True)
    n, k = len(codes), len(levels)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    if k < 2 or n <= k or total == 0:
        return 0.0
    mean = np.bincount(of, weights=ranks) / np.bincount(of)
    within = float(((ranks - mean[of]) ** 2).sum())
    share = 1.0 - within / total * (n - 1) / (n - k)
    return float(np.sqrt(np.clip(share, 0.0, 1.0)))


def _cramer(first: Values, second: Values) -> float:
    rows, of_row = np.unique(first, return_inverse=True)
    cols, of_col = np.unique(second, return_inverse=True)
    r, k, n = len(rows), len(cols), len(first)
    if min(r, k) < 2 or n < 2:
        return 0.0
    table = np.zeros((r, k))
    np.add.at(table, (of_row, of_col), 1.0)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    corrected = max(0.0, phi - (r - 1) * (k - 1) / (n - 1))
    side = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(min(1.0, corrected / side))) if side > 0 else 0.0
