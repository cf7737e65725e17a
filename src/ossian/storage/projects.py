"""Projects, as the server and the command line use them."""

from sqlalchemy.exc import IntegrityError

from ossian.storage import project_rows as rows
from ossian.storage.account_records import StoredAuditEntry, StoredProject
from ossian.storage.project_rows import ProjectChange
from ossian.storage.records import Order, Page
from ossian.storage.transactions import Transactions


class NameTakenError(Exception):
    """Another project that is not archived has the name."""


class ProjectStore:
    """Projects. Each change is written together with the audit entry that tells of it."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def create(self, project: StoredProject, entry: StoredAuditEntry) -> bool:
        """Store a new project. False, and nothing stored, when its name is taken by one that is not archived."""
        return await self._transactions.write(lambda sql: rows.create(sql, project, entry))

    async def get(self, project_id: str) -> StoredProject | None:
        """Return a project, None when there is none."""
        return await self._transactions.read(lambda sql: rows.get(sql, project_id))

    async def find_by_name(self, name: str) -> StoredProject | None:
        """Return the project of that name that is not archived, None when there is none."""
        return await self._transactions.read(lambda sql: rows.find_by_name(sql, name))

    async def page(
        self, after: str | None = None, limit: int = 20, order: Order = "asc", include_archived: bool = False
    ) -> Page[StoredProject] | None:
        """Return at most `limit` projects that follow the project `after`, by age; None when there is no such one."""
        return await self._transactions.read(lambda sql: rows.page(sql, after, limit, order, include_archived))

    async def update(self, project_id: str, change: ProjectChange) -> StoredProject | None:
        """Store what `change` makes of a project, with the entry that it returns; None when there is no such project.

        Nobody else can change the project between what `change` is given and what it returns. What it raises is
        raised, and nothing is stored; so it is without an entry. It may run more than once, and in another thread.

        Raises NameTakenError.
        """
        try:
            return await self._transactions.write(lambda sql: rows.update(sql, project_id, change))
        except IntegrityError as error:
            raise NameTakenError from error
