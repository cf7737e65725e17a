"""Can a request be computed at all? Refused here, it never reaches the step thread, where it could fail others."""

import numpy as np

from ossian.engine.base import EngineInfo, EngineRequest, SamplingParams
from ossian.errors import ContextLengthError, InvalidRequestError

MAX_LOGPROBS = 20
MAX_FLOAT32 = float(np.finfo(np.float32).max)  # the kernels': what is more would become infinite there

RANGES: dict[str, tuple[float, float]] = {  # both ends included; None, where a field may be that, is fine
    "temperature": (0.0, MAX_FLOAT32),
    "top_p": (0.0, 1.0),
    "top_k": (0, 2**31 - 1),
    "min_p": (0.0, 1.0),
    "max_tokens": (0, 2**63 - 1),
    "presence_penalty": (-MAX_FLOAT32, MAX_FLOAT32),
    "frequency_penalty": (-MAX_FLOAT32, MAX_FLOAT32),
    "repetition_penalty": (1e-6, MAX_FLOAT32),
    "num_logprobs": (0, MAX_LOGPROBS),
    "num_prompt_logprobs": (0, MAX_LOGPROBS),
}


def check_request(request: EngineRequest, info: EngineInfo) -> None:
    """Raise InvalidRequestError or ContextLengthError when the request cannot be computed."""
    _check_prompt(request, info)
    _check_sampling(request.sampling, info.vocab_size)


def _check_prompt(request: EngineRequest, info: EngineInfo) -> None:
    num_tokens = len(request.prompt_token_ids)
    if num_tokens == 0:
        raise InvalidRequestError("the prompt has no tokens; give at least one", param="prompt")
    if num_tokens >= info.max_model_len:
        raise ContextLengthError(
            f"the context is {info.max_model_len} tokens long and the prompt has {num_tokens}, which leaves no room "
            "for an answer; shorten the prompt",
            param="prompt",
        )
    _check_token_ids("prompt", np.asarray(request.prompt_token_ids), info.vocab_size)


def _check_sampling(sampling: SamplingParams, vocab_size: int) -> None:
    for name, (low, high) in RANGES.items():
        value = getattr(sampling, name)
        if value is not None and not low <= value <= high:
            raise InvalidRequestError(f"{name} is {value}; it must be in {low}..{high}", param=name)
    _check_token_ids("logit_bias", np.array(list(sampling.logit_bias), dtype=object), vocab_size)
    if not all(abs(bias) <= MAX_FLOAT32 for bias in sampling.logit_bias.values()):
        raise InvalidRequestError("logit_bias has a value that is not finite in float32", param="logit_bias")


def _check_token_ids(name: str, token_ids: np.ndarray, vocab_size: int) -> None:
    if len(token_ids) and not 0 <= token_ids.min() <= token_ids.max() < vocab_size:
        bad = next(token_id for token_id in token_ids.tolist() if not 0 <= token_id < vocab_size)
        raise InvalidRequestError(f"{name} has token id {bad}; the vocabulary is 0..{vocab_size - 1}", param=name)
