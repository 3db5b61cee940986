"""A world on disk is what a user would have, and comes back as it was."""

import io
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import hotspot.commands.world as command
import hotspot.worlds.write as writing
from hotspot.commands.console import Console
from hotspot.commands.covariates import run as run_covariates
from hotspot.commands.observations import run as run_observations
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.errors import ConfigError, OutputError
from hotspot.grid import Window
from hotspot.observations import read_observations
from hotspot.rasters import open_raster, read_grid, read_window
from hotspot.worlds import World, read_world
from hotspot.worlds.options import option_groups
from hotspot.worlds.plumes import PLACEMENTS

ARGUMENTS = [
    "name=toy",
    "seed=9",
    "shape=20,24",
    "n_samples=120",
    "censored_share=0.3",
    "over_range_share=0.05",
    "n_copies=1",
]
FOLDER = Path("data/raw/toy")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """Return a project with one world in it."""
    root = tmp_path_factory.mktemp("project")
    # docs/worlds.md makes a world of this name; who has tried that can still test.
    conf = shutil.ignore_patterns("toy.yaml")
    shutil.copytree(project_root / "conf", root / "conf", ignore=conf)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert command.main(ARGUMENTS) == 0
    return root


@pytest.fixture
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the project, entered."""
    monkeypatch.chdir(project)
    return project


def values_of(path: Path, band: int = 1) -> np.ndarray:
    with open_raster(path) as raster:
        return read_window(raster, Window(0, 0, *raster.shape), band)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_pipeline_reads_back_the_same_world(inside: Path) -> None:
    """Observations and every covariate, derived ones too, are those of the world in memory."""
    world = read_world(FOLDER)
    config = check_config(compose(["experiment=toy"]))
    paths, console = Paths("toy"), Console(io.StringIO())
    run_observations(config, paths, console)
    run_covariates(config, paths, console)
    found = read_observations(paths.interim / "observations.parquet")
    pd.testing.assert_frame_equal(
        pd.DataFrame(found.drop(columns="geometry")),
        pd.DataFrame(world.observations.drop(columns="geometry")),
    )
    assert len(pd.read_parquet(paths.interim / "rejected.parquet")) == 0
    for covariate in world.covariates.catalogue:
        path = paths.covariates / f"{covariate.name}.tif"
        assert np.array_equal(values_of(path), world.covariates[covariate.name]), covariate.name


def test_truth_on_disk_is_the_truth(inside: Path) -> None:
    """Truth rasters hold probability, field and components on the grid of the covariates."""
    world, truth = read_world(FOLDER), FOLDER / "truth"
    limit = yaml.safe_load(Path("conf/experiment/toy.yaml").read_text())["threshold"]["pb"]
    expected = world.truth.probability(limit)
    assert read_grid(truth / "probability.tif") == world.grid
    assert np.allclose(values_of(truth / "probability.tif"), expected, atol=1e-7)
    assert np.allclose(values_of(truth / "median_mg_kg.tif"), world.truth.median_mg_kg)
    for band, name in enumerate(world.truth.log.names, start=1):
        found = values_of(truth / "components_log.tif", band)
        assert np.allclose(found, world.truth.log[name], atol=1e-6), name


def test_limit_has_the_prevalence_asked_for(inside: Path) -> None:
    """The experiment's limit is exceeded by a fifth, but for its three digits."""
    limit = yaml.safe_load(Path("conf/experiment/toy.yaml").read_text())["threshold"]["pb"]
    assert read_world(FOLDER).truth.probability(limit).mean() == pytest.approx(0.2, abs=0.01)


def test_same_command_gives_the_same_bytes(inside: Path) -> None:
    """Replaced by itself, a world has the same files, byte by byte."""
    before = files_below(FOLDER)
    experiment = Path("conf/experiment/toy.yaml").read_bytes()
    assert command.main([*ARGUMENTS, "overwrite=true"]) == 0
    assert files_below(FOLDER) == before
    assert Path("conf/experiment/toy.yaml").read_bytes() == experiment


def test_user_files_do_not_hold_the_truth(inside: Path) -> None:
    """No layer or column of the experiment lies in the folder of the truth."""
    values = yaml.safe_load(Path("conf/experiment/toy.yaml").read_text())
    paths = [layer["path"] for layer in values["covariates"]["layers"].values()]
    assert not [path for path in [*paths, values["data"]["path"]] if "truth" in path]


def test_existing_world_is_not_overwritten_unasked(inside: Path) -> None:
    """A second world of the name is refused, with the remedy."""
    with pytest.raises(OutputError, match="overwrite=true"):
        command.main(["name=toy"])


@pytest.mark.parametrize("name", ["meuse"])
def test_experiments_of_others_are_never_replaced(inside: Path, name: str) -> None:
    """An experiment that `hotspot world` did not make stays, overwrite or not."""
    before = Path(f"conf/experiment/{name}.yaml").read_bytes()
    with pytest.raises(OutputError, match="left as it is"):
        command.main([f"name={name}", "overwrite=true"])
    assert Path(f"conf/experiment/{name}.yaml").read_bytes() == before


def test_folders_of_others_are_never_replaced(inside: Path) -> None:
    """A folder that holds no world stays, overwrite or not."""
    Path("data/raw/precious").mkdir(parents=True)
    Path("data/raw/precious/diary.txt").write_text("mine")
    with pytest.raises(OutputError, match="is no world"):
        command.main(["name=other", "out=data/raw/precious", "overwrite=true"])
    assert Path("data/raw/precious/diary.txt").read_text() == "mine"
    assert not Path("conf/experiment/other.yaml").exists()


def test_failure_leaves_neither_folder_nor_experiment(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error while the last files are written leaves nothing."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_write_truth", fail)
    with pytest.raises(OutputError, match="No space left"):
        command.main(["name=broken", "shape=12,12", "n_samples=10"])
    assert not list(Path("data/raw").glob("*broken*"))
    assert not list(Path("conf/experiment").glob("*broken*"))


def test_world_of_another_version_is_refused(inside: Path, tmp_path: Path) -> None:
    """A world whose observations cannot be drawn again is not passed off as known."""
    folder = tmp_path / "world"
    shutil.copytree(FOLDER, folder)
    text = (folder / "world.json").read_text().replace('"seed": 9', '"seed": 10')
    (folder / "world.json").write_text(text)
    with pytest.raises(ConfigError, match="draws other observations"):
        read_world(folder)


def test_world_without_sources_has_no_file_of_them(tmp_path: Path) -> None:
    """A world without works has neither layer nor file of industry."""
    world = World.from_options(
        1, command._parse(["n_sources=0", "shape=12,12", "n_samples=9"]).options
    )
    writing.write_world(world, tmp_path / "w", name="w", limit_mg_kg=50.0)
    assert not (tmp_path / "w" / "sources.gpkg").exists()
    assert (tmp_path / "w" / "roads.gpkg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["n_samples"], "is no key=value"),
        (["seed=1", "seed=2"], "stands twice"),
        (["seed=-1"], "whole number from 0"),
        (["name=../x"], "cannot be a folder"),
        (["prevalence=0.1", "limit_mg_kg=5"], "Give one of them"),
        (["prevalence=1.5"], "below 1"),
        (["overwrite=yes"], "give true"),
    ],
)
def test_command_refuses_what_it_cannot_read(arguments: list[str], message: str) -> None:
    """Each wrong argument is told as it was typed."""
    with pytest.raises(ConfigError, match=message):
        command.main(arguments)


def test_the_page_on_worlds_tells_every_option(project_root: Path) -> None:
    """The help sends its reader to docs/worlds.md for what each means."""
    text = (project_root / "docs" / "worlds.md").read_text(encoding="utf-8")
    rows = "".join(re.findall(r"^\| `.*", text.partition("## Every option")[2], flags=re.M))
    assert set(option_groups()) == set(re.findall(r"`(\w+)`", rows)) - set(PLACEMENTS)


def test_help_lists_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    """Help names each option with its usual value."""
    from hotspot.worlds.options import option_groups

    assert command.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{name}=" in shown for name in option_groups())
