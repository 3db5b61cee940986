"""The registry tables that come with the package."""

import csv
from importlib.resources import files
from io import StringIO


def registry_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the registry such as ``contaminants``, all text."""
    path = files("hotspot.observations") / "registry" / f"{name}.csv"
    return list(csv.DictReader(StringIO(path.read_text(encoding="utf-8"), newline="")))
