"""A partner that is a server: any that speaks OpenAI's chat completions."""

import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

import httpx2

from ossian.cli.chat.partner import ChatOptions, Exchange, Piece
from ossian.errors import OssianError


class ServerError(OssianError):
    """The server could not be reached, or refused; the message says why."""


class HttpPartner:
    """Talks to the server at `url`, with or without `/v1` at its end."""

    def __init__(self, url: str, model: str, api_key: str | None, options: ChatOptions) -> None:
        self.name = model
        self._url = completions_url(url)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._options = options

    async def answer(self, earlier: Sequence[Exchange], question: str) -> AsyncGenerator[Piece, None]:
        """Yield the streamed deltas. Raises ServerError."""
        body = request_body(self.name, self._options, earlier, question)
        timeout = httpx2.Timeout(10.0, read=None)  # a long prompt may take minutes before its first token
        try:
            async with (
                httpx2.AsyncClient(timeout=timeout, headers=self._headers) as client,
                client.stream("POST", self._url, json=body) as response,
            ):
                if response.status_code != httpx2.codes.OK:
                    raise ServerError(refusal(self._url, response.status_code, await response.aread()))
                async for line in response.aiter_lines():
                    for piece in pieces(line):
                        yield piece
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise ServerError(f"No answer from {self._url} ({reason}). Is the server running?") from error


def completions_url(url: str) -> str:
    """Return the chat completions endpoint of a server."""
    base = url if "://" in url else f"http://{url}"
    return f"{base.rstrip('/').removesuffix('/v1')}/v1/chat/completions"


def request_body(model: str, options: ChatOptions, earlier: Sequence[Exchange], question: str) -> dict[str, Any]:
    """Return the chat completion request."""
    messages = [{"role": "developer", "content": options.instructions}] if options.instructions else []
    for exchange in earlier:
        messages += [
            {"role": "user", "content": exchange.question},
            {"role": "assistant", "content": exchange.answer},
        ]
    messages.append({"role": "user", "content": question})
    body = {
        "model": model,
        "messages": messages,
        "stream": True,
        "temperature": options.temperature,
        "reasoning_effort": options.reasoning_effort.value,
    }
    return body | ({"max_completion_tokens": options.max_tokens} if options.max_tokens else {})


def pieces(line: str) -> Iterator[Piece]:
    """Yield what one line of the event stream adds. Raises ServerError for an error event."""
    if not line.startswith("data:") or line == "data: [DONE]":
        return
    event = json.loads(line.removeprefix("data:"))
    if "error" in event:
        raise ServerError(f"The server stopped: {event['error'].get('message', event['error'])}")
    for choice in event.get("choices", []):
        delta = choice.get("delta", {})
        if reasoning := delta.get("reasoning") or delta.get("reasoning_content"):
            yield Piece(reasoning, is_reasoning=True)
        if content := delta.get("content"):
            yield Piece(content, is_reasoning=False)


def refusal(url: str, status: int, body: bytes) -> str:
    """Return what an error response says, in one line."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = body[:200].decode(errors="replace")
    return f"{url} answered {status}: {message}"
