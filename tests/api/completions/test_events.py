from collections.abc import Iterable
from typing import Any

import pytest
from openai.types import Completion

from ossian.api.completions.events import CompletionChunks
from ossian.api.completions.options import CompletionOptions
from ossian.api.head import Head
from ossian.harmony.events import Finished, TextDelta, TokenChoice, TokenText, TurnEvent, Usage

HEAD = Head("cmpl-1", 1_763_680_000, "ossian-nano", "fp_1")
STOP = Finished("stop", None, Usage(9, 4, 5, 0))


def token(text: str, logprob: float = -0.5) -> TokenChoice:
    chosen = TokenText(len(text), text.encode(), logprob)
    return TokenChoice(chosen, (chosen, TokenText(0, b"other", -2.0)))


def chunks_of(options: CompletionOptions, *turns: Iterable[TurnEvent]) -> list[dict[str, Any]]:
    chunks = CompletionChunks(HEAD, options)
    made = [*chunks.open()]
    made += [chunk for index, turn in enumerate(turns) for event in turn for chunk in chunks.push(index, event)]
    made += chunks.close()
    for chunk in made:
        assert Completion.model_validate({**chunk, "choices": []}).id == "cmpl-1"
    return made


def choices(options: CompletionOptions, *turns: Iterable[TurnEvent]) -> list[dict[str, Any]]:
    return [choice for chunk in chunks_of(options, *turns) for choice in chunk["choices"]]


def test_text_comes_as_it_is_written() -> None:
    assert chunks_of(CompletionOptions(("Hi",), include_usage=False), [TextDelta("a"), TextDelta(" b"), STOP]) == [
        HEAD.body("text_completion") | {"choices": [choice]}
        for choice in (
            {"text": "a", "index": 0, "logprobs": None, "finish_reason": None},
            {"text": " b", "index": 0, "logprobs": None, "finish_reason": None},
            {"text": "", "index": 0, "logprobs": None, "finish_reason": "stop", "stop_reason": None},
        )
    ]


def test_an_empty_delta_is_nothing() -> None:
    assert len(choices(CompletionOptions(("Hi",)), [TextDelta(""), STOP])) == 1


def test_the_prompt_is_echoed_for_every_choice() -> None:
    options = CompletionOptions(("a", "b"), n=2, num_candidates=2, echo=True)
    assert [(each["index"], each["text"]) for each in choices(options, [STOP], [STOP], [STOP], [STOP])[:4]] == [
        (0, "a"),
        (1, "a"),
        (2, "b"),
        (3, "b"),
    ]


def test_usage_counts_every_prompt_once() -> None:
    options = CompletionOptions(("a", "b"), n=2, num_candidates=2)
    *before, last = chunks_of(options, [STOP], [STOP], [STOP], [STOP])
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens"] == 18
    assert last["usage"]["completion_tokens"] == 20
    assert all(chunk["usage"] is None for chunk in before)


def test_logprobs_say_where_in_the_text_each_token_is() -> None:
    first, second, _ = choices(
        CompletionOptions(("Hi",), include_logprobs=True),
        [TextDelta("ab", (token("a"), token("b"))), TextDelta("c", (token("c", -1.0),)), STOP],
    )
    assert first["logprobs"] == {
        "tokens": ["a", "b"],
        "token_logprobs": [-0.5, -0.5],
        "top_logprobs": [{"a": -0.5, "other": -2.0}, {"b": -0.5, "other": -2.0}],
        "text_offset": [0, 1],
    }
    assert second["logprobs"]["text_offset"] == [2]


def test_a_special_token_takes_no_room_in_the_text() -> None:
    options = CompletionOptions(("Hi",), include_logprobs=True)
    first, second, _ = choices(options, [TextDelta("", (token("<|end|>"),)), TextDelta("a", (token("a"),)), STOP])
    assert first["logprobs"]["tokens"] == ["<|end|>"]
    assert second["logprobs"]["text_offset"] == [0]


def test_echoed_logprobs_come_last_and_belong_first() -> None:
    options = CompletionOptions(("Hi you",), include_logprobs=True, echo=True)
    finished = Finished("stop", None, Usage(), (None, token(" you")))
    _, own, last = choices(options, [TextDelta("!", (token("!"),)), finished])
    assert own["logprobs"]["text_offset"] == [6]
    assert last["logprobs"] == {
        "tokens": ["Hi", " you"],
        "token_logprobs": [None, -0.5],
        "top_logprobs": [None, {" you": -0.5, "other": -2.0}],
        "text_offset": [0, 2],
    }


def test_a_character_of_several_tokens_stands_at_one_place() -> None:
    options = CompletionOptions(("Hi\N{GRINNING FACE}!",), include_logprobs=True, echo=True)
    parts = [TokenChoice(TokenText(1, part, -0.5), ()) for part in (b"\xf0\x9f", b"\x98\x80", b"!")]
    *_, last = choices(options, [Finished("stop", None, Usage(), (None, *parts))])
    assert last["logprobs"]["tokens"] == ["Hi", r"\xf0\x9f", r"\x98\x80", "!"]
    assert last["logprobs"]["text_offset"] == [0, 2, 2, 3]


def test_a_prompt_of_one_token_has_one_place() -> None:
    options = CompletionOptions(("Hi",), include_logprobs=True, echo=True)
    *_, last = choices(options, [Finished("stop", None, Usage(), (None,))])
    assert last["logprobs"]["text_offset"] == [0]


@pytest.mark.parametrize("is_asked", [True, False])
def test_prompt_logprobs_only_when_asked(is_asked: bool) -> None:
    options = CompletionOptions(("Hi",), include_prompt_logprobs=is_asked)
    (last,) = choices(options, [Finished("stop", None, Usage(), (None, token("a")))])
    assert ("prompt_logprobs" in last) is is_asked


def test_how_it_ended() -> None:
    (last,) = choices(CompletionOptions(("Hi",)), [Finished("stop", "END", Usage())])
    assert (last["finish_reason"], last["stop_reason"]) == ("stop", "END")
