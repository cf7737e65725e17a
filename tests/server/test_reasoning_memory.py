"""The reasoning behind a tool call comes back to the model, though the client does not send it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.encoding import load_encoding
from ossian.server.reasoning_memory import ReasoningMemory, num_bytes
from ossian.settings import ReasoningMemorySettings
from tests.server.serving import ANSWER, CALL, MODEL, Served, in_turn, serving, turn_ids

THOUGHT = "Look it up."
QUESTION: dict[str, Any] = {"role": "user", "content": "The weather in Paris?"}
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


@contextmanager
def server(**settings: Any) -> Iterator[Served]:
    with serving(ScriptedEngine(in_turn(CALL, ANSWER)), **settings) as served:
        yield served


def prompt(served: Served) -> str:
    """The last prompt the model saw."""
    assert isinstance(served.engine, ScriptedEngine)
    return load_encoding().decode(list(served.engine.requests[-1].prompt_token_ids))


def go_on(served: Served, call: dict[str, Any], headers: dict[str, str] | None = None, **said: Any) -> str:
    """Send a call's result back; returns what the model saw."""
    call = {key: value for key, value in call.items() if key != "index"}
    assistant = {"role": "assistant", "content": None, "tool_calls": [call], **said}
    messages = [QUESTION, assistant, {"role": "tool", "tool_call_id": call["id"], "content": "12 degrees"}]
    body = {"model": MODEL, "messages": messages, "tools": [TOOL]}
    answer = served.post(json=body, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return prompt(served)


def first_call(served: Served, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    body = {"model": MODEL, "messages": [QUESTION], "tools": [TOOL], **fields}
    message = served.post(json=body, headers=headers or {}).json()["choices"][0]["message"]
    (call,) = message["tool_calls"]
    return dict(call)


def test_reasoning_that_the_client_drops_comes_back() -> None:
    with server() as served:
        assert f"<|channel|>analysis<|message|>{THOUGHT}<|end|>" in go_on(served, first_call(served))


def test_also_when_the_client_never_saw_it() -> None:
    with server() as served:
        assert THOUGHT in go_on(served, first_call(served, reasoning={"exclude": True}))


def test_also_of_a_stream() -> None:
    with server() as served:
        asked: Any = served.client.chat.completions
        chunks = asked.create(model=MODEL, messages=[QUESTION], tools=[TOOL], stream=True)
        deltas = [each for chunk in chunks for choice in chunk.choices for each in choice.delta.tool_calls or ()]
        function = {"name": "get_weather", "arguments": "".join(each.function.arguments for each in deltas)}
        assert THOUGHT in go_on(served, {"id": deltas[0].id, "type": "function", "function": function})


def test_each_of_several_choices_has_its_own() -> None:
    other = CALL.replace(THOUGHT, "Or so.")
    with serving(ScriptedEngine(in_turn(CALL, other, ANSWER))) as served:
        body = {"model": MODEL, "messages": [QUESTION], "tools": [TOOL], "n": 2}
        calls = [each["message"]["tool_calls"][0] for each in served.post(json=body).json()["choices"]]
        seen = [go_on(served, call) for call in calls]
        assert sorted(("Or so." in each, THOUGHT in each) for each in seen) == [(False, True), (True, False)]


def test_a_call_that_was_cut_off_is_not_remembered() -> None:
    num_tokens = len(turn_ids(CALL)) - 3
    with server() as served:
        call = first_call(served, max_tokens=num_tokens)
        assert THOUGHT not in go_on(served, {**call, "function": {**call["function"], "arguments": "{}"}})


def test_what_the_client_says_wins() -> None:
    with server() as served:
        seen = go_on(served, first_call(served), reasoning="Other thoughts.")
        assert "Other thoughts." in seen
        assert THOUGHT not in seen


def test_a_server_that_has_it_turned_off_keeps_nothing() -> None:
    with server(sections={"reasoning_memory": ReasoningMemorySettings(enabled=False)}) as served:
        call = first_call(served)
        assert THOUGHT not in go_on(served, call)
        assert THOUGHT in go_on(served, call, reasoning=THOUGHT)


def test_another_key_recalls_nothing() -> None:
    mine, yours = ({"Authorization": f"Bearer {key}"} for key in ("mine", "yours"))
    with server(api_keys=["mine", "yours"]) as served:
        call = first_call(served, mine)
        assert THOUGHT not in go_on(served, call, yours)
        assert THOUGHT in go_on(served, call, mine)


def test_recalls_are_counted() -> None:
    with server() as served:
        call = first_call(served)
        go_on(served, call)
        go_on(served, {**call, "id": "call_of_somebody"})
        seen = served.get("/metrics").text
    for result in ("hit", "miss"):
        assert f'ossian_reasoning_recalls_total{{result="{result}"}} 1.0' in seen


def memory(now: float = 0.0, **settings: Any) -> ReasoningMemory:
    return ReasoningMemory(ReasoningMemorySettings(**settings), lambda: now)


def test_it_forgets_in_time() -> None:
    clock = [0.0]
    one = ReasoningMemory(ReasoningMemorySettings(ttl_seconds=60), lambda: clock[0])
    one.remember("", "a", THOUGHT)
    clock[0] = 59
    assert one.recall("", "a") == THOUGHT
    clock[0] = 61
    assert one.recall("", "a") is None
    assert len(one) == 0


def test_it_holds_no_more_than_it_may() -> None:
    one = memory(max_bytes=3 * num_bytes("x" * 100))
    for index in range(10):
        one.remember("", str(index), "x" * 100)
    assert len(one) == 3
    one.remember("", "huge", "x" * 10_000)
    assert one.recall("", "huge") is None
    assert len(one) == 3


@pytest.mark.parametrize("settings", [{"enabled": False}, {"max_bytes": 0}])
def test_it_can_be_turned_off(settings: dict[str, Any]) -> None:
    one = memory(**settings)
    one.remember("", "a", THOUGHT)
    assert one.recall("", "a") is None


def test_no_reasoning_is_nothing_to_remember() -> None:
    one = memory()
    one.remember("", "a", "")
    assert len(one) == 0


def test_threads_may_use_it_at_once() -> None:
    """Conversations are put together in threads; entries come, expire and are pushed out meanwhile."""
    clock = count()
    one = ReasoningMemory(ReasoningMemorySettings(max_bytes=20_000, ttl_seconds=50), lambda: next(clock))

    def use(worker: int) -> int:
        for number in range(1000):
            one.remember("", f"{worker}-{number}", THOUGHT)
            one.recall("", f"{worker}-{number - 3}")
        return worker

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(use, range(4))) == [0, 1, 2, 3]
