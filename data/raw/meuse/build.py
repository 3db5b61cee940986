"""Make the survey, the river and the rasters from the numbers that export.R wrote.

Run as:  python build.py
Running it twice gives the same bytes.
"""

import csv
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from pyogrio import set_gdal_config_options
from shapely.geometry import Polygon

HERE = Path(__file__).parent
CRS = "EPSG:28992"
CELL_M = 40.0

COLUMNS = (
    "report_id",
    "site",
    "easting",
    "northing",
    "depth_top_cm",
    "depth_bottom_cm",
    "sampled_on",
    "contaminant",
    "value",
    "unit",
    "qualifier",
    "detection_limit",
    "method",
    "laboratory",
    "batch",
)
METALS = {"cadmium": "Cadmium", "copper": "Copper", "lead": "Lead", "zinc": "Zinc"}

# Invented rows that exercise the reader; the README tells what each must become.
# site, easting, northing, contaminant, value, unit, qualifier, detection limit
DEMONSTRATION = (
    ("demo-1", "180000", "331600", "Cadmium", "<0.2", "mg/kg", "", ""),
    ("demo-2", "180040", "331600", "Cadmium", "< 0.2", "mg/kg", "", ""),
    ("demo-3", "180080", "331600", "Cadmium", "n.d.", "mg/kg", "", "0.4"),
    ("demo-4", "180120", "331600", "Zinc", "181", "µg/g", "", ""),
    ("demo-5", "180160", "331600", "Zinc", ">2000", "mg/kg", "", ""),
    ("demo-6", "180200", "331600", "Lead", "12.5", "mg/kg", "<", ""),
    ("demo-7", "180240", "331600", "Copper", "25", "mg/kg", "", "5"),
    ("demo-7", "180240", "331600", "Copper", "25", "mg/kg", "", "5"),
    ("demo-8", "180280", "331600", "Lead", "120", "mg/kf", "", ""),
    ("demo-9", "180320", "331600", "Cadmium", "n.d.", "mg/kg", "", ""),
)


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file beside this one."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published_rows() -> list[dict[str, str]]:
    """Return one row per site and metal; what was not published stays empty."""
    rows = []
    for sample in rows_of("published.csv"):
        for column, contaminant in METALS.items():
            row = dict.fromkeys(COLUMNS, "")
            row |= {
                "report_id": f"meuse-{sample['sample']}",
                "site": sample["sample"],
                "easting": sample["x"],
                "northing": sample["y"],
                "contaminant": contaminant,
                "value": sample[column],
                "unit": "mg/kg",
                "batch": "published",
            }
            rows.append(row)
    return rows


def demonstration_rows() -> list[dict[str, str]]:
    """Return the invented rows, with every column filled as a laboratory would."""
    rows = []
    for site, easting, northing, contaminant, value, unit, qualifier, limit in DEMONSTRATION:
        row = {
            "report_id": f"demonstration-{site.removeprefix('demo-')}",
            "site": site,
            "easting": easting,
            "northing": northing,
            "depth_top_cm": "0",
            "depth_bottom_cm": "20",
            "sampled_on": "2001-05-14",
            "contaminant": contaminant,
            "value": value,
            "unit": unit,
            "qualifier": qualifier,
            "detection_limit": limit,
            "method": "aqua regia, illustrative",
            "laboratory": "illustrative",
            "batch": "demonstration",
        }
        rows.append(row)
    return rows


def write_observations() -> None:
    """Write observations.csv."""
    with (HERE / "observations.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(published_rows() + demonstration_rows())


def write_river() -> None:
    """Write the outline of the river as one polygon, layer `river`."""
    # GDAL stamps the time of writing into a GeoPackage unless told another.
    set_gdal_config_options({"OGR_CURRENT_DATE": "1993-01-01T00:00:00.000Z"})
    outline = Polygon([(float(row["x"]), float(row["y"])) for row in rows_of("river.csv")])
    frame = gpd.GeoDataFrame({"name": ["Meuse"]}, geometry=[outline], crs=CRS)
    path = HERE / "river.gpkg"
    path.unlink(missing_ok=True)
    frame.to_file(path, layer="river", driver="GPKG")


def write_rasters() -> None:
    """Write dist.tif, soil.tif and ffreq.tif on the 40 m grid of meuse.grid."""
    rows = rows_of("grid.csv")
    easting = np.array([float(row["x"]) for row in rows])
    northing = np.array([float(row["y"]) for row in rows])
    west, north = easting.min() - CELL_M / 2, northing.max() + CELL_M / 2
    col = np.round((easting - easting.min()) / CELL_M).astype(int)
    row = np.round((northing.max() - northing) / CELL_M).astype(int)
    for name, dtype, nodata in (
        ("dist", "float32", -9999.0),
        ("soil", "uint8", 255),
        ("ffreq", "uint8", 255),
    ):
        cells = np.full((row.max() + 1, col.max() + 1), nodata, dtype=dtype)
        cells[row, col] = np.array([float(values[name]) for values in rows], dtype=dtype)
        with rasterio.open(
            HERE / f"{name}.tif",
            "w",
            driver="GTiff",
            dtype=dtype,
            nodata=nodata,
            count=1,
            height=cells.shape[0],
            width=cells.shape[1],
            crs=CRS,
            transform=Affine(CELL_M, 0, west, 0, -CELL_M, north),
            compress="deflate",
        ) as raster:
            raster.write(cells, 1)
            raster.set_band_description(1, name)


if __name__ == "__main__":
    os.chdir(HERE)
    write_observations()
    write_river()
    write_rasters()
