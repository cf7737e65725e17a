"""The server in front of the real engine: many clients at once, every parameter, and clients that leave at any time.

The model has random weights, so what it says is as malformed as it can be; no answer may fail for it.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ossian.engine.base import EngineStats
from ossian.engine.registry import create_engine
from ossian.settings import EngineSettings
from tests.engine.embedded.checkpoints import tiny_config, write_checkpoint
from tests.server.keys import Made, make_key, make_project
from tests.server.serving import MODEL, Served, serving, until

NUM_CLIENTS = 32
NUM_REQUESTS = 8  # of each client

OPTIONS: list[dict[str, Any]] = [
    {"n": 2},
    {"n": 3, "seed": -1},
    {"logprobs": True, "top_logprobs": 20},
    {"temperature": 0},
    {"temperature": 2, "top_p": 0.01},
    {"top_p": 0},
    {"top_k": 1},
    {"top_k": 1_000_000, "min_p": 1},
    {"stop": ["a", "e", " "]},
    {"repetition_penalty": 10, "presence_penalty": -2, "frequency_penalty": 2},
    {"logit_bias": {"200005": 100, "200008": 50, "0": -100}},
    {"logit_bias": {"200002": 100}},
    {"stop_token_ids": [200_005], "ignore_eos": True},
    {"prompt_logprobs": 3},
    {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"},
    {"reasoning": {"exclude": True}},
    {},
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_checkpoint(folder, tiny_config(vocab_size=201_088, eos_token_id=200_002, pad_token_id=199_999))
    return folder


@pytest.fixture(scope="module")
def server(checkpoint: Path) -> Iterator[Served]:
    settings = EngineSettings(kv_cache_bytes=64 * 1024 * 1024, max_num_waiting=1000)
    with serving(create_engine(checkpoint, settings, MODEL)) as served:
        yield served


async def ask(client: httpx2.AsyncClient, rng: random.Random) -> str:
    """Send one request, read all of its answer or leave in the middle; return what came of it."""
    text = "word " * rng.randrange(1, 300)
    body = {"model": MODEL, "messages": [{"role": "user", "content": text}], "max_tokens": rng.randrange(1, 40)}
    body |= rng.choice(OPTIONS)
    if rng.random() < 0.3:
        return await whole(client, body)
    num_lines = rng.randrange(20) if rng.random() < 0.5 else None
    return await streamed(client, {**body, "stream": True}, num_lines)


async def whole(client: httpx2.AsyncClient, body: dict[str, Any]) -> str:
    response = await client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, f"{response.text} to {json.dumps(body)[:500]}"
    return "whole"


async def streamed(client: httpx2.AsyncClient, body: dict[str, Any], num_lines: int | None) -> str:
    lines: list[str] = []
    async with client.stream("POST", "/v1/chat/completions", json=body) as response:
        async for line in response.aiter_lines():
            lines += [line] if line else []
            assert '"error"' not in line, f"{line} to {json.dumps(body)[:500]}"
            if len(lines) == num_lines:
                return "left"
    assert lines[-1] == "data: [DONE]"
    return "streamed"


async def be_many(url: str) -> Counter[str]:
    async def be_one(number: int) -> list[str]:
        rng = random.Random(number)
        async with httpx2.AsyncClient(base_url=url, timeout=100, trust_env=False) as client:
            return [await ask(client, rng) for _ in range(NUM_REQUESTS)]

    outcomes = await asyncio.gather(*map(be_one, range(NUM_CLIENTS)))
    return Counter(outcome for own in outcomes for outcome in own)


def num_tasks(server: Served) -> float:
    (line,) = [line for line in server.get("/metrics").text.splitlines() if line.startswith("ossian_asyncio_tasks ")]
    return float(line.split()[-1])


def num_in_line(server: Served) -> float:
    lines = server.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("ossian_queue_requests{"))


def is_idle(stats: EngineStats) -> bool:
    return stats.num_running == stats.num_waiting == 0 and stats.num_free_blocks == stats.num_blocks


@pytest.mark.slow
def test_many_clients_leave_nothing_behind(server: Served) -> None:
    tasks_before = num_tasks(server)
    outcomes = asyncio.run(be_many(server.url))
    assert sum(outcomes.values()) == NUM_CLIENTS * NUM_REQUESTS
    assert min(outcomes[each] for each in ("whole", "streamed", "left")) > 20
    until(lambda: is_idle(server.engine.stats()))
    until(lambda: num_tasks(server) <= tasks_before)
    assert server.get("/readyz").status_code == 200


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_stream_and_the_whole_answer_are_the_same(server: Served, options: dict[str, Any]) -> None:
    """With a seed of its own, each answer of the real engine is the same however it is asked for."""
    fields = {"max_tokens": 24, "seed": 7, **options}
    answer = server.chat(**fields).json()
    events = server.chat(stream=True, **fields).text.split("\n\n")[:-2]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    for choice in answer["choices"]:
        mine = [own for chunk in chunks for own in chunk["choices"] if own["index"] == choice["index"]]
        text = "".join(own["delta"].get("content") or "" for own in mine)
        assert text == (choice["message"]["content"] or "")
        assert mine[-1]["finish_reason"] == choice["finish_reason"]


def test_a_second_request_finds_the_prompt_in_the_cache(server: Served) -> None:
    messages = [{"role": "user", "content": "once " * 300}]
    first, second = (server.chat(messages=messages, max_tokens=2).json()["usage"] for _ in range(2))
    assert first["prompt_tokens_details"]["cached_tokens"] < second["prompt_tokens_details"]["cached_tokens"]
    assert second["prompt_tokens_details"]["cached_tokens"] > 200
    assert first["prompt_tokens"] == second["prompt_tokens"]


def test_the_next_turn_computes_what_is_new_though_reasoning_was_dropped(server: Served) -> None:
    asked = {"role": "user", "content": "turns " * 301}
    first = server.chat(messages=[asked], seed=1, max_tokens=300).json()
    (choice,) = first["choices"]
    assert choice["message"]["reasoning"], "nothing is dropped"
    said = {"role": "assistant", "content": choice["message"]["content"] or "So be it."}
    second = server.chat(messages=[asked, said, {"role": "user", "content": "And now?"}], max_tokens=2).json()
    assert second["usage"]["prompt_tokens_details"]["cached_tokens"] - first["usage"]["prompt_tokens"] in {0, 1}


def test_conversations_with_one_preamble_compute_it_once(server: Served) -> None:
    def num_cached(question: str) -> int:
        messages = [{"role": "developer", "content": "Answer in rhymes. " * 40}, {"role": "user", "content": question}]
        usage = server.chat(messages=messages, max_tokens=2).json()["usage"]
        return int(usage["prompt_tokens_details"]["cached_tokens"])

    assert num_cached("Why? " * 100) < 100
    assert num_cached("How? " * 100) == num_cached("When? " * 100) > 160


def test_the_choices_of_a_request_compute_its_prompt_once(server: Served) -> None:
    """The client is told of one prompt, none of which was there before: what its other choices found is not counted."""
    assert server.engine is not None
    before = server.engine.stats()
    body = {"model": MODEL, "messages": [{"role": "user", "content": "choices " * 300}], "max_tokens": 4, "n": 4}
    usage = server.post("/v1/chat/completions", json=body).json()["usage"]
    after = server.engine.stats()
    num_prompt_tokens = after.num_prompt_tokens - before.num_prompt_tokens
    num_computed = num_prompt_tokens - (after.num_cached_tokens - before.num_cached_tokens)
    assert num_prompt_tokens == 4 * usage["prompt_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] < 100  # harmony's own beginning, of other tests
    assert num_computed < 1.3 * usage["prompt_tokens"]


def test_what_one_project_asked_is_not_in_the_cache_of_another(server: Served) -> None:
    """How much of a prompt is cached would tell whether somebody else has sent the same."""
    asked, other = make_key(server, make_project(server)), make_key(server, make_project(server))
    sibling = make_key(server, asked.project_id)
    long = "twice " * 300
    bodies: dict[str, dict[str, Any]] = {
        "/v1/chat/completions": {"messages": [{"role": "user", "content": long}], "max_tokens": 1},
        "/v1/completions": {"prompt": long, "max_tokens": 1},
        "/v1/responses": {"input": "thrice " * 300, "max_output_tokens": 16},
    }
    for path, body in bodies.items():

        def num_cached(made: Made, path: str = path, body: dict[str, Any] = body) -> int:
            answer = server.post(path, json={"model": MODEL, **body}, headers=made.headers)
            usage = answer.raise_for_status().json()["usage"]
            details = usage.get("prompt_tokens_details") or usage["input_tokens_details"]
            return int(details["cached_tokens"])

        before = num_cached(asked)
        assert num_cached(other) == before, path
        assert num_cached(sibling) > before + 200, "the keys of a project share"


def test_requests_for_many_answers_leave_others_their_turn(checkpoint: Path) -> None:
    """A request takes a place for each of its answers: else a few would fill the engine, and all others be refused."""
    engine = EngineSettings(kv_cache_bytes=64 * 1024 * 1024, max_num_seqs=4, max_num_waiting=32)
    many = {"max_tokens": 64, "ignore_eos": True}
    with serving(create_engine(checkpoint, engine, MODEL), sections={"engine": engine}) as server:
        greedy, other = make_key(server, make_project(server)), make_key(server, make_project(server))
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}

        def ask(made: Made, **fields: object) -> int:
            return server.post(json=body | fields, headers=made.headers).status_code

        with ThreadPoolExecutor() as threads:
            asked = [threads.submit(ask, greedy, n=n, **many) for n in (16, 16, 4)]
            until(lambda: num_in_line(server) == 3)
            assert ask(other, max_tokens=1) == 200
            assert [each.result() for each in asked] == [200, 200, 200]


def test_max_tokens_0_scores_a_prompt_without_continuing_it(server: Served) -> None:
    """As evaluation harnesses do: the log probability of each token of a given text, and not one token more."""
    fields = {"model": MODEL, "prompt": "one two three four", "echo": True, "logprobs": 1}
    answer = server.post("/v1/completions", json={**fields, "max_tokens": 0}).json()
    (choice,) = answer["choices"]
    assert choice["text"] == "one two three four"
    assert choice["logprobs"]["tokens"] == ["one", " two", " three", " four"]
    first, *others = choice["logprobs"]["token_logprobs"]
    assert first is None
    assert all(logprob < 0 for logprob in others)
    assert answer["usage"]["completion_tokens"] == 0
    longer = server.post("/v1/completions", json={**fields, "max_tokens": 1, "seed": 1}).json()["choices"][0]
    assert longer["logprobs"]["token_logprobs"][:4] == [None, *others]
