"""Two models side by side: predictions paired by sample, with intervals by blocks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hotspot.errors import FoldError
from hotspot.evaluation.compare import pooled_extra, pooled_score
from hotspot.evaluation.pairs import distribution_differences, label_differences
from hotspot.evaluation.predictions import KNOWN, Predictions
from hotspot.evaluation.scores import losses_log
from hotspot.folds.score_blocks import score_blocks

LIMIT = 50.0
N = 240


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    """Return a survey whose concentrations rise to the east."""
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 6000, (N, 2))
    value = 20 + 60 * places[:, 0] / 6000 + rng.normal(0, 8, N)
    return pd.DataFrame(
        {
            "easting": places[:, 0],
            "northing": places[:, 1],
            "lower_mg_kg": value,
            "upper_mg_kg": value,
        },
        index=pd.Index([f"s{k:03d}" for k in range(N)], name="sample_id"),
    )


@pytest.fixture(scope="module")
def table(samples: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a good model under one plan, two repeats."""
    rng = np.random.default_rng(5)
    value = samples["lower_mg_kg"].to_numpy()
    parts = []
    for repeat in range(2):
        log_odds = (value - LIMIT + rng.normal(0, 6, N)) / 6
        parts.append(
            pd.DataFrame(
                {
                    "sample_id": samples.index,
                    "plan": "block",
                    "repeat": repeat,
                    "fold": rng.integers(0, 5, N),
                    "label": (value > LIMIT).astype(float),
                    "probability": 1 / (1 + np.exp(-log_odds)),
                    "prevalence": 0.5,
                    "crps": np.abs(rng.normal(5, 1, N)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def found(table: pd.DataFrame, samples: pd.DataFrame, limit: float = LIMIT) -> Predictions:
    return Predictions.read(table, samples, limit)


def permuted(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the table with one column shuffled within each repeat."""
    rng = np.random.default_rng(6)
    shuffled = table.groupby("repeat")[column].transform(lambda part: rng.permutation(part))
    return table.assign(**{column: shuffled})


def test_identical_runs_have_no_difference(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Difference, error and interval are exactly 0, and the sentence says so."""
    one = found(table, samples)
    for each in [*label_differences(one, one), *distribution_differences(one, one)]:
        assert each.difference.mean == 0.0
        assert each.difference.se == 0.0
        assert each.interval == (0.0, 0.0)
        assert each.better == "unknown"
        assert each.sentence("A", "B").startswith("No difference could be told")


def test_permuted_predictions_are_worse(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Predictions given to the wrong samples lose, beyond the interval, in both directions."""
    good, bad = found(table, samples), found(permuted(table, "probability"), samples)
    for each in label_differences(good, bad):
        assert each.difference.mean is not None
        assert each.difference.mean > 0
        assert each.interval is not None
        assert each.interval[0] > 0
        assert each.better == "first"
        assert each.sentence("A", "B").startswith("A is better than B")
    for each in label_differences(bad, good):
        assert each.better == "second"
        assert each.sentence("A", "B").startswith("B is better than A")


def test_rounding_is_no_difference(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """A difference of a millionth is told apart from 0 by its interval, and wins nothing."""
    rounded = table.assign(crps=table["crps"] * (1 - 1e-6))
    each = distribution_differences(found(table, samples), found(rounded, samples))[0]
    assert each.interval is not None
    assert each.interval[1] < 0
    assert each.better == "unknown"


def test_pairs_are_made_by_name(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Another order of rows, in predictions or samples, changes no number."""
    other = permuted(table, "probability")
    expected = label_differences(found(table, samples), found(other, samples))
    shuffled = other.sample(frac=1.0, random_state=1)
    turned = samples.sample(frac=1.0, random_state=2)
    assert label_differences(found(table, samples), found(shuffled, turned)) == expected


def test_the_difference_is_the_mean_of_paired_losses(
    table: pd.DataFrame, samples: pd.DataFrame
) -> None:
    """Second minus first equals the mean difference of the losses, computed by hand."""
    other = permuted(table, "probability")
    log_loss = label_differences(found(table, samples), found(other, samples))[0]
    y = table["label"].to_numpy()
    by_hand = losses_log(y, other["probability"].to_numpy()) - losses_log(
        y, table["probability"].to_numpy()
    )
    assert log_loss.difference.mean == pytest.approx(by_hand.mean(), abs=1e-12)
    assert log_loss.n_samples == N


def test_samples_without_answer_in_one_repeat_keep_those_of_the_others(
    table: pd.DataFrame, samples: pd.DataFrame
) -> None:
    """Scores of both are those that each run reports, and the difference lies between them."""
    silent = (table["repeat"] == 0) & table["sample_id"].isin(samples.index[:30])
    holes = {
        "probability": table["probability"].mask(silent),
        "crps": table["crps"].mask(silent),
    }
    one = table.assign(**holes)
    two = permuted(permuted(table, "probability"), "crps").assign(
        probability=lambda t: t["probability"].mask(silent),
        crps=lambda t: t["crps"].mask(silent),
    )
    first, second = found(one, samples), found(two, samples)
    blocks = score_blocks(samples[["easting", "northing"]].to_numpy())
    for each in [*label_differences(first, second), *distribution_differences(first, second)]:
        pooled = pooled_extra if each.score == "crps" else pooled_score
        own = [pooled(run.under("block"), blocks, each.score) for run in (first, second)]
        assert each.first.mean == pytest.approx(own[0].mean, rel=1e-12)
        assert each.second.mean == pytest.approx(own[1].mean, rel=1e-12)
        assert each.difference.mean == pytest.approx(own[1].mean - own[0].mean, rel=1e-9)
        assert each.n_samples == N


def test_pairing_narrows_the_interval(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """What is hard for both cancels: folds that differ give a wider interval."""
    nudged = table.assign(probability=np.clip(table["probability"] * 0.9 + 0.05, 0.01, 0.99))
    paired = label_differences(found(table, samples), found(nudged, samples))[0]
    rng = np.random.default_rng(7)
    other_folds = nudged.assign(fold=rng.integers(0, 5, len(nudged)))
    unpaired = label_differences(found(table, samples), found(other_folds, samples))[0]
    assert not paired.unpaired
    assert "not the same" in unpaired.unpaired
    assert f"{N} samples are common" in unpaired.unpaired
    assert unpaired.difference.mean == pytest.approx(paired.difference.mean or 0.0, abs=1e-12)
    assert paired.interval is not None
    assert unpaired.interval is not None
    assert np.diff(unpaired.interval)[0] > 2 * np.diff(paired.interval)[0]


def test_folds_of_other_numbers_are_the_same_folds(
    table: pd.DataFrame, samples: pd.DataFrame
) -> None:
    """Who is tested together counts, not how a fold is numbered."""
    renumbered = table.assign(fold=(table["fold"] + 3) % 5)
    assert not label_differences(found(table, samples), found(renumbered, samples))[0].unpaired


def test_only_common_samples_count(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Samples that one run lacks, that were moved or measured anew are left aside."""
    kept = table[table["sample_id"] >= "s040"]
    changed = samples.copy()
    changed.loc["s050", "easting"] += 10.0
    changed.loc["s051", ["lower_mg_kg", "upper_mg_kg"]] *= 1.01
    each = label_differences(found(table, samples), found(kept, changed))[0]
    assert each.n_samples == N - 42
    assert each.difference.mean == 0.0


def test_other_limits_are_refused(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Scores at two limits answer two questions; the CRPS asks about none."""
    one, two = found(table, samples), found(table, samples, limit=80.0)
    with pytest.raises(FoldError, match="different limits, 50 and 80 mg/kg"):
        label_differences(one, two)
    assert distribution_differences(one, two)[0].difference.mean == 0.0


def test_a_common_plan_is_needed(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Runs without a common plan are refused by the names of their plans."""
    other = found(table.assign(plan="knndm"), samples)
    with pytest.raises(FoldError, match="block on one side, knndm on the other"):
        label_differences(found(table, samples), other)


def test_a_model_without_distribution_has_no_crps(
    table: pd.DataFrame, samples: pd.DataFrame
) -> None:
    """A column that is all NaN, as in a table of several models, is no score."""
    one = found(table.assign(crps=np.nan), samples)
    assert distribution_differences(one, found(table, samples)) == []


def test_a_better_crps_is_told(table: pd.DataFrame, samples: pd.DataFrame) -> None:
    """Distributions that are better by a tenth are told apart, though no label changed."""
    better = table.assign(crps=table["crps"] * 0.9)
    each = distribution_differences(found(table, samples), found(better, samples))[0]
    assert each.score == "crps"
    assert each.better == "second"
    assert each.difference.mean == pytest.approx(-0.1 * table["crps"].mean(), rel=1e-9)


def test_predictions_of_strange_samples_are_refused(
    table: pd.DataFrame, samples: pd.DataFrame
) -> None:
    """A prediction of a sample that the run does not have points to mixed runs."""
    with pytest.raises(FoldError, match="1 samples are not those of the run: s000"):
        found(table, samples.drop(index="s000"))
    with pytest.raises(FoldError, match="2 predictions stand twice"):
        found(pd.concat([table, table.iloc[:2]]), samples)


def test_the_places_are_kept_with_the_predictions(
    table: pd.DataFrame, samples: pd.DataFrame
) -> None:
    """Coordinates follow the names asked, whatever the order of the table."""
    one = replace(found(table, samples), samples=samples[list(KNOWN)].iloc[::-1])
    asked = np.array(["s007", "s003"])
    expected = samples.loc[asked, ["easting", "northing"]].to_numpy()
    np.testing.assert_array_equal(one.coordinates(asked), expected)
