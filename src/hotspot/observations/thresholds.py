"""The threshold registry: which published limit a probability refers to."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Self

from hotspot.errors import ObservationError, ThresholdError, few, nearest_name
from hotspot.observations.conditions import Condition, read_condition
from hotspot.observations.contaminants import Contaminants
from hotspot.observations.store import registry_rows

# Factors of the units in the registry. Water limits (µg/L) and toxic equivalents, which have
# three weightings that must never be compared, have none.
_TO_MG_KG = {"mg/kg dry": 1.0, "mg/kg": 1.0}
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

    @property
    def rule(self) -> Condition:
        """When the limit holds, as clauses that can be computed."""
        return read_condition(self.jurisdiction, self.contaminant, self.condition)

    def holds_on(self, day: str) -> bool:
        """Whether the limit is known to hold, or not known not to, on a day.

        One whose dates are not known counts as holding unless it is superseded.

        Examples
        --------
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


@dataclass(frozen=True)
class Thresholds:
    """A table of limits that can be searched.

    Parameters
    ----------
    rows : tuple of Threshold
        In the registry's order.
    left_out : tuple of (str, int)
        What `select` matched and left out by default: ``("memory", 32)`` for numbers nobody
        has verified, ``("superseded", 4)`` for older editions.

    Examples
    --------
    >>> german = Thresholds.load().select(
    ...     contaminant="lead", jurisdiction="DE", land_use="residential", value_kind="trigger")
    >>> [(row.id, row.value_mg_kg) for row in german]
    [('de_bbodschv2021_pb_s_res_tr_1', 200.0), ('de_bbodschv2021_pb_s_res_tr_2', 400.0)]
    """

    rows: tuple[Threshold, ...]
    left_out: tuple[tuple[str, int], ...] = ()

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Self:
        """Return the registry that comes with the package."""
        dates = registry_rows("validity")
        rules = registry_rows("background_rules")
        return cls(
            tuple(
                _threshold({**row, **_validity(row, dates), **_background(row, rules)})
                for row in registry_rows("thresholds")
            )
        )

    def extended(self, rows: Iterable[Threshold]) -> Self:
        """Return a table with further limits behind its own."""
        return type(self)((*self.rows, *rows), self.left_out)

    def __iter__(self) -> Iterator[Threshold]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def values_of(self, name: str) -> tuple[str, ...]:
        """Return the different values of a text field, sorted."""
        return tuple(sorted({str(getattr(row, name)) for row in self.rows}))

    def select(
        self,
        contaminant: str | None = None,
        jurisdiction: str | None = None,
        *,
        land_use: str | None = None,
        medium: str | None = "soil",
        value_kind: str | None = None,
        instrument: str | None = None,
        text: str | None = None,
        date: str | None = None,
        include_memory: bool = False,
        include_superseded: bool = False,
    ) -> Self:
        """Return the limits that match everything asked.

        Parameters
        ----------
        contaminant, jurisdiction, land_use, medium, value_kind : str, optional
            One value, or several with commas between; case does not matter, and a
            contaminant may go by any of its names. A land use matches itself only: add
            ``any`` for limits that hold on every use.
        instrument : str, optional
            A part of the instrument's name.
        text : str, optional
            A part of any field.
        date : str, optional
            ``YYYY-MM-DD``: limits that hold on that day, older editions too; those that are
            superseded since a day that is not known are left out.
        include_memory, include_superseded : bool
            Whether to show numbers that nobody has verified, and older editions; what is
            left out is counted in `left_out`.

        Raises
        ------
        ThresholdError
            The registry has no such value, or the date is none.
        """
        rows = list(self.rows)
        if contaminant is not None:
            wanted = [_contaminant(part) for part in _parts(contaminant)]
            rows = [row for row in rows if row.contaminant in wanted]
        for name, asked in (
            ("jurisdiction", jurisdiction),
            ("land_use", land_use),
            ("medium", medium),
            ("value_kind", value_kind),
        ):
            if asked is not None:
                known = {value.casefold() for value in self._known(name, _parts(asked))}
                rows = [row for row in rows if getattr(row, name).casefold() in known]
        if instrument is not None:
            rows = [row for row in rows if instrument.casefold() in row.instrument.casefold()]
        if text is not None:
            rows = [row for row in rows if text.casefold() in _all_text(row)]
        left_out = []
        if not include_memory:
            left_out.append(("memory", sum(row.verified == "memory" for row in rows)))
            rows = [row for row in rows if row.verified != "memory"]
        if date is not None:
            day = checked_date(date)
            left_out.append(("of another date", sum(not row.holds_on(day) for row in rows)))
            rows = [row for row in rows if row.holds_on(day)]
        elif not include_superseded:
            left_out.append(("superseded", sum(row.status == "superseded" for row in rows)))
            rows = [row for row in rows if row.status != "superseded"]
        return type(self)(tuple(rows), tuple(item for item in left_out if item[1]))

    def get(self, threshold_id: str) -> Threshold:
        """Return the limit of an id, verified or not.

        Raises
        ------
        ThresholdError
            There is none; near ids are named.
        """
        asked = threshold_id.strip().casefold()
        for row in self.rows:
            if row.id == asked:
                return row
        near = [row.id for row in self.rows if asked and row.id.startswith(asked)]
        hint = f" Ids that begin so: {few(near)}." if near else ""
        raise ThresholdError(
            f"The threshold registry has no id {threshold_id!r}."
            f"{hint or nearest_name(asked, [row.id for row in self.rows])} "
            "List the ids with `hotspot thresholds contaminant=zn`, or give a number in mg/kg."
        )

    def _known(self, name: str, asked: Iterable[str]) -> list[str]:
        """Return the asked values, each of which some row of the registry has."""
        known = self.values_of(name)
        folded = {value.casefold() for value in known}
        for value in asked:
            if value.casefold() not in folded:
                raise ThresholdError(
                    f"No limit has the {name} {value!r}.{nearest_name(value, known)} "
                    f"Choose among {few(known, 30)}."
                )
        return list(asked)


def checked_date(text: str) -> str:
    """Return a date as ``YYYY-MM-DD``.

    Raises
    ------
    ThresholdError
        It is none.
    """
    try:
        return datetime.date.fromisoformat(str(text)).isoformat()
    except ValueError as error:
        raise ThresholdError(
            f"The date {text!r} is none. Write it as in 2021-04-01, with year, month and day."
        ) from error


def resolve_threshold(
    contaminant: str, given: float | str, *, registry: Thresholds | None = None
) -> Threshold:
    """Return the limit that a number in mg/kg, or an id of the registry, stands for.

    Parameters
    ----------
    contaminant : str
        Id or any name.
    given : float or str
        mg/kg dry mass, above 0; or an id.
    registry : Thresholds, optional
        Where ids are looked up; the registry of the package by default.

    Raises
    ------
    ThresholdError
        The number is not above 0; the id is unknown, of another contaminant, of water, or in
        a unit that no soil concentration can be compared with.

    Examples
    --------
    >>> resolve_threshold("zn", 500).id, resolve_threshold("zn", "0.6").value_mg_kg
    ('user_zn_500', 0.6)
    >>> resolve_threshold("Zinc", "se_nv_zn_s_ind_gl_1").value_mg_kg
    500.0
    """
    wanted = _contaminant(contaminant)
    number = _number(given)
    if number is None:
        return _checked((registry or Thresholds.load()).get(str(given)), wanted)
    if not (isfinite(number) and number > 0):
        raise ThresholdError(
            f"The limit of {wanted} is {given!r}. Give a number of mg/kg above 0, or an id of "
            "the threshold registry."
        )
    return Threshold(
        id=f"user_{wanted}_{number:.12g}",
        contaminant=wanted,
        value=number,
        unit="mg/kg dry",
        value_mg_kg=number,
        status=USER,
    )


def _checked(found: Threshold, wanted: str) -> Threshold:
    """Return the limit if it is one of this contaminant in soil, in mg/kg."""
    if found.contaminant != wanted:
        rest = found.id.split(f"_{found.contaminant}_")
        twin = f"_{wanted}_".join(rest)
        known = [row.id for row in Thresholds.load().rows if row.contaminant == wanted]
        hint = f" Did you mean {twin!r}?" if twin in known else nearest_name(found.id, known)
        raise ThresholdError(
            f"The limit {found.id!r} is one of {found.contaminant}, not of {wanted}.{hint} "
            f"List those of {wanted} with `hotspot thresholds contaminant={wanted}`."
        )
    if found.medium != "soil":
        raise ThresholdError(
            f"The limit {found.id!r} is for {found.medium.replace('_', ' ')}, "
            f"{found.value:g} {found.unit}. Choose one for soil."
        )
    if found.value_mg_kg is None:
        raise ThresholdError(
            f"The limit {found.id!r} is given in {found.unit}, which cannot be compared with "
            "mg/kg of a single substance. Choose another, or give a number in mg/kg."
        )
    return found


def _number(given: float | str) -> float | None:
    """Return the number given, NaN for a truth value, or None for an id."""
    if isinstance(given, bool):
        return float("nan")
    try:
        return float(given)
    except ValueError:
        return None
    except TypeError as error:
        raise ThresholdError(
            f"The limit {given!r} is neither a number nor an id. A limit that depends on the "
            "soil is made by `limits_of`, for models of the whole distribution."
        ) from error


def _threshold(row: dict[str, str]) -> Threshold:
    value = float(row["value"])
    factor = _TO_MG_KG.get(row["unit"]) if row["medium"] == "soil" else None
    return Threshold(
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


def _validity(row: dict[str, str], dates: list[dict[str, str]]) -> dict[str, str]:
    """Return the first and last day of a row, by the beginning of its id."""
    for known in dates:
        if row["id"].startswith(known["id_begins"]):
            return {"valid_from": known["valid_from"], "valid_to": known["valid_to"]}
    return {"valid_from": "", "valid_to": ""}


def _background(row: dict[str, str], rules: list[dict[str, str]]) -> dict[str, str]:
    """Return what a row's instrument makes of a natural background."""
    said = f"{row['note']} {row['condition']}"
    for known in rules:
        if row["id"].startswith(known["id_begins"]) and known["note_or_condition_has"] in said:
            return {"background_rule": known["rule"]}
    return {"background_rule": ""}


def _contaminant(text: str) -> str:
    try:
        return Contaminants.load().id_of(text)
    except ObservationError as error:
        raise ThresholdError(str(error)) from error


def _parts(text: str) -> list[str]:
    return [part.strip() for part in str(text).split(",") if part.strip()]


def _all_text(row: Threshold) -> str:
    texts = (value for value in vars(row).values() if isinstance(value, str))
    return "\n".join(texts).casefold()
