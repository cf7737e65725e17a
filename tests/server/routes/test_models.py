from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from tests.api.shapes import faults
from tests.server.keys import make_key, make_project
from tests.server.serving import ALIAS, ALIASES, MODEL, NOW, Served, scripted, serving

TODAY = datetime.fromtimestamp(NOW, UTC).date()
TOMORROW = TODAY + timedelta(days=1)

DECLARED: list[dict[str, object]] = [
    {"id": MODEL, "tags": ["chat"], "prices": {"input": 0.05, "output": 0.18}},
    {"id": "coming", "publisher": "somebody"},
    {"id": "moved", "lifecycle": {"retired": TODAY, "successor": MODEL, "when_retired": "redirect"}},
    {"id": "gone", "lifecycle": {"retired": TODAY, "successor": MODEL}},
    {"id": "leaving", "lifecycle": {"deprecated": TODAY}},
]


@pytest.fixture(scope="module")
def declared() -> Iterator[Served]:
    with serving(scripted(), sections={"catalog": {"currency": "EUR", "models": DECLARED}}) as served:
        yield served


@pytest.fixture(scope="module")
def deprecated() -> Iterator[Served]:
    models = [{"id": MODEL, "lifecycle": {"deprecated": TODAY, "retired": TOMORROW}}]
    with serving(scripted(), sections={"catalog": {"models": models}}) as served:
        yield served


def test_the_models_that_are_served(server: Served) -> None:
    body = server.get("/v1/models").json()
    assert faults(body, "ListModelsResponse") == []
    (model,) = body["data"]
    assert (model["id"], model["object"], model["created"]) == (MODEL, "model", NOW - 1000)
    assert model["owned_by"] == "ossian"
    assert [model[name] for name in ("context_length", "context_window", "max_model_len")] == [131_072] * 3
    assert model["max_completion_tokens"] == 131_072
    assert model["aliases"] == list(ALIASES)
    assert model["lifecycle"]["status"] == "active"
    assert "demonstration" in model["description"]


@pytest.mark.parametrize(
    "name", [MODEL, ALIAS, "gpt-oss-20b", "openai%2Fgpt-oss-20b", "ossian@latest", "ossian%40latest"]
)
def test_a_model_by_any_of_its_names(server: Served, name: str) -> None:
    body = server.get(f"/v1/models/{name}").json()
    assert faults(body, "Model") == []
    assert body["id"] == MODEL


@pytest.mark.parametrize("name", ["nothing", "openai/nothing", "OSSIAN-NANO", "a/b/c", "llama@latest"])
def test_a_model_that_is_not_served(server: Served, name: str) -> None:
    response = server.get(f"/v1/models/{name}")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert f"'{name.split('@', maxsplit=1)[0]}'" in response.json()["error"]["message"]


def test_what_is_declared_is_shown(declared: Served) -> None:
    (model,) = declared.get("/v1/models").json()["data"]
    assert model["pricing"] == {
        "prompt": "0.00000005",
        "completion": "0.00000018",
        "input_cache_read": "0.00000005",
    }
    assert model["tags"] == ["ossian", "chat"]


def test_the_catalog_has_what_stays(declared: Served) -> None:
    catalog = declared.get("/rest/v1/models_v2").json()
    assert [(model["id"], model["available"]) for model in catalog] == [(MODEL, True), ("coming", False)]
    prices = catalog[0]["metadata"]["usage_information"]["pricing"]
    assert prices["prompt"] == {"price": "0.05", "unit": "EUR per 1M tokens"}


def test_the_catalog_tells_the_limits() -> None:
    sections = {"limits": {"profile": "hosted", "anonymous": {"requests_per_minute": 3}}}
    with serving(scripted(), sections=sections) as served:
        (model,) = served.get("/rest/v1/models_v2").json()
    rates = model["metadata"]["usage_information"]["rate_limit"]
    assert rates == {"rate_limit_api": 400, "rate_limit_api_anonymous": 3}


def test_routers_are_shown_the_served_models(declared: Served) -> None:
    (model,) = declared.get("/rest/v2/openrouter").json()["data"]
    assert (model["id"], model["context_length"]) == (MODEL, 131_072)


@pytest.mark.parametrize("path", ["/rest/v1/models_v2", "/rest/v2/openrouter"])
def test_the_catalogs_are_public(path: str) -> None:
    with serving(scripted(), api_keys=("secret",)) as served:
        assert served.get(path).status_code == 200
        assert served.get("/v1/models").status_code == 401


def asked(served: Served, path: str, model: str) -> Any:
    question = {"messages": [{"role": "user", "content": "2+2?"}]} if "chat" in path else {"input": "2+2?"}
    return served.post(path, json={"model": model, **question})


PATHS = ["/v1/chat/completions", "/v1/responses"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "name", ["gpt-oss@cheapest", "chat@fastest", "ossian @ latest ? context_size > 100000 & input_cost < 0.06"]
)
def test_a_virtual_name_answers_and_the_answer_names_the_model(declared: Served, path: str, name: str) -> None:
    response = asked(declared, path, name)
    assert response.status_code == 200
    assert response.json()["model"] == MODEL
    assert "x-warning" not in response.headers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "name, status, code, reason",
    [
        ("llama@latest", 404, "model_not_found", "The tags are 'ossian', 'chat', 'gpt-oss', 'openai'"),
        ("chat@latest?params>1B", 404, "model_not_found", f"'{MODEL}' (params 109000000)"),
        ("chat@best", 400, "invalid_value", "'fastest', 'cheapest', 'biggest', 'latest', 'smallest'"),
        ("chat@latest?colour=1", 400, "invalid_value", "'context_size', 'max_tokens', 'input_cost', 'params'"),
        ("coming", 404, "model_not_found", "not served at present"),
        ("gone", 404, "model_not_found", f"was retired on {TODAY}. Use '{MODEL}' instead."),
    ],
)
def test_what_does_not_answer_says_what_there_is(
    declared: Served, path: str, name: str, status: int, code: str, reason: str
) -> None:
    response = asked(declared, path, name)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (status, code, "model")
    assert reason in error["message"]


@pytest.mark.parametrize("path", PATHS)
def test_a_retired_models_successor_answers_with_a_warning(declared: Served, path: str) -> None:
    response = asked(declared, path, "moved")
    assert response.json()["model"] == MODEL
    assert response.headers["x-warning"] == f"The model 'moved' was retired on {TODAY}; '{MODEL}' answers instead."


def test_a_redirected_request_waits_as_long_as_is_declared() -> None:
    lifecycle = {"retired": TODAY, "successor": MODEL, "when_retired": "redirect", "redirect_delay_seconds": 0.25}
    models = [{"id": "moved", "lifecycle": lifecycle}]
    with serving(scripted(), sections={"catalog": {"models": models}}) as served:
        began = monotonic()
        response = served.chat(model="moved")
        assert monotonic() - began >= 0.25
    assert "answers instead" in response.headers["x-warning"]


def test_a_virtual_name_stands_for_what_a_key_may_use() -> None:
    with serving(scripted()) as served:
        project = make_project(served)
        narrow = make_key(served, project, scopes={"models": ["another"]})
        wide = make_key(served, project, scopes={"models": [MODEL]})
        body = {"model": "ossian@latest", "messages": [{"role": "user", "content": "Hi"}]}
        assert served.post(json=body, headers=wide.headers).json()["model"] == MODEL
        refused = served.post(json=body, headers=narrow.headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")
        by_name = served.post(json={**body, "model": MODEL}, headers=narrow.headers)
        assert (by_name.status_code, by_name.json()["error"]["code"]) == (403, "model_not_allowed")


@pytest.mark.parametrize("name", [MODEL, ALIAS, "ossian@latest"])
def test_a_deprecated_model_warns(deprecated: Served, name: str) -> None:
    response = asked(deprecated, "/v1/chat/completions", name)
    assert response.json()["model"] == MODEL
    expected = f"The model '{MODEL}' is deprecated and will be retired on {TOMORROW}."
    assert response.headers["x-warning"] == expected


def test_a_deprecated_models_stream_warns(deprecated: Served) -> None:
    response = deprecated.chat(stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "is deprecated" in response.headers["x-warning"]


def test_a_deprecated_model_is_listed_but_not_in_the_catalog(deprecated: Served) -> None:
    (model,) = deprecated.get("/v1/models").json()["data"]
    assert model["lifecycle"] == {
        "status": "deprecated",
        "deprecation_date": str(TODAY),
        "retirement_date": str(TOMORROW),
        "successor": None,
    }
    assert deprecated.get("/rest/v1/models_v2").json() == []
    assert deprecated.get("/rest/v2/openrouter").json() == {"data": []}


def test_turns_are_measured_for_the_fastest() -> None:
    with serving(scripted()) as served:
        assert served.chat(model="ossian@fastest").json()["model"] == MODEL
        metrics = served.get("/metrics").text
    assert f'ossian_time_per_output_token_seconds_count{{model="{MODEL}"}} 1.0' in metrics
