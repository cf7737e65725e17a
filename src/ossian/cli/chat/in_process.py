"""A partner that generates in this process."""

import uuid
from collections.abc import AsyncGenerator, Iterator, Sequence
from datetime import date

from ossian.cli.chat.partner import ChatOptions, Exchange, Piece
from ossian.engine.base import SamplingParams
from ossian.generation import Generation, TurnRequest
from ossian.harmony.events import MessageStart, TextDelta
from ossian.harmony.messages import Channel, Conversation, Message, Role


class InProcessPartner:
    """Talks to a model through the same pipeline that the server uses."""

    def __init__(self, generation: Generation, name: str, options: ChatOptions) -> None:
        self.name = name
        self._generation = generation
        self._options = options

    async def answer(self, earlier: Sequence[Exchange], question: str) -> AsyncGenerator[Piece, None]:
        """Yield the turn's text. Raises what `Generation.turn` raises."""
        conversation = Conversation(
            messages=tuple(messages(earlier, question)),
            instructions=self._options.instructions,
            reasoning_effort=self._options.reasoning_effort,
            current_date=date.today(),
        )
        sampling = SamplingParams(temperature=self._options.temperature, max_tokens=self._options.max_tokens)
        turn = await self._generation.turn(TurnRequest(f"chat-{uuid.uuid4().hex}", conversation, sampling))
        is_reasoning = False
        try:
            async for event in turn:
                if isinstance(event, MessageStart):
                    is_reasoning = event.channel is not Channel.FINAL
                elif isinstance(event, TextDelta) and event.text:
                    yield Piece(event.text, is_reasoning)
        finally:
            await turn.aclose()


def messages(earlier: Sequence[Exchange], question: str) -> Iterator[Message]:
    """Yield the conversation's messages."""
    for exchange in earlier:
        yield Message(Role.USER, exchange.question)
        yield Message(Role.ASSISTANT, exchange.answer, channel=Channel.FINAL)
    yield Message(Role.USER, question)
