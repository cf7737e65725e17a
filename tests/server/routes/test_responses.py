from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ossian.engine.base import SamplingParams
from ossian.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from tests.server.responses.asking import (
    SUNNY,
    WEATHER,
    WEATHER_CALL,
    Json,
    delete,
    error,
    final,
    get,
    post,
    prompts,
    respond,
    stream,
    text_of,
    user,
)
from tests.server.serving import (
    ALIAS,
    ANSWER,
    MODEL,
    NOW,
    GatedEngine,
    Served,
    in_turn,
    scripted,
    serving,
    turn_ids,
    until,
)
from tests.specs.validators import check_response, check_stream, read_stream


def limited(max_model_len: int) -> ScriptedEngine:
    return ScriptedEngine(turn_ids(SUNNY), info=replace(SCRIPTED_INFO, max_model_len=max_model_len))


LONG_ANSWER = f"<|channel|>final<|message|>{'one two ' * 20}<|return|>"


def test_a_response(server: Served) -> None:
    body = respond(server, model=ALIAS, metadata={"a": "b"}, instructions="Be brief.")
    assert (body["status"], body["model"], body["created_at"], body["completed_at"]) == ("completed", MODEL, NOW, NOW)
    assert text_of(body) == "It is 4."
    assert body["output"][0]["content"] == [{"type": "reasoning_text", "text": "2+2 is 4."}]
    assert (body["metadata"], body["instructions"], body["store"]) == ({"a": "b"}, "Be brief.", True)
    assert body["usage"]["input_tokens_details"]["cached_tokens"] == 5
    assert "ossian" not in body  # nothing to warn of


def test_a_stream_ends_with_the_whole_response(server: Served) -> None:
    events = stream(server)
    whole = respond(server)
    last = events[-1]["response"]
    ids = {"id", "output"}
    assert {name: last[name] for name in last.keys() - ids} == {name: whole[name] for name in whole.keys() - ids}
    assert text_of(last) == text_of(whole) == "It is 4."
    assert get(server, last["id"]) == last


@pytest.mark.parametrize("dialect", ["openai", "open-responses", "summary"])
def test_every_dialect_streamed_whole_and_fetched(server: Served, dialect: Any) -> None:
    headers = {"x-ossian-reasoning-events": dialect}
    last = stream(server, dialect, headers)[-1]["response"]
    assert get(server, last["id"], headers) == last
    check_response(get(server, last["id"], headers), dialect)
    respond(server, dialect, headers)


def test_open_responses_clients_say_so_in_their_own_header(server: Served) -> None:
    events = stream(server, "open-responses", {"OpenResponses-Version": "2026-04-24"})
    assert "response.reasoning.delta" in {event["type"] for event in events}


def test_sampling_parameters_reach_the_engine() -> None:
    engine = scripted()
    with serving(engine) as served:
        respond(served, temperature=0.5, top_p=0.9, max_output_tokens=30, top_k=5, seed=7, stop=["a"])
        respond(served)
    assert engine.requests[0].sampling == SamplingParams(
        temperature=0.5, top_p=0.9, max_tokens=30, top_k=5, seed=7, stop=("a",)
    )
    assert engine.requests[1].sampling == SamplingParams()


def test_log_probabilities_are_there_when_asked_for(server: Served) -> None:
    body = respond(server, include=["message.output_text.logprobs"], top_logprobs=2)
    logprobs = body["output"][1]["content"][0]["logprobs"]
    assert [each["token"] for each in logprobs] == ["It", " is", " ", "4", "."]
    assert all(len(each["top_logprobs"]) == 2 for each in logprobs)
    assert body == get(server, body["id"])


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_response_that_is_cut_off_is_incomplete_and_stored(is_stream: bool) -> None:
    with serving(scripted(LONG_ANSWER)) as served:
        fields: Json = {"max_output_tokens": 16}
        body = stream(served, **fields)[-1]["response"] if is_stream else respond(served, **fields)
        assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
        assert body["output"][-1]["status"] == "incomplete"
        assert get(served, body["id"]) == body


def test_a_chain_of_responses_is_one_conversation() -> None:
    with serving(ScriptedEngine(in_turn(*(f"<|channel|>final<|message|>{n}<|return|>" for n in "123")))) as served:
        first = respond(served, input="a", instructions="Be brief.")
        second = respond(served, input="b", previous_response_id=first["id"])
        third = respond(served, input=[{"role": "user", "content": "c"}], previous_response_id=second["id"])
        seen = prompts(served)
    assert seen[2].endswith(user("a") + final("1") + user("b") + final("2") + user("c") + "<|start|>assistant")
    assert "Be brief." in seen[0]
    assert "Be brief." not in seen[1]  # instructions are not carried over
    assert third["previous_response_id"] == second["id"]


def test_a_chain_branches_where_it_is_continued_twice() -> None:
    with serving(scripted()) as served:
        root = respond(served, input="a")["id"]
        for text in ("b", "c"):
            respond(served, input=text, previous_response_id=root)
        seen = prompts(served)
    assert user("b") in seen[1]
    assert user("b") not in seen[2]


def test_reasoning_stays_in_an_open_tool_loop_and_goes_after_the_answer() -> None:
    with serving(ScriptedEngine(in_turn(WEATHER_CALL, SUNNY, SUNNY))) as served:
        first = respond(served, tools=[WEATHER])
        call = first["output"][-1]
        assert (call["type"], call["name"], call["arguments"]) == ("function_call", "get_weather", '{"city": "Paris"}')
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "22 °C"}
        second = respond(served, input=[result], previous_response_id=first["id"], tools=[WEATHER])
        respond(served, input="Thanks.", previous_response_id=second["id"], tools=[WEATHER])
        seen = prompts(served)
    assert "<|channel|>analysis<|message|>Look it up.<|end|>" in seen[1]
    assert seen[1].endswith("22 °C<|end|><|start|>assistant")
    assert "Look it up." not in seen[2]


def test_a_result_without_its_call_names_the_item(server: Served) -> None:
    result = {"type": "function_call_output", "call_id": "call_1", "output": "x"}
    told = error(post(server, input=[{"role": "user", "content": "Hi"}, result]), 400)
    assert told["param"] == "input[1].call_id"


def test_a_call_without_its_result_cannot_be_continued() -> None:
    with serving(scripted(WEATHER_CALL)) as served:
        first = respond(served, tools=[WEATHER])
        told = error(post(served, input="And?", previous_response_id=first["id"], tools=[WEATHER]), 400)
        assert "No tool output found" in told["message"]


def test_reasoning_that_a_client_leaves_out_is_recalled() -> None:
    with serving(ScriptedEngine(in_turn(WEATHER_CALL, SUNNY))) as served:
        call = respond(served, tools=[WEATHER], store=False)["output"][-1]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "22 °C"}
        respond(served, input=[{"role": "user", "content": "?"}, call, result], tools=[WEATHER], store=False)
        assert "Look it up." in prompts(served)[1]


def test_store_false_leaves_no_trace() -> None:
    with serving(scripted()) as served:
        body = respond(served, store=False)
        assert body["store"] is False
        error(served.get(f"/v1/responses/{body['id']}"), 404)
        told = error(post(served, previous_response_id=body["id"]), 400)
        reference = [{"type": "item_reference", "id": body["output"][-1]["id"]}]
        assert error(post(served, input=reference), 404)["param"] == "input[0].id"
    assert (told["code"], told["param"]) == ("previous_response_not_found", "previous_response_id")
    assert told["message"] == f"Previous response with id '{body['id']}' not found."


def test_whether_to_store_can_be_the_operators_choice() -> None:
    with serving(scripted(), sections={"responses": {"store_by_default": False}}) as served:
        body = respond(served)
        assert body["store"] is False
        error(served.get(f"/v1/responses/{body['id']}"), 404)
        kept = respond(served, store=True)
        assert get(served, kept["id"]) == kept
        assert error(post(served, background=True), 400)["param"] == "store"


def test_items_can_be_sent_by_their_ids() -> None:
    with serving(scripted()) as served:
        first = respond(served, input="a")
        own = served.get(f"/v1/responses/{first['id']}/input_items").json()["data"][0]
        ids = [own["id"], *(item["id"] for item in first["output"])]
        second = respond(
            served, input=[*({"type": "item_reference", "id": each} for each in ids), {"role": "user", "content": "b"}]
        )
        listed = served.get(f"/v1/responses/{second['id']}/input_items?order=asc").json()["data"]
        assert prompts(served)[1].endswith(user("a") + final("It is 4.") + user("b") + "<|start|>assistant")
    assert listed[:3] == [own, *first["output"]]


def test_the_two_kinds_of_history_exclude_each_other(server: Served) -> None:
    told = error(post(server, previous_response_id="resp_1", conversation="conv_1"), 400)
    assert told["param"] == "previous_response_id"


def test_a_conversation_gets_what_was_said() -> None:
    with serving(scripted()) as served:
        conversation = served.post("/v1/conversations", json={"items": [{"role": "user", "content": "a"}]}).json()["id"]
        body = respond(served, input="b", conversation=conversation)
        assert body["conversation"] == {"id": conversation}
        stream(served, input="c", conversation={"id": conversation})
        seen = prompts(served)
        items = served.get(f"/v1/conversations/{conversation}/items?order=asc").json()["data"]
    assert user("a") + user("b") + "<|start|>assistant" in seen[0]
    assert user("a") + user("b") + final("It is 4.") + user("c") + "<|start|>assistant" in seen[1]
    kinds = ["message", "message", "reasoning", "message", "message", "reasoning", "message"]
    assert [item["type"] for item in items] == kinds
    assert items[2:4] == body["output"]


def test_a_conversation_loses_nothing_where_a_client_counts_its_items_from_zero_again() -> None:
    with serving(scripted()) as served:
        conversation = served.post("/v1/conversations", json={}).json()["id"]
        for text in ("I am Ada.", "Who am I?"):
            respond(served, input=[{"role": "user", "content": text, "id": "0"}], conversation=conversation)
        items = served.get(f"/v1/conversations/{conversation}/items?order=asc").json()["data"]
        said = [item for item in items if item.get("role") == "user"]
        twice = {"items": [{"role": "user", "content": text, "id": "0"} for text in "ab"]}
        other = served.post("/v1/conversations", json=twice).json()["id"]
        both = served.get(f"/v1/conversations/{other}/items").json()["data"]
    assert [item["content"][0]["text"] for item in said] == ["I am Ada.", "Who am I?"]
    assert said[0]["id"] == "0" != said[1]["id"]
    assert [item["content"][0]["text"] for item in both] == ["b", "a"]


def test_a_conversation_gets_what_is_not_stored_otherwise() -> None:
    with serving(scripted()) as served:
        conversation = served.post("/v1/conversations", json={}).json()["id"]
        body = respond(served, conversation=conversation, store=False)
        assert len(served.get(f"/v1/conversations/{conversation}/items").json()["data"]) == 3
        error(served.get(f"/v1/responses/{body['id']}"), 404)


def test_a_conversation_that_is_not_there(server: Served) -> None:
    told = error(post(server, conversation="conv_none"), 404)
    assert (told["param"], told["code"]) == ("conversation", "conversation_not_found")


def test_a_stored_prompt_gives_instructions_and_first_items() -> None:
    with serving(scripted()) as served:
        template = {
            "instructions": "You are {{name}}.",
            "input": [{"role": "user", "content": "I like {{thing}}."}],
            "variables": {"name": "Ada"},
        }
        prompt = served.post("/v1/prompts", json=template).json()["id"]
        asked: Json = {"id": prompt, "variables": {"thing": {"type": "input_text", "text": "tea"}}}
        body = respond(served, prompt=asked, input="b")
        respond(
            served, prompt={"id": prompt, "variables": {"thing": "ink", "name": "Bob"}}, instructions="Own.", input="b"
        )
        respond(served, input="c", previous_response_id=body["id"])
        seen = prompts(served)
        told = error(post(served, prompt={"id": prompt}), 400)
        unknown = error(post(served, prompt={"id": prompt, "version": "2"}), 404)
    assert "You are Ada." in seen[0]
    assert user("I like tea.") + user("b") in seen[0]
    assert [item["role"] for item in body["instructions"]] == ["developer", "user"]
    assert body["prompt"]["id"] == prompt
    assert "Own." in seen[1]
    assert "You are Bob" not in seen[1]
    assert "tea" not in seen[2]  # a prompt is not carried over
    assert told["param"] == "prompt.variables.thing"
    assert unknown["param"] == "prompt.id"


def test_encrypted_reasoning_goes_out_and_comes_back() -> None:
    with serving(ScriptedEngine(in_turn(WEATHER_CALL, SUNNY))) as served:
        body = respond(served, tools=[WEATHER], store=False, include=["reasoning.encrypted_content"])
        reasoning, call = body["output"]
        secret = {**reasoning, "content": None}
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "x"}
        respond(served, input=[secret, {**call, "call_id": call["call_id"]}, result], tools=[WEATHER], store=False)
        assert "<|channel|>analysis<|message|>Look it up.<|end|>" in prompts(served)[1]


def test_tampered_reasoning_is_refused_unless_its_text_is_there() -> None:
    """A client that brings the text can say what it likes; of histories from elsewhere only the text can be read."""
    with serving(scripted()) as served:
        body = respond(served, store=False, include=["reasoning.encrypted_content"])
        item = body["output"][0]
        secret: str = item["encrypted_content"]
        changed = secret[:-5] + ("A" if secret[-5] != "A" else "B") + secret[-4:]
        sent = {**item, "encrypted_content": changed}
        asked = {"role": "user", "content": "Go on."}
        told = error(post(served, input=[{**sent, "content": None}, asked]), 400)
        respond(served, input=[sent, asked])
    assert (told["code"], told["param"]) == ("invalid_encrypted_content", "input[0].encrypted_content")


def test_reasoning_of_another_key_is_refused() -> None:
    mine, yours = ({"Authorization": f"Bearer {key}"} for key in ("mine", "yours"))
    with serving(scripted(), api_keys=["mine", "yours"]) as served:
        item = respond(served, headers=mine, store=False, include=["reasoning.encrypted_content"])["output"][0]
        sent = [{**item, "content": None}, {"role": "user", "content": "Go on."}]
        assert error(post(served, yours, input=sent), 400)["code"] == "invalid_encrypted_content"
        respond(served, headers=mine, input=sent)


def test_stored_reasoning_is_encrypted_when_it_is_fetched_so(server: Served) -> None:
    body = respond(server)
    fetched = get(server, body["id"], query="?include=reasoning.encrypted_content")
    item = fetched["output"][0]
    assert item["encrypted_content"]
    check_response(fetched)
    respond(server, input=[{**item, "content": None}, {"role": "user", "content": "Go on."}])


def test_the_prompt_and_the_turn_are_shown_to_those_who_may_ask() -> None:
    headers = {"x-ossian-debug": "1"}
    with serving(scripted(), debug_view=True) as served:
        body = respond(served, headers=headers)
        events = post(served, headers, stream=True).text
        assert "debug" not in get(served, body["id"]).get("ossian", {})
        assert "ossian" not in respond(served)
    debug = body["ossian"]["debug"]
    assert debug["prompt"].endswith(user("2+2?") + "<|start|>assistant")
    assert debug["completion"].startswith("<|channel|>analysis<|message|>2+2 is 4.")
    assert "<|return|>" in events
    with serving(scripted()) as served:
        assert error(post(served, headers), 400)["message"].startswith("The header 'x-ossian-debug'")


def test_what_was_accepted_but_not_honoured_is_told(server: Served) -> None:
    body = respond(server, tools=[{"type": "web_search"}], service_tier="flex", reasoning={"effort": "xhigh"})
    told = {(each["code"], each["param"]) for each in body["ossian"]["warnings"]}
    expected = {
        ("tool_left_out", "tools[0]"),
        ("parameter_ignored", "service_tier"),
        ("parameter_changed", "reasoning.effort"),
    }
    assert told == expected
    assert get(server, body["id"])["ossian"] == body["ossian"]


def test_a_wish_that_an_engine_cannot_enforce_is_told(server: Served) -> None:
    body = respond(server, text={"format": {"type": "json_object"}})
    assert [each["code"] for each in body["ossian"]["warnings"]] == ["not_enforced"]


def test_input_items_in_pages(server: Served) -> None:
    texts = ["a", "b", "c", "d", "e"]
    body = respond(server, input=[{"role": "user", "content": text} for text in texts])
    path = f"/v1/responses/{body['id']}/input_items"

    def page(query: str) -> tuple[list[str], Json]:
        listed: Json = server.get(f"{path}?{query}").json()
        check_response(listed)
        return [item["content"][0]["text"] for item in listed["data"]], listed

    assert page("")[0] == texts[::-1]
    assert page("order=asc")[0] == texts
    first, listed = page("order=asc&limit=2")
    assert (first, listed["has_more"]) == (["a", "b"], True)
    rest, listed = page(f"order=asc&limit=3&after={listed['last_id']}")
    assert (rest, listed["has_more"]) == (["c", "d", "e"], False)
    assert page(f"after={listed['first_id']}")[0] == ["b", "a"]
    assert error(server.get(f"{path}?after=msg_none"), 404)["param"] == "after"
    assert error(server.get(f"{path}?limit=0"), 400)["param"] == "limit"
    assert error(server.get(f"{path}?order=up"), 400)["param"] == "order"


def test_a_deleted_response_is_gone_but_what_continues_it_goes_on() -> None:
    with serving(scripted()) as served:
        first = respond(served, input="a")
        second = respond(served, input="b", previous_response_id=first["id"])
        deleted = delete(served, first["id"]).json()
        assert deleted == {"id": first["id"], "object": "response", "deleted": True}
        for answer in (served.get(f"/v1/responses/{first['id']}"), delete(served, first["id"])):
            assert error(answer, 404)["code"] == "response_not_found"
        assert error(post(served, previous_response_id=first["id"]), 400)["code"] == "previous_response_not_found"
        respond(served, input="c", previous_response_id=second["id"])
        assert user("a") in prompts(served)[2]


def test_only_background_responses_can_be_cancelled(server: Served) -> None:
    body = respond(server)
    told = error(server.post(f"/v1/responses/{body['id']}/cancel"), 400)
    assert told["message"].startswith("Cannot cancel a synchronous response")


def test_only_streamed_background_responses_can_be_streamed_again(server: Served) -> None:
    body = respond(server)
    told = error(server.get(f"/v1/responses/{body['id']}?stream=true"), 400)
    assert (told["param"], told["code"]) == ("stream", "response_not_streamable")
    for query in ("stream=perhaps", "stream=true&starting_after=-1", "starting_after=3", "include=everything"):
        param = query.rpartition("&")[2].partition("=")[0]
        assert error(server.get(f"/v1/responses/{body['id']}?{query}"), 400)["param"] == param


def test_a_prompt_that_does_not_fit_is_an_error_with_both_numbers() -> None:
    with serving(limited(300)) as served:
        told = error(post(served, input="word " * 400), 400)
        assert (told["code"], told["param"]) == ("context_length_exceeded", "input")
        counted = served.post("/v1/responses/input_tokens", json={"model": MODEL, "input": "word " * 400}).json()
        assert "300" in told["message"]
        assert str(counted["input_tokens"]) in told["message"]
        assert error(post(served, max_output_tokens=290), 400)["code"] == "context_length_exceeded"
        assert error(post(served, input="word " * 400, truncation="auto"), 400)["param"] == "input"


def test_truncation_drops_the_oldest_and_says_what() -> None:
    with serving(limited(400)) as served:
        items = [{"role": "user", "content": f"m{number} " + "word " * 40} for number in range(10)]
        error(post(served, input=items), 400)
        body = respond(served, input=items, truncation="auto", max_output_tokens=100)
        (prompt,) = prompts(served)
        (request,) = served.engine.requests  # type: ignore[attr-defined]
        (warning,) = body["ossian"]["warnings"]
        kept = [number for number in range(10) if f"m{number} " in prompt]
        counted = {"model": MODEL, "input": items[kept[0] - 1 :]}
        one_more = served.post("/v1/responses/input_tokens", json=counted).json()["input_tokens"]
        assert len(served.get(f"/v1/responses/{body['id']}/input_items?limit=100").json()["data"]) == 10
    assert len(request.prompt_token_ids) <= 300
    assert kept == list(range(10 - len(kept), 10))
    assert one_more > 300
    assert warning["code"] == "input_truncated"
    assert f"{10 - len(kept)} of its 10 items" in warning["message"]
    assert body["truncation"] == "auto"


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_can_be_made_ready_without_an_answer(stream: bool) -> None:
    engine = ScriptedEngine(turn_ids(ANSWER))
    with serving(engine) as served:
        body = {"model": MODEL, "input": "Hi", "stream": stream, "prompt_cache_options": {"prewarm": True}}
        answer = served.post("/v1/responses", json=body)
    assert engine.requests[0].sampling.max_tokens == 1
    response = check_stream(read_stream(answer.text)) if stream else answer.json()
    assert (response["status"], response["output"], response["usage"]["output_tokens"]) == ("completed", [], 0)


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize("route", ["", "/input_tokens", "/compact"])
def test_schemas_that_cannot_be_are_refused_by_all(server: Served, route: str) -> None:
    tool = {"type": "function", "name": "f", "parameters": nested(300)}
    body = {"model": MODEL, "input": "Hi", "tools": [tool]}
    refused = error(server.post(f"/v1/responses{route}", json=body), 400)
    assert (refused["param"], refused["code"]) == ("tools[0].parameters", "invalid_json_schema")


def test_input_tokens_are_what_the_engine_would_see() -> None:
    with serving(scripted()) as served:
        first = respond(served)
        schema = {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}}}
        for fields in (
            {"input": "Hi"},
            {"input": [{"role": "user", "content": "Hi"}], "instructions": "Be brief.", "tools": [WEATHER]},
            {"input": "And?", "previous_response_id": first["id"], "reasoning": {"effort": "high"}},
            {"input": "x", "tools": [WEATHER], "tool_choice": "required"},
            {"input": "x", "text": schema},
        ):
            counted = served.post("/v1/responses/input_tokens", json={"model": MODEL, **fields}).json()
            assert counted["object"] == "response.input_tokens"
            assert counted["input_tokens"] == respond(served, **fields)["usage"]["input_tokens"]


def test_a_compacted_history_stands_for_the_whole() -> None:
    summary = "<|channel|>final<|message|>They want tea.<|return|>"
    with serving(ScriptedEngine(in_turn("<|channel|>final<|message|>Noted.<|return|>", summary, SUNNY))) as served:
        first = respond(served, input="I like tea.")
        asked = {"model": MODEL, "previous_response_id": first["id"], "input": "Remember it."}
        compacted = served.post("/v1/responses/compact", json=asked).json()
        check_response(compacted)
        respond(served, input=[*compacted["output"], {"role": "user", "content": "What do I like?"}])
        seen = prompts(served)
    assert [item["type"] for item in compacted["output"]] == ["message", "message", "compaction"]
    assert "They want tea." not in str(compacted)
    assert compacted["usage"]["output_tokens"] == len(turn_ids(summary))
    assert "Noted." in seen[1]
    assert "They want tea." in seen[2]
    assert user("I like tea.") in seen[2]
    assert "Noted." not in seen[2]


def test_a_compaction_with_the_tools_of_its_history_has_the_same_prefix() -> None:
    fields: Any = {"instructions": "Be brief.", "tools": [WEATHER], "reasoning": {"effort": "high"}}
    codexs: Any = {
        "parallel_tool_calls": True,
        "text": {"verbosity": "low"},
        "service_tier": "auto",
        "client_metadata": {},
    }
    with serving(scripted()) as served:
        respond(served, input="I like tea.", **fields)
        compacted = served.post(
            "/v1/responses/compact", json={"model": MODEL, "input": "I like tea.", **fields, **codexs}
        )
        assert compacted.status_code == 200
        first, second = prompts(served)
        wrong = {"model": MODEL, "input": "a", "tools": [WEATHER, WEATHER]}
        refused = served.post("/v1/responses/compact", json=wrong)
    assert second.startswith(first.removesuffix("<|start|>assistant"))
    assert refused.json()["error"]["param"] == "tools[1].name"


def test_a_compaction_is_of_no_use_to_others() -> None:
    mine, yours = ({"Authorization": f"Bearer {key}"} for key in ("mine", "yours"))
    with serving(scripted(), api_keys=["mine", "yours"]) as served:
        asked = {"model": MODEL, "input": "a"}
        output = served.post("/v1/responses/compact", json=asked, headers=mine).json()["output"]
        assert error(post(served, yours, input=output), 400)["code"] == "invalid_encrypted_content"
        respond(served, headers=mine, input=output)


def test_another_caller_finds_nothing() -> None:
    mine, yours = ({"Authorization": f"Bearer {key}"} for key in ("mine", "yours"))
    with serving(scripted(), api_keys=["mine", "yours"]) as served, served.http(headers=yours) as client:
        events = stream(served, headers=mine, background=True)
        body = events[-1]["response"]
        path = f"/v1/responses/{body['id']}"
        for answer in (
            client.get(path),
            client.get(f"{path}?stream=true"),
            client.get(f"{path}/input_items"),
            client.post(f"{path}/cancel"),
            client.delete(path),
        ):
            told = error(answer, 404)
            assert (told["code"], told["message"]) == (
                "response_not_found",
                f"Response with id '{body['id']}' not found.",
            )
        for route in ("", "/input_tokens", "/compact"):
            asked = {"model": MODEL, "input": "x", "previous_response_id": body["id"]}
            told = error(client.post(f"/v1/responses{route}", json=asked), 400)
            assert told["code"] == "previous_response_not_found"
        reference = {"type": "item_reference", "id": body["output"][-1]["id"]}
        error(client.post("/v1/responses", json={"model": MODEL, "input": [reference]}), 404)
        assert get(served, body["id"], mine) == body


def test_many_at_once() -> None:
    with serving(scripted()) as served, ThreadPoolExecutor(8) as clients:
        bodies = list(clients.map(lambda number: respond(served, input=f"n{number}"), range(24)))
        assert len({body["id"] for body in bodies}) == 24
        assert all(get(served, body["id"]) == body for body in bodies)


def test_what_is_deleted_while_it_is_continued_is_not_missed() -> None:
    engine = GatedEngine(turn_ids(ANSWER))
    engine.gate.set()
    with serving(engine) as served, ThreadPoolExecutor(1) as client:
        first = respond(served, input="First!")["id"]
        engine.gate.clear()
        waiting = client.submit(respond, served, input="Second!", previous_response_id=first)
        until(lambda: engine.num_running == 1)
        delete(served, first)
        engine.gate.set()
        second = waiting.result()
        assert second["previous_response_id"] == first
        third = respond(served, input="Third!", previous_response_id=second["id"])
        assert third["status"] == "completed"
        prompt = prompts(served)[-1]
    assert [word in prompt for word in ("First!", "Second!", "Third!")] == [True] * 3
