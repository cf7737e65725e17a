from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion

from ossian.api.completions.answer import collect
from ossian.api.completions.events import CompletionChunks
from ossian.api.completions.options import CompletionOptions
from ossian.api.head import Head
from ossian.harmony.events import Finished, TextDelta, TokenChoice, TokenText, TurnEvent, Usage

HEAD = Head("cmpl-1", 1_763_680_000, "ossian-nano", "fp_1")


def delta(text: str, logprob: float = -0.5) -> TextDelta:
    return TextDelta(text, (TokenChoice(TokenText(1, text.encode(), logprob)),))


def stop(num_tokens: int = 5) -> Finished:
    return Finished("stop", None, Usage(9, 4, num_tokens, 0))


def whole(options: CompletionOptions, *turns: list[TurnEvent]) -> dict[str, Any]:
    chunks = CompletionChunks(HEAD, options)
    pushed = [chunk for index, turn in enumerate(turns) for event in turn for chunk in chunks.push(index, event)]
    return collect(options, [*chunks.open(), *pushed, *chunks.close()])


def test_a_continuation() -> None:
    body = whole(CompletionOptions(("Hi",)), [TextDelta(" you"), TextDelta("!"), stop()])
    assert body == HEAD.body("text_completion") | {
        "choices": [
            {
                "text": " you!",
                "index": 0,
                "logprobs": None,
                "finish_reason": "stop",
                "stop_reason": None,
                "prompt_logprobs": None,
            }
        ],
        "usage": body["usage"],
    }
    assert body["usage"]["total_tokens"] == 14


def test_the_openai_sdk_takes_it() -> None:
    options = CompletionOptions(("a", "b"), n=2, num_candidates=2, include_logprobs=True)
    answer: list[TurnEvent] = [delta("x"), stop()]
    body = whole(options, answer, answer, answer, answer)
    assert Completion.model_validate(body, strict=True).choices[3].text == "x"


def test_the_prompt_comes_first_when_echoed_with_its_logprobs() -> None:
    options = CompletionOptions(("Hi you",), include_logprobs=True, echo=True)
    prompt = (None, TokenChoice(TokenText(1, b" you", -0.25)))
    (choice,) = whole(options, [delta("!"), Finished("stop", None, Usage(), prompt)])["choices"]
    assert choice["text"] == "Hi you!"
    assert choice["logprobs"]["tokens"] == ["Hi", " you", "!"]
    assert choice["logprobs"]["token_logprobs"] == [None, -0.25, -0.5]
    assert choice["logprobs"]["text_offset"] == [0, 2, 6]


def test_of_several_candidates_the_likeliest_are_answered_best_first() -> None:
    options = CompletionOptions(("Hi",), n=2, num_candidates=3)
    body = whole(options, [delta("a", -3), stop()], [delta("b", -1), delta("b", -2), stop()], [delta("c", -1), stop()])
    assert [(choice["index"], choice["text"]) for choice in body["choices"]] == [(0, "c"), (1, "bb")]
    assert [choice["logprobs"] for choice in body["choices"]] == [None, None]
    assert body["usage"]["completion_tokens"] == 15


def test_echoing_the_prompt_makes_no_other_candidate_the_best() -> None:
    prompt = (None, *(TokenChoice(TokenText(1, b"Hi", -5)) for _ in range(100)))
    ended = Finished("stop", None, Usage(), prompt)
    for echo in (True, False):
        options = CompletionOptions(("Hi",), n=1, num_candidates=2, echo=echo, include_logprobs=True)
        body = whole(options, [delta("b", -0.1), ended], [*(delta("a", -1) for _ in range(50)), ended])
        assert body["choices"][0]["text"].endswith("b")


def test_the_best_are_found_for_every_prompt() -> None:
    options = CompletionOptions(("a", "b"), n=1, num_candidates=2)
    turns: list[list[TurnEvent]] = [
        [delta(text, logprob), stop()] for text, logprob in zip("wxyz", (-1, -2, -2, -1), strict=False)
    ]
    assert [choice["text"] for choice in whole(options, *turns)["choices"]] == ["w", "z"]


def test_a_candidate_without_tokens_is_the_worst() -> None:
    options = CompletionOptions(("a",), n=1, num_candidates=2)
    assert whole(options, [stop()], [delta("x", -9), stop()])["choices"][0]["text"] == "x"


def test_without_a_choice_the_order_stays() -> None:
    options = CompletionOptions(("a",), n=2, num_candidates=2, include_logprobs=True)
    body = whole(options, [delta("x", -9), stop()], [delta("y", -1), stop()])
    assert [choice["text"] for choice in body["choices"]] == ["x", "y"]
    assert body["choices"][0]["logprobs"]["token_logprobs"] == [-9]


@given(st.lists(st.lists(st.text(max_size=4), max_size=5), min_size=1, max_size=4), st.booleans())
def test_the_answer_is_the_fold_of_the_stream(texts: list[list[str]], echo: bool) -> None:
    options = CompletionOptions(("Hi",), n=len(texts), num_candidates=len(texts), echo=echo)
    turns: list[list[TurnEvent]] = [[*map(TextDelta, own), stop()] for own in texts]
    body = whole(options, *turns)
    start = "Hi" if echo else ""
    assert [choice["text"] for choice in body["choices"]] == [start + "".join(own) for own in texts]
