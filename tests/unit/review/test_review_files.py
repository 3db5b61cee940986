"""Notes and reviews on disk: valid, whole, and never lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hotspot.review import (
    Note,
    Review,
    ReviewError,
    add_note,
    add_review,
    read_notes,
    read_reviews,
    read_statements,
)

NOTE = Note(5.74, 50.97, "zn", "P is 7 %", "disagree", "A dyke.", "Ada", "2026-01-31")
REVIEW = Review("zn", "a", "Water drives zinc.", "approve", "Ada", "2026-01-31")


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """Notes and reviews are read as they were written, in order, with ids of their own."""
    notes, reviews = tmp_path / "review" / "notes.geojson", tmp_path / "review.json"
    first = add_note(notes, NOTE)
    second = add_note(notes, replace(NOTE, text="Zwei\nZeilen, ünïcode"))
    add_review(reviews, REVIEW)
    add_review(reviews, replace(REVIEW, answer="reject", comment="No."))
    assert (first.id, second.id) == ("note-1", "note-2")
    assert read_notes(notes) == (first, second)
    assert [r.answer for r in read_reviews(reviews)] == ["approve", "reject"]


def test_notes_are_geojson(tmp_path: Path) -> None:
    """Any GIS reads the file: points in WGS 84, longitude first."""
    import geopandas as gpd

    path = tmp_path / "notes.geojson"
    add_note(path, NOTE)
    frame = gpd.read_file(path)
    assert (frame.geometry.x[0], frame.geometry.y[0]) == (5.74, 50.97)
    assert frame["verdict"][0] == "disagree"
    assert frame.crs.to_epsg() == 4326


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Notes that arrive together are all kept, each with its own id."""
    path = tmp_path / "notes.geojson"
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda n: add_note(path, replace(NOTE, text=f"{n}")), range(24)))
    assert len({note.id for note in kept}) == 24
    assert {note.text for note in read_notes(path)} == {str(n) for n in range(24)}


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    """What cannot be read is not written over."""
    path = tmp_path / "notes.geojson"
    path.write_text('{"features": [{"half')
    with pytest.raises(ReviewError, match=r"notes\.geojson cannot be read"):
        add_note(path, NOTE)
    assert path.read_text() == '{"features": [{"half'


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": "  "}, "name: nothing is written"),
        ({"name": "x" * 121}, "name: 121 characters"),
        ({"text": "a\x00b"}, r"U\+0000"),
        ({"text": "a\u202eb"}, r"U\+202E"),
        ({"text": "\ud800"}, r"U\+D800"),
        ({"date": "31.01.2026"}, "date: '31.01.2026' is no day"),
        ({"date": "2026-02-30"}, "is no day"),
        ({"date": "20260131"}, "is no day"),
        ({"verdict": "approved"}, "Choose one of agree, disagree, question"),
        ({"longitude": float("nan")}, "longitude: nan is no place"),
        ({"latitude": 91.0}, "latitude: 91.0 is no place"),
        ({"latitude": True}, "is no place"),
        ({"statement": 7}, "statement: 7 is no text"),
    ],
)
def test_a_note_that_is_none_is_refused(change: dict[str, object], word: str) -> None:
    """Each part is checked, and the message names it."""
    with pytest.raises(ReviewError, match=word):
        replace(NOTE, **change)


def test_an_unknown_answer_is_refused() -> None:
    """A review approves, rejects or questions."""
    with pytest.raises(ReviewError, match="approve, reject, question"):
        replace(REVIEW, answer="maybe")


def test_damaged_entries_are_named(tmp_path: Path) -> None:
    """A review with a part too many, or a note without a place, is told."""
    reviews, notes = tmp_path / "review.json", tmp_path / "notes.geojson"
    reviews.write_text(json.dumps({"reviews": [{**REVIEW.to_dict(), "extra": 1}]}))
    notes.write_text(json.dumps({"features": [{**NOTE.to_feature(), "geometry": None}]}))
    with pytest.raises(ReviewError, match="extra"):
        read_reviews(reviews)
    with pytest.raises(ReviewError, match="no point"):
        read_notes(notes)


def test_statements(tmp_path: Path) -> None:
    """Further parts are ignored, a missing file is no statement, two of one id are refused."""
    path = tmp_path / "statements.json"
    assert read_statements(path, "zn") == ()
    one = {"id": "a", "text": "Water.", "verdict": "supported", "evidence": [1, 2]}
    path.write_text(json.dumps({"statements": [one]}))
    (found,) = read_statements(path, "zn")
    assert (found.id, found.text, found.verdict, found.contaminant) == (
        "a",
        "Water.",
        "supported",
        "zn",
    )
    path.write_text(json.dumps({"statements": [one, one]}))
    with pytest.raises(ReviewError, match="same id"):
        read_statements(path, "zn")


def test_a_full_file_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that writes without end is stopped."""
    monkeypatch.setattr("hotspot.review.store.MOST_ENTRIES", 2)
    path = tmp_path / "review.json"
    add_review(path, REVIEW)
    add_review(path, REVIEW)
    with pytest.raises(ReviewError, match="2 entries"):
        add_review(path, REVIEW)
    assert len(read_reviews(path)) == 2
