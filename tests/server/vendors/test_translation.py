"""Error bodies on the wire, in each service's own form."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.server.serving import MODEL, Served, scripted, serving

ASKED = {"messages": [{"role": "user", "content": "2+2?"}]}
MOMENT = "2025-11-20T23:06:40.500Z"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    sections = {"vendors": {"hosts": ["localhost"]}}
    with serving(scripted(), sections=sections) as running:
        yield running


def post(served: Served, path: str, body: object, **headers: str) -> httpx2.Response:
    return served.post(path, json=body, headers={"x-request-id": "req_1", **headers})


def chat(served: Served, prefix: str, **fields: object) -> httpx2.Response:
    return post(served, f"{prefix}/v1/chat/completions", {"model": MODEL, **ASKED, **fields})


DEAD = "the scripted engine failed"
UNKNOWN = "The model 'x' does not exist here."


@pytest.mark.parametrize(
    "prefix, body",
    [
        (
            "",
            {
                "error": {
                    "message": UNKNOWN,
                    "type": "invalid_request_error",
                    "param": "model",
                    "code": "model_not_found",
                }
            },
        ),
        ("/ovhcloud", {"message": UNKNOWN, "request_id": "req_1"}),
        (
            "/aimlapi",
            {
                "message": UNKNOWN,
                "path": "/aimlapi/v1/chat/completions",
                "requestId": "req_1",
                "statusCode": 404,
                "timestamp": MOMENT,
            },
        ),
        ("/azion", {"error": {"message": UNKNOWN, "type": "NotFoundError", "param": "model", "code": 404}}),
        ("/e2e", {"error": {"message": UNKNOWN, "type": "NotFoundError", "param": "model", "code": 404}}),
    ],
)
def test_a_refusal_in_the_form_of_each_service(served: Served, prefix: str, body: dict[str, Any]) -> None:
    answer = chat(served, prefix, model="x")
    assert answer.status_code == 404
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert without_list(answer.json()) == body


def without_list(body: Any) -> Any:
    """An error without the models that there are."""
    if isinstance(body, dict):
        return {name: without_list(value) for name, value in body.items()}
    return body.partition(" This server answers")[0] if isinstance(body, str) else body


@pytest.mark.parametrize(
    "prefix, names",
    [
        ("/ovhcloud", {"message", "request_id"}),
        ("/aimlapi", {"message", "path", "requestId", "statusCode", "timestamp"}),
        ("/azion", {"error"}),
    ],
)
def test_what_the_framework_and_the_access_check_refuse_is_translated_too(
    served: Served, prefix: str, names: set[str]
) -> None:
    assert served.get(f"{prefix}/v1/nothing").json().keys() == names
    foreign = served.get(f"{prefix}/v1/models", headers={"host": "example.com"})
    assert foreign.status_code in (401, 403)
    assert foreign.json().keys() == names


def test_answers_are_left_as_they_are(served: Served) -> None:
    plain = served.get("/v1/models")
    assert served.get("/ovhcloud/v1/models").json() == plain.json()
    assert served.get("/ovhcloud/healthz").json() == served.get("/healthz").json()


def last_event(prefix: str) -> Any:
    with serving(scripted(fail_after=3)) as served:
        stream = chat(served, prefix, stream=True).text
    assert "[DONE]" not in stream
    return json.loads(stream.strip().split("\n\n")[-1].removeprefix("data: "))


@pytest.mark.parametrize(
    "prefix, body",
    [
        ("", {"error": {"message": DEAD, "type": "server_error", "param": None, "code": "internal_error"}}),
        ("/ovhcloud", {"message": DEAD, "request_id": "req_1"}),
        (
            "/aimlapi",
            {
                "message": DEAD,
                "path": "/aimlapi/v1/chat/completions",
                "requestId": "req_1",
                "statusCode": 500,
                "timestamp": MOMENT,
            },
        ),
        ("/azion", {"error": {"message": DEAD, "type": "InternalServerError", "param": None, "code": 500}}),
    ],
)
def test_an_error_in_a_stream(prefix: str, body: dict[str, Any]) -> None:
    assert last_event(prefix) == body


def test_aimlapi_numbers_its_answers(served: Served) -> None:
    answer = post(
        served, "/aimlapi/v1/chat/completions", {"model": MODEL, **ASKED}, **{"x-client-request-id": "a.b:c-1"}
    )
    assert answer.status_code == 200
    assert answer.headers["x-inference-id"] == answer.headers["x-request-id"] == "req_1"
    assert answer.headers["x-client-request-id"] == "a.b:c-1"
    failed = post(served, "/aimlapi/v1/chat/completions", {}, **{"x-client-request-id": "no spaces"})
    assert failed.headers["x-inference-id"] == "req_1"
    assert "x-client-request-id" not in failed.headers
    assert "x-inference-id" not in chat(served, "").headers


@pytest.mark.parametrize(
    "host, path",
    [
        ("gpt-oss-20b.localhost", "/api/openai_compat/v1/chat/completions"),
        ("gpt-oss-20b.localhost:8000", "/v1/chat/completions"),
        ("", "/gpt-oss-20b/api/openai_compat/v1/chat/completions"),
        ("", "/openai/gpt-oss-20b/api/openai_compat/v1/chat/completions/"),
        ("", "/project/p-1/genai/gpt_oss_120b/v1/chat/completions"),
    ],
)
def test_the_address_names_the_model(served: Served, host: str, path: str) -> None:
    headers = {"host": host} if host else {}
    assert post(served, path, ASKED, **headers).json()["model"] == MODEL
    assert post(served, path, {"model": "nothing", **ASKED}, **headers).status_code == 404


def test_a_model_that_is_not_there_is_told_by_its_address(served: Served) -> None:
    answer = post(served, "/nothing/api/openai_compat/v1/chat/completions", ASKED)
    assert answer.status_code == 404
    assert "'nothing'" in answer.json()["message"]


def test_the_unified_address_needs_a_model(served: Served) -> None:
    assert post(served, "/v1/chat/completions", ASKED).json()["error"]["param"] == "model"


def test_the_log_and_the_metrics_know_our_route(served: Served) -> None:
    post(served, "/gpt-oss-20b/api/openai_compat/v1/chat/completions", ASKED)
    line = 'ossian_http_requests_total{model="ossian-nano",route="/v1/chat/completions",status="200"}'
    assert line in served.get("/metrics").text


def test_unknown_parameters_are_ignored_where_vllm_does(served: Served) -> None:
    assert chat(served, "/azion", nonsense=1).status_code == 200
    assert chat(served, "/ovhcloud", nonsense=1).status_code == 400
