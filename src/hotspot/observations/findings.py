"""What a table shows beyond its rows: shares of non-detects, numbers put in their place."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.observations.methods import Methods
from hotspot.observations.plausibility import unit_slips
from hotspot.observations.rejection import per_text

# So many equal values, and such a share of a laboratory's, may hide substituted non-detects.
_FEWEST, _LEAST_SHARE = 10, 0.005
# Among the lowest levels of so many is sought.
_LOWEST = 5
# Between the number and the limit so many others at most may lie, as a share of its count.
_MOST_BETWEEN = 0.1
# What non-detects are replaced with, as a share of the limit.
_SHARES = ((0.5, "half"), (0.5**0.5, "1/√2 of"))


@dataclass(frozen=True)
class Censoring:
    """Non-detects of one contaminant by one laboratory.

    Parameters
    ----------
    contaminant, laboratory : str
        The laboratory is empty where the file names none.
    values, below, above : int
        Observations, those below a limit, and those over range.
    limits : int
        Different limits of the values below.
    least_limit_mg_kg, greatest_limit_mg_kg : float or None
        Of these limits; None where nothing is below.
    """

    contaminant: str
    laboratory: str
    values: int
    below: int
    above: int
    limits: int
    least_limit_mg_kg: float | None
    greatest_limit_mg_kg: float | None

    @property
    def share_below(self) -> float:
        """Share of the observations below their limit."""
        return self.below / self.values


@dataclass(frozen=True)
class Findings:
    """What a table shows beyond its rows.

    Parameters
    ----------
    notes : tuple of str
        Sentences for the user: what looks odd, and what was done on a rule's word.
    censoring : tuple of Censoring
        By contaminant and laboratory.
    """

    notes: tuple[str, ...] = ()
    censoring: tuple[Censoring, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values for JSON."""
        return {
            "notes": list(self.notes),
            "censoring": [
                {**asdict(each), "share_below": round(each.share_below, 6)}
                for each in self.censoring
            ],
        }


def find(table: pd.DataFrame) -> Findings:
    """Return the findings on a finished observation table.

    Numbers in place of non-detects are sought by `substitutions`, before values are averaged.

    Examples
    --------
    >>> table = pd.DataFrame({"contaminant": "cd", "laboratory": ["a", "a", "b"],
    ...     "method": "", "lower_mg_kg": [0.0, 0.3, 0.5], "upper_mg_kg": [0.2, 0.3, 0.5]})
    >>> [(each.laboratory, each.share_below) for each in find(table).censoring]
    [('a', 0.5), ('b', 0.0)]
    """
    return Findings((*unit_slips(table), *mixed_strengths(table)), censoring_of(table))


def censoring_of(table: pd.DataFrame) -> tuple[Censoring, ...]:
    """Return the counts of non-detects by contaminant and laboratory, in their order."""
    infinite = np.isinf(table["upper_mg_kg"])
    facts = pd.DataFrame(
        {
            "contaminant": table["contaminant"],
            "laboratory": table["laboratory"],
            "below": (table["lower_mg_kg"] == 0) & ~infinite,
            "above": infinite,
        }
    )
    facts["limit"] = table["upper_mg_kg"].where(facts["below"])
    grouped = facts.groupby(["contaminant", "laboratory"], sort=True)
    counts = grouped.agg(
        below=("below", "sum"),
        above=("above", "sum"),
        limits=("limit", "nunique"),
        least=("limit", "min"),
        greatest=("limit", "max"),
    )
    sizes = grouped.size()
    return tuple(
        Censoring(
            contaminant=str(contaminant),
            laboratory=str(laboratory),
            values=int(sizes[contaminant, laboratory]),
            below=int(below),
            above=int(above),
            limits=int(limits),
            least_limit_mg_kg=None if np.isnan(least) else float(least),
            greatest_limit_mg_kg=None if np.isnan(greatest) else float(greatest),
        )
        for (contaminant, laboratory), below, above, limits, least, greatest in zip(
            counts.index, *(counts[name] for name in counts.columns), strict=True
        )
    )


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


def substitutions(table: pd.DataFrame) -> list[str]:
    """Return a sentence for each number that looks put in the place of non-detects.

    Parameters
    ----------
    table : DataFrame
        An observation table.

    Examples
    --------
    >>> table = pd.DataFrame({"contaminant": "cd", "laboratory": "",
    ...     "lower_mg_kg": [0.2] * 20 + [0.4, 0.5, 0.6]})
    >>> print(substitutions(table.assign(upper_mg_kg=table["lower_mg_kg"]))[0][:77])
    20 of 23 values of cd are exactly 0.2 mg/kg and 0 lie between it and 0.4: the
    """
    told = []
    keys = ["contaminant", "laboratory"]
    for (contaminant, laboratory), group in table.groupby(keys, sort=True):
        lower, upper = (
            group[name].to_numpy(dtype=np.float64) for name in ("lower_mg_kg", "upper_mg_kg")
        )
        rows = lower[lower == upper]
        # Who writes some non-detects as such replaces others by a share of the same limits.
        limits = np.unique(upper[(lower == 0) & np.isfinite(upper)])
        whose = f" of laboratory {laboratory}" if laboratory else ""
        told += [
            f"{each.count} of {len(rows)} values of {contaminant}{whose} are exactly "
            f"{each.value:g} mg/kg and {each.between} lie between it and {each.limit:g}: they "
            f"look like {each.share} a detection limit of {each.limit:g}, written in place of "
            f"non-detects; if so, set data.substituted to {{{contaminant}: {{{each.value:g}: "
            f"{each.limit:g}}}}}, in the unit of the file"
            for each in suspects(rows)
            if len(limits) == 0 or np.isclose(limits, each.limit, rtol=0.01).any()
        ]
    return told


def mixed_strengths(table: pd.DataFrame) -> list[str]:
    """Return a sentence for each contaminant measured by methods of several strengths."""
    known = Methods.load().strengths
    strengths = pd.Series(
        per_text(table["method"], lambda name: known.get(name)), index=table.index, dtype=object
    )
    told = []
    for contaminant, each in strengths.dropna().groupby(table["contaminant"], sort=True):
        counts = each.value_counts().sort_index()
        if len(counts) > 1:
            shown = ", ".join(f"{number} {name}" for name, number in counts.items())
            told.append(
                f"{contaminant} was measured by methods of several strengths ({shown}); "
                "data.convert_methods_to makes them one"
            )
    return told
