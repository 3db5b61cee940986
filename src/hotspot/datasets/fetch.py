"""Fetching one file: resumed where it broke off, whole or not at all, checked."""

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hotspot.datasets.record import Fetched
from hotspot.errors import DownloadError
from hotspot.files import file_sha256

# Bytes read at once.
_CHUNK = 1 << 18
# Seconds without a byte after which a connection is given up.
_TIMEOUT_S = 60.0
# Larger files than this are refused where the catalogue tells no size: a disk is finite.
_MOST_BYTES = 4 * 1024**3
# Answers worth another try; any other refusal is final.
_PASSING = {408, 425, 429, 500, 502, 503, 504}

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


def fetch(
    address: str,
    path: Path,
    *,
    expected_sha256: str | None = None,
    expected_bytes: int | None = None,
    attempts: int = 4,
    pause_s: float = 2.0,
    progress: Callable[[int, int], None] | None = None,
) -> Fetched:
    """Download a file; what an earlier attempt got is not asked for again.

    What is there of the file lies in ``.<name>.part`` beside `path`, and `path` appears when
    it is complete and right. A part is continued only if the server says that the file is
    still the same, or if the checksum is known and tells in the end.

    Parameters
    ----------
    address : str
        Of http or https; an address of https is not left for one of http.
    path : Path
        Where the file goes. An existing file is replaced.
    expected_sha256 : str, optional
        Checksum of the content.
    expected_bytes : int, optional
        Size of the content.
    attempts : int
        How often a broken connection is taken up again, from 1.
    pause_s : float, s
        Before the second attempt; twice as long before each further one.
    progress : callable, optional
        Called with (bytes there, bytes in all or 0).

    Raises
    ------
    DownloadError
        The server has no such file, breaks off too often, sends something else than what is
        expected, or the disk is full.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise DownloadError(
            f"{address} is no address of http or https. Give one that a browser opens."
        )
    part = _Part(path)
    for attempt in range(1, attempts + 1):
        try:
            _continue(address, part, expected_sha256 is not None, expected_bytes, progress)
            break
        except _BrokenOffError as broken:
            if attempt == attempts:
                raise DownloadError(
                    f"{address} broke off {attempts} times, the last time with: {broken}. "
                    f"{part.size} bytes are kept; run the same command again to go on."
                ) from broken
            time.sleep(pause_s * 2 ** (attempt - 1))
        except DownloadError:
            raise
        except OSError as error:
            raise DownloadError(
                f"{part.path} could not be written: {error.strerror or error}. Free space or "
                "give write permission, then run again."
            ) from error
    found = file_sha256(part.path)
    if expected_sha256 is not None and found != expected_sha256:
        size = part.size
        part.forget()
        raise DownloadError(
            f"{address} sent {size} bytes with the SHA-256 {found}, and {expected_sha256} was "
            "expected: the file has changed or was damaged on the way, and was not kept. Run "
            "again; if it stays so, look for a notice of the publisher, and fetch it by hand "
            "with file=PATH once you trust it."
        )
    fetched = Fetched(address, found, part.size, expected_sha256 is not None)
    part.path.replace(path)
    part.forget()
    return fetched


class _BrokenOffError(Exception):
    """The connection ended before the file did; another attempt may go on."""


class _Part:
    """What is there of a file, and by what the server knows its edition."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path.with_name(f".{path.name}.part")
        self._edition = path.with_name(f".{path.name}.part.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def begun_from(self, address: str) -> tuple[bool, str | None]:
        """Return whether the part is of this address, and the server's mark of its edition."""
        try:
            told = json.loads(self._edition.read_text(encoding="utf-8"))
            if told["address"] != address:
                return False, None
        except (OSError, ValueError, KeyError, TypeError):
            return False, None
        edition = told.get("edition")
        return True, str(edition) if edition else None

    def begin(self, address: str, edition: str | None) -> None:
        """Note what is fetched, before its first byte."""
        note = json.dumps({"address": address, "edition": edition})
        self._edition.write_text(note, encoding="utf-8")

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self._edition.unlink(missing_ok=True)


def _continue(
    address: str,
    part: _Part,
    is_checked: bool,
    expected_bytes: int | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Fetch what is missing of a part."""
    is_of_address, edition = part.begun_from(address)
    start = part.size if is_of_address and (edition or is_checked) else 0
    headers = {"Accept-Encoding": "identity", "User-Agent": "hotspot"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if edition:
            headers["If-Range"] = edition
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 (scheme was checked)
    opener = urllib.request.build_opener(StayEncrypted)
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            wanted = _Wanted(address, start, expected_bytes, is_checked)
            _take(answer, wanted, part, progress)
    except urllib.error.HTTPError as refusal:
        with refusal:
            _refused(refusal, address, part, start)
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from error
    except urllib.error.URLError as error:
        reason = error.reason
        if isinstance(reason, TimeoutError | ConnectionError):
            raise _BrokenOffError(str(reason)) from error
        raise DownloadError(
            f"{address} cannot be reached: {reason}. Check the network (and HTTPS_PROXY), or "
            "fetch it in a browser and give it with file=PATH."
        ) from error


def _refused(refusal: urllib.error.HTTPError, address: str, part: _Part, start: int) -> None:
    """Tell what an answer other than success means."""
    if refusal.code == 416 and start:
        total = _CONTENT_RANGE.fullmatch(refusal.headers.get("Content-Range", ""))
        if total is not None and total[3] == str(start):
            return  # everything was there already
        part.forget()
        raise _BrokenOffError("the part at hand is not of this file")
    if refusal.code in _PASSING:
        raise _BrokenOffError(f"HTTP {refusal.code} {refusal.reason}")
    raise DownloadError(
        f"{address} was refused: HTTP {refusal.code} {refusal.reason}. The file may have "
        "moved: look for it at the publisher's page, and give its new address with address=URL "
        "or a copy of it with file=PATH."
    )


@dataclass(frozen=True)
class _Wanted:
    """What was asked of a server: a file from some byte on, and what is known of it."""

    address: str
    start: int
    bytes: int | None
    is_checked: bool


def _take(
    answer: http.client.HTTPResponse,
    asked: _Wanted,
    part: _Part,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write the body of an answer behind what is there, or afresh."""
    address, start, expected_bytes = asked.address, asked.start, asked.bytes
    total = _announced(answer)
    if answer.status == 206:
        told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if told is None or told[1] != str(start):
            part.forget()
            raise _BrokenOffError("the server sent another part of the file than was asked")
        total = None if told[3] == "*" else int(told[3])
    else:
        start = 0
        part.begin(address, _edition_of(answer))
    if not (_tells_its_end(answer) or expected_bytes or asked.is_checked):
        raise DownloadError(
            f"{address} is sent without its size, and neither size nor checksum is known: "
            "nobody could tell whether all of it came. Fetch it in a browser and give it with "
            "file=PATH."
        )
    most = _MOST_BYTES if expected_bytes is None else expected_bytes
    if expected_bytes is not None and total is not None and total != expected_bytes:
        part.forget()
        raise DownloadError(
            f"{address} announces {total} bytes, and {expected_bytes} were expected: it is "
            "another file, or a page that tells something. Open the address in a browser."
        )
    with part.path.open("ab" if start else "wb") as out:
        there = start
        for block in _blocks(answer):
            there += len(block)
            if there > most:
                out.close()
                part.forget()
                raise DownloadError(
                    f"{address} sends more than the {most} bytes that are expected at most, "
                    "and was stopped. Open the address in a browser."
                )
            out.write(block)
            if progress is not None:
                progress(there, total or expected_bytes or 0)
    wanted = total if total is not None else expected_bytes
    if wanted is not None and there < wanted:
        raise _BrokenOffError(f"{there} of {wanted} bytes came")


def _blocks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Give the body piece by piece, and what came of a piece before it broke off."""
    try:
        while block := answer.read(_CHUNK):
            yield block
    except http.client.IncompleteRead as error:
        if error.partial:
            yield error.partial
        raise


def _announced(answer: http.client.HTTPResponse) -> int | None:
    """Return the size of the file that an answer announces; None where it tells its end."""
    encoding = answer.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise DownloadError(
            f"{answer.url} was sent as {encoding}, which was not asked for and cannot be "
            "resumed. Fetch it in a browser and give it with file=PATH."
        )
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _tells_its_end(answer: http.client.HTTPResponse) -> bool:
    """Whether a body that breaks off can be told from one that is complete."""
    chunked = answer.headers.get("Transfer-Encoding", "").lower() == "chunked"
    return chunked or answer.headers.get("Content-Length", "").isdigit()


def _edition_of(answer: http.client.HTTPResponse) -> str | None:
    """Return what tells editions of a file apart: a strong tag, or the date of change."""
    tag = answer.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return str(tag)
    return answer.headers.get("Last-Modified")


class StayEncrypted(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but none from https to another scheme."""

    # The standard library gives no types for what it hands over here.
    def redirect_request(  # type: ignore[no-untyped-def]
        self, req, fp, code, msg, headers, newurl
    ) -> urllib.request.Request | None:
        """Return the request that follows, or refuse it."""
        if urlsplit(req.full_url).scheme == "https" != urlsplit(newurl).scheme:
            raise DownloadError(
                f"{req.full_url} leads on to {newurl}, which is not encrypted. Look for "
                "the file at the publisher's page, and give its address with address=URL."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)
