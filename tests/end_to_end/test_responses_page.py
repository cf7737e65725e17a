"""What the page on the Responses API tells its reader to type, typed, with the model that ships."""

import json
import re
import subprocess
import sys

import httpx2
import pytest

from ossian.api.responses.schema import ResponseRequest
from tests.repository import ROOT
from tests.served_process import ServedProcess

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "how-to" / "use-the-responses-api.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000"


def snippets(language: str, containing: str = "") -> list[str]:
    return [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(server: ServedProcess, containing: str) -> str:
    (snippet,) = snippets("python", containing)
    return run([sys.executable, "-c", snippet.replace(WRITTEN_URL, server.url)])


def test_a_conversation_that_the_server_remembers(server: ServedProcess) -> None:
    said = program(server, "previous_response_id")
    assert "Ada" in said.partition("answered:")[2]
    assert "same: True" in said


def test_a_conversation_under_a_name(server: ServedProcess) -> None:
    said = program(server, "conversations.create")
    assert said.count("answered:") == 2
    assert "Ada" in said.rpartition("answered:")[2]
    assert said.rpartition("items:")[2].count("'message'") == 4


def test_the_tool_loop(server: ServedProcess) -> None:
    said = program(server, "function_call_output")
    assert said.startswith("called with ['city']\n")
    assert re.search(r"answered: \S", said)


def test_an_answer_that_is_a_pydantic_model(server: ServedProcess) -> None:
    assert re.fullmatch(r"Person\(name='.*', age=-?\d+\)\n", program(server, "class Person"), re.DOTALL)


def test_a_background_response(server: ServedProcess) -> None:
    assert program(server, "background=True") == "completed\n"


def test_a_stream_again(server: ServedProcess) -> None:
    (command,) = snippets("sh", "starting_after")
    asked = {"model": "gpt-oss-20b", "input": "Explain gravity.", "background": True, "stream": True}
    first = httpx2.post(f"{server.base_url}/responses", json=asked, trust_env=False, timeout=60).text
    (response_id,) = set(re.findall(r'"id":"(resp_\w+)"', first))
    again = run(["sh", "-c", command.replace(WRITTEN_URL, server.url).replace("RESPONSE_ID", response_id)])
    assert first.endswith(again)
    assert '"sequence_number":42,' in again.split("\n\n")[0]


def test_a_stored_prompt(server: ServedProcess) -> None:
    (command,) = snippets("sh", "/v1/prompts")
    prompt = json.loads(run(["sh", "-c", command.replace(WRITTEN_URL, server.url)]))
    (body,) = map(json.loads, snippets("json", '"prompt"'))
    body["prompt"]["id"] = prompt["id"]
    answer = httpx2.post(f"{server.base_url}/responses", json=body, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json()["instructions"] is not None


@pytest.mark.parametrize("block", snippets("json"))
def test_the_bodies_are_requests(block: str) -> None:
    ResponseRequest.model_validate_json(block)
