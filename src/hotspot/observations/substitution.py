"""Numbers that look put in the place of non-detects, such as half a detection limit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# So many equal values, and such a share of a laboratory's, may hide substituted non-detects.
_FEWEST, _LEAST_SHARE = 10, 0.005
# Among the lowest levels of so many is sought.
_LOWEST = 5
# Between the number and the limit so many others at most may lie, as a share of its count.
_MOST_BETWEEN = 0.1
# What non-detects are replaced with, as a share of the limit.
_SHARES = ((0.5, "half"), (0.5**0.5, "1/√2 of"))


@dataclass(frozen=True)
class Suspect:
    """A number that looks put in the place of non-detects.

    Parameters
    ----------
    value, limit : float
        The number, and the limit that it would be a share of.
    share : str
        ``half`` or ``1/√2 of``.
    count, between : int
        How often it stands there, and how many values lie between the two.
    """

    value: float
    limit: float
    share: str
    count: int
    between: int


def suspects(values: NDArray[np.float64]) -> list[Suspect]:
    """Return the numbers among values that look put in the place of non-detects.

    A substituted half limit stands at the low end, many times over, with next to nothing
    between it and twice its size, though the levels above lie closer to each other; the same
    goes for 1/√2 of a limit.

    Examples
    --------
    >>> suspects(np.array([0.2] * 20 + [0.4, 0.5, 0.6]))
    [Suspect(value=0.2, limit=0.4, share='half', count=20, between=0)]
    """
    levels, counts = np.unique(values, return_counts=True)
    found: list[Suspect] = []
    for value, count in zip(levels[:_LOWEST].tolist(), counts[:_LOWEST].tolist(), strict=True):
        # Values at the limit itself are true ones.
        is_limit = any(np.isclose(value, each.limit, rtol=0.01) for each in found)
        if value <= 0 or is_limit or count < max(_FEWEST, _LEAST_SHARE * len(values)):
            continue
        for share, name in _SHARES:
            limit = float(f"{value / share:.3g}")
            others = (levels > value * 1.0001) & (levels < limit * 0.999)
            between = int(counts[others].sum())
            # A gap no wider than the steps above it is the step of the laboratory's scale.
            above = levels[levels >= limit * 0.999][: _LOWEST + 1]
            step = float(np.median(np.diff(above))) if len(above) > 1 else np.inf
            if between <= _MOST_BETWEEN * count and step < 0.75 * (limit - value):
                found.append(Suspect(value, limit, name, count, between))
                break
    return found


@dataclass(frozen=True)
class Substitution:
    """A number of one contaminant by one laboratory that looks put in place of non-detects.

    Parameters
    ----------
    contaminant, laboratory : str
        The laboratory is empty where the file names none.
    suspect : Suspect
        In mg/kg.
    values : int
        Measured values of the laboratory.
    """

    contaminant: str
    laboratory: str
    suspect: Suspect
    values: int

    @property
    def sentence(self) -> str:
        """What is seen, and what to do about it."""
        each, whose = self.suspect, f" of laboratory {self.laboratory}" * bool(self.laboratory)
        return (
            f"{each.count} of {self.values} values of {self.contaminant}{whose} are exactly "
            f"{each.value:g} mg/kg and {each.between} lie between it and {each.limit:g}: they "
            f"look like {each.share} a detection limit of {each.limit:g}, written in place of "
            f"non-detects; if so, set data.substituted to {{{self.contaminant}: "
            f"{{{each.value:g}: {each.limit:g}}}}}, in the unit of the file"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "contaminant": self.contaminant,
            "laboratory": self.laboratory,
            "value_mg_kg": self.suspect.value,
            "limit_mg_kg": self.suspect.limit,
            "share": self.suspect.share,
            "count": self.suspect.count,
            "between": self.suspect.between,
            "values": self.values,
        }


def find_substitutions(table: pd.DataFrame) -> tuple[Substitution, ...]:
    """Return the numbers that look put in the place of non-detects, by laboratory.

    Parameters
    ----------
    table : DataFrame
        An observation table.

    Examples
    --------
    >>> table = pd.DataFrame({"contaminant": "cd", "laboratory": "",
    ...     "lower_mg_kg": [0.2] * 20 + [0.4, 0.5, 0.6]})
    >>> found = find_substitutions(table.assign(upper_mg_kg=table["lower_mg_kg"]))
    >>> found[0].sentence[:77]
    '20 of 23 values of cd are exactly 0.2 mg/kg and 0 lie between it and 0.4: the'
    """
    found: list[Substitution] = []
    keys = ["contaminant", "laboratory"]
    for (contaminant, laboratory), group in table.groupby(keys, sort=True):
        lower, upper = (
            group[name].to_numpy(dtype=np.float64) for name in ("lower_mg_kg", "upper_mg_kg")
        )
        rows = lower[lower == upper]
        # Who writes some non-detects as such replaces others by a share of the same limits.
        limits = np.unique(upper[(lower == 0) & np.isfinite(upper)])
        found += [
            Substitution(str(contaminant), str(laboratory), each, len(rows))
            for each in suspects(rows)
            if len(limits) == 0 or np.isclose(limits, each.limit, rtol=0.01).any()
        ]
    return tuple(found)
