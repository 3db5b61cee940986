"""What the default run decides, and on what evidence."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.config.paths import Paths
from hotspot.estimators import load_model
from hotspot.maps.decision import DecisionRule
from hotspot.maps.read import read_layer
from hotspot.rasters import open_raster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]
CONTAMINANTS = ("cd", "cu", "pb", "zn")


@pytest.mark.parametrize("contaminant", CONTAMINANTS)
def test_every_answer_is_given_somewhere(finished: Path, contaminant: str) -> None:
    """Above, below and cannot say each hold at least 2 % of the map."""
    decision, _ = read_layer(Paths("meuse", finished).maps(contaminant) / "decision.tif")
    shares = [(decision == code).sum() / (decision != 255).sum() for code in (0, 1, 2)]
    assert min(shares) > 0.02
    assert sum(shares) == pytest.approx(1.0)


def test_the_map_decides_as_its_model_and_its_tags_say(finished: Path) -> None:
    """Model, tags and rasters agree on the cuts; outside the area there is no answer."""
    paths = Paths("meuse", finished)
    model = load_model(paths.model("zn"))
    assert model.calibration_band is not None
    assert model.applicability is not None
    rule = DecisionRule.from_band(model.calibration_band, 4.0)
    with open_raster(paths.maps("zn") / "decision.tif") as dataset:
        tags = dataset.tags()
    assert float(tags["decision_above"]) == pytest.approx(rule.above, rel=1e-8)
    assert float(tags["decision_below"]) == pytest.approx(rule.below, rel=1e-8)
    chance, decision, index = (
        read_layer(paths.maps("zn") / f"{name}.tif")[0]
        for name in ("probability", "decision", "dissimilarity")
    )
    inside = index <= np.float32(model.applicability.threshold_)
    np.testing.assert_array_equal(decision == 1, inside & (chance >= np.float32(rule.above)))
    np.testing.assert_array_equal(decision == 0, inside & (chance <= np.float32(rule.below)))


def test_the_band_rests_on_the_left_out_samples_of_the_primary_plan(finished: Path) -> None:
    """It counts each scored sample once, whatever the repeats."""
    paths = Paths("meuse", finished)
    table = pd.read_parquet(paths.evaluation / "out_of_fold.parquet")
    own = table.query("contaminant == 'cu' and model == 'ensemble' and plan == 'block'")
    scored = own[own["label"].notna() & own["probability"].notna()]
    band = load_model(paths.model("cu")).calibration_band
    assert band is not None
    assert band.n_samples == pytest.approx(len(scored) / 2, abs=1)


def test_scores_are_told_inside_and_outside(finished: Path, metrics: dict[str, Any]) -> None:
    """Both sides are all scored samples whose dissimilarity to the training part is known."""
    table = pd.read_parquet(Paths("meuse", finished).evaluation / "out_of_fold.parquet")
    for contaminant in CONTAMINANTS:
        sides = metrics["applicability"][contaminant]["block"]
        own = table.query(
            "contaminant == @contaminant and model == 'ensemble' and plan == 'block'"
        )
        scored = own["label"].notna() & own["probability"].notna()
        assert sides["inside"]["n"] + sides["outside"]["n"] == int(scored.sum())
        assert own["dissimilarity"].notna().all()
        assert {"log_loss", "ece", "ece_excess", "coverage_90"} <= set(sides["inside"])


def test_the_profile_of_the_file_is_that_of_the_model(
    finished: Path, metrics: dict[str, Any]
) -> None:
    """Table, model and the word for its strength belong together."""
    paths = Paths("meuse", finished)
    table = pd.read_parquet(paths.evaluation / "error_profile.parquet")
    for contaminant in CONTAMINANTS:
        profile = load_model(paths.model(contaminant)).error_profile
        assert profile is not None
        own = table[table["contaminant"] == contaminant].drop(columns="contaminant")
        pd.testing.assert_frame_equal(profile.table, own.reset_index(drop=True))
        found = metrics["error_profile"][contaminant]
        assert found["strength"] in ("none", "weak", "moderate", "strong", "opposite")
        page = paths.report.read_text(encoding="utf-8")
        assert "where the model errs" in page or "errs less, not more" in page
