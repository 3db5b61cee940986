"""The frame of a map: region, context, scale bar, north arrow, and cells in colours."""

from collections.abc import Sequence
from math import floor, log10

import numpy as np
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
)
from hotspot.report.content import (
    Context,
)
from hotspot.report.palette import (
    INK,
    MUTED,
    OUTLINE,
    WATER,
    WATER_LINE,
)

WIDE, NARROW, SMALL = 6.4, 3.7, 3.0
_TALLEST = 7.4


def map_frame(
    grid: Grid, context: Sequence[Context], *, width: float, ticks: int
) -> tuple[Figure, Axes]:
    """Return an empty map of a grid's region over its context, with its furniture."""
    west, east, south, north = grid.region
    margin = 0.03 * max(east - west, north - south)
    aspect = (north - south + 2 * margin) / (east - west + 2 * margin)
    height = width * aspect
    if height > _TALLEST * width / WIDE:
        height = _TALLEST * width / WIDE
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
        _draw_context(axis, layer, view, named=width > SMALL)
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


def shape_path(polygon: Polygon) -> Path:
    """Return the rings of a polygon as one path, holes among them."""
    rings = [polygon.exterior, *polygon.interiors]
    return Path.make_compound_path(
        *(Path(np.asarray(ring.coords)[:, :2], closed=True) for ring in rings)
    )


def _draw_context(axis: Axes, layer: Context, view: BaseGeometry, *, named: bool) -> None:
    for part in get_parts(layer.geometry):
        if isinstance(part, Polygon) and not part.is_empty:
            axis.add_patch(
                PathPatch(shape_path(part), fc=WATER, ec=WATER_LINE, lw=0.7, zorder=0.5)
            )
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


def hatch(axis: Axes, mask: Mask | None, grid: Grid, *, colour: str) -> None:
    """Hatch the cells of a mask."""
    if mask is None or not mask.any():
        return
    hatched = axis.contourf(
        *_doubled(mask, grid), levels=[0.5, 1.5], colors="none", hatches=["/////"], zorder=2.5
    )
    hatched.set_edgecolor(colour)
    hatched.set_linewidth(0)


def outline(axis: Axes, mask: Mask, grid: Grid) -> None:
    """Draw a thin line around the cells with data, lest a pale class be taken for none."""
    if mask.any():
        axis.contour(
            *_doubled(mask, grid), levels=[0.5], colors=[OUTLINE], linewidths=0.5, zorder=2.6
        )


def classed(
    axis: Axes, layer: NDArray[np.float64] | NDArray[np.uint8], grid: Grid, style: LayerStyle
) -> None:
    """Draw the cells of a layer in the colours of their classes."""
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
    outline(axis, index >= 0, grid)
