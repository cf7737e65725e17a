"""How far a limit is used up, and how answers say it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil


class Resource(StrEnum):
    """What limits count; the value is the word in the names of headers."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    CONCURRENT_REQUESTS = "concurrent-requests"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a limit. All of it is there again in `reset_after` seconds; None: nobody knows when."""

    resource: Resource
    limit: int
    remaining: int
    reset_after: float | None = None


def rate_limit_headers(standings: Iterable[Standing]) -> dict[str, str]:
    """Return the x-ratelimit headers of an answer, as OpenAI writes them: of each resource, the nearest limit."""
    headers = {}
    for resource, nearest in _nearest(standings).items():
        headers[f"x-ratelimit-limit-{resource}"] = str(nearest.limit)
        headers[f"x-ratelimit-remaining-{resource}"] = str(nearest.remaining)
        if nearest.reset_after is not None:
            headers[f"x-ratelimit-reset-{resource}"] = duration(nearest.reset_after)
    return headers


def _nearest(standings: Iterable[Standing]) -> dict[Resource, Standing]:
    nearest: dict[Resource, Standing] = {}
    for each in standings:
        known = nearest.setdefault(each.resource, each)
        if (each.remaining, each.limit) < (known.remaining, known.limit):
            nearest[each.resource] = each
    return nearest


def duration(seconds: float) -> str:
    """Return a time span in whole seconds, rounded up, as OpenAI writes it: `6m0s`, `17s`."""
    minutes, rest = divmod(ceil(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
