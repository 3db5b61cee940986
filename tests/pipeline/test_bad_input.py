"""What a user gets wrong, from the command line: one clear message, nothing half-written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from hotspot.cli import run_command_line

pytestmark = pytest.mark.slow
TABLE = Path("data/raw/meuse/observations.csv")
DIST = Path("data/raw/meuse/dist.tif")
QUICK = ("contaminants=[zn]", "cv.repeats=1", "cv.plans=[random,block]", "tracking=none")

Told = Callable[..., tuple[int, str]]


@pytest.fixture
def told(project: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Return a function that runs a command and gives its exit code and what it said."""

    def run(verb: str, *overrides: str) -> tuple[int, str]:
        code = run_command_line([verb, *overrides])
        return code, capsys.readouterr().err

    return run


def change_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_csv(TABLE, dtype=str, keep_default_na=False)).to_csv(TABLE, index=False)


def change_raster(change: Callable[[np.ndarray, dict[str, object]], np.ndarray]) -> None:
    with rasterio.open(DIST) as dataset:
        values, profile = dataset.read(1), dict(dataset.profile)
    values = change(values, profile)
    with rasterio.open(DIST, "w", **profile) as dataset:
        dataset.write(values, 1)


def prepare(told: Told) -> None:
    for verb in ("observations", "covariates"):
        assert told(verb)[0] == 0


def test_misspelt_column(told: Told) -> None:
    """The near column is suggested."""
    code, text = told("observations", "data.columns.easting=eastng")
    assert code == 1
    assert "eastng" in text
    assert "Did you mean 'easting'?" in text


def test_unit_missing_and_unknown_are_rejected_rows(told: Told) -> None:
    """Rows go to rejected.parquet with a reason; the others are kept."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[0, "unit"] = ""
        table.loc[1, "unit"] = "mg/kf"
        table.loc[2, "value"] = "-5"
        table.loc[3, "value"] = "inf"
        table.loc[4, "value"] = "high"
        table.loc[5, "value"] = "nan"
        return table

    change_table(change)
    assert told("observations")[0] == 0
    rejected = pd.read_parquet("data/interim/meuse/rejected.parquet").set_index("row")
    reasons = [rejected.loc[row, "reason"] for row in range(2, 8)]
    for reason, word in zip(
        reasons, ("unit", "mg/kf", "negative", "inf", "high", "missing"), strict=True
    ):
        assert word in reason.lower(), reason


def test_swapped_coordinates(told: Told) -> None:
    """Exchanged columns are recognised."""
    code, text = told(
        "observations", "data.columns.easting=northing", "data.columns.northing=easting"
    )
    assert code == 1
    assert "swapped" in text


def test_coordinates_outside_the_grid(told: Told) -> None:
    """A table of another place is refused with both regions."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table["easting"] = (table["easting"].astype(float) + 40_000).astype(str)
        return table

    change_table(change)
    prepare(told)
    code, text = told("samples")
    assert code == 1
    assert "620 of 620 observations lie outside the grid" in text
    assert "data.crs" in text


def test_some_coordinates_outside_are_dropped_and_counted(told: Told) -> None:
    """A few stray rows cost themselves only, and are kept with the reason."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        table.loc[:3, "easting"] = "230000"
        return table

    change_table(change)
    prepare(told)
    assert told("samples")[0] == 0
    dropped = pd.read_parquet("data/processed/meuse/rejected.parquet")
    assert dropped["reason"].tolist() == ["outside the grid"] * 4


def test_crs_missing_and_unknown(told: Told) -> None:
    """Coordinates without a system are refused, and so is a system nobody knows."""
    code, text = told("observations", "data.crs=null")
    assert code == 1
    assert "data.crs" in text
    code, text = told("observations", "data.crs=EPSG:99")
    assert code == 1
    assert "EPSG:99" in text


def test_raster_without_crs(told: Told) -> None:
    """The message says how to declare it."""

    def change(values: np.ndarray, profile: dict[str, object]) -> np.ndarray:
        profile["crs"] = None
        return values

    change_raster(change)
    code, text = told("covariates")
    assert code == 1
    assert "dist.tif" in text
    assert "crs" in text


def test_raster_of_nodata(told: Told) -> None:
    """A layer without a value on the grid is an error, not an empty map."""
    change_raster(lambda values, profile: np.full_like(values, profile["nodata"]))
    code, text = told("covariates")
    assert code == 1
    assert "nodata throughout" in text


def test_corrupt_raster(told: Told) -> None:
    """A damaged file is named."""
    DIST.write_bytes(DIST.read_bytes()[:200])
    code, text = told("covariates")
    assert code == 1
    assert "dist.tif" in text


def test_raster_elsewhere(told: Told) -> None:
    """A layer that does not meet the grid is refused with both regions."""

    def change(values: np.ndarray, profile: dict[str, object]) -> np.ndarray:
        profile["transform"] = rasterio.Affine(40, 0, 100_000, 0, -40, 400_000)
        return values

    change_raster(change)
    code, text = told("covariates", "covariates.grid.like=data/raw/meuse/soil.tif")
    assert code == 1
    assert "no cell in common" in text


@pytest.mark.xdist_group("pipeline")
def test_a_class_unseen_in_training_is_no_data(finished: Path) -> None:
    """A flood class that no sample had is answered with nothing: never a guess."""
    from hotspot.estimators import load_model

    model = load_model(finished / "models/meuse/zn")
    names = list(model.catalogue.names)
    row = pd.DataFrame([[0.1, 9.0, 1.0, 100.0, 0.1]], columns=names)
    with pytest.warns(UserWarning, match=r"flood_frequency.*9"):
        assert np.isnan(model.exceedance(row, np.array([[180_000.0, 331_000.0]]))).all()


def test_all_labels_equal(told: Told) -> None:
    """A limit above every value is warned of, and no classifier is made of it."""
    prepare(told)
    for verb in ("samples", "folds"):
        assert told(verb, *QUICK)[0] == 0
    code, text = told("evaluate", *QUICK, "threshold.zn=5000")
    assert code == 0
    assert "lies above the greatest of the 155 samples, 1839" in text
    # A model of the concentration could still say how unlikely it is; a classifier has
    # nothing to learn from.
    code, text = told("fit", *QUICK, "threshold.zn=5000", "model=lightgbm")
    assert code == 1
    assert "5000" in text
    assert not Path("models/meuse").exists()


def test_fewer_samples_than_folds(told: Told) -> None:
    """The counts and two remedies are told."""
    change_table(lambda table: table.groupby("contaminant").head(3))
    prepare(told)
    assert told("samples", *QUICK)[0] == 0
    code, text = told("folds", *QUICK)
    assert code == 1
    assert "FoldError" in text
    assert "5 folds" in text
    assert "3 " in text.split("FoldError")[1]


def test_an_unknown_threshold_id(told: Told) -> None:
    """Near ids are suggested."""
    code, text = told("config", "check", "threshold.zn=eu_86-278_zn_s_agr_mp_9")
    assert code == 1
    assert "eu_86-278_zn_s_agr_mp" in text
    code, text = told("config", "check", "threshold.zn=eu_86-278_cd_s_agr_mp_2")
    assert code == 1
    assert "of cd, not of zn" in text


def test_a_file_in_the_way(told: Told) -> None:
    """Where a folder cannot be made the error says so, and nothing half-written stays."""
    Path("data/interim").mkdir(parents=True)
    Path("data/interim/meuse").write_text("in the way")
    code, text = told("observations")
    assert code == 1
    assert "OutputError" in text
    assert Path("data/interim/meuse").read_text() == "in the way"


@pytest.mark.xdist_group("pipeline")
def test_a_full_disk_half_way(
    told: Told, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails in the middle of a map leaves the old maps as they were."""
    import shutil

    for part in ("data/interim", "data/processed", "models", "experiments/meuse"):
        shutil.copytree(finished / part, part, dirs_exist_ok=True)
    before = Path("experiments/meuse/maps/cd/probability.tif").read_bytes()
    from hotspot.rasters import CogWriter

    calls = {"n": 0}
    original = CogWriter.write

    def fail(self: CogWriter, *arguments: object) -> None:
        calls["n"] += 1
        if calls["n"] == 2:
            raise OSError(28, "No space left on device")
        original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(CogWriter, "write", fail)
    code, text = told("predict")
    assert code == 1
    assert "No space left" in text
    assert Path("experiments/meuse/maps/cd/probability.tif").read_bytes() == before
    # Finished windows are kept for the next attempt, and nothing else that is hidden.
    hidden = {path.name for path in Path("experiments/meuse").rglob(".*")}
    assert hidden - {".stages"} == {".work"}
