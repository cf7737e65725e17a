"""A response that says nothing: what it stands on is read, so that the next turn can begin at once."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from ossian.api.fields import JsonObject
from ossian.harmony.events import Finished
from ossian.server.responses.run import ResponseRun
from ossian.server.responses.turn import PreparedTurn
from ossian.server.service import Service


class WarmUpRun(ResponseRun):
    """Puts a prompt into the engine's prefix cache. The response is stored like any other, and has no output."""

    def __init__(self, service: Service, prepared: PreparedTurn) -> None:
        turn = prepared.turn
        shortest = replace(turn, sampling=replace(turn.sampling, max_tokens=1))  # an engine writes at least one token
        prepared.meter.counts_output = False
        super().__init__(service, replace(prepared, turn=shortest))

    async def _generated(self) -> AsyncGenerator[JsonObject]:
        await self.admit()
        assert self._turns is not None
        async with aclosing(self._turns.events()) as events:
            async for _, event in events:
                if isinstance(event, Finished):
                    usage = replace(event.usage, num_completion_tokens=0, num_reasoning_tokens=0)
                    for made in self._events.push(replace(event, finish_reason="stop", usage=usage)):
                        yield made
        for made in self._events.close(int(self._service.parts.now())):
            yield made
