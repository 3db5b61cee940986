"""`hotspot config check` refuses what the first stage would refuse at its door."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import yaml
from affine import Affine

from hotspot.cli import run_command_line
from hotspot.commands import overrides

Checked = Callable[..., tuple[int, str]]
TABLE = "id,lon,lat,cd\n1,5.7,50.9,0.2\n2,5.8,51.0,<0.1\n"
DATA: dict[str, Any] = {
    "path": "lab.csv",
    "crs": "EPSG:4326",
    "columns": {"site": "id", "easting": "lon", "northing": "lat"},
    "wide": {"cd": "cd"},
    "unit": "mg/kg",
}
EXPERIMENT: dict[str, Any] = {
    "name": "mine",
    "contaminants": ["cd"],
    "covariates": {
        "grid": {"like": "height.tif"},
        "layers": {"height": {"path": "height.tif", "role": "terrain", "unit": "m"}},
    },
    "threshold": {"cd": 3},
}


@pytest.fixture
def checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Checked:
    """Return what checks an experiment with changes to it and to its data."""
    shutil.copytree(Path("conf"), tmp_path / "conf")
    monkeypatch.chdir(tmp_path)
    raw = Path("data/raw")
    raw.mkdir(parents=True)
    (raw / "lab.csv").write_text(TABLE)
    with rasterio.open(
        raw / "height.tif", "w", driver="GTiff", width=4, height=3, count=1, dtype="float32",
        crs="EPSG:28992", transform=Affine(50, 0, 180000, 0, -50, 331600),
    ) as written:  # fmt: skip
        written.write(np.ones((1, 3, 4), dtype=np.float32))

    def run(data: dict[str, Any] | None = None, *typed: str, **changes: Any) -> tuple[int, str]:
        values = {**EXPERIMENT, "data": {**DATA, **(data or {})}, **changes}
        values["data"] = {k: v for k, v in values["data"].items() if v is not None}
        text = "# @package _global_\n" + yaml.safe_dump(values)
        Path("conf/experiment/mine.yaml").write_text(text)
        code = run_command_line(["config", "check", "experiment=mine", *typed])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_what_fits_is_complete(checked: Checked) -> None:
    """One of a thing is told in the singular."""
    code, text = checked()
    assert (code, text) == (
        0,
        "mine: the configuration is complete; 2 input files found, 1 limit known.\n",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"unit": None}, "Of data.columns.unit and data.unit neither is given"),
        ({"unit": "mg/l"}, "mg/l"),
        ({"crs": "EPSG:99999"}, "data.crs: No coordinate reference system is known"),
        ({"crs": None}, "Nothing says in which coordinate reference system"),
        ({"columns": {**DATA["columns"], "value": "cd"}}, "Keep one of the two"),
        ({"wide": {"cd": "Cadmium"}}, "Did you mean 'cd'? It has id, lon, lat, cd. Correct"),
        (
            {"columns": {**DATA["columns"], "easting": "longitude"}},
            "Did you mean 'lon'? It has id, lon, lat, cd. Correct data.columns.easting.",
        ),
        ({"methods": {"AR": "aqua_regia"}}, "data.methods names 'aqua_regia'"),
        ({"contaminant_names": {"Blei": "lead2"}}, "names the contaminant 'lead2'"),
        ({"region": "EPSG:99999"}, "EPSG:99999"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_data_that_cannot_be_read_is_refused(
    checked: Checked, data: dict[str, Any], said: str
) -> None:
    """What the configuration and the header of the table alone show."""
    code, text = checked(data)
    assert code == 1
    assert said in text


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "is empty: 0 bytes"), ("id,lon,lat,cd\n", "has a header and no row")],
)
def test_a_table_without_rows_is_refused(checked: Checked, content: str, said: str) -> None:
    """An empty file, and one of a header only."""
    Path("data/raw/lab.csv").write_text(content)
    code, text = checked()
    assert code == 1
    assert said in text


def test_a_grid_like_no_raster_is_refused(checked: Checked) -> None:
    """The file is opened; the complaint of the library gets one full stop."""
    layers = EXPERIMENT["covariates"]["layers"]
    code, text = checked(covariates={"grid": {"like": "lab.csv"}, "layers": layers})
    assert code == 1
    assert "lab.csv cannot be read as a raster" in text
    assert ".." not in text


def test_rows_are_not_read(checked: Checked) -> None:
    """A large table is checked by its beginning: damage far below is left to the stage."""
    rows = "".join(f"{row},5.7,50.9,0.2\n" for row in range(90_000))
    Path("data/raw/lab.csv").write_text(TABLE + rows + "cut,off\n")
    assert checked()[0] == 0
    assert run_command_line(["observations", "experiment=mine"]) == 1


def test_a_database_is_not_asked(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address need not be set; what is stated of it is checked all the same."""
    monkeypatch.delenv("HOTSPOT_DATABASE", raising=False)
    code, text = checked({"path": "env:HOTSPOT_DATABASE"})
    assert code == 0
    assert "The database was not asked" in text
    assert checked({"path": "env:HOTSPOT_DATABASE", "unit": None})[0] == 1


def test_a_contaminant_that_is_no_id_is_refused(checked: Checked) -> None:
    """The registry knows which id was meant."""
    limit = {"contaminants": ["cadmium"], "threshold": {"cadmium": 3}}
    code, text = checked({"wide": {"cadmium": "cd"}}, **limit)
    assert code == 1
    assert "'cadmium' is no id of a contaminant; did you mean 'cd'?" in text
    code, text = checked(contaminants=["cadmium"])
    assert code == 1
    assert "without a limit: cadmium (threshold has cd; these are ids, not names)" in text


def test_a_typed_limit_of_no_contaminant_is_refused(checked: Checked) -> None:
    """It was meant; limits that stand in a file beside those in use are only told."""
    code, text = checked(None, "threshold.pb=50")
    assert code == 1
    assert "pb is not among the contaminants of mine (cd)" in text
    assert "contaminants=[cd,pb]" in text
    code, text = checked(threshold={"cd": 3, "pb": 50})
    assert code == 0
    assert "Not used: the limits of pb, which are not mapped." in text
    assert checked(None, "threshold.cd=5")[0] == 0
    assert run_command_line(["compose", "experiment=mine", "threshold.pb=50"]) == 1


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("3 g/kg", "write threshold.cd: 3000."),
        ("3 buckets", "such as threshold.cd: 3."),
        ("phlogiston", "`hotspot thresholds contaminant=cd`"),
    ],
)
def test_a_limit_that_is_none_is_told_with_its_key(
    checked: Checked, limit: str, said: str
) -> None:
    """A number with a unit becomes what it would be in mg/kg; ids are those of cadmium."""
    code, text = checked(threshold={"cd": limit})
    assert code == 1
    assert "threshold.cd: " in text
    assert said in text
    assert "zn" not in text


@pytest.mark.parametrize(
    "typed", ["cv=block,random", "seed=range(1,5)", "model=choice(logistic,lightgbm)"]
)
@pytest.mark.parametrize("verb", [["run"], ["config", "check"]])
def test_a_sweep_without_its_flag_is_told(
    capsys: pytest.CaptureFixture[str], verb: list[str], typed: str
) -> None:
    """In our words: add -m, or choose one."""
    assert run_command_line([*verb, typed]) == 1
    told = capsys.readouterr().err
    assert "Add -m" in told
    assert "or choose one" in told
    assert "Hydra" not in told


def test_lists_and_quoted_texts_are_no_sweep() -> None:
    """Commas within brackets and quotes separate no jobs."""
    overrides.refuse_sweep(["cv.plans=[block,random]", "title='a, b'", "threshold={cd:1,pb:2}"])
    overrides.refuse_sweep(["-m", "model=logistic,lightgbm"])
