"""The data that comes with the project is what was published, and is read as documented."""

from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from hotspot.observations import Harmonised, TableMapping, harmonise, read_rows

COLUMNS = {
    "observation": "report_id",
    "site": "site",
    "easting": "easting",
    "northing": "northing",
    "contaminant": "contaminant",
    "value": "value",
    "unit": "unit",
    "qualifier": "qualifier",
    "limit": "detection_limit",
    "depth_top_cm": "depth_top_cm",
    "depth_bottom_cm": "depth_bottom_cm",
    "sampled_on": "sampled_on",
    "method": "method",
    "laboratory": "laboratory",
}
METALS = {"cadmium": "cd", "copper": "cu", "lead": "pb", "zinc": "zn"}


@pytest.fixture(scope="module")
def folder(project_root: Path) -> Path:
    return project_root / "data" / "raw" / "meuse"


def harmonised(folder: Path, batch_left_out: str) -> Harmonised:
    mapping = TableMapping.from_config(
        {"columns": COLUMNS, "exclude": {"batch": [batch_left_out]}}
    )
    rows = read_rows(folder / "observations.csv").rows
    return harmonise(rows, mapping, crs="EPSG:28992", target_crs="EPSG:28992", source="meuse")


def test_the_published_values_are_the_published_values(folder: Path, shared: Path) -> None:
    """Every metal at every site and its place, to the last digit; nothing is added to them."""
    table = harmonised(folder, "demonstration").observations
    assert len(table) == 620
    assert not table["is_censored"].any()
    assert (table[["method", "laboratory", "sampled_on"]] == "").all().all()
    assert table[["depth_top_cm", "depth_bottom_cm", "limit_mg_kg"]].isna().all().all()
    published = pd.read_csv(shared / "data" / "meuse" / "meuse.csv")
    for metal, contaminant in METALS.items():
        rows = table[table["contaminant"] == contaminant]
        assert rows["site_id"].astype(int).tolist() == published["sample"].tolist()
        assert rows["lower_mg_kg"].tolist() == published[metal].tolist()
        assert rows["easting"].tolist() == published["x"].tolist()
        assert rows["northing"].tolist() == published["y"].tolist()


def test_the_default_experiment_leaves_the_invented_rows_out(folder: Path) -> None:
    """They are in the ledger and nowhere else."""
    result = harmonised(folder, "demonstration")
    assert result.ledger.reasons() == {"excluded by configuration: batch = demonstration": 10}


def test_the_demonstration_rows_become_what_the_readme_says(folder: Path) -> None:
    """Seven observations and three rejected rows."""
    result = harmonised(folder, "published")
    table = result.observations
    got = {
        site: (contaminant, lower, upper)
        for site, contaminant, lower, upper in zip(
            table["site_id"],
            table["contaminant"],
            table["lower_mg_kg"],
            table["upper_mg_kg"],
            strict=True,
        )
    }
    assert got == {
        "demo-1": ("cd", 0.0, 0.2),
        "demo-2": ("cd", 0.0, 0.2),
        "demo-3": ("cd", 0.0, 0.4),
        "demo-4": ("zn", 181.0, 181.0),
        "demo-5": ("zn", 2000.0, inf),
        "demo-6": ("pb", 0.0, 12.5),
        "demo-7": ("cu", 25.0, 25.0),
    }
    demonstrated = result.rejected[result.rejected["batch"] == "demonstration"]
    reasons = [reason.split(":")[0] for reason in demonstrated["reason"]]
    assert reasons == [
        "duplicate",
        "unit 'mg/kf' cannot be used",
        "non-detect without a limit",
    ]


@pytest.mark.parametrize("name", ["dist", "soil", "ffreq"])
def test_the_rasters_hold_the_published_grid(folder: Path, name: str) -> None:
    """Each of the 3103 cells has its value at its centre, and no other cell has one."""
    grid = pd.read_csv(folder / "grid.csv")
    with rasterio.open(folder / f"{name}.tif") as raster:
        assert raster.crs.to_epsg() == 28992
        assert raster.shape == (104, 78)
        assert raster.res == (40.0, 40.0)
        band = raster.read(1, masked=True)
        rows, cols = rasterio.transform.rowcol(raster.transform, grid["x"], grid["y"])
    assert band.count() == len(grid) == 3103
    np.testing.assert_array_equal(band[rows, cols], grid[name].to_numpy(dtype=band.dtype))


def test_the_river_is_the_published_outline(folder: Path) -> None:
    """One valid polygon with the 176 published corners."""
    import geopandas as gpd

    river = gpd.read_file(folder / "river.gpkg", layer="river")
    corners = pd.read_csv(folder / "river.csv").to_numpy()
    assert river.crs.to_epsg() == 28992
    assert river.geometry.is_valid.all()
    np.testing.assert_array_equal(np.array(river.geometry[0].exterior.coords), corners)
