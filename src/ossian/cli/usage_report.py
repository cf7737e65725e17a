"""The sums and the requests that `ossian usage` shows."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any, Final

from ossian.accounts.periods import Period, start_of
from ossian.api.money import plain
from ossian.api.organization.requests import csv_head, csv_line, csv_lines
from ossian.cli.account_options import past_given
from ossian.cli.account_output import print_list, print_table
from ossian.cli.accounts import Accounts, key_named, opened, project_named
from ossian.errors import ConfigurationError
from ossian.storage import UsageFilter, UsageGroup, UsagePeriod, UsageTotal

PERIODS: Final[dict[str, UsagePeriod | None]] = {
    "hour": "hour",
    "day": "day",
    "week": "week",
    "month": "month",
    "all": None,
}
GROUPS: Final[dict[str, UsageGroup]] = {
    "model": "model",
    "key": "key_id",
    "project": "project_id",
    "endpoint": "endpoint",
}
PAGE: Final = 1000


@dataclass(frozen=True)
class UsageQuestion:
    """What was typed."""

    by: str
    group: str | None
    since: str
    until: str | None
    project: str | None
    key: str | None
    model: str | None


@dataclass(frozen=True)
class UsageQuery:
    """What it means: requests that began in [start, end)."""

    start: int
    end: int
    period: UsagePeriod | None
    groups: tuple[UsageGroup, ...]
    wanted: UsageFilter


async def show_totals(question: UsageQuestion, *, as_json: bool) -> None:
    """Print the sums. Raises ConfigurationError and NotFoundError for a question that has no answer."""
    async with opened() as accounts:
        query, rows = await _totals(accounts, question)
    if as_json:
        print_list(rows)
        return
    shown = [{name: _shown(value) for name, value in row.items()} for row in rows]
    names = [name for name in _names(query.groups, accounts.settings.catalog.currency) if not name.endswith("_id")]
    print_table([name.replace("_", " ") for name in names], ([row[name] for name in names] for row in shown))


async def write_totals(question: UsageQuestion, place: str) -> None:
    """Write the sums as CSV. Raises ConfigurationError also when the file cannot be written."""
    async with opened() as accounts:
        query, rows = await _totals(accounts, question)
    with _file(place) as file:
        file.write(csv_line(_names(query.groups, accounts.settings.catalog.currency)))
        file.writelines(csv_line(row.values()) for row in rows)


async def write_requests(question: UsageQuestion, place: str) -> None:
    """Write a line for each request as CSV. Raises ConfigurationError also when the file cannot be written."""
    async with opened() as accounts:
        query = await _query(accounts, question)
        with _file(place) as file:
            file.write(csv_head())
            after, has_more = None, True
            while has_more:
                page = await accounts.database.usage.page(query.start, query.end, query.wanted, after, PAGE)
                if page is None:  # the last record is erased by now, and so are all before it
                    page = await accounts.database.usage.page(query.start, query.end, query.wanted, None, PAGE)
                assert page is not None, "there is no record that it would have to follow"
                file.write(csv_lines(page.items))
                after, has_more = page.items[-1].id if page.items else None, page.has_more


async def _totals(accounts: Accounts, question: UsageQuestion) -> tuple[UsageQuery, list[dict[str, Any]]]:
    query = await _query(accounts, question)
    usage = accounts.database.usage
    totals = await usage.totals(query.start, query.end, query.period, query.groups, query.wanted)
    names = await _names_of_owners(accounts, totals)
    currency = accounts.settings.catalog.currency
    return query, [_row(total, query.groups, names, currency) for total in totals]


async def _query(accounts: Accounts, question: UsageQuestion) -> UsageQuery:
    if question.by not in PERIODS:
        raise ConfigurationError(f"--by takes {', '.join(PERIODS)}; not '{question.by}'.")
    groups = [name.strip() for name in (question.group or "").split(",") if name.strip()]
    if unknown := [name for name in groups if name not in GROUPS]:
        raise ConfigurationError(f"--group takes {', '.join(GROUPS)}; not '{unknown[0]}'.")
    project = await project_named(accounts, question.project) if question.project else None
    key = await key_named(accounts, question.key, project) if question.key else None
    wanted = UsageFilter(
        project_ids=[project.id] if project else None,
        key_ids=[key.id] if key else None,
        models=[question.model] if question.model else None,
    )
    start, end = _interval(question)
    return UsageQuery(start, end, PERIODS[question.by], tuple(GROUPS[name] for name in groups), wanted)


def _interval(question: UsageQuestion) -> tuple[int, int]:
    """Return the interval; it begins with a whole period."""
    now = time.time()
    start = max(0, past_given(question.since, "--from", now))
    end = int(now) + 1 if question.until is None else past_given(question.until, "--to", now)
    if start >= end:
        raise ConfigurationError("--from must be before --to.")
    return start if question.by == "all" else start_of(Period(question.by), start), end


async def _names_of_owners(accounts: Accounts, totals: Iterable[UsageTotal]) -> dict[str, str]:
    """Return the names of projects and keys by their ids; those in the settings are in no table."""
    names = {}
    for project_id in {total.project_id for total in totals if total.project_id}:
        if project := await accounts.database.projects.get(project_id):
            names[project_id] = project.name
    for key_id in {total.key_id for total in totals if total.key_id}:
        if key := await accounts.database.keys.find_by_id(key_id):
            names[key_id] = key.name
    return names


def _names(groups: Sequence[UsageGroup], currency: str) -> list[str]:
    """Return the names of the columns."""
    return list(_row(UsageTotal(0), groups, {}, currency))


def _row(total: UsageTotal, groups: Sequence[UsageGroup], names: dict[str, str], currency: str) -> dict[str, Any]:
    row: dict[str, Any] = {"start": datetime.fromtimestamp(total.start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    for group in groups:
        value = getattr(total, group)
        row[group] = value
        if group.endswith("_id"):
            row[group.removesuffix("_id")] = names.get(value or "", value)
    return row | {
        "requests": total.num_requests,
        "failed_requests": total.num_failed_requests,
        "input_tokens": total.num_prompt_tokens,
        "input_cached_tokens": total.num_cached_tokens,
        "output_tokens": total.num_completion_tokens,
        "output_reasoning_tokens": total.num_reasoning_tokens,
        "seconds": round(total.duration, 3),
        "cost": plain(total.cost),
        "currency": currency,
    }


def _shown(value: Any) -> str:
    """Return a value as people read it."""
    if value is None:
        return "(none)"
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def _file(place: str) -> Iterator[IO[str]]:
    if place == "-":
        yield sys.stdout
        return
    try:
        with open(place, "w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise ConfigurationError(f"The file '{place}' cannot be written: {error.strerror}.") from error
