"""Virtual rasters (.vrt): mosaics of GeoTIFFs that lie beside them, and nothing else.

A virtual raster is a text that makes GDAL open other files, addresses and commands. What is
read here is its plain core: bands put together from tiles in the folder of the text.
"""

from pathlib import Path
from xml.etree import ElementTree

from hotspot.errors import CovariateError, few, reason_of

# A mosaic of ten thousand tiles has some 10 MB.
_MOST_BYTES = 64 * 2**20

_ELEMENTS = {
    *("VRTDataset", "SRS", "GeoTransform", "VRTRasterBand", "NoDataValue", "HideNoDataValue"),
    *("ColorInterp", "Description", "UnitType", "Offset", "Scale", "Metadata", "MDI"),
    *("SimpleSource", "ComplexSource", "SourceFilename", "SourceBand", "SourceProperties"),
    *("SrcRect", "DstRect", "NODATA", "ScaleOffset", "ScaleRatio", "UseMaskBand"),
    *("CategoryNames", "Category", "ColorTable", "Entry", "BlockXSize", "BlockYSize"),
    *("OverviewList", "Histograms", "HistItem", "HistMin", "HistMax", "BucketCount"),
    *("IncludeOutOfRange", "Approximate", "HistCounts"),
}

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def virtual_sources(path: Path) -> list[Path]:
    """Return the GeoTIFFs that a virtual raster is put together from, sorted.

    Raises
    ------
    CovariateError
        The text is none of a virtual raster, or does more than to put GeoTIFFs together that
        lie in its folder or below.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise _refused(path, f"it has {path.stat().st_size} bytes")
    text = path.read_bytes()
    # In two bytes a letter a declaration would not be seen as one.
    if b"\0" in text or b"<!" in text.replace(b"<!--", b""):
        raise _refused(path, "it declares entities")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (without entities, of bounded size)
    except ElementTree.ParseError as error:
        raise _refused(path, f"it is no XML: {error}") from error
    unknown = sorted({each.tag for each in root.iter()} - _ELEMENTS)
    if root.tag != "VRTDataset" or unknown:
        raise _refused(path, f"it holds {few(unknown) or root.tag}")
    kinds = sorted(
        {each.attrib["subClass"] for each in root.iter() if "subClass" in each.attrib}
    )
    if kinds:
        raise _refused(path, f"it is computed by {few(kinds)}")
    sources = sorted({_source(path, each) for each in root.iter("SourceFilename")})
    if not sources:
        raise _refused(path, "it names no file")
    return sources


def _source(path: Path, element: ElementTree.Element) -> Path:
    """Return the file that a virtual raster names, if it is a GeoTIFF beside it."""
    name = (element.text or "").strip()
    is_relative = element.attrib.get("relativeToVRT") == "1"
    folder = path.absolute().parent
    source = folder / name if is_relative else Path(name)
    if ":" in name or name.startswith("/vsi") or not source.is_absolute():
        raise _refused(path, f"it names {name!r}")
    if not source.resolve().is_relative_to(folder.resolve()):
        raise _refused(path, f"{name!r} does not lie in its folder or below")
    if not source.is_file():
        raise _refused(path, f"there is no file {name!r}")
    with source.open("rb") as stream:
        head = stream.read(1024)
    # What looks like a virtual raster to GDAL would be opened as one, whatever it is called.
    if not head.startswith(_TIFF) or b"<VRTDataset" in head:
        raise _refused(path, f"{name!r} is no GeoTIFF")
    return source


def _refused(path: Path, reason: str) -> CovariateError:
    return CovariateError(
        f"The virtual raster {path.name} is not read: {reason_of(reason)}. Read are mosaics of "
        "GeoTIFFs that lie in the folder of the .vrt or below it, by names relative to it "
        "(gdalbuildvrt); write anything else out with gdal_translate."
    )
