"""A client of the WebSocket at /v1/responses."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.server.serving import MODEL, Served

Json = dict[str, Any]


class Socket:
    """One connection. Each event is taken as it was sent: one JSON object a message, as text."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, **fields: object) -> None:
        """Ask for a response."""
        self.connection.send(json.dumps({"type": "response.create", "model": MODEL, "input": "2+2?", **fields}))

    def event(self) -> Json:
        text = self.connection.recv(timeout=30)
        assert isinstance(text, str)
        event: Json = json.loads(text)
        return event

    def events(self) -> list[Json]:
        """Read to the end of a response, or to an error."""
        events: list[Json] = []
        while not events or not is_last(events[-1]):
            events.append(self.event())
        return events

    def read_on(self, timeout: float) -> None:
        """Read until nothing comes for so many seconds, or the connection ends. Raises what says which."""
        while True:
            self.connection.recv(timeout=timeout)

    def ask(self, **fields: object) -> list[Json]:
        self.send(**fields)
        return self.events()

    def response(self, **fields: object) -> Json:
        """Ask for a response that is to be completed."""
        last = self.ask(**fields)[-1]
        assert last["type"] == "response.completed", last
        response: Json = last["response"]
        return response

    def error(self, **fields: object) -> Json:
        """Ask for a response that there will not be."""
        return error_of(self.ask(**fields))


@contextmanager
def socket_to(server: Served, key: str | None = None, **headers: str) -> Iterator[Socket]:
    url = server.url.replace("http", "ws") + "/v1/responses"
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    with connect(url, additional_headers=headers, proxy=None, open_timeout=30) as connection:
        yield Socket(connection)


def is_last(event: Json) -> bool:
    return event["type"] in {"error", "response.completed", "response.incomplete", "response.failed"}


def error_of(events: list[Json]) -> Json:
    (event,) = events
    assert event["type"] == "error", event
    return event
