"""The requests of OpenAI's own examples and of a hosted service's documentation, and what the model is told by each."""

import json
from typing import Any, Final

import pytest

from ossian.api.fields import JsonObject
from ossian.api.responses.call_results import check_call_results
from ossian.api.responses.notices import notices
from ossian.api.responses.prompt import conversation
from ossian.api.responses.schema import CompactRequest, InputTokensRequest, ResponseRequest
from ossian.api.responses.shape import turn_shape
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError
from ossian.harmony.messages import Channel, Conversation, Message, ReasoningEffort, ResponseFormat, Role, Tool

WEATHER: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    },
    "required": ["location", "unit"],
}
VAT: Final[JsonObject] = {
    "type": "object",
    "properties": {"country": {"type": "string"}},
    "required": ["country"],
    "additionalProperties": False,
}
CONTRACT: Final[JsonObject] = {
    "type": "object",
    "properties": {"company": {"type": "string"}, "start_date": {"type": "string"}},
    "required": ["company", "start_date"],
    "additionalProperties": False,
}
VAT_TOOL: Final[JsonObject] = {
    "type": "function",
    "name": "get_vat_rate",
    "strict": False,
    "description": "Return the VAT rate for a given country.",
    "parameters": VAT,
}
VAT_QUESTION: Final = "What is the VAT rate in France? If needed, call the tool."


def message(role: str, content: Any) -> JsonObject:
    return {"type": "message", "role": role, "content": content}


def told(body: JsonObject) -> Conversation:
    asked = parse(json.dumps({"model": "m", **body}).encode(), ResponseRequest)
    check_call_results(asked.items)
    turn_shape(asked)
    return conversation(asked, asked.items, None, str)


def says(text: str) -> Message:
    return Message(Role.USER, text)


@pytest.mark.parametrize(
    "body, expected",
    [
        (
            {"input": "Tell me a three sentence bedtime story about a unicorn."},
            Conversation((says("Tell me a three sentence bedtime story about a unicorn."),)),
        ),
        (
            {
                "tools": [{"type": "web_search_preview"}],
                "input": "What was a positive news story from today?",
            },
            Conversation((says("What was a positive news story from today?"),)),
        ),
        (
            {
                "tools": [{"type": "file_search", "vector_store_ids": ["vs_1234567890"], "max_num_results": 20}],
                "input": "What are the attributes of an ancient brown dragon?",
            },
            Conversation((says("What are the attributes of an ancient brown dragon?"),)),
        ),
        (
            {"instructions": "You are a helpful assistant.", "input": "Hello!", "stream": True},
            Conversation((says("Hello!"),), "You are a helpful assistant."),
        ),
        (
            {"input": "How much wood would a woodchuck chuck?", "reasoning": {"effort": "high"}},
            Conversation((says("How much wood would a woodchuck chuck?"),), reasoning_effort=ReasoningEffort.HIGH),
        ),
        (
            {
                "store": False,
                "input": [
                    message("user", "My name is Stéphane."),
                    message("assistant", "Hello Stéphane! How can I help?"),
                    message("user", "What is my name?"),
                ],
            },
            Conversation(
                (
                    says("My name is Stéphane."),
                    Message(Role.ASSISTANT, "Hello Stéphane! How can I help?", channel=Channel.FINAL),
                    says("What is my name?"),
                )
            ),
        ),
        (
            {
                "instructions": "You are a technical writer. Answer in British English.",
                "input": "Write a short definition of embeddings.",
                "store": False,
            },
            Conversation(
                (says("Write a short definition of embeddings."),),
                "You are a technical writer. Answer in British English.",
            ),
        ),
        (
            {
                "store": False,
                "input": [
                    message("system", "You are a technical writer. Answer in British English."),
                    message("user", "Write a short definition of embeddings."),
                ],
            },
            Conversation(
                (says("Write a short definition of embeddings."),),
                "You are a technical writer. Answer in British English.",
            ),
        ),
        (
            {
                "store": False,
                "input": [
                    message("system", "You are a helpful extractor. Return only valid JSON."),
                    message("user", "Extract the company name and the contract start date."),
                ],
                "text": {
                    "format": {
                        "type": "json_schema",
                        "name": "contract_data",
                        "description": "Extract contract fields",
                        "schema": CONTRACT,
                        "strict": False,
                    }
                },
            },
            Conversation(
                (says("Extract the company name and the contract start date."),),
                "You are a helpful extractor. Return only valid JSON.",
                response_format=ResponseFormat("contract_data", CONTRACT, "Extract contract fields"),
            ),
        ),
        (
            {"store": False, "input": "Compute 17*23 and explain the steps.", "reasoning": {"effort": "medium"}},
            Conversation((says("Compute 17*23 and explain the steps."),)),
        ),
    ],
)
def test_what_the_model_is_told(body: JsonObject, expected: Conversation) -> None:
    assert told(body) == expected


def test_a_function_is_offered_as_it_is() -> None:
    tool = {
        "type": "function",
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": WEATHER,
    }
    body = {"input": "What is the weather like in Boston today?", "tools": [tool], "tool_choice": "auto"}
    (functions,) = told(body).tools
    assert functions.tools == (Tool("get_current_weather", "Get the current weather in a given location", WEATHER),)


def test_a_tool_loop_in_chat_style() -> None:
    first = {"store": False, "input": [message("user", VAT_QUESTION)], "tools": [VAT_TOOL]}
    called = {"name": "get_vat_rate", "arguments": '{"country":"France"}'}
    asks = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": called}]}
    answers = {"role": "tool", "tool_call_id": "call_1", "name": "get_vat_rate", "content": '{"vat_rate": 0.2}'}
    loop = [message("user", VAT_QUESTION), {"type": "message", **asks}, {"type": "message", **answers}]
    assert told(first).messages == (says(VAT_QUESTION),)
    final = told(first | {"input": loop})
    assert final.tools == told(first).tools
    assert final.messages == (
        says(VAT_QUESTION),
        Message(
            Role.ASSISTANT,
            '{"country":"France"}',
            channel=Channel.COMMENTARY,
            recipient="functions.get_vat_rate",
            content_type="<|constrain|>json",
        ),
        Message(Role.TOOL, '{"vat_rate": 0.2}', name="functions.get_vat_rate", channel=Channel.COMMENTARY),
    )


@pytest.mark.parametrize(
    "part, kind",
    [
        ({"type": "input_image", "image_url": "https://example.com/boardwalk.jpg"}, "image"),
        ({"type": "input_image", "image_url": "data:image/png;base64,AAAA"}, "image"),
        ({"type": "input_file", "file_url": "https://example.com/letter.pdf", "detail": "auto"}, "file"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}, "audio"),
    ],
)
def test_what_is_no_text_is_refused(part: JsonObject, kind: str) -> None:
    content = [{"type": "input_text", "text": "What is in this?"}, part]
    with pytest.raises(InvalidRequestError, match=f"this model has no {kind} input") as caught:
        told({"input": [{"role": "user", "content": content}]})
    assert caught.value.param == "input[0].content[1].type"


def test_a_hosted_tool_is_left_out_and_that_is_said() -> None:
    body = b'{"model": "m", "tools": [{"type": "web_search_preview"}], "input": "What was a positive news story?"}'
    asked = parse(body, ResponseRequest)
    assert [notice.param for notice in notices(asked, asked.items)] == ["tools[0]"]


def test_the_endpoints_beside_it() -> None:
    counted = parse(b'{"model": "gpt-5", "input": "Tell me a joke."}', InputTokensRequest)
    assert conversation(counted, counted.items, None, str) == Conversation((says("Tell me a joke."),))
    page = {"type": "output_text", "annotations": [], "logprobs": [], "text": "Below is a page."}
    history = [
        {"role": "user", "content": "Create a simple landing page for a dog petting café."},
        {"id": "msg_001", "type": "message", "status": "completed", "content": [page], "role": "assistant"},
    ]
    compacted = parse(json.dumps({"model": "m", "input": history}).encode(), CompactRequest)
    assert [item.text for item in compacted.items if hasattr(item, "text")] == [
        "Create a simple landing page for a dog petting café.",
        "Below is a page.",
    ]
