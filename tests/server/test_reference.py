"""The pages on the HTTP API and the Responses API know every route, parameter, error code and metric there is."""

import re
from typing import get_args

import pytest
from pydantic import BaseModel

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.completions.schema import CompletionRequest
from ossian.api.responses import notices
from ossian.api.responses.schema import CompactRequest, InputTokensRequest, ResponseRequest
from ossian.server.observability import Metrics
from tests.repository import ROOT
from tests.server.serving import Served, scripted

PAGE = (ROOT / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")
RESPONSES_PAGE = (ROOT / "docs" / "reference" / "responses.md").read_text(encoding="utf-8")
SERVICES_PAGE = (ROOT / "docs" / "reference" / "hosted-services.md").read_text(encoding="utf-8")
ADMIN_PAGE = (ROOT / "docs" / "reference" / "admin-api.md").read_text(encoding="utf-8")
PARAMETER_ROW = re.compile(r"^\| (`.+`) \| (honoured|accepted|refused) \| .+ \|$", re.MULTILINE)


def words(*pages: str) -> set[str]:
    return {word for page in pages for word in re.findall(r"`([^`]+)`", page)}


def documented_states() -> dict[str, str]:
    """What the table says of each parameter of POST /v1/responses."""
    rows = PARAMETER_ROW.findall(RESPONSES_PAGE)
    return {name: state for names, state in rows for name in re.findall(r"`(\w+)`", names)}


@pytest.mark.parametrize("schema", [ChatCompletionRequest, CompletionRequest])
def test_every_parameter_is_documented(schema: type[BaseModel]) -> None:
    assert set(schema.model_fields) - words(PAGE) == set()


@pytest.mark.parametrize("schema", [InputTokensRequest, CompactRequest])
def test_every_parameter_beside_responses_is_documented(schema: type[BaseModel]) -> None:
    assert set(schema.model_fields) - words(RESPONSES_PAGE) == set()


def test_the_table_of_parameters_says_what_becomes_of_each() -> None:
    states = documented_states()
    assert states.keys() == ResponseRequest.model_fields.keys()
    refused = {name for name, field in ResponseRequest.model_fields.items() if field.annotation is type(None)}
    assert {name for name, state in states.items() if state == "refused"} == refused


def test_every_field_of_an_object_and_every_include_is_documented() -> None:
    known = words(RESPONSES_PAGE)
    for name in ("text", "reasoning", "prompt"):
        (schema, _) = get_args(ResponseRequest.model_fields[name].annotation)
        assert set(schema.model_fields) - {"generate_summary"} - known == set(), name


def test_every_warning_is_documented() -> None:
    public = {name: value for name, value in vars(notices).items() if name.isupper() and not name.startswith("_")}
    codes = {value for value in public.values() if isinstance(value, str)}
    assert len(codes) > 4
    assert codes - words(RESPONSES_PAGE) == set()


def test_every_route_is_documented(server: Served) -> None:
    document = server.get("/openapi.json").json()
    routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    written = {re.sub(r"\{(model|response|conversation|prompt|file|batch)_id\}", "{id}", route) for route in routes}
    assert written - words(PAGE, RESPONSES_PAGE, ADMIN_PAGE, SERVICES_PAGE) == set()


def test_every_error_code_is_documented() -> None:
    package = ROOT / "src" / "ossian"
    modules = ["errors", "api/validation", "api/errors", "server/errors", "server/body"]
    modules += ["accounts/callers", "server/anonymity"]
    folders = ["api/responses", "server/responses", "server/routes"]
    sources = [package / f"{module}.py" for module in modules]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r'(?:code(?:: str \| None)? ?= ?|, )"([a-z]+(?:_[a-z]+)+)"', text))
    of_responses = [path for folder in folders for path in (package / folder).glob("*.py")]
    codes |= {code for path in of_responses for code in re.findall(r'\bcode="(\w+)"', path.read_text(encoding="utf-8"))}
    assert {"invalid_value", "engine_dead", "context_length_exceeded", "missing_api_key", "origin_not_allowed"} <= codes
    assert codes - words(PAGE, RESPONSES_PAGE) == set()


def test_every_metric_is_documented() -> None:
    metrics = Metrics({"m": scripted()})
    names = re.findall(r"^# TYPE (ossian_\w+) ", metrics.exposition().decode(), re.MULTILINE)
    assert len(names) > 10
    assert {name for name in names if not name.endswith("_created")} - words(PAGE) == set()
