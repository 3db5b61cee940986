"""Refits: the same model learnt from other samples, seeds or covariates, and what it says."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError, few
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.table import asked_about
from hotspot.estimators.varying_limit import fit_at
from hotspot.explanations.background import choose_background, spread_rows, with_known_limit
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.evidence import Effort, Evidence, Rows, Sort, Told
from hotspot.explanations.placebo import (
    STRUCTURED,
    WHITE,
    PlaceboBand,
    plant_noise,
    survey_range,
)
from hotspot.explanations.traits import is_additive
from hotspot.explanations.values import shap_values
from hotspot.folds.plan import FoldPlan
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import Limit, limit_words, limits_at
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed

Values = NDArray[np.float64]

ModelFactory = Callable[[int], ExceedanceModel]
"""Makes an unfitted model from a seed."""

# A bootstrap sample holds this share of the samples, some more than once.
_BOOTSTRAP_SHARE = 1 - np.exp(-1)
# Noise covariates of each sort in one refit.
N_PLACEBO = 3


Spread = Callable[[Callable[..., ShapValues], Sequence[tuple[Any, ...]]], list[ShapValues]]
"""Calls work with the values of each job, and returns the answers in their order."""


def one_by_one(
    work: Callable[..., ShapValues], jobs: Sequence[tuple[Any, ...]]
) -> list[ShapValues]:
    """Return the answer to each job, done one after the other."""
    return [work(*job) for job in jobs]


@dataclass(frozen=True)
class Refit:
    """What one refit learns from, and what it explains.

    Parameters
    ----------
    sort : {"fold", "seed", "bootstrap", "planted"}
        What is changed.
    number : int
        Among its sort; names its seeds.
    training, asked : array of int
        Positions among the samples.
    """

    sort: Sort
    number: int
    training: Rows
    asked: Rows


@dataclass(frozen=True)
class Refitter:
    """Learns and explains the same model again and again.

    Parameters
    ----------
    make_model : callable
        From a seed to an unfitted model.
    samples : Samples
        Of one contaminant.
    threshold : float or LimitRule
        The limit in mg/kg.
    seed : int
        Of models, noise, backgrounds and draws.
    """

    make_model: ModelFactory
    samples: Samples
    threshold: Limit
    seed: int

    def fit(self, samples: Samples, *names: str | int) -> ExceedanceModel:
        """Return the model learnt from some samples, with the seed of a name."""
        model = self.make_model(child_seed(self.seed, *names))
        fitted: ExceedanceModel = fit_at(model, samples, limits_at(self.threshold, samples.X))
        return fitted

    def explain(
        self, model: ExceedanceModel, training: Samples, asked: Samples, n_background: int
    ) -> ShapValues:
        """Return what a model learnt from `training` says of the samples asked about."""
        if is_additive(model):
            return shap_values(model, asked.X)
        return shap_values(
            model,
            asked.X,
            coordinates=asked.coordinates,
            background=choose_background(
                with_known_limit(training, self.threshold),
                n_background,
                seed=child_seed(self.seed, "background"),
            ),
            threshold=self.threshold,
        )

    def has_both(self, rows: Rows) -> bool:
        """Return whether some samples lie on both sides of the limit."""
        limits = limits_at(self.threshold, self.samples.X.iloc[rows])
        labels = exceedance_labels(self.samples.lower[rows], self.samples.upper[rows], limits)
        return len(np.unique(labels[np.isfinite(labels)])) == 2


def gather_evidence(
    refitter: Refitter,
    plan: FoldPlan,
    values: ShapValues,
    rows: Rows,
    *,
    effort: Effort,
    spread: Spread = one_by_one,
) -> Evidence:
    """Return what refits say of the samples that a model explained.

    Parameters
    ----------
    refitter : Refitter
        The model and its samples.
    plan : FoldPlan
        Best a spatial one; folds whose training part has one label only are left out, with
        a warning.
    values : ShapValues
        What the model itself says of the samples at `rows`.
    rows : array of int
        Their positions among the samples.
    effort : Effort
        How many refits, and how much each explains.
    spread : callable
        Does the independent refits, one after the other or side by side.

    Raises
    ------
    ModelError
        Fewer than two folds can be fitted.

    Notes
    -----
    A "bootstrap" here is the set of different samples that a bootstrap draw holds, 63 % of
    all, drawn without repeats: two copies at one place are not two measurements to a model
    of space (Politis & Romano 1994, 10.1214/aos/1176325770).
    """
    samples = refitter.samples
    some = rows
    if len(rows) > effort.n_rows:
        places = samples.coordinates[rows]
        some = rows[spread_rows(places, effort.n_rows, seed=child_seed(refitter.seed, "rows"))]
    everyone = np.arange(len(samples))
    refits = [
        *_folds(refitter, plan, rows, effort),
        *(Refit("seed", number, everyone, some) for number in range(effort.n_seeds)),
        *_bootstraps(refitter, some, effort),
        *(Refit("planted", number, everyone, some) for number in range(effort.n_planted)),
    ]
    reach = survey_range(samples, seed=child_seed(refitter.seed, "range"))
    jobs = [(refitter, refit, effort.n_background, reach) for refit in refits]
    answers = spread(_answer, jobs)
    told = [
        _told(refit, found, values.names) for refit, found in zip(refits, answers, strict=True)
    ]
    noise = [
        found for refit, found in zip(refits, answers, strict=True) if refit.sort == "planted"
    ]
    background = effort.n_background if values.n_background else 0
    return Evidence(
        values.names, rows, values.values, tuple(told), _band(noise, reach), background
    )


def _answer(
    refitter: Refitter, refit: Refit, n_background: int, reach: float | None
) -> ShapValues:
    """Return what the model of one refit says; beside planted noise, of the noise too."""
    samples = refitter.samples
    name = "placebo" if refit.sort == "planted" else refit.sort
    if refit.sort == "planted":
        seed = child_seed(refitter.seed, name, refit.number)
        X = plant_noise(
            samples.X, samples.coordinates, n_each=N_PLACEBO, seed=seed, range_m=reach
        )
        samples = replace(samples, X=X)
    training = samples.take(refit.training)
    model = refitter.fit(training, name, refit.number)
    # A sample of a class that this refit never saw is explained by others, or held NaN.
    with asked_about(None):
        return refitter.explain(model, training, samples.take(refit.asked), n_background)


def _told(refit: Refit, found: ShapValues, names: Sequence[str]) -> Told:
    own = [found.names.index(name) for name in names]
    fold = refit.number if refit.sort == "fold" else -1
    return Told(refit.sort, refit.asked, found.values[:, own], found.base, fold)


def _band(noise: Sequence[ShapValues], reach: float | None) -> PlaceboBand:
    """Return how much refits make of planted noise."""
    means = [
        pd.Series(np.nanmean(np.abs(found.values), axis=0), index=list(found.names))
        for found in noise
    ]
    table = pd.concat(means)
    at = table.index.astype(str)
    return PlaceboBand(
        white=table[at.str.startswith(WHITE)].to_numpy(dtype=np.float64),
        structured=table[at.str.startswith(STRUCTURED)].to_numpy(dtype=np.float64),
        n_fits=len(noise),
        range_m=reach,
    )


def _folds(refitter: Refitter, plan: FoldPlan, rows: Rows, effort: Effort) -> list[Refit]:
    samples, refits, left_out = refitter.samples, [], []
    asked = rows
    if len(rows) > effort.n_held_out:
        places = samples.coordinates[rows]
        seed = child_seed(refitter.seed, "held_out")
        asked = rows[spread_rows(places, effort.n_held_out, seed=seed)]
    for number, (train, test) in enumerate(plan.splits(samples.coordinates)):
        if not refitter.has_both(train):
            left_out.append(number)
            continue
        mine = asked[np.isin(asked, test)]
        if len(mine):
            refits.append(Refit("fold", number, train, mine))
    if len(refits) < 2:
        raise ModelError(
            f"Only {len(refits)} folds of the plan {plan.plan!r} have samples above and "
            f"below {limit_words(refitter.threshold)} to train on. Take a plan with larger "
            "training parts."
        )
    if left_out:
        warnings.warn(
            f"The folds {few(left_out)} of the plan {plan.plan!r} have training samples on one "
            f"side of {limit_words(refitter.threshold)} only and were left out of the "
            "stability of explanations. Take fewer folds.",
            stacklevel=4,
        )
    return refits


def _bootstraps(refitter: Refitter, rows: Rows, effort: Effort) -> list[Refit]:
    n = len(refitter.samples)
    size, refits = round(_BOOTSTRAP_SHARE * n), []
    for number in range(effort.n_bootstraps):
        generator = np.random.default_rng(child_seed(refitter.seed, "bootstrap", number))
        drawn = np.sort(generator.choice(n, size=size, replace=False))
        # A draw without a sample on one side of the limit teaches a classifier nothing.
        if refitter.has_both(drawn):
            refits.append(Refit("bootstrap", number, drawn, rows))
    return refits
