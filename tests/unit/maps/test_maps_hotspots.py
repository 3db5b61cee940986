"""Hotspot polygons and their file."""

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine

from hotspot.errors import ConfigError, GridError
from hotspot.grid import Grid
from hotspot.maps.hotspot_rules import HotspotRule
from hotspot.maps.hotspots import find_hotspots
from hotspot.maps.write import write_hotspots

GRID = Grid("EPSG:28992", Affine(10, 0, 1000, 0, -10, 2000), (8, 10))


def _planted():
    """Three hotspots: 2 cells of 0.99, 6 of 0.85, and 1 of 0.95 joined by a corner to one."""
    probability = np.full(GRID.shape, 0.1)
    probability[0, 0:2] = 0.99
    probability[3:5, 2:5] = 0.85
    probability[7, 8], probability[6, 9] = 0.95, 0.91
    probability[0, 9] = np.nan
    return probability


def _find(planted, applicable=None, **rule):
    return find_hotspots(
        planted,
        applicable,
        grid=GRID,
        rule=HotspotRule(**rule),
        contaminant="zn",
        threshold_id="fi-zn",
    )


def test_planted_hotspots_are_found_and_ranked_by_expected_area():
    """The large one comes first, though single cells elsewhere are more certain."""
    found = _find(_planted())
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["n_cells"].tolist() == [6, 2, 2]
    np.testing.assert_allclose(found["expected_area_m2"], [510.0, 198.0, 186.0])
    np.testing.assert_allclose(found["mean_probability"], [0.85, 0.99, 0.93])
    np.testing.assert_allclose(found["max_probability"], [0.85, 0.99, 0.95])
    np.testing.assert_allclose(found["confidence"], [0.7, 0.98, 0.86])
    np.testing.assert_allclose(found["area_m2"], [600, 200, 200])
    assert set(found["contaminant"]) == {"zn"}
    assert set(found["threshold_id"]) == {"fi-zn"}
    assert found.crs.to_epsg() == 28992
    assert found.geometry.iloc[0].bounds == (1020.0, 1950.0, 1050.0, 1970.0)


def test_corners_join_cells():
    """Two cells that meet at a corner are one hotspot of two parts."""
    found = _find(_planted())
    assert len(found.geometry.iloc[2].geoms) == 2


def test_confidence_is_a_lower_bound_however_cells_depend():
    """No joint law with the given means has P(at least half exceed) below the bound."""
    # The worst case of Markov's inequality: with chance 2(1-m) just over half stay below.
    rng = np.random.default_rng(3)
    n, mean = 101, 0.85
    just_over_half = (n + 1) // 2
    chance_of_bad = (1 - mean) * n / just_over_half
    bad = rng.uniform(size=40_000) < chance_of_bad
    share = np.where(bad, 1 - just_over_half / n, 1.0)
    assert abs(share.mean() - mean) < 0.005
    simulated = (share >= 0.5).mean()
    assert 2 * mean - 1 <= simulated < 2 * mean - 1 + 0.02


def test_small_hotspots_are_left_out():
    """The minimum area is inclusive."""
    assert len(_find(_planted(), minimum_area_m2=200.0)) == 3
    assert _find(_planted(), minimum_area_m2=200.1)["n_cells"].tolist() == [6]


def test_cells_outside_applicability_do_not_count():
    """A high probability far from every sample makes no hotspot."""
    applicable = np.ones(GRID.shape, dtype=bool)
    applicable[3:5] = False
    assert _find(_planted(), applicable)["n_cells"].tolist() == [2, 2]


def test_the_cut_itself_belongs_to_the_hotspot():
    """A cell at the cut counts also as stored in float32."""
    assert len(_find(_planted().astype(np.float32), probability=0.85)) == 3


def test_no_hotspot_is_an_empty_table_with_columns_and_crs(tmp_path):
    """Nothing found is a result, in memory and in the file."""
    none, some = _find(np.zeros(GRID.shape)), _find(_planted())
    assert len(none) == 0
    assert list(none.columns) == list(some.columns)
    write_hotspots(tmp_path / "none.gpkg", none)
    write_hotspots(tmp_path / "some.gpkg", some)
    none_read = gpd.read_file(tmp_path / "none.gpkg", layer="hotspots")
    some_read = gpd.read_file(tmp_path / "some.gpkg", layer="hotspots")
    assert len(none_read) == 0
    assert list(none_read.columns) == list(some_read.columns)
    assert none_read.crs.to_epsg() == 28992
    assert none_read["rank"].dtype == some_read["rank"].dtype


def test_a_written_table_reads_back(tmp_path):
    """Attributes and polygons survive the file."""
    found = _find(_planted())
    write_hotspots(tmp_path / "hotspots.gpkg", found)
    back = gpd.read_file(tmp_path / "hotspots.gpkg", layer="hotspots")
    assert back.geometry.geom_equals(found.geometry).all()
    np.testing.assert_allclose(back["expected_area_m2"], found["expected_area_m2"])
    assert [path.name for path in tmp_path.iterdir()] == ["hotspots.gpkg"]


def test_two_writes_give_the_same_bytes(tmp_path, monkeypatch):
    """The time of writing is in no product, and the setting of the caller comes back."""
    import pyogrio

    found = _find(_planted())
    write_hotspots(tmp_path / "hotspots.gpkg", found)
    first = (tmp_path / "hotspots.gpkg").read_bytes()
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2031-01-01T00:00:00.000Z"})
    try:
        write_hotspots(tmp_path / "again.gpkg", found)
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == "2031-01-01T00:00:00.000Z"
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    assert (tmp_path / "again.gpkg").read_bytes() == first


def test_arrays_of_another_shape_are_refused():
    """A probability that is not of this grid is no map of it."""
    with pytest.raises(GridError, match="the same raster"):
        _find(np.zeros((3, 3)))
    with pytest.raises(GridError, match="the same raster"):
        _find(_planted(), np.ones((3, 3), dtype=bool))


@pytest.mark.parametrize(
    "rule", [{"probability": 0.0}, {"probability": 1.0}, {"minimum_area_m2": -1.0}]
)
def test_rules_out_of_range_are_refused(rule):
    """A rule names the keys to set."""
    with pytest.raises(ConfigError, match=r"predict\.hotspots"):
        HotspotRule(**rule)
