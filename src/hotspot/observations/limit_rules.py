"""Limits that depend on the soil: from rows of a registry to the limit of every place."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.errors import ThresholdError, few
from hotspot.observations.conditions import (
    QUANTITIES,
    Alternative,
    Clause,
    Condition,
    condition_text,
    condition_words,
    may_hold_together,
    parse_condition,
)
from hotspot.observations.soil_correction import SoilCorrection, soil_correction
from hotspot.observations.soil_inputs import Given, SoilInputs
from hotspot.observations.store import registry_rows
from hotspot.observations.thresholds import Threshold, Thresholds

Values = NDArray[np.float64]
BackgroundRule = Literal["", "higher", "replaces", "addition"]


@dataclass(frozen=True)
class LimitRow:
    """One published number with all that decides where it is the limit.

    Parameters
    ----------
    threshold : Threshold
        In mg/kg.
    condition : Condition
        When it holds; its land use is one of the clauses.
    correction : SoilCorrection or None
        For clay and organic matter.
    partner_mg_kg : float or None
        The limit of the extractable part, where both must be exceeded.
    """

    threshold: Threshold
    condition: Condition
    correction: SoilCorrection | None = None
    partner_mg_kg: float | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """What must be known of a soil for this limit."""
        needed = [*self.condition.quantities]
        if self.correction is not None:
            needed += self.correction.quantities
        if self.partner_mg_kg is not None:
            needed.append("extractable")
        if self.threshold.background_rule in ("addition", "replaces"):
            needed.append("background")
        return tuple(dict.fromkeys(needed))

    def truth(self, inputs: SoilInputs, frame: pd.DataFrame) -> Values:
        """Return 1 where the limit holds, 0 where not, NaN where that is not known."""
        parts = [
            _every([inputs.truth(clause, frame) for clause in part], len(frame))
            for part in self.condition.alternatives
        ]
        return _any(parts)

    def values(self, inputs: SoilInputs, frame: pd.DataFrame) -> Values:
        """Return the limit in mg/kg of each row, as if the condition held everywhere."""
        if self.condition.not_computable:
            return np.full(len(frame), np.nan)
        limit = np.full(len(frame), float(self.threshold.value_mg_kg or math.nan))
        if self.correction is not None:
            numbers = {q: inputs.numbers(q, frame) for q in self.correction.quantities}
            limit = limit * self.correction.factor(numbers, len(frame))
        limit = _with_background(
            limit, self.threshold.background_rule, inputs.numbers("background", frame)
        )
        if self.partner_mg_kg is not None:
            part = inputs.numbers("extractable", frame)
            if part is None:
                return np.full(len(frame), np.nan)
            # Where the extractable part is within its own limit, no total exceeds both.
            joint = np.where(part > self.partner_mg_kg, limit, np.inf)
            limit = np.where(np.isnan(part), np.nan, joint)
        return limit

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "threshold": asdict(self.threshold),
            "clauses": condition_text(self.condition.alternatives),
            "not_computable": self.condition.not_computable,
            "correction": None if self.correction is None else asdict(self.correction),
            "partner_mg_kg": self.partner_mg_kg,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the row that `to_dict` described."""
        correction = values["correction"]
        return cls(
            threshold=Threshold(**values["threshold"]),
            condition=Condition(
                parse_condition(str(values["clauses"])), str(values["not_computable"])
            ),
            correction=None if correction is None else SoilCorrection(**correction),
            partner_mg_kg=values["partner_mg_kg"],
        )


@dataclass(frozen=True)
class LimitRule:
    """The limit of one contaminant at every place.

    Parameters
    ----------
    id : str
        Every product of a map names it: a row's own id, or that of a regime.
    contaminant : str
        Id.
    rows : tuple of LimitRow
        At most one of them holds at any place.
    inputs : SoilInputs
        What is given of the soil.

    Examples
    --------
    Arsenic in Chinese farm soil: the limit falls as pH rises, and an unknown pH has none.

    >>> from hotspot.observations.thresholds import Thresholds
    >>> rows = Thresholds.load().select("as", instrument="GB 15618", value_kind="intervention")
    >>> rule = build_rule("as", rows, SoilInputs.read({"ph": "ph"}), rule_id="cn")
    >>> rule.values(pd.DataFrame({"ph": [5.0, 5.5, 5.6, 8.0, np.nan]}))
    array([200., 200., 150., 100.,  nan])
    """

    id: str
    contaminant: str
    rows: tuple[LimitRow, ...]
    inputs: SoilInputs = field(default_factory=SoilInputs)

    @classmethod
    def constant(cls, threshold: Threshold) -> Self:
        """Return the rule of one number that is asked for everywhere, whatever the soil."""
        row = LimitRow(replace(threshold, background_rule=""), Condition())
        return cls(threshold.id, threshold.contaminant, (row,))

    @property
    def is_constant(self) -> bool:
        """Whether the limit is the same number everywhere, and known."""
        return self.constant_mg_kg is not None

    @property
    def constant_mg_kg(self) -> float | None:
        """The limit in mg/kg where it is the same everywhere and finite, else None."""
        if self.covariates:
            return None
        value = float(self.values(pd.DataFrame(index=[0]))[0])
        return value if math.isfinite(value) else None

    @property
    def quantities(self) -> tuple[str, ...]:
        """All that may have to be known of a soil."""
        needed = [name for row in self.rows for name in row.quantities]
        return tuple(dict.fromkeys(needed))

    @property
    def lacking(self) -> tuple[str, ...]:
        """What some row needs and nobody gave."""
        return tuple(name for name in self.quantities if self.inputs.of(name) is None)

    @property
    def covariates(self) -> tuple[str, ...]:
        """The columns that `values` reads."""
        used = {each.covariate for name in self.quantities if (each := self.inputs.of(name))}
        if any(row.threshold.background_rule == "higher" for row in self.rows):
            background = self.inputs.of("background")
            used.add(background.covariate if background else None)
        return tuple(name for name in self.inputs.covariates if name in used)

    def values(self, frame: pd.DataFrame) -> Values:
        """Return the limit of each row in mg/kg, shape (n,).

        NaN where it is not known, ``inf`` where no total concentration can exceed it.

        Parameters
        ----------
        frame : DataFrame, shape (n, n_columns)
            Has the `covariates`.

        Raises
        ------
        CovariateError
            A covariate is missing.
        """
        limit = np.full(len(frame), np.nan)
        for row in self.rows:
            holds = row.truth(self.inputs, frame) == 1.0
            if holds.any():
                limit = np.where(holds, row.values(self.inputs, frame), limit)
        return limit

    def reasons(self, frame: pd.DataFrame) -> dict[str, int]:
        """Return why limits are not known, with the number of rows; each is counted once.

        Examples
        --------
        >>> from hotspot.observations.thresholds import Thresholds
        >>> rows = Thresholds.load().select("cd", "EU")
        >>> given = SoilInputs.read({"ph": "ph", "range": "upper"})
        >>> rule = build_rule("cd", rows, given, rule_id="eu")
        >>> rule.reasons(pd.DataFrame({"ph": [5.0, 6.5, np.nan]}))
        {'ph (pH) is missing': 1, 'no limit holds for such a soil': 1}
        """
        left = np.isnan(self.values(frame))
        found: dict[str, int] = {}

        def count(reason: str, where: NDArray[np.bool_]) -> None:
            nonlocal left
            here = left & where
            if here.any():
                found[reason] = found.get(reason, 0) + int(here.sum())
                left = left & ~here

        truths = [row.truth(self.inputs, frame) for row in self.rows]
        pairs = list(zip(self.rows, truths, strict=True))
        for row, truth in pairs:
            if row.condition.not_computable:
                count(row.condition.not_computable, truth == 1.0)
        for row, truth in pairs:
            for name in row.quantities:
                open_here = np.isnan(truth) | (truth == 1.0)
                given = self.inputs.of(name) is not None
                count(
                    _told(name, "is missing" if given else "is not given"),
                    open_here & self.inputs.is_missing(name, frame),
                )
        count("no limit holds for such a soil", np.all([t == 0.0 for t in truths], axis=0))
        count("the background is missing", np.ones(len(frame), dtype=np.bool_))
        return found

    @property
    def citation(self) -> str:
        """One line that says which limits these are."""
        first = self.rows[0].threshold
        if len(self.rows) == 1 and self.rows[0].condition == Condition():
            return first.citation
        values = sorted({float(row.threshold.value_mg_kg or 0.0) for row in self.rows})
        span = f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
        needed = ", ".join(self.quantities) or "nothing"
        return (
            f"{span} mg/kg dry: {first.jurisdiction}, {first.instrument}; "
            f"{len(self.rows)} limits by {needed} [{self.id}: "
            f"{few((row.threshold.id for row in self.rows), 12)}]"
        )

    @property
    def cautions(self) -> tuple[str, ...]:
        """What maps of the rule should carry, each sentence once."""
        found = [
            text
            for row in self.rows
            for text in row.threshold.cautions
            if not text.startswith("The limit holds under a condition")
        ]
        found += [
            f"{row.threshold.id}: {condition_words(row.condition.alternatives)}."
            for row in self.rows
            if row.condition.quantities
        ]
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: all of the rule, so that no registry is needed."""
        return {
            "id": self.id,
            "contaminant": self.contaminant,
            "rows": [row.to_dict() for row in self.rows],
            "inputs": [each.to_dict() for each in self.inputs.given],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the rule that `to_dict` described."""
        return cls(
            id=str(values["id"]),
            contaminant=str(values["contaminant"]),
            rows=tuple(LimitRow.from_dict(row) for row in values["rows"]),
            inputs=SoilInputs(tuple(Given.from_dict(each) for each in values["inputs"])),
        )


def build_rule(
    contaminant: str,
    thresholds: Iterable[Threshold],
    inputs: SoilInputs,
    *,
    rule_id: str,
    background_rule: BackgroundRule = "",
    registry: Thresholds | None = None,
) -> LimitRule:
    """Return the rule that some limits of a contaminant make together.

    Rows that what is given rules out are dropped, and of two rows that could hold at one
    place with different numbers neither is preferred: that is an error. Where no land use is
    given and the rows are all of one, to ask for them is to ask for that use.

    Parameters
    ----------
    contaminant : str
        Id.
    thresholds : iterable of Threshold
        Of any contaminants and media; those of this one in soil, in mg/kg, are taken.
    inputs : SoilInputs
        What is given of the soil.
    rule_id : str
        Of the rule.
    background_rule : str
        What to make of the background where the instruments do not say.
    registry : Thresholds, optional
        Where partners of joint limits are looked up.

    Raises
    ------
    ThresholdError
        No limit is left, two of them contradict each other, or a background is given and no
        instrument says what it is for.
    """
    own = [
        row
        for row in thresholds
        if row.contaminant == contaminant
        and row.medium == "soil"
        and row.value_mg_kg is not None
    ]
    if not own:
        raise ThresholdError(
            f"{rule_id} has no limit of {contaminant} in soil in mg/kg. List limits with "
            f"`hotspot thresholds contaminant={contaminant}`, or give a number."
        )
    if background_rule:
        own = [replace(row, background_rule=background_rule) for row in own]
    partners = _partners()
    taken = {partner for row in own if (partner := partners.get(row.id))}
    uses = {row.land_use for row in own}
    if len(uses) == 1 and "any" not in uses and inputs.of("land_use") is None:
        inputs = inputs.with_constants({"land_use": own[0].land_use})
    rows = []
    for threshold in own:
        if threshold.id in taken:
            continue
        row = _row(threshold, registry or Thresholds.load(), partners.get(threshold.id))
        left = _possible(row.condition.alternatives, inputs)
        if left:
            rows.append(replace(row, condition=replace(row.condition, alternatives=left)))
    if not rows:
        said = ", ".join(f"{each.quantity} = {each.constant}" for each in inputs.given)
        raise ThresholdError(
            f"{rule_id} has {len(own)} limits of {contaminant}, and none of them for {said}. "
            f"Their land uses are {few(sorted(uses), 9)}; see `hotspot thresholds "
            f"contaminant={contaminant}`."
        )
    _check_exclusive(rows, rule_id)
    if inputs.of("background") and not any(row.threshold.background_rule for row in rows):
        raise ThresholdError(
            f"A background is given, and no instrument of {rule_id} says what it is for. Say "
            "it with background_rule: higher, replaces or addition, or leave it out."
        )
    return LimitRule(rule_id, contaminant, tuple(rows), inputs)


def limit_labels(
    lower: Values, upper: Values, limits: Values
) -> tuple[Values, NDArray[np.bool_]]:
    """Return exceedance of the limit of each row, and where that limit is known.

    As `exceedance_labels`, with a limit per row: 1 above it, 0 not, NaN where the interval
    holds the limit or the limit itself is not known.

    Parameters
    ----------
    lower, upper : array, shape (n,), mg/kg
        Equal where measured.
    limits : array, shape (n,), mg/kg
        NaN where not known; ``inf`` where nothing exceeds it.

    Examples
    --------
    >>> same = np.array([2.0, 2.0, 2.0, 0.0])
    >>> limit_labels(same, np.array([2.0, 2.0, 2.0, 3.0]), np.array([1.0, 3.0, np.nan, 1.0]))[0]
    array([ 1.,  0., nan, nan])
    """
    known = ~np.isnan(limits)
    measured = lower == upper
    with np.errstate(invalid="ignore"):
        above = np.where(measured, lower > limits, lower >= limits)
        labels = np.where(upper <= limits, 0.0, np.where(above, 1.0, np.nan))
    return np.where(known, labels, np.nan), known


def joint_labels(*labels: Values) -> Values:
    """Return exceedance of several limits at once: 1 if all are, 0 if any is not, else NaN.

    Examples
    --------
    >>> total, extract = np.array([1.0, 1.0, 0.0, np.nan]), np.array([1.0, np.nan, np.nan, 1.0])
    >>> joint_labels(total, extract)
    array([ 1., nan,  0., nan])
    """
    return _every(list(labels), len(labels[0]))


def land_use_clause(threshold: Threshold) -> Alternative:
    """Return the clause of a limit's land use; none where it holds on every use."""
    if threshold.land_use in ("", "any"):
        return ()
    return (Clause("land_use", "=", words=(threshold.land_use,)),)


def _told(name: str, what: str) -> str:
    quantity = QUANTITIES[name]
    meaning = "pH" if name == "ph" else quantity.meaning
    hint = f": one of {few(quantity.words, 9)}" if quantity.words else ""
    return f"{name} ({meaning}{hint}) {what}"


def _row(threshold: Threshold, registry: Thresholds, partner: str | None) -> LimitRow:
    condition = threshold.rule
    use = land_use_clause(threshold)
    return LimitRow(
        threshold,
        replace(condition, alternatives=tuple((*use, *p) for p in condition.alternatives)),
        correction=soil_correction(threshold.jurisdiction, threshold.contaminant),
        partner_mg_kg=registry.get(partner).value_mg_kg if partner else None,
    )


def _possible(
    alternatives: Sequence[Alternative], inputs: SoilInputs
) -> tuple[Alternative, ...]:
    """Return the alternatives that may hold somewhere, without clauses that always do."""
    left = []
    for part in alternatives:
        fixed = [inputs.fixed(clause) for clause in part]
        if False not in fixed:
            left.append(tuple(c for c, known in zip(part, fixed, strict=True) if not known))
    return tuple(left)


def _check_exclusive(rows: Sequence[LimitRow], rule_id: str) -> None:
    for one, two in combinations(rows, 2):
        same = (
            one.threshold.value_mg_kg == two.threshold.value_mg_kg
            and one.correction == two.correction
            and one.partner_mg_kg == two.partner_mg_kg
            and one.threshold.background_rule == two.threshold.background_rule
        )
        together = any(
            may_hold_together(first, second)
            for first in one.condition.alternatives
            for second in two.condition.alternatives
        )
        if together and not same:
            differ = [
                f"{name}={getattr(one.threshold, name)} or {getattr(two.threshold, name)}"
                for name in ("instrument", "value_kind", "fraction", "land_use")
                if getattr(one.threshold, name) != getattr(two.threshold, name)
            ]
            raise ThresholdError(
                f"{rule_id} has two limits at once: {one.threshold.value:g} "
                f"({one.threshold.id}) and {two.threshold.value:g} mg/kg "
                f"({two.threshold.id}). Choose: "
                f"{'; '.join(differ) or 'name one of the ids'}."
            )


def _every(parts: Sequence[Values], n: int) -> Values:
    """Return the conjunction: 0 where any part is, else NaN where any is, else 1."""
    if not parts:
        return np.ones(n)
    table = np.stack(parts)
    unknown = np.isnan(table).any(axis=0)
    return np.where((table == 0.0).any(axis=0), 0.0, np.where(unknown, np.nan, 1.0))


def _any(parts: Sequence[Values]) -> Values:
    """Return the disjunction: 1 where any part is, else NaN where any is, else 0."""
    table = np.stack(parts)
    unknown = np.isnan(table).any(axis=0)
    return np.where((table == 1.0).any(axis=0), 1.0, np.where(unknown, np.nan, 0.0))


def _with_background(limit: Values, rule: str, background: Values | None) -> Values:
    if rule == "higher":
        # Without a background the value stands, and the cautions say what that leaves out.
        return limit if background is None else np.maximum(limit, background)
    if rule == "replaces":
        if background is None:
            return np.full(len(limit), np.nan)
        return np.where(np.isnan(background), limit, background)
    if rule == "addition":
        return np.full(len(limit), np.nan) if background is None else limit + background
    return limit


@lru_cache(maxsize=1)
def _partners() -> dict[str, str]:
    return {row["id"]: row["partner"] for row in registry_rows("joint_rules")}
