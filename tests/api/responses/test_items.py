import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.items import (
    MAX_ITEMS,
    CompactionItem,
    HostedItem,
    InputItem,
    ItemReference,
    distinct_bodies,
    item_bodies,
    items_of,
    parse_items,
)
from ossian.errors import InvalidRequestError
from tests.api.responses.asking import ANSWER, USER, bodies, call, counted, output, parsed, reasoning, refusal, request
from tests.specs.validators import check_item

TEXT = {"type": "output_text", "text": "Hello.", "annotations": [], "logprobs": []}
HI = {"type": "input_text", "text": "Hi"}
CHAT_CALL = {"id": "c", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CHAT_CUSTOM = {"id": "d", "type": "custom", "custom": {"name": "patch", "input": "+"}}
SEARCHED = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "Ossian", "queries": ["Ossian"]},
}


@pytest.mark.parametrize(
    "item, expected",
    [
        (USER, {"type": "message", "id": "msg_0", "status": "completed", "role": "user", "content": [HI]}),
        (
            {"type": "message", "role": "user", "content": [HI, HI], "id": "mine", "status": "incomplete"},
            {"type": "message", "id": "mine", "status": "incomplete", "role": "user", "content": [HI, HI]},
        ),
        (
            {"type": None, "id": None, "status": None, "role": "system", "content": "Hi", "phase": None, "name": "Al"},
            {"type": "message", "id": "msg_0", "status": "completed", "role": "system", "content": [HI]},
        ),
        (
            {"role": "developer", "content": [{"type": "text", "text": "Hi"}]},
            {"type": "message", "id": "msg_0", "status": "completed", "role": "developer", "content": [HI]},
        ),
        (ANSWER, {"type": "message", "id": "msg_0", "status": "completed", "role": "assistant", "content": [TEXT]}),
        (
            {"role": "assistant", "content": "Hello.", "phase": "commentary", "id": ""},
            {
                "type": "message",
                "id": "msg_0",
                "status": "completed",
                "role": "assistant",
                "content": [TEXT],
                "phase": "commentary",
            },
        ),
        (
            {"role": "assistant", "content": None, "refusal": "No."},
            {
                "type": "message",
                "id": "msg_0",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "refusal", "refusal": "No."}],
            },
        ),
        (
            call(),
            {
                "type": "function_call",
                "id": "fc_0",
                "status": "completed",
                "call_id": "c",
                "name": "add",
                "arguments": "{}",
            },
        ),
        (
            call(
                namespace="n",
                id="fc_9",
                caller={"type": "direct"},
                created_by=None,
                parsed_arguments={},
            )
            | {"async": None},
            {
                "type": "function_call",
                "id": "fc_9",
                "status": "completed",
                "call_id": "c",
                "namespace": "n",
                "name": "add",
                "arguments": "{}",
            },
        ),
        (
            {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "+"},
            {
                "type": "custom_tool_call",
                "id": "ctc_0",
                "status": "completed",
                "call_id": "c",
                "name": "patch",
                "input": "+",
            },
        ),
        (
            output(),
            {"type": "function_call_output", "id": "fco_0", "status": "completed", "call_id": "c", "output": "5"},
        ),
        (
            output(text=[{"type": "output_text", "text": "Hi"}], name="add", namespace="n", caller=None),
            {"type": "function_call_output", "id": "fco_0", "status": "completed", "call_id": "c", "output": [HI]},
        ),
        (
            {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
            {"type": "custom_tool_call_output", "id": "cto_0", "status": "completed", "call_id": "c", "output": "ok"},
        ),
        (
            {"type": "reasoning", "id": None, "summary": [], "content": None, "encrypted_content": None},
            {"type": "reasoning", "id": "rs_0", "status": "completed", "summary": []},
        ),
        (reasoning(encrypted_content="E"), reasoning(encrypted_content="E", status="completed")),
        (
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Short."}]},
            {
                "type": "reasoning",
                "id": "rs_0",
                "status": "completed",
                "summary": [{"type": "summary_text", "text": "Short."}],
            },
        ),
        (
            {"type": "compaction_summary", "encrypted_content": "E"},
            {"type": "compaction", "id": "cmp_0", "encrypted_content": "E"},
        ),
        (SEARCHED, SEARCHED),
        (
            {"type": "mcp_approval_response", "id": None, "approval_request_id": "a", "approve": True},
            {"type": "mcp_approval_response", "id": "item_0", "approval_request_id": "a", "approve": True},
        ),
    ],
)
def test_an_item_as_the_api_lists_it(item: JsonObject, expected: JsonObject) -> None:
    (body,) = bodies(item)
    assert body == expected
    if body["type"] != "mcp_approval_response":  # OpenAI lists it in another form than it takes it
        check_item(body)


@pytest.mark.parametrize("item", [{"id": "msg_1"}, {"type": "item_reference", "id": "msg_1"}])
def test_a_reference_stays_one(item: JsonObject) -> None:
    assert isinstance(parsed(item)[0], ItemReference)
    assert bodies(item) == [{"type": "item_reference", "id": "msg_1"}]


def test_a_string_is_what_the_user_says() -> None:
    assert item_bodies(parse_items("Hi"), counted()) == bodies(USER)
    assert items_of("Hi") == parse_items("Hi")
    assert items_of(None) == []


def test_an_assistants_parts_come_back_as_they_were() -> None:
    logprob = {"token": "Hello.", "bytes": [72], "logprob": -0.5, "top_logprobs": []}
    part = TEXT | {"logprobs": [logprob], "parsed": {"a": 1}}
    (body,) = bodies({"role": "assistant", "content": [part, {"type": "refusal", "refusal": "No."}, HI]})
    assert body["content"] == [
        TEXT | {"logprobs": [logprob]},
        {"type": "refusal", "refusal": "No."},
        TEXT | {"text": "Hi"},
    ]
    check_item(body)


def test_chat_style_messages_become_items() -> None:
    said = {"type": "message", "role": "assistant", "content": "On it.", "tool_calls": [CHAT_CALL, CHAT_CUSTOM]}
    results = [{"role": "tool", "tool_call_id": each, "name": "add", "content": "5"} for each in "cd"]
    listed = bodies(said, *results)
    assert [item["type"] for item in listed] == [
        "message",
        "function_call",
        "custom_tool_call",
        "function_call_output",
        "function_call_output",
    ]
    assert listed[2]["input"] == "+"
    for item in listed:
        check_item(item)
    silent = {key: value for key, value in said.items() if key != "content"}
    assert [item["type"] for item in bodies(silent)] == ["function_call", "custom_tool_call"]


def test_a_chat_completions_message_is_taken_as_the_sdk_dumps_it() -> None:
    dumped = {
        "content": None,
        "refusal": None,
        "role": "assistant",
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": [CHAT_CALL | {"index": 0}],
    }
    assert [item["type"] for item in bodies(dumped)] == ["function_call"]
    thought = dumped | {"reasoning": "Hm.", "reasoning_content": "Hm.", "parsed": None}  # as this server answers
    told, made = bodies(thought)
    assert (told["type"], told["content"]) == ("reasoning", [{"type": "reasoning_text", "text": "Hm."}])
    assert made["type"] == "function_call"
    assert [item["type"] for item in bodies(thought | {"content": "Hi", "tool_calls": None})] == ["message"]


@pytest.mark.parametrize(
    "item",
    [
        USER,
        ANSWER,
        call("c"),
        call("c") | {"encrypted_function_args": ["x"]},
        output("c"),
        reasoning("Hm."),
        {"type": "compaction", "encrypted_content": "x"},
        {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "+"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
    ],
)
def test_what_codex_notes_on_items_is_neither_an_error_nor_kept(item: JsonObject) -> None:
    noted = item | {"internal_chat_message_metadata_passthrough": {"turn_id": "t", "create_time": 1788214171.1}}
    (kept,) = bodies(noted)
    assert "internal_chat_message_metadata_passthrough" not in kept
    assert "encrypted_function_args" not in kept
    assert kept["type"] == item.get("type", "message")


@pytest.mark.parametrize(
    "kind",
    [
        "local_shell_call",
        "computer_call_output",
        "mcp_list_tools",
        "program",
        "acme:magic",
        "ghost_snapshot",
        "agent_message",
        "configuration_update",
        "context_compaction",
    ],
)
def test_items_of_hosted_tools_are_kept_whole(kind: str) -> None:
    item = {"type": kind, "id": "x", "call_id": 5, "anything": {"at": ["all"]}}
    (kept,) = parsed(item)
    assert isinstance(kept, HostedItem)
    assert (kept.type, kept.call_id) == (kind, None)
    assert bodies(item) == [item]


@pytest.mark.parametrize(
    "item, param, code",
    [
        (3, "input[0]", "invalid_type"),
        ({}, "input[0].role", "missing_required_parameter"),
        ({"role": "user"}, "input[0].content", "missing_required_parameter"),
        ({"role": "critic", "content": ""}, "input[0].role", "invalid_value"),
        ({"type": "message", "role": 5, "content": ""}, "input[0].role", "invalid_value"),
        ({"type": "mesage", "role": "user", "content": ""}, "input[0].type", "unsupported_content"),
        ({"type": 5, "role": "user", "content": ""}, "input[0].type", "invalid_value"),
        ({"role": "user", "content": 5}, "input[0].content", "invalid_type"),
        ({"role": "user", "content": "", "nme": ""}, "input[0].nme", "unknown_parameter"),
        ({"role": "user", "content": [{"text": ""}]}, "input[0].content[0].type", "missing_required_parameter"),
        ({"role": "user", "content": [HI, {"type": "input_image"}]}, "input[0].content[1].type", "unsupported_content"),
        ({"role": "user", "content": [{"type": "input_file"}]}, "input[0].content[0].type", "unsupported_content"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "input[0].content[0].type", "unsupported_content"),
        ({"role": "assistant"}, "input[0]", "invalid_value"),
        ({"role": "tool", "content": ""}, "input[0].tool_call_id", "missing_required_parameter"),
        ({"role": "assistant", "tool_calls": [{"id": "a"}]}, "input[0].tool_calls[0]", "invalid_value"),
        (call(call_id=""), "input[0].call_id", "invalid_value"),
        (call(name="a b"), "input[0].name", "invalid_value"),
        (call(arguments={}), "input[0].arguments", "invalid_type"),
        (output(text=[{"type": "input_image"}]), "input[0].output[0].type", "unsupported_content"),
        ({"type": "function_call_output", "output": ""}, "input[0].call_id", "missing_required_parameter"),
        ({"type": "compaction"}, "input[0].encrypted_content", "missing_required_parameter"),
        ({"type": "item_reference"}, "input[0].id", "missing_required_parameter"),
        ({"type": "web_search_call", "id": 5}, "input[0].id", "invalid_type"),
        (reasoning(summary="Short."), "input[0].summary", "invalid_type"),
    ],
)
def test_an_item_that_is_none_is_named(item: Any, param: str, code: str) -> None:
    error = refusal(input=[item])
    assert (error.param, error.code) == (param, code)
    with pytest.raises(InvalidRequestError) as caught:
        parse_items([item], "items")
    assert caught.value.param == param.replace("input", "items")


def test_what_is_sent_back_is_not_nested_deeper_than_json_is_written() -> None:
    deep: Any = {}
    for _ in range(500):
        deep = {"a": deep}
    assert refusal(input=[{"type": "web_search_call", "id": "ws", "action": deep}]).param == "input[0]"
    assert refusal(input=[{"role": "assistant", "content": [TEXT | {"annotations": [deep]}]}]).param == (
        "input[0].content[0].annotations"
    )


def test_a_request_has_at_most_so_many_items_but_a_history_any() -> None:
    error = refusal(input=[USER] * (MAX_ITEMS + 1))
    assert (error.param, str(MAX_ITEMS) in error.message) == ("input", True)
    assert len(parse_items([USER] * (MAX_ITEMS + 1))) == MAX_ITEMS + 1


def test_a_request_writes_its_items_as_it_read_them() -> None:
    items = [USER, ANSWER, call(), output(), reasoning(), SEARCHED, {"type": "compaction", "encrypted_content": "E"}]
    dumped = request(input=items).model_dump(mode="json", exclude_unset=True)
    assert dumped["input"] == items


def test_a_compaction_is_known_under_both_names() -> None:
    for kind in ("compaction", "compaction_summary"):
        assert isinstance(parsed({"type": kind, "encrypted_content": "E"})[0], CompactionItem)


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "c", "completed", "text"]) | st.text()
NAMES = st.sampled_from(
    ["type", "role", "content", "id", "call_id", "name", "output", "summary", "text", "status", "tool_calls"]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=5),
    max_leaves=12,
)
KINDS = st.sampled_from(
    [
        *("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"),
        *("reasoning", "compaction", "item_reference", "web_search_call", "mcp_list_tools", "nothing"),
    ]
)
ROLES = st.sampled_from(["user", "assistant", "system", "developer", "tool", "critic"])
PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["input_text", "output_text", "reasoning_text", "refusal", "input_image"])},
    optional={"text": SCALARS, "refusal": SCALARS, "annotations": JSON, "logprobs": JSON},
)
CONTENTS = SCALARS | st.lists(PARTS, max_size=3)
NEARLY_ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "type": KINDS | SCALARS,
        "role": ROLES | SCALARS,
        "content": CONTENTS,
        "summary": CONTENTS,
        "output": CONTENTS,
        "id": SCALARS,
        "call_id": SCALARS,
        "name": SCALARS,
        "arguments": SCALARS,
        "input": SCALARS,
        "encrypted_content": SCALARS,
        "status": SCALARS,
        "tool_call_id": SCALARS,
        "tool_calls": st.lists(st.just(CHAT_CALL) | st.just(CHAT_CUSTOM) | JSON, max_size=2),
        "phase": SCALARS,
        "unknown": JSON,
    },
)
GOOD_ITEMS = st.sampled_from(
    [
        *(USER, ANSWER, call(), output(), output(text=[HI]), reasoning(), SEARCHED),
        *({"id": "msg_1"}, {"type": "compaction", "encrypted_content": "E"}),
        {"role": "assistant", "content": [TEXT], "tool_calls": [CHAT_CALL, CHAT_CUSTOM]},
        {"role": "tool", "tool_call_id": "c", "content": [HI]},
        {"type": "custom_tool_call", "call_id": "x", "name": "patch", "input": "+", "namespace": "n"},
        {"type": "custom_tool_call_output", "call_id": "x", "output": "ok", "status": "incomplete"},
    ]
)


CODES = {"invalid_type", "invalid_value", "missing_required_parameter", "unknown_parameter", "unsupported_content"}


def items_or_error(value: Any) -> list[InputItem] | InvalidRequestError:
    try:
        return parse_items(json.loads(json.dumps(value)))
    except InvalidRequestError as error:
        return error


@given(JSON | st.lists(NEARLY_ITEMS | JSON | GOOD_ITEMS, max_size=4))
def test_any_json_is_items_or_an_error_that_names_it(value: Any) -> None:
    found = items_or_error(value)
    if isinstance(found, InvalidRequestError):
        assert (found.param or "").startswith("input")
        assert found.code in CODES
    else:
        check_is_settled(found)


@given(st.lists(GOOD_ITEMS, max_size=8))
def test_listed_items_are_settled(items: list[JsonObject]) -> None:
    check_is_settled(parse_items(items))


def check_is_settled(items: list[InputItem]) -> None:
    """What the API lists comes back as itself."""
    listed = item_bodies(items, counted())
    again = item_bodies(parse_items(json.loads(json.dumps(listed))), never)
    assert again == listed


def never(prefix: str) -> str:
    raise AssertionError(f"a second id {prefix}")


def test_no_item_has_the_id_of_another() -> None:
    def said(text: str) -> JsonObject:
        return {"type": "message", "id": "1", "role": "user", "content": text}

    def ids(*items: JsonObject, before: tuple[JsonObject, ...] = ()) -> list[str]:
        return [body["id"] for body in distinct_bodies(parse_items(list(items)), before, counted())]

    (first,) = bodies(said("a"))
    assert ids(said("a"), said("b"), said("b")) == ["1", "msg_0", "msg_1"]
    assert ids(said("a"), before=(first,)) == ["1"], "it is that item"
    assert ids(said("b"), before=(first,)) == ["msg_0"]
    assert ids(said("a"), said("a"), before=(first,)) == ["1", "msg_0"]
    assert ids({"type": "web_search_call", "id": "1"}, before=(first,)) == ["item_0"]
    chat_style = {"role": "assistant", "content": "x", "id": "1", "tool_calls": [CHAT_CALL]}
    assert ids(chat_style, before=(first,)) == ["msg_1", "fc_2"]
