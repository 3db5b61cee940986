"""Stability: which explanations would survive other samples, and which are noise."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError, few
from hotspot.estimators.base import ExceedanceModel
from hotspot.explanations.background import choose_background
from hotspot.explanations.roles import role_of
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.values import ShapValues, is_additive, shap_values
from hotspot.folds.plan import FoldPlan
from hotspot.grid import Coordinates
from hotspot.observations.exceedance import exceedance_labels
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed

ModelFactory = Callable[[int], ExceedanceModel]
"""Makes an unfitted model from a seed."""

STABILITY_COLUMNS = (
    "covariate",
    "role",
    "mean_abs",
    "sd",
    "rank",
    "sign_agreement",
    "rank_agreement",
    "mean_abs_planted",
    "placebo_95",
    "above_placebo",
)

# Samples explained, at most: enough for a mean, and cheap.
MAX_EXPLAINED = 2000
# Refits with planted noise, and noise covariates of each sort in one refit.
N_PLACEBO_FITS = 5
N_PLACEBO = 3
# The same for a model that is no sum, whose every explanation asks it for thousands of
# predictions; and the samples of each training part that its explanations compare with.
MAX_EXPLAINED_BY_BACKGROUND = 40
N_PLACEBO_FITS_BY_BACKGROUND = 2
BACKGROUND_SIZE = 12
# Range of the structured noise as a share of the extent: covariates vary over the field,
# over a valley, over the region.
_RANGES = (0.05, 0.15, 0.4)
# Waves that add up to a nearly Gaussian field.
_WAVES = 128


def explanation_stability(
    make_model: ModelFactory,
    samples: Samples,
    plan: FoldPlan,
    *,
    catalogue: Catalogue,
    threshold: float,
    seed: int,
) -> pd.DataFrame:
    """Return how stable each covariate's contribution is, and whether it beats noise.

    The model is fitted on all samples, on the training part of each fold, and several
    times with planted noise covariates that can explain nothing. A model that is no sum is
    explained against 12 of its own training samples, and costs accordingly: there 40 samples
    are explained, and 3 models have planted noise instead of 5.

    Parameters
    ----------
    make_model : callable
        From a seed to an unfitted model for `threshold`.
    samples : Samples
        Of one contaminant.
    plan : FoldPlan
        Best a spatial one; folds whose training part has one label only are left out, with
        a warning.
    catalogue : Catalogue
        Of the covariates of `samples`.
    threshold : float, mg/kg
        The limit.
    seed : int
        Of the models, the noise, the backgrounds, and the choice of samples to explain where
        there are more than 2000 (40 for a model that is no sum).

    Returns
    -------
    DataFrame
        One row per covariate, by rank; and one of ``location`` for a model that uses
        coordinates and is no sum. ``mean_abs``: mean absolute contribution in the
        final model. ``sd``: its standard deviation between fold models, on the same
        samples. ``sign_agreement``: share of samples where the model that did not see the
        sample and the final one agree on its sign; NaN for an unused covariate.
        ``rank_agreement``: mean Kendall tau-b between the rankings of fold models, one
        figure for the whole table. ``mean_abs_planted``: ``mean_abs`` in the models with
        planted noise, averaged. ``placebo_95``: 95 % quantile of ``mean_abs`` of the noise
        in these models. ``above_placebo``: whether ``mean_abs_planted`` exceeds it; about
        one useless covariate in fifteen does, in a model of trees.

    Raises
    ------
    CovariateError
        The samples do not have the covariates of the catalogue.
    ModelError
        Fewer than two folds can be fitted.
    """
    catalogue.check_names([str(name) for name in samples.X.columns])
    plan = plan.select(samples.sample_id)
    fitted = _fit(make_model, samples, child_seed(seed, "final"))
    additive = is_additive(fitted)
    rows = _explained_rows(
        len(samples), seed, MAX_EXPLAINED if additive else MAX_EXPLAINED_BY_BACKGROUND
    )
    explain = _Explainer(samples, rows, threshold, seed)

    whole = explain(fitted, samples)
    final = whole.values
    of_folds, held_out = _fold_explanations(
        make_model, samples, plan, explain=explain, n_names=len(whole.names)
    )
    planted, placebo = _placebo_means(
        make_model,
        samples,
        explain=explain,
        n_fits=N_PLACEBO_FITS if additive else N_PLACEBO_FITS_BY_BACKGROUND,
    )

    mean_abs = np.abs(final).mean(axis=0)
    # A fold model has no answer for a class that only its held-out samples have.
    fold_means = np.array([np.nanmean(np.abs(values), axis=0) for values in of_folds])
    placebo_95 = float(np.quantile(placebo, 0.95))
    table = pd.DataFrame(
        {
            "covariate": list(whole.names),
            "role": [role_of(name, catalogue) for name in whole.names],
            "mean_abs": mean_abs,
            "sd": fold_means.std(axis=0, ddof=1),
            "rank": (-mean_abs).argsort(kind="stable").argsort(kind="stable") + 1,
            "sign_agreement": _sign_agreement(final, held_out),
            "rank_agreement": _rank_agreement(fold_means),
            "mean_abs_planted": planted,
            "placebo_95": placebo_95,
            # Compared within the same models: noise that shares a model with more noise
            # is weaker than in the final one, and a band from there would let a fifth of
            # useless covariates pass.
            "above_placebo": planted > placebo_95,
        }
    )
    return table.sort_values("rank", ignore_index=True)


def plant_noise(
    X: pd.DataFrame, coordinates: Coordinates, *, n_each: int, seed: int
) -> pd.DataFrame:
    """Return the covariates followed by noise: `n_each` white, `n_each` structured in space.

    Structured noise is a sum of waves with a Gaussian covariance and a range of 5, 15 and
    40 % of the extent in turn. It looks like a covariate, and can fit a cluster of
    contaminated samples by luck as a covariate can.

    Parameters
    ----------
    X : DataFrame, shape (n, n_covariates)
        Covariates of the samples.
    coordinates : array, shape (n, 2)
        Easting, northing.
    n_each : int
        Noise covariates of each sort.
    seed : int
        Of the noise.
    """
    generator = np.random.default_rng(seed)
    extent = float(np.ptp(coordinates, axis=0).max()) or 1.0
    noise = {
        f"placebo_white_{number}": generator.standard_normal(len(X)) for number in range(n_each)
    }
    for number in range(n_each):
        scale = _RANGES[number % len(_RANGES)] * extent
        # Spectral method: frequencies drawn from the spectrum of a Gaussian covariance.
        frequency = generator.standard_normal((2, _WAVES)) / scale
        phase = generator.uniform(0, 2 * np.pi, _WAVES)
        waves = np.cos((coordinates - coordinates.mean(axis=0)) @ frequency + phase)
        noise[f"placebo_structured_{number}"] = waves.sum(axis=1) * np.sqrt(2 / _WAVES)
    return pd.concat([X, pd.DataFrame(noise, index=X.index)], axis=1)


def _fit(make_model: ModelFactory, samples: Samples, seed: int) -> ExceedanceModel:
    return make_model(seed).fit(
        samples.X, samples.lower, samples.upper, coordinates=samples.coordinates
    )


@dataclass(frozen=True)
class _Explainer:
    """Explains the same samples with one model after the other."""

    samples: Samples
    rows: NDArray[np.int64]
    threshold: float
    seed: int

    def __call__(
        self, model: ExceedanceModel, training: Samples, X: pd.DataFrame | None = None
    ) -> ShapValues:
        """Return the values of the chosen rows of `X`, by default of the samples' own."""
        table = (self.samples.X if X is None else X).iloc[self.rows]
        if is_additive(model):
            return shap_values(model, table)
        seed = child_seed(self.seed, "background")
        return shap_values(
            model,
            table,
            coordinates=self.samples.coordinates[self.rows],
            background=choose_background(training, BACKGROUND_SIZE, seed=seed),
            threshold=self.threshold,
        )


def _explained_rows(n: int, seed: int, most: int) -> NDArray[np.int64]:
    if n <= most:
        return np.arange(n)
    generator = np.random.default_rng(child_seed(seed, "explained"))
    return np.sort(generator.choice(n, size=most, replace=False))


def _fold_explanations(
    make_model: ModelFactory,
    samples: Samples,
    plan: FoldPlan,
    *,
    explain: _Explainer,
    n_names: int,
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the values of each fold model on all rows, and each row's held-out values."""
    threshold, rows = explain.threshold, explain.rows
    labels = exceedance_labels(samples.lower, samples.upper, threshold)
    held_out = np.full((len(rows), n_names), np.nan)
    of_folds, left_out = [], []
    for number, (train, test) in enumerate(plan.splits(samples.coordinates)):
        known = labels[train][np.isfinite(labels[train])]
        if len(np.unique(known)) < 2:
            left_out.append(number)
            continue
        training = samples.take(train)
        model = _fit(make_model, training, child_seed(explain.seed, "fold", number))
        values = explain(model, training).values
        of_folds.append(values)
        tested = np.isin(rows, test)
        held_out[tested] = values[tested]
    if len(of_folds) < 2:
        raise ModelError(
            f"Only {len(of_folds)} folds of the plan {plan.plan!r} have samples above and "
            f"below {threshold:g} mg/kg to train on. Take a plan with larger training parts."
        )
    if left_out:
        warnings.warn(
            f"The folds {few(left_out)} of the plan {plan.plan!r} have training samples on one "
            f"side of {threshold:g} mg/kg only and were left out of the stability of "
            "explanations. Take fewer folds.",
            stacklevel=3,
        )
    return of_folds, held_out


def _placebo_means(
    make_model: ModelFactory, samples: Samples, *, explain: _Explainer, n_fits: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean absolute contributions beside planted noise.

    Those of the covariates are averaged over the models; those of the noise are all there.
    """
    own, noise = [], []
    for number in range(n_fits):
        child = child_seed(explain.seed, "placebo", number)
        X = plant_noise(samples.X, samples.coordinates, n_each=N_PLACEBO, seed=child)
        planted = replace(samples, X=X)
        explained = explain(_fit(make_model, planted, child), planted, X)
        mean = np.abs(explained.values).mean(axis=0)
        is_own = np.isin(explained.names, [*map(str, samples.X.columns), LOCATION])
        own.append(mean[is_own])
        noise.append(mean[~is_own])
    return np.mean(own, axis=0), np.concatenate(noise)


def _sign_agreement(
    final: NDArray[np.float64], held_out: NDArray[np.float64]
) -> NDArray[np.float64]:
    answered = np.isfinite(held_out).all(axis=1)
    mine, theirs = np.sign(final[answered]), np.sign(held_out[answered])
    used = (mine != 0) | (theirs != 0)
    agreed = ((mine == theirs) & used).sum(axis=0)
    count = used.sum(axis=0)
    share: NDArray[np.float64] = np.where(count > 0, agreed / np.maximum(count, 1), np.nan)
    return share


def _rank_agreement(fold_means: NDArray[np.float64]) -> float:
    """Return the mean Kendall tau-b over pairs of fold models; NaN if none is defined."""
    pairs = combinations(fold_means, 2)
    taus = np.array([kendalltau(one, other).statistic for one, other in pairs], dtype=float)
    defined = taus[np.isfinite(taus)]
    return float(defined.mean()) if defined.size else float("nan")
