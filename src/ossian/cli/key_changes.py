"""A change of one key, found by what was typed: made, and shown."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from ossian.accounts.keys import AdminKey, ApiKey
from ossian.cli.account_output import key_facts, key_json, print_facts, print_json
from ossian.cli.accounts import Accounts, key_named, opened, project_named

AnyKey: TypeAlias = ApiKey | AdminKey
Edit: TypeAlias = Callable[[Accounts, AnyKey], Awaitable[AnyKey]]


async def change(text: str, project_name: str | None, edit: Edit, *, as_json: bool) -> None:
    """Find a key, change it, and print what it is now. Raises NotFoundError and InvalidRequestError."""
    async with opened() as accounts:
        only_in = await project_named(accounts, project_name) if project_name else None
        key = await edit(accounts, await key_named(accounts, text, only_in))
        project = None if isinstance(key, AdminKey) else await accounts.administration.project(key.project_id)
    if as_json:
        print_json(key_json(key, project, time.time()))
    else:
        print_facts(key_facts(key, project, time.time()))


async def nothing(_accounts: Accounts, key: AnyKey) -> AnyKey:
    """Leave a key as it is."""
    return key


async def revoke(accounts: Accounts, key: AnyKey) -> AnyKey:
    """Revoke a key of either kind."""
    if isinstance(key, AdminKey):
        return await accounts.administration.revoke_admin_key(accounts.actor, key.id)
    return await accounts.administration.revoke_key(accounts.actor, key.project_id, key.id)


def update_of(given: Mapping[str, Any], scopes: Mapping[str, list[str] | None] | None = None) -> Edit:
    """Return the edit that sets fields; of the scopes, those that are given."""

    async def update(accounts: Accounts, key: AnyKey) -> AnyKey:
        merged = dict(given)
        if scopes:
            known = key.scopes.to_json() if isinstance(key, ApiKey) else {}
            merged["scopes"] = {**known, **scopes}
        if isinstance(key, AdminKey):
            return await accounts.administration.update_admin_key(accounts.actor, key.id, merged)
        return await accounts.administration.update_key(accounts.actor, key.project_id, key.id, merged)

    return update
