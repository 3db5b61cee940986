"""The rules by which a statement gets its verdict, in one table, with their reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the tests of a statement come to."""

    SUPPORTED = "supported"
    UNSTABLE = "unstable"
    CORRELATED = "correlated"
    EXTRAPOLATED = "extrapolated"


@dataclass(frozen=True)
class Rule:
    """One test of a statement: a number that must not fall below a threshold.

    Parameters
    ----------
    fact : str
        Name of the number among the evidence.
    at_least : float
        The threshold.
    verdict : Verdict
        What the statement is where the number is lower.
    reason : str
        Why this number, and why this threshold.
    caution : str
        What a reader is told where the test fails.
    """

    fact: str
    at_least: float
    verdict: Verdict
    reason: str
    caution: str


# The first rule that fails gives the verdict; every rule that fails gives a caution.
RULES = (
    Rule(
        "placebo_ratio",
        1.0,
        Verdict.UNSTABLE,
        "Importance beside planted noise, as a share of what a useless covariate exceeds in "
        "one case of twenty. Below 1 the model makes no more of it than of noise.",
        "within the placebo band: the model makes no more of it than of planted noise",
    ),
    Rule(
        "sign_folds",
        0.8,
        Verdict.UNSTABLE,
        "Agreement on the sign, weighed by size, between the model and the fold models that "
        "have not seen a sample. By chance it is 0.5; 0.8 leaves one part in five to places "
        "where the contribution turns.",
        "models that have not seen a sample often give it the other sign",
    ),
    Rule(
        "sign_refits",
        0.8,
        Verdict.UNSTABLE,
        "The same between the model and refits with other seeds and on parts of the samples.",
        "other seeds or other samples often give it the other sign",
    ),
    Rule(
        "rank_kept",
        0.6,
        Verdict.UNSTABLE,
        "Share of refits (folds, seeds, bootstraps) in which its rank is the same within one "
        "place or a fifth of all ranks. Below 0.6 its place in the order is a matter of luck.",
        "its rank changes from refit to refit",
    ),
    Rule(
        "models_agree",
        0.5,
        Verdict.UNSTABLE,
        "Share of the other models within one standard error of the best that tell the same. "
        "Where most of equally good models tell otherwise, the data do not decide.",
        "other models that predict as well tell another story",
    ),
    Rule(
        "inside_share",
        0.8,
        Verdict.EXTRAPOLATED,
        "Share of the credit that stands at samples inside the area of applicability, each "
        "compared with samples of other folds. Below 0.8 unusual places carry the statement.",
        "much of it rests on samples unlike all others",
    ),
    Rule(
        "apart",
        0.3,
        Verdict.CORRELATED,
        "1 minus the strongest association with another covariate; of a role, with those of "
        "other roles, weighed by credit. Below 0.3 (a rank correlation above 0.7) half of "
        "what one says the other says too, and credit is shared between them by chance.",
        "other covariates say nearly the same, and credit is shared between them by chance",
    ),
)


def verdict_of(evidence: Mapping[str, object]) -> tuple[Verdict, tuple[str, ...]]:
    """Return the verdict of some evidence and what a reader must be told.

    A number that is missing or None was not tested, and fails no rule.

    Examples
    --------
    >>> verdict_of({"placebo_ratio": 3.0, "sign_folds": 0.95, "apart": 0.1})[0]
    <Verdict.CORRELATED: 'correlated'>
    >>> verdict_of({"placebo_ratio": 0.7})[1]
    ('within the placebo band: the model makes no more of it than of planted noise',)
    """
    failed = [rule for rule in RULES if _fails(evidence.get(rule.fact), rule.at_least)]
    verdict = failed[0].verdict if failed else Verdict.SUPPORTED
    return verdict, tuple(rule.caution for rule in failed)


def _fails(value: object, at_least: float) -> bool:
    return isinstance(value, int | float) and value < at_least
