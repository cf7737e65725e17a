"""What becomes of batches while they run: time passes, keys are revoked, others need the engine, servers end."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ossian.api.batches.results import answer_line
from ossian.engine.base import EngineRequest
from ossian.engine.scripted import ScriptedEngine
from ossian.errors import EngineDeadError, EngineError, EngineOverloadedError, StorageError
from ossian.server import lookups
from ossian.server.batches import batch_run, batch_runs, tools
from ossian.server.batches.asking import Answer, ask
from ossian.server.batches.tools import Places, Turns
from ossian.storage.batches import BatchStore
from tests.server.batches.asking import RESPONSES, counts, create, ended, line, lines, results
from tests.server.keys import change_key, change_project, make_key, make_project
from tests.server.serving import (
    ANSWER,
    DATABASE,
    MODEL,
    NOW,
    GatedEngine,
    Served,
    database_folder,
    scripted,
    serving,
    turn_ids,
    until,
)

HOUR = 3600


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the clock and the database more often than servers do."""
    monkeypatch.setattr(lookups, "MAX_AGE", 0.0)
    monkeypatch.setattr(batch_runs, "ORDERS_SECONDS", 0.02)
    monkeypatch.setattr(batch_runs, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(batch_run, "FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(batch_run, "MAX_DELAY_SECONDS", 0.05)


@dataclass
class Clock:
    """Stands still until it is moved."""

    seconds: float = NOW + 0.5

    def __call__(self) -> float:
        return self.seconds


@dataclass
class FirstFew(GatedEngine):
    """Answers so many requests at once; the others wait at the gate."""

    num_free: int = 0

    async def generate(self, request: EngineRequest) -> Any:
        if self.num_free > 0:
            self.num_free -= 1
            return await ScriptedEngine(self.script).generate(request)
        return await super().generate(request)


@dataclass
class Stubborn(ScriptedEngine):
    """Refuses the first requests."""

    refusals: list[EngineError] = field(default_factory=list)

    async def generate(self, request: EngineRequest) -> Any:
        if self.refusals:
            raise self.refusals.pop()
        return await super().generate(request)


def gated(**options: Any) -> GatedEngine:
    return GatedEngine(turn_ids(ANSWER), **options)


def first_few(num_free: int) -> FirstFew:
    return FirstFew(turn_ids(ANSWER), num_free=num_free)


# Time passes.


def test_a_batch_that_takes_too_long_expires_with_what_is_done() -> None:
    clock, engine = Clock(), first_few(3)
    with serving(engine, now=clock) as server:
        client = server.client
        batch = create(client, lines(10), window="1h")
        until(lambda: counts(client.batches.retrieve(batch.id)) == (10, 3, 0))
        clock.seconds += HOUR - 1
        until(lambda: engine.num_running > 0)
        assert client.batches.retrieve(batch.id).status == "in_progress"
        clock.seconds += 1
        batch = ended(client, batch)
        assert (batch.status, batch.expired_at, counts(batch)) == ("expired", NOW + HOUR, (10, 3, 7))
        done, errors = results(client, batch.output_file_id), results(client, batch.error_file_id)
        assert len(done) == 3
        assert sorted([*done, *errors]) == sorted(f"request-{index}" for index in range(10))
        for error in errors.values():
            assert error["response"] is None
            assert error["error"] == {
                "code": "batch_expired",
                "message": "This request could not be executed before the completion window expired.",
            }
        until(lambda: engine.num_running == 0)


def test_a_batch_may_have_expired_before_anybody_ran_it() -> None:
    clock = Clock()
    with database_folder() as folder:
        sections = {"data_dir": folder}
        with serving(scripted(), sections=sections | {"batches": {"max_running": 0}}, now=clock) as server:
            batch = create(server.client, lines(3), window="1h")
        clock.seconds += HOUR + 1
        with serving(gated(), sections=sections, now=clock, first_id=1000) as server:
            assert ended(server.client, batch).status in ("expired", "completed")


def test_files_that_have_expired_are_gone() -> None:
    clock = Clock()
    with serving(scripted(), now=clock) as server:
        batch = ended(server.client, create(server.client, lines(1)))
        assert batch.output_file_id is not None
        clock.seconds += 15 * 24 * HOUR
        assert server.get(f"/v1/files/{batch.output_file_id}/content").status_code == 404
        assert server.get(f"/v1/files/{batch.input_file_id}").status_code == 200
        clock.seconds += 15 * 24 * HOUR
        assert server.get(f"/v1/files/{batch.input_file_id}").status_code == 404


# The caller.


@contextmanager
def half_done(server: Served) -> Iterator[tuple[Any, Any, Any]]:
    """A key, its client, and its batch of six lines, of which two are done."""
    key = make_key(server, make_project(server))
    client = server.client.with_options(api_key=key.secret)
    batch = create(client, lines(6))
    until(lambda: counts(client.batches.retrieve(batch.id)) == (6, 2, 0))
    yield key, client, batch


@pytest.mark.parametrize(
    "change, code",
    [
        ({"revoked_at": NOW}, "revoked_api_key"),
        ({"is_enabled": False}, "disabled_api_key"),
        ({"expires_at": NOW}, "expired_api_key"),
    ],
)
def test_a_key_that_is_not_valid_any_more_stops_its_batch(change: dict[str, Any], code: str) -> None:
    engine = first_few(2)
    with (
        serving(engine, sections={"batches": {"max_running": 2}}) as server,
        half_done(server) as (key, _, batch),
    ):
        other = server.client.with_options(api_key=make_key(server, key.project_id).secret)
        change_key(server, key, **change)
        engine.gate.set()
        found = ended(other, batch)
        assert found.status == "failed"
        assert found.errors is not None
        assert found.errors.data is not None
        assert found.errors.data[0].code == code
        assert found.errors.data[0].message
        total, completed, failed = counts(found)
        assert (total, completed + failed) == (6, 6)
        assert completed >= 2
        assert len(results(other, found.output_file_id)) == completed
        errors = results(other, found.error_file_id)
        assert {error["error"]["code"] for error in errors.values()} == {"batch_failed"}
        assert found.errors.data[0].message in next(iter(errors.values()))["error"]["message"]


def test_an_archived_project_stops_its_batches() -> None:
    engine = first_few(2)
    sections = {"batches": {"max_running": 2}}
    with serving(engine, sections=sections) as server, half_done(server) as (key, client, batch):
        change_project(server, key.project_id, archived_at=NOW)
        engine.gate.set()
        path = server.parts.settings.data_dir / DATABASE

        def status() -> str:
            with closing(sqlite3.connect(path)) as connection:
                found: tuple[str] = connection.execute("SELECT status FROM batches").fetchone()
            return found[0]

        until(lambda: status() == "failed")
        change_project(server, key.project_id, archived_at=None)
        errors = ended(client, batch).errors
        assert errors is not None
        assert errors.data is not None
        assert errors.data[0].code == "project_archived"


def test_a_key_that_left_the_settings_stops_its_batch() -> None:
    with database_folder() as folder:
        sections = {"data_dir": folder}
        with serving(gated(), sections=sections, api_keys=["first-key"]) as server:
            create(server.client.with_options(api_key="first-key"), lines(2))
        with serving(scripted(), sections=sections, api_keys=["second-key"], first_id=1000):
            until(lambda: statuses(folder) == ["failed"])
        with serving(scripted(), sections=sections, api_keys=["first-key"], first_id=2000) as server:
            (batch,) = server.client.with_options(api_key="first-key").batches.list().data
            assert batch.errors is not None
            assert batch.errors.data is not None
            assert batch.errors.data[0].code == "invalid_api_key"


def test_a_batch_of_a_caller_without_a_key_needs_one_when_the_server_does() -> None:
    with database_folder() as folder:
        with serving(gated(), sections={"data_dir": folder}) as server:
            create(server.client, lines(2))
        with serving(scripted(), sections={"data_dir": folder}, api_keys=["a-key"], first_id=1000):
            until(lambda: statuses(folder) == ["failed"])


def statuses(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM batches")]


# Others need the engine.


@pytest.mark.parametrize("refusal", [EngineOverloadedError("full"), EngineDeadError("dead")])
def test_what_finds_no_room_is_tried_again(refusal: EngineError) -> None:
    engine = Stubborn(turn_ids(ANSWER), refusals=[refusal] * 30)
    with serving(engine) as server:
        batch = ended(server.client, create(server.client, lines(5)))
        assert (batch.status, counts(batch)) == ("completed", (5, 5, 0))
        assert engine.refusals == []
        metrics = server.get("/metrics").text
        assert 'ossian_batch_lines_total{result="retried"} 30.0' in metrics
        assert 'ossian_batch_lines_total{result="completed"} 5.0' in metrics
        until(lambda: "ossian_batches 0.0" in server.get("/metrics").text)


def test_interactive_requests_go_first() -> None:
    """With one place, whoever waits without patience gets it next, however many lines wait."""
    engine = gated()
    with serving(engine, sections={"engine": {"max_num_seqs": 1}, "batches": {"max_running": 4}}) as server:
        client = server.client
        batch = create(client, lines(6))
        until(lambda: engine.num_running == 1)
        asking = Thread(target=lambda: server.chat(messages=[{"role": "user", "content": "now!"}]))
        asking.start()
        until(lambda: 'ossian_queue_requests{model="ossian-nano",state="waiting"} 1.0' in server.get("/metrics").text)
        engine.gate.set()
        asking.join()
        ended(client, batch)
        prompts = [request.prompt_token_ids for request in engine.requests]
        odd_one = [index for index, prompt in enumerate(prompts) if prompt != prompts[0]]
        assert odd_one == [1]


def test_lines_count_in_usage_with_their_batch_and_against_no_requests_a_minute() -> None:
    limits = {"project": {"requests_per_minute": 3}}
    with database_folder() as folder, serving(scripted(), sections={"data_dir": folder, "limits": limits}) as server:
        key = make_key(server, make_project(server))
        client = server.client.with_options(api_key=key.secret)
        batch = ended(client, create(client, lines(10)))
        assert counts(batch) == (10, 10, 0)
        for _ in range(3):
            client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "2+2?"}])

        def used() -> set[tuple[str | None, str, int]]:
            with closing(sqlite3.connect(folder / DATABASE)) as connection:
                counted = "SELECT batch_id, key_id, count(*) FROM usage GROUP BY batch_id, key_id"
                return set(connection.execute(counted).fetchall())

        until(lambda: used() == {(batch.id, key.id, 10), (None, key.id, 3)})


@pytest.mark.parametrize("limits", [{"requests_per_minute": 0}, {"tokens_per_minute": 0}, {"concurrent_requests": 0}])
def test_what_lets_nothing_in_lets_no_lines_in(limits: dict[str, int]) -> None:
    engine = scripted()
    with serving(engine, sections={"limits": {"project": limits}}) as server:
        client = server.client.with_options(api_key=make_key(server, make_project(server)).secret)
        batch = ended(client, create(client, lines(2)))
        assert counts(batch) == (2, 0, 2)
        for error in results(client, batch.error_file_id).values():
            assert error["response"]["body"]["error"]["code"] == "rate_limit_exceeded"
    assert engine.requests == []


async def test_lines_that_wait_for_one_model_hold_up_none_of_another() -> None:
    places = Places(1)
    async with places.place("project", "busy"), asyncio.timeout(10):
        waiting = asyncio.create_task(places.place("project", "busy").__aenter__())
        await asyncio.sleep(0)
        async with places.place("project", "idle"):
            await asyncio.sleep(0)
            assert not waiting.done()
        waiting.cancel()


# Servers end.


def test_a_server_that_stops_leaves_its_batches_to_the_next() -> None:
    with database_folder() as folder:
        engine = first_few(4)
        with serving(engine, sections={"data_dir": folder}) as server:
            batch = create(server.client, lines(12))
            until(lambda: counts(server.client.batches.retrieve(batch.id)) == (12, 4, 0))
        second = scripted()
        with serving(second, sections={"data_dir": folder}, first_id=1000) as server:
            batch = ended(server.client, batch)
            assert (batch.status, counts(batch)) == ("completed", (12, 12, 0))
            assert len(results(server.client, batch.output_file_id)) == 12
            assert len(second.requests) == 8


def test_one_server_cancels_what_another_runs() -> None:
    with database_folder() as folder, serving(gated(), sections={"data_dir": folder}) as first:
        batch = create(first.client, lines(3))
        until(lambda: first.client.batches.retrieve(batch.id).status == "in_progress")
        with serving(gated(), sections={"data_dir": folder}, first_id=1000) as second:
            assert second.client.batches.cancel(batch.id).status == "cancelling"
            assert ended(second.client, batch).status == "cancelled"


def test_a_server_may_leave_batches_to_others() -> None:
    with database_folder() as folder:
        off = {"data_dir": folder, "batches": {"max_running": 0}}
        with serving(gated(), sections=off) as first:
            batch = create(first.client, lines(3))
            on = {"data_dir": folder, "batches": {"lease_seconds": 1}}
            with serving(scripted(), sections=on, first_id=1000):
                assert ended(first.client, batch).status == "completed"


def test_what_runs_nowhere_can_be_cancelled_and_ends_with_the_next_server() -> None:
    with database_folder() as folder:
        with serving(gated(), sections={"data_dir": folder, "batches": {"max_running": 0}}) as server:
            batch = create(server.client, lines(3))
            assert server.client.batches.cancel(batch.id).status == "cancelling"
        with serving(gated(), sections={"data_dir": folder}, first_id=1000) as server:
            batch = ended(server.client, batch)
            assert (batch.status, counts(batch)) == ("cancelled", (0, 0, 0))


def test_the_results_are_erased_from_where_they_were_collected() -> None:
    with serving(scripted()) as server:
        batch = ended(server.client, create(server.client, lines(30, RESPONSES), RESPONSES))
        assert len(results(server.client, batch.output_file_id)) == 30
        folder = server.parts.settings.data_dir

        def num_results() -> int:
            with closing(sqlite3.connect(folder / DATABASE)) as connection:
                return int(connection.execute("SELECT count(*) FROM batch_results").fetchone()[0])

        until(lambda: num_results() == 0)


def test_a_long_line_is_a_line() -> None:
    """It comes in several chunks of the file."""
    with serving(scripted()) as server:
        texts = [line("a"), line("long", padding="x" * 3_000_000), line("b")]
        batch = ended(server.client, create(server.client, texts))
        assert counts(batch) == (3, 2, 1)
        (error,) = results(server.client, batch.error_file_id).values()
        assert error["response"]["body"]["error"]["param"] == "padding"


# What goes wrong here.


def test_a_database_that_is_away_for_a_while_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    num_away = [7]
    add_result = BatchStore.add_result

    async def sometimes_away(*arguments: Any) -> bool:
        if num_away[0] > 0:
            num_away[0] -= 1
            raise StorageError("it is away")
        return await add_result(*arguments)

    asked: list[object] = []

    async def noted(*arguments: Any) -> Answer:
        asked.append(arguments)
        return await ask(*arguments)

    monkeypatch.setattr(BatchStore, "add_result", sometimes_away)
    monkeypatch.setattr(batch_run, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(batch_run, "ask", noted)
    with serving(scripted()) as server:
        batch = ended(server.client, create(server.client, lines(20)))
        assert (batch.status, counts(batch)) == ("completed", (20, 20, 0))
        assert len(results(server.client, batch.output_file_id)) == 20
    assert num_away == [0]
    assert len(asked) == 20  # what was made once is not made, and charged, again


def test_a_batch_that_has_ended_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away just after it was told of the end."""
    finish = BatchStore.finish
    num_ends = [0]

    async def unconfirmed(self: BatchStore, *arguments: Any) -> Any:
        await finish(self, *arguments)
        await self.purge()
        num_ends[0] += 1
        raise StorageError("it is away")

    monkeypatch.setattr(BatchStore, "finish", unconfirmed)
    engine = scripted()
    with serving(engine) as server:
        batch = ended(server.client, create(server.client, lines(5)))
        assert (batch.status, counts(batch)) == ("completed", (5, 5, 0))
        until(lambda: "ossian_batches 0.0" in server.get("/metrics").text)
    assert (len(engine.requests), num_ends[0]) == (5, 1)


def test_lines_that_cannot_be_read_any_more_end_their_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server came back with a smaller limit."""
    question = [{"role": "user", "content": "2+2? " * 100}]
    with database_folder() as folder:
        with serving(gated(), sections={"data_dir": folder}) as server:
            batch = create(server.client, [line("a"), line("long", messages=question)])
            until(lambda: server.client.batches.retrieve(batch.id).status == "in_progress")
        monkeypatch.setattr(tools, "LINE_BYTES", 0)
        sections = {"data_dir": folder, "server": {"max_body_bytes": 400}}
        with serving(scripted(), sections=sections, first_id=1000) as server:
            batch = ended(server.client, batch)
            assert batch.status == "failed"
            assert batch.errors is not None
            assert batch.errors.data is not None
            assert batch.errors.data[0].code == "line_too_long"
            assert None in results(server.client, batch.error_file_id)


def test_a_few_batches_of_a_project_are_in_the_works_at_a_time() -> None:
    engine = gated()
    with serving(engine) as server:
        made = [create(server.client, lines(1)) for _ in range(tools.MAX_BATCHES + 1)]
        until(lambda: all(server.client.batches.retrieve(each.id).status == "in_progress" for each in made))
        until(lambda: engine.num_running == tools.MAX_BATCHES)
        server.client.batches.cancel(made[-1].id)
        assert ended(server.client, made[-1]).status == "cancelled"
        waiting = create(server.client, lines(1))
        engine.gate.set()
        assert {ended(server.client, each).status for each in (*made[:-1], waiting)} == {"completed"}


def test_a_project_without_batches_is_forgotten() -> None:
    turns = Turns()
    turn = turns.of("project:a")
    assert turns.of("project:a") is turn
    assert turns.of("project:b") is not turn
    del turn
    assert len(turns) == 0


def test_a_fault_of_ours_ends_a_batch_with_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(result_id: str, custom_id: str, *others: Any) -> bytes:
        if custom_id == "request-3":
            raise ZeroDivisionError
        return answer_line(result_id, custom_id, *others)

    monkeypatch.setattr(batch_run, "answer_line", faulty)
    with serving(scripted(), sections={"batches": {"max_running": 1}}) as server:
        batch = ended(server.client, create(server.client, lines(6)))
        assert (batch.status, counts(batch)) == ("failed", (6, 3, 3))
        assert batch.errors is not None
        assert batch.errors.data is not None
        assert batch.errors.data[0].code == "server_error"
        assert "ZeroDivision" not in str(batch)
        assert len(results(server.client, batch.output_file_id)) == 3
        assert len(results(server.client, batch.error_file_id)) == 3


def test_what_another_server_has_taken_is_left_to_it() -> None:
    """As after a sleep: the lease has ended, and another server went on."""
    with database_folder() as folder, serving(gated(), sections={"data_dir": folder}) as server:
        batch = create(server.client, lines(3))
        until(lambda: server.client.batches.retrieve(batch.id).status == "in_progress")
        until(lambda: server.engine.stats().num_running == 3)
        with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
            connection.execute("UPDATE batches SET owner = 'another', lease_expires_at = ?", (NOW + HOUR,))
        until(lambda: server.engine.stats().num_running == 0)
        assert statuses(folder) == ["in_progress"]
