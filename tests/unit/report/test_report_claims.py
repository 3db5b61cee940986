"""The page's part on tested statements, hotspot cards and origins."""

from dataclasses import replace

from hotspot.report import render_report
from hotspot.report.claims import claims_view
from hotspot.report.content import Claims, ReportContent

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
                "text": "Higher values of <b>dist</b> go with zinc being lower.",
                "verdict": "supported",
                "kind": "covariate",
                "subject": "dist",
                "evidence": FACTS,
                "cautions": [],
            },
            {
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
        width=[("water", 0.3)],
    )


def test_sentences_and_tables_say_what_the_files_hold() -> None:
    """Counts by verdict, what was done, measured values as intervals, and refusals."""
    view = claims_view(made())
    assert view.summary.startswith("Of 2 statements: 1 supported, 1 unstable.")
    assert "5 fold models, 1 other seeds, 2 parts of the samples" in view.summary
    assert view.statements.rows[1][2] == "within the placebo band; two readings"
    head, samples, sentences = view.cards[0]
    assert head == "Hotspot 1: 2\u00a0ha"
    assert [row[2] for row in samples.rows] == ["< 5 mg/kg", "> 800 mg/kg"]
    assert "from 0.7 to 0.95" in sentences[0]
    assert "No share is given to point origins." in view.origins
    assert "land use" in view.origins[1]
    assert view.width is not None


def test_the_page_shows_statements_first_and_escapes_them(report: ReportContent) -> None:
    """They stand before the charts; their text is text, not markup."""
    one = report.contaminants[0]
    assert one.explanation is not None
    explained = replace(one.explanation, claims=made())
    page = render_report(replace(report, contaminants=(replace(one, explanation=explained),)))
    assert "Statements, tested" in page
    assert "&lt;b&gt;dist&lt;/b&gt;" in page
    assert page.index("Statements, tested") < page.index("Along the values of a covariate")
    assert "Learnt without roads, it stays." in page
    assert "Another model predicts better." in page
