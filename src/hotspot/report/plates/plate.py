"""A plate: a figure with its alternative text, caption, legend and table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hotspot.maps.styles import LayerStyle
from hotspot.report.style import Picture
from hotspot.report.tables import Table


@dataclass(frozen=True)
class Key:
    """One entry of a legend: how it looks, what it means, and how much of it there is."""

    look: str
    words: str
    colour: str = ""
    note: str = ""


@dataclass(frozen=True)
class Plate:
    """One figure as the page sets it."""

    picture: Picture
    title: str
    caption: str
    table: Table | None = None
    keys: tuple[Key, ...] = field(default=())


def class_keys(style: LayerStyle, notes: Sequence[str] = ()) -> list[Key]:
    """Return one entry of a legend per class of a style, each with its note."""
    told = notes if len(notes) == len(style.classes) else [""] * len(style.classes)
    return [
        Key("class", entry.label, entry.colour, note)
        for entry, note in zip(style.classes, told, strict=True)
    ]
