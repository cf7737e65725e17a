"""Every route belongs to a part of the API that somebody can be kept out of, unless it is for everybody."""

import pytest

from ossian.accounts.scopes import Endpoint
from ossian.server.app import ROUTES, create_app
from ossian.server.endpoints import PUBLIC_PATHS, Area, area_of
from ossian.settings import ServerSettings
from tests.server.serving import parts_of, scripted


@pytest.mark.parametrize(
    "path, area",
    [
        ("/", Area.PUBLIC),
        ("/docs", Area.PUBLIC),
        ("/docs/assets/swagger-ui.css", Area.PUBLIC),
        ("/docs/other", Area.OTHER),
        ("/healthz/more", Area.OTHER),
        ("/metrics", Area.METRICS),
        ("/v1/chat/completions", Endpoint.CHAT_COMPLETIONS),
        ("/v1/chat", Area.OTHER),
        ("/v1/chat/completions/x", Endpoint.CHAT_COMPLETIONS),
        ("/v1/chat/completionsx", Area.OTHER),
        ("/v1/completions", Endpoint.COMPLETIONS),
        ("/v1/models", Endpoint.MODELS),
        ("/v1/models/openai/gpt-oss-20b/and/so/on", Endpoint.MODELS),
        ("/v1/responses", Endpoint.RESPONSES),
        ("/v1/responses/resp_1/input_items", Endpoint.RESPONSES),
        ("/v1/conversations/conv_1/items/msg_1", Endpoint.CONVERSATIONS),
        ("/v1/prompts/pmpt_1", Endpoint.PROMPTS),
        ("/v1/files/file-1/content", Endpoint.FILES),
        ("/v1/batches/batch_1/cancel", Endpoint.BATCHES),
        ("/v1/organization", Area.ADMIN),
        ("/v1/organization/projects/proj_1/api_keys", Area.ADMIN),
        ("/v1/organizations", Area.OTHER),
        ("/v1/keys/sk-ossian-abc", Area.ADMIN),
        ("/v2/billing/transactions", Area.REPORTS),
        ("/model/openai/gpt-oss-20b", Area.PUBLIC),
        ("/models/metrics", Area.PUBLIC),
        ("/metrics\n", Area.METRICS),
        ("/v1/keys\n", Area.ADMIN),
        ("/V1/models", Area.OTHER),
        ("/v1//models", Area.OTHER),
        ("v1/models", Area.OTHER),
        ("", Area.OTHER),
        ("/v1/nothing", Area.OTHER),
    ],
)
def test_what_a_path_belongs_to(path: str, area: Area | Endpoint) -> None:
    assert area_of(path) is area


def paths() -> set[str]:
    """Those of all routes, their ids left open, whether the API's description has them or not."""
    app = create_app(parts_of(scripted(), ServerSettings()))
    own = {getattr(route, "path", None) for routes in ROUTES for route in routes.router.routes}
    mounted = {getattr(route, "path", None) for route in app.routes}
    return {path for path in own | mounted | set(app.openapi()["paths"]) if path}


def test_every_route_belongs_somewhere() -> None:
    """One that does not would be open to every key, whatever its scopes."""
    lost = {path for path in paths() if area_of(path) is Area.OTHER}
    assert lost == {"/{path:path}"}, "add them to endpoints.AREAS"


def test_what_is_public_exists() -> None:
    """Else a route that is added later could be public unawares."""
    assert {"/docs/assets", *PUBLIC_PATHS} <= paths()
