"""A partner that generates in this process."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, Sequence
from datetime import date

import orjson

from ossian.api.chat_completions.events import ChatChunks
from ossian.api.chat_completions.events import ChatOptions as ShownParts
from ossian.api.chat_completions.prompt import conversation, sampling
from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.shape import turn_shape
from ossian.api.head import Head
from ossian.api.validation import parse
from ossian.cli.chat.completion import DeltaReader, request_body
from ossian.cli.chat.partner import ChatOptions, CutOff, Exchange, Piece, Round, ToolCall
from ossian.generation import Generation, TurnRequest


class InProcessPartner:
    """Talks to a model through the same pipeline that the server uses, from the request's body to the chunks."""

    def __init__(self, generation: Generation, name: str, options: ChatOptions) -> None:
        self.name = name
        self._generation = generation
        self._options = options

    async def answer(
        self, earlier: Sequence[Exchange], question: str, rounds: Sequence[Round] = ()
    ) -> AsyncGenerator[Piece | ToolCall | CutOff, None]:
        """Yield the turn's text and its end. Raises InvalidRequestError and what `Generation.turn` raises."""
        body = request_body(self.name, self._options, earlier, question, rounds)
        request = parse(orjson.dumps(body), ChatCompletionRequest)
        params = sampling(request, self._generation.engine.info)
        shape = await asyncio.to_thread(turn_shape, request)
        prompt = conversation(request, date.today())
        turn_request = TurnRequest(f"chat-{uuid.uuid4().hex}", prompt, params, shape=shape)
        chunks = ChatChunks(Head(turn_request.request_id, 0, self.name, ""), 1, ShownParts.of(request), new_call_id)
        reader = DeltaReader()
        turn = await self._generation.turn(turn_request)
        try:
            async for event in turn:
                for chunk in chunks.push(0, event):
                    for piece in reader.read(chunk):
                        yield piece
        finally:
            await turn.aclose()
        for each in reader.end():
            yield each


def new_call_id() -> str:
    """Return an id for a tool call."""
    return f"call_{uuid.uuid4().hex}"
