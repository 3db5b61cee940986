"""Who may ask: names of this machine only, and writing only from its own page."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hotspot.errors import ConfigError
from hotspot.web.guard import LARGEST_BODY_BYTES, Door, Guard
from hotspot.web.server import bind, serve

HERE = Door("127.0.0.1", "t")
NOTE = "/api/zn/notes"
GOOD = {"x-hotspot-token": "known-to-the-page", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8765", True),
        ("localhost:9", True),
        ("LOCALHOST", True),
        ("[::1]:8765", True),
        ("", False),
        ("evil.example", False),
        ("evil.example:8765", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("192.168.0.7:8765", False),
        ("[fe80::1]:8765", False),
        ("127.0.0.1@evil.example", False),
    ],
)
def test_names_that_are_taken_on_this_machine(host: str, taken: bool) -> None:
    """A name that somebody made to point here (DNS rebinding) is not one of them."""
    assert HERE.takes_host(host) is taken


def test_names_that_are_taken_on_a_network() -> None:
    """Bound to a network, numbers and the machine's own name are taken, others are not."""
    from socket import gethostname

    there = Door("0.0.0.0", "t")  # noqa: S104 - nothing is bound here
    assert not there.is_local
    assert there.takes_host("192.168.0.7:8765")
    assert there.takes_host(gethostname())
    assert there.takes_host("localhost")
    assert not there.takes_host("evil.example")


def test_a_foreign_host_gets_nothing(client: TestClient) -> None:
    """Neither page nor number is sent under another name."""
    for path in ("/", "/api/experiment", "/static/app.js"):
        answer = client.get(path, headers={"host": "evil.example"})
        assert answer.status_code == 400
        assert set(answer.json()) == {"wrong", "seen", "do"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"x-hotspot-token": "guessed"}, 403),
        ({"x-hotspot-token": ""}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://127.0.0.1:8765"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"host": "evil.example"}, 400),
    ],
)
def test_writing_from_elsewhere_is_refused(
    client: TestClient, change: dict[str, str], status: int
) -> None:
    """A page of another origin cannot write, with or without a form."""
    answer = client.post(NOTE, content=b"{}", headers={**GOOD, **change})
    assert answer.status_code == status
    assert set(answer.json()) == {"wrong", "seen", "do"}


def test_writing_from_the_page_is_taken(client: TestClient) -> None:
    """With token, type and origin right, the body is looked at."""
    headers = {**GOOD, "origin": "http://127.0.0.1:8765", "sec-fetch-site": "same-origin"}
    assert client.post(NOTE, content=b"{}", headers=headers).status_code == 422


def test_large_bodies_are_cut_off(client: TestClient) -> None:
    """Whatever length is told, or none, no more than the bound is taken in."""
    assert (
        client.post(NOTE, content=b"x" * (LARGEST_BODY_BYTES + 1), headers=GOOD).status_code
        == 413
    )

    def endless() -> Any:
        for _ in range(100):
            yield b"x" * 4096

    assert client.post(NOTE, content=endless(), headers=GOOD).status_code == 413


def test_every_answer_carries_the_headers(client: TestClient) -> None:
    """Pages, pictures, numbers and refusals alike forbid foreign and inline code."""
    for path, headers in (
        ("/", {}),
        ("/api/zn", {}),
        ("/api/zn/tiles/probability/0/0/0", {}),
        ("/nope", {}),
        ("/", {"host": "evil.example"}),
    ):
        answer = client.get(path, headers=headers)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers


def test_web_sockets_are_closed() -> None:
    """There are none, and a connection is not passed on."""
    sent: list[dict[str, Any]] = []

    async def never(*_: Any) -> None:
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    # In a thread of its own: a browser test may have left a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        closing = Guard(never, HERE)({"type": "websocket", "headers": []}, never, send)
        pool.submit(asyncio.run, closing).result()
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_an_unforeseen_failure_shows_no_trace(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of the program is a 500 in three parts."""

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("hotspot.web.app.hotspots_geojson", fail)
    answer = client.get("/api/zn/hotspots")
    assert answer.status_code == 500
    assert set(answer.json()) == {"wrong", "seen", "do"}
    assert "secret" not in answer.text


def test_the_next_free_port_is_taken() -> None:
    """A port in use is passed over; it is bound to this machine alone."""
    with bind("127.0.0.1", 20_000) as first:
        port = first.getsockname()[1]
        with bind("127.0.0.1", port) as second:
            host, other = second.getsockname()
            assert host == "127.0.0.1"
            assert other > port


def test_an_address_of_another_machine_is_refused() -> None:
    """The key is named."""
    with pytest.raises(ConfigError, match=r"serve\.host: 'no\.such\.host\.invalid'"):
        bind("no.such.host.invalid", 8765)


def test_a_network_address_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens the viewer to others is told what that means."""
    import uvicorn

    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    for host, warned in (("127.0.0.1", False), ("0.0.0.0", True)):  # noqa: S104 - never served
        told: list[str] = []
        with bind(host, 20_100) as bound:
            serve(Guard(None, HERE), bound, told.append)  # type: ignore[arg-type]
        assert any("no login" in line for line in told) is warned
        assert told[-1].startswith("Viewer: http://")
