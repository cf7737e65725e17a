import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.server.serving import Served

QUESTION = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(scope="module")
def document(server: Served) -> dict[str, Any]:
    body: dict[str, Any] = server.get("/openapi.json").json()
    return body


def validator(document: dict[str, Any], path: str) -> Draft202012Validator:
    """What the document says of a route's request body."""
    schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": document["components"]})


def test_every_route_is_there(document: dict[str, Any]) -> None:
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert operations == {
        ("post", "/v1/chat/completions"),
        ("post", "/v1/completions"),
        ("post", "/v1/conversations"),
        ("get", "/v1/conversations/{conversation_id}"),
        ("post", "/v1/conversations/{conversation_id}"),
        ("delete", "/v1/conversations/{conversation_id}"),
        ("post", "/v1/conversations/{conversation_id}/items"),
        ("get", "/v1/conversations/{conversation_id}/items"),
        ("get", "/v1/conversations/{conversation_id}/items/{item_id}"),
        ("delete", "/v1/conversations/{conversation_id}/items/{item_id}"),
        ("post", "/v1/prompts"),
        ("get", "/v1/prompts"),
        ("get", "/v1/prompts/{prompt_id}"),
        ("post", "/v1/prompts/{prompt_id}"),
        ("delete", "/v1/prompts/{prompt_id}"),
        ("post", "/v1/responses"),
        ("get", "/v1/responses/{response_id}"),
        ("delete", "/v1/responses/{response_id}"),
        ("post", "/v1/responses/{response_id}/cancel"),
        ("get", "/v1/responses/{response_id}/input_items"),
        ("post", "/v1/responses/input_tokens"),
        ("post", "/v1/responses/compact"),
        ("get", "/v1/models"),
        ("get", "/v1/models/{model_id}"),
        ("post", "/v1/organization/projects"),
        ("get", "/v1/organization/projects"),
        ("get", "/v1/organization/projects/{project_id}"),
        ("post", "/v1/organization/projects/{project_id}"),
        ("post", "/v1/organization/projects/{project_id}/archive"),
        ("post", "/v1/organization/projects/{project_id}/api_keys"),
        ("get", "/v1/organization/projects/{project_id}/api_keys"),
        ("get", "/v1/organization/projects/{project_id}/api_keys/{key_id}"),
        ("post", "/v1/organization/projects/{project_id}/api_keys/{key_id}"),
        ("delete", "/v1/organization/projects/{project_id}/api_keys/{key_id}"),
        ("get", "/v1/organization/projects/{project_id}/rate_limits"),
        ("post", "/v1/organization/projects/{project_id}/rate_limits/{rate_limit_id}"),
        ("delete", "/v1/organization/projects/{project_id}/rate_limits/{rate_limit_id}"),
        ("get", "/v1/organization/projects/{project_id}/spend_limit"),
        ("post", "/v1/organization/projects/{project_id}/spend_limit"),
        ("delete", "/v1/organization/projects/{project_id}/spend_limit"),
        ("post", "/v1/organization/admin_api_keys"),
        ("get", "/v1/organization/admin_api_keys"),
        ("get", "/v1/organization/admin_api_keys/{key_id}"),
        ("post", "/v1/organization/admin_api_keys/{key_id}"),
        ("delete", "/v1/organization/admin_api_keys/{key_id}"),
        ("get", "/v1/organization/usage/completions"),
        ("get", "/v1/organization/usage/requests"),
        ("get", "/v1/organization/usage/requests.csv"),
        ("get", "/v1/organization/costs"),
        ("get", "/v1/organization/audit_logs"),
        ("post", "/v1/files"),
        ("get", "/v1/files"),
        ("get", "/v1/files/{file_id}"),
        ("delete", "/v1/files/{file_id}"),
        ("get", "/v1/files/{file_id}/content"),
        ("post", "/v1/batches"),
        ("get", "/v1/batches"),
        ("get", "/v1/batches/{batch_id}"),
        ("post", "/v1/batches/{batch_id}/cancel"),
        ("post", "/v1/keys"),
        ("get", "/v1/keys"),
        ("get", "/v1/keys/{prefix}"),
        ("patch", "/v1/keys/{prefix}"),
        ("put", "/v1/keys/{prefix}"),
        ("delete", "/v1/keys/{prefix}"),
        ("get", "/v1/key"),
        ("get", "/v1/billing/balance"),
        ("get", "/v2/usage"),
        ("get", "/v2/usage/detail"),
        ("get", "/v2/logs"),
        ("get", "/v2/billing"),
        ("get", "/v2/billing/detail"),
        ("get", "/v2/billing/transactions"),
        ("get", "/model/{model_id}"),
        ("get", "/models/metrics"),
        ("get", "/rest/v1/models_v2"),
        ("get", "/rest/v2/openrouter"),
        ("get", "/healthz"),
        ("get", "/readyz"),
        ("get", "/metrics"),
    }


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"stop": "a", "n": 2, "temperature": None, "reasoning": {"effort": "low"}},
        {"stop": ["a"], "logit_bias": {"5": 1}, "tool_choice": "auto", "tools": []},
        {"tools": [{"type": "function", "function": {"name": "a"}}], "stream": True, "stream_options": {}},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
    ],
    ids=str,
)
def test_right_requests_are_right_by_the_document(document: dict[str, Any], fields: dict[str, Any]) -> None:
    errors = validator(document, "/v1/chat/completions").iter_errors({**QUESTION, **fields})
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"surprise": 1},
        {"temperature": 3},
        {"messages": []},
        {"messages": [{"role": "bot", "content": ""}]},
        {"functions": [{}]},
        {"stop": 5},
    ],
    ids=str,
)
def test_wrong_requests_are_wrong_by_the_document(document: dict[str, Any], fields: dict[str, Any]) -> None:
    assert not validator(document, "/v1/chat/completions").is_valid({**QUESTION, **fields})


@pytest.mark.parametrize(
    "prompt, is_right", [("a", True), (None, True), (["a"], True), ([1], True), ([[1]], True), (5, False)]
)
def test_prompts_are_described(document: dict[str, Any], prompt: Any, is_right: bool) -> None:
    assert validator(document, "/v1/completions").is_valid({"model": "m", "prompt": prompt}) is is_right


def parameters_of(document: dict[str, Any], path: str, method: str = "get") -> dict[str, Any]:
    """What the document says of a route's address, by name."""
    return {each["name"]: each for each in document["paths"][path][method]["parameters"] if each["in"] == "query"}


def test_reports_say_what_they_need(document: dict[str, Any]) -> None:
    for path in ("/v1/organization/usage/completions", "/v1/organization/costs", "/v1/organization/usage/requests"):
        parameters = parameters_of(document, path)
        assert parameters["start_time"]["required"] is True
        assert parameters["start_time"]["schema"] == {"type": "integer"}
        assert {name for name, each in parameters.items() if each["required"]} == {"start_time"}
    assert "group_by" in parameters_of(document, "/v1/organization/costs")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/responses/{response_id}/input_items",
        "/v1/conversations/{conversation_id}/items",
        "/v1/files",
        "/v1/batches",
        "/v1/prompts",
        "/v1/organization/projects",
        "/v1/organization/projects/{project_id}/api_keys",
        "/v1/organization/projects/{project_id}/rate_limits",
        "/v1/organization/admin_api_keys",
    ],
)
def test_lists_say_how_their_pages_are_asked_for(document: dict[str, Any], path: str) -> None:
    assert {"after", "limit", "order"} <= set(parameters_of(document, path))
    ids = {each["name"] for each in document["paths"][path]["get"]["parameters"] if each["in"] == "path"}
    assert ids == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_the_other_parameters_are_there(document: dict[str, Any]) -> None:
    assert set(parameters_of(document, "/v1/responses/{response_id}")) == {"stream", "starting_after", "include"}
    assert set(parameters_of(document, "/v1/conversations/{conversation_id}/items", "post")) == {"include"}
    assert parameters_of(document, "/v2/usage/detail")["group_by"]["schema"] == {"type": "string"}
    for path, name in (
        ("/v2/logs", "model"),
        ("/v2/billing/transactions", "type"),
        ("/v1/organization/usage/completions", "group_by"),
    ):
        assert parameters_of(document, path)[name]["schema"]["type"] == "array"
    assert set(parameters_of(document, "/v2/billing/transactions")) >= {"from", "to", "limit", "cursor"}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references <= set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_errors_are_described(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            assert "422" not in operation["responses"]
            assert operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith("/Error")
