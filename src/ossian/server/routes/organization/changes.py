"""What the routes that change something share: whose change it is, and what must be forgotten after it.

And what must not be kept: secrets.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request, Response

from ossian.accounts.administration import PEPPER, Administration
from ossian.accounts.audit import Actor, ActorKind
from ossian.api.fields import JsonObject
from ossian.server.access import account_of
from ossian.server.errors import JsonResponse
from ossian.server.key_ring import key_ring_of
from ossian.server.service import service_of


@asynccontextmanager
async def changes(request: Request) -> AsyncIterator[tuple[Administration, Actor]]:
    """Give what makes changes, and who makes them. They count at once in this process: its keys are looked up again.

    Also when a change fails: nobody knows whether a database that did not answer has written it.
    """
    try:
        yield await administration_of(request), actor_of(request)
    finally:
        key_ring_of(request).forget()


async def administration_of(request: Request) -> Administration:
    """Return what reads and changes projects and keys."""
    service = service_of(request)
    pepper = await service.database.secret(PEPPER)
    return Administration(service.database, pepper, service.parts.now, service.parts.new_id)


def actor_of(request: Request) -> Actor:
    """Return who makes a change, for the audit log."""
    caller = account_of(request)
    caller.check_admin()
    assert caller.admin_key is not None
    return Actor(ActorKind.ADMIN_KEY, caller.admin_key.id, caller.address)


def shown_once(key: JsonObject, secret: str) -> Response:
    """Return the answer with a new key and its secret, which nothing on the way may keep."""
    return JsonResponse({**key, "value": secret}, headers={"cache-control": "no-store"})
