"""Streams made from a turn's events, for the tests of this folder."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

from ossian.api.fields import JsonObject
from ossian.api.head import Head
from ossian.api.responses.dialects import Dialect, DialectWriter
from ossian.api.responses.events import ResponseEvents, ResponseOptions
from ossian.api.responses.response import response_body
from ossian.api.responses.schema import ENCRYPTED_REASONING, LOGPROBS, ResponseRequest
from ossian.api.responses.tools import ToolName
from ossian.harmony.events import (
    Finished,
    MessageEnd,
    MessageStart,
    TextDelta,
    TokenChoice,
    TokenText,
    TurnEvent,
    Usage,
)
from ossian.harmony.messages import Channel

HEAD = Head("resp_1", 1_763_680_000, "openai/gpt-oss-20b", "fp_1")
NOW = 1_763_680_009
USAGE = Usage(num_prompt_tokens=9, num_cached_tokens=4, num_completion_tokens=5, num_reasoning_tokens=1)
STOP = Finished("stop", None, USAGE)
LENGTH = Finished("length", None, USAGE)
TOKEN = TokenChoice(TokenText(65, b"a", -0.5), (TokenText(65, b"a", -0.5), TokenText(66, b"\xe2", -1.5)))
TOOLS = {
    "add": ToolName("function", "add"),
    "files__read": ToolName("function", "read", "files"),
    "sql": ToolName("custom", "sql"),
    "db__sql": ToolName("custom", "sql", "db"),
}


def conceal(text: str) -> str:
    return f"~{text[::-1]}"


def reveal(encrypted: str) -> str:
    return encrypted[:0:-1]


OPTIONS = ResponseOptions(TOOLS)
ALL_OPTIONS = ResponseOptions(TOOLS, frozenset({LOGPROBS, ENCRYPTED_REASONING}), conceal)


def message(channel: Channel, *texts: str, to: str | None = None, is_complete: bool = True) -> list[TurnEvent]:
    return [MessageStart(channel, to), *(TextDelta(text) for text in texts), MessageEnd(is_complete)]


def thought(*texts: str, is_complete: bool = True) -> list[TurnEvent]:
    return message(Channel.ANALYSIS, *texts, is_complete=is_complete)


def preamble(*texts: str) -> list[TurnEvent]:
    return message(Channel.COMMENTARY, *texts)


def answer(*texts: str, is_complete: bool = True) -> list[TurnEvent]:
    return message(Channel.FINAL, *texts, is_complete=is_complete)


def call(name: str, *texts: str, is_complete: bool = True) -> list[TurnEvent]:
    return message(Channel.COMMENTARY, *texts, to=f"functions.{name}", is_complete=is_complete)


def body(**fields: Any) -> JsonObject:
    request = ResponseRequest.model_validate({"model": "gpt-oss-20b", "input": "Hi", **fields})
    return response_body(request, HEAD, store=True)


def new_ids() -> Callable[[str], str]:
    numbers = count(1)
    return lambda prefix: f"{prefix}{next(numbers)}"


def response_events(options: ResponseOptions = OPTIONS, **fields: Any) -> ResponseEvents:
    return ResponseEvents(body(**fields), options, new_ids())


def stream_of(turn: Iterable[TurnEvent], options: ResponseOptions = OPTIONS, **fields: Any) -> list[JsonObject]:
    """The canonical events of a turn that ends by itself."""
    events = response_events(options, **fields)
    return [*events.open(), *(made for event in turn for made in events.push(event)), *events.close(NOW)]


def written(events: Iterable[JsonObject], dialect: Dialect) -> list[JsonObject]:
    """What a client gets for canonical events."""
    writer = DialectWriter(dialect)
    return [made for event in events for made in writer.write(event)]


def shown(events: Iterable[JsonObject]) -> Iterator[str]:
    """The types of events, `response.` left out."""
    return (event["type"].removeprefix("response.") for event in events)


TURNS: dict[str, tuple[list[TurnEvent], dict[str, Any]]] = {
    "answer": ([*thought("The user", " greets."), *answer("Hello", " there!"), STOP], {}),
    "answer_with_everything_included": (
        [
            *thought("Hm."),
            MessageStart(Channel.FINAL),
            TextDelta("a", (TOKEN,)),
            TextDelta("", (TOKEN,)),
            TextDelta("b", (TOKEN, TOKEN)),
            MessageEnd(),
            STOP,
        ],
        {"include": [LOGPROBS, ENCRYPTED_REASONING], "top_logprobs": 2},
    ),
    "tool_calls_after_a_preamble": (
        [
            *thought("Look it up."),
            *preamble("I look", " it up."),
            *call("files__read", '{"path": "a\\', "n\\ud83d", '\\ude00"}'),
            *call("add"),
            STOP,
        ],
        {},
    ),
    "custom_tool_call": ([*thought("SQL."), *call("db__sql", "SELECT \\", "n"), STOP], {}),
    "cut_off_in_reasoning": ([*thought("The us", is_complete=False), LENGTH], {"max_output_tokens": 5}),
    "cut_off_in_a_call": (
        [*thought("Add."), *call("add", '{"a": 1, "b": "\\u0', is_complete=False), LENGTH],
        {"max_output_tokens": 20},
    ),
}
