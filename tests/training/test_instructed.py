import re
from collections.abc import Iterator
from functools import partial
from random import Random

import pytest

from ossian.harmony.messages import Conversation, Message, Role
from ossian.harmony.render import render
from training.copying import MARKED, Prompt, said_tokens, tokenizer
from training.skills import instructed
from training.skills.bases import Skill
from training.skills.british import AMERICAN
from training.skills.exchange import COPY_END, COPY_START, Effort, Exchange, Setting, Split, unmarked
from training.skills.instructed import WEIGHTS, FamilySkill
from training.skills.languages import LANGUAGES

FAMILIES: dict[str, FamilySkill] = {
    name: partial(instructed.family, name=name, make=make) for name, make, _, _ in WEIGHTS
}
PLAIN: dict[str, Skill] = {name: partial(instructed.plain, name=name, make=make) for name, make, _, _ in WEIGHTS}
SPLITS = pytest.mark.parametrize("split", list(Split))
QUOTED = re.compile(r"\"([^\"]+)\"|(?<!\w)'([^']+)'|“([^”]+)”")


def drawn(name: str, split: Split, seed: int = 1, size: int = 40) -> Iterator[tuple[Setting, Exchange]]:
    """Exchanges of an instruction with the setting they are in, of both positions."""
    random = Random(seed)
    for _ in range(size):
        family = FAMILIES[name](random, split)
        yield from ((family.setting, exchange) for exchange in family.exchanges)
    for _ in range(3 * size):
        yield Setting(), PLAIN[name](random, split)


def everything(split: Split, seed: int) -> Iterator[tuple[Setting, Exchange]]:
    for name in FAMILIES:
        yield from drawn(name, split, seed, size=15)
    random = Random(seed)
    for _ in range(100):
        yield Setting(), instructed.foreign(random, split)


def rendered(setting: Setting, exchange: Exchange) -> list[int]:
    messages = (*exchange.earlier, Message(Role.USER, exchange.question))
    return render(Conversation(messages, instructions=setting.instructions), tokenizer())


def answers(name: str, split: Split) -> Iterator[str]:
    for _, exchange in drawn(name, split):
        yield unmarked(exchange.answer)


@SPLITS
def test_the_same_seed_draws_the_same(split: Split) -> None:
    assert list(everything(split, 5)) == list(everything(split, 5))
    assert list(everything(split, 5)) != list(everything(split, 6))


def test_what_is_held_out_is_never_trained() -> None:
    def prompts(split: Split) -> set[tuple[str | None, tuple[str, ...], str]]:
        random = Random(11)
        found = set()
        for _ in range(5):
            for setting, exchange in everything(split, random.randrange(10**6)):
                earlier = tuple(message.content for message in exchange.earlier)
                found.add((setting.instructions, earlier, exchange.question))
        return found

    train, held_out = prompts(Split.TRAIN), prompts(Split.HELD_OUT)
    assert len(train) > 4000
    assert len(held_out) > 4000
    assert not train & held_out


@SPLITS
def test_every_copy_stands_in_the_prompt_in_whole_tokens(split: Split) -> None:
    copies = 0
    for setting, exchange in everything(split, 3):
        texts = [exchange.answer, *exchange.analysis.values()]
        spans = {span[1:-1] for text in texts for span in MARKED.findall(text)}
        if spans:
            prompt = Prompt(rendered(setting, exchange))
            assert [span for span in spans if prompt.find(span) is None] == [], exchange
            copies += len(spans)
    assert copies > 200


@SPLITS
def test_marks_are_in_pairs(split: Split) -> None:
    for _, exchange in everything(split, 4):
        for text in (exchange.answer, *exchange.analysis.values()):
            assert re.fullmatch(rf"[^{COPY_START}{COPY_END}]*", MARKED.sub("", text))


@SPLITS
def test_more_effort_is_more_analysis(split: Split) -> None:
    for _, exchange in everything(split, 7):
        low, medium, high = (unmarked(exchange.analysis[effort]) for effort in (Effort.LOW, Effort.MEDIUM, Effort.HIGH))
        assert len(low) < len(medium) < len(high)


@SPLITS
def test_rows_say_the_instruction(split: Split) -> None:
    for name in FAMILIES:
        assert {exchange.skill for _, exchange in drawn(name, split)} == {f"instructions: {name}"}
    assert instructed.foreign(Random(1), split).skill == "instructions: language"


@SPLITS
def test_upper_case(split: Split) -> None:
    texts = list(answers("upper case", split))
    assert [text for text in texts if text != text.upper()] == []
    assert any("THE CAPITAL OF" in text for text in texts)


@SPLITS
def test_lower_case(split: Split) -> None:
    texts = list(answers("lower case", split))
    assert [text for text in texts if text != text.lower()] == []
    assert any("the capital of" in text for text in texts)


@SPLITS
def test_one_word(split: Split) -> None:
    texts = set(answers("one word", split))
    assert [text for text in texts if not re.fullmatch(r"[^\s.,!?]+", text)] == []
    assert texts >= {"Yes", "No", "Unknown"}
    assert sum(text.lstrip("-").isdigit() for text in texts) > 20


@SPLITS
def test_pirate(split: Split) -> None:
    for text in answers("pirate", split):
        assert re.fullmatch(r"Arr! .+ Yo ho ho!", text, re.DOTALL)


@SPLITS
def test_british_english(split: Split) -> None:
    texts = list(answers("British English", split))
    assert [text for text in texts if AMERICAN.search(text)] == []
    assert any("colour" in text for text in texts)
    assert any("organised" in text for text in texts)


@SPLITS
def test_the_quoted_phrase_is_said_first_or_last(split: Split) -> None:
    checked = 0
    for setting, exchange in drawn("phrase", split):
        asked = setting.instructions or exchange.question
        found = [quoted for groups in QUOTED.findall(asked) for quoted in groups if quoted]
        if COPY_START not in exchange.answer or len(found) != 1:
            continue
        said = unmarked(exchange.answer)
        assert said.startswith(f"{found[0]} ") or said.endswith(f" {found[0]}"), (asked, said)
        checked += 1
    assert checked > 100


@SPLITS
def test_a_phrase_is_never_in_both_splits(split: Split) -> None:
    other = Split.TRAIN if split is Split.HELD_OUT else Split.HELD_OUT

    def phrases(split: Split) -> set[str]:
        return {MARKED.findall(exchange.answer)[0].lower() for _, exchange in drawn("phrase", split)}

    assert not phrases(split) & phrases(other)


@SPLITS
def test_a_reply_in_a_language(split: Split) -> None:
    random, heard = Random(2), set()
    for _ in range(60):
        family = FAMILIES["language"](random, split)
        names = [language.name for language in LANGUAGES if language.name in (family.setting.instructions or "")]
        for exchange in family.exchanges:
            known = [language for language in LANGUAGES if exchange.answer in language.answers.values()]
            if names and known:
                assert names == [known[0].name]
                heard.add(known[0].name)
    assert heard == {language.name for language in LANGUAGES}


@SPLITS
def test_a_question_in_another_language_is_answered_in_it(split: Split) -> None:
    random, greetings = Random(4), set()
    said = {answer for language in LANGUAGES for answer in language.answers.values()}
    sentences = {re.split(r"\{.\}", language.capital)[0] for language in LANGUAGES}
    for _ in range(2000):
        exchange = instructed.foreign(random, split)
        if exchange.answer in said:
            greetings.add(exchange.answer)
        assert "The capital of" not in exchange.answer
    assert greetings == said
    assert any(instructed.foreign(random, split).answer.startswith(tuple(sentences)) for _ in range(20))


@SPLITS
def test_two_instructions_are_both_followed(split: Split) -> None:
    seen = set()
    for setting, exchange in drawn("two at once", split):
        text = (setting.instructions or exchange.question).lower()
        answer = unmarked(exchange.answer)
        if "pirate" in text and "Arr!" in answer:
            seen.add("pirate")
            assert "Yo ho ho!" in answer
        if "one word" in text or "single word" in text:
            seen.add("one word")
            assert re.fullmatch(r"\S+(?: .*)?", answer)
    assert seen == {"pirate", "one word"}


@SPLITS
def test_some_conversations_have_finished_turns_under_the_same_instruction(split: Split) -> None:
    earlier = [exchange.earlier for _, exchange in drawn("pirate", split) if exchange.earlier]
    assert len(earlier) > 10
    for messages in earlier:
        assert [message.role for message in messages] == [Role.USER, Role.ASSISTANT] * (len(messages) // 2)
        assert all(message.content.startswith("Arr! ") for message in messages[1::2])


def test_families_have_four_to_twelve_exchanges() -> None:
    random = Random(8)
    sizes = {len(family(random, Split.TRAIN).exchanges) for family in instructed.FAMILIES for _ in range(30)}
    assert min(sizes) == 4
    assert max(sizes) == 12


@pytest.mark.parametrize(
    "question, text",
    [
        ("What is 1+1?", "Answer in upper case."),
        ("Hello", "In upper case"),
        ("Hello", 'End with "Bye".'),
    ],
)
def test_an_instruction_stands_before_or_after_the_question(question: str, text: str) -> None:
    random = Random(1)
    made = {instructed.instructing(random, question, text) for _ in range(100)}
    assert all(question in message and text in message for message in made)
    assert any(message.startswith(question) for message in made)
    assert any(message.endswith(question) for message in made)


@pytest.mark.parametrize("name", ["upper case", "lower case", "one word", "language"])
def test_the_fixed_texts_hold_every_token_that_is_said(name: str) -> None:
    known = {token for text in instructed.fixed_texts() for token in said_tokens(text)}
    known |= {token for sign in (*"0123456789-+×=,.", " -", " =", " +", " ×") for token in said_tokens(sign)}
    said = {token for text in answers(name, Split.TRAIN) for token in said_tokens(text)}
    assert {tokenizer().decode([token]) for token in said - known} <= {" "}
