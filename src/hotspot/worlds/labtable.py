"""The table that laboratories send: text, with the spellings and flags of each."""

import numpy as np
import pandas as pd

from hotspot.observations.contaminants import Contaminants
from hotspot.worlds.world import World

COLUMNS = {
    "observation": "report_id",
    "site": "site",
    "easting": "easting",
    "northing": "northing",
    "contaminant": "parameter",
    "value": "result",
    "unit": "unit",
    "limit": "detection_limit",
    "depth_top_cm": "depth_top_cm",
    "depth_bottom_cm": "depth_bottom_cm",
    "sampled_on": "sampled_on",
    "method": "method",
    "laboratory": "laboratory",
}
"""What the columns of the table mean, as `data.columns` of a configuration says it."""


def laboratory_table(world: World) -> pd.DataFrame:
    """Return the observations as a long table of text.

    Non-detects are written ``<0.5``, values over range ``>2000``; each laboratory has its own
    spelling of mg/kg.
    """
    observations = world.observations
    contaminant = world.options.field.contaminant
    unit = world.sampling.laboratories.set_index("laboratory")["unit"]
    suffix = f"-{contaminant}"
    lower, upper, limit = (
        observations[name].to_numpy(dtype=np.float64)
        for name in ("lower_mg_kg", "upper_mg_kg", "limit_mg_kg")
    )
    # Of a value over range the table's limit is the end of the range, which the result says.
    limit = np.where(np.isinf(upper), np.nan, limit)
    return pd.DataFrame(
        {
            "report_id": observations["observation_id"].str.removesuffix(suffix),
            "site": observations["site_id"],
            "easting": [f"{value:.2f}" for value in observations["easting"]],
            "northing": [f"{value:.2f}" for value in observations["northing"]],
            "depth_top_cm": [_text(value) for value in observations["depth_top_cm"]],
            "depth_bottom_cm": [_text(value) for value in observations["depth_bottom_cm"]],
            "sampled_on": observations["sampled_on"],
            "parameter": Contaminants.load()[contaminant].name,
            "result": list(map(_result, lower, upper)),
            "unit": observations["laboratory"].map(unit),
            "detection_limit": ["" if np.isnan(value) else _text(value) for value in limit],
            "method": observations["method"],
            "laboratory": observations["laboratory"],
        }
    )


def _result(lower: float, upper: float) -> str:
    if lower == upper:
        return _text(lower)
    return f">{_text(lower)}" if np.isinf(upper) else f"<{_text(upper)}"


def _text(value: float) -> str:
    """Return the shortest text that is read back as the same number."""
    return str(np.format_float_positional(value, trim="-"))
