import json
from typing import Any

import pytest

from ossian.api.completions.schema import CompletionRequest
from ossian.api.validation import parse
from ossian.errors import InvalidRequestError


def request(**fields: Any) -> CompletionRequest:
    return parse(json.dumps({"model": "m", "prompt": "Hi", **fields}).encode(), CompletionRequest)


@pytest.mark.parametrize(
    "prompt, prompts",
    [
        ("Hi", ["Hi"]),
        ("", [""]),
        (None, [""]),
        (["Hi", "You"], ["Hi", "You"]),
        ([1, 2], [[1, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
    ],
    ids=str,
)
def test_a_prompt_has_four_forms(prompt: Any, prompts: list[Any]) -> None:
    assert request(prompt=prompt).prompts == prompts


@pytest.mark.parametrize(
    "fields, param, message",
    [
        ({"suffix": "end"}, "suffix", "cannot fill in the middle"),
        ({"logprobs": 6}, "logprobs", "less than or equal to 5"),
        ({"logprobs": True}, "logprobs", "expected an integer"),
        ({"best_of": 1, "n": 2}, "best_of", "must not be less than 'n'"),
        ({"best_of": 2, "stream": True}, "best_of", "cannot be more than 'n' in a stream"),
        ({"best_of": 17}, "best_of", "less than or equal to 16"),
        ({"stream_options": {}}, "stream_options", "needs 'stream' to be true"),
        ({"echo": True, "logprobs": 0, "stream": True}, "echo", "cannot be streamed together with 'logprobs'"),
        ({"prompt": ["a"] * 60, "n": 2}, "prompt", "asks for 120 answers; the most is 64"),
        ({"max_tokens": -1}, "max_tokens", "greater than or equal to 0"),
        ({"messages": []}, "messages", "Unknown parameter"),
    ],
)
def test_what_cannot_be_asked(fields: dict[str, Any], param: str, message: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        request(**fields)
    assert caught.value.param == param
    assert message in caught.value.message


@pytest.mark.parametrize("name", sorted(set(CompletionRequest.model_fields) - {"model", "prompt"}))
def test_null_means_not_given(name: str) -> None:
    assert getattr(request(**{name: None}), name) is None


@pytest.mark.parametrize(
    "fields, number", [({}, 1), ({"n": 3}, 3), ({"best_of": 4}, 4), ({"n": 2, "best_of": 5}, 5), ({"best_of": None}, 1)]
)
def test_the_number_of_candidates(fields: dict[str, Any], number: int) -> None:
    assert request(**fields).num_candidates == number
