"""The threshold registry: which published limit a probability refers to."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from hotspot.errors import ThresholdError, few, nearest_name
from hotspot.observations.limits.threshold import Threshold, contaminant_of_limit
from hotspot.observations.store import registry_rows

# Factors of the units in the registry. Water limits (µg/L) and toxic equivalents, which have
# three weightings that must never be compared, have none.
_TO_MG_KG = {"mg/kg dry": 1.0, "mg/kg": 1.0}


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
            wanted = [contaminant_of_limit(part) for part in _parts(contaminant)]
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

    def get(self, threshold_id: str, *, contaminant: str = "zn") -> Threshold:
        """Return the limit of an id, verified or not.

        Parameters
        ----------
        threshold_id : str
            Case does not matter.
        contaminant : str
            Whose ids the message tells to list.

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
            f"List the ids with `hotspot thresholds contaminant={contaminant}`, or give a "
            "number in mg/kg."
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


def _threshold(row: dict[str, str]) -> Threshold:
    factor = _TO_MG_KG.get(row["unit"]) if row["medium"] == "soil" else None
    return Threshold.from_row(row, factor)


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


def _parts(text: str) -> list[str]:
    return [part.strip() for part in str(text).split(",") if part.strip()]


def _all_text(row: Threshold) -> str:
    texts = (value for value in vars(row).values() if isinstance(value, str))
    return "\n".join(texts).casefold()
