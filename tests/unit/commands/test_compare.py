"""`hotspot compare`: which runs are meant, and what of their settings differs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from hotspot.cli import run_command_line
from hotspot.commands.finished_run import NO_GROUP, changed_keys, open_run
from hotspot.config.paths import comparison_folder
from hotspot.errors import ConfigError

SETTINGS: dict[str, Any] = {
    "name": "one",
    "seed": 1,
    "contaminants": ["zn"],
    "threshold": {"zn": 300.0},
    "data": {"path": "data/raw/a.csv"},
    "covariates": {"layers": {"slope": {"path": "a.tif"}}},
    "cv": {"primary": "block", "plans": ["block"]},
    "model": {"kind": "ensemble"},
    "predict": {
        "window_size": 512,
        "decision": {"above": 0.8, "below": 0.2},
        "hotspots": {"probability": 0.8},
    },
}


def write(root: Path, name: str, **changes: Any) -> Path:
    """Write the configuration of an experiment, with some dotted keys changed."""
    values: dict[str, Any] = yaml.safe_load(yaml.safe_dump(SETTINGS))
    for key, value in {"name": name, **changes}.items():
        *parents, last = key.split("__")
        node = values
        for parent in parents:
            node = node[parent]
        node[last] = value
    folder = root / "experiments" / name
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(values))
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_is_opened_by_name_or_folder(root: Path) -> None:
    """A name, a job of a sweep, and a folder in the project mean the same kind of thing."""
    write(root, "one")
    write(root, "one@model=logistic,cv=random", model__kind="logistic")
    write(root / "archive", "old")
    assert open_run("one").kind == "ensemble"
    assert open_run("one@model=logistic,cv=random").kind == "logistic"
    assert open_run("experiments/one").name == "one"
    old = open_run("archive/experiments/old/")
    assert old.paths.models.as_posix() == "archive/models/old"


@pytest.mark.parametrize("text", ["nothing", "../one", "/etc", "data", "", "archive"])
def test_other_folders_are_refused(root: Path, text: str) -> None:
    """What is no experiment of the project is refused, and those that are there are named."""
    write(root, "one")
    write(root / "archive", "old")
    with pytest.raises(ConfigError, match=r"no experiment .*There are one\. Give the name"):
        open_run(text)


def test_a_folder_outside_is_said_to_be_outside(root: Path, tmp_path: Path) -> None:
    """A real experiment outside the project is not opened."""
    inner = root / "project"
    inner.mkdir()
    write(root, "one")
    with pytest.raises(ConfigError, match="lies outside the project"):
        open_run("../experiments/one", inner)


def test_a_near_name_is_offered(root: Path) -> None:
    """A slip of the finger is met with the name that was meant."""
    write(root, "meuse")
    with pytest.raises(ConfigError, match="Did you mean 'meuse'"):
        open_run("meus")


def test_two_experiments_are_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """One name, or three, are no comparison; the exit code says so."""
    assert run_command_line(["compare", "one"]) == 1
    assert "takes two experiments; seen: one" in capsys.readouterr().err
    assert run_command_line(["compare", "--help"]) == 0
    assert "usage: hotspot compare A B" in capsys.readouterr().out


def test_settings_are_grouped_by_what_they_move(root: Path) -> None:
    """Each changed key stands under the part of the map that it may move."""
    write(root, "one")
    write(
        root,
        "two",
        threshold__zn=500.0,
        data__path="data/raw/b.csv",
        covariates__layers={"slope": {"path": "b.tif"}},
        cv__primary="knndm",
        model__kind="lightgbm",
        seed=2,
        predict__decision={"above": 0.9, "below": 0.2},
        predict__hotspots={"probability": 0.5},
        predict__window_size=256,
    )
    found = {
        change.key: change.group for change in changed_keys(open_run("one"), open_run("two"))
    }
    assert found == {
        "threshold.zn": "limit",
        "data.path": "data",
        "covariates.layers.slope.path": "covariates",
        "cv.primary": "folds",
        "model.kind": "model",
        "seed": "model",
        "predict.decision.above": "decision rule",
        "predict.hotspots.probability": "hotspot rule",
        "predict.window_size": NO_GROUP,
        "name": NO_GROUP,
    }


def test_a_key_of_one_run_only_differs(root: Path) -> None:
    """A parameter that the other model does not have is told, with None on its side."""
    write(root, "one")
    write(root, "two", model={"kind": "ensemble", "n_splits": 5})
    change = changed_keys(open_run("one"), open_run("two"))[0]
    assert (change.key, change.first, change.second) == ("model.n_splits", None, 5)


def test_runs_without_a_common_contaminant_are_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Maps of zinc and of lead have nothing to compare."""
    write(root, "one")
    write(root, "two", contaminants=["pb"], threshold={"pb": 100.0})
    assert run_command_line(["compare", "one", "two"]) == 1
    assert "one maps zn, two maps pb" in capsys.readouterr().err


def test_runs_that_were_never_evaluated_are_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without scores and maps there is nothing to write, and the message says what to run."""
    write(root, "one")
    write(root, "two")
    assert run_command_line(["compare", "one", "two"]) == 1
    told = capsys.readouterr().err
    assert "Nothing can be compared" in told
    assert "Run `hotspot run experiment=one` first" in told
    assert not comparison_folder("one", "two").exists()


def test_a_configuration_without_a_needed_key_is_refused(root: Path) -> None:
    """A run that does not say its limit cannot be compared; the key is named."""
    write(root, "one", threshold={})
    with pytest.raises(ConfigError, match=r"the key threshold\.zn is missing"):
        open_run("one").limit_mg_kg("zn")


@pytest.mark.parametrize("threshold", [{"regime": "fi"}, {"zn": {"rule": "fi"}}])
def test_limits_by_rule_are_not_compared(root: Path, threshold: dict[str, Any]) -> None:
    """They may depend on the place; the swing map is named instead."""
    write(root, "one", threshold=threshold)
    with pytest.raises(ConfigError, match=r"threshold\.zn: the run one.*hotspot swing"):
        open_run("one").limit_mg_kg("zn")
