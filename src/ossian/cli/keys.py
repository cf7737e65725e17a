"""`ossian keys`: API keys, made and changed in the database, whether or not a server runs."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ossian.cli.account_options import (
    BudgetOption,
    Concurrent,
    Endpoints,
    Expires,
    JsonFlag,
    KeyArgument,
    Models,
    ProjectOption,
    Requests,
    Tokens,
    budget_given,
    expiry_given,
    limits_given,
    over_profile,
    scopes_given,
    without_none,
)
from ossian.errors import ConfigurationError

if TYPE_CHECKING:
    from ossian.accounts.keys import AdminKey, ApiKey

app = typer.Typer(
    help="Make, list, change and revoke API keys. A running server knows of it within a second.", no_args_is_help=True
)

_FOR_PROJECTS = "An admin key is for the admin API alone: it has a name and an expiry, and nothing else can be given."


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="For people, in lists and reports.")],
    project: ProjectOption = None,
    admin: Annotated[bool, typer.Option("--admin", help="An admin key: for the admin API, and nothing else.")] = False,
    description: Annotated[str | None, typer.Option(help="For people.")] = None,
    expires: Expires = None,
    endpoints: Endpoints = None,
    models: Models = None,
    requests_per_minute: Requests = None,
    tokens_per_minute: Tokens = None,
    concurrent_requests: Concurrent = None,
    budget: BudgetOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a key and print its secret, this once. Without --project it is of the project "default".

    The secret alone is on standard output, so that a script can take it: KEY=$(ossian keys create NAME).
    """
    given = without_none(
        description=description,
        scopes=scopes_given(endpoints, models) or None,
        limits=limits_given(requests_per_minute, tokens_per_minute, concurrent_requests) or None,
        budget=None if budget is None else budget_given(budget),
    )
    if admin and (given or project):
        raise ConfigurationError(_FOR_PROJECTS)
    expiry = {} if expires is None else {"expires_at": expiry_given(expires, time.time())}
    asyncio.run(_create(name, project, given | expiry, is_admin=admin, as_json=as_json))


async def _create(name: str, project_name: str | None, given: dict[str, Any], *, is_admin: bool, as_json: bool) -> None:
    from ossian.accounts.keys import ApiKey
    from ossian.accounts.limits import profile_of
    from ossian.cli.account_output import key_json, print_json
    from ossian.cli.accounts import opened, project_named

    async with opened() as accounts:
        administration, actor = accounts.administration, accounts.actor
        key: ApiKey | AdminKey
        if is_admin:
            project = None
            key, secret = await administration.create_admin_key(actor, name, **given)
        else:
            named = project_named(accounts, project_name) if project_name else administration.default_project(actor)
            project = await named
            given = over_profile(given, profile_of(accounts.settings.limits).key)
            key, secret = await administration.create_key(actor, project.id, name, **given)
    if as_json:
        print_json(key_json(key, project, time.time()) | {"value": secret})
        return
    owner = "an admin key" if project is None else f"of the project '{project.name}'"
    typer.echo(f"The key '{key.name}' ({key.id}), {owner}. Its secret is shown this once, and kept nowhere:", err=True)
    typer.echo(secret)
    typer.echo("Send it in the header 'Authorization: Bearer KEY', or give it to a client as its api_key.", err=True)


@app.command("list")
def list_keys(
    project: ProjectOption = None,
    admin: Annotated[bool, typer.Option("--admin", help="Only the admin keys.")] = False,
    include_revoked: Annotated[bool, typer.Option("--all", help="Revoked ones as well.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the keys: those of a project, or all, admin keys among them."""
    if admin and project:
        raise ConfigurationError("Admin keys belong to no project: give --admin or --project.")
    asyncio.run(_list(project, only_admin=admin, include_revoked=include_revoked, as_json=as_json))


async def _list(project_name: str | None, *, only_admin: bool, include_revoked: bool, as_json: bool) -> None:
    from ossian.cli.account_output import date_of, key_json, print_list, print_table
    from ossian.cli.accounts import all_admin_keys, all_keys, all_projects, opened, project_named

    async with opened() as accounts:
        project = await project_named(accounts, project_name) if project_name else None
        projects = {each.id: each for each in await all_projects(accounts, include_archived=True)}
        keys: list[ApiKey | AdminKey] = (
            [*await all_admin_keys(accounts, include_revoked=include_revoked)]
            if only_admin
            else await all_keys(accounts, project, include_revoked=include_revoked)
        )
    now, owners = time.time(), [projects.get(getattr(key, "project_id", "")) for key in keys]
    if as_json:
        print_list(key_json(key, owner, now) for key, owner in zip(keys, owners, strict=True))
        return
    names = ("id", "name", "project", "secret", "state", "created", "expires", "last used")
    print_table(
        names,
        (
            (
                key.id,
                key.name,
                owner.name if owner else "(admin)",
                f"{key.prefix}…",
                key.state(now),
                date_of(key.created_at),
                date_of(key.expires_at),
                date_of(key.last_used_at),
            )
            for key, owner in zip(keys, owners, strict=True)
        ),
    )


@app.command()
def show(key: KeyArgument, project: ProjectOption = None, as_json: JsonFlag = False) -> None:
    """Show all that is known of a key. Its secret is not."""
    from ossian.cli import key_changes

    asyncio.run(key_changes.change(key, project, key_changes.nothing, as_json=as_json))


@app.command()
def update(
    key: KeyArgument,
    project: ProjectOption = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    description: Annotated[str | None, typer.Option(help="For people.")] = None,
    expires: Expires = None,
    endpoints: Endpoints = None,
    models: Models = None,
    budget: BudgetOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Change a key; what is not given stays as it is. `ossian limits set --key` changes its limits."""
    from ossian.cli import key_changes

    given = without_none(name=name, description=description)
    if expires is not None:
        given["expires_at"] = expiry_given(expires, time.time())
    if budget is not None:
        given["budget"] = budget_given(budget)
    edit = key_changes.update_of(given, scopes_given(endpoints, models))
    asyncio.run(key_changes.change(key, project, edit, as_json=as_json))


@app.command()
def disable(key: KeyArgument, project: ProjectOption = None, as_json: JsonFlag = False) -> None:
    """Refuse a key until it is enabled again."""
    from ossian.cli import key_changes

    edit = key_changes.update_of({"is_enabled": False})
    asyncio.run(key_changes.change(key, project, edit, as_json=as_json))


@app.command()
def enable(key: KeyArgument, project: ProjectOption = None, as_json: JsonFlag = False) -> None:
    """Accept a key again that was disabled."""
    from ossian.cli import key_changes

    edit = key_changes.update_of({"is_enabled": True})
    asyncio.run(key_changes.change(key, project, edit, as_json=as_json))


@app.command()
def revoke(key: KeyArgument, project: ProjectOption = None, as_json: JsonFlag = False) -> None:
    """Refuse a key for good. Its usage stays in the reports."""
    from ossian.cli import key_changes

    asyncio.run(key_changes.change(key, project, key_changes.revoke, as_json=as_json))
