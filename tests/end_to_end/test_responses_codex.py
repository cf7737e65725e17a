"""Codex, which speaks nothing but this API: its real requests, and an agent that behaves as it does.

The agent keeps the history itself, sends it whole each time in a body compressed with zstd, reads a stream, and echoes
every item as it came. Its model is scripted: what it calls is checked against the grammar of its turn.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from ossian.engine.scripted import MASKED_INFO, ScriptedEngine
from ossian.harmony.encoding import load_encoding
from tests.repository import ROOT
from tests.served_process import ServedProcess
from tests.server.serving import MODEL, Served, in_turn, serving
from tests.specs.validators import check_stream, read_stream

pytestmark = pytest.mark.slow

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Json = dict[str, Any]

FIXTURES = ROOT / "tests" / "fixtures"
REQUESTS = ["codex_0.169.0_first_request.json", "codex_0.169.0_second_request_after_tool_call.json"]
HEADERS = {
    "Accept": "text/event-stream",
    "Content-Type": "application/json",
    "originator": "codex_exec",
    "session_id": "01a1fae0-ff71-7c02-b19b-6692874f3f0c",
    "x-codex-beta-features": "multi_agent",
}

# The grammar of Codex' freeform tool for patches, as it sends it.
PATCH_GRAMMAR = """\
start: begin_patch hunk+ end_patch
begin_patch: "*** Begin Patch" LF
end_patch: "*** End Patch" LF?

hunk: add_hunk | delete_hunk | update_hunk
add_hunk: "*** Add File: " filename LF add_line+
delete_hunk: "*** Delete File: " filename LF
update_hunk: "*** Update File: " filename LF change_move? change?

filename: /(.+)/
add_line: "+" /(.*)/ LF -> line

change_move: "*** Move to: " filename LF
change: (change_context | change_line)+ eof_line?
change_context: ("@@" | "@@ " /(.+)/) LF
change_line: ("+" | "-" | " ") /(.*)/ LF
eof_line: "*** End of File" LF

%import common.LF
"""
APPLY_PATCH: Json = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Use the `apply_patch` tool to edit files. This is a FREEFORM tool: no JSON.",
    "format": {"type": "grammar", "syntax": "lark", "definition": PATCH_GRAMMAR},
}
PATCH = "*** Begin Patch\n*** Update File: a.py\n@@ def f():\n-    return 1\n+    return 2\n*** End Patch\n"

TURNS = (
    "<|channel|>analysis<|message|>See what is there.<|end|><|start|>assistant<|channel|>commentary"
    "<|message|>I look at the file.<|end|><|start|>assistant<|channel|>commentary to=functions.exec_command "
    '<|constrain|>json<|message|>{"cmd":"cat a.py"}<|call|>',
    "<|channel|>analysis<|message|>Ask another agent.<|end|><|start|>assistant<|channel|>commentary "
    'to=functions.multi_agent_v1__spawn_agent <|constrain|>json<|message|>{"message":"look around"}<|call|>',
    "<|channel|>analysis<|message|>Now edit.<|end|><|start|>assistant<|channel|>commentary "
    f"to=functions.apply_patch code<|message|>{PATCH}<|call|>",
    "<|channel|>analysis<|message|>That was all.<|end|><|start|>assistant<|channel|>final<|message|>Done.<|return|>",
    "<|channel|>final<|message|>Goodbye.<|return|>",
)


def request(name: str) -> Json:
    body: Json = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return body


@dataclass
class Agent:
    """Behaves as Codex. `items` is its history."""

    url: str
    body: Json
    items: list[Json] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.items.append({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})

    def turn(self) -> list[Json]:
        """Send everything, and return the items that came."""
        content = zstd.compress(json.dumps({**self.body, "input": self.items}).encode())
        headers = {**HEADERS, "Content-Encoding": "zstd"}
        answer = httpx2.post(f"{self.url}/v1/responses", content=content, headers=headers, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text
        events = read_stream(answer.text)
        assert check_stream(events)["status"] == "completed"
        came = [event["item"] for event in events if event["type"] == "response.output_item.done"]
        self.items += came
        return came

    def answer(self, call: Json, output: str | list[Json]) -> None:
        self.items.append({"type": f"{call['type']}_output", "call_id": call["call_id"], "output": output})


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize("name", REQUESTS)
def test_the_demonstration_model_answers_its_requests(server: ServedProcess, name: str, is_compressed: bool) -> None:
    # So small a model may find no end after a prompt of 7,000 tokens, of which it learned nothing.
    content = json.dumps({**request(name), "max_output_tokens": 500}).encode()
    headers = HEADERS | ({"Content-Encoding": "zstd"} if is_compressed else {})
    if is_compressed:
        content = zstd.compress(content)
    with httpx2.Client(trust_env=False, timeout=100) as client:
        answer = client.post(f"{server.base_url}/responses", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    events = read_stream(answer.text)
    response = check_stream(events)
    assert response["status"] in {"completed", "incomplete"}
    assert response["store"] is False
    assert [each["param"] for each in response["ossian"]["warnings"]] == ["tools[8]", "reasoning.summary"]
    reasoning = [item for item in response["output"] if item["type"] == "reasoning"]
    assert all(item["encrypted_content"] for item in reasoning)
    for call in (item for item in response["output"] if item["type"] == "function_call"):
        json.loads(call["arguments"])


@pytest.fixture
def scripted_server() -> Iterator[Served]:
    with serving(ScriptedEngine(in_turn(*TURNS), MASKED_INFO)) as served:
        yield served


def prompt(served: Served, number: int) -> str:
    """What the model saw."""
    engine: Any = served.engine
    return load_encoding().decode(list(engine.requests[number].prompt_token_ids))


def agent_of(served: Served) -> Agent:
    body = request(REQUESTS[0])
    return Agent(served.url, {**body, "model": MODEL, "tools": [*body["tools"], APPLY_PATCH]}, body["input"])


@pytest.fixture
def agent(scripted_server: Served) -> Agent:
    return agent_of(scripted_server)


def test_a_whole_loop(agent: Agent, scripted_server: Served) -> None:
    reasoning, preamble, command = agent.turn()
    assert reasoning["content"] == [{"type": "reasoning_text", "text": "See what is there."}]
    assert (preamble["phase"], preamble["content"][0]["text"]) == ("commentary", "I look at the file.")
    assert (command["type"], command["name"]) == ("function_call", "exec_command")
    assert json.loads(command["arguments"]) == {"cmd": "cat a.py"}
    agent.answer(command, "def f():\n    return 1\n")

    _, spawn = agent.turn()
    assert (spawn["type"], spawn["namespace"], spawn["name"]) == ("function_call", "multi_agent_v1", "spawn_agent")
    agent.answer(spawn, [{"type": "input_text", "text": "agent_1"}])

    _, patch = agent.turn()
    assert (patch["type"], patch["name"], patch["input"]) == ("custom_tool_call", "apply_patch", PATCH)
    agent.answer(patch, "Success. Updated the following files:\nM a.py\n")

    _, final = agent.turn()
    assert (final["phase"], final["content"][0]["text"]) == ("final_answer", "Done.")

    seen = prompt(scripted_server, 3)
    for said in ("See what is there.", "I look at the file.", "Ask another agent.", "Now edit.", "agent_1", PATCH):
        assert said in seen, "inside the loop the model sees all it has thought, said and called"
    agent.say("Thank you.")
    agent.turn()
    seen = prompt(scripted_server, 4)
    assert "See what is there." not in seen, "after the answer its thoughts are dropped"
    assert '{"cmd":"cat a.py"}' in seen


def test_reasoning_is_kept_when_only_its_encrypted_form_comes_back(agent: Agent, scripted_server: Served) -> None:
    *_, command = agent.turn()
    for item in agent.items:
        if item["type"] == "reasoning":
            del item["content"]
    agent.answer(command, "x")
    agent.turn()
    assert "See what is there." in prompt(scripted_server, 1)


def test_a_prompt_grows_only_at_its_end(agent: Agent, scripted_server: Served) -> None:
    """Or nothing of it would be in the prefix cache."""
    *_, command = agent.turn()
    agent.answer(command, "x")
    agent.turn()
    assert prompt(scripted_server, 1).startswith(prompt(scripted_server, 0))


def test_an_interrupted_call_may_stay_in_the_history(agent: Agent) -> None:
    """Codex records a call it could not finish with an output of its own."""
    *_, command = agent.turn()
    agent.answer(command, "aborted")
    agent.say("Never mind.")
    agent.turn()


def test_a_compacted_history_goes_on() -> None:
    with serving(ScriptedEngine(in_turn(TURNS[0], TURNS[3], TURNS[4]), MASKED_INFO)) as served:
        agent = agent_of(served)
        *_, command = agent.turn()
        agent.answer(command, "x")
        sent = {"model": MODEL, "input": agent.items, "instructions": "Be brief."}
        answer = served.post("/v1/responses/compact", json=sent)
        assert answer.status_code == 200, answer.text
        agent.items = answer.json()["output"]
        assert agent.items[-1]["type"] == "compaction"
        agent.say("Go on.")
        agent.turn()
        assert "Done." in prompt(served, 2), "the summary stands for the history"
        assert "cat a.py" not in prompt(served, 2)
