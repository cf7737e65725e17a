"""The database: opened once per process, closed when it ends."""

import asyncio
import secrets
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from ossian.errors import StorageError
from ossian.storage import tables
from ossian.storage.audit import AuditStore
from ossian.storage.batches import BatchStore
from ossian.storage.conversations import ConversationStore
from ossian.storage.engines import is_sqlite
from ossian.storage.files import FileStore
from ossian.storage.keys import KeyStore
from ossian.storage.projects import ProjectStore
from ossian.storage.prompts import PromptStore
from ossian.storage.responses import ResponseStore
from ossian.storage.schema_version import migrate
from ossian.storage.sqlite_file import prepare_file
from ossian.storage.transactions import Transactions, reason_of
from ossian.storage.upsert import upsert
from ossian.storage.urls import driver_url, shown, unusable
from ossian.storage.usage import UsageStore

NUM_SECRET_BYTES = 32


class Database:
    """The stores of one database, in one event loop. Made by `open`.

    database = await Database.open("sqlite:///ossian.sqlite3")
    response = await database.responses.get(scope, id)
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self.responses = ResponseStore(transactions)
        self.conversations = ConversationStore(transactions)
        self.prompts = PromptStore(transactions)
        self.projects = ProjectStore(transactions)
        self.keys = KeyStore(transactions)
        self.usage = UsageStore(transactions)
        self.audit = AuditStore(transactions)
        self.files = FileStore(transactions)
        self.batches = BatchStore(transactions)

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect, and make or update the tables. `url` is as SQLAlchemy writes it; the driver is ours to choose.

        Raises ConfigurationError, which never shows the password, when the database cannot be opened or is of a newer
        Ossian.
        """
        place = driver_url(url)
        if is_sqlite(place):
            await asyncio.to_thread(prepare_file, Path(place.database or ""))
        transactions = Transactions(place)
        try:
            await migrate(transactions, place)
        except BaseException as error:
            await transactions.close()
            if isinstance(error, StorageError | DBAPIError):
                raise unusable(shown(place), reason_of(error)) from error
            raise
        return cls(transactions)

    async def close(self) -> None:
        """Finish what is being written, and disconnect."""
        await self._transactions.close()

    async def secret(self, name: str) -> bytes:
        """Return 32 random bytes: made when the name is first asked for, the same for every process from then on."""
        return await self._transactions.write(lambda sql: secret(sql, name))


def secret(sql: Connection, name: str) -> bytes:
    """Read a secret; make it when there is none."""
    new = upsert(sql, tables.secrets).values(name=name, value=secrets.token_bytes(NUM_SECRET_BYTES))
    sql.execute(new.on_conflict_do_nothing())
    return bytes(sql.scalars(select(tables.secrets.c.value).where(tables.secrets.c.name == name)).one())
