"""A server on this machine that breaks off, refuses and sends other things, as servers do."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Served:
    """What a server sends for any path, and what it was asked.

    Parameters
    ----------
    content : bytes
        The file.
    breaks : list of int
        How many bytes each of the first answers sends before the connection ends.
    ranges : bool
        Whether parts are sent to who asks for them.
    etag, modified : str or None
        The marks of the edition.
    status : list of int
        Refusals of the first answers.
    leads_to : str or None
        Where the first answer sends the reader instead.
    headers : dict of str to str
        More headers, or others than the usual ones; empty for none.
    """

    content: bytes = b""
    breaks: list[int] = field(default_factory=list)
    ranges: bool = True
    etag: str | None = '"one"'
    modified: str | None = None
    status: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    leads_to: str | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def served() -> Iterator[Served]:
    """Return a server's behaviour, to be changed by the test; its address is in it."""
    told = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(dict(self.headers))
            if told.status:
                self.send_error(told.status.pop(0))
                return
            if told.leads_to is not None:
                self.send_response(302)
                self.send_header("Location", told.leads_to)
                self.end_headers()
                told.leads_to = None
                return
            start, total = 0, len(told.content)
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            edition = self.headers.get("If-Range")
            same = edition is None or edition in (told.etag, told.modified)
            if wanted and told.ranges and same:
                start = int(wanted[1])
                if start >= total:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{total}")
                    self.end_headers()
                    return
            sent = {
                "Content-Length": str(total - start),
                "ETag": told.etag,
                "Last-Modified": told.modified,
                "Content-Range": f"bytes {start}-{total - 1}/{total}" if start else None,
                **told.headers,
            }
            self.send_response(206 if start else 200)
            for name, value in sent.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            end = start + told.breaks.pop(0) if told.breaks else total
            self.wfile.write(told.content[start:end])

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.address = f"http://127.0.0.1:{server.server_address[1]}/file.csv"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()
