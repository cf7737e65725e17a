import asyncio

import orjson
import pytest
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from ossian.accounts.callers import Caller
from ossian.accounts.scopes import EVERYTHING
from ossian.server.access import CALLER
from ossian.server.batches.asking import BATCH, Answer, Line, ask

CALLER_ = Caller("192.0.2.7", EVERYTHING)
LINE = Line("req_1", CALLER_, "batch_1")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers with what it was asked."""
    message = await receive()
    found = {
        "path": scope["path"],
        "method": scope["method"],
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "client": scope["client"],
        "is_mine": scope[CALLER] is CALLER_,
        "batch": scope[BATCH],
        "body": message["body"].decode(),
        "more_body": message["more_body"],
    }
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-request-id", b"req_1")]})
    for part in (orjson.dumps(found)[:10], orjson.dumps(found)[10:]):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def test_a_request_in_a_callers_name() -> None:
    answer = await ask(echo, "/v1/responses", b'{"a": 1}', LINE)
    assert (answer.status, answer.headers["x-request-id"]) == (201, "req_1")
    assert orjson.loads(answer.body) == {
        "path": "/v1/responses",
        "method": "POST",
        "headers": {
            "host": "127.0.0.1",
            "content-type": "application/json",
            "content-length": "8",
            "x-request-id": "req_1",
        },
        "client": ["192.0.2.7", 0],
        "is_mine": True,
        "batch": "batch_1",
        "body": '{"a": 1}',
        "more_body": False,
    }


async def test_who_asks_stays_until_he_is_cancelled() -> None:
    """An application that waits for the caller to leave waits for ever, and ends with the question."""
    states = []

    async def waiting(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        states.append("reading")
        try:
            await receive()
        finally:
            states.append("left")

    asking = asyncio.create_task(ask(waiting, "/", b"", LINE))
    while not states:
        await asyncio.sleep(0)
    assert not asking.done()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert states == ["reading", "left"]


def answer_of(status: int, **headers: str) -> Answer:
    return Answer(status, Headers({name.replace("_", "-"): value for name, value in headers.items()}), b"")


@pytest.mark.parametrize(
    "answer, is_passing",
    [
        (answer_of(200), False),
        (answer_of(400), False),
        (answer_of(500), False),
        (answer_of(429), True),
        (answer_of(503, retry_after="1"), True),
        (answer_of(429, x_should_retry="true"), True),
        (answer_of(429, x_should_retry="false"), False),
    ],
)
def test_what_is_tried_again(answer: Answer, is_passing: bool) -> None:
    assert answer.is_passing == is_passing


@pytest.mark.parametrize("given, seconds", [("7", 7.0), ("", None), ("soon", None), ("-1", None), ("٣", None)])
def test_when_to_try_again(given: str, seconds: float | None) -> None:
    assert Answer(429, Headers(raw=[(b"retry-after", given.encode())]), b"").retry_after == seconds
