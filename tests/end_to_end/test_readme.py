"""What the README tells its reader to type, typed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import ROOT
from tests.served_process import ServedProcess

README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000"
CHAT = [sys.executable, "-m", "ossian", "chat"]


def snippet(language: str, containing: str) -> str:
    """Return the one code block with a text in it."""
    (found,) = (each for each in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if containing in each)
    return str(found)


def run(command: list[str], text: str = "", **environment: str) -> str:
    done = subprocess.run(
        command, input=text, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_request(server: ServedProcess) -> None:
    body = json.loads(run(["sh", "-c", snippet("sh", "curl").replace(WRITTEN_URL, server.url)]))
    message = body["choices"][0]["message"]
    assert "391" in message["content"]
    assert "17" in message["reasoning"]
    assert message["reasoning_content"] == message["reasoning"]
    assert body["model"] == "ossian-nano"
    assert body["usage"]["completion_tokens"] > body["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0


def test_the_first_program(server: ServedProcess) -> None:
    program = snippet("python", "chat.completions").replace(WRITTEN_URL, server.url)
    assert "391" in run([sys.executable, "-c", program])


def test_the_first_program_with_responses(server: ServedProcess) -> None:
    said = run([sys.executable, "-c", snippet("python", "responses.create").replace(WRITTEN_URL, server.url)])
    assert "391" in said
    assert said.endswith("True\n")


def test_the_conversation_in_the_terminal(cache_dir: Path) -> None:
    assert snippet("sh", ".venv/bin/ossian chat") == ".venv/bin/ossian chat\n"
    said = run([*CHAT, "--temperature", "0"], "What is 17*23?\n", OSSIAN_MODELS__CACHE_DIR=str(cache_dir))
    assert "ossian-nano" in said
    assert "391" in said


def test_the_conversation_with_a_server(server: ServedProcess) -> None:
    said = run([*CHAT, "--url", server.url, "--temperature", "0"], "What is 17*23?\n/exit\nWhat is 2+2?\n")
    assert "391" in said
    assert "2+2" not in said


def test_a_server_that_refuses_ends_the_conversation_with_its_reason(server: ServedProcess) -> None:
    done = subprocess.run(
        [*CHAT, "gpt-17", "--url", server.url], input="Hello\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "answered 404: The model 'gpt-17' does not exist here" in done.stderr


@pytest.mark.parametrize("page", ["/docs", "/openapi.json", "/metrics", "/healthz", "/readyz", "/v1/models"])
def test_the_pages_that_it_names_are_there(server: ServedProcess, page: str) -> None:
    assert page in README or page == "/openapi.json"
    assert run(["curl", "--fail", "--silent", server.url + page])
