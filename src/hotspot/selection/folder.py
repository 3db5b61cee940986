"""The folder in which a search remembers what it scored, so that it goes on after a stop."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hotspot.errors import OutputError, few
from hotspot.files import write_text


@contextmanager
def search_folder(folder: Path, about: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Hold the folder of a search, for one process at a time, and give what changed.

    What a search of something else left there is removed: it says nothing of this one.

    Parameters
    ----------
    folder : Path
        Of this search alone.
    about : mapping
        All that the scores depend on, as plain values; kept in ``about.json``.

    Yields
    ------
    tuple of str
        What differs from the search that lay here and was removed; empty if none was.

    Raises
    ------
    OutputError
        Another process holds the folder, or it cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        raise OutputError(
            f"{folder} is in use: another process is searching the same. "
            "Wait for it, or give this one another name=."
        ) from error
    except OSError as error:
        raise not_written(folder, error) from error
    try:
        yield _renew(folder, about)
    finally:
        lock.release()


def _renew(folder: Path, about: Mapping[str, Any]) -> tuple[str, ...]:
    """Make the folder that of this study; return what changed since the one before."""
    wanted: dict[str, Any] = json.loads(json.dumps(about))
    path = folder / "about.json"
    changed: tuple[str, ...] = ()
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        if found == wanted:
            return ()
        known = found if isinstance(found, dict) else {}
        keys = [key for key in wanted if known.get(key) != wanted[key]]
        changed = tuple(keys) or ("what is told of it",)
    for inner in folder.iterdir():
        if inner.is_dir():
            shutil.rmtree(inner)
        elif inner.name != ".lock":
            inner.unlink()
    write_text(path, json.dumps(wanted, indent=1, sort_keys=True) + "\n")
    return changed


def not_written(path: Path, error: OSError) -> OutputError:
    """Return the error to raise where a search cannot keep what it found."""
    return OutputError(
        f"{path} could not be written: {error.strerror or error}. What was "
        "finished is kept. Free space or give write permission, then run again."
    )


def told_changes(changed: tuple[str, ...]) -> str:
    """Return why a study starts afresh, as one sentence.

    Examples
    --------
    >>> told_changes(("space", "samples"))
    'The search starts afresh, since these changed: space, samples.'
    """
    return f"The search starts afresh, since these changed: {few(changed, 8)}."
