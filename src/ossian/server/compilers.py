"""Whose grammar is compiled next: a large schema keeps a compiler busy for seconds, so projects take turns."""

import asyncio

from ossian.accounts.fairness import FairQueue
from ossian.generation import Generation
from ossian.harmony.grammar import TurnShape
from ossian.harmony.token_mask import NUM_COMPILERS, TurnGrammar
from ossian.server.metering import Meter


class Compilers:
    """Lets `NUM_COMPILERS` requests compile at a time, shared fairly between projects."""

    def __init__(self, max_num_waiting: int) -> None:
        self._queue = FairQueue(NUM_COMPILERS, max_num_waiting)

    async def compile(self, meter: Meter, generation: Generation, shape: TurnShape) -> TurnShape | TurnGrammar:
        """Return a turn's shape ready for use. Raises what `Generation.compile` raises, and EngineOverloadedError when
        too many wait.
        """
        project_id, is_patient = meter.project_id, meter.metered.is_patient
        await self._queue.enter(project_id, is_patient=is_patient)

        def leave(done: asyncio.Future[TurnShape | TurnGrammar]) -> None:
            self._queue.leave(project_id, is_patient=is_patient)
            if not done.cancelled():
                done.exception()  # nobody may be there to be told

        compiling = asyncio.ensure_future(generation.compile(shape))
        compiling.add_done_callback(leave)
        return await asyncio.shield(compiling)  # whoever leaves does not stop it, and its place is not free before
