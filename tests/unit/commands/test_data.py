"""A table is looked at, its mapping proposed with its doubts, and the proposal runs."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
import yaml
from openpyxl import Workbook
from pyproj import Transformer
from shapely.geometry import Point

from hotspot.cli import run_command_line
from hotspot.commands.observations import mapping_values, rows_of
from hotspot.config.schema import DataConfig
from hotspot.observations import Harmonised, TableMapping, agree_crs, harmonise

Inspected = Callable[..., tuple[str, str]]
# Places, concentrations in mg/kg around what soils hold, and which are below a limit.
N = 60


def survey() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "site": [f"s{place}" for place in range(N)],
            "lon": np.round(rng.uniform(5.6, 5.9, N), 5),
            "lat": np.round(rng.uniform(50.8, 51.1, N), 5),
            "cd": np.round(np.exp(rng.normal(-0.9, 0.6, N)), 3),
            "pb": np.round(np.exp(rng.normal(3.3, 0.5, N)), 2),
        }
    )


@pytest.fixture
def inspected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Inspected:
    """Return what inspects a file of an empty project and gives what it prints."""
    shutil.copytree(Path("conf"), tmp_path / "conf")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> tuple[str, str]:
        assert run_command_line(["data", "inspect", *arguments]) == code
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


def data_of(text: str, root: Path = Path()) -> DataConfig:
    """Return the configuration that a proposal makes of the defaults."""
    values = yaml.safe_load((root / "conf" / "data" / "table.yaml").read_text(encoding="utf-8"))
    own = yaml.safe_load(text)
    own.pop("defaults")
    columns = values["columns"] | own.pop("columns", {})
    return DataConfig.model_validate(values | own | {"columns": columns})


def read(text: str, target_crs: str = "EPSG:28992") -> Harmonised:
    data = data_of(text)
    file = rows_of(data, Path())
    return harmonise(
        file.rows,
        TableMapping.from_config(mapping_values(data)),
        crs=agree_crs(data.crs, file.crs),
        target_crs=target_crs,
        source="x",
    )


def check(made: Harmonised, contaminants: tuple[str, ...] = ("cd", "pb")) -> None:
    """Assert that a table holds the concentrations of the survey."""
    table = made.observations
    for name in contaminants:
        found = table[table["contaminant"] == name].set_index("site_id")["upper_mg_kg"]
        expected = survey().set_index("site")[name]
        np.testing.assert_allclose(found[expected.index], expected, rtol=1e-9)


def test_a_plain_table_is_read_by_its_proposal(inspected: Inspected) -> None:
    """Longitude, latitude, and units in the headers need no doubt but the datum."""
    survey().rename(columns={"cd": "Cd (mg/kg)", "pb": "Pb_mg_kg"}).to_csv("a.csv", index=False)
    text, doubts = inspected("a.csv")
    check(read(text))
    assert [line for line in doubts.splitlines() if line.startswith("unsure")] == [
        "unsure: The datum of the degrees is not told; WGS 84 was supposed."
    ]


def test_a_german_export_is_read_by_its_proposal(inspected: Inspected) -> None:
    """Semicolons, commas, cp1252, a heading, words of the language, dates with points."""
    table = survey()
    to_rd = Transformer.from_crs("EPSG:4326", "EPSG:28992", always_xy=True)
    easting, northing = to_rd.transform(table["lon"], table["lat"])
    german = pd.DataFrame(
        {
            "Standort": table["site"],
            "Rechtswert": np.round(easting, 1),
            "Hochwert": np.round(northing, 1),
            "Cadmium [µg/kg TS]": table["cd"] * 1000,
            "Blei [mg/kg TS]": table["pb"],
            "Datum": "17.05.2021",
        }
    )
    body = german.to_csv(index=False, sep=";", decimal=",", lineterminator="\n")
    Path("b.csv").write_bytes(f"Bodenuntersuchung\n\n{body}".encode("cp1252"))
    text, doubts = inspected("b.csv", "region=5,7,50,52")
    values = yaml.safe_load(text)
    assert (values["separator"], values["decimal"], values["encoding"]) == (";", ",", "cp1252")
    assert (values["header_row"], values["crs"], values["dates"]) == (
        3,
        "EPSG:28992",
        "%d.%m.%Y",
    )
    assert values["unit"] == "header"
    made = read(text)
    check(made)
    assert set(made.observations["sampled_on"]) == {"2021-05-17"}
    assert "cp1252" in doubts


def test_a_long_workbook_is_read_by_its_proposal(inspected: Inspected) -> None:
    """One row per result with contaminant, value, unit and limit in columns of their own."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["Sample ID", "X_coord", "Y_coord", "Analyte", "Result", "Units", "LOD"])
    for row in survey().itertuples():
        sheet.append([row.site, row.lon, row.lat, "Kadmium", row.cd, "mg/kg", 0.01])
        sheet.append([row.site, row.lon, row.lat, "Plomb", row.pb * 1000, "µg/kg", 10])
    workbook.save("c.xlsx")
    text, _ = inspected("c.xlsx")
    check(read(text))
    assert yaml.safe_load(text)["columns"]["limit"] == "LOD"


def test_a_layer_of_points_needs_no_reference_system(inspected: Inspected) -> None:
    """The file says it itself."""
    table = survey()
    points = [Point(each) for each in zip(table["lon"], table["lat"], strict=True)]
    frame = gpd.GeoDataFrame(
        table.drop(columns=["lon", "lat"]).rename(columns={"cd": "Cd_ppm", "pb": "Pb_ppm"}),
        geometry=points,
        crs="EPSG:4326",
    )
    frame.to_file("d.gpkg", layer="points")
    text, doubts = inspected("d.gpkg")
    assert yaml.safe_load(text)["crs"] is None
    assert "reference system" not in doubts
    check(read(text))


def test_swapped_degrees_are_found_with_a_region(inspected: Inspected) -> None:
    """Latitude under the name of longitude; the proposal exchanges them and says so."""
    table = survey().rename(
        columns={"lon": "lat", "lat": "lon", "cd": "cd_ppm", "pb": "pb_ppm"}
    )
    table.to_csv("e.csv", index=False)
    text, doubts = inspected("e.csv", "region=5,7,50,52")
    columns = yaml.safe_load(text)["columns"]
    assert (columns["easting"], columns["northing"]) == ("lat", "lon")
    assert "look swapped" in doubts
    check(read(text))


def test_what_cannot_be_told_is_left_open(inspected: Inspected) -> None:
    """Metres without a system, values without a unit: three question marks, never a guess."""
    table = survey()
    table = table.assign(x=180000 + 10.0 * table.index, y=330000.0, cd=table["cd"] * 1e4)
    table.drop(columns=["lon", "lat", "pb"]).to_csv("f.csv", index=False)
    text, doubts = inspected("f.csv")
    values = yaml.safe_load(text)
    assert (values["crs"], values["unit"]) == ("???", "???")
    assert "EPSG:28992 (Netherlands)" in doubts
    assert "UTM" in doubts
    assert "state it in unit" in doubts


def test_codes_and_substitutes_are_told(inspected: Inspected) -> None:
    """Numbers below zero, -999, zeros, half limits, words: each is a doubt of its own."""
    table = survey()
    cd = table["cd"].astype(str).to_numpy(dtype=object)
    cd[:12], cd[12:14], cd[14], cd[15:17] = "-0.1", "-999", "0", "k.A."
    pb = np.where(table["pb"] < 24, 12.0, table["pb"])
    table.assign(cd_mg_kg=cd, pb_mg_kg=pb).drop(columns=["cd", "pb"]).to_csv(
        "g.csv", index=False
    )
    text, doubts = inspected("g.csv")
    values = yaml.safe_load(text)
    assert values["negative"] == "nondetect"
    assert {"-999", "k.A."} <= set(values["missing_words"])
    assert "-0.1 (12)" in doubts
    assert "Zeros in cd_mg_kg (1)" in doubts
    assert "half a detection limit of 24" in doubts
    made = read(text)
    below = made.observations["is_censored"]
    assert (made.observations.loc[below, "upper_mg_kg"] == 0.1).all()
    assert below.sum() == 12


def test_flags_beside_the_values_are_found(inspected: Inspected) -> None:
    """Zeros and ones, or limits, in columns named after those of the values."""
    table = survey().assign(cd_below_dl=[1] * 5 + [0] * (N - 5), pb_lod=2)
    table.to_csv("h.csv", index=False)
    text, doubts = inspected("h.csv")
    values = yaml.safe_load(text)
    assert values["wide_qualifiers"] == {"cd": "cd_below_dl"}
    assert values["wide_limits"] == {"pb": "pb_lod"}
    assert "mg/kg was supposed" in doubts
    assert "Not used" not in doubts
    made = read(text)
    assert made.observations["is_censored"].sum() == 5
    check(made)


def test_flags_named_after_the_contaminant_alone_are_found(inspected: Inspected) -> None:
    """As in docs/data.md: Cd_flag and Cd_lod beside Cd_mg_kg; what is left is told."""
    table = survey().rename(columns={"cd": "Cd_mg_kg", "pb": "Pb_mg_kg"})
    table = table.assign(
        Cd_flag=["<"] * 5 + [""] * (N - 5),
        Cd_lod=0.01,
        Pb_mg_kg_flag="",
        Pb_flag="",
        pb_icp_lod=1,
    )
    table.to_csv("h.csv", index=False)
    text, doubts = inspected("h.csv")
    values = yaml.safe_load(text)
    assert values["wide_qualifiers"] == {"cd": "Cd_flag", "pb": "Pb_mg_kg_flag"}
    assert values["wide_limits"] == {"cd": "Cd_lod"}
    assert (
        "Not used, though the names are those of flags or limits: Pb_flag, pb_icp_lod" in doubts
    )
    assert read(text).observations["is_censored"].sum() == 5


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1, "No header tells the unit of pb. mg/kg was supposed"),
        (1000, "Nothing tells the unit of pb (the headers do not)"),
    ],
)
def test_only_the_columns_whose_header_tells_no_unit_are_doubted(
    inspected: Inspected, factor: float, said: str
) -> None:
    """The header of cadmium does tell its own."""
    table = survey().rename(columns={"cd": "cd (mg/kg)"})
    table.assign(pb=table["pb"] * factor).to_csv("p.csv", index=False)
    text, doubts = inspected("p.csv")
    assert yaml.safe_load(text)["units"] == {"cd": "mg/kg"}
    assert said in doubts


def test_water_beside_soil_is_told_and_rejected(inspected: Inspected) -> None:
    """5 ppm of a soil is 5 mg/kg, of a water it is none."""
    table = survey().rename(columns={"cd": "cd_ppm", "pb": "pb_ppm"})
    media = ["Soil"] * (N - 9) + ["Stream sediment"] * 5 + ["Surface water"] * 4
    table.assign(Matrix=media).to_csv("w.csv", index=False)
    text, doubts = inspected("w.csv")
    assert "Matrix says 'Surface water': such rows will be rejected" in doubts
    assert "Matrix says 'Stream sediment' beside soil, and these rows are kept" in doubts
    made = read(text)
    # One row per contaminant of the wide table.
    reasons = made.ledger.reasons()
    assert reasons["medium 'Surface water' is not among data.media"] == 8
    assert not any("sediment" in reason for reason in reasons)
    table.assign(Matrix="composite").to_csv("x.csv", index=False)
    text, doubts = inspected("x.csv")
    assert "Matrix says 'composite', and these rows are kept" in doubts
    assert "medium" not in yaml.safe_load(text)["columns"]


def test_a_saved_proposal_is_an_option(inspected: Inspected) -> None:
    """It composes under its name; a second one of that name is refused."""
    survey().rename(columns={"cd": "cd_ppm", "pb": "pb_ppm"}).to_csv("i.csv", index=False)
    inspected("i.csv", "save=mine")
    from hotspot.config.compose import compose

    assert compose(["data=mine"])["data"]["wide"] == {"cd": "cd_ppm", "pb": "pb_ppm"}
    _, told = inspected("i.csv", "save=mine", code=1)
    assert "is there already" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "takes one file, not 0"),
        (("a.csv", "b.csv"), "takes one file, not 2"),
        (("nowhere.csv",), "There is no file nowhere.csv"),
        (("a.csv", "region=5,8"), "west,east,south,north"),
        (("a.csv", "header_row=0"), "from 1"),
        (("a.csv", "save=a/b"), "letters, digits and underscores"),
    ],
)
def test_mistakes_are_told(inspected: Inspected, arguments: tuple[str, ...], said: str) -> None:
    """One message each, and exit code 1."""
    survey().to_csv("a.csv", index=False)
    assert said in inspected(*arguments, code=1)[1]


def test_a_file_is_found_where_a_run_would_find_it(
    inspected: Inspected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below data/raw and the folders of the user; what is nowhere is told with the places."""
    monkeypatch.setenv("HOTSPOT_DATA_ROOTS", str(Path("elsewhere").absolute()))
    for folder, name in (("data/raw/lab", "a.csv"), ("elsewhere/lab", "b.csv")):
        Path(folder).mkdir(parents=True)
        survey().rename(columns={"cd": "cd_ppm", "pb": "pb_ppm"}).to_csv(f"{folder}/{name}")
        text, _ = inspected(f"lab/{name}")
        check(read(text))
    told = inspected("lab/c.csv", code=1)[1]
    assert "There is no file lab/c.csv. Did you mean" in told
    places = f"here, below data/raw, below {Path('elsewhere').absolute()}"
    assert f"It was looked for {places}." in told


def test_help_and_a_wrong_action(capsys: pytest.CaptureFixture[str]) -> None:
    """Help asks for nothing; another action is answered with the right one."""
    assert run_command_line(["data"]) == 0
    assert "usage: hotspot data inspect" in capsys.readouterr().out
    assert run_command_line(["data", "inspekt", "a.csv"]) == 1
    assert "Did you mean 'inspect'" in capsys.readouterr().err


def test_the_ledger_has_the_shape_that_the_docs_tell(project_root: Path) -> None:
    """Every key that programs may read stands in docs/data.md, and the other way round."""
    from hotspot.observations.findings import Censoring, Findings
    from hotspot.observations.laboratory_effect import LaboratoryEffect, LaboratoryOffset
    from hotspot.observations.substitution import Substitution, Suspect

    suspect = Substitution("cd", "A", Suspect(0.2, 0.4, "half", 21, 0), 155)
    found = Findings(
        censoring=(Censoring("cd", "A", 5, 1, 0, 1, 0.2, 0.2),), suspects=(suspect,)
    )
    written = found.to_dict()
    offset = LaboratoryOffset("A", 12, 0.1, -0.1, 0.3)
    effect = LaboratoryEffect("cd", (offset,)).to_dict()
    tables = {
        "censoring": written["censoring"][0],
        "suspects": written["suspects"][0],
        "laboratories": effect,
        "offsets": effect["offsets"][0],
    }
    text = (project_root / "docs" / "data.md").read_text(encoding="utf-8")
    for name, row in tables.items():
        told = re.search(rf"^\| `{name}` \| (.+?) \|", text, re.MULTILINE)
        assert told is not None, name
        assert re.findall(r"`(\w+)`", told[1]) == list(row), name


def test_the_stage_keeps_its_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger holds steps, notes, shares of non-detects and the offsets of laboratories."""
    from hotspot.commands import observations
    from hotspot.commands.console import Console
    from hotspot.config.check import check_config
    from hotspot.config.compose import compose
    from hotspot.config.paths import Paths
    from hotspot.observations import Ledger, read_observations

    rng = np.random.default_rng(3)
    table = pd.concat([survey()] * 2, ignore_index=True)
    table = table.assign(lab=np.repeat(["A", "B"], N), zn=np.exp(rng.normal(4, 0.3, 2 * N)))
    table.loc[N:, "zn"] *= np.exp(0.5)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    table.to_csv(tmp_path / "data" / "raw" / "two.csv", index=False)
    values = compose(["threshold.zn=200", "contaminants=[zn]"])
    values["data"] |= {
        "path": "data/raw/two.csv",
        "crs": "EPSG:4326",
        "columns": {"site": "site", "easting": "lon", "northing": "lat", "laboratory": "lab"},
        "wide": {"zn": "zn"},
        "unit": "mg/kg",
        "exclude": {},
        "duplicates": "keep",
        "laboratory_effect": "adjust",
    }
    values["covariates"]["grid"] = {
        "like": None, "crs": "EPSG:28992", "resolution": 500.0,
        "region": [170000.0, 200000.0, 300000.0, 350000.0],
    }  # fmt: skip
    paths = Paths("two", tmp_path)
    told: list[str] = []
    monkeypatch.setattr(Console, "line", lambda self, text="": told.append(text))
    seeds: list[int] = []
    estimate = observations.laboratory_offsets

    def offsets(made: pd.DataFrame, *, seed: int) -> list[Any]:
        seeds.append(seed)
        return list(estimate(made, seed=seed))

    monkeypatch.setattr(observations, "laboratory_offsets", offsets)
    observations.run(check_config(values), paths, Console(None))  # type: ignore[arg-type]
    assert seeds == [values["seed"]]
    account = json.loads((paths.interim / "ledger.json").read_text(encoding="utf-8"))
    assert Ledger.from_dict(account).adds_up()
    assert [each["laboratory"] for each in account["censoring"]] == ["A", "B"]
    assert account["laboratory_effect"] == "adjust"
    (effect,) = account["laboratories"]
    first, second = effect["offsets"]
    assert first["upper"] < second["lower"]
    assert second["lower"] - first["lower"] == pytest.approx(0.5, abs=0.25)
    assert any(text.startswith("  note: laboratories find zn") for text in told)
    made = read_observations(paths.interim / "observations.parquet")
    assert made["is_censored"].all()


# The shapes that other systems hand out, read by the configurations of the project


def test_a_table_of_the_shape_of_lucas_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words without limits, codes for missing places, days first, two campaigns."""
    text = Path("conf/data/lucas.yaml").read_text(encoding="utf-8")
    rows = [
        ["30001", "48.10", "11.50", "0-20 cm", "21/09/18", "2018", "3", "< LOD", "20.5"],
        ["30002", "48.20", "11.60", "0-20 cm", "22/09/18", "2018", "8888", "0.3", "18.1"],
        ["30003", "88.888888", "88.888888", "0-20 cm", "22/09/18", "2018", "4", "0.2", "30"],
        ["30001", "48.1001", "11.5001", "0-20 cm", "20/05/09", "2009", "5", "0.1", "< LOD"],
    ]
    metals = list(yaml.safe_load(text)["wide"].values())
    names = ["POINTID", "GPS_LAT", "GPS_LONG", "Depth", "SURVEY_DATE", "SURVEY", "GPS_PREC"]
    table = pd.DataFrame(rows, columns=[*names, "Cd", "Pb"])
    table = table.reindex(columns=[*names, *metals], fill_value="")
    root = Path.cwd()
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data/raw/lucas/lucas_metals.csv"
    path.parent.mkdir(parents=True)
    table.to_csv(path, index=False)
    shutil.copytree(root / "conf", tmp_path / "conf")
    made = read(text, "EPSG:3035")
    found = made.observations.set_index(["contaminant", "sampled_on"])
    cadmium = found.loc[("cd", "2018-09-21")]
    assert cadmium[["lower_mg_kg", "upper_mg_kg"]].tolist() == [0.0, 0.07]
    assert sorted(made.observations["campaign"].unique()) == ["2009", "2018"]
    assert cadmium["radius_m"] == 3.0
    assert np.isnan(found.loc[("cd", "2018-09-22"), "radius_m"])
    kinds = made.ledger.reasons()
    assert kinds["coordinates missing"] == 2
    assert kinds["non-detect without a limit"] == 1
    assert made.ledger.rows_out == 5


def test_a_view_of_the_shape_of_glosis_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points as PostGIS gives them, units and procedures as codes, horizons of a profile."""
    text = Path("conf/data/glosis.yaml").read_text(encoding="utf-8")
    address = f"sqlite:///{tmp_path / 'glosis.db'}"
    monkeypatch.setenv("HOTSPOT_DATABASE", address)
    point = shapely.to_wkb(
        shapely.set_srid(shapely.points([36.8, -1.3]), 4326), hex=True, include_srid=True
    )
    rows = [
        (1, "Cadmium (Cd) - total", "AquaRegia", "unit:MilliGM-PER-KiloGM", 0.4, 0, 10),
        (2, "Cadmium (Cd) - total", "AquaRegia", "unit:MilliGM-PER-KiloGM", 0.2, 10, 30),
        (3, "Cadmium (Cd) - total", "AquaRegia", "unit:MilliGM-PER-KiloGM", 0.1, 30, 60),
        (4, "Lead (Pb) - total", "XRF", "unit:MicroGM-PER-GM", 22.0, 0, 30),
        (5, "pH - in water", "pHH2O", "unit:PH", 6.1, 0, 30),
    ]
    names = ["result_phys_chem_id", "property_phys_chem_id", "procedure_phys_chem_id",
             "unit_of_measure_id", "value", "upper_depth", "lower_depth"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names).assign(
        profile_code="KE-1", position=point, time_stamp="2019-03-02", individual_id="lab 7",
        project_name="national", positional_accuracy=10,
    )  # fmt: skip
    frame.to_sql("contaminant_results", sa.create_engine(address), index=False)
    # SQLite has no schema of that name; the rest is as in the file.
    made = read(text.replace("core.contaminant_results", "contaminant_results"), "EPSG:32737")
    table = made.observations.set_index("contaminant")
    assert table.loc["cd", "lower_mg_kg"] == pytest.approx((10 * 0.4 + 20 * 0.2) / 30)
    assert table.loc["pb", ["method", "laboratory", "campaign"]].tolist() == [
        "xrf_lab",
        "lab 7",
        "national",
    ]
    assert table["radius_m"].tolist() == [10.0, 10.0]
    assert table.loc["pb", "easting"] == pytest.approx(255_100, abs=500)
    assert made.ledger.reasons()["unknown contaminant 'pH - in water'"] == 1


# Files that other people made; they are not part of the project


@pytest.mark.parametrize(
    ("path", "options", "contaminants", "kept"),
    [
        ("jura/jura_prediction.csv", (), 7, 1813),
        ("meuse/meuse.csv", ("region=EPSG:28992",), 4, 620),
        ("us_soil_ds801/ds801_top5cm.csv", (), 20, 96_820),
        pytest.param(
            "us_soil_ds801/ds801_all_horizons.csv", (), 20, None, marks=pytest.mark.slow
        ),
        ("us_soil_ds801/ds801_top5cm_model_table.csv", (), 16, None),
        ("us_ngs_midwest/ngs_midwest.csv", (), 4, 8624),
        ("us_ngs_lead/ngs_lead_model_table.csv", (), 1, None),
    ],
)
def test_published_surveys_are_read_by_their_proposals(
    shared: Path,
    inspected: Inspected,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    options: tuple[str, ...],
    contaminants: int,
    kept: int | None,
) -> None:
    """As many observations as the configurations written by hand keep."""
    monkeypatch.setenv("HOTSPOT_DATA_ROOTS", str(shared / "data"))
    text, _ = inspected(str(shared / "data" / path), *options)
    assert yaml.safe_load(text)["path"] == path
    target = {"meuse": "EPSG:28992", "jura/": "EPSG:21781"}.get(path[:5], "EPSG:5070")
    made = read(text, target)
    assert made.observations["contaminant"].nunique() == contaminants
    assert kept is None or made.ledger.rows_out == kept
