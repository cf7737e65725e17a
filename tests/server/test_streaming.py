"""Streams on the wire, and what becomes of them when the client leaves."""

import json
import socket
from typing import Any

import pytest

from ossian.engine.scripted import ScriptedEngine
from tests.server.serving import ANSWER, CALL, MODEL, GatedEngine, Served, scripted, serving, turn_ids, until

LONG = turn_ids("<|channel|>final<|message|>" + "word " * 5000)
TOOLS = [{"type": "function", "function": {"name": "get_weather"}}]


def events(text: str) -> list[Any]:
    """The chunks of a stream that ended well."""
    *data, done, end = text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    return [json.loads(each.removeprefix("data: ")) for each in data]


def test_the_headers_of_a_stream(server: Served) -> None:
    response = server.chat(stream=True)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"
    assert "content-length" not in response.headers


def test_every_event_is_one_line_of_data(server: Served) -> None:
    text = server.chat(stream=True, stream_options={"include_usage": True}).text
    assert all(event.count("\n") == 0 and event.startswith("data: ") for event in text.split("\n\n")[:-1])
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in events(text))


def folded(chunks: list[Any], index: int) -> dict[str, Any]:
    """One choice of a stream, as a client puts it together."""
    choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == index]
    deltas = [choice["delta"] for choice in choices]
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    return {
        "content": "".join(delta.get("content") or "" for delta in deltas) or None,
        "reasoning": "".join(delta.get("reasoning") or "" for delta in deltas) or None,
        "names": [call["function"]["name"] for call in calls if "id" in call],
        "arguments": "".join(call["function"]["arguments"] for call in calls),
        "finish_reason": choices[-1]["finish_reason"],
        "stop_reason": choices[-1]["stop_reason"],
        "logprobs": [each for choice in choices for each in (choice["logprobs"] or {}).get("content", ())],
    }


def answered(choice: Any) -> dict[str, Any]:
    """The same of a whole answer."""
    message = choice["message"]
    calls = message.get("tool_calls", ())
    return {
        "content": message["content"] or None,
        "reasoning": message["reasoning"],
        "names": [call["function"]["name"] for call in calls],
        "arguments": "".join(call["function"]["arguments"] for call in calls),
        "finish_reason": choice["finish_reason"],
        "stop_reason": choice["stop_reason"],
        "logprobs": (choice["logprobs"] or {}).get("content", []),
    }


EMPTY_CALL = "<|channel|>commentary to=functions.get_weather<|message|><|call|>"
PREAMBLE = "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant"


@pytest.mark.parametrize(
    "turn, fields",
    [
        (ANSWER, {}),
        (ANSWER, {"n": 3}),
        (ANSWER, {"logprobs": True, "top_logprobs": 3}),
        (ANSWER, {"max_tokens": 5}),
        (ANSWER, {"max_tokens": 17}),
        (ANSWER, {"stop": " 4"}),
        (ANSWER, {"stop": ["is", "."], "n": 2}),
        (ANSWER, {"reasoning": {"exclude": True}}),
        (CALL, {"tools": TOOLS}),
        (CALL, {}),
        (CALL, {"tools": TOOLS, "tool_choice": "none"}),
        (EMPTY_CALL, {"tools": TOOLS}),
        (PREAMBLE + CALL, {"tools": TOOLS}),
        ("no harmony at all", {}),
        ("<|channel|>final<|message|>€ 😀<|return|>", {"logprobs": True}),
    ],
)
def test_the_stream_and_the_whole_answer_are_the_same(turn: str, fields: dict[str, Any]) -> None:
    with serving(scripted(turn)) as server:
        whole = server.chat(**fields).json()
        streamed = events(server.chat(stream=True, stream_options={"include_usage": True}, **fields).text)
    choices = whole["choices"]
    assert [folded(streamed, index) for index in range(len(choices))] == [answered(choice) for choice in choices]
    assert streamed[-1]["usage"] == whole["usage"]


def test_an_empty_call_has_an_empty_object() -> None:
    with serving(scripted(EMPTY_CALL)) as server:
        (choice,) = server.chat(tools=TOOLS).json()["choices"]
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "get_weather", "arguments": "{}"}


def test_a_stop_string_is_named_and_not_leaked() -> None:
    with serving(scripted()) as server:
        (choice,) = server.chat(stop=[" 4"]).json()["choices"]
    assert choice["message"]["content"] == "It is"
    assert (choice["finish_reason"], choice["stop_reason"]) == ("stop", " 4")


def test_a_long_silence_is_filled_with_comments() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with serving(engine, keep_alive_seconds=0.02) as server, server.http() as client:
        body = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}], "stream": True}
        with client.stream("POST", "/v1/chat/completions", json=body) as response:
            lines = response.iter_lines()
            seen = [next(lines)]
            while seen.count(": keep-alive") < 3:
                seen.append(next(lines))
            engine.gate.set()
            rest = list(lines)
    assert '"role":"assistant"' in seen[0]
    assert set(seen[2:]) == {": keep-alive", ""}
    assert "data: [DONE]" in rest


def opened(server: Served, **fields: Any) -> socket.socket:
    """A connection over which a request went out."""
    host, port = server.url.removeprefix("http://").split(":")
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], **fields})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return connection


@pytest.mark.parametrize("fields", [{"stream": True}, {}, {"stream": True, "n": 3}, {"n": 3}], ids=str)
def test_a_client_that_leaves_aborts_its_turns(fields: dict[str, Any]) -> None:
    engine = ScriptedEngine(LONG, delay=0.002)
    with serving(engine) as server:
        connection = opened(server, **fields)
        until(lambda: engine.num_running == fields.get("n", 1) and engine.num_generated_tokens > 3)
        connection.close()
        until(lambda: engine.num_running == 0)
    assert engine.num_generated_tokens < len(LONG)


@pytest.mark.parametrize("fields", [{"stream": True}, {}], ids=str)
def test_a_client_that_leaves_before_the_first_token_aborts_as_well(fields: dict[str, Any]) -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with serving(engine) as server:
        connection = opened(server, **fields)
        until(lambda: engine.num_running == 1)
        connection.close()
        until(lambda: engine.num_running == 0)


def test_many_clients_that_leave_leave_nothing_behind() -> None:
    engine = ScriptedEngine(LONG, delay=0.002)
    with serving(engine) as server:
        tasks_before = gauge(server, "ossian_asyncio_tasks")
        connections = [opened(server, stream=True, n=2) for _ in range(16)]
        until(lambda: engine.num_running == 32)
        for connection in connections:
            connection.close()
        until(lambda: engine.num_running == 0)
        until(lambda: gauge(server, "ossian_http_requests_in_progress") == 1)  # this one
        until(lambda: gauge(server, "ossian_asyncio_tasks") <= tasks_before)


def gauge(server: Served, name: str) -> float:
    (line,) = [line for line in server.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[-1])


def test_one_turn_that_is_refused_aborts_those_before_it() -> None:
    engine = GatedEngine(turn_ids(ANSWER), max_num_seqs=0)
    with serving(engine) as server:
        assert server.chat(n=3).status_code == 503
    assert engine.num_running == 0
