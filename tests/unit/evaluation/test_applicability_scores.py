"""Scores inside and outside the area of applicability, and calibration beyond chance."""

from dataclasses import replace

import numpy as np
import pytest

from hotspot.evaluation.applicability import SIDES, applicability_scores, on_side
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.evaluation.reliability import calibration_error
from hotspot.evaluation.scores import log_loss
from hotspot.folds.plan import FoldPlan

N = 600
BLOCKS = np.arange(N) // 15


def _run(
    seed: int = 0, *, plan: str = "block", repeat: int = 0, wrong: float = 0.0
) -> OutOfFold:
    """Return predictions that are right inside the index 0.5, and off by `wrong` outside."""
    rng = np.random.default_rng(seed)
    index = rng.random(N)
    z = rng.normal(size=N)
    label = (rng.random(N) < 1 / (1 + np.exp(-z))).astype(float)
    z = np.where(index > 0.5, z + wrong, z)
    label[:20] = np.nan
    index[20:25] = np.nan
    return OutOfFold(
        plan=FoldPlan(plan, repeat, np.arange(N).astype(str), np.arange(N) % 5),
        label=label,
        probability=1 / (1 + np.exp(-z)),
        prevalence=np.full(N, 0.5),
        extra={"dissimilarity": index, "coverage_90": (rng.random(N) < 0.9).astype(float)},
    )


def test_sides_part_the_tested_samples() -> None:
    """Inside and outside are all with a label and an index, none twice; the edge is inside."""
    run = _run()
    edge = float(run.extra["dissimilarity"][100])
    inside, outside = (on_side(run, side, edge).is_scored for side in SIDES)
    np.testing.assert_array_equal(
        inside ^ outside, run.is_scored & np.isfinite(run.extra["dissimilarity"])
    )
    assert not (inside & outside).any()
    assert inside[100]


def test_scores_are_those_of_the_samples_on_the_side() -> None:
    """Log loss and coverage are the means over just these samples."""
    run = _run()
    scores = applicability_scores([run], BLOCKS, 0.5)["block"]
    index = run.extra["dissimilarity"]
    for side, keep in (("inside", index <= 0.5), ("outside", index > 0.5)):
        keep &= run.is_scored
        expected = log_loss(run.label[keep], run.probability[keep])
        assert scores[side]["log_loss"]["mean"] == pytest.approx(expected)
        assert scores[side]["share_above"]["mean"] == pytest.approx(run.label[keep].mean())
        assert scores[side]["n"] == keep.sum()
    assert scores["inside"]["coverage_90"]["mean"] == pytest.approx(0.9, abs=0.06)


def test_a_model_that_is_wrong_outside_only_is_found_out() -> None:
    """The excess calibration error is near 0 inside and clearly above it outside."""
    runs = [_run(seed, repeat=seed, wrong=2.0) for seed in range(2)]
    runs[1] = replace(runs[0], plan=runs[1].plan)
    scores = applicability_scores(runs, BLOCKS, 0.5)["block"]
    inside, outside = (scores[side]["ece_excess"] for side in SIDES)
    assert abs(inside["mean"]) < 2 * inside["se"] + 0.01
    assert outside["mean"] > 0.15
    assert outside["mean"] > 4 * outside["se"]


def test_a_side_without_samples_has_no_score() -> None:
    """Nothing is made up where no left-out sample lies; a classifier has no coverage."""
    run = _run()
    plain = replace(run, extra={"dissimilarity": run.extra["dissimilarity"]})
    scores = applicability_scores([plain], BLOCKS, 2.0)["block"]
    assert scores["outside"] == {"n": 0}
    assert "coverage_90" not in scores["inside"]


def test_plans_are_scored_apart() -> None:
    """Each plan has its entry, its repeats pooled."""
    runs = [_run(0, plan="random"), _run(0, plan="block"), _run(0, plan="block", repeat=1)]
    scores = applicability_scores(runs, BLOCKS, 0.5)
    assert list(scores) == ["random", "block"]
    assert scores["block"]["inside"]["n"] == 2 * scores["random"]["inside"]["n"]


def test_a_calibrated_model_has_no_excess_on_average() -> None:
    """Over many surveys the calibration error exceeds chance by nothing."""
    excess = []
    for seed in range(40):
        run = _run(seed)
        excess.append(calibration_error([run], BLOCKS)["ece_excess"].mean)
    assert np.mean(excess) == pytest.approx(0.0, abs=3 * np.std(excess) / np.sqrt(40))
    assert np.std(excess) > 0


def test_the_excess_is_the_error_minus_chance() -> None:
    """The three entries belong together, and only what was observed has an error."""
    found = calibration_error([_run(wrong=1.0)], BLOCKS)
    assert found["ece_excess"].mean == pytest.approx(
        found["ece"].mean - found["ece_by_chance"].mean
    )
    assert found["ece_excess"].se == found["ece"].se
    assert found["ece_by_chance"].se is None
