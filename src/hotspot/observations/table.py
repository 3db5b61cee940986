"""The observation table: its columns, and the check that they say what they must."""

from typing import Any

import numpy as np
import pandas as pd

from hotspot.errors import ObservationError, few

TEXT_COLUMNS = (
    "observation_id",
    "site_id",
    "sampled_on",
    "contaminant",
    "method",
    "laboratory",
    "source",
)
NUMBER_COLUMNS = (
    "easting",
    "northing",
    "depth_top_cm",
    "depth_bottom_cm",
    "lower_mg_kg",
    "upper_mg_kg",
    "limit_mg_kg",
)
# One row per observation. The concentration lies in [lower, upper]; the two are equal where
# it was measured. Text that is not stated is empty, a number that is not stated is NaN.
# Dates are ISO 8601 text, so that "1990" and "1990-05" keep their precision.
OBSERVATION_COLUMNS = (
    "observation_id",
    "site_id",
    "easting",
    "northing",
    "depth_top_cm",
    "depth_bottom_cm",
    "sampled_on",
    "contaminant",
    "lower_mg_kg",
    "upper_mg_kg",
    "is_censored",
    "limit_mg_kg",
    "method",
    "laboratory",
    "source",
)


def check_observations(table: Any) -> None:
    """Raise unless a table is an observation table.

    Parameters
    ----------
    table : DataFrame or GeoDataFrame
        Columns `OBSERVATION_COLUMNS` in order; a geometry column may follow.

    Raises
    ------
    ObservationError
        A column is missing or of another type, an id stands twice, a coordinate or a bound is
        not finite, bounds are negative or reversed, or `is_censored` contradicts them.
    """
    missing = [name for name in OBSERVATION_COLUMNS if name not in table.columns]
    if missing:
        raise ObservationError(
            f"The observation table lacks {few(missing)}; it has {few(table.columns, 20)}. "
            "Make it with `hotspot observations`."
        )
    wrong = [
        name for name in TEXT_COLUMNS if not pd.api.types.is_string_dtype(table[name].dtype)
    ] + [name for name in NUMBER_COLUMNS if table[name].dtype != np.float64]
    if table["is_censored"].dtype != np.bool_:
        wrong.append("is_censored")
    if wrong:
        shown = [f"{name} ({table[name].dtype})" for name in wrong]
        raise ObservationError(
            f"Columns of the observation table have another type than they must: {few(shown)}. "
            "Text columns hold text, numbers are float64, is_censored is true or false."
        )
    lower, upper = table["lower_mg_kg"], table["upper_mg_kg"]
    coordinates = table[["easting", "northing"]].to_numpy(dtype=np.float64)
    claims = {
        "an observation_id that stands twice": table["observation_id"].duplicated(),
        "coordinates that are not finite": ~np.isfinite(coordinates).all(axis=1),
        "a lower bound that is negative or not finite": ~(np.isfinite(lower) & (lower >= 0)),
        "an upper bound under the lower one, or of zero": ~((upper >= lower) & (upper > 0)),
        "is_censored against their bounds": table["is_censored"] != (lower < upper),
    }
    for claim, rows in claims.items():
        broken = table.loc[np.asarray(rows, dtype=np.bool_), "observation_id"]
        if len(broken):
            raise ObservationError(
                f"{len(broken)} observations have {claim}: {few(broken)}. "
                "Make the table again with `hotspot observations`."
            )
