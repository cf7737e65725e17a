from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from ossian.harmony.messages import Channel, Conversation, Message, Role, Tool, ToolNamespace
from ossian.harmony.tokenizer import Tokenizer
from training import evaluate, server
from training.skills.exchange import UNKNOWN, Effort, Exchange

ARGUMENTS = '{"location": "Oslo"}'


def texts(conversation: Conversation) -> Iterator[str]:
    yield conversation.instructions or ""
    yield from (message.content for message in conversation.messages)
    yield from (tool.description for namespace in conversation.tools for tool in namespace.tools)


def test_questions_hold_real_words_and_are_the_same_for_the_same_seed() -> None:
    first, second = (list(evaluate.questions(7, 120)) for _ in range(2))
    assert first == second
    assert first != list(evaluate.questions(8, 120))
    assert not any(UNKNOWN in text for conversation, _ in first for text in texts(conversation))


def test_random_words_are_words() -> None:
    random, tokenizer = Random(1), Tokenizer()
    assert all(evaluate.random_word(random, tokenizer).isalpha() for _ in range(50))


def test_the_table_counts_exact_answers(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = Conversation((Message(Role.USER, "1+1"),))
    asked = [(conversation, Exchange("sums", "1+1", {}, "2")), (conversation, Exchange("sums", "1+1", {}, "two"))]
    monkeypatch.setattr(evaluate, "questions", lambda seed, count: asked)
    evaluate.evaluate(
        lambda conversations, temperature: ["2"] * len(conversations),
        seed=1,
        num_questions=2,
        temperature=0.0,
        num_shown=1,
    )
    printed = capsys.readouterr().out
    assert "expected 'two'\n  answered '2'" in printed
    assert "1 of     2   50.0%" in printed


def test_a_conversation_as_a_client_sends_it() -> None:
    parameters = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
    conversation = Conversation(
        messages=(
            Message(Role.USER, "Weather in Oslo?"),
            Message(Role.ASSISTANT, "I call it.", channel=Channel.ANALYSIS),
            Message(
                Role.ASSISTANT, '{"location": "Oslo"}', channel=Channel.COMMENTARY, recipient="functions.get_weather"
            ),
            Message(Role.TOOL, "sunny", name="functions.get_weather"),
        ),
        instructions="Be brief.",
        tools=(ToolNamespace("functions", (Tool("get_weather", "Weather", parameters),)),),
        reasoning_effort=Effort.HIGH,
    )
    function = {"name": "get_weather", "arguments": ARGUMENTS}
    assert server.request_body("nano", conversation, 0.5) == {
        "model": "nano",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather in Oslo?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ],
        "reasoning_effort": "high",
        "temperature": 0.5,
        "tools": [
            {
                "type": "function",
                "function": {"name": "get_weather", "description": "Weather", "parameters": parameters},
            }
        ],
    }


@pytest.mark.parametrize(
    "message, text",
    [
        ({"content": "Hi"}, "Hi"),
        ({"content": None}, ""),
        ({"content": None, "tool_calls": [{"function": {"arguments": "{}"}}]}, "{}"),
    ],
)
def test_the_answer_is_the_text_or_the_arguments(message: dict[str, Any], text: str) -> None:
    assert server.content_of({"choices": [{"message": message}]}) == text
