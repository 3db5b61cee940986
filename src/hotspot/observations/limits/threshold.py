"""One published limit: its value, where it stands, and when it holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hotspot.errors import ObservationError, ThresholdError
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.limits.conditions import Condition, read_condition

USER = "user"
_BACKGROUND = {
    "higher": "Where the natural background is higher, the background is the limit.",
    "replaces": "The limit holds only where no background value exists.",
    "addition": "The limit is the natural background and this value together.",
}


@dataclass(frozen=True)
class Threshold:
    """One limit: the number, and all that restricts it.

    Parameters
    ----------
    id : str
        Unique; every product of a map names it.
    contaminant : str
        Id in the registry of contaminants.
    value, unit : float, str
        As published.
    value_mg_kg : float or None
        In mg/kg dry mass; None where the unit is no plain mass per mass of soil.
    jurisdiction, instrument, issuer : str
        Country or body, law or guideline with its year, and who issued it.
    medium, land_use, value_kind : str
        Such as ``soil``, ``agricultural``, ``trigger``.
    condition, basis, fraction : str
        What restricts the limit, what it protects, what part of the contaminant it counts.
    source_url, source_place : str
        Where the number was read, and in which table.
    verified : str
        ``yes``, ``second`` or ``memory``; see the registry's README. Empty for a limit of a
        registry of the user's.
    status : str
        ``in_force``, ``superseded``, ``unknown``, or ``user`` for a limit given as a number.
    note : str
        Cautions.
    valid_from, valid_to : str
        First and last day, ``YYYY-MM-DD``; empty where not known, or for no end.
    background_rule : str
        What the instrument makes of a natural background: ``higher`` (the background is the
        limit where it is higher), ``replaces`` (it is the limit where there is one),
        ``addition`` (the limit is the background and the value together), or empty.
    """

    id: str
    contaminant: str
    value: float
    unit: str
    value_mg_kg: float | None
    jurisdiction: str = ""
    instrument: str = ""
    issuer: str = ""
    medium: str = "soil"
    land_use: str = ""
    value_kind: str = ""
    condition: str = ""
    basis: str = ""
    fraction: str = ""
    source_url: str = ""
    source_place: str = ""
    verified: str = ""
    status: str = ""
    note: str = ""
    valid_from: str = ""
    valid_to: str = ""
    background_rule: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, str], factor: float | None) -> Self:
        """Return the limit of a row of a registry.

        Parameters
        ----------
        row : mapping of str
            A cell for every column of the registry; empty where nothing is known.
        factor : float or None
            Of the unit to mg/kg; None where there is none.
        """
        value = float(row["value"])
        return cls(
            id=row["id"],
            contaminant=row["contaminant"],
            value=value,
            unit=row["unit"],
            value_mg_kg=None if factor is None else value * factor,
            jurisdiction=row["jurisdiction"],
            instrument=row["instrument"],
            issuer=row["issuer"],
            medium=row["medium"],
            land_use=row["land_use"],
            value_kind=row["value_kind"],
            condition=row["condition"],
            basis=row["basis"],
            fraction=row["fraction"],
            source_url=row["source_url"],
            source_place=row["source_quote_or_table"],
            verified=row["verified"],
            status=row["status"],
            note=row["note"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            background_rule=row["background_rule"],
        )

    @property
    def rule(self) -> Condition:
        """When the limit holds, as clauses that can be computed."""
        return read_condition(self.jurisdiction, self.contaminant, self.condition)

    def holds_on(self, day: str) -> bool:
        """Whether the limit is known to hold, or not known not to, on a day.

        One whose dates are not known counts as holding unless it is superseded.

        Examples
        --------
        >>> from hotspot.observations.limits.thresholds import Thresholds
        >>> old = Thresholds.load().get("jp_scca_cd_s_any_mp_2")
        >>> old.holds_on("2021-03-31"), old.holds_on("2021-04-01")
        (True, False)
        """
        if self.valid_from and day < self.valid_from:
            return False
        if self.valid_to:
            return day <= self.valid_to
        return self.status != "superseded"

    @property
    def citation(self) -> str:
        """One readable line that says which limit this is.

        Examples
        --------
        >>> from hotspot.observations.limits.thresholds import Thresholds
        >>> Thresholds.load().get("se_nv_zn_s_ind_gl_1").citation
        'Zinc, 500 mg/kg dry: SE, Generella riktvärden för förorenad mark (report 5976, later
        revisions); guideline for industrial soil; MKM: less sensitive land use; in force,
        number read in a secondary source [se_nv_zn_s_ind_gl_1]'
        """
        name = Contaminants.load()[self.contaminant].name
        head = f"{name}, {self.value:g} {self.unit}"
        if self.status == USER:
            return f"{head}: given by the user, no published limit [{self.id}]"
        use = "" if self.land_use == "any" else f"{self.land_use} "
        read = {
            "yes": "number read in the instrument or at its issuer",
            "second": "number read in a secondary source",
            "memory": "number NOT verified",
            "": "from the registry of the user",
        }[self.verified]
        parts = [
            f"{head}: {self.jurisdiction}, {self.instrument}",
            f"{self.value_kind.replace('_', ' ')} for {use}{self.medium.replace('_', ' ')}",
            self.condition,
            f"{self.status.replace('_', ' ')}, {read} [{self.id}]",
        ]
        return "; ".join(part for part in parts if part)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Sentences that a map of this limit should carry; empty if there is none."""
        found = []
        if self.verified == "memory":
            found.append("The number was not read in any source; check it before use.")
        if self.status == "superseded":
            found.append("The limit is superseded or of an older edition.")
        if self.fraction == "extractable":
            found.append("The limit holds for an extract, not for a total concentration.")
        if self.condition:
            found.append(f"The limit holds under a condition: {self.condition}.")
        if self.background_rule:
            found.append(_BACKGROUND[self.background_rule])
        if self.note:
            found.append(self.note)
        return tuple(found)


def contaminant_of_limit(text: str) -> str:
    """Return the id of a contaminant by any of its names.

    Raises
    ------
    ThresholdError
        No contaminant of the registry has this name.
    """
    try:
        return Contaminants.load().id_of(text)
    except ObservationError as error:
        raise ThresholdError(str(error)) from error
