"""CORS: which web pages may call, and what of the answers they may read."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")
RATE_LIMIT_HEADERS: Final = tuple(
    f"x-ratelimit-{figure}-{resource}"
    for resource in ("requests", "tokens", "concurrent-requests")
    for figure in ("limit", "remaining", "reset")
)
EXPOSED: Final = (
    "retry-after",
    "x-aimlapi-credits-used",
    "x-aimlapi-usd-spent",
    "x-client-request-id",
    "x-inference-id",
    "x-ossian-warning",
    "x-request-id",
    "x-should-retry",
    "x-warning",
    *RATE_LIMIT_HEADERS,
)


def cross_origin(origins: Sequence[str]) -> list[Middleware]:
    """Return what lets the pages of these origins in, with whatever headers they send: nothing when there are none.

    No cookies are asked for: a page has a key of its own, or none.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    ]
