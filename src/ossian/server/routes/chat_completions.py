"""POST /v1/chat/completions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from ossian.api.chat_completions.answer import ChatAnswer
from ossian.api.chat_completions.events import ChatChunks, ChatOptions
from ossian.api.chat_completions.prompt import conversation, sampling
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.tools import must_call
from ossian.api.head import Head
from ossian.api.sampling import for_choice
from ossian.engine.base import EngineInfo
from ossian.generation import TurnRequest
from ossian.server.answering import streamed, whole
from ossian.server.openapi import request_body
from ossian.server.parts import Parts
from ossian.server.routing import RequestReader
from ossian.server.turns import admit

NOT_ENFORCED = "tool_choice is asked of the model, not enforced"


def chat_completions_router(parts: Parts, reader: RequestReader) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["Chat"])

    @router.post("/v1/chat/completions", openapi_extra=request_body(ChatCompletionRequest))
    async def create_chat_completion(request: Request) -> Response:
        """Answer a conversation, whole or as a stream of server-sent events."""
        body = await reader.read(request, ChatCompletionRequest)
        model, generation = reader.resolve(request, body.model)
        info = generation.engine.info
        head = Head(parts.new_id("chatcmpl-"), int(parts.now()), model.id, info.fingerprint)
        requests = list(_turn_requests(head, body, info))
        chunks = ChatChunks(head, len(requests), ChatOptions.of(body), lambda: parts.new_id("call_"))
        turns = await admit(requests, generation.turn, reader.timers(model, len(requests)))
        if body.stream:
            answer = streamed(turns, chunks, parts.settings.server.keep_alive_seconds)
        else:
            answer = await whole(request, turns, chunks, ChatAnswer())
        if must_call(body.tool_choice):
            answer.headers["x-ossian-warning"] = NOT_ENFORCED
        return answer

    return router


def _turn_requests(head: Head, body: ChatCompletionRequest, info: EngineInfo) -> Iterator[TurnRequest]:
    """One turn a choice. Only the first works out the prompt's log probabilities: they are the same for all."""
    told = conversation(body, datetime.fromtimestamp(head.created, UTC).date())
    params = sampling(body, info)
    for index in range(body.n or 1):
        own = for_choice(params if index == 0 else replace(params, num_prompt_logprobs=None), index)
        yield TurnRequest(f"{head.id}-{index}", told, own)
