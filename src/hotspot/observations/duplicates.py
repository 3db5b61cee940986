"""Several values of one site, depth, day and contaminant, made one by a stated rule."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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


def merge_duplicates(table: pd.DataFrame, rule: str) -> tuple[pd.DataFrame, pd.DataFrame]:
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
    gone : DataFrame
        Columns ``kind`` and ``detail``, which names the winner, for the rows that went.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "observation_id": ["a", "b"], "row": [2, 3], "site_id": "s", "easting": 0.0,
    ...     "northing": 0.0, "contaminant": "cd", "depth_top_cm": np.nan,
    ...     "depth_bottom_cm": np.nan, "sampled_on": "", "lower_mg_kg": [0.0, 0.5],
    ...     "upper_mg_kg": [0.2, 0.5], "limit_mg_kg": [0.2, np.nan]})
    >>> merged, gone = merge_duplicates(table, "mean")
    >>> merged[["lower_mg_kg", "upper_mg_kg"]].to_numpy()
    array([[0.25, 0.35]])
    >>> gone.loc[1].tolist()
    ['duplicate', 'averaged into a of row 2']
    """
    # NaN depths are "not stated", and not stated twice is the same statement.
    groups = table.groupby(list(KEY), sort=False, dropna=False).ngroup()
    repeated = groups.duplicated(keep=False)
    if rule == "keep" or not repeated.any():
        return table, table.iloc[:0].assign(kind="", detail="")[["kind", "detail"]]
    rows = table[repeated]
    codes, _ = pd.factorize(groups[repeated])
    place = np.arange(len(rows))
    order = place
    if rule == "max":
        order = np.lexsort((place, -rows["upper_mg_kg"], -rows["lower_mg_kg"]))
    # The first of each group in this order.
    _, first = np.unique(codes[order], return_index=True)
    winner = order[first][codes]
    stays = winner == place
    merged = table.copy()
    if rule == "mean":
        labels = rows.index[stays]
        for name in ("lower_mg_kg", "upper_mg_kg"):
            values = rows[name].to_numpy(dtype=np.float64)
            merged.loc[labels, name] = group_means(values, codes)[codes[stays]]
        limits = rows["limit_mg_kg"].groupby(codes).max().to_numpy()
        merged.loc[labels, "limit_mg_kg"] = limits[codes[stays]]
    verb = {"mean": "averaged into ", "first": "first is ", "max": "greater is "}[rule]
    ids = rows["observation_id"].to_numpy(dtype=object)[winner]
    numbers = rows["row"].astype("str").to_numpy(dtype=object)[winner]
    gone = pd.DataFrame(
        {"kind": "duplicate", "detail": verb + ids + " of row " + numbers}, index=rows.index
    )[~stays]
    return merged.drop(index=gone.index), gone


def group_means(
    values: NDArray[np.float64],
    codes: NDArray[np.int64],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the weighted mean of each group; equal values keep their bits.

    Parameters
    ----------
    values : array, shape (n,)
        May be infinite.
    codes : array of int, shape (n,)
        Group of each, from 0 without gaps.
    weights : array, shape (n,), optional
        Above 0; the same for all if not given.

    Examples
    --------
    >>> group_means(np.array([0.1, 0.1, 0.1, 1.0, np.inf]), np.array([0, 0, 0, 1, 1]))
    array([0.1, inf])
    """
    weights = np.ones(len(values)) if weights is None else weights
    sums = np.bincount(codes, weights=values * weights)
    means = sums / np.bincount(codes, weights=weights)
    _, first = np.unique(codes, return_index=True)
    is_other = values != values[first][codes]
    differs = np.bincount(codes, weights=is_other) > 0
    return np.asarray(np.where(differs, means, values[first]), dtype=np.float64)
