"""`hotspot tune` and `hotspot select` from the command line, on a small simulated region."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from hotspot.cli import run_command_line
from hotspot.tracking.mlflow_tracker import import_mlflow

pytestmark = pytest.mark.slow

WORLD = ("shape=40,40", "n_samples=120", "patch_m=1000", "range_m=500")
TUNE = (
    "model=lightgbm",
    # Ten small steps stay near the prevalence: a planted bad default.
    "model.n_estimators=10",
    "model.learning_rate=0.01",
    "~tune.spaces.lightgbm.n_estimators",
    "tune.spaces.lightgbm.learning_rate.high=0.5",
    "tune.trials=8",
    "tune.inner_trials=7",
    "tune.inner_splits=3",
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """Return a project with a world whose samples and folds are made."""
    folder = tmp_path_factory.mktemp("prepared")
    shutil.copytree(project_root / "conf", folder / "conf")
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert run_command_line(["world", "seed=3", "prevalence=0.4", *WORLD]) == 0
        for verb in ("observations", "covariates", "samples", "folds"):
            assert run(verb) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def world(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of it."""
    folder = tmp_path / "world"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    return folder


def run(verb: str, *overrides: str) -> int:
    common = ["experiment=world", "cv.plans=[block]", "cv.repeats=1", "cv.n_splits=4"]
    return run_command_line([verb, *common, *overrides])


def products(project: Path) -> dict[str, bytes]:
    """Return what tuning made for people; the journal has times and process names."""
    folder = project / "experiments/world/tuning/pb"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_tune_from_the_command_line(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad default is left, on new ground too; every trial is a child of one run."""
    assert run("tune", *TUNE) == 0
    told = capsys.readouterr().err
    folder = world / "experiments/world/tuning/pb"
    trials = pd.read_parquet(folder / "trials.parquet")
    assert trials["number"].tolist() == list(range(8))
    assert trials["is_chosen"].sum() == 1
    chosen = trials[trials["is_chosen"]].iloc[0]
    assert chosen["number"] != 0
    assert chosen["gain"] > chosen["gain_se"]
    best = yaml.safe_load((folder / "best.yaml").read_text(encoding="utf-8"))
    assert best["model"]["learning_rate"] == chosen["model.learning_rate"]
    assert f"model.learning_rate={chosen['model.learning_rate']:g}" in told
    nested: dict[str, Any] = json.loads((folder / "nested.json").read_text(encoding="utf-8"))
    assert nested["tuned"]["mean"] < nested["default"]["mean"]
    gain = nested["default"]["mean"] - nested["tuned"]["mean"]
    assert nested["gain"]["mean"] == pytest.approx(gain)
    assert len(nested["folds"]) == 4

    mlflow = import_mlflow()
    client = mlflow.MlflowClient(f"sqlite:///{world / 'experiments' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("world")
    runs = {
        run.info.run_name: run
        for run in client.search_runs([experiment.experiment_id], max_results=100)
    }
    parent = runs["world/tune/pb"]
    children = [runs[f"world/tune/pb/{number}"] for number in range(8)]
    assert len(runs) == 9
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {parent.info.run_id}
    np.testing.assert_allclose(
        [child.data.metrics["log_loss"] for child in children], trials["score"]
    )
    # A second time nothing is fitted, logged or changed.
    before = products(world)
    assert run("tune", *TUNE) == 0
    assert "8 trials are known from before" in capsys.readouterr().err
    assert products(world) == before
    assert len(client.search_runs([experiment.experiment_id], max_results=100)) == 9


def test_a_stopped_tuning_ends_with_the_same_files(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three trials and then eight make the same bytes as eight; without tracking no run."""
    whole = (*TUNE, "tune.nested=false", "tracking=none")
    assert run("tune", *whole, "tune.trials=3") == 0
    assert run("tune", *whole) == 0
    resumed = products(world)
    assert run("tune", *whole, "seed=1") == 0
    assert "starts afresh, since these changed: seed" in capsys.readouterr().err
    assert products(world) != resumed
    assert run("tune", *whole) == 0
    assert products(world) == resumed
    assert "nested.json" not in resumed
    assert not (world / "experiments/mlflow.db").exists()


def test_select_and_use(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Roles are selected; the advice that is printed leaves the other layers out."""
    quick = ("model=lightgbm", "model.n_estimators=40", "model.learning_rate=0.1")
    assert run("select", *quick, "tune.select=roles", "tune.nested=false", "tracking=none") == 0
    found = json.loads(
        (world / "experiments/world/tuning/pb/selection.json").read_text(encoding="utf-8")
    )
    assert 1 <= len(found["selected"]) < 10
    assert found["score_of_selected"]["mean"] <= found["score_of_all"]["mean"] + 0.05
    table = pd.read_parquet(world / "experiments/world/tuning/pb/selection.parquet")
    assert table["is_taken"].sum() == len(found["path"])
    use = f"covariates.use=[{','.join(found['covariates'])}]"
    said = capsys.readouterr().err
    assert use in said
    # The selection is that of this model, and the default is another one.
    assert " model=lightgbm " in found["use"]
    assert found["use"] in said
    before = products(world)
    assert run("select", *quick, "tune.select=roles", "tune.nested=false", "tracking=none") == 0
    assert "sets are known from before" in capsys.readouterr().err
    assert products(world) == before
    for verb in ("covariates", "samples"):
        assert run(verb, use) == 0
    layers = {path.stem for path in (world / "data/interim/world/covariates").glob("*.tif")}
    assert layers == set(found["covariates"])
    samples = pd.read_parquet(world / "data/processed/world/samples.parquet")
    assert list(samples.columns[-len(layers) :]) == found["covariates"]


def test_tune_says_what_is_missing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without samples it names the stage to run first, and makes nothing."""
    assert run_command_line(["tune", "model=lightgbm"]) == 1
    assert "tune needs data/processed/meuse/samples.parquet" in capsys.readouterr().err
    assert not (project / "experiments/meuse/tuning").exists()
