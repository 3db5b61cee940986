"""Notes, reviews and statements on disk; one more entry is added whole or not at all."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from hotspot.errors import OutputError
from hotspot.files import write_text
from hotspot.review.entry import ReviewError
from hotspot.review.notes import Note
from hotspot.review.state import Review, Statement

# Beyond what people write by hand; a program that fills the disk is stopped.
MOST_ENTRIES = 5000
_LARGEST_FILE_BYTES = 64 * 2**20
_LOCK_SECONDS = 10.0

_Entry = TypeVar("_Entry")


def read_notes(path: Path) -> tuple[Note, ...]:
    """Return the notes of a GeoJSON file, none if there is no file.

    Raises
    ------
    ReviewError
        The file cannot be read, or a note in it is damaged.
    """
    return _entries(path, "features", Note.from_feature)


def add_note(path: Path, note: Note) -> Note:
    """Add a note to a GeoJSON file, and return it with its id.

    Raises
    ------
    ReviewError
        The file cannot be read, so that it is left alone; or it is full.
    OutputError
        The file cannot be written.
    """
    with _locked(path):
        notes = read_notes(path)
        _check_room(path, len(notes))
        numbers = [int(n.id[5:]) for n in notes if n.id[:5] == "note-" and n.id[5:].isdigit()]
        kept = replace(note, id=f"note-{max(numbers, default=0) + 1}")
        features = [each.to_feature() for each in (*notes, kept)]
        _write(path, {"type": "FeatureCollection", "features": features})
    return kept


def read_reviews(path: Path) -> tuple[Review, ...]:
    """Return the reviews of a file in the order of their entry, none if there is no file.

    Raises
    ------
    ReviewError
        The file cannot be read, or a review in it is damaged.
    """
    return _entries(path, "reviews", Review.from_dict)


def add_review(path: Path, review: Review) -> None:
    """Add a review to a file; earlier ones stay, as the record.

    Raises
    ------
    ReviewError
        The file cannot be read, so that it is left alone; or it is full.
    OutputError
        The file cannot be written.
    """
    with _locked(path):
        reviews = read_reviews(path)
        _check_room(path, len(reviews))
        _write(path, {"reviews": [each.to_dict() for each in (*reviews, review)]})


def read_statements(path: Path, contaminant: str) -> tuple[Statement, ...]:
    """Return the statements on a contaminant, none if there is no file.

    Parameters
    ----------
    path : Path
        ``statements.json``: ``{"statements": [{"id", "text", "verdict", …}, …]}``.
    contaminant : str
        Whose statements they are.

    Raises
    ------
    ReviewError
        The file cannot be read, or two statements share an id.
    """

    def statement(values: dict[str, Any]) -> Statement:
        return Statement(
            id=str(values["id"]),
            text=str(values["text"]),
            contaminant=contaminant,
            verdict=str(values.get("verdict") or ""),
        )

    found = _entries(path, "statements", statement)
    if len({each.id for each in found}) < len(found):
        raise ReviewError(
            f"{path.name} has statements with the same id, and reviews could not tell them "
            "apart. Run `hotspot explain` again."
        )
    return found


def _entries(path: Path, key: str, make: Callable[[Any], _Entry]) -> tuple[_Entry, ...]:
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise ReviewError(
                f"{path.name} has {path.stat().st_size / 2**20:.0f} MiB, more than people "
                "write. Move it away, then try again."
            )
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(make(values) for values in content[key])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ReviewError):
            raise ReviewError(f"{path.name}: {error}") from error
        raise ReviewError(
            f"{path.name} cannot be read: {error!r:.200}. Repair it, or move it away; it was "
            "left as it is."
        ) from error


def _check_room(path: Path, count: int) -> None:
    if count >= MOST_ENTRIES:
        raise ReviewError(
            f"{path.name} holds {count} entries, and no more are taken. Move it away, then "
            "try again."
        )


def _write(path: Path, content: dict[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one writer at a time read, add and write, in this program and in others."""
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_SECONDS)
        lock.acquire()
    except Timeout as error:
        raise OutputError(
            f"{path.name} is being written by another program for over "
            f"{_LOCK_SECONDS:g} s. Try again; if it stays so, end that program."
        ) from error
    except OSError as error:
        raise OutputError(
            f"{path.name} cannot be written: {error.strerror or error}. Nothing was changed; "
            "check the folder, its rights and the free space."
        ) from error
    try:
        yield
    finally:
        lock.release()
