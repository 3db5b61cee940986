"""Maps as matplotlib figures: a layer over its context, with scale bar and north arrow.

Legends are left to the page, where they can be read at any width and by any reader.
"""

from collections.abc import Sequence
from math import floor, log10

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from shapely import box, get_parts
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

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
from hotspot.report.palette import (
    CATEGORIES,
    EXCEEDS,
    FOOTPRINT,
    INK,
    MUTED,
    OUTLINE,
    UNKNOWN,
    WATER,
    WATER_LINE,
)
from hotspot.report.style import house_style

# Numbers on more hotspots than this cannot be read; the table has them all.
MOST_NUMBERED = 20
_WIDE, _NARROW, _SMALL = 6.4, 3.7, 3.0
_TALLEST = 7.4
_MARKERS = "os^DvPX"


def _frame(
    grid: Grid, context: Sequence[Context], *, width: float, ticks: int
) -> tuple[Figure, Axes]:
    """Return an empty map of a grid's region over its context, with its furniture."""
    west, east, south, north = grid.region
    margin = 0.03 * max(east - west, north - south)
    aspect = (north - south + 2 * margin) / (east - west + 2 * margin)
    height = width * aspect
    if height > _TALLEST * width / _WIDE:
        height = _TALLEST * width / _WIDE
        width = height / aspect
    figure = Figure(figsize=(max(width, 2.0) + 0.25, height + 0.25), layout="constrained")
    axis = figure.subplots()
    axis.set_xlim(west - margin, east + margin)
    axis.set_ylim(south - margin, north + margin)
    axis.set_aspect("equal")
    for spine in axis.spines.values():
        spine.set_visible(True)
    view = box(west - margin, south - margin, east + margin, north + margin)
    for layer in context:
        _draw_context(axis, layer, view, named=width > _SMALL)
    _furniture(axis, grid, small=not ticks)
    if ticks:
        axis.locator_params(nbins=ticks)
        axis.ticklabel_format(style="plain")
        axis.tick_params(labelsize=7, length=2.5, colors=MUTED)
        for label in axis.get_yticklabels():
            label.set_rotation(90)
            label.set_verticalalignment("center")
    else:
        axis.set_xticks([])
        axis.set_yticks([])
    return figure, axis


def _path(polygon: Polygon) -> Path:
    rings = [polygon.exterior, *polygon.interiors]
    return Path.make_compound_path(
        *(Path(np.asarray(ring.coords)[:, :2], closed=True) for ring in rings)
    )


def _draw_context(axis: Axes, layer: Context, view: BaseGeometry, *, named: bool) -> None:
    for part in get_parts(layer.geometry):
        if isinstance(part, Polygon) and not part.is_empty:
            axis.add_patch(PathPatch(_path(part), fc=WATER, ec=WATER_LINE, lw=0.7, zorder=0.5))
        elif isinstance(part, LineString):
            line = np.asarray(part.coords)
            axis.plot(line[:, 0], line[:, 1], color=WATER_LINE, lw=1, zorder=0.6)
    visible = layer.geometry.intersection(view)
    if named and layer.label and not visible.is_empty:
        largest = max(get_parts(visible), key=lambda part: (part.area, part.length))
        spot = largest.representative_point()
        axis.annotate(
            layer.label, (spot.x, spot.y), fontsize=8, fontstyle="italic", color="#3f6b82",
            ha="center", va="center", zorder=6, annotation_clip=True,
            path_effects=[withStroke(linewidth=2.2, foreground="white")],
        )  # fmt: skip


def bar_length(region_width_m: float) -> float:
    """Return a round length of 1, 2 or 5 times a power of ten, near a quarter of a width.

    Examples
    --------
    >>> bar_length(3120.0), bar_length(950_000.0)
    (500.0, 200000.0)
    """
    wanted = region_width_m / 4
    power = 10.0 ** floor(log10(wanted))
    return float(max(step * power for step in (1, 2, 5) if step * power <= wanted))


def _furniture(axis: Axes, grid: Grid, *, small: bool) -> None:
    """Draw a scale bar at the lower left and a north arrow at the upper left."""
    west, east = axis.get_xlim()
    south, north = axis.get_ylim()
    halo = [withStroke(linewidth=2.5, foreground="white")]
    size = 6.5 if small else 8.0
    if grid.is_projected:
        factor = float(grid.pyproj_crs.axis_info[0].unit_conversion_factor)
        metres = bar_length((east - west) * factor)
        length = metres / factor
        left, bottom = west + 0.04 * (east - west), south + 0.025 * (north - south)
        axis.plot(
            [left, left + length], [bottom, bottom], color=INK, lw=2.2, zorder=7,
            solid_capstyle="butt", path_effects=[withStroke(linewidth=4.5, foreground="white")],
        )  # fmt: skip
        text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
        axis.annotate(
            text, (left + length / 2, bottom), (0, 3.5), textcoords="offset points",
            ha="center", fontsize=size, color=INK, zorder=7, path_effects=halo,
        )  # fmt: skip
    if not small:
        axis.annotate(
            "N", xy=(0.055, 0.975), xytext=(0.055, 0.905), xycoords="axes fraction",
            textcoords="axes fraction", ha="center", va="center", fontsize=9, color=INK,
            fontweight="bold", zorder=7, path_effects=halo,
            arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.2, "shrinkB": 0},
        )  # fmt: skip


Mask = NDArray[np.bool_]


def _doubled(mask: Mask, grid: Grid) -> tuple[NDArray[np.float64], ...]:
    """Return easting, northing and a mask at twice the resolution, with a margin of False.

    Contours run between centres: at twice the resolution they keep near the cells' edges.
    """
    fine = np.pad(np.kron(mask, np.ones((2, 2))), 1)
    west, _, _, north = grid.region
    width, height = grid.resolution[0] / 2, grid.resolution[1] / 2
    easting = west + width * (np.arange(fine.shape[1]) - 0.5)
    northing = north - height * (np.arange(fine.shape[0]) - 0.5)
    return easting, northing, fine


def _hatch(axis: Axes, mask: Mask | None, grid: Grid, *, colour: str) -> None:
    """Hatch the cells of a mask."""
    if mask is None or not mask.any():
        return
    hatched = axis.contourf(
        *_doubled(mask, grid), levels=[0.5, 1.5], colors="none", hatches=["/////"], zorder=2.5
    )
    hatched.set_edgecolor(colour)
    hatched.set_linewidth(0)


def _outline(axis: Axes, mask: Mask, grid: Grid) -> None:
    """Draw a thin line around the cells with data, lest a pale class be taken for none."""
    if mask.any():
        axis.contour(
            *_doubled(mask, grid), levels=[0.5], colors=[OUTLINE], linewidths=0.5, zorder=2.6
        )


def _classed(
    axis: Axes, layer: NDArray[np.float64] | NDArray[np.uint8], grid: Grid, style: LayerStyle
) -> None:
    index = style.classify(layer).astype(np.float64)
    axis.imshow(
        np.ma.masked_less(index, 0),
        extent=grid.region,
        origin="upper",
        interpolation="nearest",
        zorder=2,
        aspect="equal",
        cmap=ListedColormap([entry.colour for entry in style.classes]),
        vmin=-0.5,
        vmax=len(style.classes) - 0.5,
    )
    _outline(axis, index >= 0, grid)


def probability_map(maps: MapLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw the classed exceedance probability, with hotspots and the area of applicability."""
    with house_style():
        figure, axis = _frame(maps.grid, context, width=_WIDE, ticks=4)
        _classed(axis, maps.probability, maps.grid, probability_style())
        _hatch(axis, maps.outside, maps.grid, colour="#5f6a72")
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
                    _path(part),
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
        figure, axis = _frame(maps.grid, context, width=_NARROW, ticks=0)
        if maps.decision is not None:
            _classed(axis, maps.decision, maps.grid, decision_style())
    return figure


def dissimilarity_map(maps: MapLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw the dissimilarity index in classes about its limit, hatched above it."""
    with house_style():
        figure, axis = _frame(maps.grid, context, width=_NARROW, ticks=0)
        if maps.dissimilarity is not None and maps.dissimilarity_limit is not None:
            style = dissimilarity_style(maps.dissimilarity_limit)
            _classed(axis, maps.dissimilarity, maps.grid, style)
            _hatch(axis, maps.outside, maps.grid, colour="#e8e6e0")
    return figure


def sample_map(
    points: SamplePoints, maps: MapLayers, context: Sequence[Context] = ()
) -> Figure:
    """Draw the samples: filled where they exceed, open where not, grey where unknown."""
    with house_style():
        figure, axis = _frame(maps.grid, context, width=_NARROW, ticks=0)
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
        figure, axis = _frame(maps.grid, context, width=_SMALL, ticks=0)
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
        figure, axis = _frame(grid, context, width=_SMALL, ticks=0)
        _classed(axis, layer, grid, contribution_style(role))
    return figure


def driver_map(layers: RoleLayers, context: Sequence[Context] = ()) -> Figure:
    """Draw the role with the largest absolute contribution in each cell."""
    with house_style():
        figure, axis = _frame(layers.grid, context, width=_NARROW, ticks=0)
        if layers.driver is not None and layers.roles:
            _classed(axis, layers.driver, layers.grid, dominant_style(layers))
            _hatch(axis, layers.outside, layers.grid, colour="#3f474d")
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
        figure, axis = _frame(maps.grid, context, width=_NARROW, ticks=0)
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
