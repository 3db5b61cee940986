"""The sentence of a statement, as a reader without statistics takes it."""

from collections.abc import Mapping
from math import exp
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from hotspot.explanations.evidence import Evidence
from hotspot.explanations.facts import Subject
from hotspot.explanations.shapley import LOCATION
from hotspot.explanations.statement import Direction, Survey

Values = NDArray[np.float64]

# Rank correlation of value and contribution from which on an effect has one direction.
_ONE_WAY = 0.6
# Share of a role's credit from which on its strongest covariate gives it its direction.
_SPEAKS_FOR_ROLE = 0.6
# Samples of a class from which on its mean contribution is told.
_FEWEST_OF_CLASS = 5


def direction_of(evidence: Evidence, survey: Survey, subject: Subject) -> Direction:
    """Return what higher values of a subject go with: of a role, those of its strongest."""
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


def sentence(
    evidence: Evidence,
    survey: Survey,
    subject: Subject,
    *,
    facts: Mapping[str, Any],
    direction: Direction,
) -> str:
    """Return what a statement says.

    Parameters
    ----------
    evidence : Evidence
        Of the model.
    survey : Survey
        With the catalogue, whose descriptions stand beside the names.
    subject : Subject
        What it speaks of.
    facts : mapping
        Its numbers.
    direction : {"raises", "lowers", "mixed"}
        What higher values go with.
    """
    chance = f"the modelled chance that {survey.name} exceeds its limit"
    size = (
        f"by a factor of {exp(facts['mean_abs']):.1f} in the odds on average "
        f"({facts['mean_abs']:.2f} log-odds)"
    )
    place = f"It ranks {_ordinal(facts['rank'])} of {facts['of']} {subject.kind}s."
    if subject.name == LOCATION:
        return f"Where a place lies, whatever its covariates, moves {chance}, {size}. {place}"
    if subject.kind == "covariate":
        return f"{_of_covariate(evidence, survey, subject, chance, size, direction)} {place}"
    label = _capital(subject.name.replace("_", " "))
    names = [evidence.names[column] for column in subject.columns]
    stands = f"It stands for {_listed(names)}."
    if direction == "mixed":
        return (
            f"{label} moves {chance} up at some places and down at others, {size}. {place} "
            f"{stands}"
        )
    mean = np.nanmean(np.abs(evidence.values[:, list(subject.columns)]), axis=0)
    leading = names[int(np.argmax(mean))]
    goes = "higher" if direction == "raises" else "lower"
    return (
        f"{label} moves {chance}, {size}; it is {goes} where {leading} is higher. {place} "
        f"{stands}"
    )


def _of_covariate(
    evidence: Evidence,
    survey: Survey,
    subject: Subject,
    chance: str,
    size: str,
    direction: Direction,
) -> str:
    covariate = survey.catalogue[subject.name]
    described = covariate.description.rstrip(".")
    # Words first, for who has never seen the table; the name leads back to it.
    words = described or subject.name.replace("_", " ")
    beside = "" if words == subject.name else f" ({subject.name})"
    if direction != "mixed":
        goes = "higher" if direction == "raises" else "lower"
        # A single letter, such as that of a chemical symbol, stays as it is.
        within = f"{words[:1].lower()}{words[1:]}" if words[1:2].islower() else words
        return f"Where {within}{beside} is higher, {chance} is {goes}, {size}."
    known = f"{_capital(words)}{beside}"
    classes = _classes(evidence, survey, subject) if covariate.is_categorical else ""
    if classes:
        return f"{known} moves {chance}, {size}: {classes}."
    return f"{known} moves {chance} up at some places and down at others, {size}."


def _classes(evidence: Evidence, survey: Survey, subject: Subject) -> str:
    """Return in which class the contribution is highest and in which lowest."""
    code = survey.X[subject.name].to_numpy(dtype=np.float64)[evidence.rows]
    table = pd.DataFrame({"code": code, "value": evidence.values[:, subject.columns[0]]})
    by_class = table.dropna().groupby("code")["value"].agg(["mean", "size"])
    mean = by_class.loc[by_class["size"] >= _FEWEST_OF_CLASS, "mean"]
    if len(mean) < 2:
        return ""
    meaning = dict(survey.catalogue[subject.name].classes)
    codes = mean.index.to_numpy(dtype=np.float64)
    extremes = codes[int(np.argmax(mean))], codes[int(np.argmin(mean))]
    high, low = (meaning.get(int(each), f"class {each:g}") for each in extremes)
    return f"highest where it is “{high}”, lowest where it is “{low}”"


def _listed(names: list[str]) -> str:
    """Return names as a list in a sentence.

    Examples
    --------
    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ordinal(number: int) -> str:
    """Return a place in an order.

    Examples
    --------
    >>> [_ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
