"""Analytical methods: how much of a contaminant each brings into solution."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ConfigError, nearest_name
from hotspot.observations.store import registry_rows


@dataclass(frozen=True)
class Methods:
    """The methods of the registry and what is known of their recoveries.

    Parameters
    ----------
    strengths : dict of str
        From a method's id to ``total``, ``pseudo_total``, ``extractable`` or ``various``.
    recoveries : dict of tuple
        By contaminant, shares of the total that strong acids such as aqua regia dissolved in
        published comparisons, ordered.

    Examples
    --------
    >>> methods = Methods.load()
    >>> methods.strengths["aqua_regia_iso11466"], methods.recovery("pb")
    ('pseudo_total', (0.79, 0.934))
    >>> methods.recovery("mn") is None
    True
    """

    strengths: Mapping[str, str]
    recoveries: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Self:
        """Return the registry that comes with the package."""
        strengths: dict[str, str] = {}
        recoveries: dict[str, list[float]] = {}
        for row in registry_rows("methods"):
            if row["record_type"] == "method":
                strengths[row["id"]] = row["extraction_strength"]
            elif row["record_type"] == "recovery" and row["element"]:
                share = float(row["value"]) / 100
                recoveries.setdefault(row["element"], []).append(share)
        return cls(strengths, {name: tuple(sorted(each)) for name, each in recoveries.items()})

    def recovery(self, contaminant: str) -> tuple[float, float] | None:
        """Return the least and the greatest published share of the total, or None.

        One comparison says nothing of how far others differ; it takes two.
        """
        shares = self.recoveries.get(contaminant, ())
        return (shares[0], shares[-1]) if len(shares) > 1 else None

    def check(self, name: str) -> str:
        """Return the id of a method, or raise a `ConfigError` that names the near one."""
        if name not in self.strengths:
            raise ConfigError(
                f"data.methods names {name!r}, which methods.csv does not have."
                f"{nearest_name(name, list(self.strengths))} "
                f"Its ids are {', '.join(self.strengths)}."
            )
        return name


@dataclass(frozen=True)
class Conversion:
    """Factors that turn results of one method into those of another strength.

    Parameters
    ----------
    least, greatest : float
        The true factor lies between the two.
    problem : str
        Why there is no factor; empty where there is one.
    """

    least: float = 1.0
    greatest: float = 1.0
    problem: str = ""


def conversion(method: str, contaminant: str, *, to: str) -> Conversion:
    """Return the factors from a method's results to those of a strength of extraction.

    Parameters
    ----------
    method : str
        An id of the registry.
    contaminant : str
        Id.
    to : {"total", "pseudo_total"}
        The strength.

    Examples
    --------
    >>> conversion("aqua_regia_iso11466", "pb", to="pseudo_total")
    Conversion(least=1.0, greatest=1.0, problem='')
    >>> made = conversion("aqua_regia_iso11466", "pb", to="total")
    >>> round(made.least, 3), round(made.greatest, 3)
    (1.071, 1.266)
    >>> conversion("dtpa", "pb", to="total").problem
    'no valid conversion from extractable to total'
    """
    methods = Methods.load()
    strength = methods.strengths.get(method, "")
    if strength == to:
        return Conversion()
    if not strength:
        return Conversion(problem=f"method not known, so no conversion to {to}")
    if {strength, to} != {"total", "pseudo_total"}:
        return Conversion(problem=f"no valid conversion from {strength} to {to}")
    shares = methods.recovery(contaminant)
    if shares is None:
        return Conversion(problem=f"no two recovery records of {contaminant} to convert with")
    least, greatest = shares
    if to == "total":
        return Conversion(1 / greatest, 1 / least)
    return Conversion(least, greatest)


def converted(bounds: NDArray[np.float64], factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intervals widened by factors that are known within bounds.

    Parameters
    ----------
    bounds, factors : array, shape (n, 2)
        Lower and upper; an upper bound may be infinite.
    """
    wide = bounds * factors
    wide[np.isinf(bounds)] = inf
    return wide
