"""What routes share: read the request, find the model, name the answer, watch its turns."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import TypeVar

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.types import Receive

from ossian.accounts.scopes import Endpoint
from ossian.api.fields import RequestModel
from ossian.api.head import Head
from ossian.api.validation import checked, json_object
from ossian.catalog.catalog import Choice, Model
from ossian.errors import InvalidRequestError
from ossian.generation import Generation, TextRequest, TurnRequest
from ossian.harmony.events import TurnEvent
from ossian.server.access import account_of, own_scope
from ossian.server.accounting import Accounting
from ossian.server.batches.asking import BATCH
from ossian.server.body import json_body
from ossian.server.compilers import Compilers
from ossian.server.late_turns import AnyTurns, in_time
from ossian.server.metering import Meter, Metered, MeteredSource
from ossian.server.observability import Metrics, TurnTimer
from ossian.server.parts import Parts
from ossian.server.reasoning_memory import ReasoningMemory
from ossian.server.request_context import record_of
from ossian.server.responses.secrecy import SECRET_NAME, Secrecy
from ossian.server.turns import Turns, admit
from ossian.server.vendors.addresses import Address, address_of, with_model
from ossian.storage.database import Database

LARGE_BODY = (
    64 * 1024
)  # bytes; a body of tiny parts takes 0.2 s a megabyte to check, and others shall not wait for that

RequestT = TypeVar("RequestT", bound=RequestModel)
GeneratedT = TypeVar("GeneratedT", TurnRequest, TextRequest)


class Service:
    """The application's parts as routes use them.

    Routes are plain functions that find it in the application, instead of functions made around it: FastAPI remembers
    every route function for as long as the process lives, and must not remember engines with it.
    """

    def __init__(self, parts: Parts, metrics: Metrics) -> None:
        self.parts = parts
        self.metrics = metrics
        self.accounting = Accounting(parts.settings, metrics, parts.now)
        self._reasoning = ReasoningMemory(parts.settings.reasoning_memory, parts.now)
        self.compilers = Compilers(parts.settings.engine.max_num_waiting)
        self._database: Database | None = None
        self._secrecy: Secrecy | None = None
        self.ignores_unknown = parts.settings.server.unknown_parameters == "ignore"

    async def use(self, database: Database) -> None:
        """Keep things in an open database from now on, until `accounting.aclose()`."""
        self._secrecy = Secrecy(await database.secret(SECRET_NAME))
        self._database = database
        self.accounting.open(database)

    @property
    def database(self) -> Database:
        """The database. It is open while the application runs."""
        assert self._database is not None, "the application has not started"
        return self._database

    @property
    def secrecy(self) -> Secrecy:
        """What encrypts texts that clients keep for us."""
        assert self._secrecy is not None, "the application has not started"
        return self._secrecy

    async def read(self, request: Request, schema: type[RequestT]) -> RequestT:
        """Return the request. Raises a RequestError for a body that is too large, no JSON, or not of the schema."""
        body = await json_body(request, self.parts.settings.server.max_body_bytes)
        read = partial(self._read, body, schema, address_of(request.scope))
        return await asyncio.to_thread(read) if len(body) > LARGE_BODY else read()

    def _read(self, body: bytes, schema: type[RequestT], address: Address) -> RequestT:
        value = json_object(body)
        if "model" in schema.model_fields:
            value = with_model(value, address, self.id_of)
        return checked(value, schema, ignore_unknown=self.ignores_unknown or address.ignores_unknown)

    def id_of(self, name: str) -> str:
        """Return the model behind a name, which an address may have spelt in its own way. Raises what `choose` does."""
        name = self.parts.catalog.name_of(name)
        return self.parts.catalog.choose(name, self.today, self.metrics.speeds.measured).model.id

    def resolve(self, request: HTTPConnection, name: str) -> tuple[Model, Generation]:
        """Return the model that answers to `name`, for what generates nothing. Raises what `choose` does, and
        PermissionDeniedError for a model that is not the caller's.
        """
        choice = self.choose(request, name)
        model = choice.model
        account_of(request).check_model(model.id, *choice.entry.names)
        record_of(request.scope).model = model.id
        return model, self.parts.generations[model.id]

    async def begin(self, request: HTTPConnection, name: str, endpoint: Endpoint) -> tuple[Model, Generation]:
        """Return the model that answers to `name`, and count the request from now on: `meter_of` has its meter.

        Raises what `resolve` does, and LimitReachedError, BudgetSpentError and StorageError.
        """
        caller, record = account_of(request), record_of(request.scope)
        choice = self.choose(request, name)
        caller.check_model(choice.model.id, *choice.entry.names)
        if choice.delay_seconds:
            await asyncio.sleep(choice.delay_seconds)
        record.model = choice.model.id
        record.meter = await self.accounting.begin(
            Metered(
                request_id=record.request_id,
                endpoint=endpoint,
                caller=caller,
                model_asked=name,
                model_id=choice.model.id,
                prices=choice.entry.declared.prices,
                started_at=self.parts.now(),
                began=record.began,
                batch_id=request.scope.get(BATCH),
            )
        )
        return choice.model, self.parts.generations[choice.model.id]

    def choose(self, request: HTTPConnection, name: str) -> Choice:
        """Return the model that answers to a name or virtual name, and note what the answer must warn of.

        Raises ModelNotFoundError, and InvalidRequestError for a virtual name that cannot be read.
        """
        allows = account_of(request).scopes.allows_model
        choice = self.parts.catalog.choose(name, self.today, self.metrics.speeds.measured, allows)
        record_of(request.scope).warning = choice.warning
        return choice

    @property
    def today(self) -> date:
        """The day it is, in UTC."""
        return datetime.fromtimestamp(self.parts.now(), UTC).date()

    @property
    def keep_alive_seconds(self) -> float:
        """The longest silence of a stream."""
        return self.parts.settings.server.keep_alive_seconds

    def head(self, id_prefix: str, model: Model, generation: Generation) -> Head:
        """Return the identity of a new answer."""
        fingerprint = generation.engine.info.fingerprint
        return Head(self.parts.new_id(id_prefix), int(self.parts.now()), model.id, fingerprint)

    def scope(self, request: HTTPConnection) -> str:
        """Return whose objects a request may see: everything that is stored belongs to one scope.

        Raises AuthenticationError when nothing is stored for the caller.
        """
        return account_of(request).check_storage()

    def memory(self, request: HTTPConnection) -> tuple[Callable[[str], str | None], Callable[[str, str], None]]:
        """Return how the reasoning behind the caller's tool calls is recalled and remembered, by call id."""
        scope = account_of(request).storage_scope
        if scope is None:
            return (lambda _: None), (lambda _id, _reasoning: None)

        def recall(call_id: str) -> str | None:
            reasoning = self._reasoning.recall(scope, call_id)
            self.metrics.recalls.labels("miss" if reasoning is None else "hit").inc()
            return reasoning

        return recall, partial(self._reasoning.remember, scope)

    def wants_debug_view(self, request: HTTPConnection) -> bool:
        """Whether the caller asks to see its prompt and the raw turn. Raises InvalidRequestError where that is off."""
        is_wanted = request.headers.get("x-ossian-debug", "0") not in ("", "0")
        if is_wanted and not self.parts.settings.server.debug_view:
            raise InvalidRequestError("The header 'x-ossian-debug' needs a server with server.debug_view = true.")
        return is_wanted

    async def admit(
        self,
        meter: Meter,
        num_tokens: int,
        requests: Sequence[GeneratedT],
        start: Callable[[GeneratedT], Awaitable[MeteredSource]],
        *,
        num_answers: int = 1,
        receive: Receive | None = None,
        is_streamed: bool | None = False,
    ) -> AnyTurns:
        """Wait for a place and admit turns: so many answers to each prompt, one after the other.

        Prompts in the engine's cache are shared by the requests of one caller's scope only, since how much of a prompt
        was there, and how soon its answer comes, would tell others what he asked.

        With `receive`, raises ClientDisconnect as soon as the client leaves; a stream is not kept waiting for longer
        than it may be silent. Raises what `Meter.enter` and the engine raise.
        """
        cache_salt = own_scope(meter.metered.caller)
        salted = [replace(each, cache_salt=cache_salt) for each in requests]

        async def admitted() -> Turns:
            await meter.enter(num_tokens, len(salted))
            return await admit(salted, meter.watching(start, num_answers), self.timers(meter, len(requests)))

        if receive is None or meter.has_room:
            return await admitted()
        return await in_time(admitted(), receive, self.keep_alive_seconds if is_streamed else None)

    def timers(self, meter: Meter, num_turns: int) -> Callable[[int, TurnEvent], None]:
        """Return what is to be told of every event, with the index of its turn."""
        timers = [TurnTimer(self.metrics, meter.metered.model_id) for _ in range(num_turns)]

        def note(index: int, event: TurnEvent) -> None:
            timers[index].note(event)
            meter.note(event)

        return note


def meter_of(request: HTTPConnection) -> Meter:
    """Return the meter of a request that has begun."""
    meter = record_of(request.scope).meter
    assert meter is not None, "the request has not begun"
    return meter


def service_of(request: HTTPConnection) -> Service:
    """Return the service of the application that a request came to."""
    service: Service = request.app.state.service
    return service
