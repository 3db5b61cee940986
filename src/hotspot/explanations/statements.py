"""Statements: what an explanation claims, each with a verdict and the evidence for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from hotspot.covariates.catalogue import Catalogue, Role
from hotspot.explanations.agreement import OtherModel
from hotspot.explanations.correlation import associations, covariate_clusters
from hotspot.explanations.refits import Evidence
from hotspot.explanations.roles import role_of
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.stability import mean_contributions, sign_agreement
from hotspot.explanations.verdicts import Verdict, verdict_of

Values = NDArray[np.float64]
Direction = Literal["raises", "lowers", "mixed"]

# Rank correlation of value and contribution from which on an effect has one direction.
_ONE_WAY = 0.6
# Share of a role's credit from which on its strongest covariate gives it its direction.
_SPEAKS_FOR_ROLE = 0.6
# Ranks closer than this share of all ranks, or than one place, are the same.
_SAME_RANK = 0.2

_LOCATION_CAUTION = (
    "the place itself is no source: it stands for whatever the covariates do not say"
)
_ROLE_CAUTIONS = {
    str(Role.ROADS): "roads have two readings: traffic, and where samplers could easily go",
    str(Role.LOCATION): _LOCATION_CAUTION,
}


@dataclass(frozen=True)
class Statement:
    """One claim of an explanation.

    Parameters
    ----------
    id : str
        Readable, and the same in every run.
    text : str
        A sentence for people.
    verdict : Verdict
        What its tests come to.
    subject : str
        The role or covariate it speaks of.
    kind : {"role", "covariate"}
        Which of the two.
    direction : {"raises", "lowers", "mixed"}
        What higher values go with.
    evidence : dict
        Plain numbers and names; None where something was not tested.
    cautions : tuple of str
        What a reader must know beside.
    """

    id: str
    text: str
    verdict: Verdict
    subject: str
    kind: Literal["role", "covariate"]
    direction: Direction
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as plain values for JSON."""
        return {
            "id": self.id,
            "text": self.text,
            "verdict": str(self.verdict),
            "subject": self.subject,
            "kind": self.kind,
            "direction": self.direction,
            "evidence": {name: _plain(value) for name, value in self.evidence.items()},
            "cautions": list(self.cautions),
        }


@dataclass(frozen=True)
class Survey:
    """What statements are about.

    Parameters
    ----------
    contaminant, name : str
        Id, and name within a sentence.
    X : DataFrame, shape (n, n_covariates)
        Covariates of all samples; positions as in `Evidence.rows`.
    catalogue : Catalogue
        Theirs.
    inside : array of bool, shape (n,), or None
        Whether each sample lies inside the area of applicability of samples of other folds.
    """

    contaminant: str
    name: str
    X: pd.DataFrame
    catalogue: Catalogue
    inside: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class _Subject:
    kind: Literal["role", "covariate"]
    name: str
    columns: tuple[int, ...]


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
    found = associations(survey.X, survey.catalogue)
    clusters = covariate_clusters(found)
    statements: list[Statement] = []
    for subjects in (_roles(evidence, survey.catalogue), _covariates(evidence)):
        facts = [
            {
                **_importance(evidence, subjects, each),
                **_stability(evidence, subjects, each),
                **_placebo(evidence, each),
                **_sharing(evidence, survey, each, found, clusters),
                **_reach(evidence, survey, each),
                **_others(evidence, each, others),
            }
            for each in subjects
        ]
        ranked = sorted(zip(subjects, facts, strict=True), key=lambda pair: pair[1]["rank"])
        statements += [_statement(evidence, survey, *pair, others) for pair in ranked]
    return tuple(statements)


def _roles(evidence: Evidence, catalogue: Catalogue) -> list[_Subject]:
    roles: dict[str, list[int]] = {}
    for column, name in enumerate(evidence.names):
        roles.setdefault(role_of(name, catalogue), []).append(column)
    return [_Subject("role", role, tuple(columns)) for role, columns in roles.items()]


def _covariates(evidence: Evidence) -> list[_Subject]:
    return [
        _Subject("covariate", name, (column,))
        for column, name in enumerate(evidence.names)
        # The place as a covariate would say what the role of that name says.
        if name != LOCATION
    ]


def _summed(values: Values, subjects: Sequence[_Subject]) -> Values:
    return np.column_stack([values[:, list(each.columns)].sum(axis=1) for each in subjects])


def _ranks(mean: Values) -> NDArray[np.int64]:
    return (-mean).argsort(kind="stable").argsort(kind="stable") + 1


def _importance(
    evidence: Evidence, subjects: Sequence[_Subject], subject: _Subject
) -> dict[str, Any]:
    at = list(subjects).index(subject)
    mean = np.nanmean(np.abs(_summed(evidence.values, subjects)), axis=0)
    refits = mean_contributions(
        [_summed(each.values, subjects) for each in evidence.of("fold", "seed", "bootstrap")]
    )
    own = refits[:, at]
    ranks = np.array([_ranks(each)[at] for each in refits])
    rank = int(_ranks(mean)[at])
    near = max(1, round(_SAME_RANK * len(subjects)))
    total = float(mean.sum())
    return {
        "mean_abs": float(mean[at]),
        "mean_abs_low": float(own.min()),
        "mean_abs_high": float(own.max()),
        "share": float(mean[at]) / total if total > 0 else 0.0,
        "rank": rank,
        "of": len(subjects),
        "rank_low": int(ranks.min()),
        "rank_high": int(ranks.max()),
        "rank_kept": float((np.abs(ranks - rank) <= near).mean()),
        "n_samples": int(np.isfinite(evidence.values).all(axis=1).sum()),
    }


def _stability(
    evidence: Evidence, subjects: Sequence[_Subject], subject: _Subject
) -> dict[str, Any]:
    final = _summed(evidence.values, [subject])
    held_out, _, _ = evidence.held_out()
    signs = []
    place = {row: position for position, row in enumerate(evidence.rows.tolist())}
    for each in evidence.of("seed", "bootstrap"):
        at = [place[row] for row in each.rows.tolist()]
        other = _summed(each.values, [subject])
        signs.append(sign_agreement(final[at], other, weighted="by_size")[0])
    answered = [sign for sign in signs if np.isfinite(sign)]
    return {
        "sign_folds": float(
            sign_agreement(final, _summed(held_out, [subject]), weighted="by_size")[0]
        ),
        "n_folds": evidence.count("fold"),
        "sign_refits": float(np.mean(answered)) if answered else None,
        "n_seeds": evidence.count("seed"),
        "n_bootstraps": evidence.count("bootstrap"),
    }


def _placebo(evidence: Evidence, subject: _Subject) -> dict[str, Any]:
    told = [_summed(each.values, [subject]) for each in evidence.of("planted")]
    planted = float(mean_contributions(told).mean())
    limit = evidence.band.limit(len(subject.columns))
    return {
        "mean_abs_planted": planted,
        "placebo_limit": limit,
        # Where no noise is ever used, anything that is used is more than noise.
        "placebo_ratio": planted / limit if limit > 0 else (10.0 if planted > 0 else 0.0),
        "n_placebo_fits": evidence.band.n_fits,
        "n_placebo": len(evidence.band.white) + len(evidence.band.structured),
        "placebo_range_m": evidence.band.range_m,
    }


def _sharing(
    evidence: Evidence,
    survey: Survey,
    subject: _Subject,
    found: pd.DataFrame,
    clusters: Mapping[str, tuple[str, ...]],
) -> dict[str, Any]:
    """Return with whom a subject shares its credit."""
    mean = np.nanmean(np.abs(evidence.values), axis=0)
    credit = {name: float(mean[column]) for column, name in enumerate(evidence.names)}
    mine = [evidence.names[column] for column in subject.columns]
    mine = [name for name in mine if name in survey.catalogue.names]
    outside = [name for name in survey.catalogue.names if name not in mine]
    if not mine or not outside:
        return {"apart": None, "associated_with": None, "cluster": list(mine)}
    strongest = {
        name: float(np.max(found.loc[name, outside].to_numpy(dtype=np.float64)))
        for name in mine
    }
    total = sum(credit[name] for name in mine)
    weight = {name: credit[name] / total if total > 0 else 1 / len(mine) for name in mine}
    near = max(mine, key=lambda name: weight[name] * strongest[name])
    members = sorted({member for name in mine for member in clusters[name]})
    shared = sum(credit[member] for member in members)
    return {
        "apart": 1.0 - sum(weight[name] * strongest[name] for name in mine),
        "associated_with": str(found.loc[near, outside].idxmax()),
        "association": strongest[near],
        "cluster": members,
        "cluster_share": total / shared if shared > 0 else None,
    }


def _reach(evidence: Evidence, survey: Survey, subject: _Subject) -> dict[str, Any]:
    if survey.inside is None:
        return {"inside_share": None}
    size = np.abs(_summed(evidence.values, [subject])[:, 0])
    known = np.isfinite(size)
    inside = survey.inside[evidence.rows][known]
    total = float(size[known].sum())
    return {
        "inside_share": float(size[known][inside].sum()) / total if total > 0 else None,
        "samples_inside": float(inside.mean()),
    }


def _others(
    evidence: Evidence, subject: _Subject, others: Sequence[OtherModel]
) -> dict[str, Any]:
    final = _summed(evidence.values, [subject])
    place = {row: position for position, row in enumerate(evidence.rows.tolist())}
    told = {}
    for other in others:
        own = other.told([evidence.names[column] for column in subject.columns])
        if other.is_blind or own is None:
            continue
        at = [place[row] for row in other.rows.tolist()]
        told[other.kind] = other.agrees(final[at], own)
    return {
        "models": list(told),
        "models_agree": sum(told.values()) / len(told) if told else None,
        "models_disagreeing": [kind for kind, agrees in told.items() if not agrees],
    }


def _statement(
    evidence: Evidence,
    survey: Survey,
    subject: _Subject,
    facts: dict[str, Any],
    others: Sequence[OtherModel],
) -> Statement:
    verdict, cautions = verdict_of(facts)
    direction = _direction(evidence, survey, subject)
    extra = [_ROLE_CAUTIONS[subject.name]] if subject.name in _ROLE_CAUTIONS else []
    blind = [other.label for other in others if other.is_blind]
    if blind:
        extra.append(
            f"{' and '.join(blind)} predicts as well from the places alone, without any "
            "covariate"
        )
    return Statement(
        id=f"{survey.contaminant}-{subject.kind}-{subject.name}",
        text=_text(evidence, survey, subject, facts, direction),
        verdict=verdict,
        subject=subject.name,
        kind=subject.kind,
        direction=direction,
        evidence=facts,
        cautions=(*cautions, *extra),
    )


def _direction(evidence: Evidence, survey: Survey, subject: _Subject) -> Direction:
    mean = np.nanmean(np.abs(evidence.values[:, list(subject.columns)]), axis=0)
    strongest = subject.columns[int(np.argmax(mean))]
    name = evidence.names[strongest]
    speaks = float(mean.max()) >= _SPEAKS_FOR_ROLE * float(mean.sum())
    if (
        name not in survey.catalogue.names
        or survey.catalogue[name].is_categorical
        or not speaks
    ):
        return "mixed"
    value = survey.X[name].to_numpy(dtype=np.float64)[evidence.rows]
    contribution = evidence.values[:, strongest]
    known = np.isfinite(contribution)
    if np.ptp(value[known]) == 0 or np.ptp(contribution[known]) == 0:
        return "mixed"
    rank = float(spearmanr(value[known], contribution[known]).statistic)
    return "raises" if rank >= _ONE_WAY else "lowers" if rank <= -_ONE_WAY else "mixed"


def _text(
    evidence: Evidence,
    survey: Survey,
    subject: _Subject,
    facts: Mapping[str, Any],
    direction: Direction,
) -> str:
    shown = subject.name.replace("_", " ") if subject.kind == "role" else subject.name
    label = shown[:1].upper() + shown[1:] if subject.kind == "role" else shown
    size = (
        f"{facts['mean_abs']:.2f} log-odds on average, a factor of "
        f"{exp(facts['mean_abs']):.1f} in the odds"
    )
    place = f"rank {facts['rank']} of {facts['of']} {subject.kind}s"
    what = f"the modelled chance that {survey.name} exceeds its limit"
    names = [evidence.names[column] for column in subject.columns]
    if subject.name == LOCATION:
        return f"Where a place lies, whatever its covariates, moves {what}: {size}; {place}."
    if direction == "mixed":
        which = f" ({', '.join(names)})" if subject.kind == "role" else ""
        return (
            f"{label}{which} moves {what} up at some places and down at others: {size}; "
            f"{place}."
        )
    goes = "higher" if direction == "raises" else "lower"
    if subject.kind == "covariate":
        return f"Higher values of {label} go with {what} being {goes}: {size}; {place}."
    mean = np.nanmean(np.abs(evidence.values[:, list(subject.columns)]), axis=0)
    leading = names[int(np.argmax(mean))]
    among = "" if len(names) == 1 else f", mostly {leading},"
    return (
        f"{label}{among} moves {what}, which is {goes} where {leading} is higher: {size}; "
        f"{place}."
    )


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return round(value, 6) if isinstance(value, float) else value
