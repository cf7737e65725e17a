"""One response while it is made: its canonical events, the last of which is told only when the response is stored."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import structlog
from starlette.types import Receive

from ossian.accounts.usage import CLIENT_LEFT
from ossian.api.errors import error_answer
from ossian.api.fields import JsonObject
from ossian.api.responses.events import ResponseEvents
from ossian.api.responses.response import failed, response_error, terminal_event
from ossian.errors import EngineError, OssianError
from ossian.harmony.events import Finished, TurnEvent
from ossian.server.late_turns import AnyTurns
from ossian.server.responses.state import UNFINISHED
from ossian.server.responses.turn import PreparedTurn
from ossian.server.service import Service
from ossian.storage.records import StoredResponse

NOT_STORED = "The response is complete, but the server could not store it. Send the request again."

log = structlog.get_logger()


class ResponseRun:
    """Makes the response to a prepared turn.

    run = ResponseRun(service, prepared); await run.admit()
    async for event in run.events(): …                        canonical events; the last is terminal, and never missing
    await run.aclose()                                        always; it aborts what is still running
    """

    def __init__(self, service: Service, prepared: PreparedTurn) -> None:
        self.prepared = prepared
        self.error: Exception | None = None  # what made it fail
        self._service = service
        self._turns: AnyTurns | None = None
        self._token_ids: tuple[int, ...] = ()
        self._events = ResponseEvents(prepared.body, prepared.options, service.parts.new_id, prepared.caller.remember)

    async def admit(self, receive: Receive | None = None) -> None:
        """Wait for a place and admit the turn, once. Raises what `Service.admit` raises: until then nothing has
        happened.
        """
        if self._turns is None:
            prepared = self.prepared
            self._turns = await self._service.admit(
                prepared.meter,
                prepared.num_reserved,
                [prepared.turn],
                prepared.generation.turn,
                receive=receive,
                is_streamed=prepared.request.stream,
            )

    @property
    def response(self) -> JsonObject:
        """The response as it is now."""
        return self._events.response

    def queue(self) -> Iterator[JsonObject]:
        """Yield the first events of a run that has to wait before it is admitted."""
        return self._events.queue()

    async def events(self) -> AsyncGenerator[JsonObject]:
        """Yield the canonical events. What fails after the first ends as `response.failed`."""
        async with aclosing(self.unstored_events()) as events:
            async for event in events:
                yield await self.stored(event) if is_terminal(event) else event

    async def unstored_events(self) -> AsyncGenerator[JsonObject]:
        """Yield the canonical events; the terminal one is for `stored` before anybody is told of it."""
        try:
            for event in self._events.open():
                yield event
            async for event in self._generated():
                yield event
        except Exception as error:
            for event in self.failure(error):
                yield event

    def failure(self, error: Exception) -> Iterator[JsonObject]:
        """Yield the events that end the response because of an error."""
        self._note(error)
        return self._events.fail(error)

    def cancellation(self) -> Iterator[JsonObject]:
        """Yield the events that end the response because its caller wants no more of it."""
        return self._events.cancel()

    async def stored(self, event: JsonObject) -> JsonObject:
        """Store the response of a terminal event, when it is to be stored, and return what may be told of it."""
        body = event["response"]
        try:
            if not await self.finish(body):
                raise EngineError(NOT_STORED)
        except Exception as error:
            self._note(error)
            body = failed(body, response_error(error) | {"message": NOT_STORED})
        return terminal_event(self.debugged(body))

    async def finish(self, body: JsonObject) -> bool:
        """Store the finished response, when it is to be stored, and add to its conversation, in one transaction.

        False when it cannot be any more: it was deleted, or ended by another server.
        """
        prepared, database = self.prepared, self._service.database
        conversation_id = prepared.request.conversation_id
        is_said = conversation_id is not None and body["status"] in ("completed", "incomplete")
        said = [*prepared.input_items, *body["output"]] if is_said else []
        is_done = True
        if prepared.is_stored:
            is_done = await database.responses.finish(self.record(body), conversation_items=said)
        elif said:
            await database.conversations.append(prepared.caller.scope, conversation_id or "", said)
        if is_done:
            self._service.metrics.responses.labels(body["model"], body["status"]).inc()
        return is_done

    def record(self, body: JsonObject) -> StoredResponse:
        """Return the response as the database keeps it."""
        prepared = self.prepared
        return StoredResponse(
            id=body["id"],
            scope=prepared.caller.scope,
            status=body["status"],
            body=body,
            input_items=prepared.input_items,
            created_at=body["created_at"],
            previous_response_id=prepared.previous_response_id,
            conversation_id=prepared.request.conversation_id,
            expires_at=body["created_at"] + self._service.parts.settings.responses.retention_days * 86_400,
            is_background=bool(body["background"]),
            history=prepared.given.history.bodies,
        )

    def debugged(self, body: JsonObject) -> JsonObject:
        """Return a body with what the model saw and wrote in it, for callers who asked to see that."""
        if not self.prepared.caller.wants_debug_view:
            return body
        prepared = self.prepared
        decode = prepared.generation.encoding.decode
        debug = {"prompt": decode(list(prepared.prompt)), "completion": decode(list(self._token_ids))}
        return body | {"ossian": body.get("ossian", {}) | {"debug": debug}}

    async def close_meter(self) -> None:
        """Say that a response has ended that outlives its request."""
        status = error_answer(self.error)[0] if self.error else 200
        is_cancelled = self.response["status"] == "cancelled"
        await self.prepared.meter.close(CLIENT_LEFT if is_cancelled else status)

    async def aclose(self) -> None:
        """Abort what is still running. Closing twice is fine."""
        if self._turns is not None:
            await self._turns.aclose()

    async def _generated(self) -> AsyncGenerator[JsonObject]:
        await self.admit()
        assert self._turns is not None
        async with aclosing(self._turns.events()) as events:
            async for _, event in events:
                self._notice(event)
                for made in self._events.push(event):
                    yield made
        for made in self._events.close(int(self._service.parts.now())):
            yield made

    def _notice(self, event: TurnEvent) -> None:
        if isinstance(event, Finished):
            self._token_ids = event.token_ids

    def _note(self, error: Exception) -> None:
        self.error = error
        if not isinstance(error, OssianError):
            log.exception("response failed", response_id=self.prepared.body["id"], exc_info=error)


def is_terminal(event: JsonObject) -> bool:
    """Whether an event is the last of its stream."""
    return "response" in event and event["response"]["status"] not in UNFINISHED
