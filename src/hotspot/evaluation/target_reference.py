"""What the score of a map is reckoned from, whichever model made the map."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.evaluation.reference_model import LeftOut, ReferenceModel
from hotspot.evaluation.target_balance import TargetWeights, target_weights
from hotspot.evaluation.target_descriptors import (
    CovariateSpace,
    cell_descriptors,
    task_descriptors,
)
from hotspot.evaluation.target_preference import Preference, preference_slope, proved
from hotspot.folds.plan import FoldPlan
from hotspot.folds.tasks import make_tasks
from hotspot.grid import Coordinates
from hotspot.samples.sampleset import Samples

Array = NDArray[np.float64]

# Draws of the whole map, the cells that they are made of, and the draws of large surveys, whose
# time grows with the number of samples.
N_DRAWS = 200
DRAWN_CELLS = 400
FEW_DRAWS = 50


# A score is refused where more of the map than this is said to lie outside all measurements.
MOST_BEYOND = 0.10
# Samples up to which hyper-parameters are learnt anew without those left out. More of them give
# hyper-parameters that hardly depend on any.
MOST_LEARNT_ANEW = 1000
# Plans of compact parts that are learnt anew, those of the fewest and largest parts.
_LARGEST_PARTS = 2


@dataclass(frozen=True)
class MapReference:
    """How likely cells exceed the limit by a reference model, and how sure that is.

    Parameters
    ----------
    untold : array, shape (m,)
        Normal score of the cells, as if samples had been taken regardless of their
        concentration; NaN without an answer.
    score, steeper : array, shape (m,)
        The same with the preference found, and with one by a standard error stronger.
    corrected : array, shape (m,)
        The same with the preference that a map may be corrected for.
    preference : Preference
    spread, spread_se : float
        Standard deviation of standardised residuals where tests resemble the map, and its
        standard error.
    weights : TargetWeights
        Of the tests that the spread is told from.
    optimism : float
        By how much residuals grow where hyper-parameters did not see the samples, at tests
        that resemble the map; 1 or more.
    sample_weight : array, shape (n,)
        Of each sample, against the preference.
    drawn : array of int, shape (d,)
        Cells of the draws.
    exceeds : array of bool, shape (2, n_draws, d)
        Joint draws of exceedance of two soil samples per cell.
    """

    untold: Array
    score: Array
    steeper: Array
    corrected: Array
    preference: Preference
    spread: float
    spread_se: float
    weights: TargetWeights
    optimism: float
    sample_weight: Array
    drawn: NDArray[np.int64]
    exceeds: NDArray[np.bool_]


def map_reference(
    referee: ReferenceModel,
    X: pd.DataFrame,
    coordinates: Coordinates,
    *,
    numeric: list[str],
    unit_of_length: str = "m",
    random_state: int = 0,
) -> MapReference:
    """Return what a reference model says of the cells of a map.

    Parameters
    ----------
    referee : ReferenceModel
        Learnt from all samples.
    X : DataFrame, shape (m, n_covariates)
        Covariates of the cells.
    coordinates : array, shape (m, 2)
        Of the cells, easting and northing.
    numeric : list of str
        Covariates that are no codes of classes.
    unit_of_length : str
        Of the coordinates, for what is told of distances.
    random_state : int
        Seed of draws and of parts.
    """
    samples = referee.samples
    space = CovariateSpace.of(X[numeric].to_numpy(dtype=np.float64))
    own, mapped = (table[numeric].to_numpy(dtype=np.float64) for table in (samples.X, X))
    plans = [
        plan.select(samples.sample_id)
        for plan in make_tasks(samples.sample_id, samples.coordinates, seed=random_state)
    ]
    said = [referee.left_out(plan.fold) for plan in plans]
    untold, centre = referee.cells(X, coordinates)
    known = np.isfinite(untold)
    preference = preference_slope(
        said[0].centre,
        centre[known],
        coordinates=samples.coordinates,
        cells=coordinates[known],
        covariates=space.scores(own),
        cell_covariates=space.scores(mapped)[known],
        reach=referee.model.range_ / 3,
        random_state=random_state,
    )
    surface = referee.surface()
    sample_weight = np.exp(-preference.slope * (surface - surface.mean()))
    sample, tests = task_descriptors(plans, samples.coordinates, space.components(own))
    weights = target_weights(
        tests,
        cell_descriptors(coordinates, samples.coordinates, space.components(mapped)),
        sample=sample,
        start=sample_weight,
        blocks=plans[min(2, len(plans) - 1)].fold,
        unit_of_length=unit_of_length,
    )
    weights = _beyond_samples(weights, samples, centre[known])
    spread, spread_se = _spread(said, weights)
    optimism = estimated_optimism(referee, plans, said, weights)
    slope = preference.slope
    rng = np.random.default_rng(random_state)
    drawn = np.flatnonzero(known)
    drawn = np.sort(rng.choice(drawn, min(DRAWN_CELLS, len(drawn)), replace=False))
    return MapReference(
        untold=untold,
        score=referee.cells(X, coordinates, slope=slope)[0],
        steeper=referee.cells(X, coordinates, slope=slope + preference.se)[0],
        corrected=referee.cells(X, coordinates, slope=preference.sure)[0],
        preference=preference,
        spread=optimism * spread,
        spread_se=optimism * spread_se,
        weights=weights,
        optimism=optimism,
        sample_weight=sample_weight,
        drawn=drawn,
        exceeds=referee.draws(
            X.iloc[drawn],
            coordinates[drawn],
            slope=slope,
            spread=optimism * spread,
            n_draws=N_DRAWS if len(samples) <= MOST_LEARNT_ANEW else FEW_DRAWS,
            random_state=random_state,
        ),
    )


def estimated_optimism(
    referee: ReferenceModel,
    plans: list[FoldPlan],
    said: list[LeftOut],
    weights: TargetWeights,
) -> float:
    """Return by how much residuals grow where hyper-parameters did not see the samples.

    At tests that resemble the map: the farther a test is from what a process learnt from, the
    more it misses by. Random parts and the largest compact ones are learnt anew; parts
    between them would tell little more.
    """
    n = len(referee.samples)
    if n > MOST_LEARNT_ANEW:
        return 1.0
    chosen = sorted({0, *range(len(plans))[-_LARGEST_PARTS:]})
    weight = weights.weight.reshape(len(plans), n)
    before = sum(float(weight[i] @ said[i].square) for i in chosen)
    after = sum(float(weight[i] @ referee.learnt_anew(plans[i].fold).square) for i in chosen)
    return float(np.sqrt(max(after / max(before, 1e-9), 1.0)))


def _spread(said: list[LeftOut], weights: TargetWeights) -> tuple[float, float]:
    """Return the standard deviation of weighted residuals, and its error by blocks.

    It is 1 as far as it does not differ from 1 by more than its error.
    """
    deviation = np.concatenate([found.deviation for found in said])
    square = np.concatenate([found.square for found in said])

    def of(weight: Array) -> float:
        return float(np.sqrt(max(weight @ square - (weight @ deviation) ** 2, 1e-6)))

    without = np.array([of(weight) for weight in weights.replicates])
    n = len(without)
    if n < 2:
        return 1.0, 1.0
    error = float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    return 1.0 + proved(of(weights.weight) - 1.0, error), error


def _beyond_samples(weights: TargetWeights, samples: Samples, centre: Array) -> TargetWeights:
    """Return the weights, with a reason where the reference model leaves the measured range."""
    ends = np.concatenate([samples.lower, samples.upper])
    ends = np.log(ends[(ends > 0) & np.isfinite(ends)])
    beyond = float(((centre < ends.min()) | (centre > ends.max())).mean())
    if weights.reason or beyond <= MOST_BEYOND:
        return weights
    reason = (
        f"{beyond:.0%} of the map would have less or more of the contaminant than any sample: "
        "the trend is extrapolated beyond what was measured. Sample there, or map a smaller "
        "area."
    )
    return replace(weights, reason=reason)
