"""The numbers behind a statement: size, stability, noise, sharing, reach, other models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspot.covariates.catalogue import Catalogue
from hotspot.estimators.copies import Copies, find_copies
from hotspot.explanations.agreement import OtherModel
from hotspot.explanations.correlation import associations, covariate_clusters
from hotspot.explanations.evidence import Evidence
from hotspot.explanations.roles import role_of
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.stability import mean_contributions, sign_agreement
from hotspot.explanations.statement import Survey

Values = NDArray[np.float64]

# Ranks closer than this share of all ranks, or than one place, are the same.
_SAME_RANK = 0.2


@dataclass(frozen=True)
class Subject:
    """What a statement speaks of: a role or a covariate, and its columns of the evidence."""

    kind: Literal["role", "covariate"]
    name: str
    columns: tuple[int, ...]


def ranked_facts(
    evidence: Evidence, survey: Survey, others: Sequence[OtherModel] = ()
) -> list[tuple[Subject, dict[str, Any]]]:
    """Return each role, then each covariate, with its numbers, by falling importance.

    Parameters are as in `hotspot.explanations.statements.make_statements`.
    """
    found = associations(survey.X, survey.catalogue)
    clusters = covariate_clusters(found)
    copies = find_copies(survey.X, survey.catalogue.categorical)
    ranked: list[tuple[Subject, dict[str, Any]]] = []
    for subjects in (_roles(evidence, survey.catalogue), _covariates(evidence)):
        facts = [
            {
                **_importance(evidence, subjects, each),
                **_stability(evidence, each),
                **_placebo(evidence, each, copies),
                **_sharing(evidence, survey, each, found, clusters),
                **_reach(evidence, survey, each),
                **_others(evidence, each, others),
            }
            for each in subjects
        ]
        ranked += sorted(zip(subjects, facts, strict=True), key=lambda pair: pair[1]["rank"])
    return ranked


def _roles(evidence: Evidence, catalogue: Catalogue) -> list[Subject]:
    roles: dict[str, list[int]] = {}
    for column, name in enumerate(evidence.names):
        roles.setdefault(role_of(name, catalogue), []).append(column)
    return [Subject("role", role, tuple(columns)) for role, columns in roles.items()]


def _covariates(evidence: Evidence) -> list[Subject]:
    return [
        Subject("covariate", name, (column,))
        for column, name in enumerate(evidence.names)
        # The place as a covariate would say what the role of that name says.
        if name != LOCATION
    ]


def _importance(
    evidence: Evidence, subjects: Sequence[Subject], subject: Subject
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


def _stability(evidence: Evidence, subject: Subject) -> dict[str, Any]:
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


def _placebo(evidence: Evidence, subject: Subject, copies: Copies) -> dict[str, Any]:
    """Return importance beside planted noise; copies are tested as the one that they are."""
    own = [evidence.names[column] for column in subject.columns]
    alike = {name: names for names in copies.classes for name in names}
    distinct = {alike.get(name, (name,))[0] for name in own}
    told = [_summed(each.values, [subject]) for each in evidence.of("planted")]
    planted = float(mean_contributions(told).mean())
    if subject.kind == "covariate":
        planted *= len(alike.get(subject.name, (subject.name,)))
    limit = evidence.band.limit(len(distinct))
    return {
        "copies": [n for n in alike.get(subject.name, ()) if n != subject.name],
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
    subject: Subject,
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


def _reach(evidence: Evidence, survey: Survey, subject: Subject) -> dict[str, Any]:
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
    evidence: Evidence, subject: Subject, others: Sequence[OtherModel]
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


def _summed(values: Values, subjects: Sequence[Subject]) -> Values:
    return np.column_stack([values[:, list(each.columns)].sum(axis=1) for each in subjects])


def _ranks(mean: Values) -> NDArray[np.int64]:
    return (-mean).argsort(kind="stable").argsort(kind="stable") + 1
