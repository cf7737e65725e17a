import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ossian.cli.main import app

TOOL = {"type": "function", "function": {"name": "roll", "description": "Roll a die"}}
REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Hello <|end|>"}], "tools": [TOOL]}
TURN = (
    "<|channel|>analysis<|message|>A die.<|end|><|start|>assistant<|channel|>commentary to=functions.roll "
    "<|constrain|>json<|message|>{}<|call|>"
)


def run(*arguments: str, typed: str | bytes = "") -> Result:
    return CliRunner().invoke(app, ["debug", *arguments], input=typed)


@pytest.fixture
def request_file(tmp_path: Path) -> str:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(REQUEST))
    return str(path)


def test_the_prompt_is_shown_as_the_model_sees_it(request_file: str) -> None:
    shown = run("render", request_file, "--today", "2026-11-21").stdout
    assert shown.startswith("<|start|>system<|message|>")
    assert "Current date: 2026-11-21" in shown
    assert "type roll = () => any;" in shown
    assert shown.endswith("<|start|>user<|message|>Hello <|end|><|end|><|start|>assistant\n")


def test_ids_tell_text_from_special_tokens(request_file: str) -> None:
    token_ids = json.loads(run("render", request_file, "--ids").stdout)
    assert token_ids[0] == 200_006
    assert token_ids.count(200_007) == 3  # what the user typed is not one of them


def test_the_grammar_is_shown(request_file: str) -> None:
    grammars = json.loads(run("render", request_file, "--grammar").stdout)["grammars"]
    assert [each["name"] for each in grammars] == ["turn", "input_0"]


def test_a_request_may_come_from_standard_input() -> None:
    assert "Hello" in run("render", "-", typed=json.dumps(REQUEST)).stdout


def test_a_date_that_is_none_is_said_so(request_file: str) -> None:
    result = run("render", request_file, "--today", "soon")
    assert result.exit_code == 2
    assert "soon" in result.output


def message(*arguments: str, typed: str) -> Any:
    return json.loads(run("parse", *arguments, typed=typed).stdout)


def test_a_turn_is_read_as_the_api_would() -> None:
    choice = message(typed=TURN + "\n")
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["reasoning"] == "A die."
    function = {"name": "roll", "arguments": "{}"}
    assert choice["message"]["tool_calls"] == [{"id": "call_debug", "type": "function", "function": function}]


def test_without_tools_a_call_is_text() -> None:
    choice = message("--no-tools", typed=TURN)
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "{}")


def test_a_turn_of_ids_that_was_cut_off() -> None:
    choice = message("--ids", typed="[200005, 17196, 200008, 24912]")
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "hello")


@pytest.mark.parametrize(
    "typed, said",
    [("nothing", "no JSON"), ('{"a": 1}', "list of token ids"), ("[true]", "list of"), ("[" * 100_000, "no JSON")],
)
def test_what_is_no_list_of_ids_is_said_so(typed: str, said: str) -> None:
    result = run("parse", "--ids", typed=typed)
    assert result.exit_code == 2
    assert said in result.output


def test_bytes_that_are_no_text_are_read_all_the_same() -> None:
    result = run("parse", typed=b"<|channel|>final<|message|>caf\xe9")
    assert json.loads(result.stdout)["message"]["content"] == "caf\N{REPLACEMENT CHARACTER}"


def test_a_wrong_request_is_said_so() -> None:
    result = run("render", "-", typed='{"model": "m"}')
    assert result.exit_code == 2
    assert "Missing required parameter: 'messages'" in result.output
