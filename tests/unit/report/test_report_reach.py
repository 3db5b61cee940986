"""What the report says of the error inside, outside and away from the samples."""

import pandas as pd
import pytest

from hotspot.errors import OutputError
from hotspot.report.content import PROFILE_COLUMNS, Evaluation, Reach
from hotspot.report.plates import profile_plate
from hotspot.report.score_words import reach_sentence
from hotspot.report.tables import applicability_table
from hotspot.report.words import causal_words

PROFILE = pd.DataFrame(
    [[0.1, 0.2, 40, 0.08, 0.05, 0.1], [0.4, 0.6, 41, 0.16, 0.1, 0.25]],
    columns=list(PROFILE_COLUMNS),
)
SIDES = {
    "block": {
        "inside": {"n": 80, "log_loss": {"mean": 0.31, "se": 0.04}},
        "outside": {"n": 0},
    }
}


def _reach(strength: str, mean: float | None = 0.2, se: float | None = 0.05) -> Reach:
    return Reach(SIDES, PROFILE, {"mean": mean, "se": se}, strength)


@pytest.mark.parametrize(
    ("strength", "says"),
    [
        ("none", "does not tell where the model errs"),
        ("weak", "tells only weakly where the model errs"),
        ("opposite", "errs less, not more"),
        ("strong", "tells well"),
    ],
)
def test_the_strength_is_said_plainly(strength: str, says: str) -> None:
    """A weak relation is called weak, with its number, and without a claim of cause."""
    sentence = reach_sentence(_reach(strength))
    assert says in sentence
    assert "rank correlation 0.2, standard error 0.05" in sentence
    assert ("mask" in sentence) == (strength != "strong")
    assert causal_words(sentence) == []


def test_an_undefined_strength_is_unknown() -> None:
    """Without a correlation nothing is claimed."""
    assert "is not known" in reach_sentence(_reach("unknown", None, None))


def test_a_side_without_samples_is_shown_with_dashes() -> None:
    """Both sides have a row; what was not scored is a dash, never 0."""
    table = applicability_table(_reach("weak"))
    assert [row[:4] for row in table.rows] == [
        ("Blocks", "inside", "80", "0.31 ± 0.04"),
        ("Blocks", "outside", "0", "–"),
    ]


def test_the_profile_is_drawn_with_its_strength_beside_it() -> None:
    """The caption of the chart says how weak the relation is; the table has the counts."""
    evaluation = Evaluation(scores={}, model="gbm", reach=_reach("weak"))
    plate = profile_plate(evaluation, "c1-profile")
    assert plate is not None
    assert "only weakly" in plate.caption
    assert plate.table is not None
    assert [row[2] for row in plate.table.rows] == ["40", "41"]
    assert profile_plate(Evaluation(scores={}, model="gbm"), "c1-profile") is None


def test_a_profile_without_its_columns_is_refused() -> None:
    """The table must be one of a profile."""
    with pytest.raises(OutputError, match=r"error profile table.*no column brier_upper"):
        Reach(SIDES, PROFILE.drop(columns="brier_upper"), {"mean": None, "se": None}, "none")
