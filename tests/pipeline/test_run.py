"""`hotspot run` on the embedded data, from the laboratory's table to the page."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hotspot.cli import run_command_line
from hotspot.commands.stages import STAGES
from hotspot.config.check import check_config
from hotspot.config.compose import compose
from hotspot.config.paths import Paths
from hotspot.covariates.stack import open_stack
from hotspot.estimators import load_model
from hotspot.grid import Window
from hotspot.maps.read import read_layer
from hotspot.rasters import open_raster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pipeline")]
CONTAMINANTS = ("cd", "cu", "pb", "zn")


def files(folder: Path) -> dict[str, bytes]:
    """Return every product by its place; the tracking store has times and random ids."""
    places = [
        path
        for part in ("data/interim", "data/processed", "models", "experiments/meuse")
        for path in sorted((folder / part).rglob("*"))
    ]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in places
        if path.is_file() and ".stages" not in path.parts
    }


def test_every_promised_file_is_there(finished: Path) -> None:
    """Each stage wrote what the table of stages and the contract of files promise."""
    config = check_config(compose([], folder=finished / "conf"))
    paths = Paths("meuse", finished)
    for stage in STAGES:
        for path in stage.outputs(config.model_copy(), paths):
            assert path.exists(), path
    for contaminant in CONTAMINANTS:
        maps = paths.maps(contaminant)
        for name in ("probability", "lower", "median", "upper", "dissimilarity", "decision"):
            assert (maps / f"{name}.tif").is_file()
            assert (maps / f"{name}.qml").is_file()
        for name in ("hotspots.gpkg", "item.json", "statistics.json"):
            assert (maps / name).is_file()
        links = json.loads((paths.all_maps / "collection.json").read_text())["links"]
        assert f"./{contaminant}/item.json" in [link["href"] for link in links]
        explanations = paths.explanations(contaminant)
        for name in ("values.parquet", "stability.parquet", "driver.tif", "role_water.tif"):
            assert (explanations / name).is_file()
        assert (paths.model(contaminant) / "manifest.json").is_file()
        card = (paths.model(contaminant) / "card.md").read_text(encoding="utf-8")
        assert "## Intended use" in card
        assert "## Caveats and recommendations" in card


def test_the_ledger_accounts_for_every_row(finished: Path) -> None:
    """Rows in equal samples plus rejected rows; demonstration rows are not samples."""
    paths = Paths("meuse", finished)
    ledger = json.loads(paths.ledger.read_text())
    table = pd.read_csv(finished / "data/raw/meuse/observations.csv")
    samples = pd.read_parquet(paths.samples)
    rejected = pd.read_parquet(paths.interim / "rejected.parquet")
    dropped = pd.read_parquet(paths.processed / "rejected.parquet")
    assert ledger["rows_in"] == len(table)
    assert ledger["rows_out"] == len(samples) == 4 * 155
    assert len(rejected) + len(dropped) + len(samples) == len(table)
    assert (table["batch"] == "demonstration").sum() == len(rejected)


def test_the_map_is_the_model_on_the_covariates(finished: Path) -> None:
    """A cell of the map equals the saved model asked for that cell's covariates."""
    paths = Paths("meuse", finished)
    model = load_model(paths.model("zn"))
    probability, grid = read_layer(paths.maps("zn") / "probability.tif")
    with open_stack(paths.covariates) as stack:
        frame, positions = stack.frame(Window(0, 0, *grid.shape))
    places = grid.centres(*np.divmod(positions, grid.shape[1]))
    expected = model.exceedance(frame, places).astype(np.float32)
    assert len(frame) > 3000
    np.testing.assert_array_equal(probability.ravel()[positions], expected)
    assert np.isnan(np.delete(probability.ravel(), positions)).all()


def test_roles_add_up_to_the_map(finished: Path) -> None:
    """Contributions of the roles and the base value sum to the log-odds of each cell."""
    paths = Paths("meuse", finished)
    probability, _ = read_layer(paths.maps("zn") / "probability.tif")
    layers = sorted(paths.explanations("zn").glob("role_*.tif"))
    assert [path.stem for path in layers] == ["role_location", "role_soil", "role_water"]
    total = sum(read_layer(path)[0].astype(float) for path in layers)
    base = pd.read_parquet(paths.explanations("zn") / "values.parquet")["base"].iloc[0]
    log_odds = np.log(probability / (1 - probability.astype(float)))
    known = np.isfinite(probability)
    # The raster holds float32, whose log-odds are coarse where a probability is near 1.
    near = known & (np.abs(log_odds) < 6)
    np.testing.assert_allclose((total + base)[near], log_odds[near], atol=2e-3)
    assert near.sum() > 0.7 * known.sum()


def test_sample_values_add_up(finished: Path) -> None:
    """The table of contributions sums, row by row, to what the model says of the sample."""
    paths = Paths("meuse", finished)
    model = load_model(paths.model("cd"))
    table = pd.read_parquet(paths.explanations("cd") / "values.parquet")
    samples = pd.read_parquet(paths.samples).query("contaminant == 'cd'")
    X = samples[list(model.catalogue.names)].astype(float).reset_index(drop=True)
    places = samples[["easting", "northing"]].to_numpy(dtype=float)
    assert set(table["unit"]) == {"log-odds"}
    total = table.drop(columns=["sample_id", "unit"]).sum(axis=1)
    chance = np.clip(model.exceedance(X, places), 1e-6, 1 - 1e-6)
    np.testing.assert_allclose(1 / (1 + np.exp(-total)), chance, atol=1e-9)


def test_the_interval_and_the_probability_are_of_one_distribution(finished: Path) -> None:
    """Where the median is above the limit, exceedance is more likely than not."""
    maps = Paths("meuse", finished).maps("zn")
    chance, lower, median, upper = (
        read_layer(maps / f"{name}.tif")[0]
        for name in ("probability", "lower", "median", "upper")
    )
    known = np.isfinite(chance)
    assert (lower[known] < median[known]).all()
    assert (median[known] < upper[known]).all()
    clear = known & (np.abs(median - 300.0) > 0.1)
    np.testing.assert_array_equal((chance > 0.5)[clear], (median > 300.0)[clear])


def test_every_raster_says_what_it_is(finished: Path) -> None:
    """Tags name contaminant, limit, model, data and version, and what the number means."""
    paths = Paths("meuse", finished)
    model = load_model(paths.model("zn"))
    rasters = [*paths.maps("zn").glob("*.tif"), *paths.explanations("zn").glob("*.tif")]
    assert len(rasters) >= 6
    for path in rasters:
        with open_raster(path) as dataset:
            tags = dataset.tags()
            assert dataset.nodata is not None
        assert tags["contaminant"] == "zn"
        assert tags["threshold_id"] == "eu_86-278_zn_s_agr_mp_2"
        assert tags["threshold_value"] == "300"
        assert tags["model_id"] == model.facts["model_id"]
        assert tags["data_hash"] == model.facts["data_hash"]
        assert tags["software"].startswith("hotspot ")
        assert len(tags["meaning"].split()) > 10


def test_rasters_are_cloud_optimised(finished: Path) -> None:
    """Covariates, maps and explanations pass a strict check of the format."""
    from rio_cogeo import cog_validate

    for folder in ("data/interim/meuse", "experiments/meuse"):
        for path in (finished / folder).rglob("*.tif"):
            valid, errors, _ = cog_validate(path, quiet=True)
            assert valid, (path, errors)


def test_models_beat_the_baseline(metrics: dict[str, Any]) -> None:
    """Under spatial blocks the model knows more than the prevalence, for every metal."""
    for contaminant in CONTAMINANTS:
        scores = metrics[contaminant]
        rivals = {"ordinary_kriging", "lightgbm", "logistic", "prevalence"}
        assert set(scores) == {"ensemble", *rivals}
        assert {"random", "block", "knndm"} <= set(scores["ensemble"])
        ours = scores["ensemble"]["block"]["log_loss"]["mean"]
        assert ours < scores["prevalence"]["block"]["log_loss"]["mean"]
        assert scores["ensemble"]["block"]["auc"]["mean"] > 0.75
        assert 0.8 < scores["ensemble"]["block"]["coverage_90"]["mean"] < 0.97


def test_a_second_run_does_nothing(
    in_finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every stage is up to date, and says so."""
    assert run_command_line(["run"]) == 0
    told = capsys.readouterr().err
    assert told.count("up to date") == len(STAGES) + 1
    assert "…" not in told


def test_the_same_seed_gives_the_same_bytes(
    tmp_path: Path,
    new_project: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same data and configuration make identical files, however many processes work."""
    made = []
    for workers in (1, 2):
        monkeypatch.chdir(new_project(tmp_path / f"workers_{workers}"))
        own = ["contaminants=[zn]", "tracking=none", f"workers={workers}"]
        assert run_command_line(["run", *own]) == 0
        made.append(files(Path.cwd()))
    once, again = made
    assert set(once) == set(again)
    assert [n for n in once if once[n] != again[n]] == ["experiments/meuse/config.yaml"]


def test_a_change_of_the_model_leaves_covariates_alone(
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`model.*` re-runs from `evaluate` on."""
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy, copy_function=shutil.copy2)
    monkeypatch.chdir(copy)
    assert run_command_line(["run", "model=logistic", "tracking=none"]) == 0
    told = capsys.readouterr().err
    for name in ("observations", "covariates", "samples", "folds"):
        assert f"{name:<14}up to date" in told
    for name in ("evaluate", "fit", "predict", "explain", "report"):
        assert f"{name:<14}…" in told


def test_the_distribution_of_all_samples_is_a_model_like_others(project: Path) -> None:
    """`model=climatology` runs to the report; its map says the same of every place."""
    quick = ["contaminants=[zn]", "cv.plans=[block]", "cv.repeats=1", "cv.rivals=[prevalence]"]
    off = ["cv.target_weighted=false", "tracking=none"]
    assert run_command_line(["run", "model=climatology", *quick, *off]) == 0
    paths = Paths("meuse", project)
    assert paths.report.is_file()
    for name in ("probability", "median"):
        with open_raster(paths.maps("zn") / f"{name}.tif") as dataset:
            said = dataset.read(1, masked=True).compressed()
        assert len(said) > 1000
        assert len(np.unique(said)) == 1


def test_a_stage_says_what_it_lacks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Running a late stage first names the stage that makes its input."""
    assert run_command_line(["predict"]) == 1
    told = capsys.readouterr().err
    assert "which is not there" in told
    assert "hotspot fit" in told
