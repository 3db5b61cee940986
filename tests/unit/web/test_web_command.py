"""`hotspot serve` from the command line."""

from pathlib import Path

import pytest
import yaml

from hotspot.cli import run_command_line
from hotspot.commands import serve
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.config.schema import Config
from hotspot.errors import ConfigError


def test_an_experiment_without_maps_is_told(
    tmp_path: Path,
    project_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is served, and the command that makes maps is named."""
    (tmp_path / "conf").symlink_to(project_root / "conf")
    monkeypatch.chdir(tmp_path)
    assert run_command_line(["serve", "experiment=meuse"]) == 1
    told = capsys.readouterr().err
    assert "There are no maps of the experiment 'meuse'" in told
    assert "hotspot run experiment=meuse" in told


def test_only_contaminants_with_map_and_model_are_served(
    tmp_path: Path, project_root: Path
) -> None:
    """A contaminant that is not finished is left out, the others are served."""
    config = check_config(compose(["experiment=meuse"], folder=project_root / "conf"))
    paths = Paths("meuse", tmp_path)
    for contaminant in ("cd", "zn"):
        paths.maps(contaminant).mkdir(parents=True)
    paths.model("zn").mkdir(parents=True)
    assert serve.served_contaminants(config, paths) == ("zn",)
    with pytest.raises(ConfigError, match="no maps"):
        serve.served_contaminants(config, Paths("other", tmp_path))


def test_what_the_run_was_given_on_its_command_line_is_served(
    tmp_path: Path, project_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its contaminants and title are in no file of conf/; those asked for now are chosen."""
    (tmp_path / "conf").symlink_to(project_root / "conf")
    monkeypatch.chdir(tmp_path)
    made = check_config(compose(["contaminants=[pb,zn]", "title=Two metals"]))
    paths = Paths(made.name)
    paths.experiment.mkdir(parents=True)
    paths.config.write_text(yaml.safe_dump(made.model_dump(mode="json")), encoding="utf-8")
    seen: list[Config] = []
    monkeypatch.setattr(serve, "run", lambda config, *_: seen.append(config))
    assert serve.main(["serve.port=9000"]) == 0
    assert serve.main(["contaminants=[zn]"]) == 0
    assert [config.contaminants for config in seen] == [["pb", "zn"], ["zn"]]
    assert {config.title for config in seen} == {"Two metals"}
    assert seen[0].serve.port == 9000


def test_it_is_bound_to_this_machine_unless_told_otherwise(project_root: Path) -> None:
    """The default address is reached from nowhere else; an address is checked."""
    folder = project_root / "conf"
    config = check_config(compose([], folder=folder))
    assert (config.serve.host, config.serve.port) == ("127.0.0.1", 8765)
    for override in ("serve.port=80", "serve.port=70000", "serve.host='a b'"):
        with pytest.raises(ConfigError, match=r"serve\."):
            check_config(compose([override], folder=folder))


def test_help_is_told_without_reading_anything(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` prints how the verb is used and serves nothing."""
    assert run_command_line(["serve", "--help"]) == 0
    assert "serve.port=8765" in capsys.readouterr().out


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the way to install it is told."""
    monkeypatch.setattr(serve, "_NEEDED", ("fastapi", "no_such_package.part"))
    with pytest.raises(ConfigError, match=r"no_such_package\.part.*hotspot\[web\]"):
        serve._check_installed()
