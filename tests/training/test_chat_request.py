import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random

import pytest

from ossian.api.chat_completions.prompt import conversation as told
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.harmony.messages import (
    Channel,
    Conversation,
    Message,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Tool,
    ToolNamespace,
)
from ossian.harmony.render import render
from ossian.harmony.tokenizer import Tokenizer
from training.chat_request import request_body
from training.conversations import held_out
from training.skills.exchange import COPY_END, COPY_START

TODAY = date(2026, 1, 2)
TOKENIZER = Tokenizer()
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("get_weather", "Weather", PARAMETERS)
PERSON = ResponseFormat("person", {"type": "object", "properties": {"name": {"type": "string"}}})


def call(tool: str, arguments: str = "{}") -> Message:
    recipient, content_type = f"functions.{tool}", "<|constrain|>json"
    return Message(
        Role.ASSISTANT, arguments, channel=Channel.COMMENTARY, recipient=recipient, content_type=content_type
    )


def result(tool: str, text: str) -> Message:
    return Message(Role.TOOL, text, name=f"functions.{tool}")


def analysis(text: str) -> Message:
    return Message(Role.ASSISTANT, text, channel=Channel.ANALYSIS)


def conversation(*messages: Message, tools: tuple[Tool, ...] = (WEATHER,)) -> Conversation:
    return Conversation(messages=messages, tools=(ToolNamespace("functions", tools),), current_date=TODAY)


def as_served(asked: Conversation) -> Conversation:
    """What a server makes of the request."""
    request = ChatCompletionRequest.model_validate({"model": "nano", **request_body(asked)})
    return told(request, asked.current_date)


def bodies(asked: Conversation) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = request_body(asked)["messages"]
    return messages


def test_a_whole_request() -> None:
    asked = replace(
        conversation(Message(Role.USER, "Hi")), instructions="Be brief.", reasoning_effort=ReasoningEffort.HIGH
    )
    function = {"name": "get_weather", "description": "Weather", "parameters": PARAMETERS}
    assert request_body(asked) == {
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "reasoning_effort": "high",
        "tools": [{"type": "function", "function": function}],
    }


def test_nothing_is_sent_that_is_not_there() -> None:
    assert request_body(Conversation((Message(Role.USER, "Hi"),))) == {
        "messages": [{"role": "user", "content": "Hi"}],
        "reasoning_effort": "medium",
    }
    tools = request_body(conversation(Message(Role.USER, "Hi"), tools=(Tool("ping"),)))["tools"]
    assert tools == [{"type": "function", "function": {"name": "ping", "description": ""}}]


def test_analysis_and_a_preamble_are_fields_of_the_call_they_lead_to() -> None:
    preamble = Message(Role.ASSISTANT, "One moment.", channel=Channel.COMMENTARY)
    asked = conversation(
        Message(Role.USER, "Weather?"), analysis("Look."), preamble, call("get_weather"), result("get_weather", "Sun")
    )
    function = {"name": "get_weather", "arguments": "{}"}
    assert bodies(asked)[1:] == [
        {
            "role": "assistant",
            "reasoning_content": "Look.",
            "content": "One moment.",
            "tool_calls": [{"id": "call_3", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_3", "content": "Sun"},
    ]


def test_a_result_has_the_id_of_its_tools_first_call_without_one() -> None:
    asked = conversation(
        *(
            Message(Role.USER, "?"),
            call("a"),
            call("b"),
            call("a"),
            result("b", "1"),
            result("a", "2"),
            result("a", "3"),
        ),
        *(call("b"), result("b", "4")),
        tools=(Tool("a"), Tool("b")),
    )
    ids = {body["content"]: body["tool_call_id"] for body in bodies(asked) if body["role"] == "tool"}
    assert ids == {"1": "call_2", "2": "call_1", "3": "call_3", "4": "call_7"}
    assert render(as_served(asked), TOKENIZER) == render(asked, TOKENIZER)


def test_a_result_without_a_call_is_a_mistake_in_the_conversation() -> None:
    with pytest.raises(ValueError, match="not in list"):
        request_body(conversation(Message(Role.USER, "?"), result("get_weather", "Sun")))


def test_analysis_that_leads_nowhere_is_a_mistake_in_the_conversation() -> None:
    with pytest.raises(AssertionError, match="leads to"):
        request_body(conversation(Message(Role.USER, "?"), analysis("Hm.")))


@pytest.mark.parametrize("instructions", [None, "Be brief."])
@pytest.mark.parametrize("described", ["", "Who it is"])
def test_a_response_format_is_a_field_of_the_request(instructions: str | None, described: str) -> None:
    form = replace(PERSON, description=described)
    asked = Conversation((Message(Role.USER, "?"),), instructions=instructions, response_format=form)
    assert as_served(asked) == asked


def drawn(num: int) -> Iterator[Conversation]:
    random = Random(4)
    yield from (held_out(random)[0] for _ in range(num))


def test_the_server_prompts_the_model_as_training_does() -> None:
    asked = list(drawn(250))
    assert any(each.response_format is not None for each in asked)
    assert any(message.role is Role.TOOL for each in asked for message in each.messages)
    for each in asked:
        assert render(as_served(each), TOKENIZER) == render(each, TOKENIZER)


def test_every_request_is_one_the_server_takes_and_holds_no_marks_of_copies() -> None:
    for each in drawn(250):
        assert as_served(each).messages
        assert not {COPY_START, COPY_END} & set(json.dumps(request_body(each), ensure_ascii=False))
