from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ossian.server.responses.connection_memory import MAX_NUM_RESPONSES, ConnectionMemory


def item(num_chars: int) -> dict[str, Any]:
    return {"type": "message", "content": "x" * num_chars}


def test_what_is_remembered_is_recalled_until_it_is_forgotten() -> None:
    memory = ConnectionMemory(10_000)
    items = [item(1), item(2)]
    memory.remember("resp_1", items)
    assert memory.recall("resp_1") == items
    assert memory.recall("resp_2") is None
    memory.forget("resp_1")
    memory.forget("resp_1")
    assert memory.recall("resp_1") is None


def test_the_longest_unused_response_goes_first() -> None:
    memory = ConnectionMemory(10_000)
    for number in range(3):
        memory.remember(f"resp_{number}", [item(3000)])
    assert memory.recall("resp_0")
    memory.remember("resp_3", [item(3000)])
    assert [bool(memory.recall(f"resp_{number}")) for number in range(4)] == [True, False, True, True]


def test_what_is_larger_than_the_memory_is_not_remembered_and_drives_nothing_out() -> None:
    memory = ConnectionMemory(1000)
    memory.remember("resp_1", [item(10)])
    memory.remember("resp_2", [item(1000)])
    assert memory.recall("resp_1")
    assert memory.recall("resp_2") is None


def test_the_number_is_bounded_however_small_they_are() -> None:
    memory = ConnectionMemory(1_000_000)
    for number in range(3 * MAX_NUM_RESPONSES):
        memory.remember(f"resp_{number}", [])
    assert len(memory) == MAX_NUM_RESPONSES


@given(st.integers(1, 5000), st.lists(st.integers(0, 6000)))
def test_the_bytes_are_bounded(max_bytes: int, sizes: list[int]) -> None:
    memory = ConnectionMemory(max_bytes)
    kept: dict[str, int] = {}
    for number, size in enumerate(sizes):
        memory.remember(f"resp_{number}", [item(size)])
        kept[f"resp_{number}"] = size
        assert sum(size for response_id, size in kept.items() if memory.recall(response_id)) <= max_bytes
