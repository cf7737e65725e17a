"""Serving: a socket first, then uvicorn until a signal ends it."""

import ipaddress
import socket
from collections.abc import Callable
from math import ceil
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from ossian.errors import ConfigurationError
from ossian.server.http_protocol import HttpProtocol
from ossian.settings import ServerSettings

KEEP_ALIVE_SECONDS = 75  # idle connections; longer than clients keep theirs, so that none is closed under a request

PING_SECONDS = 20  # a WebSocket client that answers no ping for so long is gone

MAX_NUM_FRAGMENTS = 4096  # of a message; without a limit, empty ones would fill the memory and never be too long


class SocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket connection that may finish what it says when the server stops, as requests may."""

    def handle_cont(self, event: Frame) -> None:
        """Take the next fragment of a message, or close the connection when there are too many."""
        if len(self.frames) >= MAX_NUM_FRAGMENTS:
            self.frames = []
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, f"a message has at most {MAX_NUM_FRAGMENTS} fragments")
            self.handle_parser_exception()
        elif not self.close_sent:
            super().handle_cont(event)

    def keepalive_timeout(self) -> None:
        """End the connection of a client that answers no ping, what it did not read included.

        Closing alone would wait for the client to read it, and whoever sends would wait as long.
        """
        super().keepalive_timeout()
        self.transport.abort()

    def shutdown(self) -> None:
        """Tell the application that the server restarts, and let it close the connection."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1012})
        else:
            super().shutdown()


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


def bind(settings: ServerSettings) -> socket.socket:
    """Return a socket bound to the address, so that one in use is known before a model is loaded; port 0 takes any.

    It does not listen yet: who asks early is refused, not kept waiting. Raises ConfigurationError when the address
    cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"server.host '{settings.host}' is no address of this machine: {error}.") from error
    bound = socket.socket(family, kind, protocol)
    try:
        _bind(bound, address)
    except OSError as error:
        bound.close()
        raise _cannot_listen(settings, error) from error
    return bound


def _bind(bound: socket.socket, address: Any) -> None:
    """Bind for nobody else: two sockets that may reuse an address could both have it until one listens."""
    try:
        bound.bind(address)
    except OSError:  # in use, or for a minute the address of connections that a server has ended
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)


def url_of(bound: socket.socket) -> str:
    """Return the URL at which this machine reaches a socket."""
    host, port = bound.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


def serve(
    app: ASGIApp, settings: ServerSettings, bound: socket.socket, announce: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGINT or SIGTERM; running requests may then finish for `shutdown_seconds`.

    Raises ConfigurationError when the application cannot start, or somebody else listens meanwhile.
    """
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # for the connections, so that it can be started again
    try:
        AnnouncingServer(uvicorn_config(app, settings), announce).run(sockets=[bound])
    except KeyboardInterrupt:
        return  # uvicorn has shut everything down, and raises the signal again
    except OSError as error:
        raise _cannot_listen(settings, error) from error
    except SystemExit as ended:
        raise ConfigurationError("The server could not start; the log says why.") from ended


def uvicorn_config(app: ASGIApp, settings: ServerSettings) -> uvicorn.Config:
    """Return uvicorn's settings. Its own access log is off: RequestContext writes one line a request."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        http=HttpProtocol,
        proxy_headers=False,
        ws=SocketProtocol,
        ws_max_size=settings.max_body_bytes,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,  # as with server-sent events: time for the processor, bytes for the loopback
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=ceil(settings.shutdown_seconds),
    )


def _cannot_listen(settings: ServerSettings, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
        "Stop what uses the port, or choose another (--port; 0 takes any free one)."
    )
