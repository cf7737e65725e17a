from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.call_results import answered_calls, check_call_results, unanswered_calls
from ossian.errors import InvalidRequestError
from tests.api.responses.asking import ANSWER, USER, call, developer, output, parsed, reasoning

SHELL = {"type": "local_shell_call", "id": "lsh", "call_id": "s", "status": "completed", "action": {}}
CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "+"}
CUSTOM_OUTPUT = {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"}


def chat_calls(*call_ids: str) -> JsonObject:
    calls = [{"id": each, "type": "function", "function": {"name": "add", "arguments": "{}"}} for each in call_ids]
    return {"role": "assistant", "tool_calls": calls}


def chat_result(call_id: str) -> JsonObject:
    return {"role": "tool", "tool_call_id": call_id, "content": "5"}


def refusal(*items: JsonObject, num_history: int = 0) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        check_call_results(parsed(*items), num_history)
    return caught.value


@pytest.mark.parametrize(
    "items",
    [
        [],
        [USER, ANSWER],
        [call(), output()],
        [reasoning(), call("a"), call("b"), output("b"), output("a")],
        [call("a"), output("a"), call("b"), output("b")],
        [call(), developer("Go on."), output()],
        [call(), USER, output()],
        [CUSTOM, CUSTOM_OUTPUT],
        [CUSTOM, output()],
        [call(), CUSTOM_OUTPUT],
        [chat_calls("a", "b"), chat_result("a"), chat_result("b")],
        [chat_calls("a"), output("a")],
        [call("0"), output("0"), call("0"), output("0")],
        [call(status="incomplete"), USER],
        [call("a", status="incomplete"), call("a"), output("a")],
        [call(status="incomplete"), output()],
        [SHELL, output("s")],
        [SHELL, {"type": "local_shell_call_output", "id": "s", "output": "ok"}],
    ],
)
def test_calls_and_results_that_belong_together(items: list[JsonObject]) -> None:
    check_call_results(parsed(*items))


@pytest.mark.parametrize(
    "items, param, words",
    [
        ([output()], "input[0].call_id", "No tool call found"),
        ([output(), call()], "input[0].call_id", "No tool call found"),
        ([call("a"), output("b")], "input[1].call_id", "No tool call found"),
        ([chat_result("a")], "input[0].tool_call_id", "No tool call found"),
        ([call(), output(), output()], "input[2].call_id", "has an output already"),
        ([chat_calls("a"), output("a"), chat_result("a")], "input[2].tool_call_id", "has an output already"),
        ([call()], "input[0].call_id", "No tool output found"),
        ([call("a"), call("b"), output("b")], "input[0].call_id", "No tool output found"),
        ([call(), USER], "input[0].call_id", "No tool output found"),
        ([USER, chat_calls("a", "b"), chat_result("a")], "input[1].tool_calls[1].id", "No tool output found"),
        ([call("a"), call("a"), output("a")], "input[1].call_id", "an earlier call"),
        ([chat_calls("a", "a"), chat_result("a")], "input[0].tool_calls[1].id", "an earlier call"),
        ([CUSTOM], "input[0].call_id", "custom_tool_call_output"),
    ],
)
def test_those_that_do_not_are_named(items: list[JsonObject], param: str, words: str) -> None:
    error = refusal(*items)
    assert (error.param, error.code) == (param, "invalid_value")
    assert words in error.message


def test_only_the_requests_own_items_have_a_place() -> None:
    assert refusal(USER, call("call_9"), USER, num_history=2).param == "input"
    assert "'call_9'" in refusal(USER, call("call_9"), USER, num_history=2).message
    assert refusal(USER, ANSWER, output(), num_history=2).param == "input[0].call_id"
    check_call_results(parsed(USER, call(), output()), 2)


def test_a_long_id_is_shown_in_part() -> None:
    assert len(refusal(output("x" * 256)).message) < 250


def test_braces_in_an_id_are_just_braces() -> None:
    assert "'{call_id}'" in refusal(output("{call_id}")).message


def test_calls_that_were_cut_off_are_found() -> None:
    items = parsed(call("a"), output("a"), call("b", status="incomplete"), USER)
    assert unanswered_calls(items) == {2}
    assert list(answered_calls(items)) == [(0, 1)]
    assert unanswered_calls(parsed(call("a", status="incomplete"), call("a"), output("a"))) == {0}


IDS = st.sampled_from("abc")
ITEMS = st.lists(
    st.builds(call, IDS) | st.builds(output, IDS) | st.just(USER) | st.builds(chat_calls, IDS, IDS) | st.just(SHELL),
    max_size=8,
)


@given(ITEMS)
def test_what_passes_has_one_result_for_each_call(items: list[JsonObject]) -> None:
    checked = parsed(*items)
    calls = [call_id for item in items for call_id in call_ids(item)]
    results = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    try:
        check_call_results(checked)
    except InvalidRequestError:
        return
    assert sorted(calls) == sorted(results)
    assert all(made < answered for made, answered in answered_calls(checked))
    assert unanswered_calls(checked) == set()


def call_ids(item: Any) -> list[str]:
    if item.get("type") == "function_call":
        return [item["call_id"]]
    return [each["id"] for each in item.get("tool_calls", ())]
