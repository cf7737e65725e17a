"""`ossian projects`: whose keys, limits, budgets and usage are whose."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ossian.cli.account_options import (
    BudgetOption,
    Concurrent,
    JsonFlag,
    ProjectArgument,
    Requests,
    Tokens,
    budget_given,
    limits_given,
    over_profile,
)

if TYPE_CHECKING:
    from ossian.accounts.projects import Project

app = typer.Typer(help="Make, list, change and archive projects.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Unique among the projects that are not archived.")],
    requests_per_minute: Requests = None,
    tokens_per_minute: Tokens = None,
    concurrent_requests: Concurrent = None,
    budget: BudgetOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a project. Its limits count each model by itself; without any, the server's settings count."""
    given: dict[str, Any] = {}
    if limits := limits_given(requests_per_minute, tokens_per_minute, concurrent_requests):
        given["limits"] = limits
    if budget is not None:
        given["budget"] = budget_given(budget)
    asyncio.run(_create(name, given, as_json=as_json))


async def _create(name: str, given: dict[str, Any], *, as_json: bool) -> None:
    from ossian.accounts.limits import profile_of
    from ossian.cli.accounts import opened

    async with opened() as accounts:
        given = over_profile(given, profile_of(accounts.settings.limits).project)
        project = await accounts.administration.create_project(accounts.actor, name, **given)
    _print(project, as_json=as_json)


@app.command("list")
def list_projects(
    include_archived: Annotated[bool, typer.Option("--all", help="Archived ones as well.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the projects."""
    asyncio.run(_list(include_archived=include_archived, as_json=as_json))


async def _list(*, include_archived: bool, as_json: bool) -> None:
    from ossian.cli.account_output import (
        date_of,
        print_list,
        print_table,
        project_json,
        spoken_budget,
        spoken_limits,
        state_of,
    )
    from ossian.cli.accounts import all_projects, opened

    async with opened() as accounts:
        projects = await all_projects(accounts, include_archived=include_archived)
    if as_json:
        print_list(map(project_json, projects))
        return
    print_table(
        ("id", "name", "state", "created", "limits of each model", "budget"),
        (
            (
                each.id,
                each.name,
                state_of(each),
                date_of(each.created_at),
                spoken_limits(each.limits),
                spoken_budget(each.budget),
            )
            for each in projects
        ),
    )


@app.command()
def show(project: ProjectArgument, as_json: JsonFlag = False) -> None:
    """Show all that is known of a project; `ossian keys list` shows its keys."""
    asyncio.run(_show(project, as_json=as_json))


async def _show(name: str, *, as_json: bool) -> None:
    from ossian.cli.accounts import opened, project_named

    async with opened() as accounts:
        project = await project_named(accounts, name)
    _print(project, as_json=as_json)


@app.command()
def update(
    project: ProjectArgument,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    budget: BudgetOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Change a project; what is not given stays as it is. `ossian limits set` changes its limits."""
    given: dict[str, Any] = {}
    if name is not None:
        given["name"] = name
    if budget is not None:
        given["budget"] = budget_given(budget)
    asyncio.run(_update(project, given, as_json=as_json))


async def _update(name: str, given: dict[str, Any], *, as_json: bool) -> None:
    from ossian.cli.accounts import opened, project_named

    async with opened() as accounts:
        project = await project_named(accounts, name)
        project = await accounts.administration.update_project(accounts.actor, project.id, given)
    _print(project, as_json=as_json)


@app.command()
def archive(project: ProjectArgument, as_json: JsonFlag = False) -> None:
    """Refuse a project's keys, for good. Its usage stays in the reports, and its name is free again."""
    asyncio.run(_archive(project, as_json=as_json))


async def _archive(name: str, *, as_json: bool) -> None:
    from ossian.cli.accounts import opened, project_named

    async with opened() as accounts:
        project = await project_named(accounts, name)
        project = await accounts.administration.archive_project(accounts.actor, project.id)
    _print(project, as_json=as_json)


def _print(project: "Project", *, as_json: bool) -> None:
    from ossian.cli.account_output import print_facts, print_json, project_facts, project_json

    if as_json:
        print_json(project_json(project))
    else:
        print_facts(project_facts(project))
