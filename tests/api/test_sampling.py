from dataclasses import replace
from typing import Any

import pytest

from ossian.api.sampling import SamplingFields, for_choice
from ossian.engine.base import EngineInfo, SamplingParams
from ossian.errors import InvalidRequestError

INFO = EngineInfo("m", 1000, 4096, (999,), "f")


def params(**fields: Any) -> SamplingParams:
    return SamplingFields(**fields).params(INFO, max_tokens=None, num_logprobs=None, num_prompt_logprobs=None)


def test_nothing_said_is_the_engines_default() -> None:
    assert params() == SamplingParams()


def test_null_is_the_default_too() -> None:
    assert params(**dict.fromkeys(SamplingFields.model_fields)) == SamplingParams()


@pytest.mark.parametrize("asked, used", [({}, 0.25), ({"temperature": None}, 0.25), ({"temperature": 0}, 0.0)])
def test_a_model_may_have_a_default_temperature(asked: dict[str, Any], used: float) -> None:
    info = replace(INFO, default_temperature=0.25)
    params = SamplingFields(**asked).params(info, max_tokens=None, num_logprobs=None, num_prompt_logprobs=None)
    assert params.temperature == used


def test_every_parameter_arrives() -> None:
    fields: dict[str, Any] = {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "min_p": 0.05,
        "seed": -7,
        "presence_penalty": 1.5,
        "frequency_penalty": -1.5,
        "repetition_penalty": 1.1,
        "logit_bias": {"5": -100, "999": 2.5},
        "stop": ["a", "b"],
        "stop_token_ids": [7, 8],
        "ignore_eos": True,
    }
    own = SamplingFields(**fields).params(INFO, max_tokens=9, num_logprobs=2, num_prompt_logprobs=3)
    assert own == SamplingParams(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        min_p=0.05,
        seed=-7,
        presence_penalty=1.5,
        frequency_penalty=-1.5,
        repetition_penalty=1.1,
        logit_bias={5: -100, 999: 2.5},
        stop=("a", "b"),
        stop_token_ids=(7, 8),
        ignore_eos=True,
        max_tokens=9,
        num_logprobs=2,
        num_prompt_logprobs=3,
    )


@pytest.mark.parametrize("value", [0, 0.0])
def test_zero_is_a_value_and_not_the_default(value: float) -> None:
    assert params(temperature=value).temperature == 0
    assert params(top_p=value).top_p == 0


@pytest.mark.parametrize("top_k", [-1, 0, None])
def test_all_tokens_are_asked_for_in_three_ways(top_k: int | None) -> None:
    assert params(top_k=top_k).top_k == 0


def test_a_single_stop_string() -> None:
    assert params(stop="END").stop == ("END",)
    assert params(stop=[]).stop == ()


@pytest.mark.parametrize("key", ["", "x", "-1", "1.5", " 1", "1000", "99999999999999999999", "²"])
def test_a_logit_bias_key_must_be_a_token_id(key: str) -> None:
    with pytest.raises(InvalidRequestError, match="is not a token id between 0 and 999") as caught:
        params(logit_bias={key: 1})
    assert (caught.value.param, caught.value.code) == ("logit_bias", "invalid_value")


def test_a_stop_token_id_must_be_in_the_vocabulary() -> None:
    with pytest.raises(InvalidRequestError, match=r"1000 is over the last token id, 999") as caught:
        params(stop_token_ids=[1, 1000])
    assert caught.value.param == "stop_token_ids[1]"


def test_each_answer_has_its_own_seed() -> None:
    seeded = SamplingParams(seed=5)
    assert [for_choice(seeded, index).seed for index in range(3)] == [5, 6, 7]
    assert for_choice(SamplingParams(), 3) == SamplingParams()


def test_the_seeds_of_several_answers_stay_in_64_bits() -> None:
    last = SamplingParams(seed=2**63 - 1)
    assert [for_choice(last, index).seed for index in range(3)] == [2**63 - 1, -(2**63), -(2**63) + 1]
