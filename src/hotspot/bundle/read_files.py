"""Reading files that others sent, except rasters: nothing is followed, expanded or fetched.

Names stay inside the folder, links are not followed, sizes are known before anything is
decoded, and XML with entities is refused.
"""

import csv
import io
import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

MOST_FILES = 20_000
_MOST_TEXT_BYTES = 64 * 2**20


def child(root: Path, name: str) -> Path | None:
    """Return the path of a name inside a folder, or None where the name could lead out.

    Examples
    --------
    >>> child(Path("bundle"), "./a.tif").as_posix(), child(Path("bundle"), "../a.tif")
    ('bundle/a.tif', None)
    """
    if not name or any(mark in name for mark in ("\\", "\0", ":")) or name.startswith("/"):
        return None
    parts = [part for part in name.split("/") if part != "."]
    if not parts or any(part in ("", "..") for part in parts):
        return None
    path = root
    for part in parts:
        path = path / part
        if path.is_symlink():
            return None
    return path


def list_files(root: Path) -> tuple[list[str], list[str]]:
    """Return names of files below a folder, and of links and special files, both sorted.

    Hidden files are left out; links are not followed. Stops after `MOST_FILES`.
    """
    files: list[str] = []
    others: list[str] = []
    queue = [root]
    while queue and len(files) <= MOST_FILES:
        with os.scandir(queue.pop()) as entries:
            for entry in entries:
                name = Path(entry.path).relative_to(root).as_posix()
                if entry.is_symlink():
                    others.append(name)
                elif entry.is_dir():
                    if not entry.name.startswith("."):
                        queue.append(Path(entry.path))
                elif not entry.is_file():
                    others.append(name)
                elif not entry.name.startswith("."):
                    files.append(name)
    return sorted(files), sorted(others)


def read_text(path: Path) -> str:
    """Return a text file.

    Raises
    ------
    ValueError
        It is too large or no UTF-8.
    """
    size = path.stat().st_size
    if size > _MOST_TEXT_BYTES:
        raise ValueError(f"{size / 1e6:.0f} MB of text")
    return path.read_bytes().decode("utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object.

    Raises
    ------
    ValueError
        It is no JSON, no object, or nested too deeply.
    """
    try:
        values = json.loads(read_text(path))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(values, dict):
        # A file is wrong here, not the type of an argument.
        raise ValueError(f"a {type(values).__name__}, not an object")  # noqa: TRY004
    return values


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a head; ValueError where it cannot be read."""
    try:
        return list(csv.DictReader(io.StringIO(read_text(path))))
    except csv.Error as error:
        raise ValueError(str(error)) from error


class UnsafeXmlError(ValueError):
    """A document declares entities or a document type that could expand or fetch."""


def read_xml(path: Path) -> ET.Element:
    """Return the root of an XML file.

    A document type without declarations, as QGIS writes it, is passed over; nothing is
    fetched. With declarations the file is refused before anything is expanded.

    Raises
    ------
    UnsafeXmlError
        It has declarations of its own.
    ValueError
        It is not well-formed, or too large.
    """
    content = read_text(path)
    parser = expat.ParserCreate()

    def refuse(*seen: Any) -> None:
        raise UnsafeXmlError(f"the declaration of {seen[0]!r}")

    def doctype(name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal:
            raise UnsafeXmlError(f"a document type with declarations, {name!r}")

    parser.EntityDeclHandler = refuse
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content, True)
        # Without declarations nothing can expand or be fetched.
        return ET.fromstring(content)  # noqa: S314
    except (expat.ExpatError, ET.ParseError, RecursionError) as error:
        raise ValueError(str(error)) from error


def read_polygons(path: Path) -> Any:
    """Return the polygons of the first layer of a GeoPackage.

    Raises
    ------
    ValueError
        It is none, too large, or holds too many polygons.
    """
    import pyogrio

    if path.stat().st_size > 2**31:
        raise ValueError(f"{path.stat().st_size / 1e6:.0f} MB")
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise ValueError("no GeoPackage")
    try:
        return pyogrio.read_dataframe(path, max_features=1_000_000, use_arrow=False)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise ValueError(str(error)) from error
