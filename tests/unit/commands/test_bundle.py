"""`hotspot bundle` tells of the run that made the maps, and of no other."""

from pathlib import Path

import pytest
import yaml

from hotspot.cli import run_command_line
from hotspot.commands import bundle
from hotspot.config.compose import compose
from hotspot.config.schema import Config

STATED = ("bundle.country=NLD", "bundle.depth=[0,20]", "bundle.licence=CC0-1.0")


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """Return the configurations that reach the writing; the run was one of zinc, by kriging."""
    values = compose(["model=regression_kriging", "contaminants=[zn]", "threshold.zn=500"])
    (tmp_path / "conf").symlink_to(Path("conf").absolute())
    (tmp_path / "experiments" / "meuse").mkdir(parents=True)
    text = yaml.safe_dump(values)
    (tmp_path / "experiments" / "meuse" / "config.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    reached: list[Config] = []
    monkeypatch.setattr(bundle, "run", lambda config, _paths, _console: reached.append(config))
    return reached


def test_a_bundle_is_of_the_run_that_made_the_maps(bundled: list[Config]) -> None:
    """Its own keys come from the command line, all others from the finished run."""
    assert run_command_line(["bundle", "experiment=meuse", *STATED]) == 0
    (config,) = bundled
    assert config.model.kind == "regression_kriging"
    assert config.contaminants == ["zn"]
    assert config.threshold.model_dump()["zn"] == 500
    assert (config.bundle.country, config.bundle.depth) == ("NLD", (0, 20))


def test_the_settings_of_the_run_may_be_repeated(bundled: list[Config]) -> None:
    """They say nothing new; others are refused, since the maps are not theirs."""
    same = ["model=regression_kriging", "threshold.zn=500"]
    assert run_command_line(["bundle", *STATED, *same]) == 0
    assert len(bundled) == 1


def test_other_settings_than_those_of_the_run_are_refused(
    bundled: list[Config], capsys: pytest.CaptureFixture[str]
) -> None:
    """A bundle changes no map."""
    assert run_command_line(["bundle", *STATED, "model=logistic"]) == 1
    said = capsys.readouterr().err
    assert "model=logistic: experiments/meuse/config.yaml was made with other settings" in said
    assert not bundled


def test_without_a_run_there_is_no_bundle(
    bundled: list[Config], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the command that makes one."""
    assert run_command_line(["bundle", "name=other", *STATED]) == 1
    assert "Run `hotspot run experiment=other` first." in capsys.readouterr().err
    assert not bundled
