"""Boosting round by round: LightGBM's trees under a loss of our own."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hotspot.estimators.table import Matrix
from hotspot.seeds import child_seed
from hotspot.trees.booster import BoosterTrees

if TYPE_CHECKING:
    from lightgbm import Booster

    from hotspot.estimators.boosting.distribution import BoostedDistribution

Values = NDArray[np.float64]

Slopes = Callable[[Values, NDArray[np.intp]], tuple[Values, Values]]
"""First and second derivative of the loss by the sums so far, of some rows."""
Loss = Callable[[Values, NDArray[np.intp]], Values]
"""Losses of some rows by the sums so far, shape (n_kinds, n_rows)."""


class Run:
    """One sequence of trees under way.

    Parameters
    ----------
    model : BoostedDistribution
        Whose parameters the trees have.
    design : array, shape (n, n_columns)
        Columns of all samples.
    part : array of int
        The samples that are learnt from.
    slopes : callable
        What the next tree is to step down.
    what : str
        What the sums are of; it names the seed.
    number : int
        Of the sequence, for the seed too.
    """

    def __init__(
        self,
        model: "BoostedDistribution",
        design: Matrix,
        part: NDArray[np.intp],
        slopes: Slopes,
        what: str,
        number: int,
    ) -> None:
        import lightgbm

        self._booster: Booster | None = None
        least = model.min_child_samples
        ordered = np.sort(design[part], axis=0)
        if len(part) < 2 * least or not (ordered[least - 1] < ordered[-least]).any():
            # No split can leave enough samples on both sides; LightGBM would refuse to begin.
            return
        names = [str(name) for name in model.feature_names_in_]
        params = {
            "objective": "custom",
            "num_leaves": model.num_leaves,
            "max_depth": model.max_depth,
            "learning_rate": model.learning_rate,
            "min_data_in_leaf": model.min_child_samples,
            "min_data_in_bin": min(3, model.min_child_samples),
            "feature_pre_filter": False,
            # LightGBM's own 100 would forbid every split by class in a survey of 150.
            "min_data_per_group": model.min_child_samples,
            "bagging_fraction": model.subsample,
            "bagging_freq": 1 if model.subsample < 1 else 0,
            "feature_fraction": model.colsample_bytree,
            "lambda_l2": model.reg_lambda,
            "seed": child_seed(model.random_state, what, number),
            "num_threads": model.n_jobs,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }
        data = lightgbm.Dataset(
            design[part],
            label=np.zeros(len(part)),
            categorical_feature=[names.index(name) for name in model.categorical],
            params=params,
        )
        self._booster = lightgbm.Booster(params, data)
        self._slopes, self._part, self._threads = slopes, part, model.n_jobs

    def grow(self, rows: Matrix) -> Values:
        """Add a tree, and return what it adds at other rows."""
        if self._booster is None:
            return np.zeros(len(rows))
        number = self._booster.current_iteration()
        stopped = self._booster.update(
            fobj=lambda raw, _: self._slopes(np.asarray(raw, np.float64), self._part)
        )
        if stopped:
            return np.zeros(len(rows))
        step = self._booster.predict(
            rows,
            start_iteration=number,
            num_iteration=1,
            raw_score=True,
            num_threads=self._threads,
        )
        return np.asarray(step, dtype=np.float64)

    def finished(self) -> BoosterTrees | None:
        """Return the trees as they will be after saving and loading, if there are any."""
        import lightgbm

        if self._booster is None:
            return None
        return BoosterTrees(lightgbm.Booster(model_str=booster_text(self._booster)))


def booster_text(booster: "Booster") -> str:
    """Return LightGBM's own text of some trees."""
    # The number of threads changes no tree, so it must not change a byte either.
    return re.sub(r"^\[num_threads: \d+\]\n", "", booster.model_to_string(), flags=re.M)
