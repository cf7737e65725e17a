"""Which part of the API a path belongs to, and so who may ask for it."""

from enum import StrEnum
from typing import Final

from ossian.accounts.scopes import Endpoint


class Area(StrEnum):
    """The parts that no key is restricted to."""

    PUBLIC = "public"  # tells nothing about anybody, and needs no key
    ADMIN = "admin"
    METRICS = "metrics"
    REPORTS = "reports"  # for a project's key or an admin key; its routes say which
    OTHER = "other"  # there is nothing, which only those are told who may ask at all


PUBLIC_PATHS: Final = frozenset(
    {"/", "/healthz", "/readyz", "/docs", "/openapi.json", "/rest/v1/models_v2", "/rest/v2/openrouter"}
)
AREAS: Final[dict[str, Endpoint | Area]] = {
    "/docs/assets": Area.PUBLIC,
    "/model": Area.PUBLIC,
    "/models": Area.PUBLIC,
    "/metrics": Area.METRICS,
    "/v1/batches": Endpoint.BATCHES,
    "/v1/billing": Area.REPORTS,
    "/v1/chat/completions": Endpoint.CHAT_COMPLETIONS,
    "/v1/completions": Endpoint.COMPLETIONS,
    "/v1/conversations": Endpoint.CONVERSATIONS,
    "/v1/files": Endpoint.FILES,
    "/v1/key": Area.ADMIN,
    "/v1/keys": Area.ADMIN,
    "/v1/models": Endpoint.MODELS,
    "/v1/organization": Area.ADMIN,
    "/v1/prompts": Endpoint.PROMPTS,
    "/v1/responses": Endpoint.RESPONSES,
    "/v2/billing": Area.REPORTS,
    "/v2/logs": Area.REPORTS,
    "/v2/usage": Area.REPORTS,
}  # a path, and all below it
_MAX_NUM_PARTS: Final = max(path.count("/") for path in AREAS)


def area_of(path: str) -> Endpoint | Area:
    """Return what a path belongs to; one without a trailing slash, as routes are matched.

    A last line break is looked past, since the patterns of routes do so: `$` also stands before it.
    """
    path = path.removesuffix("\n")
    if path in PUBLIC_PATHS:
        return Area.PUBLIC
    parts = path.split("/", _MAX_NUM_PARTS + 1)
    for num_parts in range(_MAX_NUM_PARTS, 0, -1):
        found = AREAS.get("/".join(parts[: num_parts + 1]))
        if found is not None:
            return found
    return Area.OTHER
