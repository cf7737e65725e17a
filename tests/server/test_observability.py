from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ossian.engine.base import EngineStats
from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.events import Finished, MessageStart, TextDelta, Usage
from ossian.harmony.messages import Channel
from ossian.server.observability import Metrics, TurnTimer
from tests.server.serving import ANSWER, MODEL, Served, scripted, serving, turn_ids, until

USAGE = Usage(num_prompt_tokens=9, num_cached_tokens=4, num_completion_tokens=5, num_reasoning_tokens=2)


def samples(text: str | bytes) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    decoded = text.decode() if isinstance(text, bytes) else text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(decoded)
        for sample in family.samples
    }


def shown(server: Served) -> dict[tuple[str, ...], float]:
    response = server.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    return samples(response.text)


def test_requests_are_counted_by_route_status_and_model() -> None:
    with serving(scripted()) as server:
        server.chat()
        server.chat(stream=True)
        server.chat(model="nothing")
        server.get("/v1/models/a")
        server.get("/v1/models/b")
        server.get("/secret-path")
        until(lambda: ("ossian_http_requests_total", "", "none", "404") in shown(server))
        seen = shown(server)
    chat = "/v1/chat/completions"
    assert seen["ossian_http_requests_total", MODEL, chat, "200"] == 2
    assert seen["ossian_http_requests_total", "", chat, "404"] == 1
    assert seen["ossian_http_requests_total", "", "/v1/models/{model_id:path}", "404"] == 2
    assert seen["ossian_http_request_duration_seconds_count", chat] == 3
    assert not [name for name in seen if "secret-path" in name]


def test_tokens_and_times_of_turns_are_counted() -> None:
    with serving(scripted(num_cached_tokens=5)) as server:
        usage = server.chat(n=2).json()["usage"]
        seen = shown(server)
    assert seen["ossian_tokens_total", "completion", MODEL] == usage["completion_tokens"] == 2 * len(turn_ids(ANSWER))
    assert seen["ossian_tokens_total", "prompt", MODEL] == 2 * usage["prompt_tokens"]
    assert seen["ossian_tokens_total", "cached", MODEL] == 10
    assert seen["ossian_tokens_total", "reasoning", MODEL] == usage["completion_tokens_details"]["reasoning_tokens"]
    assert seen["ossian_time_to_first_token_seconds_count", MODEL] == 2
    assert seen["ossian_time_per_output_token_seconds_count", MODEL] == 2


def test_the_engines_figures_are_shown() -> None:
    with serving(scripted()) as server:
        server.chat()
        seen = shown(server)
    assert seen["ossian_engine_generated_tokens_total", MODEL] == len(turn_ids(ANSWER))
    assert seen["ossian_engine_running", MODEL] == 0
    assert seen["ossian_asyncio_tasks",] >= 1
    assert seen["process_resident_memory_bytes",] > 0


class Busy(ScriptedEngine):
    def stats(self) -> EngineStats:
        return EngineStats(*range(1, 14))


def test_every_figure_of_an_engine_is_shown() -> None:
    seen = samples(Metrics({"m": Busy([])}).exposition())
    engine = {name: value for (name, *_), value in seen.items() if name.startswith("ossian_engine_")}
    assert engine == {
        "ossian_engine_waiting": 1,
        "ossian_engine_running": 2,
        "ossian_engine_blocks": 3,
        "ossian_engine_free_blocks": 4,
        "ossian_engine_prompt_tokens_total": 5,
        "ossian_engine_generated_tokens_total": 6,
        "ossian_engine_cached_tokens_total": 7,
        "ossian_engine_forced_tokens_total": 8,
        "ossian_engine_draft_tokens_total": 9,
        "ossian_engine_accepted_tokens_total": 10,
        "ossian_engine_failed_masks_total": 11,
        "ossian_engine_preemptions_total": 12,
        "ossian_engine_steps_total": 13,
    }


@pytest.mark.parametrize(
    "events, num_first, num_later",
    [
        ([], 0, 0),
        ([MessageStart(Channel.FINAL)], 0, 0),
        ([TextDelta("a")], 1, 0),
        ([TextDelta("a"), TextDelta("b")], 1, 0),
        ([TextDelta("a"), Finished("stop", None, USAGE)], 1, 1),
        ([TextDelta("a"), Finished("stop", None, Usage(1, 0, 1, 0))], 1, 0),
        ([Finished("stop", None, USAGE)], 0, 0),
    ],
)
def test_what_a_turns_events_say_about_its_times(events: list[Any], num_first: int, num_later: int) -> None:
    metrics = Metrics({})
    timer = TurnTimer(metrics, "m")
    for event in events:
        timer.note(event)
    seen = samples(metrics.exposition())
    assert seen.get(("ossian_time_to_first_token_seconds_count", "m"), 0) == num_first
    assert seen.get(("ossian_time_per_output_token_seconds_count", "m"), 0) == num_later


def test_applications_have_registries_of_their_own() -> None:
    first, second = Metrics({}), Metrics({})
    first.observe_request("/", 200, "", 0.1)
    assert ("ossian_http_requests_total", "", "/", "200") not in samples(second.exposition())
