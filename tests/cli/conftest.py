"""Commands on a database of their own."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from ossian.cli.main import USAGE_ERROR, app
from ossian.storage import AuditFilter, Database, StoredAuditEntry
from tests.databases import sqlite_url

Value = TypeVar("Value")


class Commands:
    """Runs `ossian …` on a database that has no rows at first."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def result(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    def run(self, *arguments: str) -> str:
        """What a command that succeeds prints on standard output."""
        result = self.result(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json"))

    def refusal(self, *arguments: str) -> str:
        """The line that a command is refused with."""
        result = self.result(*arguments)
        assert (result.exit_code, result.stdout) == (USAGE_ERROR, ""), result.output
        assert result.stderr.startswith("ossian: ")
        assert result.stderr.count("\n") == 1
        return result.stderr

    def in_database(self, work: Callable[[Database], Awaitable[Value]]) -> Value:
        async def opened() -> Value:
            database = await Database.open(self._url)
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(opened())

    def log(self, **wanted: Any) -> list[StoredAuditEntry]:
        """The audit log, newest first."""
        page = self.in_database(lambda database: database.audit.page(AuditFilter(**wanted)))
        assert page is not None
        return page.items


@pytest.fixture
def ossian(tmp_path: Path, model_file: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Commands on an SQLite file; what the two databases differ in is tested where they are used."""
    shutil.copy(model_file, tmp_path)
    return commands(sqlite_url(tmp_path), monkeypatch)


@pytest.fixture
def ossian_on_both(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Commands on SQLite once, and on PostgreSQL once."""
    return commands(database_url, monkeypatch)


def commands(database_url: str, environment: pytest.MonkeyPatch) -> Commands:
    environment.setenv("OSSIAN_DATABASE_URL", database_url)
    environment.setenv("LOGNAME", "ada")
    return Commands(database_url)
