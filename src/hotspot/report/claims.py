"""Tested statements, hotspot cards and origins, as the page says them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hotspot.report.content import Claims
from hotspot.report.numerals import MISSING, area, number, percent
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


@dataclass(frozen=True)
class ClaimsView:
    """The same as the template sets it."""

    summary: str
    statements: Table
    evidence: Table
    cautions: tuple[str, ...]
    cards: tuple[tuple[str, Table, tuple[str, ...]], ...]
    origins: tuple[str, ...]
    width: Table | None


def claims_view(claims: Claims) -> ClaimsView:
    """Return sentences and tables of what was tested."""
    return ClaimsView(
        summary=_summary(claims),
        statements=table(
            "Statements and what their tests come to",
            ("Statement", "Verdict", "Cautions"),
            (
                (each["text"], each["verdict"], "; ".join(each["cautions"]) or MISSING)
                for each in claims.statements
            ),
        ),
        evidence=_evidence(claims),
        cautions=tuple(f"{text[:1].upper()}{text[1:]}." for text in claims.cautions),
        cards=tuple(_card(each) for each in claims.cards[:_MOST_CARDS]),
        origins=_origins(claims),
        width=(
            table(
                "Why uncertain: what roles add to or take from the width of the 90 % interval",
                ("Role", "Mean absolute contribution, ln(mg/kg)"),
                ((role_label(role), value) for role, value in claims.width),
            )
            if claims.width
            else None
        ),
    )


def _summary(claims: Claims) -> str:
    counts = {name: 0 for name, _ in VERDICTS}
    for each in claims.statements:
        counts[str(each["verdict"])] = counts.get(str(each["verdict"]), 0) + 1
    told = ", ".join(f"{n} {name}" for name, n in counts.items() if n)
    facts = claims.statements[0]["evidence"] if claims.statements else {}
    done = (
        f" Each was tested on {facts['n_folds']} fold models, {facts['n_seeds']} other seeds, "
        f"{facts['n_bootstraps']} parts of the samples and {facts['n_placebo_fits']} refits "
        f"beside {facts['n_placebo']} noise covariates."
        if facts
        else ""
    )
    return f"Of {len(claims.statements)} statements: {told or 'none'}.{done}"


def _evidence(claims: Claims) -> Table:
    names = (
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
    return table(
        "The evidence",
        ("Subject", "Kind", *(head for _, head in names)),
        (
            (each["subject"], each["kind"], *(each["evidence"].get(name) for name, _ in names))
            for each in claims.statements
        ),
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
        (what, each["sample_id"], _measured(each), each["distance_m"], each["dissimilarity"])
        for what, samples in (("nearest", card["nearest"]), ("most alike", card["similar"]))
        for each in samples
    ]
    heads = ("Sample", "Id", "Measured", "Distance, m", "Dissimilarity")
    return (
        head,
        table("Samples beside and alike", heads, rows),
        (*sentences, *card["sentences"]),
    )


def _measured(sample: Mapping[str, Any]) -> str:
    low, high = sample["lower_mg_kg"], sample["upper_mg_kg"]
    if high is None:
        return f"> {number(low)} mg/kg"
    if low == high:
        return f"{number(low)} mg/kg"
    return f"< {number(high)} mg/kg" if low == 0 else f"{number(low)} to {number(high)} mg/kg"


def _origins(claims: Claims) -> tuple[str, ...]:
    if claims.origins is None or not claims.origins["origins"]:
        return ()
    told = [str(each["text"]) for each in claims.origins["origins"]]
    left = [role_label(role).lower() for role in claims.origins["unassigned_roles"]]
    if left:
        told.append(f"Counted to no origin: {', '.join(left)}.")
    cut = percent(float(claims.origins["not_identifiable_from"]))
    told.append(
        f"An origin is given no share where the covariates of another tell {cut} or more of "
        "what is credited to it. The shares are of what the model credits to covariates, not "
        "of contaminant from a source."
    )
    return tuple(told)
