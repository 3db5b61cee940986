"""The sentences: each says what the numbers say, and no more."""

import pytest

from hotspot.report import score_words, terms, words
from hotspot.report.content import Areas, Evaluation, Limit, Sampling


def evaluation_of(mean: float | None, error: float | None, base: float = 0.6) -> Evaluation:
    """Return scores of a model and a baseline under kNNDM folds."""
    return Evaluation(
        scores={
            "gbm": {"knndm": {"log_loss": {"mean": mean, "se": error}}},
            "prevalence": {"knndm": {"log_loss": {"mean": base, "se": 0.01}}},
        },
        model="gbm",
    )


@pytest.mark.parametrize(
    ("mean", "error", "verdict", "sentence"),
    [
        (0.50, 0.05, "better", "is better than knowing only the share"),
        (0.58, 0.05, "not better", "is not better than knowing only the share"),
        (0.62, 0.05, "not better", "is not better than knowing only the share"),
        (0.70, 0.05, "worse", "is worse than knowing only the share"),
        (0.50, None, "unknown", "no standard error is known"),
        (None, None, "unknown", "unknown"),
        (float("nan"), 0.1, "unknown", "unknown"),
    ],
)
def test_skill_is_judged_against_its_standard_error(
    mean: float | None, error: float | None, verdict: str, sentence: str
) -> None:
    """A difference within one standard error is no skill, and the page says so plainly."""
    evaluation = evaluation_of(mean, error)
    assert score_words.skill_verdict(evaluation) == verdict
    assert sentence in score_words.skill_sentence(evaluation)


def test_the_most_honest_plan_answers() -> None:
    """Where target-weighted scores exist, random ones do not make the headline."""
    scores = {"gbm": {"random": {}, "block": {}, "target_weighted": {}, "knndm": {}}}
    assert score_words.honest_plan(scores, "gbm") == "target_weighted"
    assert score_words.honest_plan({}, "gbm") is None


@pytest.mark.parametrize(
    ("gap", "sentence"),
    [
        ({"log_loss": {"mean": -0.2, "se": 0.05}}, "Random folds flatter the model"),
        ({"log_loss": {"mean": -0.04, "se": 0.05}}, "about the same log loss"),
        ({"log_loss": {"mean": 0.2, "se": 0.05}}, "do not flatter"),
        ({"log_loss": {"mean": None, "reason": "one label"}}, "not known"),
        (None, "not known"),
    ],
)
def test_the_gap_is_told_with_its_sign(gap: dict | None, sentence: str) -> None:
    """Only a gap below zero and beyond its error is called flattering."""
    evaluation = Evaluation(scores={}, model="gbm", gap=gap)
    assert sentence in score_words.gap_sentence(evaluation)


@pytest.mark.parametrize(
    "text",
    [
        "Zinc is high because of the smelter.",
        "The river causes exceedance.",
        "Flooding leads to zinc.",
        "the main driver",
        "the effect of distance",
        "the impact on soils",
    ],
)
def test_causal_words_are_found(text: str) -> None:
    """The check of the page's text does find what it looks for."""
    assert words.causal_words(text)


def test_no_sentence_of_this_module_is_causal() -> None:
    """Constants, glossary and tables of words pass the check."""
    texts = [*words.LIMITS_OF_USE, words.CONFIDENCE, words.VERDICTS]
    texts += [f"{term} {text}" for term, text in terms.GLOSSARY]
    texts += [" ".join(pair) for pair in (*terms.SCORES.values(), *terms.PLANS.values())]
    assert [found for text in texts for found in words.causal_words(text)] == []


def test_an_unchecked_condition_is_said_to_be_unchecked() -> None:
    """A limit for one soil acidity does not pass for a limit of all soils."""
    limit = Limit("eu", 300.0, "86/278/EEC", status="superseded", condition="soil pH 6-7")
    told = " ".join(words.limit_sentences(limit))
    assert "“soil pH 6-7”, which is not checked here" in told
    assert "superseded" in told
    assert "not checked" not in " ".join(words.limit_sentences(Limit("x", 1.0, "")))


def test_unknown_samples_count_neither_way() -> None:
    """Samples whose interval holds the limit are named as open."""
    told = words.sampling_sentence(Sampling(n=100, n_unknown=40, prevalence=0.25))
    assert "Of the 60 whose exceedance is known, 25\u00a0% exceed" in told
    assert "neither as clean nor as polluted" in told


def test_the_rule_gives_the_expected_area() -> None:
    """Expected hectares are stated only where they were computed."""
    assert "expected" in words.rule_sentence(Areas(1, 1, 1, expected_above_ha=1.5))
    assert "expected" not in words.rule_sentence(Areas(1, 1, 1))
    assert "not given" in words.rule_sentence(None)
