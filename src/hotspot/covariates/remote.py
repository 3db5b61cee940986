"""A raster on a server, read in parts: only the bytes that a window needs are fetched."""

import http.client
import io
import re
import time
import urllib.error
import urllib.request
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from hotspot.errors import CovariateError

# Bytes are fetched in whole pages: headers are read in crumbs, tiles in hundreds of kilobytes.
_PAGE = 1 << 16
# Pages kept, 32 MB.
_KEPT = 512
# Seconds without a byte after which a connection is given up, and how often it is tried.
_TIMEOUT_S = 60.0
_ATTEMPTS = 3

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True)
class RemoteFile:
    """The address of a file on a server that sends parts of it.

    Parameters
    ----------
    address : str
        Of http or https; `hotspot.covariates.remote_rasters` opens those of object stores, too.

    Examples
    --------
    >>> RemoteFile("https://data.example.org/maps/clay.tif?v=2").name
    'clay.tif'
    """

    address: str

    @property
    def name(self) -> str:
        """The last part of the address, for messages."""
        return PurePosixPath(unquote(urlsplit(self.address).path)).name or self.address

    def __str__(self) -> str:
        return self.address


class RangeReader(io.RawIOBase):
    """A remote file as a stream that can be read anywhere.

    The edition of the file is noted when it is opened, and a server that has another one
    later is refused: parts of two files would make a third that never was.

    Parameters
    ----------
    file : RemoteFile
        What to read.
    pause_s : float, s
        Before a broken connection is tried again.

    Raises
    ------
    CovariateError
        The file is not there, or the server sends no parts of it.
    """

    def __init__(self, file: RemoteFile, *, pause_s: float = 1.0) -> None:
        self._file, self._pause_s = file, pause_s
        self._at = 0
        self._pages: OrderedDict[int, bytes] = OrderedDict()
        self._mark: str | None = None
        self.failure: CovariateError | None = None
        body, headers = self._get(0, _PAGE - 1)
        told = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
        if told is None:
            raise CovariateError(
                f"{file} is on a server that sends whole files only. Fetch it, put it below "
                "data/raw, and give its path."
            )
        self.size = int(told[3])
        self._mark = _edition(headers)
        self._keep(0, body)

    @property
    def edition(self) -> str | None:
        """What tells this edition of the file from others; None where the server does not."""
        return None if self._mark is None else f"{self._mark} {self.size}"

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte, counted from the beginning, from here or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from here on, and return the number of bytes.

        GDAL calls this, and nothing may be raised through it: a failure is kept, and reads
        as the end of the file, which no raster is valid with.
        """
        end = min(self._at + len(buffer), self.size)
        if end <= self._at:
            return 0
        try:
            part = self._part(self._at, end)
        except CovariateError as error:
            self.failure = error
            return 0
        buffer[: len(part)] = part
        self._at = end
        return len(part)

    def _part(self, start: int, end: int) -> bytes:
        first, last = start // _PAGE, (end - 1) // _PAGE
        pages = {
            page: self._pages[page] for page in range(first, last + 1) if page in self._pages
        }
        missing = [page for page in range(first, last + 1) if page not in pages]
        if missing:
            low, high = missing[0], missing[-1]
            body, _ = self._get(low * _PAGE, min((high + 1) * _PAGE, self.size) - 1)
            for page in range(low, high + 1):
                pages[page] = body[(page - low) * _PAGE : (page - low + 1) * _PAGE]
                self._keep(page, pages[page])
        whole = b"".join(pages[page] for page in range(first, last + 1))
        return whole[start - first * _PAGE : end - first * _PAGE]

    def _keep(self, page: int, content: bytes) -> None:
        self._pages[page] = content
        while len(self._pages) > _KEPT:
            self._pages.popitem(last=False)

    def _get(self, first: int, last: int) -> tuple[bytes, http.client.HTTPMessage]:
        """Return the bytes of a part, both ends included, and the headers beside them."""
        headers = {
            "Range": f"bytes={first}-{last}",
            "Accept-Encoding": "identity",
            "User-Agent": "hotspot",
        }
        request = urllib.request.Request(  # noqa: S310 (config lets http and https through only)
            self._file.address, headers=headers
        )
        opener = urllib.request.build_opener(_StayThere)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with opener.open(request, timeout=_TIMEOUT_S) as answer:
                    self._check(answer, first)
                    body = answer.read() if answer.status == 206 else b""
                    return body, answer.headers
            except urllib.error.HTTPError as refusal:
                refusal.close()
                if refusal.code < 500 or attempt == _ATTEMPTS:
                    raise self._lost(f"HTTP {refusal.code} {refusal.reason}") from refusal
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, CovariateError) or attempt == _ATTEMPTS:
                    raise self._lost(str(error) or type(error).__name__) from error
            time.sleep(self._pause_s * attempt)
        raise self._lost("no answer")

    def _check(self, answer: http.client.HTTPResponse, first: int) -> None:
        """Refuse a part that is not the one asked for, or of another edition."""
        if answer.status != 206:
            return
        told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if told is None or int(told[1]) != first:
            raise self._lost("the server sent another part than was asked for")
        if self._mark is not None and _edition(answer.headers) != self._mark:
            raise self._lost("the file was changed while it was read")

    def _lost(self, reason: str) -> CovariateError:
        return CovariateError(
            f"{self._file} cannot be read: {reason}. Run again; or fetch it, put it below "
            "data/raw, and give its path."
        )


def remote_edition(file: RemoteFile) -> str:
    """Return what tells the edition of a remote file from others.

    A server that marks no editions is answered with a text that is never the same, so that
    nothing made from its file is taken over.
    """
    return RangeReader(file).edition or f"unknown {uuid4()}"


def _edition(headers: http.client.HTTPMessage) -> str | None:
    return headers.get("ETag") or headers.get("Last-Modified")


class _StayThere(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: the user named a host to read from, and this would be another."""

    # The standard library gives no types for what it hands over here.
    def redirect_request(  # type: ignore[no-untyped-def]
        self, req, fp, code, msg, headers, newurl
    ) -> urllib.request.Request | None:
        """Refuse."""
        raise CovariateError(
            f"{req.full_url} leads on to {newurl}. Give that address, and name its host as "
            "one to be read from."
        )
