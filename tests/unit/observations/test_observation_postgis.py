"""A real PostGIS server, started for these tests where the machine has one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hotspot.errors import ObservationError
from hotspot.observations import read_rows

SCHEMA = """
create extension postgis;
create schema soil;
create table soil.results (
  id bigint, site text, taken date, seen timestamp, "value (mg/kg)" numeric(8, 2),
  flag boolean, depth integer, position geometry(Point, 28992)
);
insert into soil.results values
  (1, 'a', '1990-05-14', '1990-05-14 12:30', 0.50, true, 20,
   st_setsrid(st_makepoint(180000.5, 331600), 28992)),
  (2, 'b; drop table soil.results', null, null, null, false, null, null);
create view soil.nearby as select site, geography(st_transform(position, 4326)) as geom
  from soil.results where position is not null;
create materialized view soil.kept as select site, depth from soil.results;
create table soil.log (line text);
create function soil.note() returns text language sql volatile as
  $$ insert into soil.log values ('seen') returning line $$;
create view soil.greedy as select soil.note() as line;
create table soil.areas as
  select 'x' as site, st_buffer(st_setsrid(st_makepoint(0, 0), 28992), 5) as geom;
create table soil.mixed (site text, geom geometry);
insert into soil.mixed values ('a', st_setsrid(st_makepoint(1, 2), 28992)),
  ('b', st_setsrid(st_makepoint(1, 2), 4326));
create role reader login;
grant usage on schema soil to reader;
grant select on soil.nearby to reader;
"""


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL, or skip."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        pytest.skip(f"PostgreSQL is not installed: there is no {name}")
    return found


def as_owner(*command: str) -> None:
    """Run a program of the server, which refuses to be run by the administrator."""
    who = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*who, *command], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the address of a database with PostGIS that nobody else can reach."""
    pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    control = program("pg_ctl")
    # Not below the folder of pytest, which the owner of the server may not enter; and the path
    # of a socket may have about a hundred characters only.
    folder = Path(tempfile.mkdtemp(prefix="hotspot-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    as_owner(program("initdb"), "-D", data, "-U", "soil", "-A", "trust", "--no-sync")
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    as_owner(control, "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        address = f"postgresql+psycopg://soil@/postgres?host={folder}"
        engine = sa.create_engine(address)
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql(SCHEMA)
        except sa.exc.SQLAlchemyError as error:
            if "postgis" not in str(error):
                raise
            pytest.skip("PostGIS is not installed beside PostgreSQL")
        finally:
            engine.dispose()
        yield address
    finally:
        as_owner(control, "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def database(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name the server by the variable of the environment."""
    monkeypatch.setenv("HOTSPOT_DATABASE", server)
    return "env:HOTSPOT_DATABASE"


@pytest.mark.filterwarnings("error")
def test_a_table_comes_as_it_stands_there(database: str) -> None:
    """Whole numbers stay whole beside gaps, decimals keep their zeros, points their system."""
    file = read_rows(database, layer="soil.results")
    assert file.crs == "EPSG:28992"
    assert file.rows.to_dict("index") == {
        1: {
            "id": "1", "site": "a", "taken": "1990-05-14", "seen": "1990-05-14T12:30:00",
            "value (mg/kg)": "0.50", "flag": "true", "depth": "20",
            "easting": "180000.5", "northing": "331600.0",
        },
        2: {
            "id": "2", "site": "b; drop table soil.results", "taken": "", "seen": "",
            "value (mg/kg)": "", "flag": "false", "depth": "", "easting": "", "northing": "",
        },
    }  # fmt: skip


def test_views_are_tables(database: str) -> None:
    """Of geographies, and materialised ones."""
    file = read_rows(database, layer="soil.nearby")
    assert file.crs == "EPSG:4326"
    assert float(file.rows["easting"].iloc[0]) == pytest.approx(5.743, abs=0.002)
    assert read_rows(database, layer="soil.kept").rows["depth"].tolist() == ["20", ""]


def test_nothing_can_be_written_by_reading(server: str, database: str) -> None:
    """A view that calls a function which writes is refused by the server."""
    with pytest.raises(ObservationError, match="read-only transaction"):
        read_rows(database, layer="soil.greedy")
    engine = sa.create_engine(server)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from soil.log").scalar() == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("soil.areas", "other geometries than points"),
        ("soil.mixed", "2 reference systems: EPSG 4326, 28992"),
        ("soil.log", "has no row"),
        ("soil.result", "Did you mean 'results'"),
        ("soil.results; drop table soil.log", "no table"),
        ("nowhere.results", "no table 'results'"),
    ],
)
def test_what_is_no_table_of_points_says_so(database: str, layer: str, said: str) -> None:
    """With the names that there are."""
    with pytest.raises(ObservationError, match=said):
        read_rows(database, layer=layer)


def test_a_user_without_rights_is_told(
    server: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the words of the server."""
    monkeypatch.setenv("HOTSPOT_DATABASE", server.replace("soil@", "reader:word@"))
    assert len(read_rows(database, layer="soil.nearby").rows) == 1
    with pytest.raises(ObservationError, match="permission denied") as error:
        read_rows(database, layer="soil.results")
    assert "word" not in str(error.value)


def test_parts_make_one_table(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows are asked for at once."""
    whole = read_rows(database, layer="soil.results")
    monkeypatch.setattr("hotspot.observations.formats.database._ROWS", 1)
    parts = read_rows(database, layer="soil.results")
    assert parts.crs == whole.crs
    assert parts.rows.equals(whole.rows)
