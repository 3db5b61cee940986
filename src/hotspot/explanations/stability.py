"""Stability: which explanations would survive other samples, and which are noise."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau

from hotspot.covariates.catalogue import Catalogue
from hotspot.explanations.background import spread_rows
from hotspot.explanations.evidence import BY_BACKGROUND, FOR_A_SUM, Evidence
from hotspot.explanations.refits import ModelFactory, Refitter, gather_evidence
from hotspot.explanations.roles import role_of
from hotspot.explanations.traits import is_additive
from hotspot.folds.plan import FoldPlan
from hotspot.samples.sampleset import Samples
from hotspot.seeds import child_seed

Values = NDArray[np.float64]

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

# Samples explained, at most: enough for a mean, and cheap. Fewer for a model that is no sum.
MAX_EXPLAINED = 2000
MAX_EXPLAINED_BY_BACKGROUND = 60


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

    The model is fitted on all samples, on the training part of each fold, with other seeds,
    on parts of the samples, and several times with planted noise covariates that can explain
    nothing. A model that is no sum is explained against 12 of its own training samples, and
    costs accordingly: there fewer samples and refits tell.

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
        there are more than 2000 (60 for a model that is no sum).

    Returns
    -------
    DataFrame
        As of `stability_table`.

    Raises
    ------
    CovariateError
        The samples do not have the covariates of the catalogue.
    ModelError
        Fewer than two folds can be fitted.
    """
    catalogue.check_names([str(name) for name in samples.X.columns])
    refitter = Refitter(make_model, samples, threshold, seed)
    model = refitter.fit(samples, "final")
    additive = is_additive(model)
    most = MAX_EXPLAINED if additive else MAX_EXPLAINED_BY_BACKGROUND
    rows = spread_rows(samples.coordinates, most, seed=child_seed(seed, "explained"))
    effort = FOR_A_SUM if additive else BY_BACKGROUND
    values = refitter.explain(model, samples, samples.take(rows), effort.n_background)
    evidence = gather_evidence(
        refitter, plan.select(samples.sample_id), values, rows, effort=effort
    )
    return stability_table(evidence, catalogue)


def stability_table(evidence: Evidence, catalogue: Catalogue) -> pd.DataFrame:
    """Return the stability of each covariate as one table.

    Returns
    -------
    DataFrame
        One row per covariate, by rank; and one of ``location`` for a model that uses
        coordinates and is no sum. ``mean_abs``: mean absolute contribution in the
        final model. ``sd``: its standard deviation between fold models, each on the samples
        that it has not seen. ``sign_agreement``: share of samples where the model that did
        not see the sample and the final one agree on its sign; NaN for an unused covariate.
        ``rank_agreement``: mean Kendall tau-b between the rankings of fold models, one
        figure for the whole table. ``mean_abs_planted``: ``mean_abs`` in the models with
        planted noise, averaged. ``placebo_95``: what a useless covariate exceeds in these
        models in one case of twenty. ``above_placebo``: whether ``mean_abs_planted``
        exceeds it.
    """
    final = evidence.values
    mean_abs = np.nanmean(np.abs(final), axis=0)
    # A fold model has no answer for a class that only its held-out samples have.
    fold_means = mean_contributions([each.values for each in evidence.of("fold")])
    planted = mean_contributions([each.values for each in evidence.of("planted")]).mean(axis=0)
    limit = evidence.band.limit()
    held_out, _, _ = evidence.held_out()
    table = pd.DataFrame(
        {
            "covariate": list(evidence.names),
            "role": [role_of(name, catalogue) for name in evidence.names],
            "mean_abs": mean_abs,
            "sd": fold_means.std(axis=0, ddof=1),
            "rank": (-mean_abs).argsort(kind="stable").argsort(kind="stable") + 1,
            "sign_agreement": sign_agreement(final, held_out),
            "rank_agreement": rank_agreement(fold_means),
            "mean_abs_planted": planted,
            "placebo_95": limit,
            # Compared within the same models: noise that shares a model with more noise
            # is weaker than in the final one.
            "above_placebo": planted > limit,
        }
    )
    return table.sort_values("rank", ignore_index=True)


def mean_contributions(told: list[Values]) -> Values:
    """Return the mean absolute contributions of each model, shape (n_models, n_names)."""
    answered = [values[np.isfinite(values).all(axis=1)] for values in told]
    return np.array([np.abs(values).mean(axis=0) for values in answered if len(values)])


def sign_agreement(final: Values, other: Values, *, weighted: str = "equally") -> Values:
    """Return the share of samples on which two models agree on the sign of a contribution.

    Parameters
    ----------
    final, other : array, shape (n, n_names)
        Contributions to the same samples; rows with NaN are left out.
    weighted : {"equally", "by_size"}
        Whether each sample counts the same, or as much as the first model's contribution to
        it: near 0 a sign is a matter of luck, and says nothing.

    Returns
    -------
    array, shape (n_names,)
        NaN where neither model makes use of it.

    Examples
    --------
    >>> one, other = np.array([[3.0], [-1.0]]), np.array([[1.0], [1.0]])
    >>> sign_agreement(one, other), sign_agreement(one, other, weighted="by_size")
    (array([0.5]), array([0.75]))
    """
    answered = np.isfinite(final).all(axis=1) & np.isfinite(other).all(axis=1)
    mine, theirs = np.sign(final[answered]), np.sign(other[answered])
    used = ((mine != 0) | (theirs != 0)).astype(np.float64)
    if weighted == "by_size":
        used = used * np.abs(final[answered])
    agreed = ((mine == theirs) * used).sum(axis=0)
    total = used.sum(axis=0)
    share: Values = np.where(total > 0, agreed / np.where(total > 0, total, 1.0), np.nan)
    return share


def rank_agreement(fold_means: Values) -> float:
    """Return the mean Kendall tau-b over pairs of models; NaN if none is defined."""
    pairs = combinations(fold_means, 2)
    taus = np.array([kendalltau(one, other).statistic for one, other in pairs], dtype=float)
    defined = taus[np.isfinite(taus)]
    return float(defined.mean()) if defined.size else float("nan")
