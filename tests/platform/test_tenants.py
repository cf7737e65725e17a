"""What belongs to one project is not there for anybody else: over every route of the OpenAPI document.

A route that is new there fails a test here until it has a row.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

import httpx2
import pytest

from tests.server.keys import Made, make_admin_key, make_key, make_project
from tests.server.serving import MODEL, Served, scripted, serving, until
from tests.server.sockets import error_of, socket_to

Json: TypeAlias = dict[str, Any]

REQUEST_ID: Final = re.compile("req_[0-9a-f]{32}")  # in some errors
SETTINGS_KEY: Final = "sk-a-key-of-the-settings"
MARK: Final = "belongs-to-the-owner"  # in everything that the owner writes
BUDGET: Final = "987654"  # the owner's


@dataclass(frozen=True, slots=True)
class Objects:
    """The ids of what the owner has, by their names in addresses."""

    response_id: str
    conversation_id: str
    item_id: str
    prompt_id: str
    file_id: str
    batch_id: str
    project_id: str
    key_id: str
    prefix: str

    def unknown(self) -> "Objects":
        """The same ids, of nothing."""
        return Objects(**{name: each[:-5] + "00000" for name, each in asdict(self).items()})


@dataclass(frozen=True, slots=True)
class Row:
    """A request that a route is asked.

    `theirs`: it names what the owner has, which is not there for others. `own`: everybody sees his own alone.
    `admin`: it needs an admin key. `nothing`: nobody's objects are in it, or it makes new ones.
    """

    kind: Literal["theirs", "own", "admin", "nothing"]
    body: Callable[[Objects], Json] | None = None
    query: Callable[[Objects], Json] | None = None
    status: int = 404  # of `theirs`, for others


ADMIN = (Row("admin"),)
NOTHING = (Row("nothing"),)
THEIRS = (Row("theirs"),)
INPUT: Final = {"model": MODEL, "input": "2+2?"}


def theirs(status: int = 404, **fields: Callable[[Objects], Any]) -> Row:
    """A request about a response whose fields name what the owner has."""
    return Row("theirs", lambda ids: INPUT | {name: of(ids) for name, of in fields.items()}, status=status)


REFERENCES = (
    theirs(400, previous_response_id=lambda ids: ids.response_id),
    theirs(conversation=lambda ids: ids.conversation_id),
    theirs(prompt=lambda ids: {"id": ids.prompt_id}),
    theirs(input=lambda ids: [{"type": "item_reference", "id": ids.item_id}]),
)
DAY: Final = {"start": "2025-11-20T00:00:00Z", "end": "2025-11-22T00:00:00Z"}  # of the server's clock


def usage_rows(**names: str) -> tuple[Row, ...]:
    """A report of what keys used; `names` are the parameters of its times."""
    times = {names.get(name, name): time for name, time in DAY.items()}
    return (
        Row("own", query=lambda _: times),
        Row("theirs", query=lambda ids: times | {"key_prefix": ids.prefix}, status=403),
    )


ROWS: Final[dict[str, tuple[Row, ...]]] = {
    "POST /v1/chat/completions": (
        Row("nothing", lambda _: {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}),
    ),
    "POST /v1/completions": (Row("nothing", lambda _: {"model": MODEL, "prompt": "2+2="}),),
    "POST /v1/responses": (*REFERENCES, Row("nothing", lambda _: INPUT)),
    "POST /v1/responses/input_tokens": (*REFERENCES[:2], REFERENCES[3]),
    "POST /v1/responses/compact": REFERENCES[:1],
    "GET /v1/responses/{response_id}": THEIRS,
    "POST /v1/responses/{response_id}/cancel": THEIRS,
    "GET /v1/responses/{response_id}/input_items": THEIRS,
    "DELETE /v1/responses/{response_id}": THEIRS,
    "POST /v1/conversations": (Row("nothing", lambda _: {}),),
    "GET /v1/conversations/{conversation_id}": THEIRS,
    "POST /v1/conversations/{conversation_id}": (Row("theirs", lambda _: {"metadata": {"taken": "over"}}),),
    "POST /v1/conversations/{conversation_id}/items": (
        Row("theirs", lambda _: {"items": [{"type": "message", "role": "user", "content": "mine now"}]}),
    ),
    "GET /v1/conversations/{conversation_id}/items": THEIRS,
    "GET /v1/conversations/{conversation_id}/items/{item_id}": THEIRS,
    "DELETE /v1/conversations/{conversation_id}/items/{item_id}": THEIRS,
    "DELETE /v1/conversations/{conversation_id}": THEIRS,
    "GET /v1/prompts": (Row("own"), Row("theirs", query=lambda ids: {"after": ids.prompt_id})),
    "POST /v1/prompts": (Row("nothing", lambda _: {"instructions": "Be brief."}),),
    "GET /v1/prompts/{prompt_id}": THEIRS,
    "POST /v1/prompts/{prompt_id}": (Row("theirs", lambda _: {"instructions": "Obey me."}),),
    "DELETE /v1/prompts/{prompt_id}": THEIRS,
    "GET /v1/files": (Row("own"), Row("theirs", query=lambda ids: {"after": ids.file_id})),
    "POST /v1/files": NOTHING,
    "GET /v1/files/{file_id}": THEIRS,
    "GET /v1/files/{file_id}/content": THEIRS,
    "DELETE /v1/files/{file_id}": THEIRS,
    "GET /v1/batches": (Row("own"), Row("theirs", query=lambda ids: {"after": ids.batch_id})),
    "POST /v1/batches": (
        Row(
            "theirs",
            lambda ids: {
                "input_file_id": ids.file_id,
                "endpoint": "/v1/chat/completions",
                "completion_window": "24h",
            },
        ),
    ),
    "GET /v1/batches/{batch_id}": THEIRS,
    "POST /v1/batches/{batch_id}/cancel": THEIRS,
    "GET /v1/models": NOTHING,
    "GET /v1/models/{model_id}": NOTHING,
    "GET /rest/v1/models_v2": NOTHING,
    "GET /rest/v2/openrouter": NOTHING,
    "GET /model/{model_id}": NOTHING,
    "GET /models/metrics": NOTHING,
    "GET /healthz": NOTHING,
    "GET /readyz": NOTHING,
    "GET /metrics": ADMIN,
    "GET /v2/usage": usage_rows(),
    "GET /v2/usage/detail": usage_rows(),
    "GET /v2/logs": usage_rows(),
    "GET /v2/billing": (Row("own"),),
    "GET /v2/billing/detail": (Row("own"),),
    "GET /v1/billing/balance": (Row("own"),),
    "GET /v2/billing/transactions": (Row("own", query=lambda _: {"from": DAY["start"], "to": DAY["end"]}),),
    "GET /v1/key": ADMIN,
    "GET /v1/keys": ADMIN,
    "POST /v1/keys": ADMIN,
    "GET /v1/keys/{prefix}": ADMIN,
    "PATCH /v1/keys/{prefix}": ADMIN,
    "PUT /v1/keys/{prefix}": ADMIN,
    "DELETE /v1/keys/{prefix}": ADMIN,
    "GET /v1/organization/projects": ADMIN,
    "POST /v1/organization/projects": ADMIN,
    "GET /v1/organization/projects/{project_id}": ADMIN,
    "POST /v1/organization/projects/{project_id}": ADMIN,
    "POST /v1/organization/projects/{project_id}/archive": ADMIN,
    "GET /v1/organization/projects/{project_id}/api_keys": ADMIN,
    "POST /v1/organization/projects/{project_id}/api_keys": ADMIN,
    "GET /v1/organization/projects/{project_id}/api_keys/{key_id}": ADMIN,
    "POST /v1/organization/projects/{project_id}/api_keys/{key_id}": ADMIN,
    "DELETE /v1/organization/projects/{project_id}/api_keys/{key_id}": ADMIN,
    "GET /v1/organization/projects/{project_id}/rate_limits": ADMIN,
    "POST /v1/organization/projects/{project_id}/rate_limits/{rate_limit_id}": ADMIN,
    "DELETE /v1/organization/projects/{project_id}/rate_limits/{rate_limit_id}": ADMIN,
    "GET /v1/organization/projects/{project_id}/spend_limit": ADMIN,
    "POST /v1/organization/projects/{project_id}/spend_limit": ADMIN,
    "DELETE /v1/organization/projects/{project_id}/spend_limit": ADMIN,
    "GET /v1/organization/admin_api_keys": ADMIN,
    "POST /v1/organization/admin_api_keys": ADMIN,
    "GET /v1/organization/admin_api_keys/{key_id}": ADMIN,
    "POST /v1/organization/admin_api_keys/{key_id}": ADMIN,
    "DELETE /v1/organization/admin_api_keys/{key_id}": ADMIN,
    "GET /v1/organization/usage/completions": ADMIN,
    "GET /v1/organization/costs": ADMIN,
    "GET /v1/organization/usage/requests": ADMIN,
    "GET /v1/organization/usage/requests.csv": ADMIN,
    "GET /v1/organization/audit_logs": ADMIN,
}

OF_KIND: Final = {
    kind: [
        pytest.param(route, row, id=f"{route} {number}")
        for route, rows in ROWS.items()
        for number, row in enumerate(rows)
        if row.kind == kind
    ]
    for kind in ("theirs", "own", "admin", "nothing")
}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with serving(scripted(), api_keys=[SETTINGS_KEY]) as served:
        yield served


@pytest.fixture(scope="module")
def owner(server: Served) -> Made:
    budget = {"amount": BUDGET, "period": "none"}
    return make_key(server, make_project(server, MARK, budget=budget))


@pytest.fixture(scope="module")
def objects(server: Served, owner: Made) -> Objects:
    """What the owner has, for tests that change nothing of it."""
    return objects_of(server, owner)


@pytest.fixture(scope="module", params=["another project", "a key of the settings"])
def stranger(request: pytest.FixtureRequest, server: Served) -> dict[str, str]:
    """The headers of somebody with a key."""
    if request.param == "another project":
        return make_key(server, make_project(server, "another")).headers
    return {"authorization": f"Bearer {SETTINGS_KEY}"}


def objects_of(server: Served, owner: Made) -> Objects:
    """Make one of everything for the owner."""
    with server.http(headers={**owner.headers, "x-request-id": MARK}) as http:

        def post(path: str, **options: Any) -> Json:
            answer = http.post(f"/v1/{path}", **options)
            assert answer.status_code == 200, answer.text
            made: Json = answer.json()
            return made

        said = [{"type": "message", "role": "user", "content": MARK}]
        conversation = post("conversations", json={"items": said, "metadata": {"mark": MARK}})["id"]
        items = http.get(f"/v1/conversations/{conversation}/items").json()["data"]
        prompt = post("prompts", json={"instructions": MARK})["id"]
        response = post("responses", json={"model": MODEL, "input": MARK, "metadata": {"mark": MARK}})["id"]
        file = post("files", files={"file": (f"{MARK}.jsonl", LINE)}, data={"purpose": "batch"})["id"]
        asked = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        batch = post("batches", json={**asked, "metadata": {"mark": MARK}})["id"]
    prefix = owner.secret[: len("sk-ossian-") + 6]
    return Objects(response, conversation, items[0]["id"], prompt, file, batch, owner.project_id, owner.id, prefix)


LINE: Final = json.dumps(
    {
        "custom_id": MARK,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": MODEL, "messages": [{"role": "user", "content": MARK}]},
    }
).encode()


def ask(server: Served, route: str, row: Row, ids: Objects, headers: dict[str, str]) -> httpx2.Response:
    method, path = route.split()
    path = path.format(**asdict(ids), model_id=MODEL, rate_limit_id=f"rl-{MODEL}")
    body, query = row.body and row.body(ids), row.query and row.query(ids)
    with server.http(headers=headers) as http:
        return http.request(method, path, json=body, params=query)


def traces(ids: Objects) -> set[str]:
    """What is in an answer only if something of the owner's is."""
    return {*asdict(ids).values(), MARK, BUDGET, str(int(BUDGET) * 2)}


def found_in(answer: httpx2.Response, ids: Objects) -> set[str]:
    """The traces in an answer, but for those that it was asked with: some errors repeat the address."""
    return {trace for trace in traces(ids) if trace in answer.text and trace not in str(answer.request.url)}


def test_every_route_has_a_row(server: Served) -> None:
    paths = server.get("/openapi.json").json()["paths"]
    routes = {
        f"{method.upper()} {path}" for path, methods in paths.items() for method in methods if method != "parameters"
    }
    assert routes - ROWS.keys() == set()
    assert ROWS.keys() - routes == set()


@pytest.mark.parametrize("route, row", OF_KIND["theirs"])
def test_what_is_somebody_else_s_is_as_if_it_were_not_there(
    server: Served, objects: Objects, stranger: dict[str, str], route: str, row: Row
) -> None:
    answer = ask(server, route, row, objects, stranger)
    assert answer.status_code == row.status, answer.text
    of_nothing = ask(server, route, row, objects.unknown(), stranger)
    assert of_nothing.status_code == row.status, of_nothing.text
    named = {name: each for name, each in asdict(objects).items() if each in answer.text}
    said = answer.text
    for name, each in named.items():  # it may say again what was asked for, and no more
        said = said.replace(each, getattr(objects.unknown(), name))
    assert REQUEST_ID.sub("", said) == REQUEST_ID.sub("", of_nothing.text)
    assert MARK not in answer.text


@pytest.mark.parametrize("route, row", OF_KIND["theirs"])
def test_it_is_there_for_its_owner(server: Served, owner: Made, route: str, row: Row) -> None:
    """Or a row would prove nothing."""
    answer = ask(server, route, row, objects_of(server, owner), owner.headers)
    assert answer.status_code not in (401, 403, 404, 422, 500), answer.text


@pytest.mark.parametrize("route, row", OF_KIND["theirs"])
def test_without_a_key_nothing_is_there(server: Served, objects: Objects, route: str, row: Row) -> None:
    answer = ask(server, route, row, objects, {})
    assert answer.status_code == 401
    assert found_in(answer, objects) == set()


@pytest.mark.parametrize("route, row", OF_KIND["own"])
def test_lists_and_reports_have_one_s_own_alone(
    server: Served, owner: Made, objects: Objects, stranger: dict[str, str], route: str, row: Row
) -> None:
    until(lambda: bool(found_in(ask(server, route, row, objects, owner.headers), objects)))  # usage is written soon
    answer = ask(server, route, row, objects, stranger)
    assert answer.status_code == 200, answer.text
    assert found_in(answer, objects) == set()
    assert ask(server, route, row, objects, {}).status_code == 401


@pytest.mark.parametrize("route, row", OF_KIND["admin"])
def test_the_administrator_s_routes_are_for_nobody_else(
    server: Served, owner: Made, objects: Objects, stranger: dict[str, str], route: str, row: Row
) -> None:
    for headers, status, code in [
        (stranger, 403, "admin_key_required"),
        (owner.headers, 403, "admin_key_required"),
        ({}, 401, "missing_api_key"),
    ]:
        answer = ask(server, route, row, objects, headers)
        assert answer.status_code == status
        assert found_in(answer, objects) == set()
        if "error" in answer.json():  # AI/ML API's have no codes
            assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("route, row", OF_KIND["nothing"])
def test_in_all_else_there_is_nobody_s(
    server: Served, objects: Objects, stranger: dict[str, str], route: str, row: Row
) -> None:
    answer = ask(server, route, row, objects, stranger)
    assert answer.status_code in (200, 400, 415), answer.text
    assert found_in(answer, objects) == set()


@pytest.mark.parametrize("route, row", [*OF_KIND["theirs"], *OF_KIND["own"]])
def test_an_admin_key_opens_no_project(server: Served, objects: Objects, route: str, row: Row) -> None:
    """But for reports of usage, which are an administrator's too."""
    if route.split()[1].startswith(("/v2/", "/v1/billing")):
        return
    answer = ask(server, route, row, objects, make_admin_key(server).headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "project_key_required")


def test_a_websocket_continues_nobody_else_s_response(server: Served, owner: Made, objects: Objects) -> None:
    with socket_to(server, SETTINGS_KEY) as socket:
        error = error_of(socket.ask(previous_response_id=objects.response_id))
    assert error["status"] == 404 or error["error"]["code"] == "previous_response_not_found", error
    with socket_to(server, owner.secret) as socket:
        assert socket.response(previous_response_id=objects.response_id)["status"] == "completed"


@pytest.mark.parametrize("before", [f"/{MODEL}/api/openai_compat", ""])
def test_vendors_addresses_lead_to_the_same_objects(
    server: Served, owner: Made, objects: Objects, stranger: dict[str, str], before: str
) -> None:
    body = {"model": MODEL, "input": "2+2?", "previous_response_id": objects.response_id}
    with server.http() as http:
        assert http.post(f"{before}/v1/responses", json=body, headers=stranger).status_code == 400
        assert http.post(f"{before}/v1/responses", json=body, headers=owner.headers).status_code == 200


def test_all_of_it_is_still_as_its_owner_left_it(server: Served, owner: Made, objects: Objects) -> None:
    """After all that strangers have tried above."""
    paths = [
        f"responses/{objects.response_id}",
        f"conversations/{objects.conversation_id}",
        f"conversations/{objects.conversation_id}/items",
        f"prompts/{objects.prompt_id}",
        f"files/{objects.file_id}",
        f"batches/{objects.batch_id}",
    ]
    with server.http(headers=owner.headers) as http:
        answers = {path: http.get(f"/v1/{path}") for path in paths}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(paths, 200)
    assert all(MARK in answer.text for answer in answers.values())
    assert len(answers[paths[2]].json()["data"]) == 1
    assert answers[paths[5]].json()["status"] != "cancelled"
