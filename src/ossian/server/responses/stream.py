"""Canonical events on their way to a client: in its dialect, from the number it wants, with an end in any case."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from ossian.api.errors import error_answer
from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import Dialect, DialectWriter
from ossian.errors import OssianError

log = structlog.get_logger()


async def written(
    events: AsyncGenerator[JsonObject], dialect: Dialect, starting_after: int = -1
) -> AsyncGenerator[JsonObject]:
    """Yield what a client gets of events that begin with the first; those up to `starting_after` it has already."""
    writer = DialectWriter(dialect)
    async with aclosing(_to_an_end(events)) as canonical:
        async for event in canonical:
            for each in writer.write(event):
                if each["sequence_number"] > starting_after:
                    yield each


async def begun(events: AsyncGenerator[JsonObject]) -> AsyncGenerator[JsonObject]:
    """Return the same events once the first is there. Raises what it raises, while there is no answer yet."""
    first = await anext(events)
    return _chained(first, events)


async def _chained(first: JsonObject, others: AsyncGenerator[JsonObject]) -> AsyncGenerator[JsonObject]:
    async with aclosing(others):
        yield first
        async for event in others:
            yield event


async def _to_an_end(events: AsyncGenerator[JsonObject]) -> AsyncGenerator[JsonObject]:
    """Yield the events; an exception, such as the database's, becomes an `error` event."""
    async with aclosing(events):
        try:
            async for event in events:
                yield event
        except Exception as error:
            if not isinstance(error, OssianError):
                log.exception("stream failed")
            body = error_answer(error)[1]["error"]
            yield {"type": "error", "code": body["code"], "message": body["message"], "param": body["param"]}
