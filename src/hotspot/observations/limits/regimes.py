"""Regimes: the whole set of limits of one law for one purpose, under one name."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from hotspot.errors import ThresholdError, few, nearest_name
from hotspot.observations.limits.building import build_rule
from hotspot.observations.limits.conditions import parse_condition
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.threshold import Threshold
from hotspot.observations.limits.thresholds import Thresholds, checked_date
from hotspot.observations.store import registry_rows


@dataclass(frozen=True)
class Regime:
    """The limits of one law for one purpose.

    Parameters
    ----------
    name, title : str
        As in the configuration, and in words.
    id_begins : str
        How the ids of its rows begin.
    kind : str
        Their kind of value.
    choices : tuple of (str, str)
        What the regime settles: the land use, the end of a range, a scenario.
    note : str
        A caution on the whole.
    """

    name: str
    title: str
    id_begins: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()
    note: str = ""

    def rows(self, registry: Thresholds | None = None) -> tuple[Threshold, ...]:
        """Return the rows of the registry that belong to it.

        Extracts only where all are, and older editions only of contaminants without a newer.
        """
        uses = {"any", dict(self.choices).get("land_use")}
        found = [
            row
            for row in registry or Thresholds.load()
            if row.id.startswith(self.id_begins)
            and row.value_kind == self.kind
            and row.medium == "soil"
            and (row.land_use in uses or None in uses)
        ]
        found = [row for row in found if row.fraction != "extractable"] or found
        newer = {row.contaminant for row in found if row.status != "superseded"}
        return tuple(
            row for row in found if row.status != "superseded" or row.contaminant not in newer
        )

    @property
    def contaminants(self) -> tuple[str, ...]:
        """Ids of the contaminants that it has limits of."""
        rows = self.rows()
        return tuple(dict.fromkeys(row.contaminant for row in rows if row.value_mg_kg))


@dataclass(frozen=True)
class Regimes:
    """All regimes that have a name.

    Examples
    --------
    >>> Regimes.load().get("eu_sludge_86_278").choices
    (('land_use', 'agricultural'), ('range', 'upper'))
    """

    regimes: tuple[Regime, ...]

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Self:
        """Return the regimes that come with the package."""
        return cls(tuple(_regime(row) for row in registry_rows("regimes")))

    def __iter__(self) -> Iterator[Regime]:
        return iter(self.regimes)

    def get(self, name: str) -> Regime:
        """Return a regime by name.

        Raises
        ------
        ThresholdError
            There is none.
        """
        for regime in self.regimes:
            if regime.name == name:
                return regime
        names = [regime.name for regime in self.regimes]
        raise ThresholdError(
            f"There is no regime {name!r}.{nearest_name(name, names)} "
            f"Choose among {few(names, 60)}."
        )


def regime_rule(contaminant: str, name: str, inputs: SoilInputs) -> LimitRule:
    """Return the limit of a contaminant under a regime.

    Parameters
    ----------
    contaminant : str
        Id.
    name : str
        Of a regime.
    inputs : SoilInputs
        What is given of the soil; it goes before what the regime settles.

    Raises
    ------
    ThresholdError
        There is no such regime, or it has no limit of the contaminant.

    Examples
    --------
    >>> rule = regime_rule("cd", "eu_sludge_86_278", SoilInputs.read({"ph": 6.5}))
    >>> rule.id, rule.constant_mg_kg
    ('eu_sludge_86_278.cd', 3.0)
    """
    regime = Regimes.load().get(name)
    if contaminant not in regime.contaminants:
        raise ThresholdError(
            f"The regime {name!r} has no limit of {contaminant} in soil in mg/kg; it has "
            f"limits of {few(regime.contaminants, 30)}. Give threshold.{contaminant} a limit "
            "of its own, or leave the contaminant out."
        )
    return build_rule(
        contaminant,
        regime.rows(),
        inputs.with_constants(dict(regime.choices)),
        rule_id=f"{name}.{contaminant}",
    )


def registry_rule(
    contaminant: str,
    scope: str,
    inputs: SoilInputs,
    *,
    kind: str | None = None,
    fraction: str | None = None,
    date: str | None = None,
    background_rule: str = "",
    registry: Thresholds | None = None,
) -> LimitRule:
    """Return the rule of the limits of a jurisdiction, or of ids that begin alike.

    Parameters
    ----------
    contaminant : str
        Id.
    scope : str
        A jurisdiction such as ``DE``, or the beginning of ids such as ``ca_ccme2007``.
    inputs : SoilInputs
        What is given of the soil.
    kind, fraction : str, optional
        Of the limits; extracts are left out unless asked for.
    date : str, optional
        ``YYYY-MM-DD``: the limits of that day. Else those in force; where ids were asked for
        by their beginning, all of them.
    background_rule : str
        As in `build_rule`.
    registry : Thresholds, optional
        The registry of the package by default.

    Raises
    ------
    ThresholdError
        No limit is left, or two contradict each other.
    """
    table = registry or Thresholds.load()
    folded = scope.strip().casefold()
    by_place = [row for row in table if row.jurisdiction.casefold() == folded]
    by_id = [row for row in table if folded and row.id.startswith(folded)]
    rows = [row for row in by_place or by_id if row.contaminant == contaminant]
    day = None if date is None else checked_date(date)
    rows = [
        row
        for row in rows
        if (kind is None or row.value_kind == kind)
        and (row.fraction == fraction if fraction else row.fraction != "extractable")
        and (row.holds_on(day) if day else bool(by_id and not by_place) or _is_shown(row))
    ]
    if not rows:
        asked = {"kind": kind, "fraction": fraction, "date": day}
        said = ", ".join(f"{name} {value}" for name, value in asked.items() if value)
        raise ThresholdError(
            f"No limit of {contaminant} in {scope!r}{f' with {said}' if said else ''} is in "
            f"force. See `hotspot thresholds contaminant={contaminant} superseded=true`; give "
            "a date, or the beginning of ids, for older editions."
        )
    if background_rule not in ("", "higher", "replaces", "addition"):
        raise ThresholdError(
            f"background_rule: {background_rule!r} is none of them. Choose higher, replaces "
            "or addition."
        )
    return build_rule(
        contaminant,
        rows,
        inputs,
        rule_id=f"{scope}.{contaminant}",
        background_rule=background_rule,  # type: ignore[arg-type]
        registry=table,
    )


def _is_shown(row: Threshold) -> bool:
    return row.status != "superseded" and row.verified != "memory"


def _regime(row: dict[str, str]) -> Regime:
    clauses = parse_condition(row["choices"])[0]
    return Regime(
        name=row["name"],
        title=row["title"],
        id_begins=row["id_begins"],
        kind=row["kinds"],
        choices=tuple((clause.quantity, clause.words[0]) for clause in clauses),
        note=row["note"],
    )
