"""Two callers of one server: what is Ada's does not exist for Bob, however he names it.

Every attempt is answered exactly as one with an id that never was, and afterwards everything of Ada's is as before.
They have keys of two projects, or two keys of the settings; and there are those who have none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx2
import pytest

from ossian.engine.scripted import ScriptedEngine
from tests.server.keys import make_key, make_project
from tests.server.responses.asking import SUNNY, THOUGHT, WEATHER, WEATHER_CALL, prompts
from tests.server.serving import ANSWER, MODEL, GatedEngine, Served, in_turn, serving, turn_ids, until
from tests.server.sockets import socket_to

Json = dict[str, Any]

RESPONSES, CONVERSATIONS, PROMPTS = "/v1/responses", "/v1/conversations", "/v1/prompts"
FILES, BATCHES = "/v1/files", "/v1/batches"
STORED = (RESPONSES, CONVERSATIONS, PROMPTS, FILES, BATCHES)  # what has state
CHAT = "/v1/chat/completions"
SECRET_WORD = "heliotrope"  # Ada's, and in everything she says
ASKED = {"model": MODEL, "input": "Hello!"}


class Attempt(NamedTuple):
    """A request of Bob's. `{names}` stand for ids: his own begin with `my_`, the others are Ada's."""

    method: str
    path: str
    body: Json | None = None

    def filled(self, ids: Mapping[str, str]) -> "Attempt":
        def fill(text: str) -> str:
            return re.sub(r"\{(\w+)\}", lambda name: ids[name[1]], text)

        return Attempt(self.method, fill(self.path), json.loads(fill(json.dumps(self.body))))


ITEM_REFERENCE = {"type": "item_reference", "id": "{item}"}
BY_PATH = [
    Attempt("GET", f"{RESPONSES}/{{response}}"),
    Attempt("GET", f"{RESPONSES}/{{response}}?include=reasoning.encrypted_content"),
    Attempt("GET", f"{RESPONSES}/{{streamed}}?stream=true"),
    Attempt("GET", f"{RESPONSES}/{{running}}?stream=true&starting_after=1"),
    Attempt("GET", f"{RESPONSES}/{{response}}/input_items"),
    Attempt("POST", f"{RESPONSES}/{{running}}/cancel"),
    Attempt("POST", f"{RESPONSES}/{{response}}/cancel"),
    Attempt("DELETE", f"{RESPONSES}/{{response}}"),
    Attempt("DELETE", f"{RESPONSES}/{{running}}"),
    Attempt("GET", f"{CONVERSATIONS}/{{conversation}}"),
    Attempt("POST", f"{CONVERSATIONS}/{{conversation}}", {"metadata": {"owner": "bob"}}),
    Attempt("DELETE", f"{CONVERSATIONS}/{{conversation}}"),
    Attempt("GET", f"{CONVERSATIONS}/{{conversation}}/items"),
    Attempt("POST", f"{CONVERSATIONS}/{{conversation}}/items", {"items": [{"role": "user", "content": "Bob!"}]}),
    Attempt("GET", f"{CONVERSATIONS}/{{conversation}}/items/{{said}}"),
    Attempt("DELETE", f"{CONVERSATIONS}/{{conversation}}/items/{{said}}"),
    Attempt("GET", f"{CONVERSATIONS}/{{my_conversation}}/items/{{said}}"),
    Attempt("DELETE", f"{CONVERSATIONS}/{{my_conversation}}/items/{{said}}"),
    Attempt("GET", f"{PROMPTS}/{{prompt}}"),
    Attempt("GET", f"{PROMPTS}/{{prompt}}?version=1"),
    Attempt("POST", f"{PROMPTS}/{{prompt}}", {"instructions": "Bob's"}),
    Attempt("DELETE", f"{PROMPTS}/{{prompt}}"),
    Attempt("GET", f"{FILES}/{{file}}"),
    Attempt("GET", f"{FILES}/{{file}}/content"),
    Attempt("GET", f"{FILES}/{{output}}/content"),
    Attempt("DELETE", f"{FILES}/{{file}}"),
    Attempt("GET", f"{BATCHES}/{{batch}}"),
    Attempt("POST", f"{BATCHES}/{{batch}}/cancel"),
]
BY_BODY = [
    Attempt("POST", RESPONSES, {**ASKED, "previous_response_id": "{response}"}),
    Attempt("POST", RESPONSES, {**ASKED, "previous_response_id": "{response}", "stream": True}),
    Attempt("POST", RESPONSES, {**ASKED, "previous_response_id": "{response}", "background": True}),
    Attempt("POST", RESPONSES, {**ASKED, "previous_response_id": "{running}"}),
    Attempt("POST", RESPONSES, {**ASKED, "previous_response_id": "{unstored}"}),
    Attempt("POST", RESPONSES, {**ASKED, "conversation": "{conversation}"}),
    Attempt("POST", RESPONSES, {**ASKED, "conversation": {"id": "{conversation}"}}),
    Attempt("POST", RESPONSES, {**ASKED, "prompt": {"id": "{prompt}"}}),
    Attempt("POST", RESPONSES, {**ASKED, "prompt": {"id": "{prompt}", "version": "1"}}),
    Attempt("POST", RESPONSES, {**ASKED, "input": [ITEM_REFERENCE]}),
    Attempt("POST", RESPONSES, {**ASKED, "input": [{**ITEM_REFERENCE, "id": "{said}"}]}),
    Attempt("POST", f"{RESPONSES}/input_tokens", {**ASKED, "previous_response_id": "{response}"}),
    Attempt("POST", f"{RESPONSES}/input_tokens", {**ASKED, "conversation": "{conversation}"}),
    Attempt("POST", f"{RESPONSES}/input_tokens", {**ASKED, "input": [ITEM_REFERENCE]}),
    Attempt("POST", f"{RESPONSES}/compact", {"model": MODEL, "previous_response_id": "{response}"}),
    Attempt("POST", f"{RESPONSES}/compact", {"model": MODEL, "input": [ITEM_REFERENCE]}),
    Attempt("POST", CONVERSATIONS, {"items": [ITEM_REFERENCE]}),
    Attempt("POST", f"{CONVERSATIONS}/{{my_conversation}}/items", {"items": [ITEM_REFERENCE]}),
    Attempt("POST", PROMPTS, {"input": [ITEM_REFERENCE]}),
    Attempt("POST", BATCHES, {"input_file_id": "{file}", "endpoint": CHAT, "completion_window": "24h"}),
]
BY_QUERY = [
    Attempt("GET", f"{RESPONSES}/{{my_response}}/input_items?after={{item}}"),
    Attempt("GET", f"{CONVERSATIONS}/{{my_conversation}}/items?after={{said}}"),
    Attempt("GET", f"{PROMPTS}?after={{prompt}}"),
    Attempt("GET", f"{FILES}?after={{file}}"),
    Attempt("GET", f"{BATCHES}?after={{batch}}"),
]
BY_SECRET: dict[str, list[Json]] = {
    "reasoning": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "{reasoning}"}],
    "compaction": [{"type": "compaction", "encrypted_content": "{compaction}"}],
    "reasoning as a compaction": [{"type": "compaction", "encrypted_content": "{reasoning}"}],
}
SOCKET_FIELDS: list[Json] = [
    {"previous_response_id": "{response}"},
    {"previous_response_id": "{unstored}"},
    {"conversation": "{conversation}"},
    {"prompt": {"id": "{prompt}"}},
    {"input": [ITEM_REFERENCE]},
]


@dataclass
class Caller:
    """Somebody with a key, or without one."""

    key: str | None
    http: httpx2.Client
    address: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        key = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        return key if self.address is None else key | {"X-Forwarded-For": self.address}

    def send(self, attempt: Attempt) -> httpx2.Response:
        content = None if attempt.body is None else json.dumps(attempt.body)
        headers = self.headers | {"Content-Type": "application/json"}
        return self.http.request(attempt.method, attempt.path, content=content, headers=headers)

    def uploaded(self, text: str) -> str:
        """The id of a file with that text in it, of which a batch can be made."""
        body = {"model": MODEL, "messages": [{"role": "user", "content": text}]}
        line = json.dumps({"custom_id": "one", "method": "POST", "url": CHAT, "body": body})
        form = {"files": {"file": ("lines.jsonl", line.encode())}, "data": {"purpose": "batch"}}
        answer = self.http.post(FILES, headers=self.headers, **form)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        file_id: str = answer.json()["id"]
        return file_id

    def made(self, path: str, **body: Any) -> Json:
        answer = self.send(Attempt("POST", path, body))
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def read(self, path: str) -> Any:
        answer = self.send(Attempt("GET", path))
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class Callers:
    """Ada, Bob, and the ids of what they have. Where they have projects, Ada has a second key of hers."""

    served: Served
    ada: Caller
    bob: Caller
    ids: Mapping[str, str]
    ada_too: Caller | None = None

    @property
    def ids_of_nothing(self) -> Mapping[str, str]:
        """Bob's own ids, and others in the place of Ada's that never were."""

        def other(name: str, value: str) -> str:
            return value if name.startswith("my_") else re.sub(r"([_-])0(\w{31})$", r"\1f\2", value)

        return {name: other(name, value) for name, value in self.ids.items()}

    def belongings(self, whose: Caller | None = None) -> list[Any]:
        """All that Ada has, as she sees it, or who has another key of her project."""
        ids = self.ids
        paths = [
            *(f"{RESPONSES}/{ids[name]}" for name in ("response", "streamed", "running", "in_conversation")),
            f"{RESPONSES}/{ids['response']}/input_items",
            f"{CONVERSATIONS}/{ids['conversation']}",
            f"{CONVERSATIONS}/{ids['conversation']}/items",
            f"{PROMPTS}/{ids['prompt']}",
            PROMPTS,
            FILES,
            BATCHES,
            f"{BATCHES}/{ids['batch']}",
        ]
        return [(whose or self.ada).read(path) for path in paths]


def has_ended(caller: Caller, response_id: str) -> bool:
    return caller.read(f"{RESPONSES}/{response_id}")["status"] not in ("queued", "in_progress")


def is_completed(caller: Caller, batch_id: str) -> bool:
    return bool(caller.read(f"{BATCHES}/{batch_id}")["status"] == "completed")


def made_by(ada: Caller, bob: Caller, gate: Any) -> Iterator[tuple[str, str]]:
    """Make what the attempts are about."""
    response = ada.made(RESPONSES, model=MODEL, input=SECRET_WORD, include=["reasoning.encrypted_content"])
    yield "response", response["id"]
    yield "reasoning", response["output"][0]["encrypted_content"]
    yield "item", response["output"][1]["id"]
    yield "unstored", ada.made(RESPONSES, model=MODEL, input=SECRET_WORD, store=False)["id"]
    compacted = ada.made(f"{RESPONSES}/compact", model=MODEL, input=SECRET_WORD)["output"]
    yield "compaction", compacted[-1]["encrypted_content"]
    conversation = ada.made(CONVERSATIONS, metadata={"word": SECRET_WORD})["id"]
    yield "conversation", conversation
    yield "in_conversation", ada.made(RESPONSES, model=MODEL, input=SECRET_WORD, conversation=conversation)["id"]
    yield "said", ada.read(f"{CONVERSATIONS}/{conversation}/items")["data"][-1]["id"]
    yield "prompt", ada.made(PROMPTS, instructions=SECRET_WORD)["id"]
    streamed = Attempt("POST", RESPONSES, {**ASKED, "background": True, "stream": True})
    first = ada.send(streamed).text.split("\n\n")[0].partition("data: ")[2]
    yield "streamed", json.loads(first)["response"]["id"]
    yield "file", (file_id := ada.uploaded(SECRET_WORD))
    asked = {"input_file_id": file_id, "endpoint": CHAT, "completion_window": "24h"}
    yield "batch", (batch_id := ada.made(BATCHES, **asked)["id"])
    until(lambda: is_completed(ada, batch_id))
    yield "output", ada.read(f"{BATCHES}/{batch_id}")["output_file_id"]
    yield "my_response", bob.made(RESPONSES, **ASKED)["id"]
    yield "my_conversation", bob.made(CONVERSATIONS)["id"]
    gate.clear()
    yield "running", ada.made(RESPONSES, model=MODEL, input=SECRET_WORD, background=True)["id"]


SERVERS: dict[str, dict[str, Any]] = {
    "projects": {"sections": {"access": {"anonymous": "anywhere", "trusted_proxies": ["127.0.0.1"]}}},
    "settings keys": {"api_keys": ["ada-key", "bob-key"]},
}


@pytest.fixture(scope="module", params=SERVERS)
def callers(request: pytest.FixtureRequest) -> Iterator[Callers]:
    engine = GatedEngine(turn_ids(ANSWER))
    engine.gate.set()
    with serving(engine, **SERVERS[request.param]) as served, served.http() as http:
        keys = ["ada-key", "bob-key"]
        if request.param == "projects":
            ada_project, bob_project = make_project(served, "ada"), make_project(served, "bob")
            keys = [make_key(served, project).secret for project in (ada_project, bob_project, ada_project)]
        ada, bob, *others = (Caller(key, http) for key in keys)
        ids = dict(made_by(ada, bob, engine.gate))
        until(lambda: engine.num_running == 1)
        yield Callers(served, ada, bob, ids, *others)
        engine.gate.set()
        until(lambda: has_ended(ada, ids["running"]))
        assert ada.read(f"{RESPONSES}/{ids['running']}")["status"] == "completed", "somebody stopped it"


of_projects = pytest.mark.parametrize("callers", ["projects"], indirect=True)


def refusal(answer: httpx2.Response, ids: Mapping[str, str]) -> tuple[int, str]:
    """A refusal with the ids taken out of it."""
    text = answer.text
    for name, value in ids.items():
        text = text.replace(value, name)
    return answer.status_code, text


@pytest.mark.parametrize("attempt", [*BY_PATH, *BY_BODY, *BY_QUERY], ids=lambda each: f"{each.method} {each.path}")
def test_what_is_anothers_does_not_exist(callers: Callers, attempt: Attempt) -> None:
    before = callers.belongings()
    answer = callers.bob.send(attempt.filled(callers.ids))
    of_nothing = callers.bob.send(attempt.filled(callers.ids_of_nothing))
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["error"]["code"].endswith("_not_found")
    assert refusal(answer, callers.ids) == refusal(of_nothing, callers.ids_of_nothing)
    assert callers.belongings() == before


OWN_READS = [each for each in BY_PATH if each.method == "GET" and not re.search("running|my_", each.path)]


@pytest.mark.parametrize("attempt", OWN_READS, ids=lambda each: each.path)
def test_their_owner_reads_them(callers: Callers, attempt: Attempt) -> None:
    """An attempt that nobody could make would show nothing."""
    assert callers.ada.send(attempt.filled(callers.ids)).status_code == 200


@pytest.mark.parametrize("name", BY_SECRET)
@pytest.mark.parametrize("path", [RESPONSES, f"{RESPONSES}/input_tokens", f"{RESPONSES}/compact"])
def test_what_was_encrypted_for_another_does_not_open(callers: Callers, path: str, name: str) -> None:
    attempt = Attempt("POST", path, {"model": MODEL, "input": [*BY_SECRET[name], {"role": "user", "content": "Hi"}]})
    answer = callers.bob.send(attempt.filled(callers.ids))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "invalid_encrypted_content"


@pytest.mark.parametrize("fields", SOCKET_FIELDS, ids=json.dumps)
def test_nor_over_a_websocket(callers: Callers, fields: Json) -> None:
    def told(ids: Mapping[str, str]) -> str:
        filled = Attempt("", "", fields).filled(ids).body or {}
        with socket_to(callers.served, callers.bob.key) as socket:
            text = json.dumps(socket.error(**filled))
        for name, value in ids.items():
            text = text.replace(value, name)
        return text

    assert "_not_found" in told(callers.ids)
    assert told(callers.ids) == told(callers.ids_of_nothing)


def test_a_connections_memory_is_its_own() -> None:
    """Also of two connections of one caller."""
    engine = ScriptedEngine(turn_ids(ANSWER))
    with serving(engine, api_keys=["ada-key", "bob-key"]) as served, socket_to(served, "ada-key") as ada:
        remembered = ada.response(input=SECRET_WORD, store=False)["id"]
        for key in ("ada-key", "bob-key"):
            with socket_to(served, key) as other:
                error = other.error(previous_response_id=remembered)
                assert error["error"]["code"] == "previous_response_not_found"
        ada.response(previous_response_id=remembered, store=False)


def test_lists_show_what_is_the_callers_own(callers: Callers) -> None:
    assert [each["id"] for each in callers.ada.read(PROMPTS)["data"]] == [callers.ids["prompt"]]
    assert callers.bob.read(PROMPTS)["data"] == []
    assert callers.bob.read(f"{CONVERSATIONS}/{callers.ids['my_conversation']}/items")["data"] == []
    (item,) = callers.bob.read(f"{RESPONSES}/{callers.ids['my_response']}/input_items")["data"]
    assert item["content"][0]["text"] == "Hello!"


def test_an_item_that_takes_the_id_of_anothers_changes_nothing() -> None:
    """Clients may choose the ids of the items they send."""
    with serving(ScriptedEngine(turn_ids(ANSWER)), api_keys=["ada-key", "bob-key"]) as served, served.http() as http:
        ada, bob = Caller("ada-key", http), Caller("bob-key", http)
        first = ada.made(RESPONSES, model=MODEL, input=[{"id": "msg_1", "role": "user", "content": SECRET_WORD}])
        bob.made(RESPONSES, model=MODEL, input=[{"id": "msg_1", "role": "user", "content": "Bob was here"}])
        bob.made(CONVERSATIONS, items=[{"id": "msg_1", "role": "user", "content": "Bob was here"}])
        (item,) = ada.read(f"{RESPONSES}/{first['id']}/input_items")["data"]
        assert item["content"][0]["text"] == SECRET_WORD
        again = ada.made(RESPONSES, model=MODEL, input=[{"type": "item_reference", "id": "msg_1"}])
        (item,) = ada.read(f"{RESPONSES}/{again['id']}/input_items")["data"]
        assert item["content"][0]["text"] == SECRET_WORD


def test_the_reasoning_behind_anothers_call_is_not_recalled() -> None:
    """Call ids are told to clients, who may tell them to others."""
    with serving(ScriptedEngine(in_turn(WEATHER_CALL, SUNNY)), api_keys=["ada-key", "bob-key"]) as served:
        with served.http() as http:
            ada, bob = Caller("ada-key", http), Caller("bob-key", http)
            call = ada.made(RESPONSES, **ASKED, tools=[WEATHER])["output"][-1]
            result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
            for caller in (bob, ada):
                caller.made(RESPONSES, model=MODEL, input=[call, result], tools=[WEATHER])
        assert [THOUGHT in prompt for prompt in prompts(served)] == [False, False, True]


def routes(callers: Callers) -> set[tuple[str, str]]:
    """All routes that are about state, their ids left open."""
    document = callers.ada.read("/openapi.json")
    found = [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]
    return {(method, path) for method, path in found if path.startswith(STORED)}


def test_every_endpoint_was_tried(callers: Callers) -> None:
    def any_id(path: str) -> str:
        return re.sub(r"\{\w+\}", "*", path.partition("?")[0])

    tried = {(each.method, any_id(each.path)) for each in (*BY_PATH, *BY_BODY, *BY_QUERY)}
    tried.add(("POST", FILES))  # there is nothing in an upload to be another's
    assert {(method, any_id(path)) for method, path in routes(callers)} - tried == set()


@pytest.mark.parametrize("callers", ["settings keys"], indirect=True)
def test_without_a_key_there_is_nothing(callers: Callers) -> None:
    for method, path in routes(callers):
        with callers.served.http() as http:
            answer = http.request(method, re.sub(r"\{\w+\}", callers.ids["response"], path))
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_api_key")


@of_projects
def test_keys_of_one_project_share_all_there_is(callers: Callers) -> None:
    assert callers.ada_too is not None
    assert callers.belongings(callers.ada_too) == callers.belongings()
    reasoning = Attempt("POST", RESPONSES, {"model": MODEL, "input": BY_SECRET["reasoning"]}).filled(callers.ids)
    counted = Attempt("POST", f"{RESPONSES}/input_tokens", reasoning.body)
    assert callers.ada_too.send(counted).status_code == 200
    assert callers.bob.send(counted).json()["error"]["code"] == "invalid_encrypted_content"


@of_projects
@pytest.mark.parametrize("address", [None, "203.0.113.9"], ids=["on this machine", "elsewhere"])
def test_what_is_a_projects_does_not_exist_without_a_key(callers: Callers, address: str | None) -> None:
    """From elsewhere most of it needs a key to be asked for at all."""
    before = callers.belongings()
    nobody = Caller(None, callers.ada.http, address)
    codes = ("_not_found",) if address is None else ("_not_found", "missing_api_key")
    for attempt in (*BY_PATH, *BY_BODY, *BY_QUERY):
        answer = nobody.send(attempt.filled(callers.ids))
        of_nothing = nobody.send(attempt.filled(callers.ids_of_nothing))
        assert answer.json()["error"]["code"].endswith(codes), attempt
        assert refusal(answer, callers.ids) == refusal(of_nothing, callers.ids_of_nothing)
    for name, items in BY_SECRET.items():
        answer = nobody.send(Attempt("POST", RESPONSES, {"model": MODEL, "input": items}).filled(callers.ids))
        assert answer.json()["error"]["code"] == "invalid_encrypted_content", name
    for path in (PROMPTS, FILES, BATCHES) if address is None else ():
        assert nobody.read(path)["data"] == []
    assert callers.belongings() == before


@of_projects
def test_what_is_kept_without_a_key_on_this_machine_is_no_projects(callers: Callers) -> None:
    local, stranger = Caller(None, callers.ada.http), Caller(None, callers.ada.http, "203.0.113.9")
    made = local.made(RESPONSES, model=MODEL, input="Hello!", background=True)["id"]
    attempts = [
        Attempt("GET", f"{RESPONSES}/{made}"),
        Attempt("POST", RESPONSES, {**ASKED, "previous_response_id": made}),
        Attempt("DELETE", f"{RESPONSES}/{made}"),
    ]
    for other, codes in [(callers.ada, "_not_found"), (stranger, ("_not_found", "missing_api_key"))]:
        for attempt in attempts:
            assert other.send(attempt).json()["error"]["code"].endswith(codes)
    assert local.read(f"{RESPONSES}/{made}")["id"] == made


@pytest.fixture(scope="module")
def tier() -> Iterator[Served]:
    """A server that lets in everybody, wherever from."""
    sections = {"access": {"anonymous": "anywhere", "trusted_proxies": ["127.0.0.1"]}}
    with serving(ScriptedEngine(in_turn(WEATHER_CALL, SUNNY)), sections=sections) as served:
        yield served


def stranger(served: Served, http: httpx2.Client, address: str = "203.0.113.9") -> Caller:
    return Caller(None, http, address)


def test_for_strangers_nothing_is_stored(tier: Served) -> None:
    with tier.http() as http:
        caller = stranger(tier, http)
        body = caller.made(RESPONSES, **ASKED)
        assert body["store"] is False
        assert caller.send(Attempt("GET", f"{RESPONSES}/{body['id']}")).status_code == 401
        for fields in ({"store": True}, {"background": True}):
            answer = caller.send(Attempt("POST", RESPONSES, {**ASKED, **fields}))
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_api_key"), fields
            assert "storing needs one" in answer.json()["error"]["message"]
        answer = caller.send(Attempt("POST", RESPONSES, {**ASKED, "previous_response_id": body["id"]}))
        assert answer.json()["error"]["code"] == "previous_response_not_found"
        for path in (CONVERSATIONS, PROMPTS, BATCHES):
            answer = caller.send(Attempt("POST", path, {}))
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "missing_api_key")


def test_for_strangers_no_reasoning_is_kept() -> None:
    """Whoever asks next from the same address may be somebody else."""
    sections = {"access": {"anonymous": "anywhere", "trusted_proxies": ["127.0.0.1"]}}
    with serving(ScriptedEngine(in_turn(WEATHER_CALL, SUNNY)), sections=sections) as served, served.http() as http:
        caller = stranger(served, http)
        call = caller.made(RESPONSES, **ASKED, tools=[WEATHER])["output"][-1]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
        caller.made(RESPONSES, model=MODEL, input=[call, result], tools=[WEATHER])
        assert THOUGHT not in prompts(served)[-1]


def test_what_strangers_keep_themselves_is_of_their_address(tier: Served) -> None:
    with tier.http() as http:
        caller, other = stranger(tier, http), stranger(tier, http, "198.51.100.7")
        compacted = caller.made(f"{RESPONSES}/compact", model=MODEL, input=SECRET_WORD)["output"]
        asked = Attempt("POST", f"{RESPONSES}/input_tokens", {"model": MODEL, "input": compacted})
        assert caller.send(asked).status_code == 200
        for each in (other, Caller(None, http)):
            assert each.send(asked).json()["error"]["code"] == "invalid_encrypted_content"


def test_a_strangers_websocket_remembers_what_is_not_stored(tier: Served) -> None:
    with socket_to(tier, **{"x-forwarded-for": "203.0.113.9"}) as socket:
        first = socket.response(input=SECRET_WORD)
        assert first["store"] is False
        again = socket.response(previous_response_id=first["id"])
        assert again["previous_response_id"] == first["id"]
        assert socket.error(store=True)["error"]["code"] == "missing_api_key"
    with socket_to(tier, **{"x-forwarded-for": "203.0.113.9"}) as other:
        assert other.error(previous_response_id=first["id"])["error"]["code"] == "previous_response_not_found"


def test_without_keys_everything_is_everybodys() -> None:
    with serving(ScriptedEngine(turn_ids(ANSWER))) as served:
        made = served.client.responses.create(model=MODEL, input="Hello!")
        with served.http(headers={"Authorization": "Bearer whatever"}) as http:
            assert http.get(f"{RESPONSES}/{made.id}").status_code == 200
