"""Who needs no key: callers on this machine, or everybody, as it is set.

Without a key a web page must not be taken for its reader. One whose domain was made to resolve to 127.0.0.1 still sends
its own name as the Host. Before a page elsewhere may send JSON, its browser asks this server, which answers as
`server.cors_origins` says; about WebSockets and forms browsers do not ask. So those must come from a page of this
server, from one of these origins, or from no page at all.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from ossian.accounts.callers import LOCAL_SCOPE, Caller, anonymous_caller
from ossian.accounts.scopes import EVERYTHING, Endpoint, Scopes
from ossian.errors import PermissionDeniedError
from ossian.server.client_address import host_name, is_from_here, is_loopback
from ossian.settings import AccessSettings, ServerSettings

ANY_ORIGIN: Final = "*"


class Anonymity:
    """Decides about requests without a key."""

    def __init__(self, server: ServerSettings, access: AccessSettings) -> None:
        self.is_local_allowed = access.anonymous != "never" and is_loopback(server.host) and not server.api_keys
        self._elsewhere = _scopes(access) if access.anonymous == "anywhere" else None
        self._origins = frozenset(server.cors_origins)

    @property
    def needs_key(self) -> bool:
        """Whether everybody needs a key."""
        return not self.is_local_allowed and self._elsewhere is None

    def caller(self, connection: HTTPConnection, address: str) -> Caller:
        """Return who sends a request without a key; `address` is where he is.

        Raises AuthenticationError when he needs one, PermissionDeniedError when he may be a web page elsewhere.
        """
        if self.is_local_allowed and is_from_here(connection):
            refusal = self._refusal(connection)
            if refusal is None:
                return anonymous_caller(address, EVERYTHING, LOCAL_SCOPE)
            if self._elsewhere is None:
                raise refusal
        return anonymous_caller(address, self._elsewhere)

    def _refusal(self, connection: HTTPConnection) -> PermissionDeniedError | None:
        host = connection.headers.get("host", "")
        if not is_loopback(host_name(host)):
            message = (
                "The Host header names another machine. Use http://127.0.0.1 or http://localhost, or an API key "
                "(`ossian keys create NAME` makes one), so that requests under other names can be told from strangers'."
            )
            return PermissionDeniedError(message, code="host_not_allowed")
        if _comes_unasked(connection) and not self._is_welcome(connection.headers.getlist("origin"), host):
            message = (
                "A web page elsewhere asks for a WebSocket, or sends a form. Without an API key this server takes them "
                "from its own pages, from those of server.cors_origins and from programs, which send no Origin header."
            )
            return PermissionDeniedError(message, code="origin_not_allowed")
        return None

    def _is_welcome(self, origins: Iterable[str], host: str) -> bool:
        """Whether the pages of these origins are the server's own, or allowed to call."""
        if ANY_ORIGIN in self._origins:
            return True
        return all(origin in self._origins or _is_page_of(host, origin) for origin in origins)


def _comes_unasked(connection: HTTPConnection) -> bool:
    """Whether a browser sends this for a page elsewhere without asking the server first."""
    if connection.scope["type"] == "websocket":
        return True
    media_type = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(connection.scope["method"] == "POST") and media_type != "application/json"


def _is_page_of(host: str, origin: str) -> bool:
    """Whether the pages of an origin come from the server that was asked; `null` is nobody's."""
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


def _scopes(access: AccessSettings) -> Scopes:
    models = None if access.anonymous_models is None else frozenset(access.anonymous_models)
    return Scopes(frozenset(map(Endpoint, access.anonymous_endpoints)), models)
