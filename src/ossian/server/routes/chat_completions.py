"""POST /v1/chat/completions."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from ossian.api.capabilities import check_capabilities, with_output_limit
from ossian.api.chat_completions.answer import ChatAnswer
from ossian.api.chat_completions.events import ChatChunks, ChatOptions, DebugView
from ossian.api.chat_completions.prompt import conversation, sampling
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.shape import turn_shape
from ossian.api.head import Head
from ossian.api.sampling import for_choice
from ossian.engine.base import SamplingParams
from ossian.generation import TurnRequest
from ossian.harmony.grammar import TurnShape
from ossian.harmony.token_mask import TurnGrammar
from ossian.server.answering import streamed, whole
from ossian.server.openapi import request_body
from ossian.server.service import service_of
from ossian.server.turns import admit

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
    model, generation = service.resolve(request, body.model)
    declared = service.parts.catalog.declared(model.id)
    check_capabilities(body, declared)
    head = service.head("chatcmpl-", model, generation)
    params = sampling(body, generation.engine.info)
    shape = await asyncio.to_thread(turn_shape, body)
    grammar = await generation.compile(shape)
    recall, remember = service.memory(request)
    today = datetime.fromtimestamp(head.created, UTC).date()
    prompt = await generation.render(conversation(body, today, recall))
    params = with_output_limit(params, declared, generation.engine.info.max_model_len - len(prompt))
    requests = list(_turn_requests(head, prompt, params, grammar, body.n or 1))
    new_call_id = lambda: service.parts.new_id("call_")
    decode = generation.encoding.decode
    debug = DebugView(decode(list(prompt)), decode) if service.wants_debug_view(request) else None
    chunks = ChatChunks(head, len(requests), ChatOptions.of(body, debug), new_call_id, remember)
    turns = await admit(requests, generation.turn, service.timers(model, len(requests)))
    if body.stream:
        answer = streamed(turns, chunks, service.keep_alive_seconds)
    else:
        answer = await whole(request, turns, chunks, ChatAnswer())
    if not generation.engine.info.takes_token_masks and _is_wish(shape):
        answer.headers["x-ossian-warning"] = NOT_ENFORCED
    return answer


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
