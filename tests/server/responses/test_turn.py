from typing import Any

import pytest

from ossian.api.responses.schema import ResponseRequest
from ossian.errors import ContextLengthError, InvalidRequestError, ModelNotFoundError, RequestError
from ossian.server.request_context import record_of
from ossian.server.responses.turn import PreparedTurn, prepare
from ossian.server.service import Service
from tests.server.responses.services import caller
from tests.server.serving import ALIAS, MODEL, NOW


async def prepared(service: Service, **fields: Any) -> PreparedTurn:
    request = ResponseRequest.model_validate({"model": MODEL, "input": "2+2?", **fields})
    return await prepare(service, caller(service), request)


async def test_a_turn_has_an_identity_and_a_prompt(service: Service) -> None:
    turn = await prepared(service, model=ALIAS)
    assert (turn.model.id, turn.body["model"], turn.body["created_at"]) == (MODEL, MODEL, NOW)
    assert turn.turn.request_id == f"{turn.body['id']}-0"
    assert turn.turn.conversation == turn.prompt
    assert record_of(turn.caller.connection.scope).model == MODEL


@pytest.mark.parametrize("store, is_stored", [(None, True), (True, True), (False, False)])
async def test_whether_it_is_stored(service: Service, store: bool | None, is_stored: bool) -> None:
    turn = await prepared(service, store=store)
    assert turn.is_stored is turn.body["store"] is is_stored


async def test_nothing_is_stored_before_it_runs(service: Service) -> None:
    turn = await prepared(service)
    assert await service.database.responses.get("", turn.body["id"]) is None


async def test_tools_and_what_to_include_are_options_of_the_answer(service: Service) -> None:
    tools = [{"type": "namespace", "name": "files", "description": "", "tools": [{"type": "function", "name": "read"}]}]
    turn = await prepared(service, tools=tools, include=["reasoning.encrypted_content"])
    assert dict(turn.options.tool_names) == {"files__read": ("function", "read", "files")}
    assert turn.options.include == {"reasoning.encrypted_content"}
    assert turn.options.conceal is not None
    assert turn.caller.reveal(turn.options.conceal("a")) == "a"


@pytest.mark.parametrize(
    "fields, error, param",
    [
        ({"model": "gpt-9"}, ModelNotFoundError, "model"),
        ({"max_output_tokens": 200_000}, ContextLengthError, "input"),
        ({"stop_token_ids": [999_999]}, InvalidRequestError, "stop_token_ids[0]"),
        ({"tools": [{"type": "function", "name": "a", "parameters": {"type": "array"}}]}, InvalidRequestError, None),
    ],
)
async def test_what_cannot_be_served_is_found_here(
    service: Service, fields: dict[str, Any], error: type[RequestError], param: str | None
) -> None:
    with pytest.raises(error) as raised:
        await prepared(service, **fields)
    assert param is None or raised.value.param == param
