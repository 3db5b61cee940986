"""Scores against scikit-learn, and where samples do not define them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from hotspot.evaluation import scores
from hotspot.evaluation.scores import (
    SCORES,
    auc,
    average_precision,
    brier,
    brier_skill,
    ece,
    ece_by_chance,
    equal_count_bins,
    log_loss,
    sensitivity_at_budget,
)


def _drawn(n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels drawn with probabilities that have many ties."""
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 3, n), 2).clip(0.01, 0.99)
    return (rng.random(n) < p).astype(float), p


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (log_loss, metrics.log_loss),
        (brier, metrics.brier_score_loss),
        (auc, metrics.roc_auc_score),
        (average_precision, metrics.average_precision_score),
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_scores_equal_those_of_scikit_learn(mine, theirs, seed: int) -> None:
    """Where scikit-learn has the score, both agree to 1e-12, ties included."""
    y, p = _drawn(seed=seed)
    assert mine(y, p) == pytest.approx(theirs(y, p), abs=1e-12)


def test_a_certain_mistake_costs_what_the_clip_says() -> None:
    """Certain and wrong costs -log(1e-6), certain and right almost nothing."""
    y = np.array([1.0, 0.0])
    assert log_loss(y, 1 - y) == pytest.approx(-np.log(1e-6))
    assert log_loss(y, y) == pytest.approx(0.0, abs=1e-5)


def test_a_perfect_model_has_perfect_scores() -> None:
    """Probabilities equal to the labels: no loss, full skill, all exceedances found."""
    y = (np.arange(50) < 5).astype(float)
    reference = np.full(50, 0.1)
    found = {name: score(y, y, reference) for name, score in SCORES.items()}
    assert found.pop("log_loss") == pytest.approx(0.0, abs=1e-5)
    assert found == {
        "brier": 0.0,
        "brier_skill": 1.0,
        "auc": 1.0,
        "average_precision": 1.0,
        "ece": 0.0,
        "sensitivity_at_budget": 1.0,
    }


@pytest.mark.parametrize(("label", "undefined"), [(0.0, True), (1.0, False)])
def test_a_single_class_leaves_scores_undefined_and_not_zero(label, undefined) -> None:
    """Without both classes AUC and average precision are None; losses are still numbers."""
    y, p = np.full(8, label), np.linspace(0.1, 0.8, 8)
    assert auc(y, p) is None
    assert average_precision(y, p) is None
    assert (sensitivity_at_budget(y, p) is None) == undefined
    assert log_loss(y, p) > 0


def test_no_sample_defines_no_score() -> None:
    """Every score of nothing is None."""
    nothing = np.zeros(0)
    assert all(score(nothing, nothing, nothing) is None for score in SCORES.values())


def test_the_reasons_name_the_counts() -> None:
    """The reason says what there is too much or too little of."""
    assert "no sample" in scores.why_undefined(np.zeros(0))
    assert scores.why_undefined(np.ones(4)) == "every one of 4 samples exceeds the limit"


def test_skill_is_against_the_training_prevalence() -> None:
    """A model that says the reference has no skill, one that is worse has less than none."""
    y, p = _drawn()
    reference = np.full(len(y), y.mean())
    assert brier_skill(y, reference, reference) == pytest.approx(0.0)
    assert brier_skill(y, 1 - p, reference) < 0 < brier_skill(y, p, reference)


def test_bins_hold_equal_counts_and_keep_ties_together() -> None:
    """Ten bins of a hundred different probabilities hold ten each; a tie is never divided."""
    assert np.bincount(equal_count_bins(np.linspace(0, 1, 100))).tolist() == [10] * 10
    p = np.round(np.random.default_rng(0).random(100), 1)
    number = equal_count_bins(p, 4)
    assert all(len(np.unique(number[p == value])) == 1 for value in np.unique(p))


def test_calibration_error_of_a_biased_model_is_its_bias() -> None:
    """Probabilities 0.2 too high everywhere have an error of 0.2."""
    p = np.repeat([0.3, 0.7], 500)
    y = np.concatenate([np.arange(500) < 50, np.arange(500) < 250]).astype(float)
    assert ece(y, p) == pytest.approx(0.2)


def test_calibration_error_of_calibrated_models_is_what_chance_gives() -> None:
    """Over 30 calibrated data sets the mean error equals that by chance within 10 %."""
    found = [ece(*_drawn(200, seed)) for seed in range(30)]
    by_chance = [ece_by_chance(_drawn(200, seed)[1]) for seed in range(30)]
    assert np.mean(found) == pytest.approx(np.mean(by_chance), rel=0.1)


def test_budget_finds_what_lies_on_top() -> None:
    """Ten exceedances of a hundred, four of them among the ten most probable."""
    p = np.linspace(1, 0, 100)
    y = np.zeros(100)
    y[[0, 2, 5, 9, 10, 30, 50, 60, 80, 99]] = 1
    assert sensitivity_at_budget(y, p, 0.1) == pytest.approx(0.4)
    assert sensitivity_at_budget(y, p, 1.0) == pytest.approx(1.0)


@given(seed=st.integers(0, 1000), budget=st.floats(0.01, 1.0))
@settings(max_examples=30, deadline=None)
def test_scores_do_not_depend_on_row_order(seed: int, budget: float) -> None:
    """Shuffled rows give the same scores."""
    y, p = _drawn(60, seed)
    reference = np.full(60, 0.3)
    order = np.random.default_rng(seed).permutation(60)
    for score in SCORES.values():
        before, after = score(y, p, reference), score(y[order], p[order], reference)
        assert after == (None if before is None else pytest.approx(before, abs=1e-12))
    before, after = (sensitivity_at_budget(y[o], p[o], budget) for o in (np.arange(60), order))
    assert after == (None if before is None else pytest.approx(before, abs=1e-12))


def test_one_probability_finds_its_share() -> None:
    """A model that says the same everywhere finds as much as chance."""
    y, _ = _drawn()
    assert sensitivity_at_budget(y, np.full(len(y), 0.3), 0.1) == pytest.approx(0.1)
