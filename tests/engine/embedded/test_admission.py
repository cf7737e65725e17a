"""What cannot be computed is refused by name, before it reaches the step thread."""

import math
from typing import Any

import pytest

from ossian.engine.base import EngineInfo, EngineRequest, SamplingParams
from ossian.engine.embedded.admission import check_request
from ossian.errors import ContextLengthError, InvalidRequestError

INFO = EngineInfo("tiny", 50, 10, (49,), "fp")


def check(*prompt: int, **sampling: Any) -> None:
    check_request(EngineRequest("r", prompt, SamplingParams(**sampling)), INFO)


def test_the_defaults_and_the_ends_of_every_range_are_fine() -> None:
    check(0, 49)
    check(1, temperature=0.0, top_p=0.0, top_k=0, min_p=0.0, max_tokens=0, num_logprobs=0, num_prompt_logprobs=0)
    check(1, temperature=2.0, top_p=1.0, min_p=1.0, num_logprobs=20, num_prompt_logprobs=20, logit_bias={0: -100.0})
    check(*range(9))


def test_an_empty_prompt() -> None:
    with pytest.raises(InvalidRequestError, match="no tokens"):
        check()


@pytest.mark.parametrize("num_tokens", [10, 11])
def test_a_prompt_that_fills_the_context(num_tokens: int) -> None:
    with pytest.raises(ContextLengthError, match=f"10 tokens .* has {num_tokens}") as caught:
        check(*range(num_tokens))
    assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize("token_id", [-1, 50, 2**40])
def test_a_token_outside_the_vocabulary(token_id: int) -> None:
    with pytest.raises(InvalidRequestError, match=rf"prompt has token id {token_id}; the vocabulary is 0\.\.49"):
        check(1, token_id)
    with pytest.raises(InvalidRequestError, match=f"logit_bias has token id {token_id}"):
        check(1, logit_bias={token_id: 1.0})


@pytest.mark.parametrize(
    "name, value",
    [
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("temperature", 1e39),
        ("top_p", 1.1),
        ("top_p", -0.1),
        ("top_k", -1),
        ("top_k", 2**31),
        ("min_p", 1.5),
        ("max_tokens", -1),
        ("presence_penalty", math.inf),
        ("frequency_penalty", math.nan),
        ("repetition_penalty", 0.0),
        ("num_logprobs", 21),
        ("num_prompt_logprobs", 21),
        ("logit_bias", {1: math.nan}),
        ("logit_bias", {1: -1e39}),
        ("logit_bias", {1: 10**400}),
    ],
)
def test_a_value_out_of_range(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError, match=name) as caught:
        check(1, **{name: value})
    assert caught.value.param == name
