"""The page on the HTTP API knows every route, parameter, error code and metric there is."""

import re

import pytest

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.completions.schema import CompletionRequest
from ossian.server.observability import Metrics
from tests.repository import ROOT
from tests.server.serving import Served, scripted

PAGE = (ROOT / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"`([^`]+)`", PAGE))


@pytest.mark.parametrize("schema", [ChatCompletionRequest, CompletionRequest])
def test_every_parameter_is_documented(schema: type[ChatCompletionRequest | CompletionRequest]) -> None:
    assert set(schema.model_fields) - WORDS == set()


def test_every_route_is_documented(server: Served) -> None:
    document = server.get("/openapi.json").json()
    routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert {route.replace("{model_id}", "{id}") for route in routes} - WORDS == set()


def test_every_error_code_is_documented() -> None:
    package = ROOT / "src" / "ossian"
    modules = ["errors", "api/validation", "api/errors", "server/errors", "server/access", "server/body"]
    sources = [package / f"{module}.py" for module in modules]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r'(?:code(?:: str \| None)? ?= ?|, )"([a-z]+(?:_[a-z]+)+)"', text))
    assert {"invalid_value", "engine_dead", "context_length_exceeded", "missing_api_key"} <= codes
    assert codes - WORDS == set()


def test_every_metric_is_documented() -> None:
    metrics = Metrics({"m": scripted()})
    names = re.findall(r"^# TYPE (ossian_\w+) ", metrics.exposition().decode(), re.MULTILINE)
    assert len(names) > 10
    assert {name for name in names if not name.endswith("_created")} - WORDS == set()
