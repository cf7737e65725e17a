"""Binding and serving; the process is real, its engine scripted."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import repeat
from pathlib import Path

import httpx2
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from ossian.errors import ConfigurationError
from ossian.server import run
from ossian.server.run import MAX_NUM_FRAGMENTS, bind, url_of, uvicorn_config
from ossian.settings import ServerSettings
from tests.server.serving import MODEL, Served, until

ROOT = Path(__file__).resolve().parents[2]


def test_a_free_port_is_found() -> None:
    with bind(ServerSettings(port=0)) as bound:
        assert url_of(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"
        assert bound.getsockname()[1] > 0


def test_an_ipv6_address_is_written_in_brackets() -> None:
    with bind(ServerSettings(host="::1", port=0)) as bound:
        assert url_of(bound).startswith("http://[::1]:")


def test_a_server_for_everybody_is_reached_from_here_over_the_loopback() -> None:
    with bind(ServerSettings(host="0.0.0.0", port=0)) as bound:
        assert url_of(bound).startswith("http://127.0.0.1:")


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigurationError, match=f"Cannot listen on 127.0.0.1, port {port}: Address already in use"
        ):
            bind(ServerSettings(port=port))


def test_a_port_that_a_server_has_which_does_not_listen_yet() -> None:
    with bind(ServerSettings(port=0)) as first, pytest.raises(ConfigurationError, match="Address already in use"):
        bind(ServerSettings(port=first.getsockname()[1]))


def test_a_port_can_be_had_again_at_once() -> None:
    with bind(ServerSettings(port=0)) as first:
        address = first.getsockname()
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as `serve` does
        first.listen()
        with socket.create_connection(address) as client:
            accepted, _ = first.accept()
            accepted.close()  # the end that closes first keeps the address for a minute
            client.recv(1)
    taken = ServerSettings(port=address[1])
    with bind(taken), pytest.raises(ConfigurationError, match="Address already in use"):
        bind(taken)


@pytest.mark.parametrize("host", ["not a host", "no-such-host.localhost.invalid", "x" * 300])
def test_a_host_that_does_not_exist(host: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address of this machine"):
        bind(ServerSettings(host=host, port=0))


def test_nobody_is_kept_waiting_before_the_server_runs() -> None:
    with bind(ServerSettings(port=0)) as bound, pytest.raises(ConnectionRefusedError):
        socket.create_connection(bound.getsockname())


@pytest.mark.parametrize("seconds, expected", [(30.0, 30), (0.5, 1), (0.0, 0)])
def test_the_time_to_finish_is_the_settings(seconds: float, expected: int) -> None:
    async def app(*_: object) -> None: ...

    config = uvicorn_config(app, ServerSettings(shutdown_seconds=seconds))
    assert config.timeout_graceful_shutdown == expected


async def test_a_websocket_client_that_reads_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"].startswith("lifespan"):
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
        await send({"type": "websocket.accept"})
        try:
            while not is_over.is_set():
                await send({"type": "websocket.send", "text": "x" * 1_000_000})
        finally:
            is_over.set()

    monkeypatch.setattr(run, "PING_SECONDS", 0.2)
    with bind(ServerSettings(port=0)) as bound:
        server = uvicorn.Server(uvicorn_config(app, ServerSettings(shutdown_seconds=0)))
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:
            await asyncio.sleep(0.01)
        with socket.create_connection(bound.getsockname()) as client:
            head = "GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            client.sendall((head + key).encode())
            await asyncio.wait_for(is_over.wait(), 20)
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


SERVER = """
import sys
from ossian.engine.scripted import ScriptedEngine
from ossian.server.app import create_app
from ossian.server.run import bind, serve, url_of
from ossian.settings import ServerSettings
from tests.server.serving import parts_of, turn_ids

class Engine(ScriptedEngine):
    async def start(self):
        if "broken" in sys.argv:
            raise RuntimeError("cannot start")
    async def stop(self):
        print("stopped", flush=True)

port = next((int(each) for each in sys.argv if each.isdigit()), 0)
settings = ServerSettings(port=port, shutdown_seconds=20)
engine = Engine(turn_ids("<|channel|>final<|message|>" + "word " * 30 + "<|return|>"), delay=0.02)
with bind(settings) as bound:
    serve(create_app(parts_of(engine, settings)), settings, bound, lambda: print(url_of(bound), flush=True))
print("over", flush=True)
"""


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SERVER, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def line_of(running: subprocess.Popen[str], start: str) -> str:
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith(start):
            return line.strip()
    raise AssertionError(f"the process ended without a line that starts with {start!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_answer_may_finish_when_the_server_is_told_to_stop(number: signal.Signals) -> None:
    body = {"model": "ossian-nano", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    with process() as running:
        url = line_of(running, "http://")
        with (
            httpx2.Client(base_url=url, timeout=30, trust_env=False) as client,
            client.stream("POST", "/v1/chat/completions", json=body) as response,
        ):
            lines = response.iter_lines()
            assert "assistant" in next(lines)
            running.send_signal(number)
            rest = list(lines)
        assert rest[-2] == "data: [DONE]"
        assert sum("word" in line for line in rest) == 30
        line_of(running, "stopped")
        until(lambda: running.poll() is not None)


def test_a_server_can_be_started_again_at_once() -> None:
    """Connections that it closed itself keep its address for a minute."""
    port = "0"
    for _ in range(3):
        with process(port) as running:
            url = line_of(running, "http://")
            with httpx2.Client(base_url=url, timeout=30, trust_env=False) as client:
                assert client.get("/healthz").status_code == 200
                running.send_signal(signal.SIGTERM)
                line_of(running, "stopped")
                until(lambda: running.poll() is not None)
            assert port in ("0", url.rsplit(":", 1)[1])
            port = url.rsplit(":", 1)[1]


@contextmanager
def connected(url: str) -> Iterator[ClientConnection]:
    with connect(url.replace("http", "ws") + "/v1/responses", proxy=None, open_timeout=30) as connection:
        yield connection


def test_a_response_on_a_websocket_may_finish_when_the_server_is_told_to_stop() -> None:
    """Idle connections are closed at once, and so is this one when its response has ended; what waits is not begun."""
    with process() as running:
        url = line_of(running, "http://")
        with connected(url) as idle, connected(url) as busy:
            for _ in range(2):
                busy.send(json.dumps({"type": "response.create", "model": "ossian-nano", "input": "Hi"}))
            types = [json.loads(busy.recv(timeout=30))["type"]]
            running.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosedError) as closed:
                idle.recv(timeout=30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
            with pytest.raises(ConnectionClosedError) as ended:
                read_on(busy, types)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1012
        assert types.count("response.output_text.delta") >= 30
        assert types.count("response.created") == 1
        assert types[-1] == "response.completed"
        line_of(running, "stopped")
        until(lambda: running.poll() is not None)


def test_a_message_comes_in_fragments_but_not_in_any_number(server: Served) -> None:
    """Each is kept until the last one has come, and an empty one makes no message too long."""
    with connected(server.url) as connection:
        text = json.dumps({"type": "response.create", "model": MODEL, "input": "Hi"})
        connection.send([*text, *repeat("", 3000)])
        assert json.loads(connection.recv(timeout=30))["type"] == "response.created"
    with connected(server.url) as connection:
        with suppress(ConnectionClosedError):  # it may be closed before all is sent
            connection.send(["{", *repeat("", MAX_NUM_FRAGMENTS + 1)])
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(timeout=30)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, str(MAX_NUM_FRAGMENTS) in closed.value.rcvd.reason) == (1009, True)


def read_on(connection: ClientConnection, types: list[str]) -> None:
    while True:
        types.append(json.loads(connection.recv(timeout=30))["type"])


def test_an_application_that_cannot_start_is_said_so() -> None:
    with process("broken") as running:
        line_of(running, "ossian.errors.ConfigurationError: The server could not start")
        assert running.wait(timeout=30) == 1


def test_serving_announces_itself_when_it_answers() -> None:
    with process() as running:
        url = line_of(running, "http://")
        assert httpx2.get(f"{url}/healthz", trust_env=False).status_code == 200
