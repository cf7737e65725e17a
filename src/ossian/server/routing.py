"""What every route for a model does first: read the request, find the model, watch its turns."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request

from ossian.api.fields import RequestModel
from ossian.api.validation import parse
from ossian.catalog.catalog import Model
from ossian.generation import Generation
from ossian.harmony.events import TurnEvent
from ossian.server.body import json_body
from ossian.server.observability import Metrics, TurnTimer
from ossian.server.parts import Parts
from ossian.server.request_context import record_of

RequestT = TypeVar("RequestT", bound=RequestModel)


class RequestReader:
    """Reads requests by the rules of the settings."""

    def __init__(self, parts: Parts, metrics: Metrics) -> None:
        self._parts = parts
        self._metrics = metrics
        self._ignore_unknown = parts.settings.server.unknown_parameters == "ignore"

    async def read(self, request: Request, schema: type[RequestT]) -> RequestT:
        """Return the request. Raises a RequestError for a body that is too large, no JSON, or not of the schema."""
        return parse(await json_body(request), schema, ignore_unknown=self._ignore_unknown)

    def resolve(self, request: Request, name: str) -> tuple[Model, Generation]:
        """Return the model that answers to `name`, and note it for the log. Raises ModelNotFoundError."""
        model = self._parts.catalog.resolve(name)
        record_of(request.scope).model = model.id
        return model, self._parts.generations[model.id]

    def timers(self, model: Model, num_turns: int) -> Callable[[int, TurnEvent], None]:
        """Return what is to be told of every event, with the index of its turn."""
        timers = [TurnTimer(self._metrics, model.id) for _ in range(num_turns)]
        return lambda index, event: timers[index].note(event)
