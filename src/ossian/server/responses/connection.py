"""A WebSocket connection: responses one after the other, and a memory of those that are not stored."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import Final, TypeVar

import orjson
import structlog
from fastapi import WebSocket
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from ossian.api.errors import error_answer
from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import DialectWriter
from ossian.api.responses.socket_messages import (
    PROCESSED,
    CreateMessage,
    create_message,
    error_event,
    in_lane,
    lane_of,
)
from ossian.api.validation import json_object
from ossian.errors import InvalidRequestError, OssianError, TooManyRequestsError
from ossian.server.access import renew
from ossian.server.errors import error_headers
from ossian.server.request_context import record_of, turn_on
from ossian.server.responses.caller import caller_of
from ossian.server.responses.connection_memory import ConnectionMemory
from ossian.server.responses.run import ResponseRun
from ossian.server.responses.turn import prepare
from ossian.server.responses.waiting_messages import WaitingMessages
from ossian.server.responses.warm_up import WarmUpRun
from ossian.server.service import LARGE_BODY, Service

NORMAL: Final = 1000  # how a connection is closed at its time limit: by agreement
RESTARTING: Final = 1012  # how a server that stops closes its connections

ResultT = TypeVar("ResultT")

log = structlog.get_logger()


class Connection:
    """Serves one client: a task that reads its messages, and one that answers them in turn.

    The reader never waits, so that a client that leaves is noticed at once and its response aborted. When the server
    stops, a response in flight may end like a request.
    """

    def __init__(self, service: Service, websocket: WebSocket) -> None:
        settings = service.parts.settings
        self._service = service
        self._websocket = websocket
        self._memory = ConnectionMemory(settings.server.max_body_bytes)
        self._waiting = WaitingMessages(settings.server.max_body_bytes)
        self._is_restarting = False
        self._minutes = settings.responses.websocket_minutes
        self._ends_at = asyncio.get_running_loop().time() + self._minutes * 60

    async def serve(self) -> None:
        """Answer until the client leaves or the connection's time is over."""
        await self._websocket.accept()
        answering = asyncio.create_task(self._answer_in_turn())
        tasks = [answering, asyncio.create_task(self._read())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._is_restarting:
                await asyncio.wait([answering])
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect):
                raise error

    async def _read(self) -> None:
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            data: bytes = message["bytes"] if text is None else text.encode()
            try:
                self._waiting.put(data)
            except TooManyRequestsError as error:
                await self._send_error(error)
        if message.get("code") == RESTARTING:
            self._is_restarting = True
            self._waiting.end()

    async def _answer_in_turn(self) -> None:
        while (data := await self._next()) is not None:
            async with turn_on(self._websocket.scope, self._service.metrics) as scope:
                await self._answer(HTTPConnection(scope), data)
        if not self._is_restarting:
            await self._send_error(_time_is_over(self._minutes))
        await self._websocket.close(RESTARTING if self._is_restarting else NORMAL)

    async def _next(self) -> bytes | None:
        """Return the next message, None when the connection's time is over or the server stops."""
        try:
            async with asyncio.timeout_at(self._ends_at):
                await asyncio.sleep(0)  # where the time is over, this is where it is noticed
                return await self._waiting.get()
        except TimeoutError:
            return None

    async def _answer(self, connection: HTTPConnection, data: bytes) -> None:
        """Answer a message, with an error if need be: none ends the connection."""
        message: JsonObject = {}
        try:
            message = await _checked(data, partial(json_object, data, "message"))
            if message.get("type") == PROCESSED:
                record_of(connection.scope).status = 200
                return
            create = await _checked(
                data, partial(create_message, message, ignore_unknown=self._service.ignores_unknown)
            )
            failure = await self._respond(connection, create, lane_of(message))
        except WebSocketDisconnect:
            raise
        except Exception as error:
            failure = error
            await self._send_error(error, lane_of(message))
        record_of(connection.scope).status = 200 if failure is None else error_answer(failure)[0]
        if failure is not None:
            self._memory.forget(str(message.get("previous_response_id")))

    async def _respond(self, connection: HTTPConnection, create: CreateMessage, lane: str | None) -> Exception | None:
        """Send the events of a response. Return what made it fail after it had begun."""
        await renew(connection)
        caller = caller_of(self._service, connection)
        prepared = await prepare(self._service, caller, create.request, self._memory.recall)
        run = (ResponseRun if create.generate else WarmUpRun)(self._service, prepared)
        try:
            await run.admit()
            async with aclosing(run.events()) as events:
                await self._send_events(events, DialectWriter(caller.dialect), lane)
        finally:
            await run.aclose()
        if not prepared.is_stored and run.error is None:
            self._memory.remember(run.response["id"], [*prepared.context_items, *run.response["output"]])
        return run.error

    async def _send_events(self, events: AsyncIterator[JsonObject], writer: DialectWriter, lane: str | None) -> None:
        async for event in events:
            for written in writer.write(event):
                await self._send(in_lane(written, lane))

    async def _send_error(self, error: Exception, lane: str | None = None) -> None:
        if not isinstance(error, OssianError):
            log.exception("turn failed", exc_info=error)
        status, body = error_answer(error)
        await self._send(in_lane(error_event(status, body, error_headers(error)), lane))

    async def _send(self, event: JsonObject) -> None:
        await self._websocket.send_text(orjson.dumps(event).decode())


async def _checked(data: bytes, check: Callable[[], ResultT]) -> ResultT:
    """Return what a check returns; that of a large message keeps nobody else waiting."""
    return await asyncio.to_thread(check) if len(data) > LARGE_BODY else check()


def _time_is_over(minutes: float) -> InvalidRequestError:
    message = f"This WebSocket connection has reached its limit of {minutes:g} minutes. Open a new one to go on."
    return InvalidRequestError(message, code="websocket_connection_limit_reached")
