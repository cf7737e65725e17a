"""Training examples: exchanges put into conversations and rendered by Ossian itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from ossian.harmony.messages import Conversation, ToolNamespace
from ossian.harmony.render import render
from ossian.harmony.vocabulary import CALL, CHANNEL, CONSTRAIN, END, MESSAGE, RETURN, START
from training.copying import Prompt, completion_tokens, tokenizer
from training.instructions import irrelevant_instruction, manual
from training.mixture import FAMILIES, PLAIN_GROUP, SKILLS, Source
from training.skills.exchange import COPY_START, Effort, Exchange, Family, Setting, Split, unmarked

FIRST_DAY = date(2024, 1, 1)
OPENERS = ("please ", "Please, ", "Hi! ", "Hello, ", "Hey, ", "So, ")
ENDINGS = (" please", " Please.", " Thanks!", " thank you")


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation as token ids.

    `prefix` is what a group has in common: the system message, and the developer message if there is one. `prompt` is
    the rest up to `<|start|>assistant`, `completion` what the model says.
    """

    skill: str
    prefix: tuple[int, ...]
    prompt: tuple[int, ...]
    completion: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations under one system message and one developer message."""

    effort: Effort
    today: date | None
    family: Family

    def conversation(self, exchange: Exchange) -> Conversation:
        """The conversation that ends with an exchange's question."""
        setting = self.family.setting
        return Conversation(
            messages=exchange.asked,
            instructions=setting.instructions,
            tools=(ToolNamespace("functions", setting.tools),) if setting.tools else (),
            response_format=setting.response_format,
            reasoning_effort=self.effort,
            current_date=self.today,
        )


def random_group(random: Random, source: Source, split: Split) -> Group:
    """A group of a source: a family skill, or plain skills under instructions that do not matter."""
    effort = random.choices((Effort.LOW, Effort.MEDIUM, Effort.HIGH), (30, 60, 10))[0]
    today = FIRST_DAY + timedelta(days=random.randrange(4000)) if random.random() < 0.9 else None
    if source is not SKILLS:
        (family,) = random.choices(list(source), list(source.values()))
        return Group(effort, today, family(random, split))
    instructions = random_instructions(random, split)
    num_exchanges = PLAIN_GROUP if split is Split.TRAIN else 1  # held_out uses one of them
    exchanges = [asked(random, plain_exchange(random, split), split) for _ in range(num_exchanges)]
    return Group(effort, today, Family(Setting(instructions), exchanges))


def random_instructions(random: Random, split: Split) -> str | None:
    """Instructions for plain skills, which do not change them."""
    chance = random.random()
    return manual(random, split) if chance < 0.03 else irrelevant_instruction(random, split) if chance < 0.45 else None


def plain_exchange(random: Random, split: Split) -> Exchange:
    """An exchange of a random plain skill, now and then with finished turns before it."""
    exchange = random_skill(random, split)
    if exchange.earlier or exchange.skill.endswith("unknown") or random.random() > 0.13:  # more turns might tell it
        return exchange
    finished = [lasting_skill(random) for _ in range(random.choice((1, 1, 2)))]
    return replace(exchange, earlier=tuple(message for past in finished for message in past.over))


def lasting_skill(random: Random) -> Exchange:
    """A fresh exchange for a finished turn: an instruction in it might be meant for later turns, or not."""
    while (exchange := random_skill(random, Split.TRAIN)).skill.startswith("instructions"):
        pass
    return exchange


def random_skill(random: Random, split: Split) -> Exchange:
    """A fresh exchange of a random plain skill."""
    exchange: Exchange = random.choices(list(SKILLS), list(SKILLS.values()))[0](random, split)
    return exchange


def asked(random: Random, exchange: Exchange, split: Split) -> Exchange:
    """The same exchange as people type it: lower case, without the full stop, politely, …"""
    question = exchange.question
    if split is Split.HELD_OUT or COPY_START in exchange.answer or "{" in question or "\n" in question:
        return exchange
    if random.random() < 0.15:
        question = question.lower()
    if random.random() < 0.15:
        question = question.rstrip("?.! ") or question
    is_free = exchange.skill.startswith("arithmetic")  # elsewhere a word more may make it a wording that is held out
    if random.random() < 0.06:
        question = random.choice((" ", "\n", *(OPENERS if is_free else ()))) + question
    if random.random() < 0.06:
        question += random.choice(("!", "??", "\n", " ", *(ENDINGS if is_free else ())))
    return replace(exchange, question=question)


def examples(random: Random, group: Group) -> Iterator[Example]:
    """A group's conversations as tokens."""
    prefix = shared_prefix(group)
    for exchange in group.family.exchanges:
        tokens = render(group.conversation(exchange), tokenizer())
        said = completion(random, exchange, group.effort, Prompt(tokens))
        yield Example(exchange.skill, prefix, tuple(tokens[len(prefix) :]), tuple(said))


def shared_prefix(group: Group) -> tuple[int, ...]:
    """The system and developer messages."""
    empty = replace(group.conversation(group.family.exchanges[0]), messages=())
    return tuple(render(empty, tokenizer())[:-2])


def completion(random: Random, exchange: Exchange, effort: Effort, prompt: Prompt) -> list[int]:
    """What the model says after `<|start|>assistant`."""

    def said(text: str) -> list[int]:
        return completion_tokens(text, prompt)

    analysis = [CHANNEL, *said("analysis"), MESSAGE, *said(exchange.analysis[effort]), END, START, *said("assistant")]
    if exchange.recipient is None:
        return [*analysis, CHANNEL, *said("final"), MESSAGE, *said(exchange.answer), RETURN]
    # As gpt-oss was trained, which is the only spelling that the server's grammar allows in a header.
    recipient = tokenizer().encode(f" to={unmarked(exchange.recipient)}")
    json = [*said(" "), CONSTRAIN, *said("json"), MESSAGE, *said(exchange.answer), CALL]
    if random.random() < 0.2:  # both places of the recipient are legal
        return [*analysis, *recipient, CHANNEL, *said("commentary"), *json]
    return [*analysis, CHANNEL, *said("commentary"), *recipient, *json]


def held_out(random: Random, sources: Sequence[Source] = (SKILLS, *FAMILIES)) -> tuple[Conversation, Exchange]:
    """A conversation training never saw, and what the model should answer."""
    group = random_group(random, random.choice(sources), Split.HELD_OUT)
    exchange = random.choice(list(group.family.exchanges))
    return group.conversation(exchange), exchange
