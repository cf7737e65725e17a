"""What a key may be used for: which endpoints, which models."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ossian.errors import InvalidRequestError


class Endpoint(StrEnum):
    """The parts of the API that a key can be restricted to; `/v1/responses/{id}` belongs to `/v1/responses`."""

    BATCHES = "batches"
    CHAT_COMPLETIONS = "chat.completions"
    COMPLETIONS = "completions"
    CONVERSATIONS = "conversations"
    FILES = "files"
    MODELS = "models"
    PROMPTS = "prompts"
    RESPONSES = "responses"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Scopes:
    """The endpoints and the names of models that are allowed; None: all of them, also those that are yet to come."""

    endpoints: frozenset[Endpoint] | None = None
    models: frozenset[str] | None = None

    def allows_endpoint(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint may be called."""
        return self.endpoints is None or endpoint in self.endpoints

    def allows_model(self, *names: str) -> bool:
        """Tell whether a model may be used: its id, after virtual names are resolved, and all its other names."""
        return self.models is None or not self.models.isdisjoint(names)

    def to_json(self) -> dict[str, list[str] | None]:
        """Return the scopes as they are stored and shown."""
        return {
            "endpoints": None if self.endpoints is None else sorted(self.endpoints),
            "models": None if self.models is None else sorted(self.models),
        }

    @classmethod
    def from_json(cls, body: Any, param: str = "scopes") -> Self:
        """Read what `to_json` returns, or what an administrator wrote; what is left out is not restricted.

        Raises InvalidRequestError that names the field and what it may be.
        """
        if not isinstance(body, dict):
            raise InvalidRequestError(f"'{param}' must be an object with 'endpoints' and 'models'.", param=param)
        if unknown := sorted(map(str, body.keys() - {"endpoints", "models"})):
            message = f"'{param}' has no field '{unknown[0]}'; it has 'endpoints' and 'models'."
            raise InvalidRequestError(message, param=f"{param}.{unknown[0]}")
        endpoints = _words(body.get("endpoints"), f"{param}.endpoints")
        models = _words(body.get("models"), f"{param}.models")
        return cls(None if endpoints is None else _endpoints(endpoints, f"{param}.endpoints"), models)


EVERYTHING = Scopes()


def _words(listed: Any, param: str) -> frozenset[str] | None:
    if listed is None:
        return None
    if not isinstance(listed, list) or not all(isinstance(word, str) and word for word in listed):
        raise InvalidRequestError(f"'{param}' must be a list of names, or null for all.", param=param)
    return frozenset(listed)


def _endpoints(words: Iterable[str], param: str) -> frozenset[Endpoint]:
    if unknown := sorted(set(words) - set(Endpoint)):
        known = ", ".join(f"'{endpoint}'" for endpoint in Endpoint)
        raise InvalidRequestError(f"'{param}': there is no endpoint '{unknown[0]}'. There are: {known}.", param=param)
    return frozenset(Endpoint(word) for word in words)
