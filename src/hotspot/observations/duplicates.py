"""Several values of one site, depth, day and contaminant, made one by a stated rule."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.rejection import Rejection

# Two rows are values of one thing if these agree. The laboratory and the method are not
# among them: two laboratories that analysed one sample measured the same soil.
KEY = (
    "site_id",
    "easting",
    "northing",
    "contaminant",
    "depth_top_cm",
    "depth_bottom_cm",
    "sampled_on",
)


def merge_duplicates(
    table: pd.DataFrame, rule: str
) -> tuple[pd.DataFrame, dict[int, Rejection]]:
    """Return the table with one row per thing measured, and why the others went.

    Parameters
    ----------
    table : DataFrame
        Columns of the observation table and ``row``, the number in the file.
    rule : {"mean", "first", "max", "keep"}
        - ``mean``: the bounds are averaged, lower with lower and upper with upper, so that a
          mean of which a part is censored is an interval, never a number made up. ``<0.2``
          and 0.5 give (0.25, 0.35].
        - ``first``: the first row of the file stays.
        - ``max``: the row of the greatest lower bound stays, among equals that of the
          greatest upper bound, then the first. A measured 0.5 wins over ``<2``.
        - ``keep``: every row stays.

        The row that stays keeps its own id, method and laboratory. Under ``mean`` that is the
        first, and its limit becomes the greatest of the group.

    Returns
    -------
    merged : DataFrame
        Rows that stay, with their index.
    rejections : dict of Rejection
        By index label, for the rows that went; each names the winner.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "observation_id": ["a", "b"], "row": [2, 3], "site_id": "s", "easting": 0.0,
    ...     "northing": 0.0, "contaminant": "cd", "depth_top_cm": np.nan,
    ...     "depth_bottom_cm": np.nan, "sampled_on": "", "lower_mg_kg": [0.0, 0.5],
    ...     "upper_mg_kg": [0.2, 0.5], "limit_mg_kg": [0.2, np.nan]})
    >>> merged, rejections = merge_duplicates(table, "mean")
    >>> merged[["lower_mg_kg", "upper_mg_kg"]].to_numpy()
    array([[0.25, 0.35]])
    >>> rejections[1].text
    'duplicate: averaged into a of row 2'
    """
    if rule == "keep":
        return table, {}
    # NaN depths are "not stated", and not stated twice is the same statement.
    groups = table.groupby(list(KEY), sort=False, dropna=False).ngroup()
    repeated = groups[groups.duplicated(keep=False)]
    merged = table.copy()
    rejections: dict[int, Rejection] = {}
    for _, labels in repeated.groupby(repeated, sort=False).groups.items():
        rows = table.loc[labels]
        lower, upper = rows["lower_mg_kg"].to_numpy(), rows["upper_mg_kg"].to_numpy()
        place = 0
        if rule == "max":
            place = int(np.lexsort((-np.arange(len(rows)), upper, lower))[-1])
        winner = rows.index[place]
        if rule == "mean":
            merged.loc[winner, "lower_mg_kg"] = _mean(lower)
            merged.loc[winner, "upper_mg_kg"] = _mean(upper)
            merged.loc[winner, "limit_mg_kg"] = rows["limit_mg_kg"].max()
        verb = {"mean": "averaged into", "first": "first is", "max": "greater is"}[rule]
        named = f"{verb} {rows['observation_id'].iloc[place]} of row {rows['row'].iloc[place]}"
        rejections |= {label: Rejection("duplicate", named) for label in labels.drop(winner)}
    return merged.drop(index=list(rejections)), rejections


def _mean(values: NDArray[np.float64]) -> float:
    """Return the mean; equal values keep their bits, which a sum need not."""
    return float(values[0] if (values == values[0]).all() else values.mean())
