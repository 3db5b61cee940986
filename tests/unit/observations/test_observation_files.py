"""Files come in as text and go out whole; a file that cannot be read says why."""

import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, MultiPoint, Point

from hotspot.errors import ObservationError, OutputError
from hotspot.observations import (
    TableMapping,
    harmonise,
    read_observations,
    read_rows,
    write_observations,
)
from hotspot.observations.harmonisation import Harmonised

TEXT = "site,easting,northing,metal,value\n1,180000,331600,Cd,<0.2\n2,180040,331600,Cd,1.50\n"
MAPPING = TableMapping(
    columns={"site": "site", "contaminant": "metal", "value": "value"}, unit="mg/kg"
)


def written(folder: Path, content: str | bytes, name: str = "lab.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def result(tmp_path: Path) -> Harmonised:
    rows = read_rows(written(tmp_path, TEXT)).rows
    return harmonise(rows, MAPPING, crs="EPSG:28992", target_crs="EPSG:28992", source="lab")


def test_cells_stay_as_they_were_typed(tmp_path: Path) -> None:
    """Signs and trailing zeros survive; rows are numbered as a spreadsheet numbers them."""
    file = read_rows(written(tmp_path, TEXT))
    assert file.crs is None
    assert file.rows["value"].to_dict() == {2: "<0.2", 3: "1.50"}


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("\ufeff" + TEXT, {}),
        (TEXT.replace(",", ";"), {"separator": ";"}),
        (TEXT.replace(",", "\t"), {"separator": "\\t"}),
        (TEXT.replace("\n", "\r\n"), {}),
        (TEXT.replace("site,", " site ,"), {}),
        (TEXT.replace("\n", ",,\n"), {}),
        (TEXT.replace("\n1", "\n\n1"), {}),
    ],
    ids=[
        "byte order mark",
        "semicolon",
        "tab",
        "crlf",
        "spaces",
        "empty columns",
        "blank line",
    ],
)
def test_the_dress_of_a_text_file_changes_nothing(
    tmp_path: Path, content: str, options: dict[str, str]
) -> None:
    """The same cells come out, under clean column names."""
    rows = read_rows(written(tmp_path, content), **options).rows
    assert list(rows.columns) == ["site", "easting", "northing", "metal", "value"]
    assert rows["value"].tolist() == ["<0.2", "1.50"]


def test_a_tsv_file_is_separated_by_tabs(tmp_path: Path) -> None:
    """The suffix says it."""
    path = written(tmp_path, TEXT.replace(",", "\t"), "lab.tsv")
    assert read_rows(path).rows["value"].tolist() == ["<0.2", "1.50"]


def test_an_encoding_is_told_and_obeyed(tmp_path: Path) -> None:
    """µ of cp1252 is no UTF-8: the message says so, and naming the encoding reads it."""
    path = written(tmp_path, "a,unit\n1,µg/g\n".encode("cp1252"))
    with pytest.raises(ObservationError, match=r"not utf-8: byte 0xb5.*often cp1252"):
        read_rows(path)
    assert read_rows(path, encoding="cp1252").rows["unit"].tolist() == ["µg/g"]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", {}, "is empty: 0 bytes"),
        ("\n\n", {}, "has no line"),
        ("a,b\n", {}, "a header and no row"),
        ("a;b\n1;2\n", {}, "Give data.separator=';'"),
        ("a,b,a\n1,2,3\n", {}, "share a name: a"),
        ("a,b\n1,2\n3\n", {}, "rows 3. The file may be cut off"),
        ("a,b\n1,2,3\n", {}, "another number of cells"),
        ('a,b\n1,"2\n', {}, "cannot be read as a table"),
        ("a,b\n1,2\n", {"encoding": "utf-9"}, "No text encoding is called 'utf-9'"),
        ("a,b\n1,2\n", {"separator": ";;"}, "';;' is not one character"),
    ],
)
def test_a_damaged_text_file_says_what_is_wrong(
    tmp_path: Path, content: str, options: dict[str, str], said: str
) -> None:
    """Empty, cut off, ambiguous or misdescribed."""
    with pytest.raises(ObservationError) as error:
        read_rows(written(tmp_path, content), **options)
    assert said in str(error.value)


def test_a_missing_file_is_answered_with_the_near_one(tmp_path: Path) -> None:
    """A folder is no file either, and neither is an address."""
    written(tmp_path, TEXT, "observations.csv")
    with pytest.raises(ObservationError, match=r"Did you mean 'observations\.csv'"):
        read_rows(tmp_path / "observation.csv")
    for path in (tmp_path, "/vsicurl/http://example.invalid/a.gpkg", "a.csv\n"):
        with pytest.raises(ObservationError, match="There is no file"):
            read_rows(path)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """The formats that can be read are named."""
    with pytest.raises(ObservationError, match=r"'\.doc'.*Give one of \.csv"):
        read_rows(written(tmp_path, "x", "lab.doc"))


@pytest.mark.parametrize("name", ["lab.gpkg", "lab.geojson", "lab.parquet"])
def test_points_become_easting_and_northing_with_their_crs(tmp_path: Path, name: str) -> None:
    """Geometry, numbers, dates and gaps become text; the CRS is told."""
    frame = gpd.GeoDataFrame(
        {
            "value": ["<0.2", None],
            "depth": [20.0, np.nan],
            "easting": ["?", "?"],
            "day": pd.to_datetime(["1990-05-14", None]),
        },
        geometry=[Point(5.7, 50.9), MultiPoint([(5.8, 50.95)])],
        crs="EPSG:4326",
    )
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    file = read_rows(path)
    assert file.crs == "EPSG:4326"
    rows = file.rows
    assert rows[["easting", "northing"]].to_numpy().tolist() == [
        ["5.7", "50.9"],
        ["5.8", "50.95"],
    ]
    assert rows["easting_in_table"].tolist() == ["?", "?"]
    assert rows["value"].tolist() == ["<0.2", ""]
    assert rows["depth"].tolist() == ["20.0", ""]
    assert [day[:10] for day in rows["day"]] == ["1990-05-14", ""]
    assert rows.index.tolist() == [1, 2]


def test_a_layer_is_asked_for_where_there_are_several(tmp_path: Path) -> None:
    """The layers are named; a misspelt one is answered with the near one."""
    path = tmp_path / "lab.gpkg"
    for place, layer in enumerate(("topsoil", "subsoil")):
        frame = gpd.GeoDataFrame({"a": [place]}, geometry=[Point(0, 0)], crs="EPSG:28992")
        frame.to_file(path, layer=layer)
    assert read_rows(path, layer="subsoil").rows["a"].tolist() == ["1"]
    with pytest.raises(ObservationError, match=r"2 layers: topsoil, subsoil"):
        read_rows(path)
    with pytest.raises(ObservationError, match="Did you mean 'topsoil'"):
        read_rows(path, layer="topsoils")


def test_lines_are_no_observations(tmp_path: Path) -> None:
    """A layer of another geometry is refused by its name."""
    path = tmp_path / "lab.gpkg"
    frame = gpd.GeoDataFrame(geometry=[LineString([(0, 0), (1, 1)])], crs="EPSG:28992")
    frame.to_file(path)
    with pytest.raises(ObservationError, match="LineString"):
        read_rows(path)


@pytest.mark.parametrize("name", ["lab.gpkg", "lab.geojson", "lab.parquet"])
def test_a_damaged_vector_file_says_so(tmp_path: Path, name: str) -> None:
    """No traceback of another program reaches the user."""
    with pytest.raises(ObservationError, match="cannot be read"):
        read_rows(written(tmp_path, "no such thing", name))


def test_a_parquet_table_without_geometry_is_a_table(tmp_path: Path) -> None:
    """It has no CRS of its own."""
    path = tmp_path / "lab.parquet"
    pd.DataFrame({"value": ["<0.2"], "n": [3]}).to_parquet(path)
    file = read_rows(path)
    assert file.crs is None
    assert file.rows.to_dict("records") == [{"value": "<0.2", "n": "3"}]


def test_observations_come_back_as_they_went(tmp_path: Path, result: Harmonised) -> None:
    """Values, types, points and CRS."""
    path, _ = write_observations(result.observations, result.rejected, tmp_path / "out")
    back = read_observations(path)
    pd.testing.assert_frame_equal(pd.DataFrame(back), pd.DataFrame(result.observations))
    assert back.crs == result.observations.crs


def test_the_same_table_gives_the_same_bytes(tmp_path: Path, result: Harmonised) -> None:
    """Nothing of the time or the place of writing is in the files."""
    pairs = zip(
        write_observations(result.observations, result.rejected, tmp_path / "a"),
        write_observations(result.observations, result.rejected, tmp_path / "b"),
        strict=True,
    )
    for first, second in pairs:
        assert first.read_bytes() == second.read_bytes()


def test_a_failed_writing_leaves_the_old_files(
    tmp_path: Path, result: Harmonised, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk while the second file is written changes neither and leaves no rest."""
    written_paths = write_observations(result.observations, result.rejected, tmp_path / "out")
    before = [path.read_bytes() for path in written_paths]

    def full(self: pd.DataFrame, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    fewer = result.observations.iloc[:1]
    with pytest.raises(OutputError, match="No space left on device"):
        write_observations(fewer, result.rejected, tmp_path / "out")
    assert [path.read_bytes() for path in written_paths] == before
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_told(tmp_path: Path, result: Harmonised) -> None:
    """The error is of ours and names the folder."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="closed"):
        write_observations(result.observations, result.rejected, folder)


def test_a_folder_that_is_a_file_is_told(tmp_path: Path, result: Harmonised) -> None:
    """Nothing can be written under it."""
    path = written(tmp_path, "x", "taken")
    with pytest.raises(OutputError, match="taken"):
        write_observations(result.observations, result.rejected, path)


def test_a_file_that_is_no_observation_table_is_refused(tmp_path: Path) -> None:
    """Missing, damaged, or of other columns."""
    with pytest.raises(ObservationError, match="Run `hotspot observations` first"):
        read_observations(tmp_path / "observations.parquet")
    with pytest.raises(ObservationError, match="cannot be read as GeoParquet"):
        read_observations(written(tmp_path, "x", "a.parquet"))
    other = tmp_path / "b.parquet"
    gpd.GeoDataFrame({"a": [1]}, geometry=[Point(0, 0)]).to_parquet(other)
    with pytest.raises(ObservationError, match="lacks observation_id"):
        read_observations(other)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.gpkg", "a.parquet"])
def test_the_beginning_of_a_file_tells_its_columns(tmp_path: Path, name: str) -> None:
    """Names and reference system as of the whole file; only some of its rows."""
    n = 200_000 if name == "a.csv" else 1500
    frame = gpd.GeoDataFrame(
        {"site": [f"s{row}" for row in range(n)], "cd": 0.25},
        geometry=gpd.points_from_xy(np.arange(n) + 180000.0, np.full(n, 331600.0)),
        crs="EPSG:28992",
    )
    path = tmp_path / name
    if name == "a.gpkg":
        frame.to_file(path)
    elif name == "a.parquet":
        frame.to_parquet(path)
    else:
        table = pd.DataFrame(frame.drop(columns="geometry"))
        getattr(table, "to_excel" if name == "a.xlsx" else "to_csv")(path, index=False)
    whole, some = read_rows(path), read_rows(path, only_beginning=True)
    assert list(some.rows.columns) == list(whole.rows.columns)
    assert some.crs == whole.crs
    assert 0 < len(some.rows) < len(whole.rows)
    pd.testing.assert_frame_equal(some.rows, whole.rows.iloc[: len(some.rows)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_beginning_ends_within_no_letter_and_no_cell(tmp_path: Path, encoding: str) -> None:
    """Wherever the cut falls, whole rows are left."""
    for shift in range(3):
        rows = "".join(f'{row},"größer\nals"\n' for row in range(70_000))
        path = written(tmp_path, ("Ort,x" + "x" * shift + "\n" + rows).encode(encoding))
        found = read_rows(path, encoding=encoding, only_beginning=True).rows
        assert 10_000 < len(found) < 70_000
        assert set(found.iloc[:, 1]) == {"größer\nals"}


def test_the_reason_of_a_table_of_rejected_rows_ends_in_one_full_stop(tmp_path: Path) -> None:
    """The message of the unit is a sentence of its own."""
    rows = read_rows(written(tmp_path, TEXT)).rows
    mapping = TableMapping(columns=MAPPING.columns, unit="mg/l")
    crs = {"crs": "EPSG:28992", "target_crs": "EPSG:28992"}
    with pytest.raises(ObservationError) as caught:
        harmonise(rows, mapping, **crs, source="lab")
    assert ".." not in str(caught.value)
