"""The page's part on tested statements, hotspot cards and origins."""

from dataclasses import replace

from hotspot.report import render_report
from hotspot.report.claims import claims_view
from hotspot.report.content import (
    Claims,
    ReportContent,
    ReviewAnswer,
    ReviewContent,
    StatementReview,
)

FACTS = {
    "n_folds": 5,
    "n_seeds": 1,
    "n_bootstraps": 2,
    "n_placebo_fits": 2,
    "n_placebo": 12,
    "mean_abs": 1.25,
    "models_agree": None,
}


def made() -> Claims:
    """Return two statements, one card and an origin that cannot be told."""
    return Claims(
        statements=[
            {
                "id": "zn-covariate-dist",
                "text": "Higher values of <b>dist</b> go with zinc being lower.",
                "verdict": "supported",
                "kind": "covariate",
                "subject": "dist",
                "evidence": FACTS,
                "cautions": [],
            },
            {
                "id": "zn-role-roads",
                "text": "Roads move it.",
                "verdict": "unstable",
                "kind": "role",
                "subject": "roads",
                "evidence": FACTS,
                "cautions": ["within the placebo band", "two readings"],
            },
        ],
        cautions=["another model predicts better"],
        cards=[
            {
                "rank": 1,
                "area_m2": 20_000.0,
                "probability": {"mean": 0.9, "max": 0.97, "lower": 0.7, "upper": 0.95},
                "concentration_mg_kg": {"lower": 300.0, "median": 700.0, "upper": 1500.0},
                "nearest": [
                    {
                        "sample_id": "s7",
                        "lower_mg_kg": 0.0,
                        "upper_mg_kg": 5.0,
                        "distance_m": 12.0,
                        "dissimilarity": 0.1,
                    }
                ],
                "similar": [
                    {
                        "sample_id": "s9",
                        "lower_mg_kg": 800.0,
                        "upper_mg_kg": None,
                        "distance_m": 400.0,
                        "dissimilarity": 0.01,
                    }
                ],
                "sentences": ["Learnt without roads, it stays."],
            }
        ],
        origins={
            "origins": [{"text": "No share is given to point origins."}],
            "unassigned_roles": ["land_use"],
            "not_identifiable_from": 0.8,
        },
    )


def test_sentences_and_tables_say_what_the_files_hold() -> None:
    """Counts by verdict, what was done, measured values as intervals, and refusals."""
    view = claims_view(made())
    assert view.summary == "Of 2 statements: 1 supported, 1 unstable."
    assert "5 fold models, 1 other seed, 2 parts of the samples" in view.done
    assert [head for head, _ in view.by_kind] == ["By role", "By covariate"]
    assert view.by_kind[0][1][0].cautions == ("Within the placebo band.", "Two readings.")
    head, samples, sentences = view.cards[0]
    assert head == "Hotspot 1: 2\u00a0ha"
    assert [row[2] for row in samples.rows] == ["< 5 mg/kg", "> 800 mg/kg"]
    assert "from 0.7 to 0.95" in sentences[0]
    assert "No share is given to point origins." in view.origins
    assert "land use" in view.origins[1]
    assert "80 %" in view.origins[2].replace("\u00a0", " ")


def test_a_single_origin_is_told_without_the_rules_of_sharing() -> None:
    """There is nothing to share."""
    claims = made()
    assert claims.origins is not None
    alone = {**claims.origins, "origins": [{"text": "Nothing to compare with.", "alone": True}]}
    view = claims_view(replace(claims, origins=alone))
    assert len(view.origins) == 2


def page_with(report: ReportContent, review: ReviewContent | None = None) -> str:
    one = report.contaminants[0]
    assert one.explanation is not None
    explained = replace(one.explanation, claims=made())
    shown = replace(one, explanation=explained, review=review)
    return render_report(replace(report, contaminants=(shown,)))


def test_the_page_shows_statements_first_and_escapes_them(report: ReportContent) -> None:
    """They stand before map, scores and charts; their text is text, not markup."""
    page = page_with(report)
    assert "&lt;b&gt;dist&lt;/b&gt;" in page
    first = page.index("What may be signed")
    for later in ("What this says", "How good it is</h3>", "Along the values of a covariate"):
        assert first < page.index(later)
    assert "Learnt without roads, it stays." in page
    assert "Another model predicts better." in page


def reviewed(*standings: str) -> ReviewContent:
    """Return a review of both statements, approved as a whole only if both are."""
    ids = ("zn-covariate-dist", "zn-role-roads")
    whole = "approved" if set(standings) == {"approved"} else "open"
    by_id = {
        name: StatementReview(
            standing,
            (ReviewAnswer("approve", "Ada <i>", "2026-01-31", "As seen on site"),)
            if standing == "approved"
            else (),
            outdated=int(standing == "open"),
        )
        for name, standing in zip(ids, standings, strict=True)
    }
    return ReviewContent(whole, "Of 2 statements: told here.", by_id)


def test_the_page_never_says_approved_while_a_statement_is_open(
    report: ReportContent,
) -> None:
    """The whole is approved only if each statement is; who said so stands beside it."""
    partly = page_with(report, reviewed("approved", "open"))
    assert partly.count('<span class="chip approved">') == 1
    assert 'Review: <span class="chip open">open</span>' in partly
    assert "Ada &lt;i&gt; approves (2026-01-31): As seen on site" in partly
    assert "earlier words of this statement, which no longer count: 1." in partly
    wholly = page_with(report, reviewed("approved", "approved"))
    assert 'Review: <span class="chip approved">approved</span>' in wholly
    assert "chip open" not in wholly.split("</style>")[1]
    # Where nobody can review, nothing is said of a review.
    assert "Review:" not in page_with(report)


def test_a_page_without_statements_says_why(report: ReportContent) -> None:
    """Where nothing could be tested the page tells the reason, and no verdicts."""
    reason = "none of 9 samples exceeds 50 mg/kg, so that no explanation can be tested"
    claims = Claims(statements=[], cautions=[reason], cards=[], origins=None)
    view = claims_view(claims)
    assert (view.summary, view.done, view.by_kind) == ("No statement was tested.", "", ())
    first, *rest = report.contaminants
    assert first.explanation is not None
    told = replace(first.explanation, claims=claims)
    page = render_report(
        replace(report, contaminants=(replace(first, explanation=told), *rest))
    )
    assert "No statement was tested." in page
    assert f"N{reason[1:]}." in page
    assert "every test was passed" not in page
