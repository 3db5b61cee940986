"""How hotspot polygons are drawn in QGIS: by their mean probability."""

from xml.etree import ElementTree as ET

from hotspot.maps.styles import StyleClass, probability_style

_COLUMN = "mean_probability"
_OUTLINE = "60,60,60,255"


def hotspots_qml() -> str:
    """Return the QGIS style of ``hotspots.gpkg``, with the classes of the probability map.

    QGIS loads ``hotspots.qml`` beside ``hotspots.gpkg`` by itself.
    """
    root = ET.Element("qgis", version="3.22.0", styleCategories="Symbology")
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        type="graduatedSymbol",
        attr=_COLUMN,
        graduatedMethod="GraduatedColor",
        symbollevels="0",
        enableorderby="0",
        forceraster="0",
    )
    ranges, symbols = ET.SubElement(renderer, "ranges"), ET.SubElement(renderer, "symbols")
    for number, entry in enumerate(probability_style().classes):
        ET.SubElement(
            ranges,
            "range",
            lower=repr(entry.lower),
            upper=repr(entry.upper),
            symbol=str(number),
            label=entry.label,
            render="true",
        )
        _fill(symbols, str(number), entry)
    ET.SubElement(root, "layerGeometryType").text = "2"
    ET.indent(root, space=" ")
    text = ET.tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{text}\n"


def _fill(symbols: ET.Element, name: str, entry: StyleClass) -> None:
    """Add a filled polygon, half transparent, so that the map shows through."""
    symbol = ET.SubElement(symbols, "symbol", type="fill", name=name, alpha="0.6")
    layer = ET.SubElement(
        symbol, "layer", {"class": "SimpleFill", "enabled": "1", "locked": "0", "pass": "0"}
    )
    options = ET.SubElement(layer, "Option", type="Map")
    for key, value in (
        ("color", ",".join(map(str, entry.rgba))),
        ("outline_color", _OUTLINE),
        ("outline_style", "solid"),
        ("outline_width", "0.3"),
        ("outline_width_unit", "MM"),
        ("style", "solid"),
    ):
        ET.SubElement(options, "Option", type="QString", name=key, value=value)
