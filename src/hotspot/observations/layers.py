"""Samples of several layers, made to stand for the layer that is asked about."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.duplicates import group_means
from hotspot.observations.rules import DepthRule

# Layers of one profile agree in these.
PROFILE = ("site_id", "easting", "northing", "contaminant", "sampled_on")


def harmonise_depths(table: pd.DataFrame, rule: DepthRule) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return one row per profile for the layer asked about, and why the others went.

    The bounds are averaged with the thickness within the layer as weight, lower with lower
    and upper with upper. Masses of soil would be the right weights; where bulk density does
    not change within the layer, thickness is the same. The row keeps the depths that were
    sampled, from the uppermost to the lowest of its layers.

    Parameters
    ----------
    table : DataFrame
        Columns of the observation table and ``row``, one row per layer.
    rule : DepthRule
        The layer, and what counts.

    Returns
    -------
    merged : DataFrame
        Rows that stay, with their index.
    gone : DataFrame
        Columns ``kind`` and ``detail`` for the rows that went.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "observation_id": ["a", "b"], "row": [2, 3], "site_id": "s", "easting": 0.0,
    ...     "northing": 0.0, "contaminant": "cd", "depth_top_cm": [0.0, 10.0],
    ...     "depth_bottom_cm": [10.0, 40.0], "sampled_on": "", "lower_mg_kg": [1.0, 3.0],
    ...     "upper_mg_kg": [1.0, 3.0], "limit_mg_kg": np.nan})
    >>> merged, gone = harmonise_depths(table, DepthRule(0, 30))
    >>> merged[["depth_bottom_cm", "upper_mg_kg"]].round(3).values.tolist()
    [[40.0, 2.333]]
    >>> gone["detail"].tolist()
    ['a of row 2']
    """
    asked = f"{rule.top_cm:g} to {rule.bottom_cm:g} cm"
    top = table["depth_top_cm"].to_numpy(dtype=np.float64)
    bottom = table["depth_bottom_cm"].to_numpy(dtype=np.float64)
    within = np.minimum(bottom, rule.bottom_cm) - np.maximum(top, rule.top_cm)
    known = np.isfinite(top) & np.isfinite(bottom)
    if rule.rule == "inside":
        reaches_out = (top < rule.top_cm) | (bottom > rule.bottom_cm)
        within[reaches_out] = 0.0
    used = known & (within > 0)
    gone = pd.DataFrame({"kind": "", "detail": ""}, index=table.index)
    gone.loc[~known, "kind"] = f"depth not stated, which {asked} needs"
    outside = known & ~used
    gone.loc[outside, "kind"] = f"layer outside {asked}"
    gone.loc[outside, "detail"] = _spans(table[outside])

    rows = table[used]
    codes = rows.groupby(list(PROFILE), sort=False, dropna=False).ngroup().to_numpy()
    thickness = within[used]
    covered = _covered(
        top[used].clip(rule.top_cm), bottom[used].clip(max=rule.bottom_cm), codes
    )
    share = covered / (rule.bottom_cm - rule.top_cm)
    # Sums of tenths of centimetres miss whole numbers by a hair.
    enough = share[codes] >= rule.least_share - 1e-9
    few = rows.index[~enough]
    gone.loc[few, "kind"] = f"too little of {asked} sampled"
    gone.loc[few, "detail"] = [f"{each:.0%}" for each in share[codes][~enough]]

    rows, thickness = rows[enough], thickness[enough]
    codes, _ = pd.factorize(codes[enough])
    if len(rows) == 0:
        return rows, gone
    _, first = np.unique(codes, return_index=True)
    stays = np.zeros(len(rows), dtype=np.bool_)
    stays[first] = True
    merged = rows[stays].copy()
    for name in ("lower_mg_kg", "upper_mg_kg"):
        values = rows[name].to_numpy(dtype=np.float64)
        merged[name] = group_means(values, codes, thickness)[codes[stays]]
    grouped = rows.groupby(codes)
    merged["depth_top_cm"] = grouped["depth_top_cm"].min().to_numpy()[codes[stays]]
    merged["depth_bottom_cm"] = grouped["depth_bottom_cm"].max().to_numpy()[codes[stays]]
    merged["limit_mg_kg"] = grouped["limit_mg_kg"].max().to_numpy()[codes[stays]]
    others = rows.index[~stays]
    winner = first[codes[~stays]]
    gone.loc[others, "kind"] = f"layer averaged into {asked}"
    gone.loc[others, "detail"] = (
        rows["observation_id"].to_numpy(dtype=object)[winner]
        + " of row "
        + rows["row"].astype("str").to_numpy(dtype=object)[winner]
    )
    return merged, gone.drop(index=merged.index)


def _covered(
    top: NDArray[np.float64], bottom: NDArray[np.float64], codes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the length that the layers of each group cover, overlaps counted once."""
    order = np.lexsort((top, codes))
    top, bottom, codes = top[order], bottom[order], codes[order]
    reach = pd.Series(bottom).groupby(codes).cummax().to_numpy()
    before = np.concatenate([[-np.inf], reach[:-1]])
    before[np.concatenate([[True], codes[1:] != codes[:-1]])] = -np.inf
    fresh = np.clip(bottom - np.maximum(top, before), 0, None)
    return np.asarray(np.bincount(codes, weights=fresh), dtype=np.float64)


def _spans(rows: pd.DataFrame) -> list[str]:
    pairs = zip(rows["depth_top_cm"], rows["depth_bottom_cm"], strict=True)
    return [f"{top:g} to {bottom:g} cm" for top, bottom in pairs]
