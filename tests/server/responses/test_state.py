import asyncio
import threading
from typing import Any

import pytest

from ossian.api.responses.items import InputItem, parse_items
from ossian.api.responses.prompts import Filled
from ossian.api.responses.schema import PromptReference, ResponseRequest
from ossian.errors import InvalidRequestError, NotFoundError, RequestError
from ossian.server.responses import state
from ossian.server.responses.state import (
    History,
    history_of,
    history_of_response,
    nothing_unstored,
    template_of,
    with_references,
)
from ossian.server.service import Service
from ossian.storage.records import StoredConversation, StoredResponse

MINE, YOURS = "mine", "yours"
ASKED = {"type": "message", "id": "msg_1", "status": "completed", "role": "user", "content": "Hi."}
SAID = {"type": "message", "id": "msg_2", "status": "completed", "role": "assistant", "content": "Ho."}


def stored(status: str = "completed", **fields: Any) -> StoredResponse:
    body = {"id": "resp_1", "status": status, "output": [SAID] if status == "completed" else []}
    return StoredResponse("resp_1", MINE, status, body, [ASKED], 1, **fields)


def request(**fields: Any) -> ResponseRequest:
    return ResponseRequest.model_validate({"model": "m", "input": "x", **fields})


async def refused(error: type[RequestError], service: Service, scope: str, **fields: Any) -> RequestError:
    with pytest.raises(error) as raised:
        await history_of(service.database, scope, request(**fields))
    return raised.value


async def test_a_request_by_itself_has_no_history(service: Service) -> None:
    assert await history_of(service.database, MINE, request()) == History()


async def test_the_items_of_a_response_and_nobody_elses(service: Service) -> None:
    await service.database.responses.finish(stored())
    assert await history_of(service.database, MINE, request(previous_response_id="resp_1")) == History([ASKED, SAID])
    for scope, response_id in ((YOURS, "resp_1"), (MINE, "resp_2"), ("", "resp_1")):
        told = await refused(InvalidRequestError, service, scope, previous_response_id=response_id)
        assert (told.code, told.param) == ("previous_response_not_found", "previous_response_id")
        assert told.message == f"Previous response with id '{response_id}' not found."


async def test_a_deleted_response_is_not_found(service: Service) -> None:
    await service.database.responses.finish(stored())
    await service.database.responses.delete(MINE, "resp_1")
    await refused(InvalidRequestError, service, MINE, previous_response_id="resp_1")


async def test_one_that_is_still_made_has_no_history_yet(service: Service) -> None:
    await service.database.responses.start(stored("in_progress", is_background=True), "server", 9e9)
    told = await refused(InvalidRequestError, service, MINE, previous_response_id="resp_1")
    assert told.code == "previous_response_unfinished"
    assert (await refused(InvalidRequestError, service, YOURS, previous_response_id="resp_1")).code == (
        "previous_response_not_found"
    )


async def test_what_is_in_no_database_is_asked_for_first(service: Service) -> None:
    found = await history_of_response(service.database, MINE, "resp_9", {"resp_9": [ASKED]}.get)
    assert found == History([ASKED], is_unstored=True)
    assert nothing_unstored("resp_9") is None  # type: ignore[func-returns-value]


async def test_the_items_of_a_conversation_and_nobody_elses(service: Service) -> None:
    await service.database.conversations.create(StoredConversation("conv_1", MINE, 1), [ASKED])
    assert await history_of(service.database, MINE, request(conversation="conv_1")) == History([ASKED])
    told = await refused(NotFoundError, service, YOURS, conversation={"id": "conv_1"})
    assert (told.status, told.code, told.param) == (404, "conversation_not_found", "conversation")


def items(*bodies: dict[str, Any]) -> list[InputItem]:
    return parse_items(list(bodies))


async def test_references_become_what_they_stand_for(service: Service) -> None:
    await service.database.responses.finish(stored())
    given = items({"role": "user", "content": "a"}, {"type": "item_reference", "id": "msg_2"}, {"id": "msg_1"})
    resolved = await with_references(service.database, MINE, given)
    assert resolved == [given[0], *items(SAID, ASKED)]
    for scope, param in ((YOURS, "input"), ("", "items")):
        with pytest.raises(NotFoundError) as raised:
            await with_references(service.database, scope, given, param)
        assert raised.value.param == f"{param}[1].id"


async def test_a_long_prompt_is_filled_in_while_others_are_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, others = asyncio.get_running_loop(), threading.Event()

    def slow_fill(*_: Any) -> Filled:
        loop.call_soon_threadsafe(others.set)
        return Filled(f"others were served: {others.wait(5)}", [])

    await service.database.prompts.create(MINE, "pmpt_1", {}, 1)
    monkeypatch.setattr(state, "fill", slow_fill)
    filled = await template_of(service.database, MINE, PromptReference(id="pmpt_1"))
    assert filled.instructions == "others were served: True"


async def test_a_second_reference_to_an_item_is_refused(service: Service) -> None:
    await service.database.responses.finish(stored())
    reference = {"type": "item_reference", "id": "msg_2"}
    with pytest.raises(InvalidRequestError) as raised:
        await with_references(service.database, MINE, items(reference, reference))
    assert (raised.value.param, raised.value.code) == ("input[1].id", "duplicate_item")
    assert "input[0]" in raised.value.message


async def test_a_prompt_is_its_owners_and_of_a_version(service: Service) -> None:
    prompts = service.database.prompts
    for text in ("Be {{how}}.", "Be very {{how}}."):
        body = {"instructions": text, "input": [ASKED], "variables": {"how": "brief"}}
        if text == "Be {{how}}.":
            await prompts.create(MINE, "pmpt_1", body, 1)
        else:
            await prompts.add_version(MINE, "pmpt_1", body, 2)

    async def filled(scope: str = MINE, **fields: Any) -> str | None:
        reference = PromptReference.model_validate({"id": "pmpt_1", **fields})
        return (await template_of(service.database, scope, reference)).instructions

    assert await filled() == "Be very brief."
    assert await filled(version="1", variables={"how": "kind"}) == "Be kind."
    for scope, fields in ((YOURS, {}), (MINE, {"version": "3"}), (MINE, {"id": "pmpt_2"})):
        with pytest.raises(NotFoundError) as raised:
            await filled(scope, **fields)
        assert raised.value.param == "prompt.id"
    assert (await template_of(service.database, MINE, None)).items == []
