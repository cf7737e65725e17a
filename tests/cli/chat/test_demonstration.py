"""`ossian chat --demo-tools` as a person's first minute shows it: the demonstration model, in this process."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ossian.cli.main import app
from tests.cli.chat.test_tool_loop import in_order


def test_the_demonstration_model_talks_and_calls_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSIAN_MODELS__CACHE_DIR", str(tmp_path))
    typed = "Hello!\nMy name is Anna.\nWhat is the weather in London?\nWhat is my name?\n"
    done = CliRunner().invoke(app, ["chat", "--demo-tools"], input=typed)
    assert done.exit_code == 0
    called = re.search(r"^call: (\w+) \{.*\}\nresult: ", done.output, re.MULTILINE)
    assert called
    assert in_order(done.output, "Hello Anna!", called[0], f"{called[1]} says: ", "Your name is Anna.")
