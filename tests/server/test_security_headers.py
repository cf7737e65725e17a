"""Every answer tells browsers to do nothing with it, and pages bring a policy of their own."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.server.serving import Served

NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/models", "/nothing", "/metrics", "/openapi.json", "/", "/docs/assets/swagger-ui.css"]
)
def test_every_answer_has_them(server: Served, path: str) -> None:
    headers = server.get(path).headers
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("referrer-policy") == ["no-referrer"]
    assert headers.get_list("cross-origin-resource-policy") == ["same-origin"]
    assert headers.get_list("content-security-policy") == [NO_PAGE]


def test_streams_and_refusals_have_them(server: Served) -> None:
    for answer in (server.chat(stream=True), server.chat(surprise=1), server.get("/v1/models", headers={"host": "x"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == NO_PAGE


def test_a_refused_websocket_has_them(server: Served) -> None:
    with pytest.raises(InvalidStatus) as caught, connect(server.url.replace("http", "ws") + "/v1/nothing", proxy=None):
        pass
    assert caught.value.response.headers["x-content-type-options"] == "nosniff"


def test_the_documentation_runs_its_own_script_and_no_other(server: Served) -> None:
    page = server.get("/docs")
    (policy,) = page.headers.get_list("content-security-policy")
    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert len(scripts) == 1
    digest = b64encode(sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.replace("style-src 'self' 'unsafe-inline'", "")


def test_all_that_the_documentation_loads_is_allowed(server: Served) -> None:
    """It is from this server: scripts, styles and pictures are loaded from 'self' only."""
    loaded = re.findall(r'(?:src|href)="(.*?)"', server.get("/docs").text)
    assert len(loaded) == 3
    for path in loaded:
        assert path.startswith("/docs/assets/")
        assert server.get(path).status_code == 200
