"""What the page on batches tells its reader to type, typed, with the model that ships."""

import json
import re
import subprocess
import sys

from tests.repository import ROOT
from tests.served_process import ServedProcess

PAGE = (ROOT / "docs" / "how-to" / "run-batches.md").read_text(encoding="utf-8")
WRITTEN_URL = "http://127.0.0.1:8000"


def program(server: ServedProcess, containing: str) -> str:
    """What the program on the page says that has this in it."""
    (snippet,) = [each for each in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    command = [sys.executable, "-c", snippet.replace(WRITTEN_URL, server.url)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_a_file_of_requests_to_a_file_of_answers(server: ServedProcess) -> None:
    first, *others = program(server, "it is").splitlines()
    assert first == "it is completed with 5 of 5"
    assert sorted(others) == [f"question-{number} 200" for number in range(1, 6)]


def test_a_wrong_file_says_where(server: ServedProcess) -> None:
    assert program(server, "errors.data") == "line 2: duplicate_custom_id\n"


def test_by_hand(server: ServedProcess) -> None:
    """The curl lines, against the server, one after the other."""
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    assert script.count("curl -s") == 4
    body = {"model": "gpt-oss-20b", "prompt": "a"}
    line = json.dumps({"custom_id": "a", "method": "POST", "url": "/v1/completions", "body": body})
    script = script.replace(WRITTEN_URL, server.url).replace("@requests.jsonl", "@-;filename=requests.jsonl")
    upload, create, look, _ = re.split(r"\n(?=curl)", script.replace("/v1/chat/completions", "/v1/completions"))
    file_id = answered(upload, "id", line)
    batch_id = answered(create.replace("file-…", file_id), "id")
    while answered(look.replace("batch_…", batch_id), "status") != "completed":
        pass


def answered(command: str, member: str, given: str = "") -> str:
    """A member of the JSON that a shell command prints."""
    done = subprocess.run(
        ["/bin/sh", "-c", command], input=given, capture_output=True, text=True, timeout=60, check=True
    )
    (found,) = re.findall(rf'"{member}":"([^"]*)"', done.stdout)[:1]
    return str(found)
