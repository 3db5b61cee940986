"""What laboratories find too much or too little, told apart from what lies in the ground."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hotspot.errors import few
from hotspot.observations.laboratory_model import estimate_offsets

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# A laboratory with fewer results gets no offset.
FEWEST_RESULTS = 8


@dataclass(frozen=True)
class LaboratoryOffset:
    """The offset of one laboratory.

    Parameters
    ----------
    laboratory : str
        Its name.
    results : int
        Results that it gave.
    offset : float
        Mean of the natural logarithm of what it finds over what is there, as compared with
        all results.
    lower, upper : float
        Interval that holds the offset with a probability of 95 %.
    """

    laboratory: str
    results: int
    offset: float
    lower: float
    upper: float


@dataclass(frozen=True)
class LaboratoryEffect:
    """The offsets of the laboratories that measured one contaminant.

    Parameters
    ----------
    contaminant : str
        Its id.
    offsets : tuple of LaboratoryOffset
        In the order of their names.
    left_out : tuple of str
        Laboratories with too few results.
    """

    contaminant: str
    offsets: tuple[LaboratoryOffset, ...]
    left_out: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The finding in plain words."""
        if len(self.offsets) < 2:
            return f"{self.contaminant}: fewer than two laboratories to compare."
        shown = [
            f"{each.laboratory} x{np.exp(each.offset):.3g} "
            f"({np.exp(each.lower):.3g} to {np.exp(each.upper):.3g})"
            for each in sorted(self.offsets, key=lambda each: -abs(each.offset))
        ]
        return (
            f"laboratories find {self.contaminant} by these factors too high, with 95 % "
            f"intervals: {few(shown)}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the effect as plain values for JSON."""
        return asdict(self)


def laboratory_offsets(table: pd.DataFrame, *, seed: int) -> list[LaboratoryEffect]:
    """Return the offsets of laboratories for each contaminant of an observation table.

    The logarithm of a result is taken as a linear trend of the coordinates, a random field,
    an offset of the laboratory and an error. Where laboratories have parts of the region to
    themselves, field and offset cannot be told apart, and the intervals become wide.

    Parameters
    ----------
    table : DataFrame
        An observation table.
    seed : int
        Of the experiment: non-detects are completed at random within their intervals, and
        many results are thinned.

    Returns
    -------
    list of LaboratoryEffect
        One per contaminant that two laboratories or more measured; empty for none.
    """
    effects = []
    for contaminant, rows in table.groupby("contaminant", sort=True):
        sizes = rows["laboratory"].value_counts()
        names = sorted(str(name) for name in sizes.index[sizes >= FEWEST_RESULTS] if name)
        left_out = sorted(str(name) for name in sizes.index if name and str(name) not in names)
        if len(names) < 2:
            continue
        rows = rows[rows["laboratory"].isin(names)]
        means, lows, highs = estimate_offsets(
            rows[["easting", "northing"]].to_numpy(dtype=np.float64),
            rows["lower_mg_kg"].to_numpy(dtype=np.float64),
            rows["upper_mg_kg"].to_numpy(dtype=np.float64),
            laboratory=rows["laboratory"].map(names.index).to_numpy(dtype=np.int64),
            seed=seed,
        )
        effects.append(
            LaboratoryEffect(
                str(contaminant),
                tuple(
                    LaboratoryOffset(name, int(sizes[name]), *map(float, each))
                    for name, each in zip(
                        names, np.column_stack([means, lows, highs]), strict=True
                    )
                ),
                tuple(left_out),
            )
        )
    return effects


def adjusted(
    observations: "GeoDataFrame", effects: Sequence[LaboratoryEffect]
) -> "GeoDataFrame":
    """Return the observations as the mean of the laboratories would have found them.

    A result becomes the interval that the 95 % interval of its laboratory's offset leaves
    open; an interval widens by as much.

    Parameters
    ----------
    observations : GeoDataFrame
        An observation table.
    effects : sequence of LaboratoryEffect
        As `laboratory_offsets` gives them.

    Examples
    --------
    >>> table = pd.DataFrame({"contaminant": "cd", "laboratory": ["a", "b"],
    ...     "lower_mg_kg": [1.0, 0.0], "upper_mg_kg": [1.0, 2.0], "limit_mg_kg": [np.nan, 2.0],
    ...     "is_censored": [False, True]})
    >>> offset = LaboratoryOffset("a", 9, np.log(2), np.log(1.6), np.log(2.5))
    >>> made = adjusted(table, [LaboratoryEffect("cd", (offset,))])
    >>> made[["lower_mg_kg", "upper_mg_kg"]].values.round(3).tolist()
    [[0.4, 0.625], [0.0, 2.0]]
    """
    table = observations.copy()
    for effect in effects:
        for each in effect.offsets:
            rows = (table["contaminant"] == effect.contaminant) & (
                table["laboratory"] == each.laboratory
            )
            table.loc[rows, "lower_mg_kg"] *= np.exp(-each.upper)
            table.loc[rows, "upper_mg_kg"] *= np.exp(-each.lower)
            table.loc[rows, "limit_mg_kg"] *= np.exp(-each.lower)
    table["is_censored"] = table["lower_mg_kg"] < table["upper_mg_kg"]
    return table
