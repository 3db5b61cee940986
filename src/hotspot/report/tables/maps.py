"""Tables of land, cells and hotspots."""

import numpy as np

from hotspot.maps.styles import LayerStyle
from hotspot.report.content import (
    Hotspots,
    MapLayers,
)
from hotspot.report.numerals import area, percent
from hotspot.report.tables.rows import Table, table


def areas_table(maps: MapLayers) -> Table:
    """Return hectares by decision class."""
    areas = maps.areas
    rows = (
        ()
        if areas is None
        else tuple(
            (
                name,
                area(hectares),
                percent(hectares / areas.total_ha if areas.total_ha else None),
            )
            for name, hectares in (
                ("Above the limit", areas.above_ha),
                ("Below the limit", areas.below_ha),
                ("Cannot say", areas.cannot_say_ha),
                ("Mapped in all", areas.total_ha),
            )
        )
    )
    return table("Land by decision", ("Class", "Area", "Share"), rows)


def class_table(maps: MapLayers, style: LayerStyle) -> Table:
    """Return land by class of probability, or cells of the drawn map where not counted."""
    hectares = maps.areas.by_class_ha if maps.areas is not None else ()
    if len(hectares) == len(style.classes):
        total = sum(hectares) or float("nan")
        return table(
            "Land by probability of exceedance",
            ("Class", "Area", "Share"),
            (
                (entry.label, area(value), percent(value / total))
                for entry, value in zip(style.classes, hectares, strict=True)
            ),
        )
    return cell_table("Cells of the drawn map by probability", style, maps.probability)


def cell_table(
    caption: str, style: LayerStyle, layer: np.ndarray[tuple[int, ...], np.dtype[np.generic]]
) -> Table:
    """Return how many cells of a drawn layer fall in each class of its style."""
    index = style.classify(layer)
    counts = [int((index == position).sum()) for position in range(len(style.classes))]
    total = sum(counts) or float("nan")
    return table(
        caption,
        ("Class", "Cells drawn", "Share"),
        (
            (entry.label, n, percent(n / total))
            for entry, n in zip(style.classes, counts, strict=True)
        ),
    )


def hotspot_table(hotspots: Hotspots, *, most: int = 50) -> Table:
    """Return the first hotspots by rank."""
    rows = hotspots.table.head(most)
    left = len(hotspots.table) - len(rows)
    return table(
        f"Hotspots by rank{f', the first {most} of {most + left}' if left else ''}",
        ("Rank", "Area", "Mean probability", "Highest probability", "Confidence", "Cells"),
        (
            (rank, area(float(square_metres) / 10_000), mean, highest, confidence, cells)
            for rank, square_metres, mean, highest, confidence, cells in zip(
                rows["rank"],
                rows["area_m2"],
                rows["mean_probability"],
                rows["max_probability"],
                rows["confidence"],
                rows["n_cells"],
                strict=True,
            )
        ),
    )
