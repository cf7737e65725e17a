"""The process's HTTP server: uvicorn on a socket of our own, announced once it answers."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from ossian.errors import ConfigurationError
from ossian.settings import ServerSettings


class AnnouncingServer(uvicorn.Server):
    """Calls `announce` as soon as requests are answered."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, listen, announce."""
        await super().startup(sockets)
        if self.started:
            self._announce()


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, so that one in use is known before a model is loaded.

    It does not listen yet: who asks early is refused, not kept waiting. Raises ConfigurationError.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"server.host is '{host}', which is no address of this machine: {error}.") from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise ConfigurationError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another --port."
        ) from error
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the URL at which this machine reaches a socket."""
    host, port = bound.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def run(app: Callable[..., Any], bound: socket.socket, settings: ServerSettings, announce: Callable[[], None]) -> None:
    """Serve until the process is told to stop, then let running requests finish for `shutdown_seconds`."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=round(settings.shutdown_seconds),
    )
    try:
        AnnouncingServer(config, announce).run(sockets=[bound])
    except KeyboardInterrupt:
        return  # uvicorn has shut everything down, and raises the signal again
