"""Review as data: notes at places, answers to statements, and what they come to."""

from hotspot.review.entry import ReviewError
from hotspot.review.notes import VERDICTS, Note
from hotspot.review.state import (
    ANSWERS,
    Review,
    ReviewState,
    Standing,
    Statement,
    StatementState,
    review_state,
)
from hotspot.review.store import (
    add_note,
    add_review,
    read_notes,
    read_reviews,
    read_statements,
)

__all__ = [
    "ANSWERS",
    "VERDICTS",
    "Note",
    "Review",
    "ReviewError",
    "ReviewState",
    "Standing",
    "Statement",
    "StatementState",
    "add_note",
    "add_review",
    "read_notes",
    "read_reviews",
    "read_statements",
    "review_state",
]
