"""What the page on tools and structured outputs tells its reader to type, typed, with the model that ships."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.repository import ROOT
from tests.served_process import ServedProcess

PAGE = (ROOT / "docs" / "how-to" / "use-tools-and-structured-outputs.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000"


def snippet(language: str, containing: str) -> str:
    """Return the one code block of a language with a text in it."""
    found = [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    assert len(found) == 1
    return str(found[0])


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def typed(server: ServedProcess, containing: str) -> Any:
    body = json.loads(run(["sh", "-c", snippet("sh", containing).replace(WRITTEN_URL, server.url)]))
    return body["choices"][0]["message"]


def program(server: ServedProcess, containing: str) -> str:
    return run([sys.executable, "-c", snippet("python", containing).replace(WRITTEN_URL, server.url)])


def test_an_answer_that_fits_a_schema(server: ServedProcess) -> None:
    answer = json.loads(typed(server, "response_format")["content"])
    assert list(answer) == ["name", "age"]
    assert [type(value) for value in answer.values()] == [str, int]


def test_an_answer_that_is_a_pydantic_model(server: ServedProcess) -> None:
    assert re.fullmatch(r"Person\(name='.*', age=-?\d+\)\n", program(server, "class Person"), re.DOTALL)


def test_the_tool_loop(server: ServedProcess) -> None:
    said = program(server, "tool_choice=choice")
    assert re.match(r"called with (celsius|fahrenheit)\n", said)
    assert "answered:" in said


def test_the_custom_tool(server: ServedProcess) -> None:
    (call,) = typed(server, '"custom"')["tool_calls"]
    assert call["type"] == "custom"
    assert call["custom"]["name"] == "sql"
    assert re.fullmatch(r"SELECT count\(\*\) FROM (users|orders)", call["custom"]["input"])


@pytest.mark.parametrize("block", re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
def test_the_fields_are_json(block: str) -> None:
    assert json.loads(block)["type"] == "allowed_tools"
