"""Maps as matplotlib figures: a layer over its context, with scale bar and north arrow.

Legends are left to the page, where they can be read at any width and by any reader.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from shapely import get_parts
from shapely.geometry import Polygon

from hotspot.grid import Grid
from hotspot.maps.styles import (
    LayerStyle,
    contribution_style,
    decision_style,
    dissimilarity_style,
    driver_style,
    probability_style,
)
from hotspot.report.content import (
    Context,
    Folds,
    Hotspots,
    MapLayers,
    RoleLayers,
    SamplePoints,
)
from hotspot.report.mapframe import (
    NARROW,
    SMALL,
    WIDE,
    classed,
    hatch,
    map_frame,
    shape_path,
)
from hotspot.report.palette import (
    CATEGORIES,
    EXCEEDS,
    FOOTPRINT,
    INK,
    MUTED,
    UNKNOWN,
)
from hotspot.report.style import house_style

# Numbers on more hotspots than this cannot be read; the table has them all.
MOST_NUMBERED = 20
_MARKERS = "os^DvPX"


def probability_map(maps: MapLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw the classed exceedance probability, with hotspots and the area of applicability."""
    with house_style():
        figure, axis = map_frame(maps.grid, context, width=WIDE, ticks=4)
        classed(axis, maps.probability, maps.grid, probability_style())
        hatch(axis, maps.outside, maps.grid, colour="#5f6a72")
        if maps.hotspots is not None:
            _draw_hotspots(axis, maps.hotspots)
    return figure


def _draw_hotspots(axis: Axes, hotspots: Hotspots) -> None:
    ranks = hotspots.table["rank"].tolist()
    # Hundreds of outlines as strong as those of a few would hide what they outline.
    strength = 1.0 if len(ranks) <= MOST_NUMBERED else 0.4
    cased = [withStroke(linewidth=2.6 * strength, foreground="white")]
    for position, (rank, geometry) in enumerate(zip(ranks, hotspots.polygons, strict=True)):
        parts = [part for part in get_parts(geometry) if isinstance(part, Polygon)]
        for part in parts:
            axis.add_patch(
                PathPatch(
                    shape_path(part),
                    fc="none",
                    ec="black",
                    lw=1.1 * strength,
                    zorder=4,
                    path_effects=cased,
                )
            )
        if position < MOST_NUMBERED and parts:
            spot = max(parts, key=lambda part: part.area).representative_point()
            axis.annotate(
                f"{rank}",
                (spot.x, spot.y),
                ha="center",
                va="center",
                fontsize=10 if strength == 1.0 else 7,
                fontweight="bold",
                color="black",
                zorder=5,
                path_effects=[withStroke(linewidth=2.0, foreground="white")],
            )


def decision_map(maps: MapLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw where the concentration is called below, above, or cannot be said."""
    with house_style():
        figure, axis = map_frame(maps.grid, context, width=NARROW, ticks=0)
        if maps.decision is not None:
            classed(axis, maps.decision, maps.grid, decision_style())
    return figure


def dissimilarity_map(maps: MapLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw the dissimilarity index in classes about its limit, hatched above it."""
    with house_style():
        figure, axis = map_frame(maps.grid, context, width=NARROW, ticks=0)
        if maps.dissimilarity is not None and maps.dissimilarity_limit is not None:
            style = dissimilarity_style(maps.dissimilarity_limit)
            classed(axis, maps.dissimilarity, maps.grid, style)
            hatch(axis, maps.outside, maps.grid, colour="#e8e6e0")
    return figure


def sample_map(
    points: SamplePoints, maps: MapLayers, context: Sequence[Context] = ()
) -> Figure:
    """Draw the samples: filled where they exceed, open where not, grey where unknown."""
    with house_style():
        figure, axis = map_frame(maps.grid, context, width=NARROW, ticks=0)
        _footprint(axis, maps)
        for keep, face, edge, marker in (
            (np.isnan(points.label), UNKNOWN, MUTED, "D"),
            (points.label == 0, "white", INK, "o"),
            (points.label == 1, EXCEEDS, INK, "o"),
        ):
            place = points.coordinates[keep]
            axis.scatter(
                place[:, 0],
                place[:, 1],
                s=18,
                fc=face,
                ec=edge,
                marker=marker,
                lw=0.7,
                zorder=4,
            )
    return figure


def fold_map(
    points: SamplePoints, folds: Folds, maps: MapLayers, context: Sequence[Context] = ()
) -> Figure:
    """Draw the samples in the colour and mark of their fold."""
    from cmcrameri import cm

    labels = np.unique(folds.fold)
    place = points.coordinates
    with house_style():
        figure, axis = map_frame(maps.grid, context, width=SMALL, ticks=0)
        _footprint(axis, maps)
        if len(labels) > len(CATEGORIES) * len(_MARKERS):
            axis.scatter(
                place[:, 0], place[:, 1], c=folds.fold, cmap=cm.batlow, s=14, lw=0, zorder=4
            )
            return figure
        for position, label in enumerate(labels):
            keep = folds.fold == label
            axis.scatter(
                place[keep, 0],
                place[keep, 1],
                color=CATEGORIES[position % len(CATEGORIES)],
                marker=_MARKERS[position % len(_MARKERS)],
                s=18,
                ec="white",
                lw=0.3,
                zorder=4,
            )
    return figure


def _footprint(axis: Axes, maps: MapLayers) -> None:
    """Draw where the map has data in one pale tone."""
    axis.imshow(
        np.ma.masked_where(~np.isfinite(maps.probability), np.zeros(maps.grid.shape)),
        extent=maps.grid.region,
        origin="upper",
        interpolation="nearest",
        zorder=1,
        aspect="equal",
        cmap=ListedColormap([FOOTPRINT]),
    )


def role_map(
    layer: NDArray[np.float64], grid: Grid, *, role: str, context: Sequence[Context] = ()
) -> Figure:
    """Draw the contribution of one role, blue where it lowers, red where it raises.

    The classes are the same for every role, so that maps of roles can be compared.
    """
    with house_style():
        figure, axis = map_frame(grid, context, width=SMALL, ticks=0)
        classed(axis, layer, grid, contribution_style(role))
    return figure


def driver_map(layers: RoleLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw the role with the largest absolute contribution in each cell."""
    with house_style():
        figure, axis = map_frame(layers.grid, context, width=NARROW, ticks=0)
        if layers.driver is not None and layers.roles:
            classed(axis, layers.driver, layers.grid, dominant_style(layers))
            hatch(axis, layers.outside, layers.grid, colour="#3f474d")
    return figure


def worst_map(worst: pd.DataFrame, maps: MapLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw the left-out samples that were told worst, numbered; larger is worse.

    Parameters
    ----------
    worst : DataFrame
        Columns ``easting, northing, log_loss``, the worst first.
    maps : MapLayers
        Whose area is drawn.
    """
    with house_style():
        figure, axis = map_frame(maps.grid, context, width=NARROW, ticks=0)
        _footprint(axis, maps)
        axis.scatter(
            worst["easting"], worst["northing"], s=20 + 60 * worst["log_loss"], fc=EXCEEDS,
            ec="white", lw=0.8, alpha=0.85, zorder=4,
        )  # fmt: skip
        for rank, (east, north) in enumerate(
            zip(worst["easting"], worst["northing"], strict=True), start=1
        ):
            axis.annotate(
                f"{rank}", (east, north), ha="center", va="center", fontsize=7.5, color=INK,
                fontweight="bold", zorder=5,
                path_effects=[withStroke(linewidth=2, foreground="white")],
            )  # fmt: skip
    return figure


def dominant_style(layers: RoleLayers) -> LayerStyle:
    """Return the classes of the dominant role, without those that no cell has."""
    present = set() if layers.driver is None else set(np.unique(layers.driver).tolist())
    shown = {code: role for code, role in layers.roles.items() if code in present}
    return driver_style(shown or layers.roles)
