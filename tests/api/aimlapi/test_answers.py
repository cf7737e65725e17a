from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ossian.api.aimlapi.answers import PricedAnswer, PricedChunks
from ossian.api.chat_completions.answer import ChatAnswer
from ossian.api.chat_completions.events import ChatChunks, ChatOptions
from ossian.api.fields import JsonObject
from ossian.api.head import Head
from ossian.harmony.events import Finished, MessageEnd, MessageStart, TextDelta, TurnEvent, Usage
from ossian.harmony.messages import Channel

HEAD = Head("chatcmpl-1", 1, "m", "fp")
META = {"usage": {"credits_used": 2.0, "usd_spent": 1e-06}}
USAGE = Usage(num_prompt_tokens=3, num_completion_tokens=2)
TURN: list[TurnEvent] = [
    MessageStart(Channel.FINAL),
    TextDelta("Hi"),
    MessageEnd(is_complete=True),
    Finished("stop", None, USAGE),
]


def chunks(num_choices: int = 1, *, include_usage: bool) -> list[JsonObject]:
    made = ChatChunks(HEAD, num_choices, ChatOptions(include_usage=include_usage), lambda: "call_1")
    asked = []

    def price() -> Decimal:
        asked.append(1)
        return Decimal("0.000001")

    priced = PricedChunks(made, num_choices, price)

    def run() -> Iterator[JsonObject]:
        yield from priced.open()
        for event in TURN:
            for index in range(num_choices):
                assert not asked, "the price is asked only when it is final"
                yield from priced.push(index, event)
        yield from priced.close()

    return list(run())


def plain(num_choices: int, *, include_usage: bool) -> list[Any]:
    made = ChatChunks(HEAD, num_choices, ChatOptions(include_usage=include_usage), lambda: "call_1")
    pushed = [chunk for event in TURN for index in range(num_choices) for chunk in made.push(index, event)]
    return [
        *ChatChunks(HEAD, num_choices, ChatOptions(include_usage=include_usage), str).open(),
        *pushed,
        *made.close(),
    ]


@pytest.mark.parametrize("include_usage", [True, False])
@pytest.mark.parametrize("num_choices", [1, 3])
def test_only_the_very_last_chunk_has_the_cost(num_choices: int, include_usage: bool) -> None:
    *others, last = chunks(num_choices, include_usage=include_usage)
    assert last.pop("meta") == META
    assert [*others, last] == plain(num_choices, include_usage=include_usage)
    assert (last["choices"] == []) == include_usage


def test_the_whole_answer_has_the_cost() -> None:
    answer = PricedAnswer(ChatAnswer())
    for chunk in chunks(include_usage=True):
        answer.add(chunk)
    body = answer.body()
    assert body.pop("meta") == META
    assert body["choices"][0]["message"]["content"] == "Hi"
    assert body["usage"]["total_tokens"] == 5
