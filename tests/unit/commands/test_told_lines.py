"""Lines of the terminal: numbers with their nouns and units, and what is odd."""

import re
import warnings
from pathlib import Path

import pytest

import hotspot.commands
from hotspot.commands.console import counted
from hotspot.commands.covariates import told_grid, warn_of_grid
from hotspot.grid import Grid

# A number in braces, and a plural behind it that one thing has not.
_PLURAL = re.compile(
    r"console\.line\([^)]*\{(?:len\([\w.]+\)|\w+)\} "
    r"(limits|hotspots|windows|samples|findings|contaminants)\b"
)


@pytest.mark.parametrize("noun", ["hotspot", "limit", "window"])
def test_one_thing_is_singular(noun: str) -> None:
    """1 hotspot, 0 hotspots, 2 hotspots."""
    assert [counted(n, noun) for n in (0, 1, 2)] == [f"0 {noun}s", f"1 {noun}", f"2 {noun}s"]


def test_lines_of_counts_use_the_helper() -> None:
    """No line of a stage sets a plural behind a number by hand."""
    folder = Path(hotspot.commands.__file__).parent
    for name in ("predict", "bundle", "samples", "observations", "dry_run"):
        text = (folder / f"{name}.py").read_text(encoding="utf-8")
        assert _PLURAL.search(text) is None, name


@pytest.mark.parametrize(
    ("crs", "side", "told"),
    [
        ("EPSG:21781", 50, "cells of 50 m, EPSG:21781"),
        ("EPSG:4326", 0.25, "cells of 0.25 degrees, EPSG:4326"),
        ("EPSG:2263", 100, "cells of 100 US survey foot, EPSG:2263"),
    ],
)
def test_cells_have_a_unit(crs: str, side: float, told: str) -> None:
    """That of the reference system."""
    assert told_grid(Grid.from_region((0, 4 * side, 0, side), side, crs)).endswith(told)


@pytest.mark.parametrize(
    ("crs", "region", "side", "said"),
    [
        ("EPSG:4326", (0, 10, 0, 10), 0.5, "in degrees"),
        ("EPSG:28992", (0, 300_000, 300_000, 600_000), 5, "3.6 billion cells of 5 m"),
    ],
)
def test_an_odd_grid_is_told(
    crs: str, region: tuple[float, float, float, float], side: float, said: str
) -> None:
    """Degrees instead of lengths, and more cells than any map."""
    with pytest.warns(UserWarning, match=said):
        warn_of_grid(Grid.from_region(region, side, crs))


def test_a_usual_grid_is_not_told() -> None:
    """No warning for a projected grid of usual size."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_grid(Grid.from_region((0, 5000, 0, 5000), 50, "EPSG:28992"))
