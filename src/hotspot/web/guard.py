"""The door of the viewer: who may ask, how much may come in, and what goes out with it."""

import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from ipaddress import ip_address
from socket import gethostname
from typing import Any

from hotspot.web.refusal import RequestError, shown

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# A note of the greatest length in characters of four bytes fits twice.
LARGEST_BODY_BYTES = 64 * 1024
# Shows that a request to write comes from a page that this server sent.
PAGE_HEADER = "x-hotspot-token"

# Nothing but what the viewer itself sends is loaded or run. Leaflet puts an empty picture in
# the place of a tile that is no longer wanted, as a data address.
_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Door:
    """Whose requests are taken.

    Parameters
    ----------
    host : str
        The address that the server is bound to.
    token : str
        What a page that this server sent knows, and no other page.
    """

    host: str
    token: str

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    def takes_host(self, header: str) -> bool:
        """Whether a request may name the server so.

        A page from elsewhere can make its own name point here (DNS rebinding) and would then
        count as the same origin; but the browser still tells that name. So on this machine
        only its own names are taken, and on a network only numbers and the machine's name.

        Examples
        --------
        >>> here = Door("127.0.0.1", "t")
        >>> [here.takes_host(name) for name in ("127.0.0.1:8765", "localhost", "evil.example")]
        [True, True, False]
        """
        name = _host_name(header)
        if name in ("localhost", self.host.casefold()) or is_loopback(name):
            return True
        if self.is_local:
            return False
        return _is_address(name) or name == gethostname().casefold()

    def refusal(self, method: str, headers: dict[str, str], scheme: str) -> RequestError | None:
        """Return why a request is not taken, or None if it is."""
        host = headers.get("host", "")
        if not self.takes_host(host):
            return RequestError(
                400,
                wrong="The request was made under a name that is not this server's.",
                seen=f"Host: {shown(host)}.",
                remedy="Open the address that `hotspot serve` printed.",
            )
        if method in ("GET", "HEAD"):
            return None
        if method != "POST":
            return RequestError(
                405,
                wrong="The viewer answers GET, HEAD and POST only.",
                seen=f"Method: {shown(method)}.",
                remedy="Use one of them.",
            )
        return self._refusal_to_write(headers, f"{scheme}://{host}")

    def _refusal_to_write(self, headers: dict[str, str], own: str) -> RequestError | None:
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            return RequestError(
                415,
                wrong="What is written must come as JSON.",
                seen=f"Content-Type: {shown(kind)}.",
                remedy="Send application/json.",
            )
        origin = headers.get("origin", own)
        site = headers.get("sec-fetch-site", "same-origin")
        token = headers.get(PAGE_HEADER, "")
        known = secrets.compare_digest(token.encode(), self.token.encode())
        if not known or origin.casefold() != own.casefold() or site != "same-origin":
            return RequestError(
                403,
                wrong="The request to write did not come from a page of this server.",
                seen=f"Origin: {shown(origin)}, token {'known' if known else 'unknown'}.",
                remedy="Reload the page, then try again.",
            )
        return None


class Guard:
    """Lets requests through a door, with bounded bodies, and adds headers to every answer."""

    def __init__(self, application: Application, door: Door) -> None:
        self._application = application
        self._door = door

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            # There are no web sockets here; closing before accepting refuses them.
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(key.encode(), value.encode()) for key, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        headers = {
            key.decode("latin-1").lower(): value.decode("latin-1")
            for key, value in scope["headers"]
        }
        refusal = self._door.refusal(scope["method"], headers, scope.get("scheme", "http"))
        if refusal is None and scope["method"] == "POST":
            body = await _body(receive)
            if body is None:
                refusal = RequestError(
                    413,
                    wrong="More was sent than a note or a review can hold.",
                    seen=f"Over {LARGEST_BODY_BYTES // 1024} KiB.",
                    remedy="Shorten it.",
                )
            else:
                receive = _replayed(body, receive)
        if refusal is not None:
            await _refuse(refusal, send_with_headers)
            return
        await self._application(scope, receive, send_with_headers)


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    return host.casefold() == "localhost" or (
        _is_address(host) and ip_address(host).is_loopback
    )


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _host_name(header: str) -> str:
    """Return the host of a Host header without its port."""
    text = header.strip().casefold()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body, or None where it is too large or the client went away."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body at once, then what comes after it."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


async def _refuse(refusal: RequestError, send: Send) -> None:
    content = json.dumps(refusal.to_dict(), ensure_ascii=False).encode()
    await send(
        {
            "type": "http.response.start",
            "status": refusal.status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": content})
