"""Plates of the maps of roles."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hotspot.maps.styles import (
    LayerStyle,
    contribution_style,
)
from hotspot.report import mapplots, tables
from hotspot.report.content import (
    Context,
    RoleLayers,
)
from hotspot.report.numerals import number
from hotspot.report.plates.plate import Key, Plate, class_keys
from hotspot.report.style import png
from hotspot.report.terms import role_label


def role_map_plates(
    layers: RoleLayers, context: Sequence[Context], scale: str
) -> tuple[Plate, ...]:
    """Return one small map per role; their legend is `contribution_keys`."""
    plates = []
    for role, layer in layers.contribution.items():
        known = layer[np.isfinite(layer)]
        mean = number(float(np.abs(known).mean()), 2) if known.size else "–"
        plates.append(
            Plate(
                png(
                    mapplots.role_map(layer, layers.grid, role=role, context=context),
                    f"Map of the contribution of {role_label(role).lower()}; its mean "
                    f"absolute value is {mean}.",
                    dpi=160,
                ),
                role_label(role),
                f"Mean absolute contribution {mean}.",
                tables.cell_table(
                    f"Cells of the drawn map: {role_label(role).lower()}",
                    _in_scale(contribution_style(role), scale),
                    layer,
                ),
            )
        )
    return tuple(plates)


def contribution_keys(scale: str) -> tuple[Key, ...]:
    """Return the legend that all role maps share."""
    return tuple(class_keys(_in_scale(contribution_style("any"), scale)))


def _in_scale(style: LayerStyle, scale: str) -> LayerStyle:
    """Return a style whose labels name what is multiplied: the odds, or the concentration."""
    if scale == "log-odds":
        return style
    noun = scale.removeprefix("log ")
    classes = tuple(
        replace(entry, label=entry.label.replace("odds", noun)) for entry in style.classes
    )
    return replace(style, classes=classes)


def driver_plate(layers: RoleLayers, context: Sequence[Context]) -> Plate | None:
    """Return the map of the dominant role."""
    if layers.driver is None or not layers.roles:
        return None
    style = mapplots.dominant_style(layers)
    table = tables.cell_table("Cells of the drawn map by dominant role", style, layers.driver)
    shares = "; ".join(f"{row[0]} {row[2]}" for row in table.rows)
    return Plate(
        png(mapplots.driver_map(layers, context), f"Map of the dominant role. {shares}."),
        "The dominant role, cell by cell",
        "The role with the largest contribution, up or down. It tells what the model leans on "
        "there, and names no source.",
        table,
        (
            *(
                Key("class", entry.label, entry.colour, row[2])
                for entry, row in zip(style.classes, table.rows, strict=True)
            ),
            *(
                (Key("hatch", "hatched: outside the area of applicability"),)
                if layers.outside is not None and layers.outside.any()
                else ()
            ),
        ),
    )
