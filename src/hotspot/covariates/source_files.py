"""The files that a source is made of."""

from pathlib import Path

from hotspot.covariates.virtual import virtual_sources

# Formats of which the attributes, the header or the values lie in files of their own.
_SPREAD = (".shp", ".asc", ".sdat", ".img")

# World files and CRS carry the name of a raster with another ending.
_BESIDE = (".tfw", ".tifw", ".wld", ".prj")


def source_files(path: Path) -> list[Path]:
    """Return a file and those beside it that belong to it, in a fixed order.

    A shapefile has its attributes in others, a raster may have its CRS, nodata or world file
    there; all carry its name with another ending, or with a further one. A virtual raster has
    its tiles, a Zarr store is a folder of files.
    """
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file())
    if not path.is_file():
        return [path]
    own = path.stem if path.suffix.lower() in _SPREAD else path.name
    beside = [
        other
        for other in path.parent.iterdir()
        if other.is_file()
        and other != path
        and (
            other.name.startswith(f"{own}.")
            or (other.stem == path.stem and other.suffix.lower() in _BESIDE)
        )
    ]
    tiles = virtual_sources(path) if path.suffix.lower() == ".vrt" else []
    return [path, *sorted(beside), *tiles]
