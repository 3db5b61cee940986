"""Results that no soil holds, and groups of results that look like another unit."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.contaminants import Contaminants
from hotspot.observations.rejection import per_text

# A kilogram of soil holds no more than a million milligrams of anything.
PURE_MG_KG = 1e6
# Medians so many times above or below what soils hold are told: the step from µg to mg.
_MEDIAN_FACTOR = 300.0
_FEWEST = 5


def usual_contents(ids: "pd.Series[str]") -> NDArray[np.float64]:
    """Return what soils usually hold of each row's contaminant, mg/kg, NaN where unknown."""
    usual = {each.id: each.usual_mg_kg for each in Contaminants.load()}
    known = per_text(ids, lambda name: usual.get(name) or np.nan)
    return np.asarray(known, dtype=np.float64)


def implausible(
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    usual: NDArray[np.float64],
    factor: float,
) -> NDArray[np.bool_]:
    """Return whether an interval lies wholly beyond what any soil holds.

    Parameters
    ----------
    lower, upper : array, shape (n,), mg/kg
        Bounds of the concentration.
    usual : array, shape (n,), mg/kg
        What soils usually hold; NaN for no check.
    factor : float
        So many times above or below that is beyond belief.

    Examples
    --------
    >>> bounds = np.array([30.0, 30e-6, 3e6])
    >>> implausible(bounds, bounds, np.full(3, 27.0), 1e5)
    array([False,  True,  True])
    """
    with np.errstate(invalid="ignore"):
        return np.asarray((lower > usual * factor) | (upper < usual / factor), dtype=np.bool_)


def unit_slips(table: pd.DataFrame) -> list[str]:
    """Return a sentence for each contaminant and laboratory whose level suits another unit.

    Parameters
    ----------
    table : DataFrame
        Columns ``contaminant``, ``laboratory`` and ``upper_mg_kg``.
    """
    told = []
    usual = usual_contents(table["contaminant"])
    level = table["upper_mg_kg"].to_numpy(dtype=np.float64)
    ratio = pd.Series(level / usual, index=table.index)
    ratio = ratio[np.isfinite(ratio.to_numpy())]
    keys = [table.loc[ratio.index, name] for name in ("contaminant", "laboratory")]
    for (contaminant, laboratory), each in ratio.groupby(keys, sort=True):
        middle = float(each.median())
        if len(each) < _FEWEST or 1 / _MEDIAN_FACTOR <= middle <= _MEDIAN_FACTOR:
            continue
        side = f"{middle:.3g} times" if middle > 1 else f"1/{1 / middle:.3g} of"
        whose = f" of laboratory {laboratory}" if laboratory else ""
        told.append(
            f"the median of {len(each)} values of {contaminant}{whose} is {side} what soils "
            "usually hold: their unit may be another than the one stated"
        )
    return told
