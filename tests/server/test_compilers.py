import asyncio
from typing import Any, cast

import pytest

from ossian.accounts.callers import Caller
from ossian.accounts.projects import Project
from ossian.accounts.scopes import EVERYTHING, Endpoint
from ossian.errors import EngineOverloadedError, InvalidRequestError
from ossian.generation import Generation
from ossian.harmony.grammar import TurnShape
from ossian.harmony.token_mask import NUM_COMPILERS
from ossian.server.compilers import Compilers
from ossian.server.metering import Meter, Metered

NOTHING: Any = None


class Compiling:
    """Grammars that take until they are let go; it notes which begin, by what their answers are called."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def compile(self, shape: TurnShape) -> TurnShape:
        self.begun.append(shape.final_param)
        await self.ends.setdefault(shape.final_param, asyncio.Event()).wait()
        if shape.final_param == "bad":
            raise InvalidRequestError("It cannot be enforced.")
        return shape


def meter_of(project_id: str) -> Meter:
    caller = Caller("127.0.0.1", EVERYTHING, Project(project_id, project_id, 0))
    return Meter(Metered("req_1", Endpoint.RESPONSES, caller, "m", "m", NOTHING, 0, 0), NOTHING, NOTHING, NOTHING)


class Crowd:
    """Callers of one server."""

    def __init__(self, max_num_waiting: int = 100) -> None:
        self.compiling = Compiling()
        self._compilers = Compilers(max_num_waiting)

    def ask(self, project_id: str, name: str) -> "asyncio.Task[object]":
        generation = cast(Generation, self.compiling)
        shape = TurnShape(final_param=name)
        return asyncio.create_task(self._compilers.compile(meter_of(project_id), generation, shape))

    async def end(self, name: str) -> None:
        self.compiling.ends[name].set()
        await settled()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_project_with_many_grammars_does_not_keep_others_waiting() -> None:
    crowd = Crowd()
    many = [crowd.ask("a", f"a{number}") for number in range(6)]
    await settled()
    other = crowd.ask("b", "b")
    await settled()
    assert crowd.compiling.begun == ["a0", "a1"]
    assert len(crowd.compiling.begun) == NUM_COMPILERS
    await crowd.end("a0")
    assert crowd.compiling.begun[-1] == "b"
    for name in ("b", "a1", "a2", "a3", "a4", "a5"):
        await crowd.end(name)
    assert await asyncio.gather(*many, other)


async def test_who_leaves_frees_no_compiler_that_is_still_at_work() -> None:
    crowd = Crowd()
    first, second, third = (crowd.ask("a", name) for name in ("bad", "second", "third"))
    await settled()
    first.cancel()
    await settled()
    assert crowd.compiling.begun == ["bad", "second"]
    await crowd.end("bad")  # nobody is told of it any more
    assert crowd.compiling.begun == ["bad", "second", "third"]
    await crowd.end("second")
    await crowd.end("third")
    assert await asyncio.gather(second, third)


async def test_errors_are_the_callers_and_those_of_too_many() -> None:
    crowd = Crowd(max_num_waiting=1)
    bad, second, waiting = (crowd.ask("a", name) for name in ("bad", "second", "waiting"))
    await settled()
    with pytest.raises(EngineOverloadedError, match="1 requests are waiting"):
        await crowd.ask("a", "more")
    await crowd.end("bad")
    with pytest.raises(InvalidRequestError, match="cannot be enforced"):
        await bad
    await crowd.end("second")
    await crowd.end("waiting")
    assert await asyncio.gather(second, waiting)
