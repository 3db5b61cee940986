"""Statements: the numbers of an explanation judged and put into words."""

from collections.abc import Sequence
from typing import Any

from hotspot.covariates.catalogue import Role
from hotspot.explanations.agreement import OtherModel
from hotspot.explanations.evidence import Evidence
from hotspot.explanations.facts import Subject, ranked_facts
from hotspot.explanations.sentences import direction_of, sentence
from hotspot.explanations.statement import Statement, Survey
from hotspot.explanations.verdicts import verdict_of

_LOCATION_CAUTION = (
    "the place itself is no source: it stands for whatever the covariates do not say"
)
_ROLE_CAUTIONS = {
    str(Role.ROADS): "roads have two readings: traffic, and where samplers could easily go",
    str(Role.LOCATION): _LOCATION_CAUTION,
}


def make_statements(
    evidence: Evidence, survey: Survey, others: Sequence[OtherModel] = ()
) -> tuple[Statement, ...]:
    """Return a tested statement on each role and on each covariate, roles first.

    Statements stand in the order of their importance. `hotspot.explanations.verdicts.RULES`
    holds the tests, their thresholds and reasons.

    Parameters
    ----------
    evidence : Evidence
        The model and its refits.
    survey : Survey
        The samples and what is known of them.
    others : sequence of OtherModel
        Other models within one standard error of the best.
    """
    return tuple(
        _statement(evidence, survey, subject, facts, others)
        for subject, facts in ranked_facts(evidence, survey, others)
    )


def _statement(
    evidence: Evidence,
    survey: Survey,
    subject: Subject,
    facts: dict[str, Any],
    others: Sequence[OtherModel],
) -> Statement:
    verdict, cautions = verdict_of(facts)
    direction = direction_of(evidence, survey, subject)
    extra = [_ROLE_CAUTIONS[subject.name]] if subject.name in _ROLE_CAUTIONS else []
    if facts["copies"]:
        extra.append(
            f"it says the same as {' and '.join(facts['copies'])} in every sample: the model "
            "learnt one of them, and they share the credit alike"
        )
    blind = [other.label for other in others if other.is_blind]
    if blind:
        extra.append(
            f"{' and '.join(blind)} predicts as well from the places alone, without any "
            "covariate"
        )
    return Statement(
        id=f"{survey.contaminant}-{subject.kind}-{subject.name}",
        text=sentence(evidence, survey, subject, facts=facts, direction=direction),
        verdict=verdict,
        subject=subject.name,
        kind=subject.kind,
        direction=direction,
        evidence=facts,
        cautions=(*cautions, *extra),
    )
