"""What requests count and cost, seen from outside: a server, its answers and its records."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from ossian.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from ossian.storage.account_records import StoredUsage
from tests.server.keys import Made, make_key, make_project
from tests.server.records import PRICED, usage_of
from tests.server.serving import ALIAS, ANSWER, MODEL, NOW, GatedEngine, Served, scripted, serving, turn_ids, until
from tests.server.sockets import socket_to

pytestmark = pytest.mark.slow

Json = dict[str, Any]

QUESTION: Json = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}
LONG = turn_ids("<|channel|>final<|message|>" + "word " * 400 + "<|return|>")


@contextmanager
def metered(engine: ScriptedEngine | None = None, **sections: Any) -> Iterator[Served]:
    with serving(engine or scripted(), sections={**PRICED, **sections}) as server:
        yield server


def key_of(server: Served, *, key: Json | None = None, **project: Any) -> Made:
    """A key with these fields, in a new project with those."""
    return make_key(server, make_project(server, **project), **(key or {}))


def ask(server: Served, made: Made | None = None, path: str = "chat/completions", **fields: Any) -> httpx2.Response:
    body = {**QUESTION, **fields} if path == "chat/completions" else {"model": MODEL, **fields}
    return server.post(f"/v1/{path}", json=body, headers=made.headers if made else {})


def price(num_input: int, num_cached: int, num_output: int) -> Decimal:
    return Decimal(2 * (num_input - num_cached) + num_cached + 10 * num_output) / 10**6


def check_tokens(record: StoredUsage, usage: Json) -> None:
    """A record says what the answer said."""
    names = ("prompt", "completion") if "prompt_tokens" in usage else ("input", "output")
    prompt, completion = (usage[f"{name}_tokens"] for name in names)
    assert (record.num_prompt_tokens, record.num_completion_tokens) == (prompt, completion)
    assert record.num_cached_tokens == usage[f"{names[0]}_tokens_details"]["cached_tokens"]
    assert record.num_reasoning_tokens == usage[f"{names[1]}_tokens_details"]["reasoning_tokens"]
    assert record.cost == price(prompt, record.num_cached_tokens, completion)


# Records


def test_a_request_is_a_record_of_whose_it_was_and_what_it_cost() -> None:
    with metered(scripted(num_cached_tokens=5)) as server:
        made = key_of(server)
        answer = ask(server, made, model=ALIAS)
        (record,) = usage_of(server, 1)
    check_tokens(record, answer.json()["usage"])
    assert record.cost > 0
    assert record.request_id == answer.headers["x-request-id"]
    assert (record.project_id, record.key_id) == (made.project_id, made.id)
    assert (record.endpoint, record.model_asked, record.model) == ("chat.completions", ALIAS, MODEL)
    assert (record.status, record.outcome, record.started_at) == (200, "succeeded", NOW + 0.5)
    assert record.time_to_first_token is not None
    assert 0 < record.time_to_first_token < record.duration


def test_a_request_without_a_key_is_nobodys() -> None:
    with metered() as server:
        ask(server)
        (record,) = usage_of(server, 1)
    assert (record.project_id, record.key_id, record.outcome) == (None, None, "succeeded")


@pytest.mark.parametrize(
    "fields", [{"n": 3}, {"stream": True, "n": 2, "stream_options": {"include_usage": True}}], ids=str
)
def test_all_choices_are_one_request(fields: Json) -> None:
    with metered() as server:
        answer = ask(server, **fields)
        (record,) = usage_of(server, 1)
    if "stream" in fields:
        chunks = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        usage = chunks[-1]["usage"]
    else:
        usage = answer.json()["usage"]
    assert usage["completion_tokens"] == fields["n"] * len(turn_ids(ANSWER))
    check_tokens(record, usage)


@pytest.mark.parametrize(
    "fields", [{"prompt": ["One", "Two and two"], "n": 2}, {"prompt": "One", "best_of": 3}], ids=str
)
def test_all_prompts_and_candidates_are_one_request(fields: Json) -> None:
    with metered() as server:
        answer = ask(server, path="completions", max_tokens=4, **fields)
        (record,) = usage_of(server, 1)
    assert record.endpoint == "completions"
    check_tokens(record, answer.json()["usage"])


def test_responses_whole_and_streamed() -> None:
    with metered() as server:
        whole = ask(server, path="responses", input="2+2?").json()
        streamed = ask(server, path="responses", input="2+2?", stream=True)
        records = usage_of(server, 2)
    last = json.loads([line for line in streamed.text.splitlines() if line.startswith("data: {")][-1][6:])
    for record, response in zip(records, [whole, last["response"]], strict=True):
        assert (record.endpoint, record.outcome) == ("responses", "succeeded")
        check_tokens(record, response["usage"])


def test_a_background_response_is_a_record_when_it_has_ended() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with metered(engine) as server:
        queued = ask(server, path="responses", input="2+2?", background=True).json()
        until(lambda: engine.num_running == 1)
        assert metric(server, "ossian_queue_requests", state="running") == 1, "its place is its own, not the request's"
        assert usage_of(server, 0) == []
        engine.gate.set()
        (record,) = usage_of(server, 1)
        done = server.get(f"/v1/responses/{queued['id']}").json()
        assert metric(server, "ossian_queue_requests", state="running") == 0
    assert record.outcome == "succeeded"
    check_tokens(record, done["usage"])


def test_a_background_response_that_is_cancelled_pays_for_what_was_made() -> None:
    engine = ScriptedEngine(LONG, delay=0.002)
    with metered(engine) as server:
        queued = ask(server, path="responses", input="2+2?", background=True).json()
        until(lambda: engine.num_generated_tokens > 3)
        server.post(f"/v1/responses/{queued['id']}/cancel")
        (record,) = usage_of(server, 1)
    check_aborted(record)


def test_turns_on_a_websocket_are_requests_of_their_own() -> None:
    with metered() as server, socket_to(server) as connection:
        responses = [connection.response(), connection.response(), connection.response(generate=False)]
        records = sorted(usage_of(server, 3), key=lambda record: record.request_id)
    assert len({record.request_id for record in records}) == 3
    for record, response in zip(records[:2], responses[:2], strict=True):
        check_tokens(record, response["usage"])
    assert records[2].cost == price(records[2].num_prompt_tokens, 0, 0), "a warm-up has no output to pay for"


def test_a_compaction_is_a_request() -> None:
    with metered() as server:
        answer = ask(server, path="responses/compact", input=[{"role": "user", "content": "Remember 7."}])
        assert answer.status_code == 200, answer.text
        (record,) = usage_of(server, 1)
    assert record.endpoint == "responses"
    check_tokens(record, answer.json()["usage"])


def test_a_virtual_name_is_counted_as_what_serves_it() -> None:
    with metered() as server:
        ask(server, model="nano@cheapest?input_cost<3")
        (record,) = usage_of(server, 1)
    assert (record.model_asked, record.model) == ("nano@cheapest?input_cost<3", MODEL)


# Ends


@pytest.mark.parametrize("fields", [{}, {"stream": True}, {"n": 2}], ids=str)
def test_who_leaves_pays_for_what_was_made(fields: Json) -> None:
    engine = ScriptedEngine(LONG, delay=0.002)
    with metered(engine) as server:
        connection = sent(server, **fields)
        until(lambda: engine.num_generated_tokens > 5)
        connection.close()
        (record,) = usage_of(server, 1)
        assert metric(server, "ossian_queue_requests", state="running") == 0
    check_aborted(record)


def check_aborted(record: StoredUsage) -> None:
    assert (record.status, record.outcome) == (499, "aborted")
    assert 0 < record.num_completion_tokens < 2 * len(LONG)
    assert record.cost == price(record.num_prompt_tokens, 0, record.num_completion_tokens)


def test_who_leaves_before_anything_is_made_pays_nothing() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    with metered(engine) as server:
        connection = sent(server)
        until(lambda: engine.num_running == 1)
        connection.close()
        (record,) = usage_of(server, 1)
    assert (record.outcome, record.num_prompt_tokens, record.cost) == ("aborted", 0, Decimal(0))


@pytest.mark.parametrize(
    "path, fields",
    [
        ("chat/completions", {}),
        ("chat/completions", {"stream": True}),
        ("responses", {"input": "Hi"}),
        ("responses", {"input": "Hi", "stream": True}),
    ],
)
def test_a_failed_request_costs_nothing(path: str, fields: Json) -> None:
    with metered(ScriptedEngine(LONG, fail_after=8)) as server:
        ask(server, None, path, **fields)
        (record,) = usage_of(server, 1)
    assert (record.outcome, record.cost) == ("failed", Decimal(0))
    assert record.status >= 500
    assert record.num_completion_tokens == 8, "what it used is written down all the same"


def test_a_request_that_cannot_be_served_is_a_failed_one() -> None:
    with metered() as server:
        answer = ask(server, logit_bias={"9999999": 1})
        (record,) = usage_of(server, 1)
    assert answer.status_code == record.status == 400
    assert (record.outcome, record.num_prompt_tokens, record.cost) == ("failed", 0, Decimal(0))


def test_what_names_no_model_or_is_no_request_is_no_record() -> None:
    with metered() as server:
        assert ask(server, model="nothing").status_code == 404
        assert ask(server, temperature="hot").status_code == 400
        assert server.post("/v1/responses/input_tokens", json={"model": MODEL, "input": "Hi"}).status_code == 200
        assert server.get("/v1/models").status_code == 200
        ask(server)
        usage_of(server, 1)


# Limits


def test_every_answer_of_a_metered_request_says_what_is_left() -> None:
    with metered() as server:
        made = key_of(server, limits={"requests_per_minute": 9, "tokens_per_minute": 10_000})
        answers = [
            ask(server, made),
            ask(server, made, stream=True),
            ask(server, made, logit_bias={"9999999": 1}),
            ask(server, made, path="completions", prompt="Hi"),
            ask(server, made, path="responses", input="Hi"),
            ask(server, made, path="responses", input="Hi", background=True),
            ask(server, made, path="responses/compact", input=[{"role": "user", "content": "Hi"}]),
        ]
        models = server.get("/v1/models", headers=made.headers)
    left = [answer.headers["x-ratelimit-remaining-requests"] for answer in answers]
    assert left == ["8", "7", "6", "5", "4", "3", "2"]
    assert {answer.headers["x-ratelimit-limit-requests"] for answer in answers} == {"9"}
    assert answers[0].headers["x-ratelimit-reset-requests"] == f"{int(60 - (NOW + 0.5) % 60) + 1}s"
    assert [answer.headers.get("x-ratelimit-limit-tokens") for answer in answers[:3]] == ["10000", "10000", None]
    assert not [name for name in models.headers if name.startswith("x-ratelimit")]


def test_a_limit_that_is_reached_says_when_to_come_back() -> None:
    with metered() as server:
        made = key_of(server, name="demo", limits={"requests_per_minute": 1})
        ask(server, made)
        refused = ask(server, made)
        usage_of(server, 1)
        assert metric(server, "ossian_refusals_total", reason="limit") == 1
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert error["message"].startswith(
        f"The limit of project 'demo' and model '{MODEL}' is reached: 1 requests a minute. 1 are used"
    )
    assert refused.headers["retry-after"] == str(int(60 - (NOW + 0.5) % 60) + 1)
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert "x-should-retry" not in refused.headers


@pytest.mark.parametrize("path, prompt", [
    ("chat/completions", {"messages": [{"role": "user", "content": "word " * 200}]}),
    ("completions", {"prompt": "word " * 200}),
    ("responses", {"input": "word " * 200}),
])  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_what_can_never_fit_is_refused_before_any_limit_counts_it(path: str, prompt: Json, stream: bool) -> None:
    engine = ScriptedEngine(turn_ids(ANSWER), info=replace(SCRIPTED_INFO, max_model_len=100))
    with metered(engine) as server:
        refused = ask(server, key_of(server, limits={"tokens_per_minute": 50}), path, stream=stream, **prompt)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "context_length_exceeded"


def test_where_waiting_cannot_help_clients_are_told_not_to() -> None:
    with metered() as server:
        closed = ask(server, key_of(server, limits={"requests_per_minute": 0}))
        too_large = ask(server, key_of(server, limits={"tokens_per_minute": 50}), max_completion_tokens=51)
    for refused in (closed, too_large):
        assert refused.status_code == 429
        assert refused.headers["x-should-retry"] == "false"
        assert "retry-after" not in refused.headers


def test_every_name_of_a_model_counts_against_one_limit() -> None:
    with metered() as server:
        made = key_of(server, model_limits={MODEL: {"requests_per_minute": 3}})
        names = [MODEL, ALIAS, "nano@latest", "nano@fastest", "gpt-oss-20b"]
        answers = [ask(server, made, model=name) for name in names]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert {answer.json()["model"] for answer in answers[:3]} == {MODEL}


def test_tokens_that_were_not_used_are_given_back() -> None:
    with metered() as server:
        num_tokens = ask(server).json()["usage"]["total_tokens"]
        made = key_of(server, limits={"tokens_per_minute": 1000})
        first = ask(server, made, max_completion_tokens=800)
        second = ask(server, made, max_completion_tokens=800)
        third = ask(server, made, max_completion_tokens=1000 - 2 * num_tokens)
    assert first.headers["x-ratelimit-remaining-tokens"] < "200"
    assert second.status_code == 200, second.text
    num_first, num_second = (1000 - int(each.headers["x-ratelimit-remaining-tokens"]) for each in (first, second))
    assert num_second == num_first + num_tokens, "reserved again, beside what the first has used"
    assert third.status_code == 429


def test_tokens_that_nobody_knew_of_count_afterwards() -> None:
    with metered() as server:
        num_tokens = ask(server).json()["usage"]["total_tokens"]
        made = key_of(server, limits={"tokens_per_minute": num_tokens + 10, "requests_per_minute": 5})
        assert ask(server, made).status_code == 200, "its output has no limit"
        refused = ask(server, made)
        assert refused.status_code == 429
        assert f"{num_tokens} are used" in refused.json()["error"]["message"]
        again = ask(server, made, max_completion_tokens=1)
    assert refused.headers["x-ratelimit-remaining-requests"] == "3"
    assert again.headers["x-ratelimit-remaining-requests"] == "3", "what is refused counts against nothing"


def test_a_background_response_over_its_tokens_is_refused_at_once() -> None:
    with metered() as server:
        made = key_of(server, limits={"tokens_per_minute": 20})
        refused = ask(server, made, path="responses", input="2+2?", background=True, max_output_tokens=500)
    assert refused.status_code == 429


def test_a_websocket_turn_over_a_limit_is_an_error_and_the_next_minute_goes_on() -> None:
    with metered() as server:
        made = key_of(server, limits={"requests_per_minute": 1})
        with socket_to(server, made.secret) as connection:
            connection.response()
            assert connection.error()["error"]["code"] == "rate_limit_exceeded"
            assert connection.error()["status"] == 429


def test_places_at_a_time_are_given_back_however_a_request_ends() -> None:
    engine = ScriptedEngine(LONG, delay=0.002)
    with metered(engine) as server:
        made = key_of(server, limits={"concurrent_requests": 1})
        for fields in ({}, {"stream": True}):
            connection = sent(server, made, **fields)
            until(lambda: engine.num_running == 1)
            refused = ask(server, made)
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "1"
            connection.close()
            until(lambda: metric(server, "ossian_queue_requests", state="running") == 0)
        assert ask(server, made, max_completion_tokens=1).status_code == 200
        assert ask(server, made, logit_bias={"9999999": 1}).status_code == 400
        assert ask(server, made, max_completion_tokens=1).status_code == 200


def test_anonymous_callers_are_counted_by_their_address() -> None:
    with metered(limits={"profile": "hosted"}) as server:
        assert [ask(server).status_code for _ in range(3)] == [200, 200, 429]
        answer = ask(server, key_of(server))
    assert answer.headers["x-ratelimit-limit-requests"] == "400"


def test_figures_of_the_settings_go_over_the_profile() -> None:
    limits = {"profile": "hosted", "project": {"requests_per_minute": 7}, "key": {"tokens_per_minute": 9000}}
    with metered(limits=limits) as server:
        headers = ask(server, key_of(server)).headers
        own = ask(server, key_of(server, limits={}, key={"limits": {"requests_per_minute": 3}})).headers
    assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-limit-tokens"]) == ("7", "9000")
    assert (own["x-ratelimit-limit-requests"], own.get("x-ratelimit-limit-tokens")) == ("3", None)


def test_counters_that_are_away_let_nobody_in() -> None:
    with metered(limits={"counters_url": "redis://127.0.0.1:1/0", "profile": "hosted"}) as server:
        refused = ask(server)
        assert server.get("/v1/models").status_code == 200
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "database_unavailable"


def test_a_model_that_is_not_the_keys_is_refused_and_not_counted() -> None:
    with metered() as server:
        made = key_of(server, key={"scopes": {"models": ["gpt-oss-120b"]}}, limits={"requests_per_minute": 1})
        refused = [ask(server, made, model=name) for name in (MODEL, ALIAS)]
        virtual = ask(server, made, model="nano@cheapest")
    assert [answer.status_code for answer in refused] == [403, 403]
    assert refused[1].json()["error"]["code"] == "model_not_allowed"
    assert virtual.status_code == 404, "no model that the key may use has the tag"


# Budgets


def test_the_request_after_the_one_that_spends_a_budget_is_refused() -> None:
    with metered() as server:
        spent = ask(server).json()["usage"]
        cost = price(spent["prompt_tokens"], 0, spent["completion_tokens"])
        made = key_of(server, name="demo", budget={"amount": str(2 * cost), "period": "none"})
        assert [ask(server, made).status_code for _ in range(2)] == [200, 200]
        refused = ask(server, made)
        assert metric(server, "ossian_refusals_total", reason="budget") == 1
        assert ask(server).status_code == 200
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("insufficient_quota", "insufficient_quota")
    assert error["message"].startswith(f"The budget of project 'demo', {2 * cost} USD, is spent.")
    assert refused.headers["x-should-retry"] == "false"
    assert "retry-after" not in refused.headers


def test_a_budget_says_when_it_begins_anew_and_clients_do_not_wait_for_days() -> None:
    with metered() as server:
        refused = ask(server, key_of(server, key={"budget": {"amount": "0", "period": "month"}}))
    assert refused.status_code == 429
    assert "it begins anew on 2025-12-01 at 00:00 UTC" in refused.json()["error"]["message"]
    assert int(refused.headers["retry-after"]) > 86_400
    assert refused.headers["x-should-retry"] == "false"


# Aids


def sent(server: Served, made: Made | None = None, **fields: Any) -> socket.socket:
    """A connection over which a request went out."""
    host, port = server.url.removeprefix("http://").split(":")
    body = json.dumps({**QUESTION, **fields})
    lines = ["POST /v1/chat/completions HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in (made.headers if made else {}).items()]
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall("\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode())
    return connection


def metric(server: Served, name: str, **labels: str) -> float:
    """A sample of /metrics whose labels have these among them."""
    for line in server.get("/metrics").text.splitlines():
        if line.startswith(f"{name}{{") and all(f'{label}="{value}"' in line for label, value in labels.items()):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"no {name}")
