from typing import Any

import pytest

from ossian.api.responses.prompts import Filled
from ossian.api.responses.schema import ResponseRequest
from ossian.errors import InvalidRequestError
from ossian.server.responses.given import Given, read_given
from ossian.server.service import Service
from ossian.storage.records import StoredResponse
from tests.server.responses.asking import Json
from tests.server.responses.services import caller

CALL: Json = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "add", "arguments": "{}"}
RESULT: Json = {"type": "function_call_output", "call_id": "call_1", "output": "4"}
FIRST: Json = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Like this."}]}


@pytest.fixture(autouse=True)
async def history(service: Service) -> None:
    body = {"id": "resp_1", "status": "completed", "output": [{**CALL, "status": "completed"}]}
    await service.database.responses.finish(StoredResponse("resp_1", "", "completed", body, [], 1))


async def given(service: Service, template: Filled | None = None, **fields: Any) -> Given:
    request = ResponseRequest.model_validate({"model": "m", **fields})
    return await read_given(service, caller(service), request, template or Filled(None, []))


async def test_a_prompts_items_come_first_then_the_history_then_the_requests_own(service: Service) -> None:
    read = await given(service, Filled(None, [FIRST]), previous_response_id="resp_1", input=[RESULT])
    assert [item.type for item in read.items] == ["message", "function_call", "function_call_output"]
    assert read.num_before == 2
    assert read.history.bodies == [{**CALL, "status": "completed"}]  # a prompt's items are no part of it
    assert [body["type"] for body in read.own] == ["function_call_output"]
    assert read.own[0]["id"].startswith("fco_")


async def test_a_string_is_what_the_user_says(service: Service) -> None:
    (body,) = (await given(service, input="Hi.")).own
    assert (body["role"], body["content"]) == ("user", [{"type": "input_text", "text": "Hi."}])


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"input": [FIRST, RESULT]}, "input[1].call_id"),
        ({"input": [RESULT, RESULT], "previous_response_id": "resp_1"}, "input[1].call_id"),
        ({"input": "And?", "previous_response_id": "resp_1"}, "input"),
    ],
)
async def test_errors_name_the_requests_own_items(service: Service, fields: Json, param: str) -> None:
    for template in (Filled(None, []), Filled(None, [FIRST])):
        with pytest.raises(InvalidRequestError) as raised:
            await given(service, template, **fields)
        assert raised.value.param == param
