"""How layers are drawn: one class table each, for files, servers and the report alike."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotspot.errors import ConfigError, few
from hotspot.maps.decision import Decision
from hotspot.maps.model import MapModel


@dataclass(frozen=True)
class StyleClass:
    """One class of a legend.

    Parameters
    ----------
    colour : str
        ``#rrggbb``.
    label : str
        What the class means, in words.
    code : int or None
        The value of a layer of codes; None for a range.
    lower, upper : float
        The range ``(lower, upper]``, as QGIS draws discrete classes; unused with a code.
    """

    colour: str
    label: str
    code: int | None = None
    lower: float = -inf
    upper: float = inf

    @property
    def rgba(self) -> tuple[int, int, int, int]:
        """The colour as four numbers from 0 to 255, opaque."""
        red, green, blue = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5))
        return (red, green, blue, 255)


@dataclass(frozen=True)
class LayerStyle:
    """The class table of one layer.

    Either every class has a code, or the ranges follow one another without a gap.

    Examples
    --------
    >>> probability_style().classify([0.0, 0.05, 0.06, 1.0])
    array([0, 0, 1, 5])
    >>> decision_style().legend()[2]
    ('#d9d9d9', 'cannot say')
    """

    layer: str
    title: str
    unit: str
    classes: tuple[StyleClass, ...]

    def __post_init__(self) -> None:
        codes = [entry.code for entry in self.classes if entry.code is not None]
        ranges = [entry for entry in self.classes if entry.code is None]
        gaps = any(a.upper != b.lower for a, b in pairwise(ranges))
        if not self.classes or (codes and ranges) or gaps or len(set(codes)) < len(codes):
            raise ConfigError(
                f"The classes of {self.layer} do not fit together: codes "
                f"{few(codes) or 'none'}, ranges "
                f"{few((c.lower, c.upper) for c in ranges) or 'none'}. "
                "Give each class its own code, or ranges that follow one another."
            )

    @property
    def has_codes(self) -> bool:
        """Whether the layer holds codes, not numbers on a scale."""
        return self.classes[0].code is not None

    @property
    def edges(self) -> tuple[float, ...]:
        """Bounds of the ranges, one more than there are classes."""
        return (self.classes[0].lower, *(entry.upper for entry in self.classes))

    def legend(self) -> list[tuple[str, str]]:
        """Return (colour, label) of each class, in order."""
        return [(entry.colour, entry.label) for entry in self.classes]

    def classify(self, values: ArrayLike) -> NDArray[np.int64]:
        """Return the index of the class of each value; -1 for NaN or an unknown code.

        A number beyond the outer ranges falls into the nearest class.
        """
        array = np.asarray(values)
        if self.has_codes:
            index = np.full(array.shape, -1, dtype=np.int64)
            for position, entry in enumerate(self.classes):
                index[array == entry.code] = position
            return index
        inner = np.array([entry.upper for entry in self.classes[:-1]])
        index = np.searchsorted(inner, array, side="left").astype(np.int64)
        return np.where(np.isnan(array), -1, index)

    def gdal_colours(self) -> dict[int, tuple[int, int, int, int]]:
        """Return the colour table of a layer of codes, for a GeoTIFF; 255 is transparent."""
        table = {entry.code: entry.rgba for entry in self.classes if entry.code is not None}
        return {**table, int(Decision.NO_DATA): (0, 0, 0, 0)}


def _ranges(
    edges: tuple[float, ...], colours: tuple[str, ...], labels: tuple[str, ...]
) -> tuple[StyleClass, ...]:
    return tuple(
        StyleClass(colour, label, None, lower, upper)
        for lower, upper, colour, label in zip(
            edges[:-1], edges[1:], colours, labels, strict=True
        )
    )


# Colours of ordered layers are Scientific Colour Maps of Crameri (10.5281/zenodo.1243862),
# which keep their order for colour-blind readers and in grey print. They stand here as text
# so that a style does not change with the version of a plotting library.
_LAJOLLA = ("#fdf3ab", "#f0bd57", "#e68f52", "#d85f4d", "#984240", "#512d1e")
_DEVON = ("#f5f4fd", "#b6b0f0", "#3a6cb2", "#2b2558")
_LAPAZ = ("#fbe6dd", "#cab79d", "#8ea199", "#5b8ba3", "#28468b", "#1e1c6e")
_VIK = ("#02256d", "#116496", "#7db0c9", "#ebe6e2", "#d69f7e", "#b75a26", "#6d1007")


def probability_style() -> LayerStyle:
    """Return the classes of P(exceed)."""
    labels = (
        "very unlikely to exceed (up to 5 %)",
        "unlikely to exceed (5 to 20 %)",
        "more likely below than above (20 to 50 %)",
        "more likely above than below (50 to 80 %)",
        "likely to exceed (80 to 95 %)",
        "very likely to exceed (over 95 %)",
    )
    edges = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)
    return LayerStyle("probability", "P(exceed)", "1", _ranges(edges, _LAJOLLA, labels))


def decision_style() -> LayerStyle:
    """Return the classes of the decision: blue and dark red, which no reader confuses."""
    classes = (
        StyleClass("#5b9bc4", "below the limit", Decision.BELOW),
        StyleClass("#8f1d14", "above the limit", Decision.ABOVE),
        StyleClass("#d9d9d9", "cannot say", Decision.CANNOT_SAY),
    )
    return LayerStyle("decision", "Decision", "class", classes)


def dissimilarity_style(threshold: float) -> LayerStyle:
    """Return the classes of the dissimilarity index, about the edge of applicability."""
    # As stored in the raster, so that a cell on the edge is drawn on the side decided.
    edge = float(np.float32(threshold))
    labels = (
        "much like the samples",
        "like the samples",
        "unlike the samples: cannot say",
        "very unlike the samples: cannot say",
    )
    edges = (0.0, edge / 2, edge, 2 * edge, inf)
    title = "Dissimilarity from the samples"
    return LayerStyle("dissimilarity", title, "1", _ranges(edges, _DEVON, labels))


def concentration_style(layer: str, title: str, limit_mg_kg: float) -> LayerStyle:
    """Return the classes of a concentration, as multiples of the limit."""
    multiples = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0, inf)
    labels = (
        "up to a quarter of the limit",
        "a quarter to half the limit",
        "half the limit to the limit",
        "1 to 2 times the limit",
        "2 to 5 times the limit",
        "over 5 times the limit",
    )
    edges = tuple(multiple * limit_mg_kg for multiple in multiples)
    return LayerStyle(layer, title, "mg/kg", _ranges(edges, _LAPAZ, labels))


def expected_brier_style() -> LayerStyle:
    """Return the classes of the expected Brier score; 0.25 is that of a coin toss."""
    edges = (0.0, 0.02, 0.05, 0.1, 0.15, 0.25, inf)
    labels = (
        "very small error (up to 0.02)",
        "small error (0.02 to 0.05)",
        "0.05 to 0.1",
        "0.1 to 0.15",
        "large error (0.15 to 0.25)",
        "no better than a coin toss (over 0.25)",
    )
    title = "Expected Brier score"
    return LayerStyle("expected_brier", title, "1", _ranges(edges, _LAJOLLA, labels))


def point_density_style() -> LayerStyle:
    """Return the classes of the number of samples that resemble a cell."""
    edges = (-inf, 0.0, 1.0, 4.0, 9.0, inf)
    labels = ("no sample: cannot say", "1 sample", "2 to 4", "5 to 9", "10 samples or more")
    return LayerStyle(
        "point_density", "Samples alike", "samples", _ranges(edges, _LAPAZ[:5], labels)
    )


def contribution_style(role: str) -> LayerStyle:
    """Return the classes of a role's contribution in log-odds, as factors on the odds."""
    title = f"Contribution of {role.replace('_', ' ')}"
    classes = _by_factor((3.0, 1.5, 1.1), "odds ", ("lower", "higher"))
    return LayerStyle(f"role_{role}", title, "log-odds", classes)


def width_style(role: str) -> LayerStyle:
    """Return the classes of what a role adds to the width of the interval, as factors.

    The width is that of logarithms, so that a contribution multiplies the ratio of the ends.
    """
    title = f"What {role.replace('_', ' ')} does to the 90 % interval"
    classes = _by_factor((1.5, 1.2, 1.05), "", ("narrower", "wider"))
    return LayerStyle(f"width_{role}", title, "ln(mg/kg)", classes)


def _by_factor(
    factors: tuple[float, float, float], noun: str, words: tuple[str, str]
) -> tuple[StyleClass, ...]:
    """Return classes of natural logarithms of factors, from far below 1 to far above."""
    edges = (-inf, *(-np.log(f) for f in factors), *(np.log(f) for f in factors[::-1]), inf)
    most, more, some = (f"{factor:g}" for factor in factors)
    sizes = (f"over {most}", f"{more} to {most}", f"{some} to {more}")
    down, up = words
    labels = (
        *(f"{noun}{size} times {down}" for size in sizes),
        "little effect",
        *(f"{noun}{size} times {up}" for size in sizes[::-1]),
    )
    return _ranges(tuple(float(edge) for edge in edges), _VIK, labels)


# One colour per role on every map, after the palettes of Tol (SRON/EPS/TN/09-002). Thirteen
# hues cannot all be told apart by every reader, so each label also stands in the legend in
# the order of the codes.
ROLE_COLOURS: Mapping[str, str] = {
    "land_use": "#117733",
    "industry": "#882255",
    "mines": "#661100",
    "waste": "#aa4499",
    "roads": "#222222",
    "agriculture": "#ddcc77",
    "atmosphere": "#88ccee",
    "geology": "#999933",
    "soil": "#cc6677",
    "terrain": "#44aa99",
    "climate": "#332288",
    "water": "#4477aa",
    "location": "#bbbbbb",
}


def driver_style(roles: Mapping[int, str]) -> LayerStyle:
    """Return the classes of the dominant role, from the code of each role in the raster.

    Examples
    --------
    >>> driver_style({1: "land_use", 2: "roads"}).legend()
    [('#117733', 'land use'), ('#222222', 'roads')]
    """
    classes = tuple(
        StyleClass(ROLE_COLOURS.get(str(role), "#eeeeee"), str(role).replace("_", " "), code)
        for code, role in roles.items()
    )
    return LayerStyle("driver", "Dominant group of covariates", "class", classes)


def style_of(model: MapModel, layer: str) -> LayerStyle:
    """Return the style of a layer of `LAYERS`, scaled to the limit and reach of a model.

    Raises
    ------
    ConfigError
        The layer has no style, or needs an area of applicability that the model lacks.
    """
    if layer == "probability":
        return probability_style()
    if layer in ("probability_lower", "probability_upper"):
        bound = layer.removeprefix("probability_")
        return replace(
            probability_style(), layer=layer, title=f"{bound.capitalize()} bound of P(exceed)"
        )
    if layer == "expected_brier":
        return expected_brier_style()
    if layer == "point_density":
        return point_density_style()
    if layer.startswith("role_"):
        return contribution_style(layer.removeprefix("role_"))
    if layer == "decision":
        return decision_style()
    if layer == "dissimilarity" and model.applicability is not None:
        return dissimilarity_style(float(model.applicability.threshold_))
    titles = {
        "lower": "5 % quantile of the concentration",
        "median": "Median of the concentration",
        "upper": "95 % quantile of the concentration",
        "limit": "Limit of the place",
    }
    if layer in titles:
        limit = float(model.threshold["value_mg_kg"])
        return concentration_style(layer, titles[layer], limit)
    raise ConfigError(
        f"There is no style for the layer {layer!r} of the model of {model.contaminant}. "
        "Use one of probability, probability_lower, probability_upper, decision, "
        "dissimilarity, point_density, expected_brier, lower, median, upper, limit."
    )


def finite_span(style: LayerStyle) -> tuple[float, float]:
    """Return the lowest and highest finite bound of a style of ranges.

    Examples
    --------
    >>> finite_span(probability_style())
    (0.0, 1.0)
    """
    finite = [edge for edge in style.edges if isfinite(edge)]
    return min(finite), max(finite)
