"""Tools through the real client over a real socket, with an engine that takes no masks and says what the test wants."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict

from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.encoding import load_encoding
from tests.server.serving import CALL, MODEL, Served, in_turn, scripted, serving

QUESTION: list[Any] = [{"role": "user", "content": "The weather in Köln?"}]
FINAL = "<|channel|>final<|message|>Sunny.<|return|>"
SQL: dict[str, Any] = {"type": "custom", "custom": {"name": "sql", "description": "Ask the database."}}
SQL_CALL = "<|channel|>commentary to=functions.sql code<|message|>SELECT 1;\n<|call|>"
NOW: dict[str, Any] = {"type": "function", "function": {"name": "now", "parameters": {}}}
NOW_CALL = "<|channel|>commentary to=functions.now <|constrain|>json<|message|><|call|>"
ESCAPES = CALL.replace("Paris", "K\\u00f6ln \\ud83c\\udf1e")


class GetWeather(BaseModel):
    """Get the weather."""

    model_config = ConfigDict(extra="forbid")

    city: str


WEATHER: dict[str, Any] = openai.pydantic_function_tool(GetWeather, name="get_weather")  # type: ignore[assignment]


def ask(server: Served, messages: list[Any] = QUESTION, **fields: Any) -> ChatCompletion:
    create: Any = server.client.chat.completions.create
    answer: ChatCompletion = create(model=MODEL, messages=messages, **fields)
    ChatCompletion.model_validate(answer.model_dump(), strict=True)  # the SDK builds its models without checking
    return answer


def prompt_of(server: Served, number: int) -> str:
    assert isinstance(server.engine, ScriptedEngine)
    return load_encoding().decode(list(server.engine.requests[number].prompt_token_ids))


def deltas(server: Served, **fields: Any) -> Iterator[Any]:
    create: Any = server.client.chat.completions.create
    for chunk in create(model=MODEL, messages=QUESTION, stream=True, **fields):
        for choice in chunk.choices:
            yield choice.delta


def test_a_custom_tool_there_and_back() -> None:
    with serving(ScriptedEngine(in_turn(SQL_CALL, FINAL))) as server:
        said = ask(server, tools=[SQL]).choices[0]
        assert said.message.tool_calls is not None
        (call,) = said.message.tool_calls
        assert call.type == "custom"
        assert (call.custom.name, call.custom.input) == ("sql", "SELECT 1;\n")
        result = {"role": "tool", "tool_call_id": call.id, "content": "1"}
        again = ask(server, [*QUESTION, said.message.model_dump(), result], tools=[SQL])
        assert again.choices[0].message.content == "Sunny."
        assert (
            "// Ask the database.\n// The input is plain text, not JSON.\ntype sql = (_: string) => any;"
            in prompt_of(server, 0)
        )
        assert " to=functions.sql<|channel|>commentary code<|message|>SELECT 1;\n<|call|>" in prompt_of(server, 1)


def test_a_function_in_the_older_form_there_and_back() -> None:
    with serving(ScriptedEngine(in_turn(CALL, FINAL))) as server:
        functions = [WEATHER["function"]]
        said = ask(server, functions=functions, function_call="auto").choices[0]
        assert said.finish_reason == "function_call"
        assert said.message.function_call is not None
        assert said.message.tool_calls is None
        assert json.loads(said.message.function_call.arguments) == {"city": "Paris"}
        result = {"role": "function", "name": "get_weather", "content": "clear"}
        again = ask(server, [*QUESTION, said.message.model_dump(), result], functions=functions)
        assert again.choices[0].message.content == "Sunny."
        assert "<|start|>functions.get_weather to=assistant<|channel|>commentary<|message|>clear" in prompt_of(
            server, 1
        )


def test_a_call_without_arguments_streamed_and_not() -> None:
    with serving(scripted(NOW_CALL)) as server:
        message = ask(server, tools=[NOW]).choices[0].message
        calls = [call for delta in deltas(server, tools=[NOW]) for call in delta.tool_calls or ()]
        assert "type now = () => any;" in prompt_of(server, 0)
    assert message.tool_calls is not None
    assert [call.function.arguments for call in message.tool_calls if call.type == "function"] == ["{}"]
    assert [(call.function.name, call.function.arguments) for call in calls] == [("now", ""), (None, "{}")]
    assert [call.id is None for call in calls] == [False, True]


def test_the_stream_helper_parses_arguments_as_they_come() -> None:
    """The SDK's parser sees every beginning of the arguments; none shows half a character."""
    seen = []
    with serving(scripted(ESCAPES)) as server:
        stream: Any = server.client.chat.completions.stream
        with stream(model=MODEL, messages=QUESTION, tools=[WEATHER]) as events:
            seen = [event.arguments for event in events if event.type == "tool_calls.function.arguments.delta"]
            (call,) = events.get_final_completion().choices[0].message.tool_calls
    assert call.function.parsed_arguments == GetWeather(city="Köln 🌞")
    assert [text[text.rfind("\\u") :] for text in seen if "\\u" in text[-6:]] == ["\\u00f6", "\\udf1e"]


def test_a_call_that_is_cut_off_says_so_streamed_and_not() -> None:
    with serving(scripted(CALL)) as server:
        choice = ask(server, tools=[WEATHER], max_tokens=26).choices[0]
        pieces = [call for delta in deltas(server, tools=[WEATHER], max_tokens=26) for call in delta.tool_calls or ()]
    assert choice.finish_reason == "length"
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert '{"city": "Paris"}'.startswith(call.function.arguments)
    assert "".join(piece.function.arguments for piece in pieces) == call.function.arguments


def test_the_sdk_parses_an_answer() -> None:
    with serving(scripted('<|channel|>final<|message|>{"city": "Köln"}<|return|>')) as server:
        parse = server.client.chat.completions.parse
        message = parse(model=MODEL, messages=QUESTION, response_format=GetWeather).choices[0].message
        shown = prompt_of(server, 0)
    assert message.parsed == GetWeather(city="Köln")
    assert "# Response Formats\n\n## GetWeather\n\n{" in shown


@pytest.mark.parametrize(
    "fields, is_warned",
    [
        ({"tools": [NOW]}, False),
        ({"tools": [NOW], "tool_choice": "none"}, False),
        ({"tools": [NOW], "tool_choice": "required"}, True),
        ({"functions": [NOW["function"]], "function_call": {"name": "now"}}, True),
        ({"response_format": {"type": "text"}}, False),
        ({"response_format": {"type": "json_object"}}, True),
        ({"reasoning": {"max_tokens": 9}}, True),
    ],
    ids=str,
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_only_asked_of_the_model_is_said(fields: dict[str, Any], is_warned: bool, stream: bool) -> None:
    with serving(scripted()) as server:
        answer = server.chat(stream=stream, **fields)
    assert ("not enforced" in answer.headers.get("x-ossian-warning", "")) is is_warned


@pytest.mark.parametrize(
    "messages, param",
    [
        ([{"role": "tool", "tool_call_id": "a", "content": "1"}], "messages[1].tool_call_id"),
        (
            [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "now", "arguments": "{}"}}]}],
            "messages[1].tool_calls[0]",
        ),
    ],
)
def test_results_and_calls_that_do_not_fit_are_the_sdks_exceptions(messages: list[Any], param: str) -> None:
    with serving(scripted()) as server, pytest.raises(openai.BadRequestError) as caught:
        ask(server, [*QUESTION, *messages], tools=[NOW])
    assert (caught.value.param, caught.value.code) == (param, "invalid_value")
