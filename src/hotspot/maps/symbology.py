"""Class tables as QGIS and SLD style text."""

from math import inf
from typing import Any
from xml.etree import ElementTree as ET

from hotspot.maps.styles import LayerStyle, finite_span

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
# Stands for "and above" in SLD, which knows no infinity: the largest float32.
_LARGEST = "3.4028235e+38"


def qml_text(style: LayerStyle) -> str:
    """Return a style for QGIS 3: paletted for codes, discrete pseudocolour for ranges.

    A range takes in its upper bound, as the discrete shader of QGIS does.
    """
    root = ET.Element(
        "qgis",
        version="3.22.0",
        styleCategories="Symbology",
        hasScaleBasedVisibilityFlag="0",
        minScale="1e+08",
        maxScale="0",
    )
    pipe = ET.SubElement(root, "pipe")
    # Classes must not be blended on screen: nearest neighbour both ways.
    ET.SubElement(
        ET.SubElement(pipe, "provider"),
        "resampling",
        enabled="false",
        maxOversampling="2",
        zoomedInResamplingMethod="nearestNeighbour",
        zoomedOutResamplingMethod="nearestNeighbour",
    )
    common: dict[str, Any] = {"band": "1", "opacity": "1", "alphaBand": "-1", "nodataColor": ""}
    if style.has_codes:
        renderer = ET.SubElement(pipe, "rasterrenderer", type="paletted", **common)
        _min_max_origin(renderer)
        palette = ET.SubElement(renderer, "colorPalette")
        for entry in style.classes:
            ET.SubElement(
                palette,
                "paletteEntry",
                value=str(int(entry.code or 0)),
                color=entry.colour,
                alpha="255",
                label=entry.label,
            )
    else:
        low, high = (repr(value) for value in finite_span(style))
        renderer = ET.SubElement(
            pipe,
            "rasterrenderer",
            type="singlebandpseudocolor",
            classificationMin=low,
            classificationMax=high,
            **common,
        )
        _min_max_origin(renderer)
        shader = ET.SubElement(
            ET.SubElement(renderer, "rastershader"),
            "colorrampshader",
            colorRampType="DISCRETE",
            classificationMode="1",
            clip="0",
            minimumValue=low,
            maximumValue=high,
            labelPrecision="4",
        )
        for entry in style.classes:
            # The last class is open: a value that rounding puts above 1 is drawn, too.
            top = "inf" if entry is style.classes[-1] else repr(entry.upper)
            ET.SubElement(
                shader,
                "item",
                value=top,
                color=entry.colour,
                alpha="255",
                label=entry.label,
            )
    ET.SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma="1")
    ET.SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0")
    ET.SubElement(pipe, "rasterresampler", maxOversampling="2")
    ET.SubElement(root, "blendMode").text = "0"
    return _DOCTYPE + _pretty(root)


def sld_text(style: LayerStyle) -> str:
    """Return a style as SLD 1.0, with a colour map of values for codes, else of intervals.

    An interval of GeoServer leaves out its upper bound, so that a value exactly on a bound
    is drawn one class higher than in QGIS.
    """
    root = ET.Element(
        "StyledLayerDescriptor", version="1.0.0", xmlns="http://www.opengis.net/sld"
    )
    layer = ET.SubElement(root, "NamedLayer")
    ET.SubElement(layer, "Name").text = style.layer
    user = ET.SubElement(layer, "UserStyle")
    ET.SubElement(user, "Name").text = style.layer
    ET.SubElement(user, "Title").text = style.title
    rule = ET.SubElement(ET.SubElement(user, "FeatureTypeStyle"), "Rule")
    symbolizer = ET.SubElement(rule, "RasterSymbolizer")
    grey = ET.SubElement(ET.SubElement(symbolizer, "ChannelSelection"), "GrayChannel")
    ET.SubElement(grey, "SourceChannelName").text = "1"
    kind = "values" if style.has_codes else "intervals"
    colours = ET.SubElement(symbolizer, "ColorMap", type=kind)
    for entry in style.classes:
        if entry.code is not None:
            quantity = str(int(entry.code))
        elif entry is style.classes[-1] or entry.upper == inf:
            quantity = _LARGEST
        else:
            quantity = repr(entry.upper)
        ET.SubElement(
            colours,
            "ColorMapEntry",
            color=entry.colour,
            quantity=quantity,
            opacity="1",
            label=entry.label,
        )
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _pretty(root)


def _min_max_origin(renderer: ET.Element) -> None:
    """Tell QGIS not to stretch the classes to the values of the file."""
    ET.SubElement(renderer, "rasterTransparency")
    origin = ET.SubElement(renderer, "minMaxOrigin")
    for name, text in (
        ("limits", "None"),
        ("extent", "WholeRaster"),
        ("statAccuracy", "Estimated"),
        ("cumulativeCutLower", "0.02"),
        ("cumulativeCutUpper", "0.98"),
        ("stdDevFactor", "2"),
    ):
        ET.SubElement(origin, name).text = text


def _pretty(root: ET.Element) -> str:
    ET.indent(root, space=" ")
    return ET.tostring(root, encoding="unicode") + "\n"
