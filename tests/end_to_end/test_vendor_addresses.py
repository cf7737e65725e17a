"""Each hosted service's own examples at that service's own kind of address, answered by the model that ships.

What they say is the example programs' tests to check (test_examples.py); here it is the addresses, the forms and the
errors: of OVHcloud's pages, AI/ML API's and E2E Networks' references, Azion's page.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import DefaultHttpxClient, OpenAI

from tests.repository import ROOT
from tests.served_process import ServedProcess, served_process

pytestmark = pytest.mark.slow

MODEL = "ossian-nano"
PROGRAMS = {".py": sys.executable, ".sh": "sh"}
GRAVITY: dict[str, Any] = {
    "max_tokens": 64,
    "messages": [{"content": "Explain gravity to a 6 years old", "role": "user"}],
    "model": "gpt-oss-20b",
    "temperature": 0,
}
HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 40}
PRICES = [{"id": MODEL, "prices": {"input": "0.05", "output": "0.18"}}]


@pytest.fixture(scope="module")
def hosted(cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProcess]:
    """A server with prices, and a host for each model."""
    environment = {
        "OSSIAN_MODELS__CACHE_DIR": str(cache_dir),
        "OSSIAN_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "OSSIAN_VENDORS__HOSTS": '["localhost"]',
        "OSSIAN_CATALOG__MODELS": json.dumps(PRICES),
    }
    with served_process(**environment) as running:
        yield running


def program(hosted: ServedProcess, name: str, base: str, **environment: str) -> str:
    """What an example says, of which only the base URL is changed."""
    path = ROOT / "examples" / name
    variables = os.environ | {"OPENAI_BASE_URL": hosted.url + base, "OPENAI_API_KEY": "none"} | environment
    command = [PROGRAMS[path.suffix], str(path)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def post(hosted: ServedProcess, path: str, body: object, **headers: str) -> httpx2.Response:
    return httpx2.post(hosted.url + path, json=body, headers=headers, timeout=60, trust_env=False)


@pytest.fixture
def client(hosted: ServedProcess) -> Iterator[OpenAI]:
    http = DefaultHttpxClient(trust_env=False)
    with OpenAI(base_url=hosted.base_url, api_key="none", max_retries=0, timeout=60, http_client=http) as client:
        yield client


@pytest.mark.parametrize("base", ["/gpt-oss-20b/api/openai_compat/v1", "/ovhcloud/v1", "/v1"])
@pytest.mark.parametrize("name", ["ovhcloud_requests.py", "ovhcloud_openai.py", "ovhcloud_responses_basic.py"])
def test_ovhclouds_programs_at_its_addresses(hosted: ServedProcess, name: str, base: str) -> None:
    said = program(hosted, name, base)
    assert said.strip()
    assert "Error:" not in said


@pytest.mark.parametrize("body", [GRAVITY, {name: each for name, each in GRAVITY.items() if name != "model"}])
def test_ovhclouds_host_of_a_model(hosted: ServedProcess, body: dict[str, Any]) -> None:
    path = "/api/openai_compat/v1/chat/completions"
    answer = post(hosted, path, body, host="gpt-oss-20b.localhost").json()
    message = answer["choices"][0]["message"]
    assert (answer["object"], answer["model"]) == ("chat.completion", MODEL)
    assert message["reasoning_content"]
    assert post(hosted, path, {**GRAVITY, "model": "gpt-5"}, host="gpt-oss-20b.localhost").status_code == 404


def test_ovhclouds_host_with_the_openai_library(client: OpenAI, hosted: ServedProcess) -> None:
    own = client.with_options(
        base_url=f"{hosted.url}/api/openai_compat/v1", default_headers={"Host": "gpt-oss-20b.localhost"}
    )
    answer = own.chat.completions.create(**GRAVITY)
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 64


def test_ovhclouds_virtual_models_and_catalog(hosted: ServedProcess) -> None:
    body = {**GRAVITY, "model": "gpt-oss@cheapest"}
    assert post(hosted, "/ovhcloud/v1/chat/completions", body).json()["model"] == MODEL
    models = httpx2.get(f"{hosted.url}/rest/v1/models_v2", trust_env=False).json()
    assert [(model["id"], model["available"]) for model in models] == [(MODEL, True)]
    listed = httpx2.get(f"{hosted.url}/ovhcloud/v1/models", trust_env=False).json()["data"][0]
    assert (listed["pricing"]["prompt"], listed["pricing"]["completion"]) == ("0.00000005", "0.00000018")


def test_aimlapis_program_and_what_it_cost(hosted: ServedProcess) -> None:
    body = json.loads(program(hosted, "aimlapi_requests.py", "/aimlapi/v1"))
    usage = body["usage"]
    num_cached = usage["prompt_tokens_details"]["cached_tokens"]
    cost = (usage["prompt_tokens"] * Decimal("0.05") + usage["completion_tokens"] * Decimal("0.18")) / 1_000_000
    assert num_cached >= 0  # they cost as much as the others here
    assert body["meta"]["usage"]["usd_spent"] == pytest.approx(float(cost))
    assert body["meta"]["usage"]["credits_used"] == pytest.approx(float(cost) * 2_000_000)


def test_aimlapis_headers_and_stream(hosted: ServedProcess) -> None:
    body = {**HELLO, "model": "openai/gpt-oss-20b", "provider": "auto", "top_k": 40, "min_p": 0.05, "seed": 1}
    answer = post(hosted, "/aimlapi/v1/chat/completions", body, **{"x-client-request-id": "order-17"})
    assert answer.headers["x-client-request-id"] == "order-17"
    assert float(answer.headers["x-aimlapi-usd-spent"]) == answer.json()["meta"]["usage"]["usd_spent"]
    assert answer.headers["x-inference-id"]
    stream = post(hosted, "/aimlapi/v1/chat/completions", {**body, "stream": True}).text
    *_, last, done, _ = stream.split("\n\n")
    assert done == "data: [DONE]"
    assert json.loads(last.removeprefix("data: "))["meta"]["usage"]["credits_used"] > 0


def test_aimlapis_catalog(hosted: ServedProcess) -> None:
    described = httpx2.get(f"{hosted.url}/model/openai/gpt-oss-20b", trust_env=False).json()
    assert (described["object"], described["data"]["id"]) == ("model", MODEL)
    assert post(hosted, "/v1/chat/completions", {**HELLO, "model": MODEL}).status_code == 200
    figures = httpx2.get(f"{hosted.url}/models/metrics?aliases=gpt-oss-20b", trust_env=False).json()["models"]
    assert figures[0]["metrics"]["ttft_ms"]["p50"] > 0


@pytest.mark.parametrize("name", ["azion_chat.sh", "azion_tools.sh", "azion_parameters.sh"])
@pytest.mark.parametrize("base", ["/azion/v1", "/v1"])
def test_azions_programs(hosted: ServedProcess, name: str, base: str) -> None:
    assert program(hosted, name, base).endswith("data: [DONE]\n\n")


def test_azions_answer_has_vllms_fields(hosted: ServedProcess) -> None:
    answer = post(hosted, "/azion/v1/chat/completions", {**HELLO, "model": "gpt-oss-20b", "use_beam_search": False})
    (choice,) = answer.json()["choices"]
    assert answer.json()["prompt_logprobs"] is None
    assert choice["stop_reason"] is None
    assert "reasoning_content" in choice["message"]


@pytest.mark.parametrize("query", ["", "?project_id=1234"])
def test_e2es_address_of_a_project_and_a_model(hosted: ServedProcess, query: str) -> None:
    path = f"/project/p-1234/genai/gpt_oss_120b/v1/chat/completions{query}"
    for body in (HELLO, {**HELLO, "model": "gpt_oss_120b"}):
        answer = post(hosted, path, body).json()
        assert answer["object"] == "chat.completion"
        assert answer["choices"][0]["finish_reason"] in ("stop", "length")


@pytest.mark.parametrize("stream", ["false", "true"])
def test_e2es_program(hosted: ServedProcess, stream: str) -> None:
    said = program(hosted, "e2e_tir_chat.sh", "/project/p-1234/genai/gpt_oss_120b/v1", STREAM=stream)
    if stream == "true":
        first, *_, done = [line.removeprefix("data: ") for line in said.splitlines() if line]
        assert {"role": "assistant", "content": ""}.items() <= json.loads(first)["choices"][0]["delta"].items()
        assert done == "[DONE]"
    else:
        assert {"id", "created", "service_tier", "system_fingerprint", "prompt_logprobs"} <= json.loads(said).keys()


ERRORS: dict[str, set[str]] = {
    "/v1": {"error"},
    "/ovhcloud/v1": {"message", "request_id"},
    "/gpt-oss-20b/api/openai_compat/v1": {"message", "request_id"},
    "/aimlapi/v1": {"message", "path", "requestId", "statusCode", "timestamp"},
    "/azion/v1": {"error"},
    "/project/p-1234/genai/gpt_oss_120b/v1": {"error"},
}


@pytest.mark.parametrize("base", ERRORS)
def test_errors_in_the_form_of_the_service_whose_address_was_used(hosted: ServedProcess, base: str) -> None:
    answer = post(hosted, f"{base}/chat/completions", {**HELLO, "model": "gpt-oss-20b", "temperature": 3})
    body = answer.json()
    assert (answer.status_code, body.keys()) == (400, ERRORS[base])
    error = body.get("error", body)
    assert "'temperature'" in error["message"]
    if "error" in body:
        is_vllm = base != "/v1"
        assert (error["type"], error["code"]) == (
            ("BadRequestError", 400) if is_vllm else ("invalid_request_error", "invalid_value")
        )


@pytest.mark.parametrize("base", ERRORS)
def test_the_openai_library_reads_every_form(client: OpenAI, hosted: ServedProcess, base: str) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.with_options(base_url=hosted.url + base).chat.completions.create(**{**GRAVITY, "model": "gpt-5"})
    assert "'gpt-5'" in str(raised.value)
