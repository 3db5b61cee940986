"""Where the review of a contaminant's statements stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ReviewAnswer:
    """What one person says of one statement: ``approve``, ``reject`` or ``question``."""

    answer: str
    name: str
    date: str
    comment: str = ""


@dataclass(frozen=True)
class StatementReview:
    """What counts of the reviews of one statement.

    Parameters
    ----------
    standing : str
        ``approved``, ``rejected``, ``questioned`` or ``open``.
    answers : tuple of ReviewAnswer
        The last of each person, to the words as they stand now.
    outdated : int
        Answers to other words under the same id, which do not count.
    """

    standing: str
    answers: tuple[ReviewAnswer, ...] = ()
    outdated: int = 0


@dataclass(frozen=True)
class ReviewContent:
    """Where all statements together stand: approved only if every one of them is.

    Parameters
    ----------
    standing : str
        Of all together.
    sentence : str
        The same in words.
    statements : mapping of str to StatementReview
        By the id of the statement.
    """

    standing: str
    sentence: str
    statements: Mapping[str, StatementReview] = field(default_factory=dict)
