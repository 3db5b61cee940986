"""What reviews come to: never approved while anything is open."""

from hypothesis import given
from hypothesis import strategies as st

from hotspot.review import ANSWERS, Review, Standing, Statement, review_state

TEXTS = st.sampled_from(["Water drives zinc.", "Soil drives zinc."])
IDS = st.sampled_from(["a", "b", "c"])
STATEMENTS = st.lists(
    st.builds(Statement, IDS, TEXTS, st.sampled_from(["zn", "cd"])),
    unique_by=lambda statement: (statement.contaminant, statement.id),
)
REVIEWS = st.lists(
    st.builds(
        Review,
        contaminant=st.sampled_from(["zn", "cd"]),
        statement=IDS,
        text=TEXTS,
        answer=st.sampled_from(ANSWERS),
        name=st.sampled_from(["Ada", "Bo", " ada "]),
        date=st.just("2026-01-31"),
    ),
    max_size=12,
)


def review(answer: str, name: str = "Ada", text: str = "Water drives zinc.") -> Review:
    return Review("zn", "a", text, answer, name, "2026-01-31")


CLAIM = Statement("a", "Water drives zinc.", "zn", "supported")


@given(statements=STATEMENTS, reviews=REVIEWS)
def test_approved_means_that_each_one_is(
    statements: list[Statement], reviews: list[Review]
) -> None:
    """Each statement needs a last word on its present wording, and no last word but yes."""
    state = review_state(statements, reviews)
    for each in state.statements:
        held = {
            r.name.strip().casefold(): r.answer
            for r in reviews
            if (r.contaminant, r.statement, r.text)
            == (each.statement.contaminant, each.statement.id, each.statement.text)
        }
        is_approved = bool(held) and set(held.values()) == {"approve"}
        assert (each.standing is Standing.APPROVED) == is_approved
    whole = [each.standing is Standing.APPROVED for each in state.statements]
    assert (state.standing is Standing.APPROVED) == (bool(whole) and all(whole))


@given(statements=STATEMENTS, reviews=REVIEWS)
def test_counts_add_up(statements: list[Statement], reviews: list[Review]) -> None:
    """Every statement stands somewhere, and the sentence says approved only where one is."""
    state = review_state(statements, reviews)
    assert sum(state.count(standing) for standing in Standing) == len(statements)
    assert ("approved" in state.sentence.removesuffix("nothing is approved.")) == (
        state.count(Standing.APPROVED) > 0
    )


def test_nothing_to_review_is_not_approved() -> None:
    """An experiment without statements is open."""
    state = review_state([], [review("approve")])
    assert state.standing is Standing.OPEN
    assert "nothing is approved" in state.sentence


def test_the_last_word_of_a_person_counts() -> None:
    """Who approves after a question has no question any more; the record keeps both."""
    state = review_state([CLAIM], [review("question"), review("approve", " ADA ")])
    assert state.standing is Standing.APPROVED
    assert len(state.statements[0].reviews) == 1


def test_one_rejection_outweighs_approvals() -> None:
    """Another person's approval does not undo a rejection."""
    state = review_state([CLAIM], [review("reject"), review("approve", "Bo")])
    assert state.standing is Standing.REJECTED


def test_a_changed_statement_is_open_again() -> None:
    """Reviews of other words do not count, and are told as outdated."""
    state = review_state([CLAIM], [review("approve", text="Soil drives zinc.")])
    assert state.standing is Standing.OPEN
    assert state.statements[0].outdated == 1


def test_a_review_of_another_contaminant_does_not_count() -> None:
    """The same id and words of cadmium say nothing on zinc."""
    other = Review("cd", "a", CLAIM.text, "approve", "Ada", "2026-01-31")
    assert review_state([CLAIM], [other]).standing is Standing.OPEN
