"""Two runs side by side, as one self-contained HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hotspot.grid import Grid
from hotspot.maps.difference import difference_style
from hotspot.maps.styles import LayerStyle, probability_style
from hotspot.report.mapframe import bar_length
from hotspot.report.pages import style_sheet, templates
from hotspot.report.palette import INK, MODEL, MUTED, OTHER
from hotspot.report.plates import Key, Plate
from hotspot.report.style import house_style, png, svg
from hotspot.report.tables import Table
from hotspot.report.terms import plan_label, score_label


@dataclass(frozen=True)
class ScoreBar:
    """A difference of scores with its interval, second minus first; None where unknown."""

    plan: str
    score: str
    mean: float | None
    low: float | None
    high: float | None
    is_paired: bool


@dataclass(frozen=True)
class MapPair:
    """P(exceed) of both maps, thinned for drawing, with their names."""

    grid: Grid
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    names: tuple[str, str]


@dataclass(frozen=True)
class ContaminantComparison:
    """What two runs have not alike about one contaminant.

    Parameters
    ----------
    name : str
        For people.
    limits : str
        The limit, or both where they differ.
    answer : str
        One sentence on the headline score.
    bars : tuple of ScoreBar
    maps : MapPair or None
    tables : tuple of Table
        In the order of the page: of scores, of maps, of causes.
    notes : tuple of str
        What could not be compared, and why.
    """

    name: str
    limits: str
    answer: str
    bars: tuple[ScoreBar, ...]
    maps: MapPair | None
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ComparisonContent:
    """The page: names of both runs, contaminants, and the settings that differ."""

    first: str
    second: str
    contaminants: tuple[ContaminantComparison, ...]
    changed: Table | None
    order: str
    software_version: str


@dataclass(frozen=True)
class _View:
    """One contaminant as the template reads it."""

    key: str
    content: ContaminantComparison
    maps: Plate | None
    scores: Plate | None


def render_comparison(content: ComparisonContent) -> str:
    """Return the page as HTML that needs no other file, no script and no network.

    The same content gives the same bytes.

    Parameters
    ----------
    content : ComparisonContent
        Names and texts in it are escaped: they come from files.
    """
    views = [
        _View(
            key=f"c{position}",
            content=one,
            maps=None if one.maps is None else maps_plate(one.maps, one.name),
            scores=forest_plate(
                one.bars, first=content.first, second=content.second, key=f"c{position}-scores"
            ),
        )
        for position, one in enumerate(content.contaminants, start=1)
    ]
    return (
        templates()
        .get_template("comparison.html.j2")
        .render(
            content=content,
            views=views,
            style=style_sheet(),
        )
    )


def maps_plate(maps: MapPair, contaminant: str) -> Plate:
    """Return both maps and their difference, side by side."""
    change = maps.second - maps.first
    known = change[np.isfinite(change)]
    told = (
        f"From {known.min():.2f} to {known.max():.2f}, {known.mean():+.3f} in the mean."
        if known.size
        else "No cell has both probabilities."
    )
    keys = [
        Key("class", entry.label, entry.colour)
        for style in (probability_style(), difference_style())
        for entry in style.classes
    ]
    return Plate(
        png(
            comparison_map(maps),
            f"Three maps of the probability that {contaminant} exceeds the limit: "
            f"{maps.names[0]}, {maps.names[1]}, and the second minus the first. {told}",
        ),
        f"{maps.names[0]}, {maps.names[1]} and their difference",
        f"Blue where {maps.names[1]} is lower, red where it is higher. {told}",
        None,
        (*keys, Key("none", "white: no data in one of both")),
    )


def comparison_map(maps: MapPair) -> Figure:
    """Draw P(exceed) of both maps in one set of classes, and their difference."""
    west, east, south, north = maps.grid.region
    aspect = (north - south) / (east - west)
    width = 2.75
    with house_style():
        figure = Figure(
            figsize=(3 * width, min(width * aspect, 5.0) + 0.35), layout="constrained"
        )
        axes = figure.subplots(1, 3)
        panels = (
            (maps.names[0], maps.first, probability_style()),
            (maps.names[1], maps.second, probability_style()),
            ("second − first", maps.second - maps.first, difference_style()),
        )
        for axis, (title, layer, style) in zip(axes, panels, strict=True):
            _draw(axis, layer, maps.grid, style)
            axis.set_title(title if len(title) <= 34 else f"{title[:33]}…", fontsize=8)
        _scale_bar(axes[0], maps.grid)
    return figure


def forest_plate(
    bars: Sequence[ScoreBar], *, first: str, second: str, key: str
) -> Plate | None:
    """Return the differences of scores with their intervals; None without any."""
    known = [bar for bar in bars if bar.mean is not None]
    if not known:
        return None
    told = "; ".join(
        f"{score_label(bar.score)}, {plan_label(bar.plan)}: {bar.mean:+.3g}" for bar in known
    )
    return Plate(
        svg(forest_chart(known), f"Differences of scores, second minus first. {told}.", key),
        "Differences of scores with 95 % intervals",
        (
            f"{second} minus {first}: left of the line {second} is better, right of it "
            f"{first}. An interval that holds the line tells no difference. Open: not paired."
        ),
    )


def forest_chart(bars: Sequence[ScoreBar]) -> Figure:
    """Draw differences with their intervals: a panel per score, a row per plan."""
    scores = list(dict.fromkeys(bar.score for bar in bars))
    plans = list(dict.fromkeys(bar.plan for bar in bars))
    with house_style():
        figure = Figure(
            figsize=(max(2.3 * len(scores), 3.4) + 1.2, 0.9 + 0.36 * len(plans)),
            layout="constrained",
        )
        axes = np.atleast_1d(figure.subplots(1, len(scores), sharey=True))
        for axis, score in zip(axes, scores, strict=True):
            axis.axvline(0.0, color=MUTED, lw=1, ls=(0, (4, 3)))
            for bar in bars:
                if bar.score != score or bar.mean is None:
                    continue
                row = plans.index(bar.plan)
                colour = MODEL if bar.is_paired else OTHER
                if bar.low is not None and bar.high is not None:
                    axis.plot([bar.low, bar.high], [row, row], color=colour, lw=1.8)
                axis.plot(
                    bar.mean, row, "o", ms=6, color=colour,
                    mfc=colour if bar.is_paired else "white",
                )  # fmt: skip
            axis.set_title(score_label(score))
            axis.grid(axis="x")
            axis.set_axisbelow(True)
            axis.set_ylim(len(plans) - 0.5, -0.5)
            axis.locator_params(axis="x", nbins=4)
            axis.spines["left"].set_visible(False)
        axes[0].set_yticks(range(len(plans)), [plan_label(plan) for plan in plans])
        for label in axes[0].get_yticklabels():
            label.set_color(INK)
    return figure


def _draw(axis: Axes, layer: NDArray[np.float64], grid: Grid, style: LayerStyle) -> None:
    index = style.classify(layer).astype(np.float64)
    axis.imshow(
        np.ma.masked_less(index, 0),
        extent=grid.region,
        origin="upper",
        interpolation="nearest",
        aspect="equal",
        cmap=ListedColormap([entry.colour for entry in style.classes]),
        vmin=-0.5,
        vmax=len(style.classes) - 0.5,
    )
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(True)


def _scale_bar(axis: Axes, grid: Grid) -> None:
    """Draw a scale bar below the first map; all three have one scale."""
    if not grid.is_projected:
        return
    west, east, _, _ = grid.region
    metres = bar_length((east - west) * grid.metres_per_unit)
    share = metres / ((east - west) * grid.metres_per_unit)
    axis.plot(
        [0.0, share], [-0.03, -0.03], color=INK, lw=2, clip_on=False,
        transform=axis.transAxes, solid_capstyle="butt",
    )  # fmt: skip
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    axis.annotate(
        text, (share, -0.03), (4, 0), xycoords="axes fraction", textcoords="offset points",
        va="center", fontsize=7.5, color=INK, annotation_clip=False,
    )  # fmt: skip
