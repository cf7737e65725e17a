from typing import Any

import pytest

from ossian.api.completions.prompt import sampling
from ossian.api.completions.schema import CompletionRequest
from ossian.engine.base import EngineInfo, SamplingParams

INFO = EngineInfo("m", 1000, 4096, (), "f")


def params(**fields: Any) -> SamplingParams:
    return sampling(CompletionRequest.model_validate({"model": "m", "prompt": "Hi", **fields}), INFO)


def test_the_limit_is_openais_when_not_given() -> None:
    assert params() == SamplingParams(max_tokens=16)
    assert params(max_tokens=5).max_tokens == 5
    assert params(max_tokens=0).max_tokens == 0


@pytest.mark.parametrize(
    "fields, num_logprobs, num_prompt_logprobs",
    [
        ({}, None, None),
        ({"logprobs": 0}, 0, None),
        ({"logprobs": 5}, 5, None),
        ({"echo": True}, None, None),
        ({"echo": True, "logprobs": 2}, 2, 2),
        ({"echo": True, "logprobs": 2, "prompt_logprobs": 4}, 2, 4),
        ({"prompt_logprobs": 3}, None, 3),
        ({"best_of": 2}, 0, None),
        ({"best_of": 2, "logprobs": 3}, 3, None),
        ({"best_of": 2, "n": 2}, None, None),
    ],
    ids=str,
)
def test_logprobs_are_asked_for_where_they_are_needed(
    fields: dict[str, Any], num_logprobs: int | None, num_prompt_logprobs: int | None
) -> None:
    own = params(**fields)
    assert (own.num_logprobs, own.num_prompt_logprobs) == (num_logprobs, num_prompt_logprobs)
