"""kill -9 in the middle of everything: whatever a client was told is done is there after a restart, and is whole.

Several clients make responses of every kind, conversations and prompts, and write down what they are told. Then the
server is killed, another one is started on the same database, and everything they wrote down is looked up.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.scripted_process import Wanted, scripted_processes
from tests.served_process import served_process
from tests.server.serving import MODEL, until
from tests.specs.validators import check_response, check_stream, read_stream

pytestmark = pytest.mark.slow

Json = dict[str, Any]

UNFINISHED = ("queued", "in_progress")
NUM_OF_EACH = 2  # clients of each kind


@dataclass
class Witness:
    """What clients were told before the server died."""

    completed: dict[str, Json] = field(default_factory=dict)
    in_background: set[str] = field(default_factory=set)  # accepted
    events: dict[str, list[Json]] = field(default_factory=dict)  # of background streams, as far as they came
    deleted: set[str] = field(default_factory=set)
    conversations: dict[str, list[tuple[str, Json]]] = field(default_factory=dict)  # what was asked, and the response
    prompts: dict[tuple[str, str], Json] = field(default_factory=dict)  # by id and version

    def is_told_enough(self) -> bool:
        """Whether a kill from now on can show something of everything."""
        of_conversations = any(self.conversations.values())
        return bool(self.completed and self.in_background and self.deleted and self.prompts and of_conversations)


class Client:
    """One client, with requests of its own."""

    def __init__(self, url: str, witness: Witness, name: str = "") -> None:
        self.http = httpx2.Client(base_url=url, timeout=60, trust_env=False)
        self.witness = witness
        self.name = name
        self._num_asked = 0

    def question(self) -> str:
        self._num_asked += 1
        return f"{self.name} asks for the {self._num_asked}th time"

    def post(self, path: str, **body: Any) -> Json:
        answer = self.http.post(f"/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def respond(self, **body: Any) -> Json:
        """Ask, and write down the answer."""
        response = self.post("responses", **{"model": MODEL, "input": self.question(), **body})
        self.witness.completed[response["id"]] = response
        return response

    def events(self, **body: Any) -> Iterator[Json]:
        """Ask for a stream."""
        asked = {"model": MODEL, "input": self.question(), "stream": True, **body}
        with self.http.stream("POST", "/v1/responses", json=asked) as answer:
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if line.startswith("data: {"):
                    yield json.loads(line.removeprefix("data: "))

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.http.get(f"/v1/{path}")
        assert answer.status_code == status, answer.text
        return answer.json()


# What the clients do, again and again.


def ask(client: Client) -> None:
    client.respond()


def ask_for_a_stream(client: Client) -> None:
    for event in client.events():
        if event["type"] == "response.completed":
            client.witness.completed[event["response"]["id"]] = event["response"]


def ask_on(client: Client) -> None:
    first = client.respond()
    client.respond(previous_response_id=first["id"])


def talk(client: Client) -> None:
    conversation = client.post("conversations")["id"]
    said = client.witness.conversations.setdefault(conversation, [])
    for _ in range(5):
        question = client.question()
        said.append((question, client.respond(conversation=conversation, input=question)))


def ask_in_the_background(client: Client) -> None:
    response = client.post("responses", model=MODEL, input=client.question(), background=True)
    client.witness.in_background.add(response["id"])
    while response["status"] in UNFINISHED:
        response = client.get(f"responses/{response['id']}")
    client.witness.completed[response["id"]] = response


def follow(client: Client) -> None:
    seen: list[Json] = []
    for event in client.events(background=True):
        seen.append(event)
        client.witness.events.setdefault(seen[0]["response"]["id"], seen)
        if event["type"] == "response.completed":
            client.witness.completed[event["response"]["id"]] = event["response"]


def store_prompts(client: Client) -> None:
    prompt = client.post("prompts", instructions=client.question())
    client.witness.prompts[prompt["id"], "1"] = prompt
    client.witness.prompts[prompt["id"], "2"] = client.post(f"prompts/{prompt['id']}", instructions=client.question())


def change_a_mind(client: Client) -> None:
    response = client.post("responses", model=MODEL, input=client.question())
    client.http.delete(f"/v1/responses/{response['id']}").raise_for_status()
    client.witness.deleted.add(response["id"])


KINDS = (ask, ask_for_a_stream, ask_on, talk, ask_in_the_background, follow, store_prompts, change_a_mind)


@contextmanager
def clients(url: str, witness: Witness, names: str) -> Iterator[None]:
    """Clients of every kind, until the server is no more. What else goes wrong with them is raised at the end."""
    failures: list[Exception] = []
    is_over = Event()

    def work(kind: Callable[[Client], None], client: Client) -> None:
        with client.http, suppress(httpx2.TransportError):
            try:
                while not is_over.is_set():
                    kind(client)
            except AssertionError as error:
                failures.append(error)

    threads = [
        Thread(target=work, args=(kind, Client(url, witness, f"{names} {kind.__name__} {number}")))
        for kind in KINDS
        for number in range(NUM_OF_EACH)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join(timeout=60)
    assert failures == []


# What is looked up afterwards.


def check_told(client: Client, witness: Witness) -> None:
    """Everything that was told is there, and is what was told."""
    for response_id, body in witness.completed.items():
        check_response(body)
        assert body["status"] == "completed"
        assert client.get(f"responses/{response_id}") == body
        (asked,) = client.get(f"responses/{response_id}/input_items")["data"]
        assert asked["content"][0]["text"]
    for response_id in witness.deleted:
        client.get(f"responses/{response_id}", status=404)
    for (prompt_id, version), prompt in witness.prompts.items():
        assert client.get(f"prompts/{prompt_id}?version={version}") == prompt
    for conversation, said in witness.conversations.items():
        check_conversation(client, conversation, said)


def check_conversation(client: Client, conversation: str, said: list[tuple[str, Json]]) -> None:
    """A turn is in it whole or not at all; those that were told are."""
    items = client.get(f"conversations/{conversation}/items?order=asc&limit=100")["data"]
    turns = [items[index : index + 3] for index in range(0, len(items), 3)]
    for turn in turns:
        assert [item["type"] for item in turn] == ["message", "reasoning", "message"]
        assert [turn[0]["role"], turn[2]["role"]] == ["user", "assistant"]
    found = [(turn[0]["content"][0]["text"], turn[1:]) for turn in turns]
    assert found[: len(said)] == [(question, response["output"]) for question, response in said]
    assert len(found) <= len(said) + 1, "only the last turn can be there without having been told"


def check_background(client: Client, witness: Witness) -> None:
    """What was accepted ends; of a stream nothing that was seen is unsaid."""
    for response_id in {*witness.in_background, *witness.events}:
        until(lambda name=response_id: client.get(f"responses/{name}")["status"] not in UNFINISHED)  # type: ignore[misc]
        response = client.get(f"responses/{response_id}")
        check_response(response)
        assert response["status"] in ("completed", "failed")
        if response["status"] == "failed":
            assert response["error"]["code"] == "server_error"
            assert response_id not in witness.completed
    for response_id, seen in witness.events.items():
        again = read_stream(client.http.get(f"/v1/responses/{response_id}?stream=true").text)
        assert check_stream(again) == client.get(f"responses/{response_id}")
        assert again[: len(seen)] == seen
        resumed = client.http.get(f"/v1/responses/{response_id}?stream=true&starting_after={len(seen) - 1}")
        assert read_stream(resumed.text) == again[len(seen) :]


def check_whole(client: Client, database_url: str) -> None:
    """Whatever is in the database, told or not, is whole."""
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, is_background FROM responses WHERE NOT is_hidden")).all()
    engine.dispose()
    for response_id, is_background in rows:
        response = client.get(f"responses/{response_id}")
        check_response(response)
        if not is_background:
            assert response["status"] == "completed"
            assert [item["type"] for item in response["output"]] == ["reasoning", "message"]


def check_going_on(client: Client, witness: Witness) -> None:
    """The new server continues what the old one made."""
    last = list(witness.completed)[-1]
    assert client.respond(previous_response_id=last)["previous_response_id"] == last
    conversation = next(name for name, said in witness.conversations.items() if said)
    client.respond(conversation=conversation)


def check(url: str, database_url: str, witness: Witness) -> None:
    client = Client(url, Witness())
    with client.http:
        check_told(client, witness)
        check_background(client, witness)
        check_whole(client, database_url)
        check_going_on(client, witness)


ROUNDS = [1, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]


@pytest.mark.parametrize("num_rounds", ROUNDS)
def test_what_was_told_survives_a_kill(database_url: str, tmp_path: Path, num_rounds: int) -> None:
    chance = random.Random(num_rounds)
    witnesses: list[Witness] = []
    wanted = Wanted(database_url, str(tmp_path))
    with scripted_processes() as running:
        for number in range(num_rounds):
            url = running.start(wanted)
            if witnesses:
                check(url, database_url, witnesses[-1])
            witnesses.append(Witness())
            with clients(url, witnesses[-1], f"round {number}"):
                until(witnesses[-1].is_told_enough)
                time.sleep(chance.uniform(0, 0.5))
                running.kill(url)
        url = running.start(wanted)
        check(url, database_url, witnesses[-1])
        with Client(url, Witness()).http as http:
            for response_id, body in [pair for each in witnesses for pair in each.completed.items()]:
                assert http.get(f"/v1/responses/{response_id}").json() == body


END_CONNECTIONS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_restarts_stops_nobody(database_url: str, tmp_path: Path) -> None:
    """Its connections end in the middle of everything: what cannot be stored is an error, and the server goes on."""
    asked = {"model": MODEL, "input": "Hello!", "background": True, "stream": True}
    statuses: list[int] = []
    is_over = Event()
    wanted = Wanted(database_url, str(tmp_path))
    with scripted_processes() as running, httpx2.Client(base_url=running.start(wanted), trust_env=False) as http:

        def ask_again_and_again() -> None:
            while not is_over.is_set():
                statuses.append(http.post("/v1/responses", json=asked, timeout=60).status_code)

        threads = [Thread(target=ask_again_and_again) for _ in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            num_before = len(statuses)
            until(lambda: len(statuses) > num_before + 8)  # noqa: B023 (it is waited for)
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(END_CONNECTIONS)
            assert http.get("/healthz", timeout=60).status_code == 200
        num_before = len(statuses)
        until(lambda: len(statuses) > num_before + 8)
        is_over.set()
        for thread in threads:
            thread.join()
        assert set(statuses) <= {200, 503}
        assert statuses[-1] == 200


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_same_of_ossian_serve(tmp_path: Path) -> None:
    """With the model that ships, whose answers have any form: what was told must be there."""
    environment = {"OSSIAN_DATA_DIR": str(tmp_path), "OSSIAN_MODELS__CACHE_DIR": str(tmp_path / "cache")}
    told: dict[str, Json] = {}
    for number in range(3):
        witness = Witness()
        with served_process(**environment) as server:
            client = Client(server.url, witness)
            with client.http:
                for response_id, body in told.items():
                    assert client.get(f"responses/{response_id}") == body
            with clients(server.url, witness, f"round {number}"):
                until(witness.is_told_enough)
                server.process.kill()
        told |= witness.completed
    assert told
