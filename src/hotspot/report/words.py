"""The sentences of the page: what a number means, what it does not, and how good it is."""

import re
from collections.abc import Sequence
from math import isfinite

from hotspot.report.content import (
    Areas,
    ContaminantContent,
    Explanation,
    Limit,
    Sampling,
    ScaleImportance,
)
from hotspot.report.numerals import area, number, percent
from hotspot.report.terms import in_sentence

ASSOCIATION = (
    "The model describes association, not cause: it says where high values and map layers "
    "go together in these samples, and nothing about why."
)

NOT_CLEAN = (
    "A low probability is not a clean bill of health: another contaminant, another depth or a "
    "small spot between the samples may still exceed its limit."
)

UNKNOWN_IS_NOT_CLEAN = (
    "What is unknown is never shown as clean. Cells that differ too much from the samples are "
    "hatched, cells without data are left white, and cells where the evidence does not decide "
    "are called “cannot say”."
)

SCREENING = (
    "The limit is used for screening: where it is exceeded, a closer look is due. It is not a "
    "clean-up limit, and exceeding it is no finding of risk to a person."
)

ONE_CELL = (
    "The map is for choosing where to look and sample next. It does not replace a measurement "
    "on the ground, and it says nothing on a single garden or field within a cell."
)

LIMITS_OF_USE = (NOT_CLEAN, UNKNOWN_IS_NOT_CLEAN, SCREENING, ASSOCIATION, ONE_CELL)

# Words that claim a cause. The page may say them only in `ASSOCIATION`, which denies it.
_CAUSAL = re.compile(
    r"\b(caus\w*|because of|due to|owing to|leads? to|led to|results? in|resulted in|"
    r"effects? of|impacts?|influenc\w*|responsible|driv(?:e|es|en|er|ers|ing)|"
    r"contaminates?|brought about|attributable)\b",
    re.IGNORECASE,
)
# "a closer look is due" is a debt, not a cause; only "due to" is listed above.


def causal_words(text: str) -> list[str]:
    """Return the words of a text that claim a cause, the denial in `ASSOCIATION` aside.

    Examples
    --------
    >>> causal_words("Zinc is high due to the river. " + ASSOCIATION)
    ['due to']
    """
    plain = " ".join(text.split())
    return _CAUSAL.findall(plain.replace(ASSOCIATION, ""))


def answer(content: ContaminantContent) -> str:
    """Return the one sentence that a reader in a hurry should take away."""
    limit = limit_text(content.limit)
    areas = content.maps.areas if content.maps is not None else None
    if areas is None or areas.total_ha <= 0:
        return (
            f"How much land lies above {limit} was not counted, so that no share can be "
            "stated here."
        )
    return (
        f"Of {area(areas.total_ha)} mapped, {area(areas.above_ha)} "
        f"({percent(areas.above_ha / areas.total_ha)}) are mapped as above {limit} and "
        f"{area(areas.below_ha)} ({percent(areas.below_ha / areas.total_ha)}) as below; for "
        f"{area(areas.cannot_say_ha)} ({percent(areas.cannot_say_ha / areas.total_ha)}) the "
        "data cannot say."
    )


def meaning(name: str, limit: Limit) -> str:
    """Return what a probability on the map means."""
    return (
        f"The number in a cell is the probability, given the model and its samples, that the "
        f"{in_sentence(name)} concentration in a soil sample taken in this cell exceeds "
        f"{limit_text(limit)}."
    )


def limit_text(limit: Limit) -> str:
    """Return a limit for the middle of a sentence.

    Examples
    --------
    >>> limit_text(Limit("cn.as", 150.0, "", span_mg_kg=(100.0, 200.0)))
    'the limit of its place'
    """
    if limit.span_mg_kg is not None:
        return "the limit of its place"
    return f"{number(limit.value_mg_kg)}\u00a0mg/kg"


def limit_value(limit: Limit) -> str:
    r"""Return a limit in numbers, or the span of one that depends on the place.

    Examples
    --------
    >>> limit_value(Limit("cn.as", 150.0, "", span_mg_kg=(100.0, 200.0)))
    '100 to 200\xa0mg/kg'
    """
    if limit.span_mg_kg is None:
        return limit_text(limit)
    lowest, highest = map(number, limit.span_mg_kg)
    return f"{lowest} to {highest}\u00a0mg/kg"


def limit_sentences(limit: Limit) -> tuple[str, ...]:
    """Return what a reader must know of the limit: its source, state and condition."""
    state = {
        "in_force": "It is in force as far as its source tells.",
        "superseded": "It has been superseded; a newer limit may say otherwise.",
    }.get(limit.status, "Whether it is in force is not known.")
    is_of_place = limit.span_mg_kg is not None
    verb = "depends on the soil of each place; at the samples it is" if is_of_place else "is"
    sentences = [
        f"The limit {verb} {limit_value(limit)} dry weight "
        f"({limit.citation or 'no source is given'}). {state}"
    ]
    if limit.condition:
        sentences.append(
            f"It holds under the condition “{limit.condition}”, which is not checked here."
        )
    if limit.note:
        sentences.append(limit.note)
    return tuple(sentences)


def sampling_sentence(sampling: Sampling) -> str:
    """Return how many samples there are, and how many of them exceed."""
    known = sampling.n - sampling.n_unknown
    text = f"The model learnt from {number(sampling.n)} samples."
    if sampling.prevalence is not None and isfinite(sampling.prevalence):
        text += f" Of the {number(known)} whose exceedance is known, "
        text += f"{percent(sampling.prevalence)} exceed the limit."
    if sampling.n_without_limit:
        text += (
            f" For {number(sampling.n_without_limit)}, the limit of their place is not known; "
            "they count neither as clean nor as polluted."
        )
    n_censored = sampling.n_unknown - sampling.n_without_limit
    if n_censored:
        text += (
            f" For {number(n_censored)}, the laboratory's detection limit or range "
            "leaves open whether they exceed; they count neither as clean nor as polluted."
        )
    return text


def preference_sentence(sampling: Sampling) -> str:
    """Return how the map is corrected for samples chosen by their soil; empty if it is not."""
    if sampling.preference == 0:
        return ""
    times = 2.0**sampling.preference
    denser = f"{times:.1f} times as dense" if times > 1 else f"{1 / times:.1f} times as sparse"
    other = "less" if times > 1 else "more"
    return (
        "Samples were not taken regardless of the soil: where the concentration doubles, they "
        f"are {denser}. Soil that nobody sampled therefore holds {other} than the samples "
        "alone would tell, and the map is corrected for that; near samples it is not."
    )


def rule_sentence(areas: Areas | None) -> str:
    """Return how a cell comes to its decision class, and the area expected above."""
    text = "The rule by which cells are called above or below was not given to this page."
    if areas is not None and areas.rule:
        text = areas.rule
    if areas is not None and areas.expected_above_ha is not None:
        text += (
            f" Adding up the probabilities, {area(areas.expected_above_ha)} are expected to "
            "lie above the limit, inside the area of applicability where it is known; this "
            "holds as far as the probabilities can be taken at their word."
        )
    return text


# Below this share of samples on which models agree, a sign is no finding.
_STEADY_SIGN = 0.8

CONFIDENCE = (
    "Confidence is the least probability that at least half of a hotspot is above the limit; "
    "it is as good as the calibration of the map."
)

VERDICTS = (
    "Supported: beyond the placebo band, and models that did not see a sample agree on the "
    f"sign for at least {100 * _STEADY_SIGN:.0f} % of the samples. Unstable: they do not "
    "agree. Like noise: within the placebo band."
)


def stability_verdict(sign_agreement: float, above_placebo: object) -> str:
    """Return whether a statement on a covariate holds.

    Examples
    --------
    >>> stability_verdict(0.95, True), stability_verdict(0.6, True), stability_verdict(1, False)
    ('supported', 'unstable', 'like noise')
    """
    if not bool(above_placebo):
        return "like noise"
    return "supported" if sign_agreement >= _STEADY_SIGN else "unstable"


def compared_with(explanation: Explanation) -> str:
    """Return what contributions are compared with, and in which unit they are."""
    unit = f"Contributions are in {explanation.scale}"
    if explanation.scale == "log-odds":
        unit += ": +0.69 doubles the odds of exceedance, −0.69 halves them"
    if explanation.n_background:
        return (
            f"{unit}. They tell how the prediction at a sample differs from the average one "
            f"over {explanation.n_background} samples spread over the survey, covariate by "
            "covariate (interventional Shapley values); with their base they add up to it."
        )
    slow = (
        f" LightGBM itself computed them, exactly but slowly: {explanation.slow_reason}"
        if explanation.slow_reason
        else ""
    )
    return (
        f"{unit}. They are the model's own parts, and with their base they add up to its "
        "prediction (trees: path-dependent SHAP values; a logistic model: slope times distance "
        f"from the mean).{slow}"
    )


# Scales that a model of one limit knows: log-odds and probability.
_OF_CHANCE = 2


def scales_sentence(scales: Sequence[ScaleImportance]) -> str:
    """Return what the roles are compared with on every scale."""
    told = f"The same roles on every scale, against {scales[0].n_background} samples."
    if len(scales) <= _OF_CHANCE:
        return told
    return (
        f"{told} A role may matter for how high a place is and not for how uncertain it is: "
        "the last column tells where more samples would help. Cell by cell it is in the "
        "viewer, under What makes it unsure, and in width_<role>.tif."
    )


def not_there(what: str, remedy: str) -> str:
    """Return the sentence that stands in the place of a missing part.

    Examples
    --------
    >>> not_there("The reliability table", "Score the models to get it.")
    'Not in this report: the reliability table. Score the models to get it.'
    """
    return f"Not in this report: {what[:1].lower()}{what[1:]}. {remedy}"
