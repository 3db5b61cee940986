"""Colours that only the page needs; those of layers are in `hotspot.maps.styles`."""

from collections.abc import Sequence

from hotspot.maps.styles import ROLE_COLOURS

INK = "#1d2b36"
MUTED = "#5b6770"
HAIRLINE = "#c9ced2"
OUTLINE = "#98a0a6"
FOOTPRINT = "#eceae4"
WATER = "#dbe7ee"
WATER_LINE = "#86a9bd"
PLACEBO = "#e9e6df"

MODEL = "#b8480f"
BASELINE = "#0072b2"
BASELINE_BAND = "#e4edf4"
OTHER = "#5b6770"
EXCEEDS = "#d55e00"
UNKNOWN = "#a9a9a9"

# Wong (2011), 10.1038/nmeth.1618, the dark ones first, then a grey.
CATEGORIES = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
    "#f0e442",
    "#8c8c8c",
)


def role_colours(roles: Sequence[str]) -> dict[str, str]:
    """Return a colour per role, that of the maps; an unknown role takes the next free one.

    Examples
    --------
    >>> role_colours(["water", "own_role"])
    {'water': '#4477aa', 'own_role': '#0072b2'}
    """
    free = iter(CATEGORIES)
    colours: dict[str, str] = {}
    for role in dict.fromkeys(roles):
        colours[role] = ROLE_COLOURS.get(role) or next(free, "#8c8c8c")
    return colours
