"""The sampling parameters that chat completions and completions share."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from ossian.api.fields import BOUNDED, RequestModel, StopStrings
from ossian.engine.base import EngineInfo, SamplingParams
from ossian.errors import InvalidRequestError

MAX_N = 16
_INT64 = 2**63

Penalty = Annotated[float, Field(ge=-2, le=2)]


class SamplingFields(RequestModel):
    """How tokens are chosen and when an answer ends. Null means the default, as in OpenAI's API."""

    temperature: float | None = Field(default=None, ge=0, le=2, description="0 is greedy; the default is the model's.")
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=-1, lt=2**31, description="0, -1 or null: all tokens.")
    min_p: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=-_INT64, lt=_INT64)
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    repetition_penalty: float | None = Field(default=None, ge=1e-6, le=10, description="1 is no penalty.")
    logit_bias: Annotated[dict[str, Annotated[float, Field(ge=-100, le=100)]], BOUNDED] | None = None
    stop: StopStrings | None = None
    stop_token_ids: list[Annotated[int, Field(ge=0)]] | None = Field(default=None, max_length=128)
    ignore_eos: bool | None = Field(default=None, description="Go on after the model's own stop tokens.")
    n: int | None = Field(default=None, ge=1, le=MAX_N, description="Answers to generate.")

    def params(
        self, info: EngineInfo, *, max_tokens: int | None, num_logprobs: int | None, num_prompt_logprobs: int | None
    ) -> SamplingParams:
        """Return the engine's parameters. Raises InvalidRequestError for token ids outside the vocabulary."""
        return SamplingParams(
            temperature=_or(self.temperature, info.default_temperature),
            top_p=_or(self.top_p, 1.0),
            top_k=max(self.top_k or 0, 0),
            min_p=self.min_p or 0.0,
            seed=self.seed,
            max_tokens=max_tokens,
            presence_penalty=self.presence_penalty or 0.0,
            frequency_penalty=self.frequency_penalty or 0.0,
            repetition_penalty=_or(self.repetition_penalty, 1.0),
            logit_bias=_logit_bias(self.logit_bias or {}, info.vocab_size),
            num_logprobs=num_logprobs,
            num_prompt_logprobs=num_prompt_logprobs,
            stop=_as_tuple(self.stop),
            stop_token_ids=_stop_token_ids(self.stop_token_ids or [], info.vocab_size),
            ignore_eos=bool(self.ignore_eos),
        )


def for_choice(params: SamplingParams, index: int) -> SamplingParams:
    """Return the parameters of one of several answers: each has a seed of its own."""
    if params.seed is None or index == 0:
        return params
    return replace(params, seed=(params.seed + index + _INT64) % (2 * _INT64) - _INT64)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _as_tuple(stop: str | list[str] | None) -> tuple[str, ...]:
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def _logit_bias(bias: dict[str, float], vocab_size: int) -> dict[int, float]:
    return {_token_id(key, vocab_size): value for key, value in bias.items()}


def _token_id(key: str, vocab_size: int) -> int:
    if not (key.isascii() and key.isdigit() and len(key) <= 10 and int(key) < vocab_size):
        raise InvalidRequestError(
            f"Invalid key in 'logit_bias': '{key[:40]}' is not a token id between 0 and {vocab_size - 1}.",
            param="logit_bias",
            code="invalid_value",
        )
    return int(key)


def _stop_token_ids(token_ids: list[int], vocab_size: int) -> tuple[int, ...]:
    for index, token_id in enumerate(token_ids):
        if token_id >= vocab_size:
            raise InvalidRequestError(
                f"Invalid value for 'stop_token_ids[{index}]': {token_id} is over the last token id, {vocab_size - 1}.",
                param=f"stop_token_ids[{index}]",
                code="invalid_value",
            )
    return tuple(token_ids)
