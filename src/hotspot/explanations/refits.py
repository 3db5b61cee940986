"""Refits: the same model learnt from other samples, seeds or covariates, and what it says."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError, few
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.varying_limit import fit_at
from hotspot.explanations.background import choose_background, spread_rows, with_known_limit
from hotspot.explanations.contributions import ShapValues
from hotspot.explanations.evidence import Effort, Evidence, Rows, Told
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
from hotspot.observations.exceedance import exceedance_labels
from hotspot.observations.limit_rules import Limit, limit_words, limits_at
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed

Values = NDArray[np.float64]

ModelFactory = Callable[[int], ExceedanceModel]
"""Makes an unfitted model from a seed."""

# A bootstrap sample holds this share of the samples, some more than once.
_BOOTSTRAP_SHARE = 1 - np.exp(-1)
# Noise covariates of each sort in one refit.
N_PLACEBO = 3


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
    told = _folds(refitter, plan, values.names, rows, effort)
    some = rows
    if len(rows) > effort.n_rows:
        places = refitter.samples.coordinates[rows]
        some = rows[spread_rows(places, effort.n_rows, seed=child_seed(refitter.seed, "rows"))]
    told += _seeds(refitter, some, effort)
    told += _bootstraps(refitter, some, effort)
    planted, band = _planted(refitter, some, values.names, effort)
    background = effort.n_background if values.n_background else 0
    return Evidence(values.names, rows, values.values, tuple(told + planted), band, background)


def _folds(
    refitter: Refitter, plan: FoldPlan, names: Sequence[str], rows: Rows, effort: Effort
) -> list[Told]:
    samples, told, left_out = refitter.samples, [], []
    asked = rows
    if len(rows) > effort.n_held_out:
        places = samples.coordinates[rows]
        seed = child_seed(refitter.seed, "held_out")
        asked = rows[spread_rows(places, effort.n_held_out, seed=seed)]
    n_folds = 0
    for number, (train, test) in enumerate(plan.splits(samples.coordinates)):
        n_folds += 1
        if not refitter.has_both(train):
            left_out.append(number)
            continue
        mine = asked[np.isin(asked, test)]
        if not len(mine):
            continue
        training = samples.take(train)
        model = refitter.fit(training, "fold", number)
        found = refitter.explain(model, training, samples.take(mine), effort.n_background)
        told.append(Told("fold", mine, found.values, found.base, number))
    if len(told) < 2:
        raise ModelError(
            f"Only {len(told)} folds of the plan {plan.plan!r} have samples above and "
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
    return told


def _seeds(refitter: Refitter, rows: Rows, effort: Effort) -> list[Told]:
    samples, told = refitter.samples, []
    for number in range(effort.n_seeds):
        model = refitter.fit(samples, "seed", number)
        found = refitter.explain(model, samples, samples.take(rows), effort.n_background)
        told.append(Told("seed", rows, found.values, found.base))
    return told


def _bootstraps(refitter: Refitter, rows: Rows, effort: Effort) -> list[Told]:
    samples, told = refitter.samples, []
    size = round(_BOOTSTRAP_SHARE * len(samples))
    for number in range(effort.n_bootstraps):
        generator = np.random.default_rng(child_seed(refitter.seed, "bootstrap", number))
        drawn = np.sort(generator.choice(len(samples), size=size, replace=False))
        # A draw without a sample on one side of the limit teaches a classifier nothing.
        if not refitter.has_both(drawn):
            continue
        training = samples.take(drawn)
        model = refitter.fit(training, "bootstrap", number)
        found = refitter.explain(model, training, samples.take(rows), effort.n_background)
        told.append(Told("bootstrap", rows, found.values, found.base))
    return told


def _planted(
    refitter: Refitter, rows: Rows, names: Sequence[str], effort: Effort
) -> tuple[list[Told], PlaceboBand]:
    """Return what refits beside noise say of the covariates, and of the noise."""
    samples = refitter.samples
    reach = survey_range(samples, seed=child_seed(refitter.seed, "range"))
    told, noise = [], []
    for number in range(effort.n_planted):
        child = child_seed(refitter.seed, "placebo", number)
        X = plant_noise(
            samples.X, samples.coordinates, n_each=N_PLACEBO, seed=child, range_m=reach
        )
        planted = replace(samples, X=X)
        model = refitter.fit(planted, "placebo", number)
        found = refitter.explain(model, planted, planted.take(rows), effort.n_background)
        own = [found.names.index(name) for name in names]
        told.append(Told("planted", rows, found.values[:, own], found.base))
        mean = np.nanmean(np.abs(found.values), axis=0)
        noise.append(pd.Series(mean, index=list(found.names)))
    table = pd.concat(noise)
    at = table.index.astype(str)
    band = PlaceboBand(
        white=table[at.str.startswith(WHITE)].to_numpy(dtype=np.float64),
        structured=table[at.str.startswith(STRUCTURED)].to_numpy(dtype=np.float64),
        n_fits=effort.n_planted,
        range_m=reach,
    )
    return told, band
