"""Quantile regression forests: whole distributions from the samples that share leaves."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hotspot.estimators.arrays import pack_arrays, unpack_arrays
from hotspot.estimators.classifier import require
from hotspot.estimators.distribution import Tabulated
from hotspot.estimators.forests.bagging import grow_trees
from hotspot.estimators.forests.nodes import Forest, LeafMass
from hotspot.estimators.log_intervals import LogNormal, Support
from hotspot.estimators.table import Matrix
from hotspot.estimators.tree_model import TrainingRows, TreeModel, Values
from hotspot.grid import Coordinates
from hotspot.trees.smooth import compiled_smooth_rows

# Rows answered at once: some 50 MB for 300 trees and 400 levels.
_PORTION = 4096
# Of standardised concentrations, that trees tell apart.
_DIGITS = 9


class QuantileForest(TreeModel):
    """A random forest that answers with the distribution of the samples that share leaves.

    Trees split on the logarithm of the concentration, a censored sample standing at its
    expectation under the log-normal of all samples. That value steers splits only. The answer
    at a row weighs the samples by how often they share its leaf (in-bag samples, as the
    forest's own mean does), and gets its distribution from their *intervals* by the product
    limit: a non-detect says that its mass lies below the limit, and the detected samples
    below the limit say where. The pooled distribution of all samples counts as one more
    sample, so that a probability is never 0 or 1 for want of samples, and settles what no
    measured value settles, below the lowest limit with the shape of a log-normal.

    Classes are ordered by their mean log concentration (Wright & König 2019).

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes.
    n_estimators : int
        Number of trees.
    min_samples_split : int
        A node with fewer samples is not split; 2 or more. Deep trees suit a forest whose
        answers are smoothed: a handful of samples per leaf in some hundred trees.
    min_samples_leaf : int
        Samples in a leaf, at least.
    max_features : float
        Share of the columns that each split may choose from, in (0, 1].
    max_samples : int
        Samples that each tree draws with replacement, at most; the number of samples if that
        is less. It bounds time and size for large surveys.
    bandwidth : float
        The kernel's standard deviation is this, times the spread of all log concentrations,
        times ``n ** -0.2``. A third to a half of what Silverman's rule says for all samples
        together, since samples that share leaves vary less.
    use_coordinates : bool
        Whether places are columns beside the covariates.
    n_axes : int
        Directions along which places are columns, from 2 for easting and northing alone.
        Trees cut across their columns: with six the pattern of a map hardly depends on
        where north is.
    random_state : int
        Seed of the draws.
    n_jobs : int
        Threads while growing; the result does not depend on it.

    Attributes
    ----------
    marginal_ : LogNormal
        Of all samples, by maximum likelihood from their intervals.

    References
    ----------
    Meinshausen (2006), Quantile regression forests. JMLR 7, 983-999.
    Wright & König (2019), Splitting on categorical predictors in random forests.
    https://doi.org/10.7717/peerj.6339
    Fay (1996), Rank invariant tests for interval censored data under the grouped continuous
    model. https://doi.org/10.2307/2533044 (expectations as scores).

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"slope": np.arange(80.0)})
    >>> zinc = np.where(X["slope"] > 40, 600.0, 100.0)
    >>> model = QuantileForest(n_estimators=20, use_coordinates=False).fit(X, zinc, zinc)
    >>> places = pd.DataFrame({"slope": [5.0, 70.0, np.nan]})
    >>> low, high, gap = model.exceedance(places, 300.0)
    >>> bool(low < 0.05), bool(high > 0.95), bool(np.isnan(gap))
    (True, True, True)
    """

    kind: ClassVar[str] = "quantile_forest"

    # scikit-learn's manner: every parameter is an argument, however many there are.
    def __init__(
        self,
        categorical: tuple[str, ...] = (),
        *,
        n_estimators: int = 300,
        min_samples_split: int = 5,
        min_samples_leaf: int = 1,
        max_features: float = 0.34,
        max_samples: int = 10_000,
        bandwidth: float = 0.4,
        use_coordinates: bool = True,
        n_axes: int = 6,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.categorical = categorical
        self.n_estimators = n_estimators
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.max_samples = max_samples
        self.bandwidth = bandwidth
        self.use_coordinates = use_coordinates
        self.n_axes = n_axes
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _learn(self, rows: TrainingRows) -> None:
        n = len(rows.low)
        self.marginal_ = LogNormal.fit(rows.low, rows.high, rows.weight)
        score = self.marginal_.expectation(rows.low, rows.high)
        self._rank = self._class_ranks(rows, score)
        design = self._training_design(rows, score)
        grown = grow_trees(
            design,
            # Another unit of the concentration must not decide between equal splits.
            ((score - self.marginal_.centre) / self.marginal_.spread).round(_DIGITS),
            n_trees=self.n_estimators,
            max_samples=self.max_samples,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
            min_samples_split=self.min_samples_split,
            min_samples_leaf=self.min_samples_leaf,
            max_features=float(self.max_features),
            sample_weight=rows.weight,
        )
        self._forest, self._n_asked = Forest.of(grown), design.shape[1]
        width = self.bandwidth * self.marginal_.spread * n**-0.2
        self._support = Support.of(rows.low, rows.high, self.marginal_, width)
        columns = self._support.columns(rows.low, rows.high)
        drawn = grown.count * rows.weight[:, None]
        self._leaf = _leaf_table(self._forest, design, drawn, columns)
        self._held = LeafMass(self._forest, self._leaf)
        self._base = self._support.pooled(columns, self.marginal_, rows.weight) / n

    def _answer(
        self, matrix: Matrix, places: Coordinates | None, known: NDArray[np.bool_]
    ) -> Tabulated:
        share = np.full((len(matrix), len(self._support.level)), np.nan)
        if known.any():
            design = self._predicted_design(
                matrix[known], None if places is None else places[known]
            )
            share[known] = self._tabulate(design).share
        return Tabulated(np.exp(self._support.level), share)

    def _tabulate(self, design: Matrix) -> Tabulated:
        """Return the distributions at rows of the design."""
        share = np.empty((len(design), len(self._support.level)))
        for start in range(0, len(design), _PORTION):
            part = slice(start, start + _PORTION)
            mass = self._held.mass(design[part]) / len(self._forest.root)
            resolved = self._support.resolve(mass, self._base)
            if self._held.is_walked:
                share[part] = compiled_smooth_rows(resolved, self._support.taps)
            else:
                share[part] = self._support.smooth(resolved)
        return Tabulated(np.exp(self._support.level), share)

    def _training_design(self, rows: TrainingRows, score: Values) -> Matrix:
        """Return the columns that the trees learn from."""
        return self._design(self._ranked(rows.matrix), rows.places)

    def _predicted_design(self, matrix: Matrix, places: Coordinates | None) -> Matrix:
        """Return the columns of new rows."""
        return self._design(self._ranked(matrix), places)

    def _class_ranks(self, rows: TrainingRows, score: Values) -> dict[str, Values]:
        names = [str(name) for name in self.feature_names_in_]
        ranks = {}
        for name, codes in self.levels_.items():
            column = rows.matrix[:, names.index(name)]
            of_code = [column == code for code in codes]
            means = np.array([np.average(score[at], weights=rows.weight[at]) for at in of_code])
            rank = np.empty(len(codes))
            rank[np.argsort(means, kind="stable")] = np.arange(len(codes))
            ranks[name] = rank
        return ranks

    def _ranked(self, matrix: Matrix) -> Matrix:
        names = [str(name) for name in self.feature_names_in_]
        ranked = matrix.copy()
        for name, codes in self.levels_.items():
            column = names.index(name)
            ranked[:, column] = self._rank[name][np.searchsorted(codes, matrix[:, column])]
        return ranked

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        values = {
            "marginal": [self.marginal_.centre, self.marginal_.spread],
            "bandwidth": self._support.bandwidth,
            "rank": {name: rank.tolist() for name, rank in self._rank.items()},
            "n_columns": int(self._leaf.shape[1]),
            "n_asked": self._n_asked,
        }
        arrays = {
            **self._forest.to_arrays(),
            "leaf_start": self._leaf.indptr.astype(np.int64),
            "leaf_column": self._leaf.indices.astype(np.int32),
            "leaf_mass": self._leaf.data,
            "level": self._support.level,
            "spans": self._support.spans,
            "base": self._base,
        }
        return values, {"forest.npz": pack_arrays(arrays)}

    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        arrays = unpack_arrays(files["forest.npz"])
        self.marginal_ = LogNormal(*map(float, fitted["marginal"]))
        self._rank = {name: np.array(rank, float) for name, rank in fitted["rank"].items()}
        self._n_asked = int(fitted["n_asked"])
        self._forest = Forest.from_arrays(arrays, self._n_asked)
        self._support = Support(arrays["level"], arrays["spans"], float(fitted["bandwidth"]))
        self._base = arrays["base"]
        shape = (self._forest.n_leaves, int(fitted["n_columns"]))
        self._leaf = sparse.csr_array(
            (arrays["leaf_mass"], arrays["leaf_column"], arrays["leaf_start"]), shape=shape
        )
        self._held = LeafMass(self._forest, self._leaf)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        require("n_estimators", self.n_estimators, low=1)
        require("min_samples_split", self.min_samples_split, low=2)
        require("min_samples_leaf", self.min_samples_leaf, low=1)
        require("max_features", self.max_features, low=1e-6, high=1)
        require("max_samples", self.max_samples, low=1)
        require("bandwidth", self.bandwidth, low=1e-3, high=10)


def _leaf_table(
    forest: Forest, design: Matrix, count: Values, columns: sparse.csr_array
) -> sparse.csr_array:
    """Return the mass that each leaf puts on each column of the support.

    Parameters
    ----------
    count : array, shape (n, n_trees)
        How often each tree drew each sample, times what the sample counts.
    columns : sparse array, shape (n, n_columns)
        Where each sample's mass lies.

    Returns
    -------
    sparse array, shape (n_leaves, n_columns)
        Rows of sum 1.
    """
    leaves = forest.leaves(design)
    sample, tree = np.nonzero(count)
    leaf, drawn = leaves[sample, tree], count[sample, tree]
    drawn /= np.bincount(leaf, weights=drawn, minlength=forest.n_leaves)[leaf]
    member = sparse.csr_array((drawn, (leaf, sample)), shape=(forest.n_leaves, len(design)))
    table = sparse.csr_array(member @ columns)
    table.sum_duplicates()
    return table
