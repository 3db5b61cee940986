"""Plans by group, in time and with buffers, from the table to the decision map."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.cli import run_command_line
from hotspot.commands import evaluate
from hotspot.config.paths import Paths
from hotspot.estimators import load_model
from hotspot.folds.store import read_folds
from hotspot.maps.read import read_layer
from hotspot.rasters import open_raster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]

QUICK = [
    "contaminants=[zn]",
    "model=logistic",
    "cv.rivals=[prevalence]",
    "cv.target_weighted=false",
    "cv.repeats=1",
    "tracking=none",
]
PLANS = ["cv.plans=[block,group,time,buffered]", "cv.groups=laboratory", "cv.buffer_m=300"]
FIRST = ("observations", "covariates", "samples")


def _rows(project: Path) -> pd.DataFrame:
    """Return the raw table as text."""
    return pd.read_csv(
        project / "data/raw/meuse/observations.csv", dtype=str, keep_default_na=False
    )


def _write(project: Path, table: pd.DataFrame) -> None:
    table.to_csv(project / "data/raw/meuse/observations.csv", index=False)


@pytest.fixture
def two_laboratories(project: Path) -> Path:
    """Give every site a laboratory and a year, so that neither goes with its place."""
    table = _rows(project)
    site = pd.factorize(table["site"])[0]
    table["laboratory"] = np.where(site % 2 == 0, "North", "South")
    table["sampled_on"] = (2001 + site % 4).astype(str)
    _write(project, table)
    return project


def test_folds_shared_out_one_by_one_give_the_same_bytes(
    two_laboratories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As large surveys are, whose plans would each keep a process busy for minutes."""
    for verb in (*FIRST, "folds", "evaluate"):
        assert run_command_line([verb, *QUICK, *PLANS]) == 0
    paths = Paths("meuse", two_laboratories)
    made = [paths.metrics, *sorted(paths.evaluation.glob("*.parquet"))]
    whole = [path.read_bytes() for path in made]
    monkeypatch.setattr(evaluate, "_LARGE", 0)
    assert run_command_line(["evaluate", *QUICK, *PLANS, "workers=2"]) == 0
    assert [path.read_bytes() for path in made] == whole


def test_groups_times_and_buffers_are_scored(two_laboratories: Path) -> None:
    """Each plan has its scores; no laboratory, later year or near neighbour trains."""
    for verb in (*FIRST, "folds", "evaluate"):
        assert run_command_line([verb, *QUICK, *PLANS, "cv.primary=group"]) == 0
    paths = Paths("meuse", two_laboratories)
    plans = {plan.plan: plan for plan in read_folds(paths.folds)}
    samples = pd.read_parquet(paths.samples).set_index("sample_id")
    coordinates = samples[["easting", "northing"]].to_numpy(dtype=float)
    group = plans["group"].select(samples.index.to_numpy(dtype=str))
    assert samples.groupby(group.fold)["laboratory"].nunique().tolist() == [1, 1]
    time = plans["time"].select(samples.index.to_numpy(dtype=str))
    years = samples["sampled_on"].astype(int).to_numpy()
    for train, test in time.splits(coordinates):
        assert not len(train) or years[train].max() < years[test].min()
    buffered = plans["buffered"].select(samples.index.to_numpy(dtype=str))
    assert buffered.buffer_m == 300.0
    for train, test in buffered.splits(coordinates):
        gaps = coordinates[train][:, None] - coordinates[test][None]
        assert np.hypot(gaps[..., 0], gaps[..., 1]).min() > 300.0

    metrics: dict[str, Any] = json.loads(paths.metrics.read_text())
    for plan in ("group", "time", "buffered"):
        assert metrics["zn"]["logistic"][plan]["log_loss"]["mean"] > 0
        sides = metrics["applicability"]["zn"][plan]
        assert sides["inside"]["n"] + sides["outside"]["n"] > 0
        assert "ece_excess" in metrics["zn"]["logistic"][plan]
    # The first period trains and is not tested.
    first = int((years == years.min()).sum())
    sides = metrics["applicability"]["zn"]["time"]
    assert sides["inside"]["n"] + sides["outside"]["n"] <= len(years) - first
    folds = pd.read_parquet(paths.evaluation / "folds.parquet")
    told = folds[folds["warning"] != ""]
    assert told["warning"].str.contains("no training sample").sum() == 1
    assert not told["warning"].str.contains("that trains|not later|within the buffer").any()


@pytest.mark.parametrize("primary", ["time", "buffered"])
def test_any_plan_can_carry_the_decision(two_laboratories: Path, primary: str) -> None:
    """The area of applicability, the band and the map follow from the primary plan."""
    layers = "predict.layers=[probability,dissimilarity,decision,probability_lower]"
    for verb in (*FIRST, "folds", "evaluate", "fit", "predict"):
        asked = [verb, *QUICK, *PLANS, f"cv.primary={primary}", layers]
        assert run_command_line(asked) == 0
    paths = Paths("meuse", two_laboratories)
    model = load_model(paths.model("zn"))
    assert model.applicability is not None
    assert model.calibration_band is not None
    samples = pd.read_parquet(paths.samples)
    plan = next(p for p in read_folds(paths.folds) if p.plan == primary)
    own = plan.select(samples["sample_id"].to_numpy(dtype=str))
    places = samples[["easting", "northing"]].to_numpy(dtype=float)
    np.testing.assert_allclose(
        model.applicability.dissimilarity_train_,
        model.applicability.held_out_dissimilarity(own.splits(places)),
    )
    decision, _ = read_layer(paths.maps("zn") / "decision.tif")
    lower, _ = read_layer(paths.maps("zn") / "probability_lower.tif")
    index, _ = read_layer(paths.maps("zn") / "dissimilarity.tif")
    inside = index <= np.float32(model.applicability.threshold_)
    np.testing.assert_array_equal(decision == 1, inside & (lower >= np.float32(0.2)))
    with open_raster(paths.maps("zn") / "decision.tif") as dataset:
        tags = dataset.tags()
    assert (tags["decision_rule"], tags["decision_cost_ratio"]) == ("band", "4")
    assert float(tags["decision_above"]) > float(tags["decision_below"])


def test_a_plan_that_the_data_cannot_give_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One laboratory only, or no dates: what is wrong, what was seen, and what to do."""
    table = _rows(project)
    table["laboratory"] = "North"
    _write(project, table)
    for verb in FIRST:
        assert run_command_line([verb, *QUICK]) == 0
    asked = ["folds", *QUICK, "cv=group"]
    assert run_command_line(asked) != 0
    told = capsys.readouterr().err
    assert "All 155 samples have the laboratory 'North'" in told
    assert "take `group` out of cv.plans" in told
    assert run_command_line([*asked, "cv.groups=labratory"]) != 0
    assert "Did you mean 'laboratory'" in capsys.readouterr().err
    assert run_command_line(["folds", *QUICK, "cv=time"]) != 0
    told = capsys.readouterr().err
    assert "155 of 155 samples have no date of sampling" in told
    assert "data.columns.sampled_on" in told
    asked = ["folds", *QUICK, "cv=buffered", "cv.buffer_m=9000"]
    assert run_command_line(asked) != 0
    assert "Lower the radius (cv.buffer_m)" in capsys.readouterr().err
