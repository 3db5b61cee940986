"""Boosted trees of the centre and scale of log concentration, learnt from intervals."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.estimators.boosting.rounds import Loss, Run, Slopes, booster_text
from hotspot.estimators.boosting.student_likelihood import Likelihood, best_tail
from hotspot.estimators.classifier import require
from hotspot.estimators.distribution import LogLocationScale
from hotspot.estimators.log_intervals import LogNormal
from hotspot.estimators.table import Matrix
from hotspot.estimators.tree_model import TrainingRows, TreeModel, Values
from hotspot.folds import BlockKFold
from hotspot.folds.blocks import block_labels
from hotspot.folds.random_folds import RandomKFold
from hotspot.grid import Coordinates
from hotspot.seeds import child_seed
from hotspot.trees.booster import BoosterTrees

# Tail while the centre is learnt: mild enough for clean data, and one gross value in a
# leaf of ten does not carry the leaf away.
_LEARNING_TAIL = 5.0
_N_FOLDS = 4
# Blocks across the longer side of the survey for the inner folds.
_BLOCKS_ACROSS = 6
# Rounds without gain after which boosting stops.
_PATIENCE = 40
# With fewer samples a varying scale is noise.
_FEWEST_FOR_SCALE = 500
# From this size one inner fold in four says enough, and the others cost minutes.
_LARGE = 10_000


class BoostedDistribution(TreeModel):
    """Boosted trees (LightGBM) of the centre, and in large surveys the scale, of log C.

    The logarithm of the concentration is Student-t about a centre that trees add up; the
    loss is the likelihood of the *intervals* (a censored or Tobit likelihood), so that a
    non-detect pulls its centre below the limit as far as the others let it, and no value
    stands in for it. One distribution serves every limit, and the probability of exceedance
    falls as the limit rises, by construction. A classifier of many limits at once would do so
    too, but has nothing true to say about a non-detect whose limit lies above the threshold.

    How much to learn is decided inside the training samples: boosting goes on as long as it
    gains likelihood in inner folds of spatial blocks (random ones where places are not used).
    The scale and the tail (3, 5, 10 or infinite degrees of freedom) come from the same
    held-out residuals, since those of a fit flatter. From 500 samples further trees let the
    scale vary, if that gains likelihood out of fold too.

    Parameters
    ----------
    categorical : tuple of str
        Covariates that hold codes of classes.
    max_rounds : int
        Trees for the centre, at most; the inner folds choose how many.
    num_leaves : int
        Leaves of a tree, at most; 2 or more.
    max_depth : int
        Splits from root to leaf, at most.
    learning_rate : float
        Share of each tree that is added, in (0, 1].
    min_child_samples : int
        Samples in a leaf, at least: it keeps trees small in small surveys by itself.
    subsample, colsample_bytree : float
        Shares of the samples and of the columns that each tree sees, in (0, 1].
    reg_lambda : float
        L2 penalty on leaf values in units of samples, 0 or more.
    use_coordinates : bool
        Whether places are columns beside the covariates.
    n_axes : int
        Directions along which places are columns, from 2 for easting and northing alone.
        Trees cut across their columns: with six the pattern of a map hardly depends on
        where north is.
    random_state : int
        Seed of the subsamples and the inner folds.
    n_jobs : int
        Threads; the result does not depend on it.

    Attributes
    ----------
    n_rounds_, n_scale_rounds_ : int
        Trees for the centre and for the scale.
    scale_, df_ : float
        Scale of log C (before trees for it) and degrees of freedom.
    start_ : float
        Centre before the first tree.

    References
    ----------
    Ke, G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree.
    NeurIPS 30. Sigrist & Hirnschall (2019), Grabit: gradient tree-boosted Tobit models for
    default prediction. https://doi.org/10.1016/j.jbankfin.2019.03.004

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"slope": np.arange(80.0)})
    >>> zinc = np.where(X["slope"] > 40, 600.0, 100.0)
    >>> model = BoostedDistribution(use_coordinates=False).fit(X, zinc, zinc)
    >>> places = pd.DataFrame({"slope": [5.0, 70.0, np.nan]})
    >>> low, high, gap = model.exceedance(places, 300.0)
    >>> bool(low < 0.1), bool(high > 0.9), bool(np.isnan(gap))
    (True, True, True)
    """

    kind: ClassVar[str] = "boosted_distribution"

    # scikit-learn's manner: every parameter is an argument, however many there are.
    def __init__(
        self,
        categorical: tuple[str, ...] = (),
        *,
        max_rounds: int = 1000,
        num_leaves: int = 31,
        max_depth: int = 6,
        learning_rate: float = 0.05,
        min_child_samples: int = 10,
        subsample: float = 0.8,
        colsample_bytree: float = 0.8,
        reg_lambda: float = 1.0,
        use_coordinates: bool = True,
        n_axes: int = 6,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.categorical = categorical
        self.max_rounds = max_rounds
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.min_child_samples = min_child_samples
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.use_coordinates = use_coordinates
        self.n_axes = n_axes
        self.random_state = random_state
        self.n_jobs = n_jobs

    def contributions(
        self, X: pd.DataFrame | Matrix, *, coordinates: Coordinates | None = None
    ) -> tuple[Values, Values]:
        """Return the share of each covariate, and of location, in the centre of log C.

        Returns
        -------
        values : array, shape (n, n_covariates + 1), log mg/kg
            Exact path-dependent tree SHAP. The last column is the location: the sum over all
            columns made of coordinates, 0 where they are not used.
        base : array, shape (n,), log mg/kg
            ``base + values.sum(axis=1)`` is the centre.
        """
        matrix, places, known = self._read(X, coordinates)
        n_covariates = matrix.shape[1]
        values = np.full((len(matrix), n_covariates + 1), np.nan)
        base = np.full(len(matrix), np.nan)
        if known.any():
            design = self._design(matrix, places)[known]
            values[known], base[known] = 0.0, self.start_
            if self._centre is not None:
                groups = np.minimum(np.arange(design.shape[1]), n_covariates)
                shares, mean = self._centre.contributions(
                    design, groups=groups.tolist(), n_threads=self.n_jobs
                )
                values[known, : shares.shape[1]] = shares
                base[known] = mean + self.start_
        return values, base

    def _learn(self, rows: TrainingRows) -> None:
        low, high, weight = rows.low, rows.high, rows.weight
        n = len(low)
        marginal = LogNormal.fit(low, high, weight)
        self.start_ = marginal.centre
        design = self._design(rows.matrix, rows.places)
        folds = self._inner_folds(rows)
        kept = [folds == fold for fold in np.unique(folds)]
        if n >= _LARGE:
            kept = kept[:1]
        out = np.flatnonzero(np.any(kept, axis=0))

        def towards_centre(scale: float) -> Slopes:
            def slopes(raw: Values, part: NDArray[np.intp]) -> tuple[Values, Values]:
                like = Likelihood.of(
                    low[part],
                    high[part],
                    self.start_ + raw,
                    np.full(len(part), scale),
                    _LEARNING_TAIL,
                )
                pull = scale * like.centre_slope
                # Fisher's information of a measured value, for intervals too: their own can
                # be near 0, and a step divided by it would throw non-detects far below. This
                # is the pace of expectation and maximisation.
                flat = (_LEARNING_TAIL + 1.0) / (_LEARNING_TAIL + 3.0)
                return -scale * pull * weight[part], flat * weight[part]

            return slopes

        def missed_by_centre(raw: Values, part: NDArray[np.intp]) -> Values:
            # One row per scale tried: the best scale is not known while trees are added.
            return np.stack(
                [
                    -weight[part]
                    * Likelihood.of(
                        low[part],
                        high[part],
                        self.start_ + raw,
                        np.full(len(part), share * marginal.spread),
                        _LEARNING_TAIL,
                    ).value
                    for share in (0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
                ]
            )

        # Scale of the slopes while the folds are learnt; the final fit has the measured one.
        self.n_rounds_, raw = self._rounds(
            design, kept, towards_centre(0.6 * marginal.spread), missed_by_centre, "centre"
        )
        centre = self.start_ + raw
        self.scale_, self.df_ = best_tail(low[out], high[out], centre[out], weight[out])
        everything = np.arange(n)
        # Under a scale that is too small for the first residuals, Student's t would take all
        # samples for outliers and learn nothing.
        steady = max(self.scale_, 0.3 * marginal.spread)
        self._centre: BoosterTrees | None = self._boost(
            design, everything, towards_centre(steady), self.n_rounds_, "centre"
        )
        self.n_scale_rounds_ = 0
        self._spread: BoosterTrees | None = None
        if n >= _FEWEST_FOR_SCALE:
            tested = TrainingRows(design[out], None, low[out], high[out], weight[out])
            self._learn_scale(tested, centre[out], folds[out])

    def _learn_scale(
        self, tested: TrainingRows, centre: Values, folds: NDArray[np.int64]
    ) -> None:
        """Learn trees for the log scale from held-out residuals; rows are of the design."""
        design, low, high = tested.matrix, tested.low, tested.high
        weight = tested.weight

        def likelihood(raw: Values, part: NDArray[np.intp]) -> Likelihood:
            scale = self.scale_ * np.exp(np.clip(raw, -3.0, 3.0))
            return Likelihood.of(low[part], high[part], centre[part], scale, self.df_)

        def slopes(raw: Values, part: NDArray[np.intp]) -> tuple[Values, Values]:
            slope = likelihood(raw, part).scale_slope
            flat = 2.0 if np.isinf(self.df_) else 2.0 * self.df_ / (self.df_ + 3.0)
            return -slope * weight[part], flat * weight[part]

        def missed(raw: Values, part: NDArray[np.intp]) -> Values:
            return -(weight[part] * likelihood(raw, part).value)[None, :]

        if len(np.unique(folds)) < _N_FOLDS:
            folds = np.arange(len(low)) % _N_FOLDS
        kept = [folds == fold for fold in np.unique(folds)]
        self.n_scale_rounds_, _ = self._rounds(design, kept, slopes, missed, "scale")
        if self.n_scale_rounds_:
            self._spread = self._boost(
                design, np.arange(len(low)), slopes, self.n_scale_rounds_, "scale"
            )

    def _rounds(
        self,
        design: Matrix,
        kept: list[NDArray[np.bool_]],
        slopes: Slopes,
        missed: Loss,
        what: str,
    ) -> tuple[int, Values]:
        """Return the number of rounds that loses least out of fold, and the sums there.

        All folds take a round together, so that the pooled loss says when to stop.
        """
        parts = [np.flatnonzero(out) for out in kept]
        runs = [
            Run(self, design, np.flatnonzero(~out), slopes, what, fold)
            for fold, out in enumerate(kept)
        ]
        raw = np.zeros(len(design))

        def pooled() -> float:
            each = [missed(raw[part], part) for part in parts]
            return float(np.concatenate(each, axis=1).mean(axis=1).min())

        best, at, found = pooled(), 0, raw.copy()
        for number in range(1, self.max_rounds + 1):
            moved = False
            for run, part in zip(runs, parts, strict=True):
                step = run.grow(design[part])
                moved |= bool(np.any(step))
                raw[part] += step
            loss = pooled()
            # A gain below 1e-4 of a log unit per sample is not worth a tree.
            if loss < best - 1e-4:
                best, at, found = loss, number, raw.copy()
            if number - at >= _PATIENCE or not moved:
                break
        return at, found

    def _boost(
        self, design: Matrix, part: NDArray[np.intp], slopes: Slopes, rounds: int, what: str
    ) -> BoosterTrees | None:
        """Return the trees of so many rounds, as they will be after saving and loading."""
        if rounds == 0:
            return None
        run = Run(self, design, part, slopes, what, _N_FOLDS)
        for _ in range(rounds):
            run.grow(design[:1])
        return run.finished()

    def _inner_folds(self, rows: TrainingRows) -> NDArray[np.int64]:
        seed = child_seed(self.random_state, "inner folds")
        n = len(rows.low)
        if rows.places is not None:
            side = float(np.ptp(rows.places, axis=0).max()) / _BLOCKS_ACROSS
            if side > 0 and len(np.unique(block_labels(rows.places, side))) >= 2 * _N_FOLDS:
                return BlockKFold(_N_FOLDS, side, random_state=seed).labels(rows.places)
        return RandomKFold(min(_N_FOLDS, n), random_state=seed).labels(np.zeros((n, 2)))

    def _answer(
        self, matrix: Matrix, places: Coordinates | None, known: NDArray[np.bool_]
    ) -> LogLocationScale:
        centre, scale = np.full(len(matrix), np.nan), np.full(len(matrix), np.nan)
        if known.any():
            design = self._design(matrix, places)[known]
            centre[known], scale[known] = self.start_, self.scale_
            if self._centre is not None:
                centre[known] += self._centre.sums(design, n_threads=self.n_jobs)
            if self._spread is not None:
                raw = self._spread.sums(design, n_threads=self.n_jobs)
                scale[known] *= np.exp(np.clip(raw, -3.0, 3.0))
        return LogLocationScale(centre, scale, self.df_)

    def _fitted_state(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        values = {
            "start": self.start_,
            "scale": self.scale_,
            # JSON knows no infinity: None stands for the normal distribution.
            "df": self.df_ if np.isfinite(self.df_) else None,
            "n_rounds": self.n_rounds_,
            "n_scale_rounds": self.n_scale_rounds_,
        }
        files = {}
        for name, trees in (("centre", self._centre), ("scale", self._spread)):
            if trees is not None:
                files[f"{name}.txt"] = booster_text(trees.booster).encode("utf-8")
        return values, files

    def _restore(self, fitted: dict[str, Any], files: dict[str, bytes]) -> None:
        import lightgbm

        self.start_, self.scale_ = float(fitted["start"]), float(fitted["scale"])
        self.df_ = np.inf if fitted["df"] is None else float(fitted["df"])
        self.n_rounds_ = int(fitted["n_rounds"])
        self.n_scale_rounds_ = int(fitted["n_scale_rounds"])
        self._centre, self._spread = (
            BoosterTrees(lightgbm.Booster(model_str=files[name].decode("utf-8")))
            if name in files
            else None
            for name in ("centre.txt", "scale.txt")
        )

    def _check_parameters(self) -> None:
        super()._check_parameters()
        require("max_rounds", self.max_rounds, low=0)
        require("num_leaves", self.num_leaves, low=2, high=131072)
        require("max_depth", self.max_depth, low=1, high=64)
        require("learning_rate", self.learning_rate, low=1e-6, high=1)
        require("min_child_samples", self.min_child_samples, low=1)
        require("subsample", self.subsample, low=1e-6, high=1)
        require("colsample_bytree", self.colsample_bytree, low=1e-6, high=1)
        require("reg_lambda", self.reg_lambda, low=0)
