"""Losses of single samples give the numbers of the score ledger."""

from dataclasses import replace

import numpy as np
import pytest

from hotspot.errors import ConfigError
from hotspot.evaluation.compare import paired_difference, pooled_extra, pooled_score
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.folds.plan import FoldPlan
from hotspot.selection import loss_difference, mean_loss, sample_losses
from hotspot.selection.tables import nested_summary


def runs(seed: int, n: int = 40) -> list[OutOfFold]:
    """Return two repeats with some unknown labels and some samples without prediction."""
    label = (np.random.default_rng(0).random(n) < 0.4).astype(float)
    label[::9] = np.nan
    found = []
    for repeat in range(2):
        rng = np.random.default_rng((seed, repeat))
        probability = rng.random(n)
        probability[seed :: 13 + repeat] = np.nan
        crps = rng.gamma(2.0, size=n)
        crps[seed::7] = np.nan
        names = np.array([f"s{i}" for i in range(n)])
        plan = FoldPlan("block", repeat, names, np.arange(n) % 4)
        prevalence = np.full(n, 0.4)
        found.append(OutOfFold(plan, label, probability, prevalence, extra={"crps": crps}))
    return found


BLOCKS = np.arange(40) // 4


@pytest.mark.parametrize("score", ["log_loss", "brier"])
def test_the_mean_is_the_pooled_score(score: str) -> None:
    """Mean and standard error are those of `pooled_score`."""
    given = runs(1)
    ours = mean_loss(np.stack([sample_losses(run, score) for run in given]), BLOCKS)
    theirs = pooled_score(given, BLOCKS, score)
    assert ours.mean == pytest.approx(theirs.mean, rel=1e-12)
    assert ours.se == pytest.approx(theirs.se, rel=1e-9)


@pytest.mark.parametrize("score", ["log_loss", "brier"])
def test_the_difference_is_the_paired_one(score: str) -> None:
    """Difference and standard error are those of `paired_difference`, on common samples."""
    first, second = runs(1), runs(2)
    one, two = (
        np.stack([sample_losses(run, score) for run in each]) for each in (first, second)
    )
    ours = loss_difference(one, two, BLOCKS)
    theirs = paired_difference(first, second, BLOCKS, score)
    assert ours.mean == pytest.approx(theirs.mean, rel=1e-9)
    assert ours.se == pytest.approx(theirs.se, rel=1e-9)


def test_a_gain_is_the_difference_of_the_scores_beside_it() -> None:
    """Also where some samples have no answer in one repeat, the same ones for both."""
    rng = np.random.default_rng(3)
    one, two = rng.gamma(2.0, size=(2, 2, 40))
    one[0, :9] = two[0, :9] = np.nan
    gain = loss_difference(one, two, BLOCKS)
    apart = mean_loss(one, BLOCKS).mean - mean_loss(two, BLOCKS).mean
    assert gain.mean == pytest.approx(apart, rel=1e-12)


def test_a_set_that_answers_more_is_scored_where_the_other_answers() -> None:
    """The two means differ by the gain between them, though one has scored more samples."""
    rng = np.random.default_rng(4)
    all_, fewer = rng.gamma(2.0, size=(2, 1, 40))
    all_[0, :9] = np.nan
    said = nested_summary(all_, fewer, BLOCKS, names=("all", "selected"), folds=[])
    apart = said["all"]["mean"] - said["selected"]["mean"]
    assert apart == pytest.approx(said["gain"]["mean"], rel=1e-12)


def test_crps_is_the_pooled_one() -> None:
    """Mean and error are those of `pooled_extra`, the variance between repeats in both."""
    given = runs(1)
    ours = mean_loss(np.stack([sample_losses(run, "crps") for run in given]), BLOCKS)
    theirs = pooled_extra(given, BLOCKS, "crps")
    assert theirs is not None
    assert ours.mean == pytest.approx(theirs.mean, rel=1e-12)
    assert ours.se == pytest.approx(theirs.se, rel=1e-9)


def test_crps_of_a_classifier_is_refused() -> None:
    """A model of exceedance has no distribution; the remedy is told."""
    run = replace(runs(1)[0], extra={})
    with pytest.raises(ConfigError, match=r"tune.score=crps.*tune.score=log_loss"):
        sample_losses(run, "crps")


def test_an_unknown_loss_is_refused() -> None:
    """The known ones are listed."""
    with pytest.raises(ConfigError, match="log_loss, brier, crps"):
        sample_losses(runs(1)[0], "auc")


def test_one_unscored_repeat_has_no_mean() -> None:
    """A repeat without a scored sample is no repeat to average over."""
    losses = np.array([[0.1, 0.2], [np.nan, np.nan]])
    assert mean_loss(losses, np.array([0, 1])).mean is None
