"""How tests ask for responses: over a real socket, every answer and every event checked against both specifications."""

from typing import Any

import httpx2

from ossian.api.responses.dialects import Dialect
from ossian.harmony.encoding import load_encoding
from tests.server.serving import MODEL, Served
from tests.specs.validators import check_response, check_stream, read_stream

Json = dict[str, Any]

THOUGHT = "Look it up."
WEATHER_CALL = (
    f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather "
    '<|constrain|>json<|message|>{"city": "Paris"}<|call|>'
)
SUNNY = "<|channel|>final<|message|>It is sunny.<|return|>"
WEATHER: Json = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def post(served: Served, headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
    """The answer to a request for a response, whatever it is."""
    body = {"model": MODEL, "input": "2+2?", **fields}
    return served.post("/v1/responses", json=body, headers=headers or {})


def respond(served: Served, dialect: Dialect = "openai", headers: dict[str, str] | None = None, **fields: Any) -> Json:
    """The whole response."""
    answer = post(served, headers, **fields)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    check_response(body, dialect)
    return body


def stream(
    served: Served, dialect: Dialect = "openai", headers: dict[str, str] | None = None, **fields: Any
) -> list[Json]:
    """The events of a stream."""
    answer = post(served, headers, stream=True, **fields)
    assert answer.status_code == 200, answer.text
    events = read_stream(answer.text)
    check_stream(events, dialect)
    return events


def get(served: Served, response_id: str, headers: dict[str, str] | None = None, query: str = "") -> Json:
    """The stored response."""
    answer = served.get(f"/v1/responses/{response_id}{query}", headers=headers or {})
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def delete(served: Served, response_id: str) -> httpx2.Response:
    """The answer to the deletion of a response."""
    with served.http() as client:
        return client.delete(f"/v1/responses/{response_id}")


def error(answer: httpx2.Response, status: int) -> Json:
    """The error of a refused request."""
    assert answer.status_code == status, answer.text
    body: Json = answer.json()["error"]
    assert body.keys() == {"message", "type", "param", "code"}
    return body


def text_of(body: Json) -> str:
    """What the model said."""
    parts = [part for item in body["output"] if item["type"] == "message" for part in item["content"]]
    return "".join(part["text"] for part in parts)


def prompts(served: Served) -> list[str]:
    """What the engine was shown, request by request."""
    requests: Any = served.engine
    return [load_encoding().decode(list(request.prompt_token_ids)) for request in requests.requests]


def user(text: str) -> str:
    """A user's message as the model sees it."""
    return f"<|start|>user<|message|>{text}<|end|>"


def final(text: str) -> str:
    """An answer as the model sees it later."""
    return f"<|start|>assistant<|channel|>final<|message|>{text}<|end|>"
