"""What a model is declared to do is held to on every route, before the engine is asked anything."""

from collections.abc import Iterator

import pytest

from ossian.engine.scripted import ScriptedEngine
from tests.server.serving import MODEL, Served, scripted, serving

ENGINE = scripted()
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}
COMPLETION = {"model": MODEL, "prompt": "2+2"}
RESPONSE = {"model": MODEL, "input": "2+2?", "store": False}


@pytest.fixture(scope="module")
def limited() -> Iterator[Served]:
    models = [{"id": MODEL, "max_output_tokens": 12, "capabilities": {"streaming": False}}]
    with serving(ENGINE, sections={"catalog": {"models": models}}) as served:
        yield served


@pytest.mark.parametrize(
    "path, body, param",
    [
        ("/v1/chat/completions", {**CHAT, "stream": True}, "stream"),
        ("/v1/chat/completions", {**CHAT, "max_tokens": 13}, "max_tokens"),
        ("/v1/completions", {**COMPLETION, "stream": True}, "stream"),
        ("/v1/completions", {**COMPLETION, "max_tokens": 13}, "max_tokens"),
        ("/v1/responses", {**RESPONSE, "stream": True}, "stream"),
        ("/v1/responses", {**RESPONSE, "max_output_tokens": 13}, "max_output_tokens"),
    ],
)
def test_too_much_is_refused_before_any_work(limited: Served, path: str, body: object, param: str) -> None:
    num_before = len(ENGINE.requests)
    answer = limited.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert len(ENGINE.requests) == num_before


@pytest.mark.parametrize(
    "path, body",
    [("/v1/chat/completions", CHAT), ("/v1/completions", COMPLETION), ("/v1/responses", RESPONSE)],
)
def test_an_answer_without_a_limit_ends_at_the_longest_output(limited: Served, path: str, body: object) -> None:
    assert limited.post(path, json=body).status_code == 200
    assert ENGINE.requests[-1].sampling.max_tokens == 12


def test_an_image_is_refused_with_its_place() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    engine: ScriptedEngine = scripted()
    with serving(engine) as served:
        answer = served.chat(messages=[{"role": "user", "content": [image]}])
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "unsupported_content")
    assert error["param"] == "messages[0].content[0].type"
    assert "no image input" in error["message"]
    assert engine.requests == []
