import re
from collections.abc import Callable
from random import Random

import pytest

from ossian.harmony.messages import Channel, Message, Role
from training.skills import memory
from training.skills.exchange import COPY_END, COPY_START, Effort, Exchange, Split, unmarked
from training.skills.memory import SKILLS, Fact, missing, recalled, without
from training.skills.memory_words import AGE, FAVOURITE, HOME, NAME, RELATIVE, SOMEBODY_ELSE, Kind
from training.skills.words import is_held_out

Skill = Callable[[Random, Split], Exchange]
MARKED = re.compile(f"{COPY_START}(.*?){COPY_END}")
MISSING = (memory.name_unknown, memory.fact_unknown)


def drawn(skill: Skill, split: Split, num: int = 800) -> list[Exchange]:
    random = Random(13)
    return [skill(random, split) for _ in range(num)]


def prompt(exchange: Exchange) -> str:
    return "\n".join((*(str(message.content) for message in exchange.earlier), exchange.question))


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(SKILLS))
def test_what_is_copied_stands_in_the_prompt(skill: Skill, split: Split) -> None:
    for exchange in drawn(skill, split):
        for text in (*exchange.analysis.values(), exchange.answer):
            assert all(span in prompt(exchange) for span in MARKED.findall(text))


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(SKILLS))
def test_a_seed_gives_the_same_exchanges(skill: Skill, split: Split) -> None:
    assert drawn(skill, split, 50) == drawn(skill, split, 50)


@pytest.mark.parametrize("skill", list(SKILLS))
def test_held_out_questions_are_kept_apart(skill: Skill) -> None:
    train, held_out = ({prompt(exchange) for exchange in drawn(skill, split)} for split in Split)
    assert not train & held_out


@pytest.mark.parametrize("skill", [memory.name_told, memory.name_asked, memory.name_corrected])
def test_held_out_names_are_kept_apart(skill: Skill) -> None:
    train, held_out = (
        {part for each in drawn(skill, split) for part in re.split(r"[ -]|O'", MARKED.findall(each.answer)[0])}
        for split in Split
    )
    assert not {name for name in train if is_held_out(name)} - {""}
    assert not {name for name in held_out if not is_held_out(name)} - {""}


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(SKILLS))
def test_turns_alternate_and_are_finished(skill: Skill, split: Split) -> None:
    for exchange in drawn(skill, split, 300):
        roles = [message.role for message in exchange.earlier]
        assert roles == [Role.USER, Role.ASSISTANT] * (len(roles) // 2)
        assert all(each.channel is Channel.FINAL for each in exchange.earlier if each.role is Role.ASSISTANT)
        assert not re.search(f"[{COPY_START}{COPY_END}]|\\{{(x|thing)\\}}|\\[[^]]*\\|", prompt(exchange))
        assert "{" not in unmarked(exchange.answer)


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", list(SKILLS))
def test_more_effort_is_more_analysis(skill: Skill, split: Split) -> None:
    if skill is memory.name_with_question:
        return  # another module's analysis
    for exchange in drawn(skill, split, 50):
        lengths = [len(exchange.analysis[effort]) for effort in (Effort.LOW, Effort.MEDIUM, Effort.HIGH)]
        assert lengths == sorted(set(lengths))


@pytest.mark.parametrize("split", list(Split))
def test_the_last_name_that_was_told_is_the_answer(split: Split) -> None:
    for exchange in drawn(memory.name_asked, split):
        (name,) = MARKED.findall(exchange.answer)
        told = prompt(exchange)
        corrected = [message for message in exchange.earlier if "Now I know your name" in str(message.content)]
        assert name in told
        if corrected:
            assert f"Sorry, {name}!" in str(corrected[-1].content)


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("skill", MISSING)
def test_what_is_unknown_is_said_to_be_so(skill: Skill, split: Split) -> None:
    for exchange in drawn(skill, split, 200):
        assert unmarked(exchange.answer).startswith("You have not told me ")


TELLING = {  # what a user never says before being told "You have not told me …"
    NAME: r"my (\w+ )?name( is|:)|is my name|call(s|ed)? me|I go by|^(hi, |hello, )?(I'm|I am) [A-Z]\w*\.?$",
    FAVOURITE: r"favou?rite {thing}\b|the {thing} I (like|love)",
    HOME: r"\bI live in|where I live|my home is|I have a (flat|house)|I moved to",
    AGE: r"(?<!to a \d )years (old|of age)|my age|\bI (have |just )?turned",
    RELATIVE: r"\bmy {thing}('s name)? is\b|\bis my {thing}\b|name of my {thing}\b|\ba {thing} (called|named|by)",
}


@pytest.mark.parametrize("split", list(Split))
@pytest.mark.parametrize("kind", list(TELLING))
def test_what_is_unknown_was_never_told(kind: Kind, split: Split) -> None:
    random = Random(4)
    for _ in range(1500):
        fact = Fact(kind, kind.thing(random, split), "Nobody")
        said = [str(each.content) for each in without(random, fact, split)[0] if each.role is Role.USER]
        told = re.compile(TELLING[kind].format(thing=fact.thing), re.IGNORECASE if kind is not NAME else 0)
        assert [text for text in said if told.search(text)] == []


@pytest.mark.parametrize(
    "question, span",
    [("What is my dog's name?", "dog's"), ("What is my dog called?", "dog"), ("My DOG's name?", "dog")],
)
def test_a_possessive_is_copied_as_a_whole_where_it_stands_in_the_question(question: str, span: str) -> None:
    fact = Fact(RELATIVE, "dog", "Rex")
    answer = recalled(fact, question, (), [fact]).answer
    assert MARKED.findall(answer) == [span, "Rex"]
    assert unmarked(answer) == "Your dog's name is Rex."


@pytest.mark.parametrize("num_turns", [0, 1, 2])
def test_small_talk_has_so_many_turns(num_turns: int) -> None:
    assert len(memory.small_talk(Random(1), Split.TRAIN, num_turns)) == 2 * num_turns


@pytest.mark.parametrize(
    "kind, thing, value, answer",
    [
        (NAME, "", "Stéphane", "Your name is Stéphane."),
        (FAVOURITE, "colour", "dark blue", "Your favourite colour is dark blue."),
        (HOME, "", "Oslo", "You live in Oslo."),
        (AGE, "", "34", "You are 34 years old."),
        (RELATIVE, "dog", "Rex", "Your dog's name is Rex."),
    ],
)
def test_the_answers(kind: Kind, thing: str, value: str, answer: str) -> None:
    fact, other = Fact(kind, thing, value), Fact(SOMEBODY_ELSE, "boss", "Ann")
    exchange = recalled(fact, "What?", (Message(Role.USER, "…"),), [other, fact])
    assert unmarked(exchange.answer) == answer
    label = kind.label or thing
    assert unmarked(exchange.analysis[Effort.LOW]) == f"Told: boss no, {label} yes. It is {value}."
    assert value in unmarked(exchange.analysis[Effort.MEDIUM])


def test_what_was_not_told_is_what_is_left_after_the_last_no() -> None:
    asked = Fact(FAVOURITE, "colour", "red")
    told = [Fact(HOME, "", "Oslo"), Fact(SOMEBODY_ELSE, "", "Ann"), Fact(FAVOURITE, "song", "red")]
    exchange = missing(asked, "What?", (), told)
    assert unmarked(exchange.analysis[Effort.LOW]) == "Told: home no, somebody no, song no. Not told."
    assert unmarked(missing(asked, "What?", (), []).analysis[Effort.LOW]) == "Told: nothing. Not told."


def test_one_thing_in_two_words_is_one_thing() -> None:
    color, colour = (Fact(FAVOURITE, thing, "red") for thing in ("color", "colour"))
    assert color.is_about(colour)
    assert not color.is_about(Fact(FAVOURITE, "food", "red"))


@pytest.mark.parametrize("question", ["What is my name?", "What's my name?", "Do you remember my name?", "Who am I?"])
def test_the_usual_questions_are_trained(question: str) -> None:
    assert question in {exchange.question for exchange in drawn(memory.name_asked, Split.TRAIN, 3000)}


def test_the_vendors_conversation_is_trained_but_for_the_name() -> None:
    """Each of its turns is: they are drawn independently of each other."""
    turns = {
        str(message.content).replace(unmarked(MARKED.findall(exchange.answer)[0]), "X")
        for exchange in drawn(memory.name_asked, Split.TRAIN, 6000)
        for message in exchange.earlier[:2]
    }
    assert {"My name is X.", "Hello X! How can I help?"} <= turns


@pytest.mark.parametrize("split", list(Split))
def test_one_of_several_facts_is_picked(split: Split) -> None:
    several = [exchange for exchange in drawn(memory.fact_asked, split) if len(exchange.earlier) > 4]
    assert len(several) > 100
    for exchange in several:
        assert MARKED.findall(exchange.answer)[-1] in prompt(exchange)


@pytest.mark.parametrize("split", list(Split))
def test_a_question_after_an_introduction_keeps_its_answer(split: Split) -> None:
    for exchange in drawn(memory.name_with_question, split, 200):
        assert exchange.skill.split(":")[0] in {"arithmetic", "facts", "conversation"}
        assert "Nice to meet you" not in exchange.answer
