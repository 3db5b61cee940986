"""The record of a file that was fetched: where it came from, and its checksum."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hotspot.errors import DownloadError
from hotspot.files import write_text


@dataclass(frozen=True)
class Fetched:
    """What is remembered of a file that was fetched.

    Parameters
    ----------
    address : str
        Where it came from.
    sha256 : str
        Of its content.
    bytes : int
        Its size.
    is_expected : bool
        Whether the checksum was known before; otherwise it was recorded.
    """

    address: str
    sha256: str
    bytes: int
    is_expected: bool


def write_record(fetched: Fetched, path: Path) -> None:
    """Write beside a file where it came from, with its checksum."""
    write_text(record_path(path), json.dumps(asdict(fetched), indent=2) + "\n")


def read_record(path: Path) -> Fetched | None:
    """Return what is remembered of a file, or None."""
    record = record_path(path)
    if not record.is_file():
        return None
    try:
        return Fetched(**json.loads(record.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DownloadError(
            f"{record} is no record of a download: {error}. Remove it together with "
            f"{path.name}, and fetch the file again."
        ) from error


def record_path(path: Path) -> Path:
    """Return where the record of a file lies.

    Examples
    --------
    >>> record_path(Path("data/raw/a.csv")).as_posix()
    'data/raw/a.csv.source.json'
    """
    return path.with_name(f"{path.name}.source.json")
