"""Batches over HTTP, by the openai SDK."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion
from openai.types.completion import Completion
from openai.types.responses import Response

from ossian.engine.base import EngineOutput, EngineRequest
from tests.server.batches.asking import (
    CHAT,
    COMPLETIONS,
    RESPONSES,
    counts,
    create,
    ended,
    line,
    lines,
    results,
    uploaded,
)
from tests.server.keys import make_key, make_project
from tests.server.serving import ALIASES, MODEL, NOW, GatedEngine, Served, scripted, serving, turn_ids, until
from tests.server.serving import ANSWER as TURN

KEYS = ("first-key", "second-key")


@dataclass
class PeakEngine(GatedEngine):
    """Remembers how many requests it had at once."""

    most: int = 0
    _num: int = 0

    async def _replay(self, request: EngineRequest) -> AsyncGenerator[EngineOutput]:
        self._num += 1
        self.most = max(self.most, self._num)
        try:
            async for output in super()._replay(request):
                yield output
        finally:
            self._num -= 1


@pytest.fixture(scope="module")
def locked() -> Iterator[Served]:
    with serving(scripted(), api_keys=KEYS) as served:
        yield served


@pytest.mark.parametrize("endpoint, answer", [(CHAT, ChatCompletion), (RESPONSES, Response), (COMPLETIONS, Completion)])
def test_a_batch_of_each_endpoint(server: Served, endpoint: str, answer: Any) -> None:
    client = server.client
    batch = create(client, lines(20, endpoint), endpoint, metadata={"team": "demo"})
    assert (batch.status, batch.created_at, batch.expires_at) == ("validating", NOW, NOW + 86_400)
    assert (batch.endpoint, batch.completion_window, batch.metadata) == (endpoint, "24h", {"team": "demo"})
    batch = ended(client, batch)
    assert (batch.status, counts(batch), batch.errors) == ("completed", (20, 20, 0), None)
    assert batch.in_progress_at == batch.finalizing_at == batch.completed_at == NOW
    assert batch.model == MODEL
    assert batch.error_file_id is None
    found = results(client, batch.output_file_id)
    assert sorted(found) == sorted(f"request-{index}" for index in range(20))
    for result in found.values():
        assert result["id"].startswith("batch_req_")
        assert result["error"] is None
        assert result["response"]["status_code"] == 200
        assert result["response"]["request_id"].startswith("req_")
        answer.model_validate(result["response"]["body"], strict=True)


def test_the_output_is_a_file_that_expires(server: Served) -> None:
    client = server.client
    batch = ended(client, create(client, lines(1)))
    assert batch.output_file_id is not None
    file = client.files.retrieve(batch.output_file_id)
    assert (file.purpose, file.filename) == ("batch_output", f"{batch.id}_output.jsonl")
    assert file.expires_at == NOW + 15 * 86_400
    assert file.bytes == len(client.files.content(file.id).read())
    asked = create(client, lines(1), output_expires_after={"anchor": "created_at", "seconds": 3600})
    batch = ended(client, asked)
    assert batch.output_file_id is not None
    assert client.files.retrieve(batch.output_file_id).expires_at == NOW + 3600


def test_tokens_are_added_up(server: Served) -> None:
    client = server.client
    batch = ended(client, create(client, lines(3)))
    found = results(client, batch.output_file_id).values()
    usages = [result["response"]["body"]["usage"] for result in found]
    assert batch.usage is not None
    assert batch.usage.input_tokens == sum(usage["prompt_tokens"] for usage in usages) > 0
    assert batch.usage.output_tokens == sum(usage["completion_tokens"] for usage in usages) > 0
    assert batch.usage.total_tokens == batch.usage.input_tokens + batch.usage.output_tokens
    assert batch.usage.input_tokens_details.cached_tokens == 15
    assert batch.usage.output_tokens_details.reasoning_tokens > 0


def test_lines_that_fail_are_in_the_error_file(server: Served) -> None:
    client = server.client
    texts = [*lines(2), line("unknown", model="gpt-5"), line("wrong", temperature="hot"), line("empty", messages=[])]
    batch = ended(client, create(client, texts))
    assert (batch.status, counts(batch), batch.model) == ("completed", (5, 2, 3), None)
    assert sorted(results(client, batch.output_file_id)) == ["request-0", "request-1"]
    errors = results(client, batch.error_file_id)
    assert {name: error["response"]["status_code"] for name, error in errors.items()} == {
        "unknown": 404,
        "wrong": 400,
        "empty": 400,
    }
    assert errors["unknown"]["response"]["body"]["error"]["code"] == "model_not_found"
    assert errors["wrong"]["response"]["body"]["error"]["param"] == "temperature"
    assert all(error["error"] is None for error in errors.values())


def test_when_all_lines_fail_there_is_no_output_file(server: Served) -> None:
    client = server.client
    batch = ended(client, create(client, [line("a", model="gpt-5")]))
    assert (batch.status, counts(batch), batch.output_file_id) == ("completed", (1, 0, 1), None)
    assert list(results(client, batch.error_file_id)) == ["a"]


@pytest.mark.parametrize(
    "texts, code, number",
    [
        ([*lines(2), "{oops"], "invalid_json_line", 3),
        ([line("a"), "", line("a")], "duplicate_custom_id", 3),
        ([line("a", RESPONSES)], "url_mismatch", 1),
        ([line("a"), line("b").replace("POST", "GET")], "invalid_value", 2),
        ([line("a", stream=True)], "unsupported_parameter", 1),
        (lines(31), "too_many_tasks", 31),
        (["", " "], "empty_file", None),
    ],
)
def test_a_file_with_a_wrong_line_fails_as_a_whole(texts: list[str], code: str, number: int | None) -> None:
    with serving(scripted(), sections={"batches": {"max_lines": 30}}) as server:
        client = server.client
        batch = ended(client, create(client, texts))
        assert (batch.status, batch.failed_at, counts(batch)) == ("failed", NOW, (0, 0, 0))
        assert batch.errors is not None
        assert batch.errors.data is not None
        (error,) = batch.errors.data
        assert (batch.errors.object, error.code, error.line) == ("list", code, number)
        assert error.message
        assert (batch.output_file_id, batch.error_file_id, batch.in_progress_at) == (None, None, None)


def test_windows(server: Served) -> None:
    client = server.client
    for window, hours in (("48h", 48), ("72h", 72), ("1h", 1), ("168h", 168)):
        assert create(client, lines(1), window=window).expires_at == NOW + hours * 3600
    for window in ("7d", "0h", "169h", "soon"):
        with pytest.raises(openai.BadRequestError) as caught:
            create(client, lines(1), window=window)
        assert caught.value.param == "completion_window"
        assert "'1h' to '168h'" in caught.value.message


def test_a_batch_without_a_window_has_two_days(server: Served) -> None:
    file_id = uploaded(server.client, lines(1))
    batch = server.post("/v1/batches", json={"input_file_id": file_id, "endpoint": CHAT}).json()
    assert (batch["completion_window"], batch["expires_at"]) == ("48h", NOW + 48 * 3600)


def test_the_input_must_be_a_file_for_a_batch(server: Served) -> None:
    client = server.client
    other = client.files.create(file=("f", b"{}"), purpose="user_data")
    for file_id, status, code in (("file-0", 404, "file_not_found"), (other.id, 400, "invalid_file_purpose")):
        with pytest.raises(openai.APIStatusError) as caught:
            client.batches.create(input_file_id=file_id, endpoint=CHAT, completion_window="24h")
        assert (caught.value.status_code, caught.value.code) == (status, code)
        assert caught.value.response.json()["error"]["param"] == "input_file_id"


def test_batches_are_listed_in_pages() -> None:
    with serving(scripted()) as server:
        client = server.client
        ids = [create(client, lines(1)).id for _ in range(3)]
        assert [batch.id for batch in client.batches.list()] == ids[::-1]
        assert [batch.id for batch in client.batches.list(limit=2)] == ids[::-1]
        page = client.batches.list(limit=2)
        assert (page.has_more, [batch.id for batch in page.data]) == (True, ids[:0:-1])
        with pytest.raises(openai.NotFoundError) as caught:
            client.batches.list(after="batch_0")
        assert caught.value.param == "after"


def test_a_batch_that_is_not_there(server: Served) -> None:
    for ask in (server.client.batches.retrieve, server.client.batches.cancel):
        with pytest.raises(openai.NotFoundError) as caught:
            ask("batch_0")
        assert caught.value.code == "batch_not_found"


def test_what_has_ended_cannot_be_cancelled(server: Served) -> None:
    batch = ended(server.client, create(server.client, lines(1)))
    with pytest.raises(openai.BadRequestError) as caught:
        server.client.batches.cancel(batch.id)
    assert caught.value.code == "batch_not_cancellable"
    assert "is completed" in caught.value.message


def test_cancelling_keeps_what_is_done() -> None:
    """The first answers come at once; the others wait for a gate that stays shut."""
    engine = GatedEngine(turn_ids(TURN))
    with serving(engine, sections={"batches": {"max_running": 2}}) as server:
        client = server.client
        batch = create(client, [line("wrong", model="gpt-5"), *lines(5)])
        until(lambda: counts(client.batches.retrieve(batch.id)) == (6, 0, 1))
        until(lambda: engine.num_running == 2)
        cancelled = client.batches.cancel(batch.id)
        assert (cancelled.status, cancelled.cancelling_at) == ("cancelling", NOW)
        found = ended(client, batch)
        assert (found.status, found.cancelled_at, counts(found)) == ("cancelled", NOW, (6, 0, 6))
        errors = results(client, found.error_file_id)
        assert errors.pop("wrong")["response"]["status_code"] == 404
        assert sorted(errors) == [f"request-{index}" for index in range(5)]
        assert {error["error"]["code"] for error in errors.values()} == {"batch_cancelled"}
        assert all(error["response"] is None for error in errors.values())
        until(lambda: engine.num_running == 0)
        assert client.batches.cancel(batch.id).status == "cancelled"


def test_only_so_many_lines_run_at_once_by_whatever_name_they_call_the_model() -> None:
    engine = PeakEngine(turn_ids(TURN))
    with serving(engine, sections={"batches": {"max_running": 3}}) as server:
        client = server.client
        batches = [create(client, lines(10, model=name)) for name in (MODEL, *ALIASES)]
        until(lambda: engine.num_running == 3)
        engine.gate.set()
        for batch in batches:
            assert counts(ended(client, batch)) == (10, 10, 0)
        assert engine.most == 3


def test_a_project_has_so_many_unfinished_batches() -> None:
    engine = GatedEngine(turn_ids(TURN))
    with serving(engine, sections={"batches": {"max_unfinished": 2}}) as server:
        first = [create(server.client, lines(1)) for _ in range(2)]
        with pytest.raises(openai.RateLimitError) as caught:
            create(server.client, lines(1))
        assert "2 batches that have not ended, which is the limit" in caught.value.message
        engine.gate.set()
        for batch in first:
            ended(server.client, batch)
        assert ended(server.client, create(server.client, lines(1))).status == "completed"


def test_a_project_whose_files_leave_no_room_makes_no_more_results() -> None:
    with serving(scripted(), sections={"files": {"max_project_bytes": 2000}}) as server:
        client = server.client
        batch = ended(client, create(client, lines(3)))
        assert batch.status == "completed", "its results may pass the limit"
        with pytest.raises(openai.APIStatusError) as caught:
            client.batches.create(input_file_id=batch.input_file_id, endpoint=CHAT, completion_window="24h")
        assert (caught.value.status_code, caught.value.code) == (413, "storage_limit_reached")
        assert "2000 bytes" in caught.value.message
        assert batch.output_file_id is not None
        client.files.delete(batch.output_file_id)
        assert client.batches.create(input_file_id=batch.input_file_id, endpoint=CHAT, completion_window="24h").id


def test_the_input_file_stays_as_long_as_it_is_needed() -> None:
    engine = GatedEngine(turn_ids(TURN))
    with serving(engine) as server:
        client = server.client
        batch = create(client, lines(1))
        with pytest.raises(openai.BadRequestError) as caught:
            client.files.delete(batch.input_file_id)
        assert caught.value.code == "file_in_use"
        assert batch.id in caught.value.message
        engine.gate.set()
        ended(client, batch)
        assert client.files.delete(batch.input_file_id).deleted


def test_nobody_sees_or_stops_anothers_batches(locked: Served) -> None:
    mine, other = (locked.client.with_options(api_key=key) for key in KEYS)
    batch = create(mine, lines(2))
    for ask in (other.batches.retrieve, other.batches.cancel):
        with pytest.raises(openai.NotFoundError):
            ask(batch.id)
    assert batch.id not in [each.id for each in other.batches.list()]
    with pytest.raises(openai.NotFoundError):
        other.batches.create(input_file_id=batch.input_file_id, endpoint=CHAT, completion_window="24h")
    done = ended(mine, batch)
    assert done.status == "completed"
    assert done.output_file_id is not None
    with pytest.raises(openai.NotFoundError):
        other.files.content(done.output_file_id)


def test_a_batch_needs_the_endpoint_of_its_lines(locked: Served) -> None:
    project = make_project(locked)
    narrow = make_key(locked, project, scopes={"endpoints": ["files", "batches", "responses"], "models": None})
    client = locked.client.with_options(api_key=narrow.secret)
    with pytest.raises(openai.PermissionDeniedError) as caught:
        create(client, lines(1))
    assert caught.value.code == "endpoint_not_allowed"
    assert ended(client, create(client, lines(1, RESPONSES), RESPONSES)).status == "completed"


def test_models_that_are_not_the_keys_are_errors_of_their_lines(locked: Served) -> None:
    key = make_key(locked, make_project(locked), scopes={"endpoints": None, "models": ["another"]})
    client = locked.client.with_options(api_key=key.secret)
    batch = ended(client, create(client, lines(1)))
    (error,) = results(client, batch.error_file_id).values()
    assert error["response"]["status_code"] in (403, 404)


def test_what_lines_store_belongs_to_who_made_the_batch(locked: Served) -> None:
    mine, other = (locked.client.with_options(api_key=key) for key in KEYS)
    batch = ended(mine, create(mine, lines(1, RESPONSES, store=True), RESPONSES))
    (result,) = results(mine, batch.output_file_id).values()
    response_id = result["response"]["body"]["id"]
    assert mine.responses.retrieve(response_id).status == "completed"
    with pytest.raises(openai.NotFoundError):
        other.responses.retrieve(response_id)
