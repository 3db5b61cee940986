"""What a table shows beyond its rows: shares of non-detects, numbers put in their place."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from hotspot.observations.methods import Methods
from hotspot.observations.plausibility import unit_slips
from hotspot.observations.rejection import per_text
from hotspot.observations.substitution import Substitution


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
    suspects : tuple of Substitution
        Numbers that look put in the place of non-detects.
    """

    notes: tuple[str, ...] = ()
    censoring: tuple[Censoring, ...] = ()
    suspects: tuple[Substitution, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values for JSON."""
        return {
            "notes": list(self.notes),
            "censoring": [
                {**asdict(each), "share_below": round(each.share_below, 6)}
                for each in self.censoring
            ],
            "suspects": [each.to_dict() for each in self.suspects],
        }


def find(table: pd.DataFrame) -> Findings:
    """Return the findings on a finished observation table.

    Numbers in place of non-detects are sought by `find_substitutions`, before values are
    averaged.

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
