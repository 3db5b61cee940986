"""Out-of-fold prediction, the score ledger, and their uncertainty."""

import json
from collections.abc import Callable
from typing import Self

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from hotspot.errors import FoldError, ModelError, OutputError
from hotspot.estimators import LogisticClassifier, UnseenClassWarning
from hotspot.estimators.base import ModelState
from hotspot.evaluation import (
    OutOfFold,
    block_jackknife,
    out_of_fold,
    paired_difference,
    pooled_score,
    predictions_table,
    read_ledger,
    reliability_curve,
    score_blocks,
    score_ledger,
    write_ledger,
)
from hotspot.evaluation.out_of_fold import fold_answers, joined_folds
from hotspot.evaluation.reliability import wilson_interval
from hotspot.evaluation.self_consistency import expected_labels
from hotspot.files import write_table
from hotspot.folds import FoldPlan
from hotspot.observations.limits.exceedance import exceedance_labels
from hotspot.samples.sampleset import Samples

LIMIT = 10.0


class Toy:
    """A model that keeps no state worth saving."""

    def to_state(self) -> ModelState:
        """Return nothing much."""
        return ModelState("toy", {})

    @classmethod
    def from_state(cls, state: ModelState) -> Self:
        """Return a new one."""
        return cls()


class OneColumn(Toy):
    """Logistic regression on the first covariate; refuses a single class."""

    def fit(self, X, lower, upper, *, coordinates=None) -> Self:
        """Learn."""
        y = exceedance_labels(lower, upper, LIMIT)
        known = np.isfinite(y)
        if len(np.unique(y[known])) < 2:
            raise ModelError("One class only. Give both.")
        self.model_ = LogisticRegression().fit(X.iloc[known, :1].to_numpy(), y[known])
        return self

    def exceedance(self, X, threshold, *, coordinates=None) -> np.ndarray:
        """Return probabilities."""
        return self.model_.predict_proba(X.iloc[:, :1].to_numpy())[:, 1]


class Memory(Toy):
    """Knows the places it was trained on, and says 1 there and 0 elsewhere."""

    def fit(self, X, lower, upper, *, coordinates=None) -> Self:
        """Learn."""
        self.places_ = {tuple(place) for place in coordinates}
        return self

    def exceedance(self, X, threshold, *, coordinates=None) -> np.ndarray:
        """Return probabilities."""
        return np.array([float(tuple(place) in self.places_) for place in coordinates])


class Shares(Toy):
    """Says the training prevalence of the known labels everywhere; never refuses."""

    def fit(self, X, lower, upper, *, coordinates=None) -> Self:
        """Learn."""
        known = exceedance_labels(lower, upper, LIMIT)
        known = known[np.isfinite(known)]
        self.share_ = (known.sum() + 0.5) / (len(known) + 1)
        return self

    def exceedance(self, X, threshold, *, coordinates=None) -> np.ndarray:
        """Return probabilities."""
        return np.full(len(X), self.share_)


def _samples(n: int = 200, seed: int = 0, slope: float = 2.0) -> Samples:
    """Return samples whose exceedance follows the first covariate with a known slope."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 2)), columns=["driver", "noise"])
    above = rng.random(n) < 1 / (1 + np.exp(-slope * X["driver"].to_numpy() + 1))
    concentration = np.where(above, 2 * LIMIT, LIMIT / 2)
    return Samples(
        sample_id=np.array([f"s{number:03d}" for number in range(n)]),
        X=X,
        lower=concentration,
        upper=concentration.copy(),
        coordinates=rng.uniform(0, 100, (n, 2)),
    )


def _plan(samples: Samples, k: int = 5, name: str = "random", repeat: int = 0) -> FoldPlan:
    fold = np.random.default_rng(repeat).permutation(len(samples)) % k
    return FoldPlan(name, repeat, samples.sample_id, fold)


def _run(y: np.ndarray, p: np.ndarray, name: str = "random", repeat: int = 0) -> OutOfFold:
    ids = np.arange(len(y)).astype(str)
    plan = FoldPlan(name, repeat, ids, np.arange(len(y)) % 2)
    return OutOfFold(plan, y, p, np.full(len(y), 0.3))


def test_no_sample_is_predicted_by_a_model_that_saw_it() -> None:
    """A model that remembers its training places says 0 for every sample."""
    samples = _samples()
    assert (out_of_fold(Memory, samples, _plan(samples), LIMIT).probability == 0).all()


def test_predictions_are_those_of_a_fit_by_hand() -> None:
    """Fold 2, trained by hand on the others, gives the same probabilities."""
    samples = _samples()
    plan = _plan(samples)
    found = out_of_fold(OneColumn, samples, plan, LIMIT)
    test = plan.fold == 2
    train = samples.take(~test)
    model = OneColumn().fit(train.X, train.lower, train.upper)
    expected = model.exceedance(samples.take(test).X, LIMIT)
    np.testing.assert_allclose(found.probability[test], expected)


def test_a_planted_driver_is_found_and_noise_is_not() -> None:
    """With a slope the skill is well above 0, without it is at most about 0."""
    found = {}
    for slope in (2.0, 0.0):
        samples = _samples(400, slope=slope)
        run = out_of_fold(OneColumn, samples, _plan(samples), LIMIT)
        blocks = score_blocks(samples.coordinates)
        found[slope] = pooled_score([run], blocks, "brier_skill").mean
    assert found[2.0] > 0.2
    assert -0.05 < found[0.0] < 0.02


def test_row_order_of_the_plan_changes_nothing() -> None:
    """A plan of more samples in another order gives the same predictions."""
    samples = _samples()
    plan = _plan(samples)
    order = np.random.default_rng(5).permutation(200)
    wider = FoldPlan(
        "random",
        0,
        np.append(plan.sample_id[order], "elsewhere"),
        np.append(plan.fold[order], 0),
    )
    first = out_of_fold(OneColumn, samples, plan, LIMIT)
    second = out_of_fold(OneColumn, samples, wider, LIMIT)
    np.testing.assert_array_equal(first.probability, second.probability)


def test_a_label_that_is_not_known_counts_by_its_expectation() -> None:
    """A non-detect whose limit straddles the threshold is one label more, of other samples."""
    samples = _samples()
    samples.lower[:20], samples.upper[:20] = 0.0, 2 * LIMIT
    run = out_of_fold(OneColumn, samples, _plan(samples), LIMIT)
    assert run.is_scored.all()
    np.testing.assert_array_equal(
        run.label, expected_labels(samples.lower, samples.upper, LIMIT, run.probability)
    )
    assert ((run.label[:20] > 0) & (run.label[:20] < 1)).all()
    assert run.prevalence.max() < 0.5


def test_unknown_labels_are_predicted_but_not_scored() -> None:
    """Where every detection limit lies above the threshold, nobody saw what lies below it."""
    samples = _samples()
    below = samples.lower <= LIMIT
    samples.lower[below], samples.upper[below] = 0.0, 2 * LIMIT
    run = out_of_fold(OneColumn, samples, _plan(samples), LIMIT)
    assert np.isnan(run.label[below]).all()
    assert np.isfinite(run.probability).all()
    assert run.is_scored.sum() == (~below).sum()
    changed = OutOfFold(
        run.plan,
        run.label,
        np.where(np.isnan(run.label), 0.999, run.probability),
        run.prevalence,
    )
    blocks = score_blocks(samples.coordinates)
    assert pooled_score([run], blocks, "log_loss") == pooled_score(
        [changed], blocks, "log_loss"
    )


def test_a_single_class_is_predicted_with_the_smoothed_prevalence() -> None:
    """A refused single-class training part gives (k + 0.5) / (m + 1), and is recorded."""
    samples = _samples(40)
    fold = (samples.lower > LIMIT).astype(int)
    plan = FoldPlan("block", 0, samples.sample_id, fold)
    run = out_of_fold(OneColumn, samples, plan, LIMIT)
    below, above = int((fold == 0).sum()), int((fold == 1).sum())
    assert run.single_class == (0, 1)
    assert run.untrained == ()
    np.testing.assert_allclose(run.probability[fold == 1], 0.5 / (below + 1))
    np.testing.assert_allclose(run.probability[fold == 0], (above + 0.5) / (above + 1))


def test_the_reference_is_what_the_prevalence_baseline_says() -> None:
    """A model of the smoothed training share has exactly no skill, fold by fold."""
    samples = _samples()
    run = out_of_fold(Shares, samples, _plan(samples), LIMIT)
    np.testing.assert_allclose(run.probability, run.prevalence)
    score = pooled_score([run], score_blocks(samples.coordinates), "brier_skill")
    assert score.mean == pytest.approx(0.0, abs=1e-12)


def test_a_fold_without_training_samples_is_not_predicted() -> None:
    """A buffer over everything leaves NaN and a record, not a guess."""
    samples = _samples(20)
    plan = FoldPlan("buffered", 0, samples.sample_id, np.arange(20) % 2, 1e6)
    run = out_of_fold(OneColumn, samples, plan, LIMIT)
    assert np.isnan(run.probability).all()
    assert run.untrained == (0, 1)


def straddling(samples: Samples) -> FoldPlan:
    """Return three folds, after hiding most labels: without one, of one class, and of both."""
    samples.lower[:10], samples.upper[:10] = 0.0, 2 * LIMIT
    samples.lower[10:], samples.upper[10:] = LIMIT / 2, LIMIT / 2
    samples.lower[-4:], samples.upper[-4:] = 2 * LIMIT, 2 * LIMIT
    fold = np.repeat([0, 1, 2], [10, len(samples) - 14, 4])
    return FoldPlan("x", 0, samples.sample_id, fold)


@pytest.mark.parametrize(
    ("model", "plan"),
    [(OneColumn, _plan), (Shares, straddling), (OneColumn, straddling)],
)
def test_folds_answered_apart_are_those_answered_together(
    model: type[Toy], plan: Callable[[Samples], FoldPlan]
) -> None:
    """Whichever process answers which fold, with what is recorded of each."""
    samples = _samples(40)
    folds = plan(samples)
    whole = out_of_fold(model, samples, folds, LIMIT)
    apart = [fold_answers(model, samples, folds, LIMIT, {n}) for n in np.unique(folds.fold)]
    joined = joined_folds([each for some in apart for each in some], samples, folds, LIMIT)
    pd.testing.assert_frame_equal(joined.to_frame(), whole.to_frame(), check_exact=True)
    assert (joined.single_class, joined.untrained) == (whole.single_class, whole.untrained)


def test_training_parts_without_a_label_are_not_predicted() -> None:
    """Where every training label is unknown, a refusal gives NaN and a record."""
    samples = _samples(20)
    samples.lower[:10], samples.upper[:10] = 0.0, 2 * LIMIT
    plan = FoldPlan("x", 0, samples.sample_id, np.repeat([0, 1], 10))
    run = out_of_fold(OneColumn, samples, plan, LIMIT)
    assert np.isnan(run.probability[10:]).all()
    assert run.untrained == (1,)


def test_other_refusals_of_a_model_are_not_hidden() -> None:
    """A model that fails with both classes present fails the evaluation."""

    class Broken(OneColumn):
        def fit(self, X, lower, upper, *, coordinates=None) -> Self:
            """Refuse."""
            raise ModelError("Broken. Mend it.")

    samples = _samples()
    with pytest.raises(ModelError, match="Mend it"):
        out_of_fold(Broken, samples, _plan(samples), LIMIT)


def test_answers_outside_the_unit_interval_are_refused() -> None:
    """A probability of 1.5 is an error of the model, not a score."""

    class Boastful(Memory):
        def exceedance(self, X, threshold, *, coordinates=None) -> np.ndarray:
            """Return what is no probability."""
            return np.full(len(X), 1.5)

    samples = _samples()
    with pytest.raises(ModelError, match="40 of them outside"):
        out_of_fold(Boastful, samples, _plan(samples), LIMIT)


def test_jackknife_of_a_mean_is_the_ordinary_standard_error() -> None:
    """With one sample per block, it is the standard deviation over root n."""
    values = np.random.default_rng(0).normal(size=50)
    error = block_jackknife(lambda keep: float(values[keep].mean()), np.arange(50))
    assert error == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_block_errors_are_honest_under_correlation_within_blocks() -> None:
    """When losses are alike within blocks, the error by blocks covers the truth, iid not.

    Over 200 surveys of 20 blocks with 10 samples each, the mean squared error by blocks is
    within a fifth of the true variance of the mean; that by single samples is below half.
    """
    rng = np.random.default_rng(0)
    blocks, single = np.repeat(np.arange(20), 10), np.arange(200)
    means, by_blocks, by_samples = [], [], []
    for _ in range(200):
        losses = np.repeat(rng.normal(size=20), 10) + rng.normal(size=200)

        def mean(keep: np.ndarray, losses: np.ndarray = losses) -> float:
            return float(losses[keep].mean())

        means.append(losses.mean())
        by_blocks.append(block_jackknife(mean, blocks) ** 2)
        by_samples.append(block_jackknife(mean, single) ** 2)
    assert np.mean(by_blocks) == pytest.approx(np.var(means), rel=0.2)
    assert np.mean(by_samples) < 0.5 * np.var(means)


def test_an_error_that_hangs_on_one_block_is_not_known() -> None:
    """All exceedances in one block: AUC has a value, and a reason for no error."""
    y = np.repeat([1.0, 0.0, 0.0, 0.0], 5)
    found = pooled_score([_run(y, np.linspace(0.9, 0.1, 20))], np.repeat(range(4), 5), "auc")
    assert found.mean == 1.0
    assert found.se is None
    assert "without one of 4 blocks" in found.reason


def test_repeats_are_not_new_data() -> None:
    """The same predictions repeated have the same mean and the same standard error."""
    y = np.random.default_rng(0).integers(0, 2, 60).astype(float)
    p = np.random.default_rng(1).random(60)
    blocks = np.arange(60) // 6
    once = pooled_score([_run(y, p)], blocks, "log_loss")
    thrice = pooled_score([_run(y, p, repeat=r) for r in range(3)], blocks, "log_loss")
    assert thrice.mean == pytest.approx(once.mean)
    assert thrice.se == pytest.approx(once.se)


def test_the_draw_of_folds_is_part_of_the_error() -> None:
    """Two plans drawn alike differ by chance only: nine gaps of ten are within their error.

    What a draw of folds does to all predictions alike has nothing to do with place, and a
    standard error by blocks alone would not know of it. The limit is Student's, 8 degrees.
    """
    rng = np.random.default_rng(0)
    y, blocks = rng.integers(0, 2, 100).astype(float), np.arange(100) // 5
    inside = []
    for _ in range(100):
        shifts = rng.normal(0, 0.05, 10)
        runs = [
            _run(y, np.full(100, 0.5) + shift, "random" if number < 5 else "knndm", number % 5)
            for number, shift in enumerate(shifts)
        ]
        gap = paired_difference(runs[:5], runs[5:], blocks, lambda y, p, _: float(p.mean()))
        inside.append(abs(gap.mean) < 2.3 * gap.se)
    assert np.mean(inside) >= 0.9


def test_repeats_are_averaged_and_folds_pooled() -> None:
    """AUC is that of all folds of a repeat together, then the mean over repeats."""
    y = np.array([1.0, 0, 1, 0])
    ranked, reversed_ = np.array([0.9, 0.1, 0.8, 0.2]), np.array([0.1, 0.9, 0.2, 0.8])
    runs = [_run(y, ranked), _run(y, reversed_, repeat=1)]
    assert pooled_score(runs, np.arange(4), "auc").mean == pytest.approx(0.5)


def test_a_paired_difference_is_surer_than_its_parts() -> None:
    """Two models that err on the same samples differ more surely than each is known."""
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 200).astype(float), rng.random(200)
    blocks = np.arange(200) // 10
    first, second = [_run(y, p)], [_run(y, np.clip(p + 0.02 * (0.5 - y), 0, 1))]
    found = paired_difference(first, second, blocks, "brier")
    direct = pooled_score(first, blocks, "brier")
    other = pooled_score(second, blocks, "brier")
    assert found.mean == pytest.approx(direct.mean - other.mean)
    assert found.se < 0.5 * direct.se


def test_paired_models_are_compared_on_what_both_predicted() -> None:
    """A sample that one model left out counts for neither."""
    y = np.array([1.0, 0, 1, 0])
    first = [_run(y, np.array([0.9, 0.1, 0.9, 0.1]))]
    second = [_run(y, np.array([0.9, 0.1, 0.9, np.nan]))]
    assert paired_difference(first, second, np.arange(4)).mean == pytest.approx(0.0)


def test_other_samples_are_refused_as_a_pair() -> None:
    """Predictions of different samples cannot be paired."""
    y = np.array([1.0, 0, 1, 0])
    with pytest.raises(FoldError, match="other samples"):
        paired_difference([_run(y, y)], [_run(y[:3], y[:3])], np.arange(4))


def test_an_unknown_score_is_refused_with_the_nearest_name() -> None:
    """A misspelt score is met with the name that was meant."""
    y = np.array([1.0, 0.0])
    with pytest.raises(FoldError, match="Did you mean 'log_loss'"):
        pooled_score([_run(y, y)], np.arange(2), "logloss")


def test_blocks_for_errors_are_neither_few_nor_many() -> None:
    """Whatever the spacing, there are 10 to 60 blocks."""
    places = np.random.default_rng(0).uniform(0, 1000, (500, 2))
    for spacing in (1.0, 100.0, 5000.0, None):
        assert 10 <= len(np.unique(score_blocks(places, spacing))) <= 60


def _ledger(samples: Samples) -> dict:
    predictions = {
        "zn": {
            model.__name__.lower(): [
                out_of_fold(model, samples, _plan(samples, 5, plan, repeat), LIMIT)
                for plan in ("random", "knndm")
                for repeat in (0, 1)
            ]
            for model in (OneColumn, Shares)
        }
    }
    blocks = {"zn": score_blocks(samples.coordinates)}
    separations = {"zn": {"random": 40.0, "knndm": 3.0}}
    return score_ledger(predictions, blocks, separations=separations)


def test_the_ledger_has_the_promised_shape() -> None:
    """Contaminant, model, plan, score, then mean and standard error."""
    ledger = _ledger(_samples())
    assert set(ledger) == {"zn", "gap", "separation", "samples", "folds"}
    assert set(ledger["zn"]) == {"onecolumn", "shares"}
    scores = ledger["zn"]["onecolumn"]["knndm"]
    assert {
        *("log_loss", "brier", "brier_skill", "auc", "average_precision", "ece"),
        *("sensitivity_at_budget", "ece_by_chance", "ece_excess"),
    } == set(scores)
    assert all({"mean", "se"} <= set(entry) for entry in scores.values())
    assert ledger["separation"]["zn"]["knndm"] == 3.0


def test_the_gap_is_random_minus_knndm() -> None:
    """The gap of log loss is the difference of the two entries of the ledger."""
    ledger = _ledger(_samples())
    scores = ledger["zn"]["onecolumn"]
    expected = scores["random"]["log_loss"]["mean"] - scores["knndm"]["log_loss"]["mean"]
    assert ledger["gap"]["zn"]["onecolumn"]["log_loss"]["mean"] == pytest.approx(expected)


def test_the_ledger_counts_samples_and_unknown_labels() -> None:
    """Of those whose interval holds the limit, fewer exceed than of those that were told."""
    samples = _samples()
    samples.lower[:20], samples.upper[:20] = 0.0, 2 * LIMIT
    counts = _ledger(samples)["samples"]["zn"]
    assert (counts["n"], counts["n_unknown"]) == (200, 20)
    assert counts["prevalence"] < (samples.lower[20:] > LIMIT).mean()


def test_undefined_scores_are_null_with_a_reason_and_json_holds_no_nan(tmp_path) -> None:
    """Without an exceedance AUC is null with a reason; strict JSON takes the ledger."""
    samples = _samples()
    samples.lower[:], samples.upper[:] = LIMIT / 2, LIMIT / 2
    ledger = _ledger(samples)
    entry = ledger["zn"]["onecolumn"]["random"]["auc"]
    assert entry == {
        "mean": None,
        "se": None,
        "reason": "none of 200 samples exceeds the limit",
    }
    assert ledger["folds"]["zn"]["onecolumn"]["random"]["n_single_class_folds"] == 10
    path = tmp_path / "metrics.json"
    write_ledger(ledger, path)
    assert read_ledger(path) == json.loads(json.dumps(ledger)) == ledger


def test_a_ledger_with_nan_is_refused(tmp_path) -> None:
    """NaN never reaches the file, and no file is left."""
    with pytest.raises(OutputError, match="holds NaN"):
        write_ledger({"zn": float("nan")}, tmp_path / "metrics.json")
    assert not list(tmp_path.iterdir())


def test_scores_of_distribution_models_appear_when_they_are_there() -> None:
    """Coverage is a mean and the error of the logarithm a root mean square, NaN left out."""
    y = np.array([1.0, 0, 1, 0])
    plain = _run(y, np.full(4, 0.5))
    rich = OutOfFold(
        plain.plan,
        y,
        plain.probability,
        plain.prevalence,
        extra={
            "coverage_90": np.array([1.0, 1.0, 0.0, np.nan]),
            "rmse_log": np.array([3.0, -4.0, np.nan, np.nan]),
        },
    )
    ledger = score_ledger({"zn": {"gp": [rich], "trees": [plain]}}, {"zn": np.arange(4)})
    scores = ledger["zn"]["gp"]["random"]
    assert scores["coverage_90"]["mean"] == pytest.approx(2 / 3)
    assert scores["rmse_log"]["mean"] == pytest.approx(np.sqrt(12.5))
    assert "crps" not in scores
    assert "coverage_90" not in ledger["zn"]["trees"]["random"]


def test_predictions_make_one_table(tmp_path) -> None:
    """One row per contaminant, model, plan, repeat and sample, back from disk unchanged."""
    y = np.array([1.0, 0, np.nan])
    table = predictions_table({"zn": {"a": [_run(y, y), _run(y, y, repeat=1)]}})
    assert len(table) == 6
    assert table.columns[:2].tolist() == ["contaminant", "model"]
    write_table(table, tmp_path / "predictions.parquet")
    back = pd.read_parquet(tmp_path / "predictions.parquet")
    pd.testing.assert_frame_equal(back, table, check_dtype=False)


def test_reliability_of_a_calibrated_model_lies_within_its_intervals() -> None:
    """Of the ten bins of 5,000 calibrated predictions at least eight hold the diagonal."""
    rng = np.random.default_rng(0)
    p = rng.beta(1, 2, 5000)
    y = (rng.random(5000) < p).astype(float)
    y[:10] = np.nan
    curve = reliability_curve(y, p)
    assert curve["n"].sum() == 4990
    assert len(curve) == 10
    inside = (curve["lower"] <= curve["predicted"]) & (curve["predicted"] <= curve["upper"])
    assert inside.sum() >= 8


def test_wilson_interval_ends_where_none_or_all_were_found() -> None:
    """Exactly 0 and 1, without the dust of rounding, whatever the number of samples."""
    n = np.arange(1.0, 400.0)
    assert (wilson_interval(np.zeros_like(n), n)[0] == 0).all()
    assert (wilson_interval(n, n)[1] == 1).all()


def test_wilson_interval_has_the_published_values() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, table I, method 3)."""
    lower, upper = wilson_interval(np.array([81.0]), np.array([263.0]))
    assert lower[0] == pytest.approx(0.2553, abs=5e-5)
    assert upper[0] == pytest.approx(0.3662, abs=5e-5)


def test_reliability_without_a_known_label_is_an_empty_table() -> None:
    """Nothing known, nothing drawn."""
    assert reliability_curve(np.array([np.nan]), np.array([0.5])).empty


def test_left_out_samples_of_an_unseen_class_are_told_as_such() -> None:
    """What no training part holds is told of samples and of the plan, not of cells of a map."""
    rng = np.random.default_rng(0)
    found = np.exp(rng.normal(np.log(LIMIT), 1.0, 40))
    X = pd.DataFrame({"slope": rng.normal(size=40), "rock": np.repeat([1.0, 2.0], [38, 2])})
    names = np.array([f"s{k:02d}" for k in range(40)])
    samples = Samples(names, X, found, found, rng.uniform(0, 9, (40, 2)))
    plan = FoldPlan("block", 0, names, np.repeat([0, 1, 2], [19, 19, 2]))
    with pytest.warns(
        UnseenClassWarning, match="^No answer for 2 of the left-out samples .* plan 'block'"
    ):
        told = out_of_fold(lambda: LogisticClassifier(LIMIT, ("rock",)), samples, plan, LIMIT)
    assert np.isnan(told.probability[38:]).all()
    assert np.isfinite(told.probability[:38]).all()
