"""A service on a database of its own, without a server around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import HTTPConnection

from ossian.accounts.callers import LOCAL_SCOPE, anonymous_caller
from ossian.accounts.callers import Caller as Account
from ossian.accounts.projects import Project
from ossian.accounts.scopes import EVERYTHING
from ossian.engine.scripted import ScriptedEngine
from ossian.server.observability import Metrics
from ossian.server.request_context import RequestRecord
from ossian.server.responses.caller import Caller, caller_of
from ossian.server.service import Service
from ossian.settings import ServerSettings
from ossian.storage.database import Database
from tests.server.serving import DATABASE, database_folder, parts_of, scripted

LOCAL = anonymous_caller("127.0.0.1", EVERYTHING, LOCAL_SCOPE)


def of_project(project_id: str) -> Account:
    """Somebody with a key of a project."""
    return Account("192.0.2.7", EVERYTHING, Project(project_id, project_id, created_at=0), storage_scope=project_id)


def connection(headers: dict[str, str] | None = None, account: Account = LOCAL) -> HTTPConnection:
    """What a request of somebody with these headers comes by."""
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    record = RequestRecord("req_1")
    return HTTPConnection({"type": "http", "headers": raw, "ossian.record": record, "ossian.caller": account})


def caller(service: Service, headers: dict[str, str] | None = None, account: Account = LOCAL) -> Caller:
    """Who sends these headers."""
    return caller_of(service, connection(headers, account))


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
            await service.accounting.aclose()
            await database.close()
