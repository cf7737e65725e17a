from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.call_results import check_call_results
from ossian.api.responses.items import InputItem
from ossian.api.responses.messages import InputMessage
from ossian.api.responses.truncation import droppable, truncation_notice, without
from tests.api.responses.asking import ANSWER, USER, call, developer, output, parsed, reasoning

SEARCH = {"type": "web_search_call", "id": "ws", "status": "completed"}
COMPACTION = {"type": "compaction", "encrypted_content": "E"}
CHAT_CALLS = {
    "role": "assistant",
    "tool_calls": [{"id": each, "function": {"name": "add", "arguments": "{}"}} for each in "ab"],
}
CHAT_RESULTS = [{"role": "tool", "tool_call_id": each, "content": "5"} for each in "ab"]


def groups(*items: JsonObject) -> list[list[int]]:
    return droppable(parsed(*items))


@pytest.mark.parametrize(
    "items, expected",
    [
        ([], []),
        ([USER], []),
        ([developer("Be kind."), USER], []),
        ([USER, ANSWER, USER], [[0], [1]]),
        ([USER, ANSWER], []),
        ([USER, USER], [[0]]),
        ([developer("Be kind."), USER, developer("Now!"), ANSWER, USER], [[1], [3]]),
        ([USER, reasoning(), ANSWER, USER], [[0], [1, 2]]),
        ([USER, reasoning(), call(), output(), ANSWER, USER], [[0], [1, 2, 3], [4]]),
        ([USER, reasoning(), call("a"), call("b"), output("b"), output("a"), USER], [[0], [1, 2, 3, 4, 5]]),
        ([USER, *[reasoning(), call(), output()] * 3], [[1, 2, 3], [4, 5, 6]]),
        ([USER, reasoning(), ANSWER, call(), output(), reasoning(), call(), output()], [[1, 2, 3, 4]]),
        ([USER, call(), USER, output(), USER], [[0], [1, 3], [2]]),
        ([USER, call(), developer("Go on."), output(), USER], [[0], [1, 3]]),
        ([USER, CHAT_CALLS, *CHAT_RESULTS, ANSWER, USER], [[0], [1, 2, 3], [4]]),
        ([USER, call(status="incomplete"), USER, ANSWER, USER], [[0], [1], [2], [3]]),
        ([COMPACTION, USER, ANSWER, USER], [[0], [1], [2]]),
        ([USER, SEARCH, ANSWER, USER], [[0], [1, 2]]),
    ],
)
def test_the_oldest_groups_go_first(items: list[JsonObject], expected: list[list[int]]) -> None:
    assert groups(*items) == expected


def test_what_is_left_keeps_its_order() -> None:
    items = parsed(developer("Be kind."), USER, ANSWER, USER)
    assert without(items, []) == items
    assert without(items, droppable(items)) == [items[0], items[3]]


def test_what_was_dropped_is_said() -> None:
    items = parsed(USER, reasoning(), call(), output(), CHAT_CALLS, *CHAT_RESULTS, USER)
    notice = truncation_notice(items, droppable(items))
    assert (notice.code, notice.param) == ("input_truncated", "truncation")
    assert notice.message == (
        "The context was too long, so 7 of its 8 items, the oldest, were left out: "
        "1 × message, 1 × reasoning, 3 × function_call, 3 × function_call_output."
    )


LOOSE = [*(USER, ANSWER, reasoning(), developer("Go on."), SEARCH, COMPACTION), call("c", status="incomplete")]
STEPS: list[list[JsonObject]] = [
    *([item] for item in LOOSE),
    [call("a"), output("a")],
    [reasoning(), call("a"), call("b"), output("b"), output("a")],
    [call("a"), USER, output("a"), ANSWER],
    [call("a"), developer("Go on."), call("b"), output("a"), reasoning(), output("b")],
    [CHAT_CALLS, CHAT_RESULTS[1], CHAT_RESULTS[0]],
    [CHAT_CALLS, CHAT_RESULTS[0], USER, CHAT_RESULTS[1]],
]


@given(st.lists(st.sampled_from(STEPS), max_size=8), st.data())
def test_dropping_never_parts_a_call_from_its_result(steps: list[list[JsonObject]], data: st.DataObject) -> None:
    items = parsed(*chain.from_iterable(steps))
    check_call_results(items)
    found = droppable(items)
    left = without(items, found[: data.draw(st.integers(0, len(found)))])
    check_call_results(left)
    assert [item for item in left if is_instruction(item)] == [item for item in items if is_instruction(item)]
    assert any(map(is_users, left)) == any(map(is_users, items))
    assert bool(left) == bool(items)


@given(st.lists(st.sampled_from([*LOOSE, call("a"), output("a"), CHAT_CALLS, *CHAT_RESULTS]), max_size=14))
def test_each_item_is_in_one_group_at_most(bodies: list[JsonObject]) -> None:
    found = droppable(parsed(*bodies))
    indexes = [index for group in found for index in group]
    assert len(indexes) == len(set(indexes))
    assert [group[0] for group in found] == sorted(group[0] for group in found)
    assert all(bodies[index] != developer("Go on.") for index in indexes)


def is_instruction(item: InputItem) -> bool:
    return isinstance(item, InputMessage) and item.is_instruction


def is_users(item: InputItem) -> bool:
    return isinstance(item, InputMessage) and not item.is_instruction
