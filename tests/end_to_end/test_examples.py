"""The examples of hosted services, against a real server."""

import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.repository import ROOT
from tests.served_process import ServedProcess

EXAMPLES = ROOT / "examples"
PROGRAMS = {".py": sys.executable, ".sh": "sh", ".mjs": "node"}


def run(server: ServedProcess, name: str, **environment: str) -> str:
    path = EXAMPLES / name
    variables = os.environ | environment | {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": "none"}
    command = [PROGRAMS[path.suffix], str(path)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def streamed(output: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in output.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def text(chunks: list[dict[str, Any]]) -> str:
    return "".join(re.findall(r'"content": "((?:[^"\\]|\\.)*)"', json.dumps(chunks)))


def is_about_gravity(answer: str) -> bool:
    return "earth" in answer.casefold() and "pull" in answer.casefold()


def is_a_greeting(answer: str) -> bool:
    return re.search(r"\b(hello|hi|hey|good (day|morning)|welcome|nice to meet)\b", answer, re.IGNORECASE) is not None


def test_every_example_is_listed_and_tested() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix in PROGRAMS}
    listed = set(re.findall(r"^\| \[([\w.]+)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    assert files == listed
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests/end_to_end").glob("test_*examples.py"))
    assert all(f'"{name}"' in tests for name in files)


def test_ovhcloud_with_requests(server: ServedProcess) -> None:
    output = run(server, "ovhcloud_requests.py")
    answer, reasoning = output.split("\n", maxsplit=1)
    assert is_about_gravity(answer)
    assert reasoning.strip()
    assert "Error:" not in output


def test_ovhcloud_with_openai(server: ServedProcess) -> None:
    output = run(server, "ovhcloud_openai.py")
    assert re.search(r"\*\* REASONING \*\* \n \S", output)
    assert is_about_gravity(output.partition("** CONTENT **")[2])
    assert "None" not in output


@pytest.mark.parametrize(
    "name",
    [
        "aimlapi_requests.py",
        pytest.param(
            "aimlapi_fetch.mjs", marks=pytest.mark.skipif(not shutil.which("node"), reason="the example is for Node")
        ),
    ],
)
def test_aimlapi(server: ServedProcess, name: str) -> None:
    body = json.loads(run(server, name))
    message = body["choices"][0]["message"]
    assert is_a_greeting(message["content"])
    assert message["reasoning_content"]
    assert message["refusal"] is None
    assert body["model"] == "ossian-nano"


def test_azion(server: ServedProcess) -> None:
    chunks = streamed(run(server, "azion_chat.sh"))
    assert all(city in text(chunks) for city in ("Paris", "Madrid", "Rome", "Berlin"))
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


def test_azion_with_a_tool(server: ServedProcess) -> None:
    chunks = streamed(run(server, "azion_tools.sh"))
    choices = [chunk["choices"][0] for chunk in chunks]
    functions = [call["function"] for choice in choices for call in choice["delta"].get("tool_calls", ())]
    assert [function["name"] for function in functions if "name" in function] == ["get_weather"]
    assert json.loads("".join(function["arguments"] for function in functions)) == {"location": "London"}
    assert choices[-1]["finish_reason"] == "tool_calls"


def test_azion_with_parameters(server: ServedProcess) -> None:
    assert re.search(r"\blearns?\b|example", text(streamed(run(server, "azion_parameters.sh"))))


def test_e2e_tir(server: ServedProcess) -> None:
    body = json.loads(run(server, "e2e_tir_chat.sh"))
    assert is_a_greeting(body["choices"][0]["message"]["content"])
    assert {"id", "object", "created", "model", "choices", "service_tier", "system_fingerprint", "usage"} <= set(body)
    assert is_a_greeting(text(streamed(run(server, "e2e_tir_chat.sh", STREAM="true"))))
