import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2
import pytest

from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.messages import Conversation, Message, ReasoningEffort, Role, Tool, ToolNamespace
from ossian.harmony.tokenizer import Tokenizer
from tests.engine.embedded.checkpoints import tiny_config, write_checkpoint
from tests.server.serving import ANSWER, CALL, MODEL, Served, scripted, serving, turn_ids
from training.server import Reply, ServerFailedError, connected, reply_of, running_server

ASKED = Conversation((Message(Role.USER, "2+2?"),), reasoning_effort=ReasoningEffort.LOW)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(scripted()) as running:
        yield running


def test_a_text(served: Served) -> None:
    with connected(f"{served.url}/v1") as asked:
        reply = asked.reply(ASKED)
    assert asked.model == MODEL
    assert (reply.content, reply.calls, reply.reasoning, reply.refusal) == ("It is 4.", (), "2+2 is 4.", None)
    assert reply.num_completion_tokens == len(turn_ids(ANSWER))
    assert 0 < reply.num_reasoning_tokens < reply.num_completion_tokens
    assert reply.seconds > 0


def test_a_call() -> None:
    tools = (ToolNamespace("functions", (Tool("get_weather"),)),)
    with serving(scripted(CALL)) as running, connected(f"{running.url}/v1") as asked:
        reply = asked.reply(Conversation(ASKED.messages, tools=tools))
    assert (reply.content, reply.calls) == ("", (("get_weather", '{"city": "Paris"}'),))


def test_a_refusal_is_a_reply(served: Served) -> None:
    with connected(f"{served.url}/v1") as asked:
        reply = asked.reply(ASKED, temperature=9.0)
    assert reply.refusal is not None
    assert re.match(r"HTTP 400: .*temperature", reply.refusal)
    assert (reply.content, reply.num_completion_tokens) == ("", 0)


def test_replies_are_in_the_order_of_the_questions() -> None:
    tokenizer = Tokenizer()

    def echo(prompt: Sequence[int]) -> list[int]:
        said = re.findall(r"number \d+", tokenizer.decode(list(prompt)))[-1]
        return turn_ids(f"<|channel|>final<|message|>{said}<|return|>")

    with serving(ScriptedEngine(echo)) as running, connected(f"{running.url}/v1") as server:
        asked = [Conversation((Message(Role.USER, f"number {index}"),)) for index in range(30)]
        replies = server.replies(asked, temperature=0.0)
    assert [reply.content for reply in replies] == [f"number {index}" for index in range(30)]


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        pytest.raises(ServerFailedError, match=f"127.0.0.1:{port}/v1/ cannot be asked"),
        connected(f"http://127.0.0.1:{port}/v1"),
    ):
        pass


def test_an_address_that_is_none(served: Served) -> None:
    with pytest.raises(ServerFailedError, match="lists no models: HTTP 404"), connected(f"{served.url}/v2"):
        pass


def test_a_server_that_wants_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(scripted(), api_keys=["a-key"]) as running:
        monkeypatch.delenv("OSSIAN_API_KEY", raising=False)
        with pytest.raises(ServerFailedError, match=r"HTTP 401: .*OSSIAN_API_KEY"), connected(f"{running.url}/v1"):
            pass
        monkeypatch.setenv("OSSIAN_API_KEY", "a-key")
        with connected(f"{running.url}/v1") as asked:
            assert asked.reply(ASKED).content == "It is 4."


def test_fields_that_another_server_leaves_out() -> None:
    completion = {"choices": [{"message": {"content": None}}], "usage": {"completion_tokens": 3}}
    assert reply_of(completion, 2.0) == Reply(num_completion_tokens=3, seconds=2.0)


def test_a_process_serves_until_the_block_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.server.MAX_COMPLETION_TOKENS", 8)
    config = tiny_config(vocab_size=201_088, eos_token_id=200_002, pad_token_id=199_999)
    folder = write_checkpoint(tmp_path / "tiny", config)
    with running_server(str(folder)) as base_url, connected(base_url) as asked:
        assert base_url.startswith("http://127.0.0.1:")
        assert asked.model == "tiny"
        reply = asked.reply(ASKED)
        assert reply.refusal is None
        assert 0 < reply.num_completion_tokens <= 8
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{base_url}/models", trust_env=False)


def test_a_process_that_does_not_start_says_why(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing")
    with pytest.raises(ServerFailedError, match="There is no folder"), running_server(missing):
        pass
