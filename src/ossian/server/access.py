"""Who may ask: every request and WebSocket gets its caller, or an answer that says why not."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ossian.accounts.callers import Caller, bearer_secret, unknown_key
from ossian.accounts.quotas import counted_address
from ossian.accounts.scopes import Endpoint, Scopes
from ossian.errors import AuthenticationError, OssianError
from ossian.server.anonymity import Anonymity
from ossian.server.client_address import ClientAddresses, is_from_here
from ossian.server.endpoints import Area, area_of
from ossian.server.errors import error_response
from ossian.server.key_ring import key_ring_of
from ossian.settings import Settings

CALLER: Final = "ossian.caller"  # in the scope; who runs requests through the application sets it himself
ADDRESS: Final = "ossian.address"  # the client's, known also of who is turned away

_INVALID: Final = "invalid_api_key"
_UNKNOWN: Final = {_INVALID, "invalid_authorization"}
_NOTHING: Final = Scopes(frozenset(), frozenset())


def account_of(connection: HTTPConnection) -> Caller:
    """Return who sent a request."""
    caller: Caller = connection.scope[CALLER]
    return caller


def own_scope(caller: Caller) -> str:
    """Return the scope of what nobody else shall learn of: the storage scope, or if nothing is stored, an empty one.

    Each address has its own of these.
    """
    if caller.storage_scope is not None:
        return caller.storage_scope
    return f"address {counted_address(caller.address)}"


def log_fields(scope: Scope) -> dict[str, str | None]:
    """Return what the log says of who sent a request; of who was turned away, only where he is."""
    caller: Caller | None = scope.get(CALLER)
    if caller is None:
        return {"address": scope.get(ADDRESS), "project_id": None, "key_id": None}
    project_id = caller.project.id if caller.project else None
    if caller.project and caller.key is None:
        project_id = caller.project.name  # of a key in the settings, whose id is a digest that is not keyed
    key = caller.key or caller.admin_key
    return {"address": scope.get(ADDRESS), "project_id": project_id, "key_id": key.id if key else None}


async def renew(connection: HTTPConnection) -> None:
    """Find again who is at a connection that stays open, since keys change. Raises what a new request would get."""
    caller = await key_ring_of(connection).renewed(account_of(connection))
    _check(caller, area_of(connection.scope["path"]))
    connection.scope[CALLER] = caller


class AccessCheck:
    """Lets a request pass whose caller may use the endpoint."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._addresses = ClientAddresses(settings.access.trusted_proxies)
        self._anonymity = Anonymity(settings.server, settings.access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket, or answer 401, 403 or 503."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        scope[ADDRESS] = self._addresses.of(connection)
        try:
            scope[CALLER] = await self._checked(connection, scope[ADDRESS])
        except OssianError as error:
            await error_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _checked(self, connection: HTTPConnection, address: str) -> Caller:
        area = area_of(connection.scope["path"])
        preset: Caller | None = connection.scope.get(CALLER)
        if area is Area.PUBLIC:
            return preset or Caller(address, _NOTHING)
        caller = preset or await self._identified(connection, address)
        _check(caller, area)
        return caller

    async def _identified(self, connection: HTTPConnection, address: str) -> Caller:
        key_ring = key_ring_of(connection)
        try:
            secret = bearer_secret(connection.headers.get("authorization"))
            if secret is not None:
                return await key_ring.caller(secret, address)
        except AuthenticationError as error:
            # OpenAI's clients must send some key, also to a server on their own machine that has none
            if not (self._anonymity.is_local_allowed and error.code in _UNKNOWN):
                raise
            if await key_ring.has_keys():
                could_do_without = is_from_here(connection) and error.code == _INVALID
                raise (unknown_key(is_needed=False) if could_do_without else error) from None
        return self._anonymity.caller(connection, address)


def _check(caller: Caller, area: Endpoint | Area) -> None:
    if isinstance(area, Endpoint):
        caller.check_endpoint(area)
    elif area is Area.ADMIN:
        caller.check_admin()
    elif area is Area.METRICS and not caller.is_local:
        caller.check_admin("The page of metrics")
