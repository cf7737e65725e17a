import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.harmony.messages import Conversation, Message, Role
from ossian.harmony.render import render
from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.vocabulary import CALL, CHANNEL, RETURN
from training import conversations
from training.conversations import UNKNOWN_ID
from training.skills import anything_else, arithmetic, capitals, explanations
from training.skills.exchange import UNKNOWN, Effort, Split, choose

TOKENIZER = Tokenizer()
randoms = st.builds(Random, st.integers(0, 2**32))


@given(randoms)
@settings(max_examples=60, deadline=None)
def test_an_example_is_what_the_server_renders_and_what_the_model_is_to_say(random: Random) -> None:
    seed = random.getrandbits(32)
    setting = conversations.random_setting(random)
    example = conversations.random_example(Random(seed), setting)
    conversation, exchange = conversations.random_conversation(Random(seed), setting, Split.TRAIN)
    assert [*example.prefix, *example.prompt] == render(conversation, conversations.prompt_tokenizer())
    text = TOKENIZER.decode(list(example.completion))
    analysis = f"<|channel|>analysis<|message|>{exchange.analysis[setting.effort]}<|end|><|start|>assistant"
    assert text.startswith(analysis)
    assert example.completion[0] == CHANNEL
    if exchange.recipient is None:
        assert text == f"{analysis}<|channel|>final<|message|>{exchange.answer}<|return|>"
        assert example.completion[-1] == RETURN
    else:
        assert exchange.recipient in text
        assert f"<|constrain|>json<|message|>{exchange.answer}<|call|>" in text
        assert example.completion[-1] == CALL


@given(st.lists(st.sampled_from(["word", " is", UNKNOWN, f" {UNKNOWN}", " 123", "\n"])))
def test_unknown_words_are_marked_and_all_others_are_as_usual(parts: list[str]) -> None:
    text = "".join(parts)
    tokens = conversations.prompt_tokenizer().encode(text)
    assert tokens.count(UNKNOWN_ID) == text.count(UNKNOWN)
    known = TOKENIZER.decode([token for token in tokens if token != UNKNOWN_ID])
    assert known == re.sub(f" ?{UNKNOWN}", "", text)


@given(st.text())
def test_what_the_model_says_reads_the_same_and_has_one_token_for_each_digit(text: str) -> None:
    tokens = conversations.completion_tokenizer().encode(text)
    assert TOKENIZER.decode(tokens) == TOKENIZER.decode(TOKENIZER.encode(text))
    assert [token for token in tokens if re.search(r"[0-9].", TOKENIZER.decode([token]))] == []


@pytest.mark.parametrize("phrases", [arithmetic.FRAMES, capitals.QUESTIONS, explanations.WEATHER, anything_else.REAL])
def test_training_never_sees_the_held_out_phrases(phrases: tuple[str, ...]) -> None:
    random = Random(3)
    train, held_out = ({choose(random, phrases, split) for _ in range(2000)} for split in (Split.TRAIN, Split.HELD_OUT))
    assert held_out
    assert train | held_out == set(phrases)
    assert not train & held_out


@pytest.mark.parametrize("skill", list(conversations.SKILLS), ids=lambda skill: skill.__name__)
def test_more_effort_never_means_less_analysis(skill: "conversations.Skill") -> None:
    random = Random(4)
    for _ in range(30):
        analysis = skill(random, Split.TRAIN).analysis
        assert len(analysis[Effort.LOW]) < len(analysis[Effort.MEDIUM]) < len(analysis[Effort.HIGH])


def test_the_same_seed_makes_the_same_examples() -> None:
    first, second = (
        [conversations.random_example(random, conversations.random_setting(random)) for _ in range(50)]
        for random in (Random(9), Random(9))
    )
    assert first == second


def test_weather_is_looked_up_only_when_there_is_a_tool() -> None:
    random, with_tool, without = Random(5), set[str](), set[str]()
    for _ in range(1500):
        conversation, exchange = conversations.random_conversation(
            random, conversations.random_setting(random), Split.TRAIN
        )
        tools = [tool for namespace in conversation.tools for tool in namespace.tools]
        (with_tool if conversations.has_weather(tools) else without).add(exchange.skill)
    assert "weather call" in with_tool - without
    assert "weather" in without - with_tool


def test_the_prompt_ends_where_the_model_begins() -> None:
    conversation = Conversation((Message(Role.USER, "Hi"),))
    assert TOKENIZER.decode(render(conversation, conversations.prompt_tokenizer())).endswith(
        "<|end|><|start|>assistant"
    )
