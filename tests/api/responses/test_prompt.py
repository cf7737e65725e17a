"""What the model is told.

`golden_prompts/` has the prompts of Codex's two requests, as people read them; `python -m
tests.api.responses.test_prompt` writes them anew.
"""

from collections.abc import Callable
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.api.fields import JsonObject
from ossian.api.responses.call_results import check_call_results
from ossian.api.responses.compaction import SUMMARY_HEADING
from ossian.api.responses.items import parse_items
from ossian.api.responses.prompt import conversation, preambles, sampling
from ossian.api.responses.schema import ResponseRequest
from ossian.engine.base import EngineInfo, SamplingParams
from ossian.errors import InvalidRequestError
from ossian.harmony.encoding import load_encoding
from ossian.harmony.messages import (
    Channel,
    Conversation,
    Message,
    ReasoningEffort,
    ResponseFormat,
    Role,
    Tool,
    ToolNamespace,
)
from tests.api.responses.asking import (
    ANSWER,
    CODEX_FIRST,
    CODEX_SECOND,
    USER,
    WEB_SEARCH,
    call,
    custom,
    developer,
    function,
    namespace,
    of_file,
    output,
    parsed,
    reasoning,
    request,
)

INFO: Final = EngineInfo("m", 201_088, 4096, (), "f")
TODAY: Final = date(2026, 11, 20)
JSON: Final = "<|constrain|>json"
GOLDEN: Final = Path(__file__).parent / "golden_prompts"

ASKED: Final = Message(Role.USER, "Hi")
THOUGHT: Final = Message(Role.ASSISTANT, "Hm.", channel=Channel.ANALYSIS)
CALLED: Final = Message(Role.ASSISTANT, "{}", channel=Channel.COMMENTARY, recipient="functions.add", content_type=JSON)
RESULT: Final = Message(Role.TOOL, "5", name="functions.add", channel=Channel.COMMENTARY)
FINAL: Final = Message(Role.ASSISTANT, "Hello.", channel=Channel.FINAL)
PREAMBLE: Final = Message(Role.ASSISTANT, "Hello.", channel=Channel.COMMENTARY)


def refuse(secret: str) -> str:
    raise InvalidRequestError(f"'{secret}' is none of mine.", param="input", code="invalid_encrypted_content")


def nothing(_call_id: str) -> None:
    return None


def told(
    *items: JsonObject,
    reveal: Callable[[str], str] = refuse,
    recall: Callable[[str], str | None] = nothing,
    num_history: int = 0,
    **fields: Any,
) -> Conversation:
    asked = request(**fields)
    return conversation(asked, parsed(*items or [USER]), TODAY, reveal, recall, num_history=num_history)


def messages(*items: JsonObject, **how: Any) -> tuple[Message, ...]:
    return told(*items, **how).messages


def prompt_text(asked: ResponseRequest) -> str:
    encoding = load_encoding()
    return encoding.decode(list(encoding.render(conversation(asked, asked.items, TODAY, refuse))))


def codex_in_the_middle() -> ResponseRequest:
    """Codex's second request, further on: instructions after the answer, a call in a namespace, parts as a result."""
    asked = of_file(CODEX_SECOND)
    said = {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}
    parts = [{"type": "input_text", "text": '{"agent_id": '}, {"type": "input_text", "text": '"a1"}'}]
    more = parse_items(
        [
            said,
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "now with an agent"}]},
            developer("<permissions instructions>\nNever ask.\n</permissions instructions>"),
            reasoning("an agent then"),
            call("call_2", "spawn_agent", '{"message":"echo hi"}', namespace="multi_agent_v1", id="fc_2"),
            output("call_2", parts),
        ]
    )
    return asked.model_copy(update={"input": [*asked.items, *more]})


GOLDEN_PROMPTS: Final[dict[str, Callable[[], ResponseRequest]]] = {
    "codex_first_request": lambda: of_file(CODEX_FIRST),
    "codex_second_request": lambda: of_file(CODEX_SECOND),
    "codex_in_the_middle": codex_in_the_middle,
}


@pytest.mark.parametrize("name", GOLDEN_PROMPTS)
def test_what_the_model_is_told_by_codex(name: str) -> None:
    assert prompt_text(GOLDEN_PROMPTS[name]()) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").removesuffix(
        "\n"
    )


def test_codex_asks_and_goes_on() -> None:
    """The golden prompts by their parts."""
    first, second, later = (GOLDEN_PROMPTS[name]() for name in GOLDEN_PROMPTS)
    told_first = conversation(first, first.items, TODAY, refuse)
    assert (told_first.instructions or "").startswith("You are a coding agent running in the Codex CLI")
    assert "\n\n<skills_instructions>\n" in (told_first.instructions or "")
    assert [message.role for message in told_first.messages] == [Role.USER, Role.USER]
    told_second = conversation(second, second.items, TODAY, refuse)
    assert told_second.instructions == told_first.instructions
    assert told_second.tools == told_first.tools
    assert told_second.messages[2:4] == (
        Message(Role.ASSISTANT, "need to run ls", channel=Channel.ANALYSIS),
        Message(
            Role.ASSISTANT,
            '{"cmd": "echo hi"}',
            channel=Channel.COMMENTARY,
            recipient="functions.exec_command",
            content_type=JSON,
        ),
    )
    told_later = conversation(later, later.items, TODAY, refuse)
    assert told_later.messages[5:] == (
        Message(Role.ASSISTANT, "hi", channel=Channel.FINAL),
        Message(Role.USER, "now with an agent"),
        Message(Role.DEVELOPER, "<permissions instructions>\nNever ask.\n</permissions instructions>"),
        Message(Role.ASSISTANT, "an agent then", channel=Channel.ANALYSIS),
        Message(
            Role.ASSISTANT,
            '{"message":"echo hi"}',
            channel=Channel.COMMENTARY,
            recipient="functions.multi_agent_v1__spawn_agent",
            content_type=JSON,
        ),
        Message(
            Role.TOOL, '{"agent_id": "a1"}', name="functions.multi_agent_v1__spawn_agent", channel=Channel.COMMENTARY
        ),
    )


def test_only_the_reasoning_of_the_open_loop_is_in_the_prompt() -> None:
    text = prompt_text(codex_in_the_middle())
    assert "an agent then" in text
    assert "need to run ls" not in text
    assert "need to run ls" in prompt_text(of_file(CODEX_SECOND))


def test_a_question() -> None:
    assert told() == Conversation((ASKED,), current_date=TODAY)


def test_instructions_come_before_the_leading_ones() -> None:
    system = {"role": "system", "content": "Be short."}
    both = told(system, developer("Be nice."), USER, developer("Now in French."), instructions="Be kind.")
    assert both.instructions == "Be kind.\n\nBe short.\n\nBe nice."
    assert both.messages == (ASKED, Message(Role.DEVELOPER, "Now in French."))
    assert told(instructions="").instructions is None
    assert told(developer("Say hello.")).messages == ()


def test_a_tool_loop() -> None:
    loop = [USER, reasoning(), call(), output()]
    assert messages(*loop) == (ASKED, THOUGHT, CALLED, RESULT)
    assert messages(*loop, ANSWER) == (ASKED, THOUGHT, CALLED, RESULT, FINAL)


def test_a_custom_tool() -> None:
    items = [
        {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "+"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
    ]
    assert messages(*items) == (
        Message(Role.ASSISTANT, "+", channel=Channel.COMMENTARY, recipient="functions.patch", content_type="code"),
        Message(Role.TOOL, "ok", name="functions.patch", channel=Channel.COMMENTARY),
    )


def test_chat_style_messages_are_a_tool_loop_too() -> None:
    said = {"role": "assistant", "content": "Hello.", "tool_calls": [chat_call("c", "add")]}
    assert messages(USER, said, {"role": "tool", "tool_call_id": "c", "content": "5"}) == (
        ASKED,
        PREAMBLE,
        CALLED,
        RESULT,
    )


def chat_call(call_id: str, name: str) -> JsonObject:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


@pytest.mark.parametrize(
    "items, channels",
    [
        ([ANSWER], ["final"]),
        ([ANSWER, USER], ["final"]),
        ([ANSWER, call(), output()], ["commentary"]),
        ([ANSWER, reasoning(), call(), output(), ANSWER], ["commentary", "final"]),
        ([reasoning(), ANSWER, call(), output(), ANSWER, call(), output()], ["commentary", "commentary"]),
        ([ANSWER, USER, call(), output()], ["final"]),
        ([ANSWER, developer("Go on."), call(), output()], ["final"]),
        ([call(), ANSWER, output()], ["commentary"]),
        ([ANSWER | {"phase": "commentary"}, USER], ["commentary"]),
        ([ANSWER | {"phase": "final_answer"}, call(), output()], ["final"]),
        ([ANSWER | {"phase": None}, call(), output()], ["commentary"]),
    ],
)
def test_what_is_said_on_the_way_to_a_call_is_no_answer(items: list[JsonObject], channels: list[str]) -> None:
    said = [message for message in messages(*items) if message.content == "Hello."]
    assert [message.channel for message in said] == channels
    assert len(preambles(parsed(*items))) == channels.count("commentary")


@pytest.mark.parametrize(
    "item, text",
    [
        (reasoning("Hm."), "Hm."),
        (reasoning("Hm.", encrypted_content="ENC123"), "Hm."),
        (reasoning("Hm.", content=[{"type": "output_text", "text": "H"}, {"type": "text", "text": "m."}]), "Hm."),
        ({"type": "reasoning", "summary": [], "encrypted_content": "secret"}, "SECRET"),
        (
            {
                "type": "reasoning",
                "content": [],
                "encrypted_content": "secret",
                "summary": [{"type": "summary_text", "text": "A"}],
            },
            "SECRET",
        ),
        (
            {
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "A"}, {"type": "summary_text", "text": "B"}],
            },
            "A\n\nB",
        ),
    ],
)
def test_reasoning_is_read_where_it_is(item: JsonObject, text: str) -> None:
    thought = messages(USER, item, call(), output(), reveal=str.upper)[1]
    assert thought == Message(Role.ASSISTANT, text, channel=Channel.ANALYSIS)


def test_a_refusal_is_what_the_assistant_said() -> None:
    refused = Message(Role.ASSISTANT, "No.", channel=Channel.FINAL)
    parts = [{"type": "refusal", "refusal": "No."}]
    assert messages(USER, {"role": "assistant", "content": parts}) == (ASKED, refused)
    assert messages(USER, {"role": "assistant", "content": None, "refusal": "No."}) == (ASKED, refused)


def test_empty_reasoning_is_none() -> None:
    assert messages(USER, {"type": "reasoning", "summary": []}, call(), output()) == (ASKED, CALLED, RESULT)


@pytest.mark.parametrize("num_history, param", [(0, "input[1].encrypted_content"), (1, "input[0].encrypted_content")])
@pytest.mark.parametrize("kind", ["reasoning", "compaction"])
def test_what_cannot_be_decrypted_is_named(kind: str, num_history: int, param: str) -> None:
    item = {"type": kind, "encrypted_content": "foreign"}
    with pytest.raises(InvalidRequestError, match="'foreign' is none of mine") as caught:
        told(USER, item, num_history=num_history)
    assert (caught.value.param, caught.value.code) == (param, "invalid_encrypted_content")
    with pytest.raises(InvalidRequestError) as caught:
        told(USER, item, num_history=2)
    assert caught.value.param == "input"


def test_a_compaction_is_what_the_model_wrote_down() -> None:
    item = {"type": "compaction", "encrypted_content": "ossian compaction 1\nThe sum is 5."}
    assert messages(USER, item, reveal=str) == (ASKED, Message(Role.USER, f"{SUMMARY_HEADING}\n\nThe sum is 5."))


def test_reasoning_is_recalled_where_the_client_left_it_out() -> None:
    memory = {"c": "Hm.", "d": "And now?"}.get
    loop = [
        USER,
        call("c"),
        output("c"),
        ANSWER | {"phase": "commentary"},
        call("d"),
        call("e"),
        output("d"),
        output("e"),
    ]
    recalled = messages(*loop, recall=memory)
    assert recalled[:4] == (ASKED, THOUGHT, CALLED, RESULT)
    assert recalled[4:8] == (
        PREAMBLE,
        Message(Role.ASSISTANT, "And now?", channel=Channel.ANALYSIS),
        CALLED,
        CALLED,
    )
    assert messages(USER, reasoning(), call(), output(), recall={"c": "Other."}.get) == (ASKED, THOUGHT, CALLED, RESULT)


def test_what_the_server_cannot_run_is_left_out_with_its_result() -> None:
    shell = {"type": "local_shell_call", "id": "lsh", "call_id": "s", "status": "completed", "action": {}}
    search = {"type": "web_search_call", "id": "ws", "status": "completed"}
    assert messages(USER, search, shell, output("s"), {"id": "msg_1"}) == (ASKED,)


def test_a_call_that_was_cut_off_is_left_out() -> None:
    assert messages(USER, reasoning(), call(status="incomplete"), USER) == (ASKED, THOUGHT, ASKED)
    assert messages(USER, call(status="incomplete"), output()) == (ASKED, CALLED, RESULT)


def test_a_result_is_for_the_last_call_of_its_id() -> None:
    loop = [call("0", "first"), output("0"), call("0", "second"), output("0")]
    assert [message.name for message in messages(*loop) if message.role is Role.TOOL] == [
        "functions.first",
        "functions.second",
    ]


def test_tools_are_shown_with_what_their_namespaces_say() -> None:
    tools = [
        function("add", description="Adds.", parameters={"type": "object", "properties": {"a": {"type": "number"}}}),
        namespace("agents", function("spawn"), description="Other agents."),
        namespace("plain", function("go")),
        custom("patch", description="Patches.", format={"type": "grammar", "syntax": "regex", "definition": "a+"}),
        WEB_SEARCH,
    ]
    (shown,) = told(tools=tools).tools
    assert shown == ToolNamespace(
        "functions",
        (
            Tool("add", "Adds.", {"type": "object", "properties": {"a": {"type": "number"}}}),
            Tool("agents__spawn"),
            Tool("plain__go"),
            Tool(
                "patch",
                "Patches.\nThe input is plain text, not JSON.\nIt must fit this regular expression:\na+",
                {"type": "string"},
            ),
        ),
        "agents: Other agents.",
    )
    assert told(tools=tools, tool_choice={"type": "function", "name": "add"}).tools[0].description == ""
    assert told(tools=[WEB_SEARCH]).tools == ()


@pytest.mark.parametrize(
    "choice, wish",
    [
        ("auto", None),
        ("none", None),
        ("required", "Before anything else, call one of the functions in the namespace `functions`."),
        ({"type": "function", "name": "add"}, "Before anything else, call the function `functions.add`."),
        (
            {"type": "function", "name": "spawn", "namespace": "agents"},
            "Before anything else, call the function `functions.agents__spawn`.",
        ),
    ],
)
def test_a_wanted_call_is_asked_for(choice: Any, wish: str | None) -> None:
    tools = [function("add"), namespace("agents", function("spawn"))]
    assert told(tools=tools, tool_choice=choice).instructions == wish


@pytest.mark.parametrize(
    "form, expected",
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, ResponseFormat("json_object", {"type": "object"})),
        (
            {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "description": "A.", "strict": False},
            ResponseFormat("a", {"type": "object"}, "A."),
        ),
        ({"type": "json_schema", "name": "a", "schema": {}}, ResponseFormat("a", {})),
    ],
)
def test_the_form_of_the_answer_is_shown(form: Any, expected: ResponseFormat | None) -> None:
    assert told(text={"format": form}).response_format == expected


def test_the_effort_is_told() -> None:
    assert told(reasoning={"effort": "high"}).reasoning_effort is ReasoningEffort.HIGH


def test_sampling() -> None:
    assert sampling(request(), INFO) == SamplingParams()
    asked = request(max_output_tokens=5, temperature=0, top_p=0.5, seed=3, top_logprobs=2, presence_penalty=1)
    assert sampling(asked, INFO) == SamplingParams(
        temperature=0, top_p=0.5, seed=3, max_tokens=5, num_logprobs=2, presence_penalty=1
    )
    assert sampling(request(include=["message.output_text.logprobs"]), INFO).num_logprobs == 0
    with pytest.raises(InvalidRequestError, match="logit_bias"):
        sampling(request(logit_bias={"900000": 1}), INFO)


STEPS: Final[list[list[JsonObject]]] = [
    *([USER], [ANSWER], [ANSWER | {"phase": "commentary"}], [developer("Go on.")], [reasoning()], [{"id": "msg_1"}]),
    [call("a"), output("a")],
    [
        call("a"),
        call("b", "spawn", namespace="agents"),
        output("b", [{"type": "input_text", "text": "5"}]),
        output("a"),
    ],
    [call("a"), USER, output("a")],
    [call("a", status="incomplete")],
    [{"type": "local_shell_call", "id": "l", "call_id": "s"}, output("s")],
    [
        {"role": "assistant", "content": "On it.", "tool_calls": [chat_call("a", "add"), chat_call("b", "add")]},
        *({"role": "tool", "tool_call_id": each, "content": "5"} for each in "ba"),
    ],
    [{"type": "compaction", "encrypted_content": "ossian compaction 1\nAll is well."}],
]


@given(st.lists(st.sampled_from(STEPS), max_size=8))
def test_any_items_that_belong_together_are_a_prompt(steps: list[list[JsonObject]]) -> None:
    items = parsed(*chain.from_iterable(steps))
    check_call_results(items)
    made = conversation(request(), items, TODAY, str)
    encoding = load_encoding()
    text = encoding.decode(list(encoding.render(made)))
    results = [message for message in made.messages if message.role is Role.TOOL]
    calls = [message for message in made.messages if message.recipient]
    assert sorted(result.name or "" for result in results) == sorted(each.recipient or "" for each in calls)
    assert text.count("<|call|>") == len(calls)
    assert text.endswith("<|start|>assistant")


if __name__ == "__main__":
    for golden_name, make in GOLDEN_PROMPTS.items():
        (GOLDEN / f"{golden_name}.txt").write_text(f"{prompt_text(make())}\n", encoding="utf-8")
