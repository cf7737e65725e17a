from typing import Any

import pytest

from ossian.api.completions.options import CompletionOptions
from ossian.api.completions.schema import CompletionRequest


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, {}),
        ({"stream": True}, {"include_usage": False}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {}),
        ({"logprobs": 0}, {"include_logprobs": True}),
        ({"prompt_logprobs": 0}, {"include_prompt_logprobs": True}),
        ({"echo": True}, {"echo": True}),
        ({"n": 2}, {"n": 2, "num_candidates": 2}),
        ({"n": 2, "best_of": 3}, {"n": 2, "num_candidates": 3}),
    ],
    ids=str,
)
def test_options_are_the_requests(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    request = CompletionRequest.model_validate({"model": "m", "prompt": "Hi", **fields})
    assert CompletionOptions.of(request, ["Hi"]) == CompletionOptions(("Hi",), **expected)


def test_every_choice_has_its_prompt() -> None:
    assert CompletionOptions(("a", "b"), num_candidates=2).texts == ["a", "a", "b", "b"]
