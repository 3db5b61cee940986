"""Tested statements with their review, hotspot cards and origins, as the page says them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotspot.report.content import Claims, ReviewContent, StatementReview
from hotspot.report.numerals import area, concentration, number, percent
from hotspot.report.tables import Table, table
from hotspot.report.terms import role_label

# What each verdict means, in the order in which it is given.
VERDICTS = (
    ("supported", "every test was passed"),
    ("unstable", "noise, other samples, other seeds or other good models tell otherwise"),
    ("extrapolated", "it rests on samples unlike all others"),
    ("correlated", "other covariates say nearly the same, and credit is shared by chance"),
)
# Cards that stand on the page; the file has them all.
_MOST_CARDS = 10
# Numbers of the evidence that are told, with their heads.
_EVIDENCE = (
    ("mean_abs", "Size"),
    ("placebo_limit", "Placebo limit"),
    ("placebo_ratio", "Beside placebo"),
    ("sign_folds", "Sign, folds"),
    ("sign_refits", "Sign, refits"),
    ("rank_kept", "Rank kept"),
    ("models_agree", "Other models"),
    ("inside_share", "Inside area"),
    ("apart", "Apart from others"),
)


@dataclass(frozen=True)
class StatementView:
    """One statement as the template sets it.

    Parameters
    ----------
    text, verdict : str
        The sentence, and what its tests come to.
    cautions : tuple of str
        What a reader must know beside.
    standing : str
        Where its review stands; empty where nobody can review it.
    answers : tuple of str
        What reviewers said, in words.
    """

    text: str
    verdict: str
    cautions: tuple[str, ...]
    standing: str = ""
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClaimsView:
    """All statements as the template sets them, and what stands beside them."""

    summary: str
    done: str
    by_kind: tuple[tuple[str, tuple[StatementView, ...]], ...]
    evidence: Table
    cautions: tuple[str, ...]
    cards: tuple[tuple[str, Table, tuple[str, ...]], ...]
    origins: tuple[str, ...]


def claims_view(claims: Claims, review: ReviewContent | None = None) -> ClaimsView:
    """Return sentences and tables of what was tested, with what reviewers say of it."""
    kinds = (("By role", "role"), ("By covariate", "covariate"))
    return ClaimsView(
        summary=_summary(claims.statements),
        done=_done(claims.statements),
        by_kind=tuple(
            (head, tuple(_statement(each, review) for each in held))
            for head, kind in kinds
            if (held := [each for each in claims.statements if each["kind"] == kind])
        ),
        evidence=table(
            "The evidence",
            ("Subject", "Kind", *(head for _, head in _EVIDENCE)),
            (
                (
                    each["subject"],
                    each["kind"],
                    *(each["evidence"].get(name) for name, _ in _EVIDENCE),
                )
                for each in claims.statements
            ),
        ),
        cautions=tuple(_sentence(text) for text in claims.cautions),
        cards=tuple(_card(each) for each in claims.cards[:_MOST_CARDS]),
        origins=_origins(claims),
    )


def _statement(each: Mapping[str, Any], review: ReviewContent | None) -> StatementView:
    known = None if review is None else review.statements.get(str(each.get("id", "")))
    return StatementView(
        text=str(each["text"]),
        verdict=str(each["verdict"]),
        cautions=tuple(_sentence(text) for text in each["cautions"]),
        standing="" if known is None else known.standing,
        answers=() if known is None else _answers(known),
    )


def _answers(known: StatementReview) -> tuple[str, ...]:
    said = {"approve": "approves", "reject": "rejects", "question": "questions"}
    told = [
        f"{each.name} {said.get(each.answer, each.answer)} ({each.date})"
        + (f": {each.comment}" if each.comment else ".")
        for each in known.answers
    ]
    if known.outdated:
        told.append(
            f"Answers to earlier words of this statement, which no longer count: "
            f"{known.outdated}."
        )
    return tuple(told)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _summary(statements: Sequence[Mapping[str, Any]]) -> str:
    if not statements:
        return "No statement was tested."
    counts = {name: 0 for name, _ in VERDICTS}
    for each in statements:
        counts[str(each["verdict"])] = counts.get(str(each["verdict"]), 0) + 1
    told = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    return f"Of {len(statements)} statements: {told}."


def _done(statements: Sequence[Mapping[str, Any]]) -> str:
    if not statements:
        return ""
    facts = statements[0]["evidence"]
    return (
        f"Each was tested on {facts['n_folds']} fold models, {facts['n_seeds']} other "
        f"seed{'' if facts['n_seeds'] == 1 else 's'}, "
        f"{facts['n_bootstraps']} parts of the samples and {facts['n_placebo_fits']} refits "
        f"beside {facts['n_placebo']} noise covariates."
    )


def _card(card: Mapping[str, Any]) -> tuple[str, Table, tuple[str, ...]]:
    chance = card["probability"]
    head = f"Hotspot {card['rank']}: {area(float(card['area_m2']) / 10_000)}"
    between = ""
    if chance.get("lower") is not None:
        between = f" (from {number(chance['lower'], 2)} to {number(chance['upper'], 2)})"
    sentences = [
        f"Mean probability {number(chance['mean'], 2)}{between}, highest "
        f"{number(chance['max'], 2)}."
    ]
    known = card["concentration_mg_kg"]
    if known is not None:
        sentences.append(
            f"Median concentration of a soil sample {number(known['median'])} mg/kg, 90 % "
            f"interval from {number(known['lower'])} to {number(known['upper'])} mg/kg."
        )
    rows = [
        (
            what,
            each["sample_id"],
            concentration(each["lower_mg_kg"], each["upper_mg_kg"]),
            each["distance_m"],
            each["dissimilarity"],
        )
        for what, samples in (("nearest", card["nearest"]), ("most alike", card["similar"]))
        for each in samples
    ]
    heads = ("Sample", "Id", "Measured", "Distance, m", "Dissimilarity")
    return (
        head,
        table("Samples beside and alike", heads, rows),
        (*sentences, *card["sentences"]),
    )


def _origins(claims: Claims) -> tuple[str, ...]:
    if claims.origins is None or not claims.origins["origins"]:
        return ()
    told = [str(each["text"]) for each in claims.origins["origins"]]
    left = [role_label(role).lower() for role in claims.origins["unassigned_roles"]]
    if left:
        told.append(f"Counted to no origin: {', '.join(left)}.")
    if all(each.get("alone") for each in claims.origins["origins"]):
        # There is nothing to share, and the rules of sharing are of no use.
        return tuple(told)
    cut = percent(float(claims.origins["not_identifiable_from"]))
    told.append(
        f"An origin is given no share where the covariates of another tell {cut} or more of "
        "what is credited to it, and a range where a share cannot be told within 10 points: "
        "surveys at the same places, with sources that are known, were simulated and shared "
        "again. Shares are of what is credited to covariates, not of contaminant from a "
        "source."
    )
    return tuple(told)
