"""From rows of a registry to the rule that they make together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from typing import Literal

from hotspot.errors import ThresholdError, few
from hotspot.observations.limits.conditions import Alternative, Clause, may_hold_together
from hotspot.observations.limits.row import LimitRow
from hotspot.observations.limits.rules import LimitRule
from hotspot.observations.limits.soil_correction import soil_correction
from hotspot.observations.limits.soil_inputs import SoilInputs
from hotspot.observations.limits.threshold import Threshold
from hotspot.observations.limits.thresholds import Thresholds
from hotspot.observations.store import registry_rows

BackgroundRule = Literal["", "higher", "replaces", "addition"]


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


def land_use_clause(threshold: Threshold) -> Alternative:
    """Return the clause of a limit's land use; none where it holds on every use."""
    if threshold.land_use in ("", "any"):
        return ()
    return (Clause("land_use", "=", words=(threshold.land_use,)),)


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


@lru_cache(maxsize=1)
def _partners() -> dict[str, str]:
    return {row["id"]: row["partner"] for row in registry_rows("joint_rules")}
