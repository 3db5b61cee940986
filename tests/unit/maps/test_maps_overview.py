"""A thinned map shows values of the map, and its statistics survive a file."""

from pathlib import Path

import numpy as np

from hotspot.grid import Grid, Window
from hotspot.maps.read import read_layer, read_overview
from hotspot.maps.statistics import MapStatistics, map_statistics
from hotspot.rasters import CogWriter, ScaledInteger

GRID = Grid.from_region((0, 1200, 0, 800), 10, "EPSG:28992")


def write(path: Path, values: np.ndarray) -> Path:
    with CogWriter(path, GRID) as writer:
        writer.write(Window(0, 0, *GRID.shape), values)
    return path


def test_an_overview_invents_no_value(tmp_path: Path) -> None:
    """Every cell of the thinned map is a cell of the map, and it covers the same ground."""
    values = np.random.default_rng(1).random(GRID.shape)
    path = write(tmp_path / "probability.tif", values)
    thinned, grid = read_overview(path, max_cells=1000)
    assert thinned.size <= 1000
    assert grid.region == GRID.region
    assert np.isin(thinned, values.astype(np.float32)).all()


def test_a_small_map_is_not_thinned(tmp_path: Path) -> None:
    """Within the bound the overview is the map."""
    path = write(tmp_path / "probability.tif", np.full(GRID.shape, 0.25))
    np.testing.assert_array_equal(read_overview(path)[0], read_layer(path)[0])


def test_statistics_survive_a_file() -> None:
    """What was written as JSON reads back as the same statistics."""
    blocks = [
        {
            "probability": np.array([[0.1, 0.9, np.nan]], dtype=np.float32),
            "decision": np.array([[0, 1, 255]], dtype=np.uint8),
            "dissimilarity": np.array([[0.1, 2.0, np.nan]], dtype=np.float32),
        }
    ]
    made = map_statistics(blocks, grid=GRID, applicability_threshold=1.0)
    assert MapStatistics.from_dict(made.to_dict()) == made


def test_an_overview_of_scaled_numbers_shows_their_values(tmp_path: Path) -> None:
    """Two-byte probabilities are thinned as probabilities, not as whole numbers."""
    values = np.full(GRID.shape, 0.25)
    values[:40] = np.nan
    with CogWriter(tmp_path / "a.tif", GRID, dtype=ScaledInteger("uint16", 1e-4)) as writer:
        writer.write(Window(0, 0, *GRID.shape), values)
    thinned, _ = read_overview(tmp_path / "a.tif", max_cells=100)
    assert np.unique(thinned[~np.isnan(thinned)]).tolist() == [0.25]
    assert np.isnan(thinned[0]).all()
