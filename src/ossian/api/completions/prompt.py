"""The way in: a completion request becomes prompts and sampling parameters."""

from ossian.api.completions.schema import DEFAULT_MAX_TOKENS, CompletionRequest
from ossian.engine.base import EngineInfo, SamplingParams


def sampling(request: CompletionRequest, info: EngineInfo) -> SamplingParams:
    """Return how the engine is to sample. Raises InvalidRequestError for token ids outside the vocabulary.

    `best_of` needs the log probabilities of what was chosen, `echo` with `logprobs` those of the prompt.
    """
    is_ranked = request.num_candidates > (request.n or 1)
    num_prompt_logprobs = request.prompt_logprobs
    if request.echo and request.logprobs is not None:
        num_prompt_logprobs = max(request.logprobs, request.prompt_logprobs or 0)
    return request.params(
        info,
        max_tokens=DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens,
        num_logprobs=0 if is_ranked and request.logprobs is None else request.logprobs,
        num_prompt_logprobs=num_prompt_logprobs,
    )
