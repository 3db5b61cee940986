"""Stability: which explanations would survive other samples, and which are noise."""

import warnings
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau

from hotspot.covariates.catalogue import Catalogue
from hotspot.errors import ModelError, few
from hotspot.estimators.base import ExceedanceModel
from hotspot.explanations.values import shap_values
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
    times with planted noise covariates that can explain nothing.

    Parameters
    ----------
    make_model : callable
        From a seed to an unfitted additive model for `threshold`.
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
        Of the models, the noise, and the choice of samples to explain where there are more
        than 2000.

    Returns
    -------
    DataFrame
        One row per covariate, by rank. ``mean_abs``: mean absolute contribution in the
        final model. ``sd``: its standard deviation between fold models, on the same
        samples. ``sign_agreement``: share of samples where the model that did not see the
        sample and the final one agree on its sign; NaN for an unused covariate.
        ``rank_agreement``: mean Kendall tau-b between the rankings of fold models, one
        figure for the whole table. ``mean_abs_planted``: ``mean_abs`` in the models with
        planted noise, averaged. ``placebo_95``: 95 % quantile of ``mean_abs`` of the noise
        in these models. ``above_placebo``: whether ``mean_abs_planted`` exceeds it; about
        one useless covariate in fifteen does.

    Raises
    ------
    CovariateError
        The samples do not have the covariates of the catalogue.
    ModelError
        Fewer than two folds can be fitted.
    """
    catalogue.check_names([str(name) for name in samples.X.columns])
    plan = plan.select(samples.sample_id)
    rows = _explained_rows(len(samples), seed)
    X = samples.X.iloc[rows]

    final = _contributions(_fit(make_model, samples, child_seed(seed, "final")), X)
    of_folds, held_out = _fold_explanations(make_model, samples, plan, threshold, seed, rows)
    planted, placebo = _placebo_means(make_model, samples, seed, rows)

    mean_abs = np.abs(final).mean(axis=0)
    # A fold model has no answer for a class that only its held-out samples have.
    fold_means = np.array([np.nanmean(np.abs(values), axis=0) for values in of_folds])
    placebo_95 = float(np.quantile(placebo, 0.95))
    table = pd.DataFrame(
        {
            "covariate": list(catalogue.names),
            "role": [str(covariate.role) for covariate in catalogue],
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


def _contributions(model: ExceedanceModel, X: pd.DataFrame) -> NDArray[np.float64]:
    contributions: NDArray[np.float64] = shap_values(model, X).values  # noqa: PD011
    return contributions


def _explained_rows(n: int, seed: int) -> NDArray[np.int64]:
    if n <= MAX_EXPLAINED:
        return np.arange(n)
    generator = np.random.default_rng(child_seed(seed, "explained"))
    return np.sort(generator.choice(n, size=MAX_EXPLAINED, replace=False))


def _fold_explanations(
    make_model: ModelFactory,
    samples: Samples,
    plan: FoldPlan,
    threshold: float,
    seed: int,
    rows: NDArray[np.int64],
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the values of each fold model on all rows, and each row's held-out values."""
    labels = exceedance_labels(samples.lower, samples.upper, threshold)
    held_out = np.full((len(rows), samples.X.shape[1]), np.nan)
    of_folds, left_out = [], []
    for number, (train, test) in enumerate(plan.splits(samples.coordinates)):
        known = labels[train][np.isfinite(labels[train])]
        if len(np.unique(known)) < 2:
            left_out.append(number)
            continue
        model = _fit(make_model, samples.take(train), child_seed(seed, "fold", number))
        values = _contributions(model, samples.X.iloc[rows])
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
    make_model: ModelFactory, samples: Samples, seed: int, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean absolute contributions beside planted noise.

    Those of the covariates are averaged over the models; those of the noise are all there.
    """
    means = []
    for number in range(N_PLACEBO_FITS):
        child = child_seed(seed, "placebo", number)
        planted = Samples(
            sample_id=samples.sample_id,
            X=plant_noise(samples.X, samples.coordinates, n_each=N_PLACEBO, seed=child),
            lower=samples.lower,
            upper=samples.upper,
            coordinates=samples.coordinates,
        )
        values = _contributions(_fit(make_model, planted, child), planted.X.iloc[rows])
        means.append(np.abs(values).mean(axis=0))
    own, noise = np.split(np.array(means), [samples.X.shape[1]], axis=1)
    return own.mean(axis=0), noise.ravel()


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
