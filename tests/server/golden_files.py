"""Golden files of the wire formats: a request, the model's turn, and the exact answer, whole and as a stream.

`python -m tests.server.golden_files` writes them anew; read the difference before you commit it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ossian.engine.scripted import ScriptedEngine
from tests.server.serving import ANSWER, CALL, MODEL, Served, serving, turn_ids

GOLDEN = Path(__file__).parent / "golden"
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}]
CHAT = {"model": "openai/gpt-oss-20b", "messages": MESSAGES}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SQL = {"type": "custom", "custom": {"name": "sql", "description": "Ask the database.", "format": {"type": "text"}}}
SUM = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"], "additionalProperties": False}
CUSTOM_CALL = "<|channel|>commentary to=functions.sql code<|message|>SELECT '\\u0041'<|call|>"
ESCAPES_CALL = CALL.replace("Paris", "K\\u00f6ln \\ud83c\\udf1e")
EMPTY_CALL = "<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|><|call|>"
PREAMBLE = "<|channel|>commentary<|message|>I look it up.<|end|><|start|>assistant"
JSON_ANSWER = '<|channel|>final<|message|>{"sum": 4}<|return|>'


@dataclass(frozen=True)
class Case:
    """A request, and what the model says to it."""

    body: dict[str, Any]
    turn: str = ANSWER
    path: str = "/v1/chat/completions"


CASES = {
    "answer": Case(CHAT),
    "answers_with_logprobs": Case({**CHAT, "n": 2, "logprobs": True, "top_logprobs": 2, "seed": 1}),
    "cut_off": Case({**CHAT, "max_tokens": 6}),
    "stop_string": Case({**CHAT, "stop": [" 4"]}),
    "hidden_reasoning": Case({**CHAT, "reasoning": {"exclude": True, "effort": "high"}}),
    "tool_call": Case({**CHAT, "tools": [WEATHER]}, CALL),
    "tool_call_after_a_preamble": Case({**CHAT, "tools": [WEATHER]}, PREAMBLE + EMPTY_CALL),
    "tool_call_with_escapes": Case({**CHAT, "tools": [WEATHER]}, ESCAPES_CALL),
    "tool_call_cut_off": Case({**CHAT, "tools": [WEATHER], "max_tokens": 26}, CALL),
    "custom_tool_call": Case({**CHAT, "tools": [SQL], "tool_choice": "required"}, CUSTOM_CALL),
    "function_call": Case({**CHAT, "functions": [WEATHER["function"]], "function_call": "auto"}, CALL),
    "json_answer": Case(
        {**CHAT, "response_format": {"type": "json_schema", "json_schema": {"name": "sum", "schema": SUM}}}, JSON_ANSWER
    ),
    "completion": Case({"model": MODEL, "prompt": "2+2", "max_tokens": 4}, " is 4.", "/v1/completions"),
    "completion_echo": Case(
        {"model": MODEL, "prompt": ["2+2", "3+3"], "echo": True, "n": 2}, " is 4", "/v1/completions"
    ),
}


def exchange(case: Case) -> tuple[str, str]:
    """Return the whole answer, as JSON to read, and the stream, as it is."""
    with serving(ScriptedEngine(turn_ids(case.turn), num_cached_tokens=3)) as server:
        whole = post(server, case, {})
    with serving(ScriptedEngine(turn_ids(case.turn), num_cached_tokens=3)) as server:
        stream = post(server, case, {"stream": True, "stream_options": {"include_usage": True}})
    return json.dumps(json.loads(whole), indent=2, ensure_ascii=False) + "\n", stream


def post(server: Served, case: Case, fields: dict[str, Any]) -> str:
    response = server.post(case.path, json={**case.body, **fields})
    assert response.status_code == 200, response.text
    return response.text


def write() -> None:
    for name, case in CASES.items():
        whole, stream = exchange(case)
        (GOLDEN / f"{name}.json").write_text(whole, encoding="utf-8")
        (GOLDEN / f"{name}.stream").write_text(stream, encoding="utf-8")


if __name__ == "__main__":
    write()
