"""A WebSocket connection: responses one after the other, and a memory of those that are not stored."""

import asyncio
from asyncio import Queue
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

import orjson
import structlog
from fastapi import WebSocket
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from ossian.api.errors import error_answer
from ossian.api.fields import JsonObject
from ossian.api.responses.dialects import DialectWriter
from ossian.api.responses.socket_messages import create_message, error_event, in_lane, lane_of
from ossian.api.validation import json_object
from ossian.errors import InvalidRequestError, OssianError, TooManyRequestsError
from ossian.server.request_context import record_of, turn_on
from ossian.server.responses.caller import caller_of
from ossian.server.responses.connection_memory import ConnectionMemory
from ossian.server.responses.run import ResponseRun
from ossian.server.responses.turn import prepare
from ossian.server.responses.warm_up import WarmUpRun
from ossian.server.service import Service

MAX_NUM_WAITING: Final = 16  # messages that wait for the response in flight to end
NORMAL: Final = 1000  # how a connection is closed at its time limit: by agreement
RESTARTING: Final = 1012  # how a server that stops closes its connections

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
        self._waiting: Queue[bytes] = Queue()
        self._num_waiting_bytes = 0
        self._max_waiting_bytes = settings.server.max_body_bytes
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
            if not self._has_room(len(data)):
                await self._send_error(_too_many(self._waiting.qsize()))
            else:
                self._num_waiting_bytes += len(data)
                self._waiting.put_nowait(data)
        if message.get("code") == RESTARTING:
            self._is_restarting = True
            self._waiting.put_nowait(b"")  # wakes who waits for a message

    def _has_room(self, num_bytes: int) -> bool:
        num_waiting = self._waiting.qsize()
        is_small = self._num_waiting_bytes + num_bytes <= self._max_waiting_bytes
        return not num_waiting or (num_waiting < MAX_NUM_WAITING and is_small)

    async def _answer_in_turn(self) -> None:
        while (data := await self._next()) is not None:
            with turn_on(self._websocket.scope, self._service.metrics) as scope:
                await self._answer(HTTPConnection(scope), data)
        if not self._is_restarting:
            await self._send_error(_time_is_over(self._minutes))
        await self._websocket.close(RESTARTING if self._is_restarting else NORMAL)

    async def _next(self) -> bytes | None:
        """Return the next message, None when the connection's time is over. A response in flight may still end."""
        try:
            async with asyncio.timeout_at(self._ends_at):
                await asyncio.sleep(0)  # where the time is over, this is where it is noticed
                data = await self._waiting.get()
        except TimeoutError:
            return None
        self._num_waiting_bytes -= len(data)
        return None if self._is_restarting else data

    async def _answer(self, connection: HTTPConnection, data: bytes) -> None:
        """Answer a message, with an error if need be: none ends the connection."""
        message: JsonObject = {}
        try:
            message = json_object(data, "message")
            failure = await self._respond(connection, message)
        except WebSocketDisconnect:
            raise
        except Exception as error:
            failure = error
            await self._send_error(error, lane_of(message))
        record_of(connection.scope).status = 200 if failure is None else error_answer(failure)[0]
        if failure is not None:
            self._memory.forget(str(message.get("previous_response_id")))

    async def _respond(self, connection: HTTPConnection, message: JsonObject) -> Exception | None:
        """Send the events of the response to a message. Return what made it fail after it had begun."""
        caller = caller_of(self._service, connection)
        create = await asyncio.to_thread(create_message, message, ignore_unknown=self._service.ignores_unknown)
        prepared = await prepare(self._service, caller, create.request, self._memory.recall)
        run = (ResponseRun if create.generate else WarmUpRun)(self._service, prepared)
        try:
            await run.admit()
            async with aclosing(run.events()) as events:
                await self._send_events(events, DialectWriter(caller.dialect), lane_of(message))
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
        await self._send(in_lane(error_event(status, body), lane))

    async def _send(self, event: JsonObject) -> None:
        await self._websocket.send_text(orjson.dumps(event).decode())


def _too_many(num_waiting: int) -> TooManyRequestsError:
    message = (
        f"{num_waiting} messages of this connection wait for the response in flight, and so many bytes are the most: "
        "send this one again later, or on another connection."
    )
    return TooManyRequestsError(message, code="too_many_waiting_messages")


def _time_is_over(minutes: float) -> InvalidRequestError:
    message = f"This WebSocket connection has reached its limit of {minutes:g} minutes. Open a new one to go on."
    return InvalidRequestError(message, code="websocket_connection_limit_reached")
