"""How members of a pool are judged: on samples that were left out of their fits."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from hotspot.errors import FoldError, ModelError
from hotspot.estimators.distribution import PredictiveDistribution
from hotspot.estimators.intervals import FEWEST_MEASURED
from hotspot.estimators.reported_values import between_reported
from hotspot.estimators.stacking import stacked
from hotspot.estimators.table import asked_about, takes_weights
from hotspot.folds.blocks import block_labels
from hotspot.folds.make import Survey, make_plans
from hotspot.grid import Coordinates
from hotspot.observations.intervals import positive_midpoints
from hotspot.observations.limits.exceedance import exceedance_labels

Values = NDArray[np.float64]

# Surveys from this size on have enough samples for boosted trees.
MANY_SAMPLES = 1000
# Limits at which members are weighed: shares of the samples below them.
_WEIGHING_SHARES = np.arange(1, 10) / 10
# Left-out samples by which a large survey is judged; the folds beyond are not refitted.
_ENOUGH_LEFT_OUT = 5000
# Blocks in a fold by which a large survey is judged, at least. Samples of a block err
# together: blocks as large as the range of autocorrelation are few, so that weights and scale
# follow the luck of a region, and lie farther from samples than cells of a map do.
_BLOCKS_PER_FOLD = 30
_MOST_HALVINGS = 20
# A forest that only judges, without a fold, and is not kept, needs few trees.
_WITHOUT_A_FOLD = {
    "quantile_forest": {"n_estimators": 25},
    "neighbour_forest": {"n_estimators": 25},
}


@dataclass(frozen=True)
class Learnt:
    """What members learn from.

    Parameters
    ----------
    X : DataFrame, shape (n, n_covariates)
    lower, upper : array, shape (n,), mg/kg
    coordinates : array, shape (n, 2)
    weight : array, shape (n,)
        How much each sample counts; the mean is 1.
    """

    X: pd.DataFrame
    lower: Values
    upper: Values
    coordinates: Coordinates
    weight: Values

    def by(self, member: Any, rows: NDArray[np.intp]) -> Any:
        """Return a member, fitted to some rows."""
        weights = {"sample_weight": self.weight[rows]} if takes_weights(member) else {}
        return member.fit(
            self.X.iloc[rows],
            self.lower[rows],
            self.upper[rows],
            coordinates=self.coordinates[rows],
            **weights,
        )


def left_out(
    fitted: Any, unfitted: Any, learnt: Learnt, folds: NDArray[np.int64]
) -> PredictiveDistribution:
    """Return samples' distributions from fits without their fold; NaN where none was made."""
    if hasattr(fitted, "leave_out"):
        answer: PredictiveDistribution = fitted.leave_out(folds)
        return answer
    lesser = clone(unfitted).set_params(**_WITHOUT_A_FOLD.get(unfitted.kind, {}))
    parts = []
    left = 0
    for label in np.unique(folds):
        # So many samples tell weights and calibration as well as all would.
        if left >= _ENOUGH_LEFT_OUT:
            break
        left += int((folds == label).sum())
        test, train = np.flatnonzero(folds == label), np.flatnonzero(folds != label)
        try:
            model = learnt.by(clone(lesser), train)
        except ModelError:
            # Too little is measured outside of the fold: it judges nobody.
            continue
        places = learnt.coordinates[test]
        # Samples of classes that only their fold has judge nobody.
        with asked_about(None):
            found = model.distribution(learnt.X.iloc[test], coordinates=places)
        parts.append((test, found))
    return stacked(parts, len(folds))


def judging_folds(
    lower: Values,
    upper: Values,
    coordinates: Coordinates,
    *,
    n_splits: int,
    random_state: int,
) -> NDArray[np.int64]:
    """Return spatial blocks, or random folds where blocks would not do, shape (n,).

    Blocks have the size of the range of autocorrelation; on large surveys less, where that
    makes fewer than 30 to a fold. They do not where the samples fill too few of them, or where
    nearly all that was measured lies in one, a hot spot among non-detects: then random folds
    share out what was measured.

    Parameters
    ----------
    lower, upper : array, shape (n,), mg/kg
        What was measured.
    coordinates : array, shape (n, 2)
        Easting, northing.
    n_splits : int
        Folds.
    random_state : int
        Seed.
    """
    names = np.array([f"{number:09d}" for number in range(len(lower))])
    survey = Survey(names, coordinates, values=np.log(positive_midpoints(lower, upper)))
    n_splits = min(n_splits, len(lower))
    side: float | Literal["auto"] = "auto"
    if len(lower) >= MANY_SAMPLES:
        side = _side(survey, n_splits)
    plan = partial(make_plans, n_splits=n_splits, spacing=side, seed=random_state)
    measured = (lower == upper) & (lower > 0)
    try:
        folds = plan(["block"], survey)[0].select(names).fold
    except FoldError:
        folds = None
    if folds is None or not _can_be_learnt_from(folds, measured):
        shared_out = replace(survey, y=measured.astype(np.float64))
        folds = plan(["random"], shared_out)[0].select(names).fold
    return folds


def _can_be_learnt_from(folds: NDArray[np.int64], measured: NDArray[np.bool_]) -> bool:
    """Return whether every fold leaves measured samples to learn from."""
    left = measured.sum() - np.bincount(folds, weights=measured)
    return bool((left >= FEWEST_MEASURED).all())


def weighing_limits(lower: Values, upper: Values) -> Values:
    """Return limits spread over the survey, at which most samples are known."""
    known = [
        limit
        for limit in between_reported(positive_midpoints(lower, upper), _WEIGHING_SHARES)
        if limit > 0 and np.isfinite(exceedance_labels(lower, upper, limit)).mean() > 0.5
    ]
    return np.array(known or [float(np.median(positive_midpoints(lower, upper)))])


def _side(survey: Survey, n_splits: int) -> float:
    """Return the range of autocorrelation, or less where that makes too few blocks."""
    side = survey.block_size
    for _ in range(_MOST_HALVINGS):
        if block_labels(survey.coordinates, side).max() + 1 >= _BLOCKS_PER_FOLD * n_splits:
            break
        side /= np.sqrt(2)
    return side
