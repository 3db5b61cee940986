"""The drop ledger: how many rows went into each step, how many came out, and why not all."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from hotspot.errors import HotspotError


@dataclass(frozen=True)
class Step:
    """One step of a table's way: rows in, rows out, and the reasons of the difference.

    Parameters
    ----------
    name : str
        What was asked of the rows, such as ``units``.
    rows_in, rows_out : int
        Counts before and after.
    reasons : dict of int
        Rows dropped, by reason; the commonest first.
    """

    name: str
    rows_in: int
    rows_out: int
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def dropped(self) -> int:
        """Rows that the reasons account for."""
        return sum(self.reasons.values())


@dataclass(frozen=True)
class Ledger:
    """Steps that follow one another without a row unaccounted for.

    Parameters
    ----------
    steps : tuple of Step
        In order.

    Raises
    ------
    HotspotError
        A step loses rows without a reason, or begins with other rows than the last one left.

    Examples
    --------
    >>> ledger = Ledger().then("units", 5, ["unit missing", "unit missing"])
    >>> ledger = ledger.then("coordinates", 3, [])
    >>> [(step.name, step.rows_in, step.rows_out) for step in ledger.steps]
    [('units', 5, 3), ('coordinates', 3, 3)]
    >>> ledger.reasons()
    {'unit missing': 2}
    """

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if not self.adds_up():
            shown = "; ".join(
                f"{step.name}: {step.rows_in} in, {step.dropped} dropped, {step.rows_out} out"
                for step in self.steps
            )
            raise HotspotError(
                f"The drop ledger does not add up: {shown}. "
                "Give every dropped row one reason in the step that dropped it."
            )

    def adds_up(self) -> bool:
        """Whether rows in equal rows out plus reasons, in each step and from step to step."""
        balanced = all(
            step.rows_in == step.rows_out + step.dropped
            and min(step.reasons.values(), default=1) > 0
            for step in self.steps
        )
        joined = all(
            before.rows_out == after.rows_in
            for before, after in zip(self.steps, self.steps[1:], strict=False)
        )
        return balanced and joined

    def then(self, name: str, rows_in: int, reasons: Iterable[str]) -> Self:
        """Return the ledger with one more step, given one reason per dropped row."""
        counts = Counter(reasons)
        ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        step = Step(name, rows_in, rows_in - sum(ordered.values()), ordered)
        return type(self)((*self.steps, step))

    def reasons(self) -> dict[str, int]:
        """Return the dropped rows by reason over all steps, the commonest first."""
        counts: dict[str, int] = {}
        for step in self.steps:
            for reason, count in step.reasons.items():
                counts[reason] = counts.get(reason, 0) + count
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def rows_in(self) -> int:
        """Rows before the first step."""
        return self.steps[0].rows_in if self.steps else 0

    @property
    def rows_out(self) -> int:
        """Rows after the last step."""
        return self.steps[-1].rows_out if self.steps else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as plain values for JSON."""
        return {
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "steps": [
                {
                    "name": step.name,
                    "rows_in": step.rows_in,
                    "rows_out": step.rows_out,
                    "reasons": dict(step.reasons),
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the ledger that `to_dict` described."""
        return cls(
            tuple(
                Step(s["name"], int(s["rows_in"]), int(s["rows_out"]), dict(s["reasons"]))
                for s in values["steps"]
            )
        )
