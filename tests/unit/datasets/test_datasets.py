"""The catalogue is sound, published tables come into form, and the command joins it all."""

import csv
import io
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from hotspot.cli import run_command_line
from hotspot.datasets.catalogue import PublishedTable, load_catalogue
from hotspot.datasets.tables import convert_table
from hotspot.errors import ConfigError, DownloadError

# The behaviour of a server; see conftest.py.
Served = Any

PUBLISHED = (
    '"Table, with ""quotes"""\t\t\t\r\n'
    "Top5_LabID\tLatitude\tCollDate\tTop5_Pb\r\n"
    "\tDegrees\t\tmg/kg\r\n"
    "C-1\t31.3146\t02/18/09\t<0.1\r\n"
    "N.S.\t33.0\tN.S.\tN.S.\r\n"
)
FORM = PublishedTable("t.csv", 2, 3, "Top5_", {"CollDate": "%m/%d/%y"})
CONVERTED = "labid,latitude,colldate,pb\nC-1,31.3146,2009-02-18,<0.1\nN.S.,33.0,N.S.,N.S.\n"


def test_every_entry_says_where_it_is_had() -> None:
    """Encrypted addresses, a licence, and how its checksum was come by."""
    for dataset in load_catalogue().values():
        assert dataset.address.startswith("https://"), dataset.name
        assert dataset.licence
        assert dataset.citation
        assert (dataset.sha256 is None) == (dataset.checked == "Not known."), dataset.name


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("file", "../evil.csv", "no plain name"),
        ("folder", "a/b", "no plain name"),
        ("address", "file:///etc/passwd", "no address"),
        ("sha256", "abc", "no SHA-256"),
    ],
)
def test_a_hostile_catalogue_is_refused(key: str, value: str, words: str) -> None:
    """Names become files of the project: nothing in them leads elsewhere."""
    entry = {
        **dict.fromkeys(
            ("title", "publisher", "licence", "citation", "checked", "used_by"), ""
        ),
        "address": "https://a/b",
        "bytes": None,
        "sha256": None,
        "file": "a.csv",
        "folder": "a",
        "member": None,
        "table": None,
        key: value,
    }
    with pytest.raises(ConfigError, match=words):
        load_catalogue(yaml.safe_dump({"mine": entry}))


def test_values_of_a_published_table_stay_as_they_are(tmp_path: Path) -> None:
    """Heading and units go, names lose their prefix, dates become ISO dates."""
    (tmp_path / "p.txt").write_bytes(PUBLISHED.encode())
    assert convert_table(tmp_path / "p.txt", FORM, tmp_path / "t.csv") == 2
    assert (tmp_path / "t.csv").read_text() == CONVERTED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PUBLISHED.replace("CollDate", "Day"), "line 2 names Top5_LabID"),
        (PUBLISHED + "C-2\t1\r\n", "row 4 has 2 values, not 4"),
        ("", "line 2 names"),
    ],
)
def test_a_table_of_another_layout_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Rather than shifted by a column."""
    (tmp_path / "p.txt").write_bytes(text.encode())
    with pytest.raises(DownloadError, match=words):
        convert_table(tmp_path / "p.txt", FORM, tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Served) -> Served:
    """Return a server behind a catalogue of data sets whose checksum nobody knows."""
    entry = {
        **dict.fromkeys(("title", "publisher", "licence", "citation", "used_by"), "words"),
        "address": served.address,
        "bytes": None,
        "sha256": None,
        "checked": "Not known.",
        "file": "p.txt",
        "folder": "mine",
        "member": None,
        "table": vars(FORM),
    }
    packed = {**entry, "file": "p.zip", "member": "in/plants.csv", "table": None}
    text = yaml.safe_dump({"mine": entry, "packed": packed})
    for place in ("download.load_catalogue", "data.load_catalogue"):
        monkeypatch.setattr(f"hotspot.commands.{place}", lambda: load_catalogue(text))
    monkeypatch.setattr(
        "hotspot.commands.download.find_dataset", lambda name: load_catalogue(text)[name]
    )
    monkeypatch.chdir(tmp_path)
    served.content = PUBLISHED.encode()
    return served


def test_the_command_fetches_records_and_converts(
    project: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second time nothing is fetched; the table's path goes to the output."""
    assert run_command_line(["data", "mine"]) == 0
    told = capsys.readouterr()
    assert told.out == "data/raw/mine/t.csv\n"
    assert "recorded; it was not known before" in told.err
    assert Path("data/raw/mine/t.csv").read_text() == CONVERTED
    assert run_command_line(["data", "mine"]) == 0
    assert "there already" in capsys.readouterr().err
    assert len(project.asked) == 1


def test_the_command_takes_a_table_out_of_an_archive(
    project: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under its own name in the folder of the data set, whatever folder it had inside."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("in/plants.csv", "a,b\n1,2\n")
    project.content = archive.getvalue()
    assert run_command_line(["data", "packed"]) == 0
    assert capsys.readouterr().out == "data/raw/mine/plants.csv\n"
    assert Path("data/raw/mine/plants.csv").read_text() == "a,b\n1,2\n"


def test_what_was_recorded_is_verified_later(
    project: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that changed on this machine or at the publisher's is an error that says so."""
    run_command_line(["data", "mine"])
    path = Path("data/raw/mine/p.txt")
    path.write_text("edited")
    assert run_command_line(["data", "mine"]) != 0
    assert "changed after it was fetched" in capsys.readouterr().err
    path.unlink()
    project.content = project.content.replace(b"31.3146", b"31.3147")
    assert run_command_line(["data", "mine"]) != 0
    assert "was expected: the file has changed" in capsys.readouterr().err
    assert not path.exists()


def test_a_file_from_elsewhere_is_checked_and_copied(
    project: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fetched in a browser; another edition than the recorded one is refused."""
    (tmp_path / "saved.txt").write_bytes(PUBLISHED.encode())
    assert run_command_line(["data", "mine", "file=saved.txt"]) == 0
    assert Path("data/raw/mine/t.csv").read_text() == CONVERTED
    (tmp_path / "saved.txt").write_bytes(PUBLISHED.replace("31", "32").encode())
    assert run_command_line(["data", "mine", "file=saved.txt"]) != 0
    assert "another file or another edition" in capsys.readouterr().err
    assert run_command_line(["data", "mine", "file=nowhere.txt"]) != 0
    assert not project.asked


@pytest.mark.parametrize("arguments", [["mime"], ["mine", "x=1"], ["mine", "address"]])
def test_what_is_not_known_is_refused(project: Served, arguments: list[str]) -> None:
    """Names, options and bare words."""
    assert run_command_line(["data", *arguments]) != 0
    assert not project.asked


@pytest.mark.shared
def test_the_survey_of_the_united_states_comes_into_its_form(
    shared: Path, tmp_path: Path
) -> None:
    """The official file, put together from the developers' table, has the official checksum.

    And its conversion gives that table back to the byte, so that configurations read both.
    """
    dataset = load_catalogue()["usgs_ds801"]
    table = shared / "data" / "us_soil_ds801" / "ds801_top5cm.csv"
    published = tmp_path / dataset.file
    published.write_bytes(official_text(table).encode())
    assert published.stat().st_size == dataset.bytes
    assert sha256(published.read_bytes()).hexdigest() == dataset.sha256
    assert dataset.table is not None
    convert_table(published, dataset.table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == table.read_bytes()


def official_text(table: Path) -> str:
    """Return the survey's table as it is published: heading, units, tabs, American dates."""
    heading = Path(__file__).with_name("ds801_heading.txt").read_text(encoding="utf-8")
    with (table.parent / "ds801_top5cm_units.csv").open(encoding="utf-8", newline="") as stream:
        units = {row["column"]: row["unit"] for row in csv.DictReader(stream)}
    with table.open(encoding="utf-8", newline="") as stream:
        names, *rows = csv.reader(stream)
    rest = "\t" * (len(names) - 1)
    lines = [line + rest for line in heading.splitlines()]
    lines.append("\t".join(OFFICIAL_NAMES.get(name, _official(name)) for name in names))
    lines.append("\t".join(_official_unit(name, units) for name in names))
    day = names.index("colldate")
    for row in rows:
        year, month, of_month = row[day].split("-")
        row[day] = f"{month}/{of_month}/{year[2:]}"
        lines.append("\t".join(row))
    return "\r\n".join(lines) + "\r\n"


OFFICIAL_NAMES = {
    "labid": "Top5_LabID",
    "siteid": "SiteID",
    "stateid": "StateID",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "colldate": "CollDate",
    "landcover1": "LandCover1",
    "landcover2": "LandCover2",
    "tot_k_fs": "Top5_Tot_K_fs",
    "tot_14a": "Top5_Tot_14A",
    "tot_10a": "Top5_Tot_10A",
}


def _official(name: str) -> str:
    return "Top5_" + "_".join(part.capitalize() for part in name.split("_"))


def _official_unit(name: str, units: dict[str, str]) -> str:
    special = {"latitude": "Degrees", "longitude": "Degrees", "depth": "cm"}
    spelt = {"weight percent": "wt. %", "wt%": "wt. %"}
    return special.get(name, spelt.get(units.get(name, ""), units.get(name, "")))
