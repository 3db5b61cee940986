"""Every format gives the same rows; what is wrong with a file is told with its remedy."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
from openpyxl import Workbook

from hotspot.errors import ConfigError, ObservationError
from hotspot.observations import read_rows
from hotspot.observations.formats.address import database_address
from hotspot.observations.formats.dialect import agree_decimal, guess_dialect

TEXT = "site,lon,lat,metal,value\n1,5.7,50.9,Cd,<0.2\n2,5.8,50.95,Cd,1.5\n"


def written(folder: Path, content: str | bytes, name: str = "lab.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def book(path: Path, *sheets: list[list[object]]) -> Path:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for number, rows in enumerate(sheets, 1):
        sheet = workbook.create_sheet(f"sheet{number}")
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    address = f"sqlite:///{tmp_path / 'soil.db'}"
    monkeypatch.setenv("HOTSPOT_DATABASE_TEST", address)
    return sa.create_engine(address)


def test_a_sheet_gives_what_the_text_gives(tmp_path: Path) -> None:
    """Numbers, signs, dates, gaps and errors of Excel come as text with the row of Excel."""
    path = book(
        tmp_path / "lab.xlsx",
        [
            ["site", " value ", "day", "n"],
            ["a", "<0.2", date(1990, 5, 14), 20],
            [None, None, None, None],
            ["b", 1.5, None, 1e-3],
            ["c", "#N/A", date(2020, 3, 1), True],
        ],
    )
    rows = read_rows(path).rows
    assert rows.index.tolist() == [2, 4, 5]
    assert rows.to_dict("records") == [
        {"site": "a", "value": "<0.2", "day": "1990-05-14", "n": "20"},
        {"site": "b", "value": "1.5", "day": "", "n": "0.001"},
        {"site": "c", "value": "#N/A", "day": "2020-03-01", "n": "True"},
    ]


def test_a_sheet_is_asked_for_where_several_hold_something(tmp_path: Path) -> None:
    """Sheets are named; empty ones do not count, headings above the names are cut off."""
    rows = [["a", "b"], ["1", "2"]]
    path = book(tmp_path / "two.xlsx", rows, [["Report", None], [], ["a", "b"], ["3", "4"]])
    with pytest.raises(ObservationError, match="2 sheets: sheet1, sheet2"):
        read_rows(path)
    with pytest.raises(ObservationError, match="Did you mean 'sheet1'"):
        read_rows(path, layer="sheet_1")
    found = read_rows(path, layer="sheet2", header_row=3).rows
    assert found.to_dict("index") == {4: {"a": "3", "b": "4"}}
    assert len(read_rows(book(tmp_path / "one.xlsx", [], rows)).rows) == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["a", "a"], ["1", "2"]], "share a name: a"),
        ([["a"]], "a header and no row"),
        ([], "has no row"),
        ([["a", None], ["1", "2"]], "cells beyond the last column"),
    ],
)
def test_a_damaged_sheet_says_what_is_wrong(
    tmp_path: Path, rows: list[list[object]], said: str
) -> None:
    """Double names, no rows, cells without a name."""
    with pytest.raises(ObservationError, match=said):
        read_rows(book(tmp_path / "lab.xlsx", rows))


def test_a_file_that_is_no_workbook_says_so(tmp_path: Path) -> None:
    """Text under another name."""
    with pytest.raises(ObservationError, match="cannot be read as an Excel workbook"):
        read_rows(written(tmp_path, TEXT, "lab.xlsx"))


def test_a_database_gives_its_table(database: sa.Engine) -> None:
    """Numbers and text as they stand there, and the SELECT changes nothing."""
    frame = pd.DataFrame({"site": ["a", "b"], "value": [0.5, None], "text": ["<1", None]})
    frame.to_sql("results", database, index=False)
    rows = read_rows("env:HOTSPOT_DATABASE_TEST").rows
    assert rows.to_dict("index") == {
        1: {"site": "a", "value": "0.5", "text": "<1"},
        2: {"site": "b", "value": "", "text": ""},
    }


def test_points_of_a_database_come_with_their_reference_system(database: sa.Engine) -> None:
    """Extended well-known binary in hexadecimal, as PostGIS hands it out."""
    points = shapely.set_srid(shapely.points([[5.7, 50.9], [5.8, 50.95]]), 4326)
    hexed = shapely.to_wkb(points, hex=True, include_srid=True)
    frame = pd.DataFrame({"plot": ["a", "b", "c"], "position": [*hexed, None]})
    frame.to_sql("plots", database, index=False)
    frame.to_sql("others", database, index=False)
    file = read_rows("env:HOTSPOT_DATABASE_TEST", layer="plots")
    assert file.crs == "EPSG:4326"
    assert file.rows["easting"].tolist() == ["5.7", "5.8", ""]
    assert file.rows["northing"].tolist() == ["50.9", "50.95", ""]
    with pytest.raises(ObservationError, match="has 2 tables"):
        read_rows("env:HOTSPOT_DATABASE_TEST")
    with pytest.raises(ObservationError, match="Did you mean 'plots'"):
        read_rows("env:HOTSPOT_DATABASE_TEST", layer="plot")


def test_the_address_of_a_database_stays_out_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither an address nor a variable of another purpose is taken from it."""
    for path in ("postgresql://me:secret@host/soil", "env:HOME", "env:HOTSPOT_DATA_ROOTS"):
        with pytest.raises(ConfigError, match=r"write data\.path=env:HOTSPOT_DATABASE"):
            database_address(path)
    monkeypatch.delenv("HOTSPOT_DATABASE", raising=False)
    with pytest.raises(ConfigError, match="HOTSPOT_DATABASE is not set"):
        database_address("env:HOTSPOT_DATABASE")


@pytest.mark.parametrize(
    "address",
    ["nothing of secret", "nosuch://me:secret@host/x", "sqlite:////no/secret/folder/x.db"],
)
def test_no_message_shows_a_password(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be opened is told by its kind."""
    monkeypatch.setenv("HOTSPOT_DATABASE", address)
    with pytest.raises(ObservationError) as error:
        read_rows("env:HOTSPOT_DATABASE")
    assert "me:secret" not in str(error.value)
    assert "nothing of secret" not in str(error.value)


def test_guesses_are_made_only_where_asked_and_told(tmp_path: Path) -> None:
    """`auto` reads a German export, and says what it took."""
    text = "Ort;Blei µg/g\n1;0,5\n2;<1,25\n".encode("cp1252")
    file = read_rows(written(tmp_path, text), separator="auto", encoding="auto")
    assert file.rows["Blei µg/g"].tolist() == ["0,5", "<1,25"]
    assert any("separator was taken for ';'" in note for note in file.notes)
    assert any("cp1252" in note for note in file.notes)
    values, notes = agree_decimal({"decimal": "auto", "wide": {"pb": "Blei µg/g"}}, file.rows)
    assert values["decimal"] == ","
    assert notes
    assert read_rows(written(tmp_path, TEXT)).notes == ()


def test_mixed_decimal_marks_are_no_guess() -> None:
    """Where both occur, the user must say which one is right."""
    rows = pd.DataFrame({"v": ["0,5", "0,7", "1.5"]})
    with pytest.raises(ObservationError, match=r"both decimal marks.*'1\.5'"):
        agree_decimal({"decimal": "auto", "columns": {"value": "v"}}, rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", ("utf-8", ",", ".", 1)),
        ("a;b\n1,5;2,5\n1,25;3\n", ("utf-8", ";", ",", 1)),
        ("a\tb\n1.5\t2\n", ("utf-8", "\t", ".", 1)),
        ("a|b\n1.5|2\n", ("utf-8", "|", ".", 1)),
        ("Report\nof 1990\n\na,b,c\n1,2,3\n4,5,6\n7,8,9\n", ("utf-8", ",", ".", 4)),
        ("\ufeffa,b\n1,2\n".encode("utf-16"), ("utf-16", ",", ".", 1)),
    ],
)
def test_a_dialect_is_recognised(
    text: str | bytes, expected: tuple[str, str, str, int]
) -> None:
    """Separator, decimal mark, heading lines and encoding."""
    found = guess_dialect(text if isinstance(text, bytes) else text.encode())
    assert (found.encoding, found.separator, found.decimal, found.header_row) == expected


def test_lines_above_the_names_are_left_out(tmp_path: Path) -> None:
    """Rows keep the numbers of the file."""
    path = written(tmp_path, "Report, of\n\n" + TEXT)
    assert read_rows(path, header_row=3).rows.index.tolist() == [4, 5]


def test_utf_8_read_as_another_encoding_is_refused(tmp_path: Path) -> None:
    """Every byte means something in cp1252, so only the text shows the mistake."""
    path = written(tmp_path, "a,unit\n1,µg/g\n")
    with pytest.raises(ObservationError, match=r"is UTF-8: as cp1252, 'µ' would become 'Âµ'"):
        read_rows(path, encoding="cp1252")


def test_a_wrong_separator_is_answered_with_the_likely_one(tmp_path: Path) -> None:
    """A table with decimal commas, cut at them."""
    path = written(tmp_path, "a;b;c\n1,5;2;x\n1;2,5;y,z\n")
    with pytest.raises(ObservationError, match=r"separator may be ';'|data\.separator=';'"):
        read_rows(path)


def test_a_cell_may_hold_a_line_break(tmp_path: Path) -> None:
    """Between quotes; the rows are counted as records."""
    rows = read_rows(written(tmp_path, 'a,b\n1,"x\ny"\n2,z\n')).rows
    assert rows["b"].to_dict() == {2: "x\ny", 3: "z"}


def test_a_parquet_table_keeps_the_digits_of_its_floats(tmp_path: Path) -> None:
    """Single precision is not written with digits that nobody measured."""
    path = tmp_path / "lab.parquet"
    frame = pd.DataFrame({"a": np.array([0.1, np.nan], dtype=np.float32), "b": [1.5, 2.0]})
    frame.to_parquet(path)
    assert read_rows(path).rows.to_dict("list") == {"a": ["0.1", ""], "b": ["1.5", "2.0"]}
