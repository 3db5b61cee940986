"""Elements reported as their oxides, as whole-rock analyses by X-ray fluorescence are."""

from dataclasses import dataclass
from functools import lru_cache

from hotspot.observations.contaminants import Contaminants
from hotspot.observations.store import registry_rows

# Conventional atomic weight of oxygen, g/mol; those of the elements stand in contaminants.csv.
# Both are of the IUPAC's table of standard atomic weights.
OXYGEN_G_MOL = 15.999


@dataclass(frozen=True)
class Oxide:
    """An oxide and the share of its element.

    Parameters
    ----------
    formula : str
        Such as ``Cr2O3``.
    contaminant : str
        Id of the element.
    factor : float
        Mass of the element per mass of the oxide.
    """

    formula: str
    contaminant: str
    factor: float


def find_oxide(text: str) -> Oxide | None:
    """Return the oxide that a text names by its formula, or None.

    Letters keep their case: CO is no oxide of cobalt.

    References
    ----------
    Prohaska et al. (2022), Standard atomic weights of the elements 2021.
    https://doi.org/10.1515/pac-2019-0603

    Examples
    --------
    >>> oxide = find_oxide("MnO")
    >>> oxide.contaminant, round(oxide.factor, 4)
    ('mn', 0.7745)
    >>> find_oxide("Mn") is None
    True
    """
    return _oxides().get(text.strip())


@lru_cache(maxsize=1)
def _oxides() -> dict[str, Oxide]:
    contaminants = Contaminants.load()
    found = {}
    for row in registry_rows("oxides"):
        mass = contaminants[row["contaminant"]].molar_mass_g_mol
        if mass is None:
            continue
        element = int(row["atoms"]) * mass
        whole = element + int(row["oxygens"]) * OXYGEN_G_MOL
        found[row["formula"]] = Oxide(row["formula"], row["contaminant"], element / whole)
    return found
