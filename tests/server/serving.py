"""A real server for tests: uvicorn in a thread, on a free port of the loopback, in front of the scripted engine."""

import asyncio
import re
import threading
from asyncio import sleep as async_sleep
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

import httpx2
import uvicorn
from openai import DefaultHttpxClient, OpenAI

from ossian.catalog.catalog import Catalog, Model
from ossian.engine.base import Engine, EngineOutput, EngineRequest
from ossian.engine.scripted import ScriptedEngine
from ossian.generation import Generation
from ossian.harmony.encoding import load_encoding
from ossian.harmony.vocabulary import special_tokens
from ossian.server.app import create_app
from ossian.server.parts import Parts
from ossian.server.run import bind, url_of, uvicorn_config
from ossian.settings import ServerSettings, Settings
from ossian.storage.database import Database

NOW = 1_763_680_000
MODEL = "ossian-nano"
ALIAS = "openai/gpt-oss-20b"
ALIASES = (ALIAS, "gpt-oss-20b", "gpt_oss_120b")

ANSWER = "<|channel|>analysis<|message|>2+2 is 4.<|end|><|start|>assistant<|channel|>final<|message|>It is 4.<|return|>"
CALL = (
    "<|channel|>analysis<|message|>Look it up.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather "
    '<|constrain|>json<|message|>{"city": "Paris"}<|call|>'
)

DATABASE = "ossian.sqlite3"
SPECIAL = special_tokens()
_SPECIAL_TOKEN = re.compile(r"(<\|\w+\|>)")


def turn_ids(turn: str) -> list[int]:
    """Encode a turn in which `<|name|>` is the special token."""
    encode = load_encoding().encode
    parts = [part for part in _SPECIAL_TOKEN.split(turn) if part]
    return [token_id for part in parts for token_id in ([SPECIAL[part]] if part in SPECIAL else encode(part))]


def scripted(turn: str = ANSWER, **options: object) -> ScriptedEngine:
    return ScriptedEngine(turn_ids(turn), **options)  # type: ignore[arg-type]


def in_turn(*turns: str) -> Callable[[Sequence[int]], Sequence[int]]:
    """A script that answers each request with the next turn, the last for ever."""
    scripts = [turn_ids(turn) for turn in turns]
    number = count()
    return lambda prompt: scripts[min(next(number), len(scripts) - 1)]


@dataclass
class GatedEngine(ScriptedEngine):
    """Brings no token before a test opens its gate."""

    gate: threading.Event = field(default_factory=threading.Event)

    async def _replay(self, request: EngineRequest) -> AsyncGenerator[EngineOutput]:
        self.num_running += 1
        try:
            while not self.gate.is_set():
                await async_sleep(0.005)
        finally:
            self.num_running -= 1
        async for output in super()._replay(request):
            yield output


@dataclass
class Served:
    """A running server."""

    url: str
    engine: Engine
    parts: Parts
    clients: list[OpenAI] = field(default_factory=list)

    @property
    def client(self) -> OpenAI:
        """A client of its own. It knows no certificates, as in `http`."""
        plain = DefaultHttpxClient(verify=False, trust_env=False)
        client = OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0, timeout=30, http_client=plain)
        self.clients.append(client)
        return client

    def close(self) -> None:
        """Close what the SDK has open."""
        for client in self.clients:
            client.close()

    def http(self, **options: object) -> httpx2.Client:
        """A client that knows no certificates: reading them takes longer than most tests, and nothing here has any."""
        return httpx2.Client(base_url=self.url, timeout=30, trust_env=False, verify=False, **options)  # type: ignore[arg-type]

    def post(self, path: str = "/v1/chat/completions", **options: object) -> httpx2.Response:
        with self.http() as client:
            return client.post(path, **options)  # type: ignore[arg-type]

    def get(self, path: str, **options: object) -> httpx2.Response:
        with self.http() as client:
            return client.get(path, **options)  # type: ignore[arg-type]

    def chat(self, **fields: object) -> httpx2.Response:
        return self.post(json={"model": MODEL, "messages": [{"role": "user", "content": "2+2?"}], **fields})


@cache
def empty_database() -> bytes:
    """The file of a database with its tables; a copy of it is there at once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / DATABASE

        async def make() -> None:
            await (await Database.open(f"sqlite:///{path}")).close()

        with ThreadPoolExecutor(1) as thread:  # this one may have an event loop
            thread.submit(lambda: asyncio.run(make())).result()
        return path.read_bytes()


@contextmanager
def database_folder() -> Iterator[Path]:
    """A folder with a database of its own: ids count from 1 in every server."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        (Path(folder) / DATABASE).write_bytes(empty_database())
        yield Path(folder)


def fixed_clock() -> float:
    return NOW + 0.5


def parts_of(
    engine: Engine,
    settings: ServerSettings,
    /,
    *,
    first_id: int = 1,
    now: Callable[[], float] = fixed_clock,
    **others: object,
) -> Parts:
    numbers = count(first_id)
    model = Model(MODEL, created=NOW - 1000, max_model_len=engine.info.max_model_len, aliases=ALIASES)
    all_settings = Settings.model_validate({"server": settings, **others})
    return Parts(
        Catalog([model], all_settings.catalog.models),
        {MODEL: Generation(engine, load_encoding())},
        all_settings,
        now=now,
        new_id=lambda prefix: f"{prefix}{next(numbers):032x}",
    )


@contextmanager
def serving(
    engine: Engine,
    *,
    sections: Mapping[str, object] | None = None,
    first_id: int = 1,
    now: Callable[[], float] = fixed_clock,
    **settings: object,
) -> Iterator[Served]:
    """Serve with these server settings, and these others by the names of their sections.

    Servers that share a database, by its data_dir, need ids from different numbers on.
    """
    server_settings = ServerSettings.model_validate({"port": 0, **settings})
    with database_folder() as folder:
        parts = parts_of(
            engine, server_settings, first_id=first_id, now=now, **{"data_dir": folder, **(sections or {})}
        )
        config = uvicorn_config(create_app(parts), server_settings)
        with (
            bind(server_settings) as bound,
            running(uvicorn.Server(config), bound),
            closing(Served(url_of(bound), engine, parts)) as served,
        ):
            yield served


@contextmanager
def running(server: uvicorn.Server, bound: object) -> Iterator[None]:
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        assert server.started, "the server did not start"
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        assert not thread.is_alive(), "the server did not stop"


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread does. The suite's own time limit ends a wait for what never comes."""
    while not is_so():
        sleep(0.005)
