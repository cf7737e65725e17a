"""POST /v1/chat/completions."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from ossian.accounts.scopes import Endpoint
from ossian.api.aimlapi.amounts import cost_headers
from ossian.api.aimlapi.answers import PricedAnswer, PricedChunks
from ossian.api.capabilities import check_capabilities, with_output_limit
from ossian.api.chat_completions.answer import ChatAnswer
from ossian.api.chat_completions.events import ChatChunks, ChatOptions, DebugView
from ossian.api.chat_completions.prompt import conversation, sampling
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.shape import turn_shape
from ossian.api.head import Head
from ossian.api.sampling import for_choice
from ossian.api.vendor_errors import Vendor
from ossian.engine.base import SamplingParams
from ossian.generation import TurnRequest, check_fits, check_prompt_logprobs
from ossian.harmony.grammar import TurnShape
from ossian.harmony.token_mask import TurnGrammar
from ossian.server.answering import Chunks, streamed, whole
from ossian.server.late_turns import AnyTurns
from ossian.server.metering import num_reserved
from ossian.server.openapi import request_body
from ossian.server.service import meter_of, service_of
from ossian.server.vendors.addresses import address_of

NOT_ENFORCED = (
    "this engine takes no token masks: tool_choice and response_format are asked of the model, not enforced; "
    "reasoning.max_tokens has no effect"
)

router = APIRouter(tags=["Chat"])


@router.post("/v1/chat/completions", openapi_extra=request_body(ChatCompletionRequest))
async def create_chat_completion(request: Request) -> Response:
    """Answer a conversation, whole or as a stream of server-sent events."""
    service = service_of(request)
    body = await service.read(request, ChatCompletionRequest)
    model, generation = await service.begin(request, body.model, Endpoint.CHAT_COMPLETIONS)
    declared = service.parts.catalog.declared(model.id)
    check_capabilities(body, declared)
    head = service.head("chatcmpl-", model, generation)
    params = sampling(body, generation.engine.info)
    shape = await asyncio.to_thread(turn_shape, body)
    grammar = await service.compilers.compile(meter_of(request), generation, shape)
    recall, remember = service.memory(request)
    today = datetime.fromtimestamp(head.created, UTC).date()
    prompt = await generation.render(conversation(body, today, recall))
    max_model_len = generation.engine.info.max_model_len
    check_fits(len(prompt), params.max_tokens, max_model_len, "messages")
    check_prompt_logprobs(len(prompt), params.num_prompt_logprobs, "prompt_logprobs")
    num_tokens = num_reserved([prompt], [params.max_tokens] * (body.n or 1))
    params = with_output_limit(params, declared, max_model_len - len(prompt))
    requests = list(_turn_requests(head, prompt, params, grammar, body.n or 1))
    new_call_id = lambda: service.parts.new_id("call_")
    decode = generation.encoding.decode
    debug = DebugView(decode(list(prompt)), decode) if service.wants_debug_view(request) else None
    chunks = ChatChunks(head, len(requests), ChatOptions.of(body, debug), new_call_id, remember)
    turns = await service.admit(
        meter_of(request),
        num_tokens,
        requests,
        generation.turn,
        num_answers=len(requests),
        receive=request.receive,
        is_streamed=body.stream,
    )
    is_priced = address_of(request.scope).vendor is Vendor.AIMLAPI
    answer = await (_priced if is_priced else _answer)(request, body, turns, chunks)
    warnings = list(_warnings(body, is_enforced=generation.engine.info.takes_token_masks or not _is_wish(shape)))
    if warnings:
        answer.headers["x-ossian-warning"] = "; ".join(warnings)
    return answer


async def _answer(request: Request, body: ChatCompletionRequest, turns: AnyTurns, chunks: Chunks) -> Response:
    if body.stream:
        return streamed(turns, chunks, service_of(request).keep_alive_seconds)
    return await whole(request, turns, chunks, ChatAnswer())


async def _priced(request: Request, body: ChatCompletionRequest, turns: AnyTurns, chunks: Chunks) -> Response:
    """The same with its cost, as AI/ML API tells it: headers of whole answers, the last chunk of a stream."""
    meter = meter_of(request)
    chunks = PricedChunks(chunks, body.n or 1, lambda: meter.price)
    if body.stream:
        return streamed(turns, chunks, service_of(request).keep_alive_seconds)
    answer = await whole(request, turns, chunks, PricedAnswer(ChatAnswer()))
    answer.headers.update(cost_headers(meter.price))
    return answer


def _warnings(body: ChatCompletionRequest, *, is_enforced: bool) -> Iterator[str]:
    """Yield what a caller would otherwise learn from his users: which of his wishes were none here."""
    if not is_enforced:
        yield NOT_ENFORCED
    if body.without_effect:
        yield f"parameters without effect: {', '.join(body.without_effect)}"


def _is_wish(shape: TurnShape) -> bool:
    """Whether a turn must be what models left to themselves may not make it."""
    return shape.must_call or shape.final_schema is not None or shape.max_analysis_tokens is not None


def _turn_requests(
    head: Head, prompt: Sequence[int], params: SamplingParams, shape: TurnShape | TurnGrammar, n: int
) -> Iterator[TurnRequest]:
    """One turn a choice. Only the first works out the prompt's log probabilities: they are the same for all."""
    for index in range(n):
        own = for_choice(params if index == 0 else replace(params, num_prompt_logprobs=None), index)
        yield TurnRequest(f"{head.id}-{index}", prompt, own, shape=shape)
