"""What requests of many callers are to each other: who goes first, who is turned away, and what is left of it all."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import httpx2
import pytest

from ossian.accounts.callers import Caller
from ossian.accounts.counters import MemoryCounters
from ossian.accounts.limiter import Admission, Limiter
from ossian.accounts.limits import Limits
from ossian.accounts.quotas import Quota
from ossian.accounts.scopes import EVERYTHING, Endpoint
from ossian.engine.scripted import ScriptedEngine
from ossian.errors import ConfigurationError, LimitReachedError, StorageError
from ossian.harmony.encoding import load_encoding
from ossian.server import accounting
from ossian.server.accounting import Accounting, counters_of
from ossian.server.app import check_database
from ossian.server.metering import Metered
from ossian.server.observability import Metrics
from ossian.settings import LimitSettings, ModelPrices, Settings
from tests.server.keys import Made, make_key, make_project
from tests.server.records import PRICED, usage_in, usage_of
from tests.server.serving import ANSWER, MODEL, GatedEngine, Served, scripted, serving, turn_ids, until

NUM_PLACES = 2


@dataclass
class Crowd:
    """Clients that ask all at once, of a server whose engine brings nothing before its gate is open."""

    server: Served
    engine: GatedEngine
    threads: ThreadPoolExecutor

    def ask(self, made: Made, question: str, **fields: Any) -> "Future[httpx2.Response]":
        body = {"model": MODEL, "messages": [{"role": "user", "content": question}], **fields}
        return self.threads.submit(self.server.post, "/v1/chat/completions", json=body, headers=made.headers)

    def wait_for(self, *, running: int, waiting: int) -> None:
        """Until so many requests have a place, and so many wait for one."""
        until(lambda: self.engine.num_running == running and self.num_in_line("waiting") == waiting)

    def num_in_line(self, state: str) -> int:
        sample = f'ossian_queue_requests{{model="{MODEL}",state="{state}"}} '
        lines = self.server.get("/metrics").text.splitlines()
        return next((int(float(line.removeprefix(sample))) for line in lines if line.startswith(sample)), 0)

    @property
    def begun(self) -> list[str]:
        """The questions in the order in which the engine got them."""
        decode = load_encoding().decode
        prompts = [decode(list(request.prompt_token_ids)) for request in self.engine.requests]
        return [prompt.rpartition("<|start|>user<|message|>")[2].partition("<|end|>")[0] for prompt in prompts]


@contextmanager
def crowd(max_num_waiting: int = 100, **settings: Any) -> Iterator[Crowd]:
    engine = GatedEngine(turn_ids(ANSWER))
    sections = {"engine": {"max_num_seqs": NUM_PLACES, "max_num_waiting": max_num_waiting}}
    with serving(engine, sections=sections, **settings) as server, ThreadPoolExecutor(64) as threads:
        try:
            yield Crowd(server, engine, threads)
        finally:
            engine.gate.set()


def key_of(server: Served) -> Made:
    return make_key(server, make_project(server))


def test_one_projects_burst_does_not_starve_another() -> None:
    with crowd() as clients:
        bursting, modest = key_of(clients.server), key_of(clients.server)
        answers = [clients.ask(bursting, f"burst {number}") for number in range(20)]
        clients.wait_for(running=NUM_PLACES, waiting=18)
        answers += [clients.ask(modest, "modest 0"), clients.ask(modest, "modest 1")]
        clients.wait_for(running=NUM_PLACES, waiting=20)
        clients.engine.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}
        order = [question.partition(" ")[0] for question in clients.begun]
    assert order[: NUM_PLACES + 3].count("modest") == 2, "of the next three places two were theirs"


def test_two_keys_of_one_project_are_one_project() -> None:
    with crowd() as clients:
        first = key_of(clients.server)
        second = make_key(clients.server, first.project_id)
        other = key_of(clients.server)
        answers = [clients.ask(made, "burst") for made in (first, second) for _ in range(5)]
        clients.wait_for(running=NUM_PLACES, waiting=8)
        answers.append(clients.ask(other, "other"))
        clients.wait_for(running=NUM_PLACES, waiting=9)
        clients.engine.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}
        assert clients.begun.index("other") == NUM_PLACES


def test_a_burst_that_is_too_large_costs_only_who_sends_it() -> None:
    with crowd(max_num_waiting=4) as clients:
        bursting, modest = key_of(clients.server), key_of(clients.server)
        burst = [clients.ask(bursting, "burst") for _ in range(NUM_PLACES + 4)]
        clients.wait_for(running=NUM_PLACES, waiting=4)
        one_more = clients.ask(modest, "modest")
        until(lambda: any(answer.done() for answer in burst))
        clients.engine.gate.set()
        assert one_more.result().status_code == 200
        refused = [answer.result() for answer in burst if answer.result().status_code != 200]
        usage_of(clients.server, NUM_PLACES + 5)
    (turned_away,) = refused
    assert turned_away.status_code == 503
    assert turned_away.json()["error"]["code"] == "engine_overloaded"
    assert turned_away.json()["error"]["message"].startswith("4 requests are waiting")
    assert turned_away.headers["retry-after"] == "1"


def test_who_leaves_the_line_leaves_no_gap() -> None:
    with crowd() as clients:
        made = key_of(clients.server)
        answers = [clients.ask(made, "stays") for _ in range(NUM_PLACES)]
        clients.wait_for(running=NUM_PLACES, waiting=0)
        with clients.server.http(headers=made.headers) as client:
            body = {"model": MODEL, "messages": [{"role": "user", "content": "leaves"}]}
            with pytest.raises(httpx2.TimeoutException):
                client.post("/v1/chat/completions", json=body, timeout=0.5)
        clients.wait_for(running=NUM_PLACES, waiting=0)
        answers.append(clients.ask(made, "comes"))
        clients.wait_for(running=NUM_PLACES, waiting=1)
        clients.engine.gate.set()
        assert {answer.result().status_code for answer in answers} == {200}
        assert clients.begun == ["stays", "stays", "comes"]
        outcomes = [record.outcome for record in usage_of(clients.server, 4)]
    assert sorted(outcomes) == ["aborted", "succeeded", "succeeded", "succeeded"]


def test_all_that_64_clients_do_is_written_down(tmp_path: Path) -> None:
    num_requests = 640
    with serving(scripted(), sections={**PRICED, "data_dir": tmp_path}) as server:
        keys = [key_of(server) for _ in range(4)]
        told = at_once(64, num_requests, lambda number: asked(server, keys[number % 4]))
    records = asyncio.run(usage_in(tmp_path))
    assert len(records) == num_requests, "a clean stop loses none"
    assert {record.request_id for record in records} == set(told)
    for made in keys:
        assert sum(record.key_id == made.id for record in records) == num_requests / 4


def asked(server: Served, made: Made) -> str:
    """The id of a request that was answered."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}
    answer = server.post("/v1/chat/completions", json=body, headers=made.headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-request-id"]


def at_once(num_clients: int, num_requests: int, ask: Callable[[int], str]) -> list[str]:
    ready = threading.Barrier(num_clients)

    def be_a_client(first: int) -> list[str]:
        ready.wait()
        return [ask(number) for number in range(first, num_requests, num_clients)]

    with ThreadPoolExecutor(num_clients) as threads:
        return [name for names in threads.map(be_a_client, range(num_clients)) for name in names]


def test_a_request_that_runs_when_the_server_stops_is_written_down(tmp_path: Path) -> None:
    engine = ScriptedEngine(turn_ids(ANSWER), delay=0.05)
    with ThreadPoolExecutor(1) as thread:
        with serving(engine, sections={"data_dir": tmp_path}) as server:
            answer = thread.submit(server.chat)
            until(lambda: engine.num_running == 1)
        assert answer.result().status_code == 200
    (record,) = asyncio.run(usage_in(tmp_path))
    assert record.outcome == "succeeded"


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", "memory", "redis://127.0.0.1:port"])
async def test_counters_that_cannot_be_are_known_before_a_model_is_loaded(url: str, tmp_path: Path) -> None:
    settings = Settings.model_validate({"limits": {"counters_url": url}, "data_dir": tmp_path})
    with pytest.raises(ConfigurationError, match="Redis"):
        await check_database(settings)


async def test_counters_are_in_memory_unless_they_are_said_to_be_elsewhere() -> None:
    assert type(counters_of(LimitSettings())).__name__ == "MemoryCounters"
    counters = counters_of(LimitSettings.model_validate({"counters_url": "redis://127.0.0.1:6379/0"}))
    assert type(counters).__name__ == "RedisCounters"
    await counters.aclose()


class AwayAtFirst(MemoryCounters):
    """Counters that answer only from the third question on."""

    def __init__(self) -> None:
        super().__init__()
        self.num_asked = 0

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self.num_asked += 1
        if self.num_asked < 3:
            raise StorageError("they are away")
        return await super().incr(key, expiry, amount)


async def test_what_was_taken_when_the_counters_went_away_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first question takes a place; the next ones fail, that which gives it back among them."""

    class AwayForAWhile(MemoryCounters):
        num_asked = 0

        def ask(self) -> None:
            self.num_asked += 1
            if self.num_asked in (2, 3, 4):
                raise StorageError("they are away")

        async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
            self.ask()
            return await super().incr(key, expiry, amount)

        async def get(self, key: str) -> int:
            self.ask()
            return await super().get(key)

    counters = AwayForAWhile()
    monkeypatch.setattr(accounting, "counters_of", lambda _: counters)
    monkeypatch.setattr(accounting, "SETTLE_SECONDS", 0.01)
    limits = {"anonymous": {"concurrent_requests": 1}}
    kept = Accounting(Settings.model_validate({"limits": limits}), Metrics({}), time.time)
    monkeypatch.setattr(Accounting, "spending", AsyncMock())
    caller = Caller("192.0.2.1", EVERYTHING)
    request = Metered("req_1", Endpoint.RESPONSES, caller, MODEL, MODEL, ModelPrices(), 0.0, 0.0)
    with pytest.raises(StorageError):
        await kept.begin(request)
    async with asyncio.timeout(10):
        while True:
            with suppress(LimitReachedError, StorageError):
                await kept.begin(request)
                break
            await asyncio.sleep(0.01)


async def test_a_place_comes_back_when_the_counters_do(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = AwayAtFirst()
    monkeypatch.setattr(accounting, "counters_of", lambda _: counters)
    monkeypatch.setattr(accounting, "SETTLE_SECONDS", 0.01)
    kept = Accounting(Settings(), Metrics({}), time.time)
    quota = Quota("project/a", "project 'a'", Limits(concurrent_requests=1))
    counters.num_asked = 3
    admission = Admission((quota,))
    await Limiter(counters).admit(admission, 0, time.time())
    counters.num_asked = 0
    await kept.settle(admission, 0)
    counters.num_asked = 3
    with pytest.raises(LimitReachedError):
        await Limiter(counters).admit(Admission((quota,)), 0, time.time())
    counters.num_asked = 1
    async with asyncio.timeout(10):
        while admission.charges:
            await asyncio.sleep(0.01)
    await Limiter(counters).admit(Admission((quota,)), 0, time.time())


def test_a_stream_that_waits_for_its_place_gives_signs_of_life() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with (
        serving(engine, keep_alive_seconds=0.05, sections={"engine": {"max_num_seqs": 1}}) as server,
        ThreadPoolExecutor(1) as thread,
        server.http() as client,
    ):
        first = thread.submit(server.chat)
        until(lambda: engine.num_running == 1)
        for path, fields in (
            ("chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
            ("completions", {"prompt": "Hi"}),
            ("responses", {"input": "Hi"}),
        ):
            with client.stream("POST", f"/v1/{path}", json={"model": MODEL, "stream": True, **fields}) as answer:
                assert answer.status_code == 200
                assert next(line for line in answer.iter_lines() if line.startswith(":")) == ": keep-alive"
        assert len(engine.requests) == 1, "those that left were not begun"
        with client.stream("POST", "/v1/responses", json={"model": MODEL, "stream": True, "input": "Hi"}) as answer:
            lines = answer.iter_lines()
            while ": keep-alive" not in next(lines):
                pass
            engine.gate.set()
            assert any('"response.completed"' in line for line in lines)
        assert first.result().status_code == 200
        outcomes = [record.outcome for record in usage_of(server, 5)]
    assert sorted(outcomes) == ["aborted"] * 3 + ["succeeded"] * 2


def test_a_stream_that_is_turned_away_late_says_so_in_the_stream() -> None:
    with crowd(max_num_waiting=2, keep_alive_seconds=0.05) as clients:
        server = clients.server
        bursting, modest = key_of(server), key_of(server)
        for _ in range(NUM_PLACES + 1):
            clients.ask(bursting, "burst")
        clients.wait_for(running=NUM_PLACES, waiting=1)
        body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "one more"}]}
        with (
            server.http(headers=bursting.headers) as client,
            client.stream("POST", "/v1/chat/completions", json=body) as answer,
        ):
            clients.ask(modest, "comes")
            lines = list(answer.iter_lines())
        clients.engine.gate.set()
        (turned_away,) = [each for each in usage_of(server, NUM_PLACES + 3) if each.outcome == "failed"]
    assert (answer.status_code, turned_away.status) == (200, 503)
    assert any('"engine_overloaded"' in line for line in lines)
    assert "data: [DONE]" not in lines
