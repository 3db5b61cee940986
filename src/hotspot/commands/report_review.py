"""Gathering where the review of an experiment stands, from what reviewers wrote."""

from hotspot.config.paths import Paths
from hotspot.explanations.store import STATEMENTS_FILE
from hotspot.report.content import ReviewAnswer, ReviewContent, StatementReview
from hotspot.review.state import review_state
from hotspot.review.store import read_reviews, read_statements


def review_of(paths: Paths, contaminant: str) -> ReviewContent | None:
    """Return where the statements on a contaminant stand; None where there are none.

    Raises
    ------
    ReviewError
        What reviewers wrote cannot be read: a report without it would say too little.
    """
    statements = read_statements(paths.explanations(contaminant) / STATEMENTS_FILE, contaminant)
    if not statements:
        return None
    state = review_state(statements, read_reviews(paths.reviews))
    return ReviewContent(
        standing=str(state.standing),
        sentence=state.sentence,
        statements={
            each.statement.id: StatementReview(
                str(each.standing),
                tuple(
                    ReviewAnswer(review.answer, review.name, review.date, review.comment)
                    for review in each.reviews
                ),
                each.outdated,
            )
            for each in state.statements
        },
    )
