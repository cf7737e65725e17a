"""Who may ask: holders of an API key, or anybody on this machine when there are no keys."""

import hmac
import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ossian.server.errors import refusal
from ossian.settings import ServerSettings

OPEN_PATHS = {
    "/",
    "/healthz",
    "/readyz",
    "/docs",
    "/openapi.json",
    "/rest/v1/models_v2",
    "/rest/v2/openrouter",
}  # they tell nothing about anybody


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be reached from this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


class ApiKeyCheck:
    """Lets a request pass when it carries one of the keys."""

    def __init__(self, app: ASGIApp, api_keys: Collection[str]) -> None:
        self.app = app
        self._api_keys = [key.encode() for key in api_keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer 401."""
        if scope["type"] != "lifespan" and not _is_open(scope["path"]) and (answer := self._refusal(scope)):
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
        headers = {"www-authenticate": "Bearer"}
        if scheme.lower() != "bearer" or not key.strip():
            message = "This server needs an API key. Send it in the header 'Authorization: Bearer KEY'."
            return refusal(401, message, "missing_api_key", headers)
        if not self._is_known(key.strip().encode("latin-1")):
            return refusal(401, "Incorrect API key; ask this server's operator for one.", "invalid_api_key", headers)
        return None

    def _is_known(self, given: bytes) -> bool:
        """Compare with every key, in a time that tells nothing about them."""
        return sum(hmac.compare_digest(given, key) for key in self._api_keys) > 0


class LocalHostCheck:
    """Lets a request pass when it was sent to this machine by one of its own names.

    Without keys, that stops web pages: one whose domain was made to resolve to 127.0.0.1 still sends its own name.
    A page may open WebSockets to anywhere, without asking first and whatever it says of its content; so those must
    come from a page of this server, or from no page at all.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self._host = host.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or answer 403."""
        if scope["type"] != "lifespan" and (answer := self._refusal(Headers(scope=scope), scope["type"])):
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, headers: Headers, protocol: str) -> Response | None:
        host = headers.get("host", "")
        if not self._is_local(host_name(host)):
            message = (
                "The Host header names another machine. Use http://127.0.0.1 or http://localhost, or set "
                "server.api_keys so that requests under other names can be told from strangers'."
            )
            return refusal(403, message, "host_not_allowed")
        if protocol == "websocket" and not all(_is_page_of(host, origin) for origin in headers.getlist("origin")):
            message = (
                "A web page elsewhere asks for a WebSocket. This server opens them for its own pages and for programs, "
                "which send no Origin header."
            )
            return refusal(403, message, "origin_not_allowed")
        return None

    def _is_local(self, host: str) -> bool:
        return host.lower() == self._host or is_loopback(host)


def host_name(header: str) -> str:
    """Return the host of a Host header, without its port: `[::1]:8000` is `::1`."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def access_check(app: ASGIApp, settings: ServerSettings) -> ASGIApp:
    """Return the check that the settings ask for, around `app`."""
    if settings.api_keys:
        return ApiKeyCheck(app, [key.get_secret_value() for key in settings.api_keys])
    return LocalHostCheck(app, settings.host)


def _is_page_of(host: str, origin: str) -> bool:
    """Whether the pages of an origin come from the server that was asked; `null` is nobody's."""
    return urlsplit(origin).netloc.lower() == host.lower()


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith("/docs/")
