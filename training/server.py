"""A real server to ask over HTTP: `ossian serve` in a process of its own, or one that runs already."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from threading import Thread
from time import perf_counter
from typing import IO, Any

import httpx2

from ossian.harmony.messages import Conversation
from training.chat_request import request_body

NUM_CLIENTS = 8
MAX_COMPLETION_TOKENS = 1500  # no right answer is as long; at temperature 1 a wrong one could fill the context
TIMEOUT_SECONDS = 600

_URL = re.compile(rb"http://\S+?/v1")


class ServerFailedError(Exception):
    """The server did not start, or cannot be asked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered: text, calls as (name, arguments), or why there is no answer."""

    content: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    reasoning: str = ""
    num_completion_tokens: int = 0
    num_reasoning_tokens: int = 0
    seconds: float = 0.0
    refusal: str | None = None


class Server:
    """The first model of a server."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self.model = self._first_model()

    def replies(self, conversations: Sequence[Conversation], temperature: float) -> list[Reply]:
        """Answers to all of them, NUM_CLIENTS at a time. The n-th has the sampling seed n."""
        with ThreadPoolExecutor(NUM_CLIENTS) as clients:
            seeds = range(len(conversations))
            return list(clients.map(lambda each, seed: self.reply(each, temperature, seed), conversations, seeds))

    def reply(self, conversation: Conversation, temperature: float = 0.0, seed: int = 0) -> Reply:
        """The answer to one conversation, timed from the request to the last byte."""
        sampling = {"temperature": temperature, "seed": seed, "max_completion_tokens": MAX_COMPLETION_TOKENS}
        body = {"model": self.model, **request_body(conversation), **sampling}
        start = perf_counter()
        response = self._asked("POST", "chat/completions", body)
        seconds = perf_counter() - start
        if response.is_error:
            return Reply(seconds=seconds, refusal=f"HTTP {response.status_code}: {response.text[:500]}")
        return reply_of(response.json(), seconds)

    def _first_model(self) -> str:
        response = self._asked("GET", "models")
        try:
            model: str = response.raise_for_status().json()["data"][0]["id"]
        except (httpx2.HTTPStatusError, ValueError, LookupError, TypeError) as error:
            raise ServerFailedError(
                f"{self._client.base_url} lists no models: HTTP {response.status_code}: {response.text[:200]!r}. "
                "(It is to end with /v1; a key is taken from OSSIAN_API_KEY.)"
            ) from error
        return model

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        try:
            return self._client.request(method, path, json=body)
        except httpx2.HTTPError as error:
            url = self._client.base_url
            raise ServerFailedError(
                f"The server at {url} cannot be asked ({type(error).__name__}: {error})."
            ) from error


def reply_of(completion: dict[str, Any], seconds: float) -> Reply:
    """The reply in a chat completion."""
    message, usage = completion["choices"][0]["message"], completion["usage"]
    functions = [call["function"] for call in message.get("tool_calls") or ()]
    return Reply(
        content=message["content"] or "",
        calls=tuple((function["name"], function["arguments"]) for function in functions),
        reasoning=message.get("reasoning_content") or "",
        num_completion_tokens=usage["completion_tokens"],
        num_reasoning_tokens=(usage.get("completion_tokens_details") or {}).get("reasoning_tokens", 0),
        seconds=seconds,
    )


@contextmanager
def connected(base_url: str) -> Iterator[Server]:
    """Connect to a server; `base_url` ends with /v1. Raises ServerFailedError when nobody answers there.

    A server that wants a key is given OSSIAN_API_KEY's.
    """
    key = os.environ.get("OSSIAN_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx2.Client(base_url=base_url, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        yield Server(client)


@contextmanager
def running_server(model: str | None = None) -> Iterator[str]:
    """Run `ossian serve` on a free port of the loopback until the block ends; the value is its base URL.

    Without `model`, a name or a folder, it serves ossian-nano. It has a database of its own, without keys and without
    the usage of others. Raises ServerFailedError when it does not start.
    """
    command = [sys.executable, "-m", "ossian", "serve", *([model] if model else [])]
    command += ["--host", "127.0.0.1", "--port", "0", "--log-level", "warning"]
    with TemporaryDirectory() as folder:
        environment = os.environ | {"OSSIAN_DATABASE_URL": f"sqlite:///{folder}/ossian.sqlite3"}
        yield from served(command, environment)


def served(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """Run a server, and yield its base URL once."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as process:
        assert process.stdout is not None
        drain = Thread(target=process.stdout.read)  # a full pipe would stop the server
        try:
            base_url = announced(process, process.stdout)
            drain.start()
            yield base_url
        finally:
            process.terminate()
            if drain.is_alive():
                drain.join()


def announced(process: "subprocess.Popen[bytes]", output: IO[bytes]) -> str:
    """The base URL that the server prints when it is ready."""
    said = b""
    for line in output:
        said += line
        if found := _URL.search(line):
            return found.group().decode()
    raise ServerFailedError(f"`ossian serve` ended with {process.wait()}:\n{said.decode(errors='replace')}")
