"""Writing the products of a map: all of a file or nothing, and the same bytes each time."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotspot.errors import OutputError
from hotspot.files import replaced_file, write_text
from hotspot.maps.styles import LayerStyle
from hotspot.maps.symbology import qml_text, sld_text

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# GeoPackage stores the time of the last change. A fixed one keeps the bytes the same.
_FIXED_TIME = "2000-01-01T00:00:00.000Z"


@contextmanager
def appear_together(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder whose files move into `folder` when the block ends well.

    If the block fails, or is interrupted, the hidden folder is removed and `folder` is as it
    was; it goes too if it was made here. The move is one rename per file, so that no file is
    ever half-written; a machine that stops between two renames leaves some files new and
    some old.

    Raises
    ------
    OutputError
        The folder cannot be made, or a file cannot be moved into it.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
    except OSError as error:
        raise _not_written(folder, error) from error
    complete = False
    try:
        yield hidden
        try:
            for path in sorted(hidden.iterdir()):
                path.replace(folder / path.name)
        except OSError as error:
            raise _not_written(folder, error) from error
        complete = True
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        if not complete:
            for path in made:
                with suppress(OSError):
                    path.rmdir()


def write_qml(path: Path, style: LayerStyle) -> None:
    """Write the QGIS style of a raster; QGIS loads ``x.qml`` beside ``x.tif`` by itself."""
    write_text(path, qml_text(style))


def write_sld(path: Path, style: LayerStyle) -> None:
    """Write the style of a raster as SLD 1.0, for GeoServer and other map servers."""
    write_text(path, sld_text(style))


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write plain values as JSON: a STAC item or the statistics of a map."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_hotspots(path: Path, hotspots: "GeoDataFrame") -> None:
    """Write hotspot polygons to a GeoPackage with one layer, ``hotspots``.

    The same polygons give the same bytes. A table without rows gives an empty layer with its
    columns and CRS.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    import pyogrio

    option = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(option)
    with replaced_file(path) as beside:
        pyogrio.set_gdal_config_options({option: _FIXED_TIME})
        try:
            pyogrio.write_dataframe(
                hotspots,
                beside,
                layer="hotspots",
                driver="GPKG",
                geometry_type="MultiPolygon",
                promote_to_multi=True,
            )
        except pyogrio.errors.DataSourceError as error:
            raise _not_written(path, error) from error
        finally:
            pyogrio.set_gdal_config_options({option: before})


def _not_written(path: Path, error: Exception) -> OutputError:
    return OutputError(
        f"{path} cannot be written: {error}. "
        "Nothing was left half-written; check the folder, its rights and the free space."
    )
