"""Stored prompts over HTTP. The openai SDK has no methods for them; the use of `prompt` is tested with responses."""

from collections.abc import Iterator
from typing import Any

import pytest

from ossian.engine.scripted import ScriptedEngine
from tests.server.serving import MODEL, NOW, Served, scripted, serving
from tests.specs.validators import check_response

KEYS = ("first-key", "second-key")
WEATHER = {
    "name": "Weather",
    "instructions": "Answer in {{language}}.",
    "input": [{"role": "user", "content": "How is the weather in {{city}}?"}],
    "variables": {"language": "English"},
    "metadata": {"team": "demo"},
}


@pytest.fixture(scope="module")
def locked() -> Iterator[Served]:
    with serving(scripted(), api_keys=KEYS) as served:
        yield served


def asked(server: Served, method: str, path: str = "", key: str = "none", **options: Any) -> Any:
    with server.http() as client:
        return client.request(method, f"/v1/prompts{path}", headers={"authorization": f"Bearer {key}"}, **options)


def error_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    return error


def test_a_prompt_comes_back_as_it_is_stored(server: Served) -> None:
    created = asked(server, "POST", json=WEATHER).json()
    assert created["id"].startswith("pmpt_")
    (message,) = created["input"]
    assert message["id"].startswith("msg_")
    assert message["content"] == [{"type": "input_text", "text": "How is the weather in {{city}}?"}]
    assert created == {
        "id": created["id"],
        "object": "prompt",
        "created_at": NOW,
        "version": "1",
        "name": "Weather",
        "instructions": "Answer in {{language}}.",
        "input": [message],
        "variables": {"language": "English", "city": None},
        "metadata": {"team": "demo"},
    }
    assert asked(server, "GET", f"/{created['id']}").json() == created


def test_a_string_is_what_the_user_says(server: Served) -> None:
    (message,) = asked(server, "POST", json={"input": "Hello {{name}}!"}).json()["input"]
    assert (message["type"], message["role"]) == ("message", "user")


def test_versions_are_added_and_stay(server: Served) -> None:
    first = asked(server, "POST", json=WEATHER).json()
    path = f"/{first['id']}"
    second = asked(server, "POST", path, json={"instructions": "Be brief."}).json()
    assert (second["id"], second["version"], second["variables"]) == (first["id"], "2", {})
    assert asked(server, "GET", path).json() == second
    assert asked(server, "GET", f"{path}?version=1").json() == first
    assert asked(server, "GET", f"{path}?version=2").json() == second
    error = error_of(asked(server, "GET", f"{path}?version=3"), 404)
    assert error["code"] == "prompt_not_found"
    assert "version '3'" in error["message"]


def test_prompts_are_listed_in_pages_with_their_newest_version() -> None:
    with serving(scripted()) as server:
        ids = [asked(server, "POST", json={"instructions": f"{number}"}).json()["id"] for number in range(5)]
        asked(server, "POST", f"/{ids[0]}", json={"instructions": "again"})
        first = asked(server, "GET", "?limit=3").json()
        second = asked(server, "GET", f"?limit=3&after={first['last_id']}").json()
        backwards = asked(server, "GET", "?order=asc").json()
        error = error_of(asked(server, "GET", "?after=pmpt_nothing"), 404)
    assert [prompt["id"] for prompt in first["data"] + second["data"]] == ids[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert [prompt["id"] for prompt in backwards["data"]] == ids
    assert [prompt["version"] for prompt in backwards["data"]] == ["2", "1", "1", "1", "1"]
    assert (error["param"], error["code"]) == ("after", "prompt_not_found")


def test_a_deleted_prompt_is_gone_with_its_versions(server: Served) -> None:
    prompt_id = asked(server, "POST", json=WEATHER).json()["id"]
    assert asked(server, "DELETE", f"/{prompt_id}").json() == {
        "id": prompt_id,
        "object": "prompt.deleted",
        "deleted": True,
    }
    for path in (f"/{prompt_id}", f"/{prompt_id}?version=1"):
        assert error_of(asked(server, "GET", path), 404)["code"] == "prompt_not_found"


@pytest.mark.parametrize("prompt_id", ["pmpt_nothing", "x" * 3000, "%00"])
def test_a_prompt_that_is_not_there(server: Served, prompt_id: str) -> None:
    for method, body in (("GET", None), ("POST", WEATHER), ("DELETE", None)):
        error = error_of(asked(server, method, f"/{prompt_id}", json=body), 404)
        assert error["code"] == "prompt_not_found"
        assert len(error["message"]) < 150


@pytest.mark.parametrize(
    "body, param",
    [
        ({}, "instructions"),
        ({"instructions": 1}, "instructions"),
        ({"input": [{"role": "bot", "content": ""}]}, "input[0].role"),
        ({"instructions": "Hi", "variables": {"x": "y"}}, "variables.x"),
        ({"instructions": "Hi", "surprise": 1}, "surprise"),
    ],
    ids=str,
)
def test_a_wrong_prompt_is_named_where_it_is_wrong(server: Served, body: Any, param: str) -> None:
    assert error_of(asked(server, "POST", json=body), 400)["param"] == param


@pytest.mark.parametrize("query", ["version=latest", "version="])
def test_a_wrong_version_is_named(server: Served, query: str) -> None:
    prompt_id = asked(server, "POST", json=WEATHER).json()["id"]
    assert error_of(asked(server, "GET", f"/{prompt_id}?{query}"), 400)["param"] == "version"


def test_what_is_anothers_does_not_exist(locked: Served) -> None:
    mine, theirs = KEYS
    prompt = asked(locked, "POST", key=mine, json=WEATHER).json()
    path = f"/{prompt['id']}"
    for method, body in (("GET", None), ("POST", WEATHER), ("DELETE", None)):
        assert error_of(asked(locked, method, path, theirs, json=body), 404)["code"] == "prompt_not_found"
    assert asked(locked, "GET", key=theirs).json()["data"] == []
    assert error_of(asked(locked, "GET", f"?after={prompt['id']}", theirs), 404)["code"] == "prompt_not_found"
    assert asked(locked, "GET", path, mine).json() == prompt


# --- In requests for responses ----------------------------------------------------------------------------------------


def respond(server: Served, prompt: dict[str, Any], key: str = "none", **fields: Any) -> Any:
    body = {"model": MODEL, "prompt": prompt, **fields}
    with server.http() as client:
        return client.post("/v1/responses", headers={"authorization": f"Bearer {key}"}, json=body)


def prompt_of(server: Served) -> str:
    """What the engine was last asked."""
    assert isinstance(server.engine, ScriptedEngine)
    return server.parts.generations[MODEL].encoding.decode(list(server.engine.requests[-1].prompt_token_ids))


def test_a_response_begins_with_its_prompt(server: Served) -> None:
    prompt_id = asked(server, "POST", json=WEATHER).json()["id"]
    prompt = {"id": prompt_id, "variables": {"city": {"type": "input_text", "text": "Cork"}}}
    body = respond(server, prompt, input="And tomorrow?").json()
    check_response(body)
    assert body["prompt"]["id"] == prompt_id
    told = prompt_of(server)
    assert "Answer in English." in told
    assert told.index("How is the weather in Cork?") < told.index("And tomorrow?")


def test_a_prompt_alone_is_a_request(server: Served) -> None:
    prompt_id = asked(server, "POST", json={"input": "Tell a joke about {{subject}}."}).json()["id"]
    check_response(respond(server, {"id": prompt_id, "variables": {"subject": "a goat"}}).json())
    assert "joke about a goat." in prompt_of(server)


def test_a_requests_own_instructions_go_before_the_prompts(server: Served) -> None:
    prompt_id = asked(server, "POST", json=WEATHER).json()["id"]
    prompt = {"id": prompt_id, "variables": {"city": "Cork"}}
    assert respond(server, prompt, instructions="Answer in Irish.").status_code == 200
    assert "Answer in Irish." in prompt_of(server)
    assert "Answer in English." not in prompt_of(server)


def test_a_response_can_ask_for_a_version(server: Served) -> None:
    prompt_id = asked(server, "POST", json={"input": "The first."}).json()["id"]
    asked(server, "POST", f"/{prompt_id}", json={"input": "The second."})
    for version, said in (("1", "The first."), ("2", "The second."), (None, "The second.")):
        assert respond(server, {"id": prompt_id, "version": version}).status_code == 200
        assert said in prompt_of(server)


@pytest.mark.parametrize(
    "reference, status, param, code",
    [
        ({}, 400, "prompt.variables.city", "missing_variable"),
        ({"variables": {"town": "x"}}, 400, "prompt.variables.town", "unknown_variable"),
        ({"variables": {"city": {"type": "input_image"}}}, 400, "prompt.variables.city.type", "unsupported_content"),
        ({"variables": {"city": 1}}, 400, "prompt.variables.city", "invalid_type"),
        ({"version": "7"}, 404, "prompt.id", "prompt_not_found"),
        ({"version": "latest"}, 400, "prompt.version", "invalid_value"),
        ({"id": "pmpt_nothing"}, 404, "prompt.id", "prompt_not_found"),
    ],
    ids=str,
)
def test_a_prompt_that_cannot_be_used(
    server: Served, reference: dict[str, Any], status: int, param: str, code: str
) -> None:
    prompt_id = asked(server, "POST", json=WEATHER).json()["id"]
    error = error_of(respond(server, {"id": prompt_id, **reference}), status)
    assert (error["param"], error["code"]) == (param, code)


def test_anothers_prompt_cannot_be_used(locked: Served) -> None:
    mine, theirs = KEYS
    prompt = {"id": asked(locked, "POST", key=mine, json={"input": "Mine."}).json()["id"]}
    assert error_of(respond(locked, prompt, theirs), 404)["code"] == "prompt_not_found"
    assert respond(locked, prompt, mine).status_code == 200


def test_the_sdk_refers_to_a_prompt(server: Served) -> None:
    prompt_id = asked(server, "POST", json=WEATHER).json()["id"]
    response = server.client.responses.create(
        model=MODEL, prompt={"id": prompt_id, "version": "1", "variables": {"city": "Cork"}}
    )
    assert response.output_text == "It is 4."
    assert response.prompt is not None
    assert (response.prompt.id, response.prompt.version) == (prompt_id, "1")
