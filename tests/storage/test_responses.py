"""Finishing, reading and deleting responses, on both databases."""

import asyncio
from dataclasses import replace

import pytest

from ossian.storage import Database, StoredConversation
from tests.storage.samples import ids, item, running, stored

STRANGE = {
    "nul": "a\x00b",
    "half a pair": "\ud83d",
    "emoji": "😀",
    "a long integer": 2**70,
    "a float": 0.1,
    "none": None,
    "order": {"z": 1, "a": 2},
    "long digits in text": "1234567890123456789012345678901234567890",
}


async def test_a_finished_response_comes_back_as_it_was(database: Database) -> None:
    response = stored(
        body={"id": "resp_1", "output": [item("out_1"), item("out_2")], "strange": STRANGE},
        input_items=[item("in_1"), item("in_1")],
        created_at=1_800_000_000,
        conversation_id="conv_1",
        expires_at=1_800_000_000.5,
    )
    assert await database.responses.finish(response)
    found = await database.responses.get("a", "resp_1")
    assert found == response
    assert list(found.body["strange"]["order"]) == ["z", "a"]


async def test_a_response_without_items_comes_back(database: Database) -> None:
    response = stored(body={"output": []}, input_items=[])
    await database.responses.finish(response)
    assert await database.responses.get("a", "resp_1") == response


async def test_what_is_not_there_is_none(database: Database) -> None:
    assert await database.responses.get("a", "resp_1") is None
    assert await database.responses.context("a", "resp_1") is None
    assert await database.responses.find_items("a", ["in_1"]) == {}
    assert await database.responses.find_items("a", []) == {}
    assert await database.responses.events("a", "resp_1") == []
    assert not await database.responses.delete("a", "resp_1")
    assert not await database.responses.request_cancel("a", "resp_1")


@pytest.mark.parametrize("strange_id", ["resp_\x00", "resp_\ud800", "", "r" * 100_000, "' OR 1=1 --", "%", "é" * 3000])
async def test_any_text_can_be_asked_for_as_an_id(database: Database, strange_id: str) -> None:
    await database.responses.finish(stored())
    assert await database.responses.get("a", strange_id) is None
    assert await database.responses.get(strange_id, "resp_1") is None
    assert await database.responses.context("a", strange_id) is None
    assert await database.responses.find_items("a", [strange_id]) == {}
    assert await database.conversations.page("a", strange_id, after=strange_id) is None
    assert await database.prompts.get("a", strange_id) is None


@pytest.mark.parametrize("strange_id", ["msg_\x00", "msg_\ud800", "m" * 100_000])
async def test_items_may_have_any_id(database: Database, strange_id: str) -> None:
    await database.responses.finish(stored(input_items=[item(strange_id)]))
    assert await database.responses.find_items("a", [strange_id]) == {strange_id: item(strange_id)}


async def test_an_id_that_is_taken_stays_with_the_first(database: Database) -> None:
    assert await database.responses.finish(stored(input_items=[item("first")]))
    assert not await database.responses.finish(stored(input_items=[item("second")]))
    assert not await database.responses.finish(stored(scope="b"))
    assert not await database.responses.start(running(scope="b"), "server", 1.0)
    found = await database.responses.get("a", "resp_1")
    assert found is not None
    assert ids(found.input_items) == ["first"]
    assert await database.responses.get("b", "resp_1") is None


async def test_a_finished_response_and_its_conversation_are_stored_together(database: Database) -> None:
    await database.conversations.create(StoredConversation("conv_1", "a", 1), [item("old")])
    response = stored(conversation_id="conv_1")
    await database.responses.finish(response, conversation_items=[item("in_1"), item("out_1")])
    assert ids(await database.conversations.items("a", "conv_1")) == ["old", "in_1", "out_1"]


async def test_nothing_is_stored_when_a_part_cannot_be(database: Database) -> None:
    await database.conversations.create(StoredConversation("conv_1", "a", 1))
    broken = [item("in_1"), {"type": "message", "no": "id"}]
    with pytest.raises(KeyError):
        await database.responses.finish(stored(conversation_id="conv_1"), conversation_items=broken)
    assert await database.responses.get("a", "resp_1") is None
    assert await database.conversations.items("a", "conv_1") == []


async def test_a_conversation_that_is_gone_or_anothers_gets_nothing(database: Database) -> None:
    await database.conversations.create(StoredConversation("conv_b", "b", 1))
    for response_id, conversation in [("resp_1", "conv_gone"), ("resp_2", "conv_b")]:
        response = stored(response_id, conversation_id=conversation)
        assert await database.responses.finish(response, conversation_items=[item("x")])
        assert await database.responses.get("a", response_id) == response
    assert await database.conversations.items("b", "conv_b") == []


async def test_a_deleted_response_is_gone_with_its_items(database: Database) -> None:
    await database.responses.finish(stored())
    assert not await database.responses.delete("b", "resp_1")
    assert await database.responses.delete("a", "resp_1")
    assert not await database.responses.delete("a", "resp_1")
    assert await database.responses.get("a", "resp_1") is None
    assert await database.responses.find_items("a", ["in_1", "out_1"]) == {}
    assert await database.responses.finish(stored()), "nothing of it is left"


async def test_items_are_found_wherever_they_are(database: Database) -> None:
    await database.responses.finish(stored("resp_1"))
    await database.responses.finish(stored("resp_2"))
    await database.conversations.create(StoredConversation("conv_1", "a", 1), [item("said")])
    wanted = ["in_1b", "out_2", "said", "never"]
    assert await database.responses.find_items("a", wanted) == {name: item(name) for name in wanted[:3]}
    assert await database.responses.find_items("b", wanted) == {}


async def test_of_items_with_one_id_the_models_own_is_found(database: Database) -> None:
    mine, echoed, said = item("msg_1", "mine"), item("msg_1", "echoed"), item("msg_1", "said")
    await database.responses.finish(stored("resp_1", body={"output": [mine]}, created_at=1))
    await database.responses.finish(stored("resp_2", input_items=[echoed], created_at=2))
    await database.conversations.create(StoredConversation("conv_1", "a", 1), [said])
    assert await database.responses.find_items("a", ["msg_1"]) == {"msg_1": mine}
    await database.responses.delete("a", "resp_1")
    assert await database.responses.find_items("a", ["msg_1"]) == {"msg_1": echoed}
    await database.responses.delete("a", "resp_2")
    assert await database.responses.find_items("a", ["msg_1"]) == {"msg_1": said}


async def test_thousands_of_items_can_be_asked_for(database: Database) -> None:
    await database.responses.finish(stored(input_items=[item(f"in_{number}") for number in range(2500)]))
    found = await database.responses.find_items("a", [f"in_{number}" for number in range(5000)])
    assert len(found) == 2500


async def test_a_running_response_is_finished_in_its_place(database: Database) -> None:
    await database.responses.start(running(), "server", 100.0)
    found = await database.responses.get("a", "resp_1")
    assert found == running()
    finished = stored(is_background=True)
    assert await database.responses.finish(finished)
    assert await database.responses.get("a", "resp_1") == finished
    assert await database.responses.find_items("a", ["out_1"]) == {"out_1": item("out_1")}


async def test_the_first_end_of_a_running_response_is_the_one_that_counts(database: Database) -> None:
    await database.responses.start(running(), "server", 100.0)
    failed = stored(status="failed", is_background=True)
    assert await database.responses.finish(failed)
    assert not await database.responses.finish(stored(is_background=True))
    assert await database.responses.get("a", "resp_1") == failed


async def test_a_background_response_that_was_never_started_is_not_stored(database: Database) -> None:
    assert not await database.responses.finish(stored(is_background=True))
    assert await database.responses.get("a", "resp_1") is None


async def test_a_response_deleted_while_it_runs_stays_deleted(database: Database) -> None:
    await database.responses.start(running(), "server", 100.0)
    assert await database.responses.delete("a", "resp_1")
    assert await database.responses.get("a", "resp_1") is None
    assert await database.responses.cancel_requested("server") == {"resp_1"}
    await database.responses.finish(stored(is_background=True))
    assert await database.responses.get("a", "resp_1") is None
    assert not await database.responses.finish(stored(is_background=True)), "and it was erased when it ended"
    assert await database.responses.cancel_requested("server") == set()


async def test_a_write_whose_caller_leaves_is_done_whole(database: Database) -> None:
    writes = [asyncio.create_task(database.responses.finish(stored(f"resp_{number}"))) for number in range(20)]
    await asyncio.sleep(0.005)
    for write in writes:
        write.cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    for number in range(20):
        name = f"resp_{number}"
        assert await database.responses.get("a", name) in (None, stored(name))
    assert await database.responses.finish(stored("resp_after"))


async def test_finishing_many_at_once(database: Database) -> None:
    await database.conversations.create(StoredConversation("conv_1", "a", 1))
    responses = [stored(f"resp_{number}", conversation_id="conv_1") for number in range(50)]
    await asyncio.gather(
        *(
            database.responses.finish(response, conversation_items=[*response.input_items, *response.body["output"]])
            for response in responses
        )
    )
    assert await asyncio.gather(*(database.responses.get("a", each.id) for each in responses)) == responses
    together = ids(await database.conversations.items("a", "conv_1"))
    assert len(together) == 150
    for first in range(0, 150, 3):  # each response's items are side by side
        name = together[first].removeprefix("in_")
        assert together[first : first + 3] == [f"in_{name}", f"in_{name}b", f"out_{name}"]


async def test_a_reopened_database_has_everything(database: Database, database_url: str) -> None:
    response = stored(continues="resp_0", conversation_id="conv_1")
    await database.responses.finish(replace(response, id="resp_0", previous_response_id=None))
    await database.responses.finish(response)
    again = await Database.open(database_url)
    assert await again.responses.get("a", "resp_1") == response
    assert await again.responses.context("a", "resp_1") == await database.responses.context("a", "resp_1")
    await again.close()
