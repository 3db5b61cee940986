"""How far a model reaches: what `evaluate` and `fit` share of the area of applicability."""

from dataclasses import replace

import pandas as pd

from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators.applicability.area import AreaOfApplicability
from hotspot.estimators.base import ExceedanceModel
from hotspot.evaluation.error_profile import DISSIMILARITY
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.explanations.background import choose_background, spread_rows, with_known_limit
from hotspot.explanations.importance import covariate_importance
from hotspot.explanations.traits import is_additive
from hotspot.explanations.values import shap_values
from hotspot.folds.plan import FoldPlan
from hotspot.observations.limits.rules import Limit
from hotspot.samples.sampleset import Samples

# Samples that tell what a model relies on, where explaining each costs thousands of
# predictions.
_MAX_EXPLAINED = 100


def reliance(
    estimator: ExceedanceModel,
    samples: Samples,
    *,
    catalogue: Catalogue,
    threshold: Limit,
    seed: int,
) -> dict[str, float]:
    """Return how much a fitted model relies on each covariate: its mean absolute SHAP value.

    What it credits to the coordinates is left aside: the area is one of covariates.
    """
    known = with_known_limit(samples, threshold)
    explained = known
    if not is_additive(estimator):
        explained = known.take(spread_rows(known.coordinates, _MAX_EXPLAINED, seed=seed))
    values = shap_values(
        estimator,
        explained.X,
        coordinates=explained.coordinates,
        background=choose_background(known, seed=seed),
        threshold=threshold,
    )
    importance = covariate_importance(values)
    weights = {name: float(importance[name]) for name in catalogue.names}
    # A model that relies on nothing has no reason to weigh one covariate above another.
    return weights if any(weights.values()) else dict.fromkeys(catalogue.names, 1.0)


def fitted_area(
    samples: Samples, plan: FoldPlan, *, catalogue: Catalogue, weights: dict[str, float]
) -> AreaOfApplicability:
    """Return the area of applicability whose threshold the primary plan sets."""
    area = AreaOfApplicability(categorical=catalogue.categorical)
    own = plan.select(samples.sample_id)
    if own.buffer_m > 0 or own.training != "others":
        return area.fit(samples.X, weights=weights, splits=own.splits(samples.coordinates))
    return area.fit(samples.X, weights=weights, folds=own.fold)


def with_dissimilarity(
    run: OutOfFold, area: AreaOfApplicability, samples: Samples
) -> OutOfFold:
    """Return predictions with the index of each left-out sample to those that trained."""
    index = area.held_out_dissimilarity(run.plan.splits(samples.coordinates))
    return replace(run, extra={**run.extra, DISSIMILARITY: index})


def weights_table(weights: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Return the weights of the covariates of each contaminant as one table."""
    rows = [
        (contaminant, name, weight)
        for contaminant, own in weights.items()
        for name, weight in own.items()
    ]
    return pd.DataFrame(rows, columns=["contaminant", "covariate", "weight"])


def weights_of(table: pd.DataFrame, contaminant: str) -> dict[str, float]:
    """Return the weights of one contaminant that `weights_table` holds."""
    own = table[table["contaminant"] == contaminant]
    return dict(zip(own["covariate"].astype(str), own["weight"].astype(float), strict=True))
