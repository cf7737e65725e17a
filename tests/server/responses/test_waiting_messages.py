import asyncio

import pytest

from ossian.errors import TooManyRequestsError
from ossian.server.responses.waiting_messages import MAX_NUM_WAITING, WaitingMessages


async def test_messages_are_given_out_in_their_order() -> None:
    waiting = WaitingMessages(100)
    for number in range(3):
        waiting.put(b"%d" % number)
    assert [await waiting.get() for _ in range(3)] == [b"0", b"1", b"2"]


async def test_who_comes_first_waits() -> None:
    waiting = WaitingMessages(100)
    getting = asyncio.ensure_future(waiting.get())
    await asyncio.sleep(0)
    assert not getting.done()
    waiting.put(b"x")
    assert await getting == b"x"


async def test_their_number_is_bounded_and_room_comes_back() -> None:
    waiting = WaitingMessages(100)
    for _ in range(MAX_NUM_WAITING):
        waiting.put(b"x")
    with pytest.raises(TooManyRequestsError, match=f"{MAX_NUM_WAITING} messages of {MAX_NUM_WAITING} bytes wait"):
        waiting.put(b"x")
    await waiting.get()
    waiting.put(b"x")


async def test_their_bytes_are_bounded_and_room_comes_back() -> None:
    waiting = WaitingMessages(100)
    waiting.put(b"x" * 60)
    with pytest.raises(TooManyRequestsError, match="16 messages and 100 bytes are the most"):
        waiting.put(b"x" * 41)
    waiting.put(b"x" * 40)
    await waiting.get()
    waiting.put(b"x" * 60)


async def test_a_single_message_always_has_room() -> None:
    waiting = WaitingMessages(1)
    waiting.put(b"long")
    assert await waiting.get() == b"long"


async def test_after_the_end_there_are_none_whatever_waits() -> None:
    waiting = WaitingMessages(100)
    waiting.put(b"x")
    waiting.end()
    assert [await waiting.get() for _ in range(2)] == [None, None]


async def test_the_end_wakes_who_waits() -> None:
    waiting = WaitingMessages(100)
    getting = asyncio.ensure_future(waiting.get())
    await asyncio.sleep(0)
    waiting.end()
    assert await getting is None
