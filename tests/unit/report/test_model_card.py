"""The model card has every heading, and names what it does not know."""

from dataclasses import replace

from hotspot.report.card import model_card
from hotspot.report.content import ContaminantContent, ReportContent, Sampling
from hotspot.report.words import causal_words

HEADINGS = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
)


def test_the_card_has_the_headings_in_order(
    report: ReportContent, zinc: ContaminantContent
) -> None:
    """The nine headings of Mitchell et al. (2019), as second-level headings."""
    card = model_card(zinc, report.provenance)
    found = [line[3:] for line in card.splitlines() if line.startswith("## ")]
    assert tuple(found) == HEADINGS
    assert "0.48 ± 0.03" in card
    assert causal_words(card) == []


def test_a_bare_card_names_what_is_missing(
    report: ReportContent, zinc: ContaminantContent
) -> None:
    """Without scores and explanations the headings stand, with a sentence each."""
    bare = ContaminantContent("zn", "Zinc", zinc.limit, Sampling(10, 0, 0.5))
    card = model_card(bare, report.provenance)
    assert all(f"## {heading}\n" in card for heading in HEADINGS)
    assert card.count("Not in this report") == 3


def test_names_cannot_break_the_card(report: ReportContent, zinc: ContaminantContent) -> None:
    """A name with a line break, a pipe or a tag stays text in its cell."""
    assert zinc.explanation is not None
    table = zinc.explanation.importance.replace("lime", "a|b\n## Fake <b>")
    hostile = replace(zinc, explanation=replace(zinc.explanation, importance=table))
    card = model_card(hostile, report.provenance)
    assert "a\\|b \\#\\# Fake \\<b\\>" in card
    assert "\n## Fake" not in card
