"""`ossian limits`: how much projects and keys may use at a time."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ossian.cli.account_options import Concurrent, JsonFlag, Requests, Tokens, limits_given
from ossian.errors import ConfigurationError

if TYPE_CHECKING:
    from ossian.accounts.keys import ApiKey
    from ossian.accounts.limits import LimitProfile, Limits
    from ossian.accounts.projects import Project
    from ossian.cli.accounts import Accounts

app = typer.Typer(help="Show and set limits. A running server knows of it within a second.", no_args_is_help=True)

ProjectName = Annotated[str | None, typer.Argument(metavar="[PROJECT]", help="A project, by name or id.")]
Given: TypeAlias = dict[str, int | None] | None  # None: take them back
KeyOption = Annotated[str | None, typer.Option("--key", "-k", help="A key: its limits count all models together.")]


@app.command()
def show(project: ProjectName = None, key: KeyOption = None, as_json: JsonFlag = False) -> None:
    """Show the limits that count: of a project's models, of a key, or those of the server's settings."""
    asyncio.run(_show(project, key, as_json=as_json))


@app.command("set")
def set_limits(
    project: ProjectName = None,
    key: KeyOption = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Only of this model, by its id.")] = None,
    requests_per_minute: Requests = None,
    tokens_per_minute: Tokens = None,
    concurrent_requests: Concurrent = None,
    reset: Annotated[bool, typer.Option("--reset", help="Take them back: the next wider ones count again.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Set limits of a project, of one of its models, or of a key; what is not given stays as it is."""
    given = limits_given(requests_per_minute, tokens_per_minute, concurrent_requests)
    if bool(given) == reset:
        raise ConfigurationError("Give the limits to be set, such as --requests-per-minute 60, or --reset.")
    if key and model:
        raise ConfigurationError("The limits of a key count all models together: give --key or --model.")
    asyncio.run(_set(project, key, model, None if reset else given, as_json=as_json))


async def _show(project_name: str | None, key_name: str | None, *, as_json: bool) -> None:
    from ossian.accounts.limits import profile_of
    from ossian.cli.accounts import opened, project_named

    async with opened() as accounts:
        profile = profile_of(accounts.settings.limits)
        project = await project_named(accounts, project_name) if project_name else None
        key = await _key(accounts, key_name, project) if key_name else None
    _print(project, key, profile, as_json=as_json)


async def _set(
    project_name: str | None,
    key_name: str | None,
    model: str | None,
    given: Given,
    *,
    as_json: bool,
) -> None:
    from ossian.accounts.limits import profile_of
    from ossian.cli.accounts import opened, project_named

    async with opened() as accounts:
        profile = profile_of(accounts.settings.limits)
        project = await project_named(accounts, project_name) if project_name else None
        key = await _key(accounts, key_name, project) if key_name else None
        if key is not None:
            key = await _set_of_key(accounts, key, given, profile.key)
        elif project is not None:
            project = await _set_of_project(accounts, project, model, given, profile.project)
        else:
            raise ConfigurationError("Whose limits? Give a project, or --key. The server's own are in its settings.")
    _print(project, key, profile, as_json=as_json)


async def _set_of_key(accounts: "Accounts", key: "ApiKey", given: Given, profile: "Limits") -> "ApiKey":
    administration, actor = accounts.administration, accounts.actor
    if given is None:
        return await administration.update_key(actor, key.project_id, key.id, {"limits": None})
    return await administration.change_key_limits(actor, key.project_id, key.id, given, profile)


async def _set_of_project(
    accounts: "Accounts", project: "Project", model: str | None, given: Given, profile: "Limits"
) -> "Project":
    administration, actor = accounts.administration, accounts.actor
    if model is not None:
        return await administration.change_model_limits(actor, project.id, model, given, profile)
    if given is None:
        return await administration.update_project(actor, project.id, {"limits": None})
    return await administration.change_limits(actor, project.id, given, profile)


async def _key(accounts: "Accounts", name: str, project: "Project | None") -> "ApiKey":
    from ossian.accounts.keys import AdminKey
    from ossian.cli.accounts import key_named

    key = await key_named(accounts, name, project)
    if isinstance(key, AdminKey):
        raise ConfigurationError(f"'{name}' is an admin key, which has no limits: it cannot use models.")
    return key


def _print(project: "Project | None", key: "ApiKey | None", profile: "LimitProfile", *, as_json: bool) -> None:
    from ossian.cli.account_output import print_facts, print_json, spoken_limits

    facts = dict(_facts(project, key, profile))
    if as_json:
        print_json({whose: limits.to_json() for whose, limits in facts.items()})
    else:
        print_facts((f"limits of {whose}", spoken_limits(limits)) for whose, limits in facts.items())


def _facts(project: "Project | None", key: "ApiKey | None", profile: "LimitProfile") -> "Iterator[tuple[str, Limits]]":
    """Yield whose limits are what. A star is every model that is not named."""
    if key is not None:
        yield key.name, profile.key if key.limits is None else key.limits
    elif project is not None:
        yield "*", profile.project if project.limits is None else project.limits
        yield from sorted(project.model_limits.items())
    else:
        yield from (("project", profile.project), ("key", profile.key), ("anonymous", profile.anonymous))
