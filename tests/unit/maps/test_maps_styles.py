"""Class tables and the style files made from them."""

from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from hotspot.covariates.catalogue import Role
from hotspot.errors import ConfigError
from hotspot.maps.styles import (
    ROLE_COLOURS,
    LayerStyle,
    StyleClass,
    concentration_style,
    contribution_style,
    decision_style,
    dissimilarity_style,
    driver_style,
    probability_style,
    style_of,
)
from hotspot.maps.symbology import qml_text, sld_text
from hotspot.maps.write import write_qml, write_sld

STYLES = [
    probability_style(),
    decision_style(),
    dissimilarity_style(0.4),
    concentration_style("upper", "Upper", 200.0),
    contribution_style("land_use"),
    driver_style(dict(enumerate(Role))),
]
SLD = "{http://www.opengis.net/sld}"

# Machado et al. (2009), 10.1109/TVCG.2009.113, full severity, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def _lab(colour, vision):
    """CIE L*a*b* of a colour as a reader with this vision sees it."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(VISION[vision] @ linear, 0, 1)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _closest(colours, vision):
    return min(
        np.linalg.norm(_lab(one, vision) - _lab(other, vision))
        for one, other in combinations(colours, 2)
    )


@pytest.mark.parametrize("vision", VISION)
def test_decisions_differ_for_every_reader(vision):
    """The three answers stand 30 units apart, far above the 2 that an eye can tell."""
    assert _closest([colour for colour, _ in decision_style().legend()], vision) > 30


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("style", STYLES[:5], ids=lambda style: style.layer)
def test_classes_differ_for_every_reader(style, vision):
    """No two classes of an ordered layer come closer than 10 units."""
    assert _closest([colour for colour, _ in style.legend()], vision) > 10


@pytest.mark.parametrize("vision", VISION)
def test_roles_differ_for_every_reader(vision):
    """Thirteen hues cannot be far apart, but none are alike."""
    assert _closest(ROLE_COLOURS.values(), vision) > 10


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("style", [STYLES[0], STYLES[2], STYLES[3]], ids=lambda s: s.layer)
def test_lightness_falls_with_the_class(style, vision):
    """The order of classes survives grey print and any colour vision."""
    lightness = [_lab(colour, vision)[0] for colour, _ in style.legend()]
    assert all(one > other + 3 for one, other in pairwise(lightness))


def test_every_role_has_its_own_colour():
    """A role of the catalogue is never drawn in the colour of another."""
    assert set(ROLE_COLOURS) == {str(role) for role in Role}
    assert len(set(ROLE_COLOURS.values())) == len(ROLE_COLOURS)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.layer)
def test_qml_parses_and_holds_every_class(style):
    """QGIS finds each colour and label, and the upper bound or code of each class."""
    root = ET.fromstring(qml_text(style))  # noqa: S314 - our own text
    renderer = root.find("pipe/rasterrenderer")
    found = renderer.findall("colorPalette/paletteEntry") or renderer.findall(
        "rastershader/colorrampshader/item"
    )
    assert [(item.get("color"), item.get("label")) for item in found] == style.legend()
    values = [float(item.get("value")) for item in found]
    if style.has_codes:
        assert renderer.get("type") == "paletted"
        assert values == [entry.code for entry in style.classes]
    else:
        assert renderer.get("type") == "singlebandpseudocolor"
        assert renderer.find("rastershader/colorrampshader").get("colorRampType") == "DISCRETE"
        assert values == [*(entry.upper for entry in style.classes[:-1]), np.inf]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.layer)
def test_sld_parses_and_holds_every_class(style):
    """A map server finds each colour and label, with rising finite quantities."""
    root = ET.fromstring(sld_text(style).encode())  # noqa: S314 - our own text
    found = root.findall(f".//{SLD}ColorMapEntry")
    assert [(item.get("color"), item.get("label")) for item in found] == style.legend()
    quantities = [float(item.get("quantity")) for item in found]
    assert all(one < other for one, other in pairwise(quantities))
    assert np.isfinite(quantities).all()


def test_classify_agrees_with_the_ranges():
    """An upper bound belongs to its class; NaN to none."""
    style = probability_style()
    assert style.classify([0, 0.05, 0.0501, 0.5, 0.95, 0.96, 1, np.nan]).tolist() == [
        0, 0, 1, 2, 4, 5, 5, -1,
    ]  # fmt: skip
    assert decision_style().classify(np.uint8([2, 0, 255, 1])).tolist() == [2, 0, -1, 1]


def test_the_edge_of_applicability_is_drawn_as_decided():
    """A cell stored exactly at the threshold falls in a class that reads as inside."""
    style = dissimilarity_style(0.1)
    stored = np.float32([0.1])
    assert style.classes[style.classify(stored)[0]].label == "like the samples"


def test_tables_with_gaps_or_double_codes_are_refused():
    """A table that would leave values undrawn is no table."""
    gap = (StyleClass("#000000", "a", None, 0, 1), StyleClass("#ffffff", "b", None, 2, 3))
    twice = (StyleClass("#000000", "a", 1), StyleClass("#ffffff", "b", 1))
    for classes in (gap, twice, (), (*gap[:1], *twice[:1])):
        with pytest.raises(ConfigError, match="do not fit together"):
            LayerStyle("x", "x", "1", classes)


def test_styles_are_written_whole(tmp_path):
    """The files hold the text, and nothing else is left in the folder."""
    write_qml(tmp_path / "probability.qml", probability_style())
    write_sld(tmp_path / "probability.sld", probability_style())
    assert (tmp_path / "probability.qml").read_text("utf-8") == qml_text(probability_style())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["probability.qml", "probability.sld"]


def test_styles_scale_with_the_model(model):
    """Concentrations are drawn about the limit, dissimilarity about the threshold."""
    assert 200.0 in style_of(model, "upper").edges
    assert 1.0 in style_of(model, "dissimilarity").edges
    with pytest.raises(ConfigError, match="no style"):
        style_of(model, "driver")
