"""Out-of-fold prediction: every sample predicted by a model that has not seen it."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ModelError
from hotspot.estimators.answers import AskedOnce, DistributionModel
from hotspot.estimators.base import ExceedanceModel
from hotspot.estimators.table import asked_about
from hotspot.estimators.varying_limit import exceedance_at, fit_at
from hotspot.evaluation.distribution_scores import distribution_scores
from hotspot.evaluation.self_consistency import expected_labels
from hotspot.folds.plan import FoldPlan
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.observations.limits.rules import Limit, limits_at
from hotspot.samples.sampleset import Samples

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutOfFold:
    """The predictions of one model under one plan and repeat, with what they are scored on.

    Parameters
    ----------
    plan : FoldPlan
        Of the samples scored, in their order.
    label : array, shape (n,)
        1 exceeds, 0 does not; between them what is expected of a sample whose interval holds
        the limit, see `expected_labels`; NaN unknown: predicted but not scored.
    probability : array, shape (n,)
        P(concentration > threshold). NaN where the fold could not be trained, and where
        the model has no answer, as for a class that no training sample had.
    prevalence : array, shape (n,)
        The share that exceeds, without a covariate: ``(k + 0.5) / (m + 1)`` with k
        exceedances, known and expected, among the m labels of the training part. NaN without
        any that is known.
    single_class : tuple of int
        Folds whose training part has one class only.
    untrained : tuple of int
        Folds without prediction: no training sample, or no known label and a model that
        needs one.
    extra : mapping of str to array, shape (n,)
        Further per-sample numbers of distribution models; see `PER_SAMPLE_SCORES`.
    """

    plan: FoldPlan
    label: NDArray[np.float64]
    probability: NDArray[np.float64]
    prevalence: NDArray[np.float64]
    single_class: tuple[int, ...] = ()
    untrained: tuple[int, ...] = ()
    extra: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.label)

    @property
    def is_scored(self) -> NDArray[np.bool_]:
        """Whether each sample has both a known label and a prediction."""
        return np.isfinite(self.label) & np.isfinite(self.probability)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per sample, for the table of predictions."""
        return pd.DataFrame(
            {
                "sample_id": self.plan.sample_id,
                "plan": self.plan.plan,
                "repeat": self.plan.repeat,
                "fold": self.plan.fold,
                "label": self.label,
                "probability": self.probability,
                "prevalence": self.prevalence,
                **self.extra,
            }
        )


def out_of_fold(
    make_model: Callable[[], ExceedanceModel],
    samples: Samples,
    plan: FoldPlan,
    threshold: Limit,
) -> OutOfFold:
    """Return the predictions of a model for every sample, each from training parts only.

    A training part with a single class cannot teach a classifier. If the model refuses it,
    the fold is predicted with the smoothed prevalence of the training part, as the
    prevalence baseline is, and the fold is listed in `OutOfFold.single_class`. Any other
    refusal of a model is an error here too.

    Parameters
    ----------
    make_model : callable
        Returns a new, unfitted model each time.
    samples : Samples
        All of one contaminant; those with unknown labels train too (a model of the
        concentration learns from their intervals) and are predicted.
    plan : FoldPlan
        Holds at least these samples, in any order.
    threshold : float or LimitRule
        The limit in mg/kg, or its rule, which gives each sample that of its covariates.

    Raises
    ------
    FoldError
        A sample has no fold.
    ModelError
        A model refuses a training part with both classes, or answers outside [0, 1].
    """
    answers = fold_answers(make_model, samples, plan, threshold)
    return joined_folds(answers, samples, plan, threshold)


@dataclass(frozen=True)
class FoldAnswer:
    """What a model that has not seen the samples of a fold says of them.

    Parameters
    ----------
    fold : int
        Its number in the plan.
    test : array of int, shape (m,)
        Its samples.
    probability : array, shape (m,)
        As in `OutOfFold`.
    prevalence : float
        Of the training part, as in `OutOfFold`.
    is_single, is_untrained : bool
        Whether the fold is one of `OutOfFold.single_class` or `OutOfFold.untrained`.
    extra : mapping of str to array, shape (m,)
        As in `OutOfFold`.
    """

    fold: int
    test: NDArray[np.int64]
    probability: NDArray[np.float64]
    prevalence: float
    is_single: bool = False
    is_untrained: bool = False
    extra: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def fold_answers(
    make_model: Callable[[], ExceedanceModel],
    samples: Samples,
    plan: FoldPlan,
    threshold: Limit,
    folds: Collection[int] | None = None,
) -> list[FoldAnswer]:
    """Return what is said of the samples of some folds, as `out_of_fold` does.

    Folds do not depend on each other, so that each can be answered in a process of its own.

    Parameters
    ----------
    make_model, samples, plan, threshold
        As of `out_of_fold`.
    folds : collection of int, optional
        Their numbers; all by default.
    """
    selected = plan.select(samples.sample_id)
    limits = limits_at(threshold, samples.X)
    label = exceedance_labels(samples.lower, samples.upper, limits)
    answers = []
    for train, test in selected.splits(samples.coordinates):
        fold = int(selected.fold[test[0]])
        if folds is not None and fold not in folds:
            continue
        _log.debug(
            "%s, repeat %d, fold %d: %d train, %d test",
            *(plan.plan, plan.repeat, fold, len(train), len(test)),
        )
        known = label[train][np.isfinite(label[train])]
        share = np.nan
        if len(known):
            own = limits[train] if isinstance(limits, np.ndarray) else limits
            told = expected_labels(
                samples.lower[train], samples.upper[train], own, np.full(len(train), 0.5)
            )
            told = told[np.isfinite(told)]
            share = (told.sum() + 0.5) / (len(told) + 1)
        nothing = FoldAnswer(fold, test, np.full(len(test), np.nan), share)
        if len(train) == 0:
            answers.append(replace(nothing, is_untrained=True))
            continue
        is_single = len(known) > 0 and len(np.unique(known)) == 1
        try:
            model = make_model()
            # The words differ by the plan and not by the fold, to be told once for each plan.
            with asked_about(f"left-out samples of a fold of the plan {plan.plan!r}"):
                found, scores = _predicted(model, samples, train, test, limits)
            answer = replace(nothing, probability=found, is_single=is_single, extra=scores)
        except ModelError:
            if len(np.unique(known)) > 1:
                raise
            answer = replace(
                nothing,
                probability=np.full(len(test), share),
                is_single=is_single,
                is_untrained=not is_single,
            )
        answers.append(answer)
    return answers


def joined_folds(
    answers: Sequence[FoldAnswer], samples: Samples, plan: FoldPlan, threshold: Limit
) -> OutOfFold:
    """Return the predictions of all folds of a plan as one.

    Parameters
    ----------
    answers : sequence of FoldAnswer
        Each fold of the plan once, in its order.
    samples, plan, threshold
        Those that were asked about.
    """
    probability = np.full(len(samples), np.nan)
    prevalence = np.full(len(samples), np.nan)
    extra: dict[str, NDArray[np.float64]] = {}
    for answer in answers:
        probability[answer.test] = answer.probability
        prevalence[answer.test] = answer.prevalence
        for name, values in answer.extra.items():
            extra.setdefault(name, np.full(len(samples), np.nan))[answer.test] = values
    limits = limits_at(threshold, samples.X)
    label = exceedance_labels(samples.lower, samples.upper, limits)
    expected = expected_labels(samples.lower, samples.upper, limits, probability)
    return OutOfFold(
        plan=plan.select(samples.sample_id),
        # A label that is known is told also where no probability was given.
        label=np.where(np.isfinite(label), label, expected),
        probability=probability,
        prevalence=prevalence,
        single_class=tuple(answer.fold for answer in answers if answer.is_single),
        untrained=tuple(answer.fold for answer in answers if answer.is_untrained),
        extra=extra,
    )


def _predicted(
    model: ExceedanceModel,
    samples: Samples,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    limits: float | NDArray[np.float64],
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Return probabilities, and scores of distributions, after learning the training part."""
    learnt, asked = samples.take(train), samples.take(test)
    of = [limits[rows] if isinstance(limits, np.ndarray) else limits for rows in (train, test)]
    model = fit_at(model, learnt, of[0])
    scores: dict[str, NDArray[np.float64]] = {}
    if isinstance(model, DistributionModel):
        # Asked once: a pool of forests answers slowly.
        once, places = AskedOnce(model), asked.coordinates
        found = exceedance_at(once, asked.X, of[1], coordinates=places)
        scores = distribution_scores(once.distribution(asked.X, coordinates=places), asked)
    else:
        found = exceedance_at(model, asked.X, of[1], coordinates=asked.coordinates)
    found = np.asarray(found, dtype=np.float64)
    outside = found[~np.isnan(found) & ~((found >= 0) & (found <= 1))]
    if found.shape != (len(test),) or len(outside):
        raise ModelError(
            f"{type(model).__name__} gave {found.shape} values for {len(test)} samples, "
            f"{len(outside)} of them outside [0, 1]. A model must return one probability "
            "per row."
        )
    return found, scores


def predictions_table(
    predictions: Mapping[str, Mapping[str, Sequence[OutOfFold]]],
) -> pd.DataFrame:
    """Return all predictions as one table, with columns contaminant and model in front.

    Parameters
    ----------
    predictions : mapping
        By contaminant and model, one `OutOfFold` per plan and repeat.
    """
    parts = []
    for contaminant, models in predictions.items():
        for model, runs in models.items():
            for run in runs:
                part = run.to_frame()
                part.insert(0, "contaminant", contaminant)
                part.insert(1, "model", model)
                parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
