"""Serving: a free port, the server, and what is said about who can reach it."""

import socket
from collections.abc import Callable
from ipaddress import ip_address

from hotspot.errors import ConfigError
from hotspot.web.guard import Application, is_loopback

# Ports that are tried after the one asked for.
_NEXT_PORTS = 20


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to the first free port from one on.

    Raises
    ------
    ConfigError
        None of them is free, or the address is not one of this machine.
    """
    last = min(port + _NEXT_PORTS, 65535)
    reason: OSError | None = None
    for candidate in range(port, last + 1):
        try:
            family = socket.getaddrinfo(host, candidate, type=socket.SOCK_STREAM)[0][0]
            bound = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise _no_address(host, error) from error
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, candidate))
            bound.listen()
        except OSError as error:
            bound.close()
            reason = error
            continue
        return bound
    if isinstance(reason, PermissionError) or reason is None:
        raise _no_address(host, reason) from reason
    raise ConfigError(
        f"serve.port: no port from {port} to {last} of {host} can be had: {reason.strerror}. "
        "Give another one, such as serve.port=9000."
    )


def serve(application: Application, bound: socket.socket, tell: Callable[[str], None]) -> None:
    """Serve an application until it is interrupted.

    Parameters
    ----------
    application : callable
        From `hotspot.web.app.make_application`.
    bound : socket
        From `bind`.
    tell : callable
        Takes each line that a person should read.
    """
    import uvicorn

    host, port = bound.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    if not is_loopback(host):
        tell(
            "warning: the viewer can be reached from other machines, and whoever reaches it "
            "can read the maps and write notes: there is no login. Leave serve.host at "
            "127.0.0.1 unless that is meant."
        )
        name = "localhost" if ip_address(host).is_unspecified else name
    tell(f"Viewer: http://{name}:{port} (stop with Ctrl+C)")
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[bound])


def _no_address(host: str, error: OSError | None) -> ConfigError:
    reason = error.strerror if error is not None else "no port was tried"
    return ConfigError(
        f"serve.host: {host!r} cannot be served from: {reason}. "
        "Use 127.0.0.1, or an address of this machine."
    )
