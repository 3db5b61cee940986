"""Formats of vector files: which are known, by how they begin and who reads them."""

from pathlib import Path

from hotspot.errors import CovariateError, reason_of

# How files of each format begin. Formats that point to other files or addresses (virtual
# layers, GML, KML, web services) are not among them, whatever a file is called.
_BEGINNINGS = {
    ".gpkg": (b"SQLite format 3\0",),
    ".fgb": (b"fgb\x03",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".parquet": (b"PAR1",),
    ".geoparquet": (b"PAR1",),
    ".pbf": (b"\x00\x00\x00",),
    ".osm": (b"<?xml", b"<osm"),
    ".geojson": (b"{", b"\xef\xbb\xbf{"),
    ".json": (b"{", b"\xef\xbb\xbf{"),
}

# Marks of virtual layers and of GDAL's pipelines.
_POINTERS = (b"ogrvrt", b"gdal_streamed_alg", b"<ogrwfsdatasource")

# GDAL's names of what is read by it.
DRIVERS = {"GPKG", "FlatGeobuf", "ESRI Shapefile", "OSM", "GeoJSON", "ESRIJSON", "TopoJSON"}


def check_content(file: Path, path: Path) -> None:
    """Refuse what does not begin as its format does, and what points to other data."""
    suffix = file.suffix.lower()
    with file.open("rb") as stream:
        head = stream.read(4096)
    if suffix in (".vrt", ".zip") or any(mark in head.lower() for mark in _POINTERS):
        raise unreadable(path, "it only points to other data")
    if suffix not in _BEGINNINGS:
        raise unreadable(path, f"files {suffix or 'without an ending'} are not read")
    if not head.lstrip().startswith(_BEGINNINGS[suffix]):
        raise unreadable(path, f"it does not begin as a file {suffix} does")


def unreadable(path: Path, reason: object) -> CovariateError:
    """Return the error of a file that cannot be read, with the reason."""
    return CovariateError(
        f"{path} cannot be read as a vector layer: {reason_of(reason)}. Give a GeoPackage, "
        "GeoParquet, GeoJSON, FlatGeobuf, shapefile, OpenStreetMap extract (.osm.pbf) or "
        "table (.csv)."
    )
