"""Limits for a standard soil, moved to a soil of other clay and organic matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hotspot.observations.store import registry_rows

Values = NDArray[np.float64]


@dataclass(frozen=True)
class SoilCorrection:
    """A limit as a line in clay and organic matter: ``A + B clay + C organic matter``.

    The law converts a measured value to the standard soil before it is compared; to divide
    the measured value by the factor, or to multiply the limit by it, is the same.

    Parameters
    ----------
    a, b, c : float
        Constants of the substance.
    clay_standard, organic_matter_standard : float, %
        The standard soil, for which the factor is exactly 1.
    clay_least, organic_matter_least : float, %
        Less counts as this much.
    organic_matter_most : float or None, %
        More counts as this much.
    source : str
        Where the constants were read.

    References
    ----------
    Regeling bodemkwaliteit (BWBR0023085), annex G, part III.

    Examples
    --------
    Cadmium, 13 mg/kg for the standard soil, in a poor sand:

    >>> cadmium = soil_correction("NL", "cd")
    >>> sand = {"clay": np.array([25.0, 2.0]), "organic_matter": np.array([10.0, 2.0])}
    >>> 13 * cadmium.factor(sand, 2)
    array([13.        ,  7.55159236])
    """

    a: float
    b: float
    c: float
    clay_standard: float
    organic_matter_standard: float
    clay_least: float
    organic_matter_least: float
    organic_matter_most: float | None = None
    source: str = ""

    @property
    def quantities(self) -> tuple[str, ...]:
        """What must be known of a soil; nothing where the substance has no correction."""
        wanted = (("clay", self.b), ("organic_matter", self.c))
        return tuple(name for name, weight in wanted if weight)

    def factor(self, numbers: Mapping[str, Values | None], n: int) -> Values:
        """Return the limit as a multiple of that of the standard soil, shape (n,).

        Parameters
        ----------
        numbers : mapping of array, shape (n,), %
            By the names in `quantities`; NaN or None where not known.
        n : int
            Number of soils.
        """
        unknown = np.full(n, np.nan)
        total = np.full(n, self.a)
        standard = self.a
        if self.b:
            given = numbers.get("clay")
            clay = np.maximum(unknown if given is None else given, self.clay_least)
            total = total + self.b * clay
            standard = standard + self.b * self.clay_standard
        if self.c:
            given = numbers.get("organic_matter")
            matter = np.maximum(unknown if given is None else given, self.organic_matter_least)
            if self.organic_matter_most is not None:
                matter = np.minimum(matter, self.organic_matter_most)
            total = total + self.c * matter
            standard = standard + self.c * self.organic_matter_standard
        return np.asarray(total / standard)


def soil_correction(jurisdiction: str, contaminant: str) -> SoilCorrection | None:
    """Return the correction that a jurisdiction has for a contaminant, if it has one."""
    return _table().get((jurisdiction, contaminant))


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], SoilCorrection]:
    table = {}
    for row in registry_rows("soil_corrections"):
        most = row["organic_matter_most"]
        correction = SoilCorrection(
            a=float(row["a"]),
            b=float(row["b"]),
            c=float(row["c"]),
            clay_standard=float(row["clay_standard"]),
            organic_matter_standard=float(row["organic_matter_standard"]),
            clay_least=float(row["clay_least"]),
            organic_matter_least=float(row["organic_matter_least"]),
            organic_matter_most=float(most) if most else None,
            source=row["source"],
        )
        for contaminant in row["contaminants"].split():
            table[row["jurisdiction"], contaminant] = correction
    return table
