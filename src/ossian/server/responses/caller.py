"""Who asks for a response, and how they want to see it."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from ossian.api.responses.dialects import DIALECTS, Dialect
from ossian.errors import InvalidRequestError
from ossian.server.access import account_of, own_scope
from ossian.server.responses.secrecy import Conceal, Reveal
from ossian.server.service import Service
from ossian.settings import ResponsesSettings

DIALECT_HEADER = "x-ossian-reasoning-events"
OPEN_RESPONSES_HEADER = "openresponses-version"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a connection. `scope` is whose objects they may see; the rest is theirs alone as well.

    Of somebody for whom nothing is stored it is a scope that is empty; what they keep themselves is encrypted for it.
    """

    connection: HTTPConnection
    scope: str
    may_store: bool
    dialect: Dialect
    wants_debug_view: bool
    recall: Callable[[str], str | None]
    remember: Callable[[str, str], None]
    conceal: Conceal
    reveal: Reveal


def caller_of(service: Service, connection: HTTPConnection) -> Caller:
    """Return who is at a connection. Raises InvalidRequestError for headers that cannot be served."""
    account = account_of(connection)
    scope = own_scope(account)
    recall, remember = service.memory(connection)
    conceal, reveal = service.secrecy.of(scope)
    return Caller(
        connection=connection,
        scope=scope,
        may_store=account.storage_scope is not None,
        dialect=dialect_of(connection, service.parts.settings.responses),
        wants_debug_view=service.wants_debug_view(connection),
        recall=recall,
        remember=remember,
        conceal=conceal,
        reveal=reveal,
    )


def dialect_of(connection: HTTPConnection, settings: ResponsesSettings) -> Dialect:
    """Return the dialect a caller asks for: by our header, by that of Open Responses, else the server's."""
    asked = connection.headers.get(DIALECT_HEADER)
    if asked is not None:
        return _named(asked)
    return "open-responses" if OPEN_RESPONSES_HEADER in connection.headers else settings.reasoning_events


def _named(asked: str) -> Dialect:
    for dialect in DIALECTS:
        if asked.strip().lower() == dialect:
            return dialect
    names = ", ".join(f"'{dialect}'" for dialect in DIALECTS)
    message = f"Invalid value for the header '{DIALECT_HEADER}': expected one of {names}, but got '{asked[:80]}'."
    raise InvalidRequestError(message, code="invalid_value")
