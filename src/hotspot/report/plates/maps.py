"""Plates of the maps of a contaminant."""

from collections.abc import Sequence

import numpy as np

from hotspot.maps.styles import (
    decision_style,
    dissimilarity_style,
    probability_style,
)
from hotspot.report import mapplots, tables
from hotspot.report.content import (
    ContaminantContent,
    Context,
    MapLayers,
)
from hotspot.report.numerals import area, number, percent
from hotspot.report.plates.plate import Key, Plate, class_keys
from hotspot.report.style import png
from hotspot.report.terms import in_sentence
from hotspot.report.words import limit_text


def probability_plate(content: ContaminantContent, context: Sequence[Context]) -> Plate | None:
    """Return the map of exceedance probability with its legend in words."""
    maps = content.maps
    if maps is None:
        return None
    style = probability_style()
    notes = tuple(area(ha) for ha in maps.areas.by_class_ha) if maps.areas is not None else ()
    keys = class_keys(style, notes)
    if maps.outside is not None:
        keys.append(Key("hatch", "hatched: outside the area of applicability"))
    keys.append(Key("none", "white: no data"))
    if maps.hotspots is not None and len(maps.hotspots.table):
        keys.append(Key("outline", "outlined: a hotspot, numbered by rank"))
    alt = (
        f"Map of the probability that {in_sentence(content.name)} exceeds "
        f"{limit_text(content.limit)}, in six classes from very unlikely to very "
        f"likely. {_share_above(maps)} of the mapped cells are more likely above than below."
    )
    return Plate(
        png(mapplots.probability_map(maps, context), alt),
        f"Probability that {in_sentence(content.name)} exceeds the limit",
        f"{maps.grid.crs}; cells of {number(maps.grid.resolution[0])} m as drawn.",
        tables.class_table(maps, style),
        tuple(keys),
    )


def _share_above(maps: MapLayers) -> str:
    known = maps.probability[np.isfinite(maps.probability)]
    return percent(float((known > 0.5).mean())) if known.size else "None"


def decision_plate(content: ContaminantContent, context: Sequence[Context]) -> Plate | None:
    """Return the map of decisions."""
    maps = content.maps
    if maps is None or maps.decision is None:
        return None
    style = decision_style()
    table = (
        tables.cell_table("Cells of the drawn map by decision", style, maps.decision)
        if maps.areas is None
        else tables.areas_table(maps)
    )
    shares = "; ".join(f"{row[0]} {row[2]}" for row in table.rows[:3])
    return Plate(
        png(mapplots.decision_map(maps, context), f"Map of the decision. {shares}."),
        "Above, below, or cannot say",
        "“Cannot say” is an answer of its own: it is neither clean nor polluted.",
        table,
        (*class_keys(style), Key("none", "white: no data")),
    )


def dissimilarity_plate(
    content: ContaminantContent, context: Sequence[Context]
) -> Plate | None:
    """Return the map of dissimilarity from the samples."""
    maps = content.maps
    if maps is None or maps.dissimilarity is None or maps.dissimilarity_limit is None:
        return None
    style = dissimilarity_style(maps.dissimilarity_limit)
    known = np.isfinite(maps.dissimilarity)
    outside = maps.outside
    share = (
        percent(float(outside[known].mean())) if outside is not None and known.any() else "–"
    )
    return Plate(
        png(
            mapplots.dissimilarity_map(maps, context),
            f"Map of the dissimilarity from the samples. {share} of the cells lie outside the "
            "area of applicability.",
        ),
        "How unlike the samples a cell is",
        f"Hatched above the limit of {number(maps.dissimilarity_limit)}: outside the area of "
        f"applicability ({share} of the cells).",
        tables.cell_table("Cells of the drawn map by dissimilarity", style, maps.dissimilarity),
        (
            *class_keys(style),
            Key("hatch", "hatched: outside the area of applicability"),
            Key("none", "white: no data"),
        ),
    )
