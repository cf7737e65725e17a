"""Random requests, answered with random tokens under the mask: whatever the model, no turn is malformed.

What a finished turn says parses without recovery, calls offered tools only, is valid by `jsonschema`, and goes back
into the next request; a turn cut off says so.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ossian.api.chat_completions.answer import ChatAnswer
from ossian.api.chat_completions.events import ChatChunks, ChatOptions
from ossian.api.chat_completions.prompt import conversation, sampling
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.shape import turn_shape
from ossian.api.head import Head
from ossian.engine.base import EngineOutput, EngineRequest
from ossian.engine.scripted import MASKED_INFO, ScriptedEngine
from ossian.generation import Generation, TurnRequest
from ossian.harmony.encoding import load_encoding
from ossian.harmony.vocabulary import CALL, RETURN
from tests.api.shapes import faults
from tests.harmony.turn_walks import check, check_json, draw
from tests.server.serving import Served, serving
from tests.turn_requests import CODE, chat_requests, reference

Draw = Callable[[NDArray[np.uint32]], int]
HEAD = Head("chatcmpl-1", 1_763_680_000, "ossian-nano", "fp_1")
SQL = re.compile(r"SELECT [a-z]{1,6}(, ?[a-z]{1,6}){0,3} FROM [a-z]{1,6}")
KINDS = ("uniform", "closing", "rare")


def allowed_ids(words: NDArray[np.uint32]) -> NDArray[np.intp]:
    return np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))


def drawing(kind: str, random: Random) -> Draw:
    """How tokens are drawn under the mask: all alike, with a liking for what closes, or for what is rare."""

    def rare(words: NDArray[np.uint32]) -> int:
        if random.random() < 0.3:
            return draw(random, words)
        ids = allowed_ids(words)
        return int(ids[max(random.randrange(len(ids)) for _ in range(4))])

    def uniform(words: NDArray[np.uint32]) -> int:
        ids = allowed_ids(words)
        return int(ids[random.randrange(len(ids))])

    return {"uniform": uniform, "closing": lambda words: draw(random, words), "rare": rare}[kind]


class RandomEngine(ScriptedEngine):
    """Draws under the mask, and remembers what it drew."""

    def __init__(self, choose: Draw) -> None:
        super().__init__((), info=MASKED_INFO, draw=choose)
        self.drawn: list[int] = []

    def _output(self, request: EngineRequest, token_id: int, index: int, *, is_last: bool) -> EngineOutput:
        self.drawn.append(token_id)
        return super()._output(request, token_id, index, is_last=is_last)


async def answered(body: dict[str, Any], engine: RandomEngine) -> dict[str, Any]:
    """The chat completion, without HTTP."""
    request = ChatCompletionRequest.model_validate(body)
    generation = Generation(engine, load_encoding())
    asked = TurnRequest("r", conversation(request, None), sampling(request, engine.info), shape=turn_shape(request))
    chunks, answer = ChatChunks(HEAD, 1, ChatOptions.of(request), lambda: "call_1"), ChatAnswer()
    stream = await generation.turn(asked)
    made = [*chunks.open(), *[chunk async for event in stream for chunk in chunks.push(0, event)], *chunks.close()]
    for chunk in made:
        answer.add(chunk)
    return answer.body()


def check_turn(body: dict[str, Any], seed: int, kind: str) -> bool:
    """Answer a request with a random turn and assert what must be true of it. Returns whether it came to its end."""
    engine = RandomEngine(drawing(kind, Random(seed)))
    answer = asyncio.run(answered(body, engine))
    is_finished = engine.drawn[-1] in (RETURN, CALL)
    if is_finished:
        check(turn_shape(ChatCompletionRequest.model_validate(body)), engine.drawn)
    check_answer(body, answer, is_finished=is_finished)
    if is_finished:
        request = ChatCompletionRequest.model_validate(next_request(body, answer))
        assert load_encoding().render(conversation(request, None))
    return is_finished


def check_answer(body: dict[str, Any], answer: dict[str, Any], *, is_finished: bool) -> None:
    (choice,) = answer["choices"]
    calls = choice["message"].get("tool_calls", [])
    assert choice["finish_reason"] == (("tool_calls" if calls else "stop") if is_finished else "length")
    if not is_finished:
        assert answer["usage"]["completion_tokens"] == body["max_completion_tokens"]
        return
    assert faults(answer, "CreateChatCompletionResponse") == []
    for call in calls:
        check_call(body, call)
    if not calls:
        check_content(body, choice["message"]["content"])


def check_call(body: dict[str, Any], call: dict[str, Any]) -> None:
    kind = call["type"]
    name = call[kind]["name"]
    (tool,) = (tool for tool in offered(body) if reference(tool) == {"type": kind, kind: {"name": name}})
    if kind == "function":
        closed = {"type": "object", "additionalProperties": False}
        check_json(call["function"]["arguments"], tool["function"].get("parameters", closed))
        return
    if "format" in tool["custom"]:
        syntax = tool["custom"]["format"]["grammar"]["syntax"]
        assert (SQL if syntax == "lark" else re.compile(CODE)).fullmatch(call["custom"]["input"])


def offered(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The tools that the request's choice leaves."""
    choice = body["tool_choice"]
    assert choice != "none"
    wanted = None if isinstance(choice, str) else choice.get("allowed_tools", {"tools": [choice]})["tools"]
    for tool in body["tools"]:
        if wanted is None or reference(tool) in wanted:
            yield tool


def check_content(body: dict[str, Any], content: str) -> None:
    choice = body.get("tool_choice", "none")
    mode = choice if isinstance(choice, str) else choice.get("allowed_tools", {"mode": "required"})["mode"]
    assert mode != "required"
    form = body.get("response_format", {"type": "text"})
    if form["type"] == "json_object":
        assert isinstance(json.loads(content), dict)
    elif form["type"] == "json_schema":
        check_json(content, form["json_schema"]["schema"])


def next_request(body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The request after this answer, as clients write it."""
    message = answer["choices"][0]["message"]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "done"} for call in message.get("tool_calls", [])
    ]
    return {**body, "messages": [*body["messages"], message, *results, {"role": "user", "content": "And now?"}]}


turns = given(chat_requests(), st.integers(0, 2**32), st.sampled_from(KINDS))


@settings(max_examples=40)
@turns
def test_random_turns_are_well_formed(body: dict[str, Any], seed: int, kind: str) -> None:
    check_turn(body, seed, kind)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_2000_random_turns_are_well_formed() -> None:
    finished: list[bool] = []

    @settings(max_examples=2000, derandomize=True, database=None)
    @turns
    def run(body: dict[str, Any], seed: int, kind: str) -> None:
        finished.append(check_turn(body, seed, kind))

    run()
    assert sum(finished) > 500  # or it would say little; the others are cut off, by limits of 1 to 600 tokens


def test_random_turns_over_http() -> None:
    random = Random(5)
    with serving(RandomEngine(drawing("closing", random))) as served:
        check_over_http(served)


def check_over_http(served: Served) -> None:
    @settings(max_examples=15)
    @given(chat_requests())
    def run(body: dict[str, Any]) -> None:
        response = served.post(json=body)
        assert response.status_code == 200, response.text
        answer = response.json()
        is_finished = answer["choices"][0]["finish_reason"] != "length"
        check_answer(body, answer, is_finished=is_finished)
        if is_finished:
            again = served.post(json=next_request(body, answer))
            assert again.status_code == 200, again.text

    run()
