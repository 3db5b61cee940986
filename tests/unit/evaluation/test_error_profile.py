"""The error profile: it finds a planted rise of the error, and no rise where there is none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import ModelError
from hotspot.estimators.applicability.error_profile import PROFILE_COLUMNS, ErrorProfile
from hotspot.evaluation.error_profile import error_profile, profile_strength
from hotspot.evaluation.out_of_fold import OutOfFold
from hotspot.folds.plan import FoldPlan


def _run(wrong: float, seed: int = 0, n: int = 2000) -> OutOfFold:
    """Return predictions that fade to one half with the dissimilarity, `wrong` of the way."""
    rng = np.random.default_rng(seed)
    index = rng.random(n)
    z = 3 * rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(float)
    names = np.arange(n).astype(str)
    return OutOfFold(
        plan=FoldPlan("block", 0, names, np.arange(n) % 5),
        label=label,
        probability=1 / (1 + np.exp(-z * (1 - wrong * index))),
        prevalence=np.full(n, 0.5),
        extra={
            "dissimilarity": index,
            "coverage_90": (rng.random(n) < 0.95 - 0.3 * index).astype(float),
        },
    )


BLOCKS = np.arange(2000) // 20


def test_a_planted_rise_is_found() -> None:
    """The curve rises from the error near the samples to that far away."""
    run = _run(wrong=1.0)
    table = error_profile([run], BLOCKS).table
    loss = (run.label - run.probability) ** 2
    index = run.extra["dissimilarity"]
    assert table["brier"].iloc[0] == pytest.approx(loss[index < 0.08].mean(), abs=0.03)
    assert table["brier"].iloc[-1] == pytest.approx(loss[index > 0.92].mean(), abs=0.03)
    assert (np.diff(table["brier"]) >= 0).all()
    assert (np.diff(table["coverage_90"]) <= 0).all()
    assert table["coverage_90"].iloc[-1] == pytest.approx(0.66, abs=0.08)
    assert table["n"].sum() == 2000
    assert profile_strength([run], BLOCKS).word in ("moderate", "strong")


def test_where_nothing_rises_none_is_told() -> None:
    """An error that does not depend on the index is called none, not weak."""
    words = [profile_strength([_run(0.0, seed)], BLOCKS).word for seed in range(8)]
    assert words == 8 * ["none"]


def test_an_error_that_falls_is_called_opposite() -> None:
    """Far from the samples the probabilities may be extreme, and right."""
    run = _run(wrong=1.0)
    turned = replace(run, extra={"dissimilarity": 1 - run.extra["dissimilarity"]})
    assert profile_strength([turned], BLOCKS).word == "opposite"


def test_the_band_holds_the_truth_about_as_often_as_it_says() -> None:
    """Of 40 surveys, the 90 % band at the middle class holds the expected error of most."""
    truth = np.mean(
        [
            ((run.label - run.probability) ** 2)[
                np.abs(run.extra["dissimilarity"] - 0.5) < 0.05
            ].mean()
            for run in (_run(1.0, seed) for seed in range(100, 140))
        ]
    )
    held = 0
    for seed in range(40):
        table = error_profile([_run(1.0, seed)], BLOCKS, random_state=seed).table
        middle = table.iloc[(table["dissimilarity"] - 0.5).abs().argmin()]
        held += middle["brier_lower"] <= truth <= middle["brier_upper"]
    assert held >= 32


def test_repeats_are_pooled_with_their_samples() -> None:
    """A run given twice has the same curve, and no narrower a band."""
    run = _run(wrong=0.5)
    once = error_profile([run], BLOCKS).table
    twice = error_profile([run, run], BLOCKS).table
    np.testing.assert_allclose(twice["brier"], once["brier"])
    np.testing.assert_allclose(twice["brier_upper"], once["brier_upper"])


def test_the_same_seed_gives_the_same_band() -> None:
    """Draws come from the seed alone."""
    run = _run(wrong=0.5)
    one, two, other = (error_profile([run], BLOCKS, random_state=s).table for s in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)


def test_few_predictions_give_no_profile() -> None:
    """Fewer than 60 known errors are no curve."""
    run = _run(wrong=0.0)
    label = np.where(np.arange(2000) < 59, run.label, np.nan)
    assert error_profile([replace(run, label=label)], BLOCKS) is None


def test_a_classifier_has_a_profile_without_coverage() -> None:
    """Without intervals the share within them is missing, and the error is not."""
    run = _run(wrong=0.5)
    plain = replace(run, extra={"dissimilarity": run.extra["dissimilarity"]})
    table = error_profile([plain], BLOCKS).table
    assert table["coverage_90"].isna().all()
    assert table["brier"].notna().all()


def test_a_profile_survives_its_state() -> None:
    """Plain values give the same table again, missing coverage included."""
    run = _run(wrong=0.5)
    plain = replace(run, extra={"dissimilarity": run.extra["dissimilarity"]})
    for each in (run, plain):
        profile = error_profile([each], BLOCKS)
        again = ErrorProfile.from_dict(profile.to_dict())
        pd.testing.assert_frame_equal(again.table, profile.table)


def test_nothing_is_expected_beyond_reach() -> None:
    """The expected error is missing where the index exceeds that of every left-out sample."""
    profile = error_profile([_run(wrong=0.5)], BLOCKS)
    edge = profile.reach
    answer = profile.expected_brier(np.array([0.0, edge, np.nextafter(edge, 2.0), np.nan]))
    assert np.isfinite(answer).tolist() == [True, True, False, False]


def test_a_table_that_is_no_profile_is_refused() -> None:
    """Columns must be those of a profile."""
    with pytest.raises(ModelError, match="lacks the columns brier_upper"):
        ErrorProfile(pd.DataFrame({n: [0.1] for n in PROFILE_COLUMNS if n != "brier_upper"}))
