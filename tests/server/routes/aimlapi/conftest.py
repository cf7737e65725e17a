"""A server with prices, a project "default" with a key and a budget, and an admin key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.server.keys import Made, make_admin_key, make_key, make_project
from tests.server.serving import MODEL, Served, scripted, serving, until

PRICED = {"id": MODEL, "prices": {"input": 100, "output": 200}}
WINDOW: dict[str, Any] = {"start": "2025-11-20", "end": "2025-11-22"}  # their clock stands still at NOW
ASKED: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}]}


@dataclass(frozen=True)
class Account:
    """A server, and the keys to it."""

    served: Served
    project_id: str
    key: Made
    admin: Made

    def ask(self, method: str, path: str, made: Made | None, **options: Any) -> httpx2.Response:
        with self.served.http() as client:
            return client.request(method, path, headers=made.headers if made else {}, **options)

    def get(self, path: str, made: Made | None = None, **params: Any) -> Any:
        """What is told to the project's key, or to another."""
        answer = self.ask("GET", path, made or self.key, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, made: Made | None, status: int, **options: Any) -> str:
        """The message of an error of this form."""
        answer = self.ask(method, path, made, **options)
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert body.keys() == {"message", "path", "requestId", "statusCode", "timestamp"}
        assert (body["statusCode"], body["path"]) == (status, path)
        return str(body["message"])

    def chat(self, made: Made | None = None, **fields: Any) -> httpx2.Response:
        path = "/aimlapi/v1/chat/completions"
        return self.served.post(path, json={**ASKED, **fields}, headers=(made or self.key).headers)

    def until_written(self, num_requests: int, made: Made | None = None) -> None:
        """Wait for the usage of so many requests of a key: it is written while others are served."""
        until(lambda: self.get("/v2/usage", made, **WINDOW)["requests"] >= num_requests)


@pytest.fixture
def account() -> Iterator[Account]:
    with serving(scripted(), sections={"catalog": {"models": [PRICED]}}) as served:
        project_id = make_project(served, "default", budget={"amount": "100", "period": "none"})
        yield Account(served, project_id, make_key(served, project_id), make_admin_key(served))
