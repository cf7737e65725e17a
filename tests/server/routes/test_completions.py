from typing import Any

import pytest

from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.encoding import HarmonyEncoding, load_encoding
from tests.server.serving import MODEL, Served, in_turn, serving, turn_ids

encode = load_encoding().encode


def complete(server: Served, **fields: Any) -> dict[str, Any]:
    response = server.post("/v1/completions", json={"model": MODEL, "prompt": "2+2", **fields})
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize(
    "prompt, prompts",
    [
        ("2+2", [encode("2+2")]),
        (["2+2", "a b"], [encode("2+2"), encode("a b")]),
        ("", [[199_999]]),  # <|endoftext|>
        (None, [[199_999]]),
        (["", "2+2"], [[199_999], encode("2+2")]),
        ([5, 6], [[5, 6]]),
        ([[5, 6], [7]], [[5, 6], [7]]),
    ],
    ids=str,
)
def test_prompts_go_to_the_engine_as_they_are(prompt: Any, prompts: list[list[int]]) -> None:
    engine = ScriptedEngine(in_turn("a", "b"))
    with serving(engine) as server:
        body = complete(server, prompt=prompt)
    assert [list(request.prompt_token_ids) for request in engine.requests] == prompts
    assert [choice["index"] for choice in body["choices"]] == list(range(len(prompts)))
    assert body["usage"]["prompt_tokens"] == sum(map(len, prompts))


def test_special_tokens_are_allowed_as_ids_only() -> None:
    engine = ScriptedEngine(in_turn("a"))
    with serving(engine) as server:
        complete(server, prompt="<|start|>")
        complete(server, prompt=[200_006])
    assert 200_006 not in engine.requests[0].prompt_token_ids
    assert list(engine.requests[1].prompt_token_ids) == [200_006]


@pytest.mark.parametrize(
    "prompt, text", [("2+2", "2+2"), ("", ""), (encode("2+2 €"), "2+2 €"), ([[200_006]], "<|start|>")]
)
def test_the_prompt_is_echoed_as_text(prompt: Any, text: str) -> None:
    with serving(ScriptedEngine(turn_ids("!"))) as server:
        (choice,) = complete(server, prompt=prompt, echo=True)["choices"]
    assert choice["text"] == f"{text}!"


def test_the_limit_is_sixteen_unless_given() -> None:
    engine = ScriptedEngine(encode("a ") * 40)
    with serving(engine) as server:
        assert complete(server)["usage"]["completion_tokens"] == 16
        assert complete(server, max_tokens=20)["usage"]["completion_tokens"] == 20


def test_the_best_of_several_is_answered() -> None:
    engine = ScriptedEngine(in_turn("a", "b", "c"))
    with serving(engine) as server:
        body = complete(server, best_of=3, n=1, seed=3)
    assert len(body["choices"]) == 1
    assert body["choices"][0]["logprobs"] is None
    assert body["usage"]["completion_tokens"] == 3
    assert [request.sampling.seed for request in engine.requests] == [3, 4, 5]


def test_a_prompt_that_can_never_fit_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HarmonyEncoding, "decode", lambda *_: pytest.fail("nobody asked for the text"))
    with serving(ScriptedEngine(turn_ids("a"))) as server:
        response = server.post("/v1/completions", json={"model": MODEL, "prompt": [0] * 500_000, "echo": True})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_an_unknown_token_id_is_refused() -> None:
    with serving(ScriptedEngine(turn_ids("a"))) as server:
        for prompt in ([201_088], [[1], [10**9]]):
            response = server.post("/v1/completions", json={"model": MODEL, "prompt": prompt})
            assert response.status_code == 400
            assert response.json()["error"]["param"] == "prompt"
            assert "the last token id, 201087" in response.json()["error"]["message"]


@pytest.mark.parametrize("token_id", [200_018, 200_019, 201_087])
def test_a_token_id_without_a_text_is_no_failure(token_id: int) -> None:
    with serving(ScriptedEngine(turn_ids("a"))) as server:
        assert complete(server, prompt=[token_id], echo=True)["choices"][0]["text"].endswith("a")


def test_a_stop_string() -> None:
    with serving(ScriptedEngine(turn_ids("a b c"))) as server:
        (choice,) = complete(server, stop=" c")["choices"]
    assert (choice["text"], choice["finish_reason"], choice["stop_reason"]) == ("a b", "stop", " c")
