"""How accounts are shown: tables and facts for people, JSON for scripts."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.cells import cell_len, set_cell_size

from ossian.accounts.budgets import Budget
from ossian.accounts.keys import AdminKey, ApiKey
from ossian.accounts.limits import UNLIMITED, Limits
from ossian.accounts.projects import Project
from ossian.accounts.stored import stored_admin_key, stored_key, stored_project
from ossian.api.organization.admin_api_keys import admin_key_body
from ossian.api.organization.api_keys import key_body
from ossian.api.organization.projects import project_body

_UNITS = {
    "requests_per_minute": "requests a minute",
    "tokens_per_minute": "tokens a minute",
    "concurrent_requests": "requests at a time",
}


def print_json(body: Any) -> None:
    """Print a value as JSON."""
    print(json.dumps(body, indent=2, ensure_ascii=False))


def print_list(bodies: Iterable[Any]) -> None:
    """Print objects as the admin API lists them; there is only one page."""
    print_json({"object": "list", "data": list(bodies), "has_more": False})


def print_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns as wide as they must be: ids are for copying, and must not be cut."""
    lines = [names, *rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(set_cell_size(*cell) for cell in zip(line, widths, strict=True)).rstrip())


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one to a line."""
    listed = list(facts)
    width = max(cell_len(name) for name, _ in listed)
    for name, value in listed:
        print(f"{set_cell_size(name, width)}  {value}")


def key_json(key: ApiKey | AdminKey, project: Project | None, now: float) -> dict[str, Any]:
    """Return a key as the admin API shows it; an admin key has no project."""
    if isinstance(key, AdminKey):
        return admin_key_body(stored_admin_key(key), key.state(now))
    assert project is not None
    return key_body(stored_key(key), stored_project(project), key.state(now))


def project_json(project: Project) -> dict[str, Any]:
    """Return a project as the admin API shows it."""
    return project_body(stored_project(project))


def key_facts(key: ApiKey | AdminKey, project: Project | None, now: float) -> Iterable[tuple[str, str]]:
    """Yield what is known of a key."""
    yield "id", key.id
    yield "name", key.name
    yield "project", "none: an admin key" if project is None else project.name
    yield "secret", f"{key.prefix}…"
    yield "state", key.state(now)
    yield "created", date_of(key.created_at)
    yield "expires", date_of(key.expires_at)
    yield "last used", date_of(key.last_used_at)
    if isinstance(key, ApiKey):
        yield from _use_facts(key)


def _use_facts(key: ApiKey) -> Iterable[tuple[str, str]]:
    if key.description:
        yield "description", key.description
    yield "endpoints", _listed(key.scopes.endpoints)
    yield "models", _listed(key.scopes.models)
    yield "limits", spoken_limits(key.limits)
    yield "budget", spoken_budget(key.budget)


def project_facts(project: Project) -> Iterable[tuple[str, str]]:
    """Yield what is known of a project."""
    yield "id", project.id
    yield "name", project.name
    yield "state", state_of(project)
    yield "created", date_of(project.created_at)
    yield "limits of each model", spoken_limits(project.limits)
    for model_id, limits in sorted(project.model_limits.items()):
        yield f"limits of {model_id}", spoken_limits(limits)
    yield "budget", spoken_budget(project.budget)


def state_of(project: Project) -> str:
    """Return whether a project is in use."""
    return "active" if project.archived_at is None else f"archived {date_of(project.archived_at)}"


def spoken_limits(limits: Limits | None) -> str:
    """Return limits in words; None are those of the server's settings."""
    if limits is None:
        return "the server's"
    if limits == UNLIMITED:
        return "none"
    return ", ".join(f"{number} {_UNITS[name]}" for name, number in limits.to_json().items() if number is not None)


def spoken_budget(budget: Budget | None) -> str:
    """Return a budget in words."""
    if budget is None:
        return "none"
    return f"{budget.amount:f}" if budget.period is None else f"{budget.amount:f} a {budget.period}"


def date_of(time: int | None) -> str:
    """Return a time of UTC to the minute; None is never."""
    return "never" if time is None else datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")


def _listed(names: Iterable[str] | None) -> str:
    return "all" if names is None else ", ".join(sorted(names)) or "none"
