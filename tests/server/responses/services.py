"""A service on a database of its own, without a server around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import HTTPConnection

from ossian.engine.scripted import ScriptedEngine
from ossian.server.observability import Metrics
from ossian.server.request_context import RequestRecord
from ossian.server.responses.caller import Caller, caller_of
from ossian.server.service import Service
from ossian.settings import ServerSettings
from ossian.storage.database import Database
from tests.server.serving import DATABASE, database_folder, parts_of, scripted


def connection(headers: dict[str, str] | None = None) -> HTTPConnection:
    """What a request with these headers comes by."""
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return HTTPConnection({"type": "http", "headers": raw, "ossian.record": RequestRecord("req_1")})


def caller(service: Service, headers: dict[str, str] | None = None) -> Caller:
    """Who sends these headers."""
    return caller_of(service, connection(headers))


@asynccontextmanager
async def working_service(engine: ScriptedEngine | None = None, **settings: Any) -> AsyncIterator[Service]:
    """A service; its database is closed at the end."""
    with database_folder() as folder:
        parts = parts_of(engine or scripted(), ServerSettings(**settings), data_dir=folder)
        service = Service(parts, Metrics(parts.engines))
        database = await Database.open(f"sqlite:///{folder / DATABASE}")
        try:
            await service.use(database)
            yield service
        finally:
            await database.close()
