"""The wire format of the audit log: OpenAI's events, of what was done to projects, keys and limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.organization.lists import DEFAULT_LIMIT, MAX_LIMIT
from ossian.api.organization.query import Query
from ossian.api.organization.rate_limits import shown_limits
from ossian.storage.account_records import AuditFilter, StoredAuditEntry

_LISTS: Final = {  # parameter -> field of AuditFilter
    "event_types": "types",
    "project_ids": "project_ids",
    "actor_ids": "actor_ids",
    "resource_ids": "object_ids",
}
_TIMES: Final = ("effective_at[gt]", "effective_at[gte]", "effective_at[lt]", "effective_at[lte]")
PARAMETERS: Final = (*_LISTS, *_TIMES, "after", "limit")
_DETAILS: Final = {"created": "data", "updated": "changes_requested"}  # by the last word of the type
_LIMITS: Final = "rate_limit.updated"
_ON_THE_SERVER: Final = "cli"


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which events are wanted: `limit` of them, older than the one named `after`."""

    wanted: AuditFilter
    after: str | None
    limit: int


def audit_query(pairs: Iterable[tuple[str, str]], *, ignore_unknown: bool = False) -> AuditQuery:
    """Return the query in an address. Raises InvalidRequestError, which names the first offending parameter."""
    query = Query(pairs, PARAMETERS, ignore_unknown=ignore_unknown)
    since, until = _interval(query)
    lists = {field: query.texts(name) or None for name, field in _LISTS.items()}
    limit = query.number("limit", 1, MAX_LIMIT)
    wanted = AuditFilter(since=since, until=until, **lists)
    return AuditQuery(wanted, query.text("after"), DEFAULT_LIMIT if limit is None else limit)


def audit_body(entry: StoredAuditEntry) -> JsonObject:
    """Return one event. What it is about is in the member that is called as its type."""
    word = entry.type.rpartition(".")[2]
    details = {_DETAILS.get(word, "data"): _shown(entry)} if entry.details else {}
    return {
        "id": entry.id,
        "object": "organization.audit_log",
        "type": entry.type,
        "effective_at": int(entry.created_at),
        "actor": _actor(entry),
        "project": None if entry.project_id is None else {"id": entry.project_id},
        entry.type: {"id": entry.object_id, **details},
    }


def _shown(entry: StoredAuditEntry) -> JsonObject:
    """Return what was changed under the names that requests have for it."""
    if entry.type == _LIMITS:
        return shown_limits(entry.details)
    return {"enabled" if name == "is_enabled" else name: value for name, value in entry.details.items()}


def _actor(entry: StoredAuditEntry) -> JsonObject:
    """Who works on the server itself has a session there; everybody else has a key."""
    if entry.actor_kind == _ON_THE_SERVER:
        return {"type": "session", "session": {"user": {"id": entry.actor_id}, "ip_address": entry.actor_address}}
    account = {"id": entry.actor_id}
    key = {**account, "type": "service_account", "service_account": account, "ip_address": entry.actor_address}
    return {"type": "api_key", "api_key": key}


def _interval(query: Query) -> tuple[int | None, int | None]:
    """Return since when and until when, as a half-open interval; events are shown with their whole second."""
    after, since, before, until = (query.time(name) for name in _TIMES)
    starts = [time for time in (since, None if after is None else after + 1) if time is not None]
    ends = [time for time in (before, None if until is None else until + 1) if time is not None]
    return max(starts, default=None), min(ends, default=None)
