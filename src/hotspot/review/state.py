"""Reviews of statements, and what they come to: approved only when nothing is open."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from hotspot.review.entry import (
    LONGEST_NAME,
    LONGEST_TEXT,
    ReviewError,
    checked_choice,
    checked_date,
    checked_text,
)

ANSWERS = ("approve", "reject", "question")


class Standing(StrEnum):
    """Where a statement, or all of them together, stand."""

    APPROVED = "approved"
    REJECTED = "rejected"
    QUESTIONED = "questioned"
    OPEN = "open"


@dataclass(frozen=True)
class Statement:
    """A sentence that an experiment claims.

    Parameters
    ----------
    id : str
        Unique among the statements of a contaminant.
    text : str
        The sentence.
    contaminant : str
        Whose statement it is.
    verdict : str
        What the program's own tests say of it, such as ``supported``.
    """

    id: str
    text: str
    contaminant: str = ""
    verdict: str = ""


@dataclass(frozen=True)
class Review:
    """What one person says of one statement.

    Parameters
    ----------
    contaminant, statement : str
        Whose statement, and its id.
    text : str
        The statement as it was read: a review holds for these words only.
    answer : str
        One of `ANSWERS`.
    name : str
        Who says so.
    date : str
        The day, ``YYYY-MM-DD``.
    comment : str
        Why; may be empty.

    Raises
    ------
    ReviewError
        A part is missing, or is not what it must be.
    """

    contaminant: str
    statement: str
    text: str
    answer: str
    name: str
    date: str
    comment: str = ""

    def __post_init__(self) -> None:
        checked = {
            "contaminant": checked_text("contaminant", self.contaminant, longest=LONGEST_NAME),
            "statement": checked_text("statement", self.statement, longest=LONGEST_NAME),
            "text": checked_text("text", self.text, longest=LONGEST_TEXT),
            "answer": checked_choice("answer", self.answer, ANSWERS),
            "name": checked_text("name", self.name, longest=LONGEST_NAME),
            "date": checked_date(self.date),
            "comment": checked_text(
                "comment", self.comment, longest=LONGEST_TEXT, needed=False
            ),
        }
        for key, value in checked.items():
            object.__setattr__(self, key, value)

    def to_dict(self) -> dict[str, str]:
        """Return the review as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the review that `to_dict` described.

        Raises
        ------
        ReviewError
            The values are not those of a review.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ReviewError(
                f"A review has other parts than it must: {error}. Repair it, or take it out "
                "of the file."
            ) from error


@dataclass(frozen=True)
class StatementState:
    """A statement with what counts of its reviews.

    Parameters
    ----------
    statement : Statement
        As it stands now.
    standing : Standing
        Of its reviews together.
    reviews : tuple of Review
        The last of each person, in order; only those of the words as they stand now.
    outdated : int
        Reviews of other words under the same id, which do not count.
    """

    statement: Statement
    standing: Standing
    reviews: tuple[Review, ...]
    outdated: int


@dataclass(frozen=True)
class ReviewState:
    """Where the review of an experiment stands.

    Parameters
    ----------
    standing : Standing
        Of all statements together.
    statements : tuple of StatementState
        In the order given.
    """

    standing: Standing
    statements: tuple[StatementState, ...]

    def count(self, standing: Standing) -> int:
        """Return how many statements stand so."""
        return sum(each.standing is standing for each in self.statements)

    @property
    def sentence(self) -> str:
        """The state in one sentence."""
        if not self.statements:
            return "There is no statement to review, so nothing is approved."
        parts = [
            f"{self.count(standing)} {standing}"
            for standing in Standing
            if self.count(standing)
        ]
        n = len(self.statements)
        return f"Of {n} statement{'' if n == 1 else 's'}: {', '.join(parts)}."


def review_state(statements: Iterable[Statement], reviews: Iterable[Review]) -> ReviewState:
    """Return where the review of some statements stands.

    A review counts for the words that it was written for: where a statement has changed
    since, its reviews are outdated and it is open again. Of one person's reviews of a
    statement the last counts. One rejection rejects a statement, whoever approves it; one
    question leaves it questioned. All together are approved only if there is a statement and
    each one is approved.

    Parameters
    ----------
    statements : iterable of Statement
        As they stand now.
    reviews : iterable of Review
        In the order in which they were written; those of other statements are ignored.

    Examples
    --------
    >>> claim = Statement("water", "Water drives zinc.", "zn")
    >>> yes = Review("zn", "water", "Water drives zinc.", "approve", "Ada", "2026-01-31")
    >>> review_state([claim], [yes]).standing
    <Standing.APPROVED: 'approved'>
    >>> changed = Statement("water", "Soil drives zinc.", "zn")
    >>> review_state([changed], [yes]).standing, review_state([], [yes]).standing
    (<Standing.OPEN: 'open'>, <Standing.OPEN: 'open'>)
    """
    entered = list(reviews)
    each = tuple(_state_of(statement, entered) for statement in statements)
    found = {state.standing for state in each}
    for standing in (Standing.REJECTED, Standing.QUESTIONED, Standing.OPEN):
        if standing in found:
            return ReviewState(standing, each)
    return ReviewState(Standing.APPROVED if each else Standing.OPEN, each)


def _state_of(statement: Statement, reviews: list[Review]) -> StatementState:
    mine = [
        review
        for review in reviews
        if (review.contaminant, review.statement) == (statement.contaminant, statement.id)
    ]
    # Spaces around a text are cut from a review, so they cannot be part of the comparison.
    holding = [review for review in mine if review.text == statement.text.strip()]
    last: dict[str, Review] = {}
    for review in holding:
        name = " ".join(review.name.casefold().split())
        last.pop(name, None)
        last[name] = review
    answers = {review.answer for review in last.values()}
    if "reject" in answers:
        standing = Standing.REJECTED
    elif "question" in answers:
        standing = Standing.QUESTIONED
    else:
        standing = Standing.APPROVED if answers else Standing.OPEN
    return StatementState(
        statement, standing, tuple(last.values()), outdated=len(mine) - len(holding)
    )
