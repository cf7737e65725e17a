"""POST /v1/completions, the legacy route."""

import asyncio
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request, Response

from ossian.accounts.scopes import Endpoint
from ossian.api.capabilities import check_capabilities, with_output_limit
from ossian.api.completions.answer import CompletionAnswer
from ossian.api.completions.events import CompletionChunks
from ossian.api.completions.options import CompletionOptions
from ossian.api.completions.prompt import sampling
from ossian.api.completions.schema import CompletionRequest
from ossian.api.head import Head
from ossian.api.sampling import for_choice
from ossian.engine.base import SamplingParams
from ossian.errors import InvalidRequestError
from ossian.generation import Generation, TextRequest, check_fits, check_prompt_logprobs
from ossian.harmony.vocabulary import END_OF_TEXT
from ossian.server.answering import streamed, whole
from ossian.server.metering import num_reserved
from ossian.server.openapi import request_body
from ossian.server.service import meter_of, service_of

router = APIRouter(tags=["Completions (legacy)"])


@router.post("/v1/completions", openapi_extra=request_body(CompletionRequest))
async def create_completion(request: Request) -> Response:
    """Continue prompts as they are, without any chat format."""
    service = service_of(request)
    body = await service.read(request, CompletionRequest)
    model, generation = await service.begin(request, body.model, Endpoint.COMPLETIONS)
    declared = service.parts.catalog.declared(model.id)
    check_capabilities(body, declared)
    head = service.head("cmpl-", model, generation)
    prompts = [await _token_ids(each, generation) for each in body.prompts]
    max_model_len = generation.engine.info.max_model_len
    asked = sampling(body, generation.engine.info)
    for prompt in prompts:
        check_fits(len(prompt), asked.max_tokens, max_model_len, "prompt")
        check_prompt_logprobs(len(prompt), asked.num_prompt_logprobs, "prompt_logprobs")
    options = CompletionOptions.of(body, [await _text(each, generation) for each in body.prompts])
    params = with_output_limit(asked, declared, max_model_len - max(map(len, prompts)))
    requests = list(_text_requests(head, prompts, params, body.num_candidates))
    chunks = CompletionChunks(head, options)
    turns = await service.admit(
        meter_of(request),
        num_reserved(prompts, [asked.max_tokens] * len(requests)),
        requests,
        generation.text,
        num_answers=body.num_candidates,
        receive=request.receive,
        is_streamed=body.stream,
    )
    if body.stream:
        return streamed(turns, chunks, service.keep_alive_seconds)
    return await whole(request, turns, chunks, CompletionAnswer(options))


def _text_requests(
    head: Head, prompts: Sequence[Sequence[int]], params: SamplingParams, num_candidates: int
) -> Iterator[TextRequest]:
    for number, prompt in enumerate(prompts):
        for index in range(num_candidates):
            yield TextRequest(f"{head.id}-{number}-{index}", prompt, for_choice(params, index))


async def _token_ids(prompt: str | list[int], generation: Generation) -> Sequence[int]:
    """Return a prompt as token ids. Raises InvalidRequestError for those outside the vocabulary."""
    if isinstance(prompt, str):
        return await generation.encode(prompt) or [END_OF_TEXT]  # nothing to continue: a new document
    vocab_size = generation.engine.info.vocab_size
    if max(prompt) >= vocab_size:
        message = f"Invalid value for 'prompt': {max(prompt)} is over the last token id, {vocab_size - 1}."
        raise InvalidRequestError(message, param="prompt", code="invalid_value")
    return prompt


async def _text(prompt: str | list[int], generation: Generation) -> str:
    """Return a prompt as text, while others are served."""
    return prompt if isinstance(prompt, str) else await asyncio.to_thread(generation.encoding.decode, prompt)
