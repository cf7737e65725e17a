"""The openai SDK and its helpers, against a real socket."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import FunctionToolParam, Response, ResponseInputParam
from pydantic import BaseModel

from ossian.engine.scripted import ScriptedEngine
from tests.server.responses.asking import SUNNY, WEATHER_CALL
from tests.server.serving import MODEL, Served, in_turn, scripted, serving

WEATHER: FunctionToolParam = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Sum(BaseModel):
    answer: int


def checked(response: Response) -> Response:
    """The SDK builds its models without checking; so check."""
    return Response.model_validate(response.model_dump())


@pytest.fixture
def client(server: Served) -> Iterator[OpenAI]:
    with server.client as made:
        yield made


def test_a_response(client: OpenAI) -> None:
    response = checked(client.responses.create(model=MODEL, input="2+2?"))
    assert response.output_text == "It is 4."
    assert response.usage is not None
    assert response.usage.input_tokens_details.cached_tokens == 5
    assert checked(client.responses.retrieve(response.id)) == response


def test_the_stream_helper_checks_and_folds(client: OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="2+2?") as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert response.output_text == "It is 4."
    assert client.responses.retrieve(response.id).output_text == "It is 4."


def test_chains_and_input_items(client: OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="2+2?")
    second = client.responses.create(
        model=MODEL, input=[{"role": "user", "content": each} for each in "abc"], previous_response_id=first.id
    )
    listed: Any = client.responses.input_items.list(second.id, limit=2, order="asc")
    texts = [item.content[0].text for item in listed]
    assert texts == ["a", "b", "c"]
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError) as raised:
        client.responses.retrieve(first.id)
    assert raised.value.code == "response_not_found"


def test_output_items_go_back_as_they_came() -> None:
    with serving(ScriptedEngine(in_turn(WEATHER_CALL, SUNNY))) as served, served.client as client:
        history: ResponseInputParam = [{"role": "user", "content": "Weather?"}]
        first = client.responses.create(model=MODEL, input=history, tools=[WEATHER], store=False)
        history += [item.model_dump() for item in first.output]  # type: ignore[misc]
        call = first.output[-1]
        assert call.type == "function_call"
        history.append({"type": "function_call_output", "call_id": call.call_id, "output": "22 °C"})
        second = client.responses.create(model=MODEL, input=history, tools=[WEATHER], store=False)
    assert second.output_text == "It is sunny."


def test_parsed_output() -> None:
    turn = '<|channel|>final <|constrain|>json<|message|>{"answer": 4}<|return|>'
    with serving(scripted(turn)) as served, served.client as client:
        parsed = client.responses.parse(model=MODEL, input="2+2?", text_format=Sum)
        assert parsed.output_parsed == Sum(answer=4)
        with client.responses.stream(model=MODEL, input="2+2?", text_format=Sum) as stream:
            assert stream.get_final_response().output_parsed == Sum(answer=4)


def test_token_counts_and_compaction(client: OpenAI) -> None:
    counted = client.responses.input_tokens.count(model=MODEL, input="2+2?")
    response = client.responses.create(model=MODEL, input="2+2?")
    assert response.usage is not None
    assert counted.input_tokens == response.usage.input_tokens
    compacted = client.responses.compact(model=MODEL, previous_response_id=response.id)
    assert [item.type for item in compacted.output] == ["message", "compaction"]
    output: Any = [item.to_dict(warnings=False) for item in compacted.output]  # it knows no input messages there
    assert client.responses.create(model=MODEL, input=output).output_text == "It is 4."


def test_conversations(client: OpenAI) -> None:
    conversation = client.conversations.create(items=[{"type": "message", "role": "user", "content": "Hi."}])
    response = client.responses.create(model=MODEL, input="2+2?", conversation=conversation.id)
    assert response.conversation is not None
    assert response.conversation.id == conversation.id
    assert len(client.conversations.items.list(conversation.id).data) == 4


def test_errors_have_their_classes(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as bad:
        client.responses.create(model=MODEL, input="x", previous_response_id="resp_none")
    assert (bad.value.code, bad.value.param) == ("previous_response_not_found", "previous_response_id")
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.cancel(client.responses.create(model=MODEL, input="x").id)
    assert raised.value.param == "response_id"
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="gpt-9", input="x")


def test_a_failure_in_mid_stream_is_an_event_and_not_an_exception() -> None:
    with serving(scripted(fail_after=12)) as served, served.client as client:
        events = list(client.responses.create(model=MODEL, input="2+2?", stream=True))
        assert events[-1].type == "response.failed"
        assert events[-1].response.error is not None
        assert events[-1].response.error.code == "server_error"


async def test_the_asynchronous_client(server: Served) -> None:
    async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        async with client.responses.stream(model=MODEL, input="2+2?") as stream:
            text = "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])
            response = await stream.get_final_response()
        assert text == response.output_text == "It is 4."
        again = await client.responses.create(model=MODEL, input="And?", previous_response_id=response.id)
        assert again.previous_response_id == response.id
