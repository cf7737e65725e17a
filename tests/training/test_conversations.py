from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.shape import turn_shape
from ossian.harmony.messages import Channel, Message, ReasoningEffort, ResponseFormat, Role
from ossian.harmony.render import render
from ossian.harmony.token_mask import GrammarMask, load_grammars
from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.vocabulary import CALL, CHANNEL, MESSAGE, RETURN
from training.chat_request import request_body
from training.conversations import Group, asked, examples, held_out, plain_exchange, random_group
from training.mixture import FAMILIES, SHARES, SKILLS, Source
from training.skills import anything_else, talk
from training.skills.exchange import Exchange, Family, Setting, Split, analyses, copied, unmarked
from training.skills.wordings import spoken

TOKENIZER = Tokenizer()
SOURCES = (SKILLS, *FAMILIES)
randoms = st.builds(Random, st.integers(0, 2**32))


@given(randoms, st.sampled_from(range(len(SOURCES))), st.sampled_from(Split))
@settings(max_examples=40, deadline=None)
def test_an_example_is_what_the_server_renders_and_what_the_model_is_to_say(
    random: Random, source: int, split: Split
) -> None:
    group = random_group(random, SOURCES[source], split)
    for exchange, example in zip(group.family.exchanges, examples(random, group), strict=True):
        assert [*example.prefix, *example.prompt] == render(group.conversation(exchange), TOKENIZER)
        text = TOKENIZER.decode(list(example.completion))
        analysis = unmarked(exchange.analysis[group.effort])
        thought = f"<|channel|>analysis<|message|>{analysis}<|end|><|start|>assistant"
        assert example.completion[0] == CHANNEL
        if exchange.recipient is None:
            assert text == f"{thought}<|channel|>final<|message|>{unmarked(exchange.answer)}<|return|>"
            assert example.completion[-1] == RETURN
        else:
            recipient, arguments = unmarked(exchange.recipient), unmarked(exchange.answer)
            assert text in {
                f"{thought} to={recipient}<|channel|>commentary <|constrain|>json<|message|>{arguments}<|call|>",
                f"{thought}<|channel|>commentary to={recipient} <|constrain|>json<|message|>{arguments}<|call|>",
            }
            assert example.completion[-1] == CALL


@given(randoms, st.sampled_from(range(len(SOURCES))))
@settings(max_examples=40, deadline=None)
def test_the_server_lets_the_model_say_what_it_is_trained_to_say(random: Random, source: int) -> None:
    group = random_group(random, SOURCES[source], Split.TRAIN)
    shown = list(zip(group.family.exchanges, examples(random, group), strict=True))
    exchange, example = random.choice(shown)
    request = ChatCompletionRequest.model_validate({"model": "x", **request_body(group.conversation(exchange))})
    mask = load_grammars().compile(turn_shape(request)).mask(forces=False)
    answer = len(example.completion) - example.completion[::-1].index(MESSAGE)  # texts may be spelled otherwise
    for token in example.completion[:answer]:
        assert is_allowed(mask, token), TOKENIZER.decode(list(example.completion))
        mask.advance(token)


def is_allowed(mask: GrammarMask, token: int) -> bool:
    return bool(mask.allowed()[token // 32] >> (token % 32) & 1)


def test_both_places_of_the_recipient_occur() -> None:
    exchange = Exchange("tools: x", "Go.", analyses("a", "b", "c"), "{}", "functions.go")
    group = Group(ReasoningEffort.LOW, None, Family(Setting(), [exchange] * 100))
    headers = {TOKENIZER.decode(list(example.completion)) for example in examples(Random(1), group)}
    assert len(headers) == 2


def test_a_prefix_is_the_system_and_the_developer_message() -> None:
    exchange = Exchange("x: y", "Hello", analyses("a", "b", "c"), "Hi")
    for setting, last in ((Setting(), "system"), (Setting("Be kind."), "developer")):
        group = Group(ReasoningEffort.HIGH, date(2026, 1, 2), Family(setting, [exchange]))
        [example] = examples(Random(1), group)
        prefix = TOKENIZER.decode(list(example.prefix))
        assert "Reasoning: high" in prefix
        assert "Current date: 2026-01-02" in prefix
        assert prefix.endswith("<|end|>")
        assert prefix.rpartition("<|start|>")[2].startswith(last)
        assert TOKENIZER.decode(list(example.prompt)).startswith("<|start|>user<|message|>Hello")


def test_a_response_format_and_earlier_messages_are_rendered() -> None:
    earlier = (Message(Role.USER, "One"), Message(Role.ASSISTANT, "Two", channel=Channel.FINAL))
    exchange = Exchange("x: y", "Three", analyses("a", "b", "c"), "{}", earlier=earlier)
    group = Group(
        ReasoningEffort.LOW, None, Family(Setting(response_format=ResponseFormat("f", {"type": "object"})), [exchange])
    )
    [example] = examples(Random(1), group)
    assert '# Response Formats\n\n## f\n\n{"type":"object"}' in TOKENIZER.decode(list(example.prefix))
    prompt = TOKENIZER.decode(list(example.prompt))
    assert [prompt.index(text) for text in ("One", "Two", "Three")] == sorted(
        prompt.index(text) for text in ("One", "Two", "Three")
    )


@given(randoms)
@settings(max_examples=60, deadline=None)
def test_finished_turns_hold_no_marks(random: Random) -> None:
    exchange = plain_exchange(random, Split.TRAIN)
    for message in exchange.over:
        assert message.content == unmarked(message.content)


@given(randoms)
@settings(deadline=None)
def test_what_is_copied_is_not_asked_in_other_letters(random: Random) -> None:
    exchange = Exchange("x: y", "My name is Anna.", analyses("a", "b", "c"), f"Hello {copied('Anna')}!")
    assert asked(random, exchange, Split.TRAIN) == exchange


def test_held_out_questions_are_asked_as_they_stand() -> None:
    exchange = Exchange("arithmetic: y", "What is 3 + 4?", analyses("a", "b", "c"), "Me.")
    assert asked(Random(1), exchange, Split.HELD_OUT) == exchange
    assert len({asked(Random(seed), exchange, Split.TRAIN).question for seed in range(200)}) > 10


@given(randoms, st.sampled_from((talk.SKILLS, anything_else.SKILLS)))
@settings(max_examples=200, deadline=None)
def test_training_asks_nothing_in_a_wording_that_is_held_out(random: Random, skills: Source) -> None:
    """However a question is typed, its words are those of the wording that was drawn."""
    (skill,) = random.choices(list(skills), list(skills.values()))
    exchange = skill(random, Split.TRAIN)
    for _ in range(20):
        assert spoken(asked(random, exchange, Split.TRAIN).question) == spoken(exchange.question)


@pytest.mark.parametrize("source", SOURCES)
def test_held_out_conversations_are_the_same_for_a_seed(source: Source) -> None:
    first, second = (held_out(Random(7), [source]) for _ in range(2))
    assert first == second


def test_every_source_has_its_share() -> None:
    assert len(SHARES) == len(SOURCES)
    assert sum(SHARES) == pytest.approx(1)
