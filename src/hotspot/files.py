"""Whole files: written beside the target and renamed, or not at all; their SHA-256."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hotspot.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Give a hidden name beside `path` to write to; it takes the place of `path` at the end.

    An error leaves an existing file as it was and nothing half-written.

    Raises
    ------
    OutputError
        The folder cannot be written, or the disk is full.
    """
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        # The error that is under way says more than a failed clean-up would.
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Give a hidden folder beside `path` to fill; it takes the place of `path` at the end.

    Raises
    ------
    OutputError
        The folder cannot be written, or the disk is full.
    """
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    old = path.with_name(f".{os.getpid()}.old.{path.name}")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        yield beside
        if path.exists():
            path.replace(old)
        beside.replace(path)
    except OSError as error:
        if old.exists() and not path.exists():
            old.replace(path)
        raise _not_written(path, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with replaced_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Write a table as Parquet, without its index, whole or not at all."""
    with replaced_file(path) as beside:
        table.to_parquet(beside, index=False)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replaced_file(path) as beside:
        beside.write_bytes(content)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content as hex digits, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _not_written(path: Path, error: OSError) -> OutputError:
    if isinstance(error, OutputError):
        return error
    return OutputError(
        f"{path} could not be written: {error.strerror or error}. Nothing half-written is "
        "left. Free space or give write permission, then run again."
    )
