"""Training examples: exchanges put into conversations and rendered by Ossian itself."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import chain
from random import Random

from ossian.harmony.messages import Channel, Conversation, Message, Role, Tool, ToolNamespace
from ossian.harmony.render import render, render_message
from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.vocabulary import END, RETURN
from training.instructions import INSTRUCTIONS, TOOL_NAMES, WEATHER_TOOLS
from training.skills import anything_else, arithmetic, capitals, explanations, talk
from training.skills.exchange import UNKNOWN, Effort, Exchange, Split

UNKNOWN_ID = -1
CONTENT_TYPE = "<|constrain|>json"
FIRST_DAY = date(2024, 1, 1)

Skill = Callable[[Random, Split], Exchange]
SKILLS: dict[Skill, float] = {
    arithmetic.arithmetic: 48, talk.greeting: 5, talk.identity: 4, talk.abilities: 3, talk.thanks: 3, talk.goodbye: 2,
    capitals.capital: 7, capitals.country: 3, capitals.elsewhere: 3, capitals.capitals: 2,
    explanations.gravity: 2, explanations.machine_learning: 2, explanations.weather: 4,
    anything_else.anything_else: 17, anything_else.beyond_limits: 7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation as token ids; UNKNOWN_ID marks a token that training never shows.

    `prefix` is the system message, `prompt` the rest up to `<|start|>assistant`, `completion` what the model says.
    """

    skill: str
    prefix: tuple[int, ...]
    prompt: tuple[int, ...]
    completion: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a group of conversations has in common: everything their system message is made from."""

    effort: Effort
    today: date | None
    has_tools: bool


class PromptTokenizer(Tokenizer):
    """Writes UNKNOWN, and the blank before it, as UNKNOWN_ID."""

    def encode(self, text: str) -> list[int]:
        if UNKNOWN not in text:
            return super().encode(text)
        first, *rest = (super(PromptTokenizer, self).encode(part) for part in re.split(f" ?{UNKNOWN}", text))
        return [*first, *chain.from_iterable((UNKNOWN_ID, *part) for part in rest)]


class CompletionTokenizer(Tokenizer):
    """Writes every digit as its own token: the model calculates with digits."""

    def encode(self, text: str) -> list[int]:
        parts = re.split(r"(\d)", text)
        return list(chain.from_iterable(super(CompletionTokenizer, self).encode(part) for part in parts if part))


@cache
def prompt_tokenizer() -> PromptTokenizer:
    return PromptTokenizer()


@cache
def completion_tokenizer() -> CompletionTokenizer:
    return CompletionTokenizer()


def random_setting(random: Random) -> Setting:
    """An effort, a date, and whether there are tools."""
    effort = random.choices((Effort.LOW, Effort.MEDIUM, Effort.HIGH), (30, 61, 9))[0]
    today = FIRST_DAY + timedelta(days=random.randrange(4000))
    return Setting(effort, today if random.random() < 0.9 else None, random.random() < 0.13)


def random_example(random: Random, setting: Setting, split: Split = Split.TRAIN) -> Example:
    """A conversation of one to three turns as tokens; what is said in the last turn is to be learned."""
    conversation, exchange = random_conversation(random, setting, split)
    prompt = render(conversation, prompt_tokenizer())
    system = prompt.index(END) + 1
    said = completion(exchange, setting.effort)
    return Example(exchange.skill, tuple(prompt[:system]), tuple(prompt[system:]), tuple(said))


def random_conversation(random: Random, setting: Setting, split: Split) -> tuple[Conversation, Exchange]:
    """A conversation of one to three turns, and the exchange it ends with."""
    tools = random_tools(random) if setting.has_tools else ()
    instructions = random.choice(INSTRUCTIONS) if random.random() < 0.4 else None
    history, last = random_turns(random, split, tools)
    asked_now = [Message(Role.USER, last.question)] if last.question else []
    conversation = Conversation(
        messages=(*history, *asked_now),
        instructions=instructions,
        tools=(ToolNamespace("functions", tools),) if tools else (),
        reasoning_effort=setting.effort,
        current_date=setting.today,
    )
    return conversation, last


def completion(exchange: Exchange, effort: Effort) -> list[int]:
    """What the model says after `<|start|>assistant`."""
    analysis = Message(Role.ASSISTANT, exchange.analysis[effort], channel=Channel.ANALYSIS)
    _, *thinking = render_message(analysis, completion_tokenizer())
    *saying, stop = render_message(said(exchange), completion_tokenizer())
    return [*thinking[1:], *saying, RETURN if stop == END else stop]


def said(exchange: Exchange) -> Message:
    """The message after the analysis: the answer, or the call of a tool."""
    if exchange.recipient is None:
        return Message(Role.ASSISTANT, exchange.answer, channel=Channel.FINAL)
    return Message(
        Role.ASSISTANT,
        exchange.answer,
        channel=Channel.COMMENTARY,
        recipient=exchange.recipient,
        content_type=CONTENT_TYPE,
    )


def random_turns(random: Random, split: Split, tools: tuple[Tool, ...]) -> tuple[list[Message], Exchange]:
    """The finished turns, and the one to be learned."""
    num_finished = random.choices((0, 1, 2), (87, 10, 3))[0]
    finished = [random_exchange(random, Split.TRAIN, ()) for _ in range(num_finished)]
    history = [message for exchange in finished for message in turn(random, exchange)]
    if finished and finished[-1].skill == "capital" and random.random() < 0.5:
        return history, capitals.follow_up(random, split)
    if has_weather(tools) and random.random() < 0.5:
        return weather_turn(random, split, history)
    return history, asked(random, random_exchange(random, split, tools), split)


def turn(random: Random, exchange: Exchange) -> tuple[Message, Message]:
    """A finished turn; now and then it was another model that answered."""
    answer = UNKNOWN * random.randrange(1, 20) if random.random() < 0.1 else exchange.answer
    return Message(Role.USER, exchange.question), Message(Role.ASSISTANT, answer, channel=Channel.FINAL)


def random_exchange(random: Random, split: Split, tools: tuple[Tool, ...]) -> Exchange:
    """An exchange of a random skill."""
    while True:
        skill = random.choices(list(SKILLS), list(SKILLS.values()))[0]
        if not (skill is explanations.weather and has_weather(tools)):
            return skill(random, split)


def asked(random: Random, exchange: Exchange, split: Split) -> Exchange:
    """The same exchange as people type it: lower case, without the full stop, politely, …"""
    question = exchange.question
    if split is Split.TRAIN:
        if random.random() < 0.15:
            question = question.lower()
        if random.random() < 0.15:
            question = question.rstrip("?.! ") or question
        if random.random() < 0.06:
            question = random.choice(("please ", "Please, ", "Hi! ", "Hello, ", "Hey, ", "So, ", " ", "\n")) + question
        if random.random() < 0.06:
            question += random.choice((" please", " Please.", " Thanks!", " thank you", "!", "??", "\n", " "))
    return Exchange(exchange.skill, question, exchange.analysis, exchange.answer, exchange.recipient)


def random_tools(random: Random) -> tuple[Tool, ...]:
    """One to three tools; the one for the weather is often among them."""
    names = random.sample(TOOL_NAMES, random.choice((1, 1, 2)))
    described = f"{UNKNOWN} the {UNKNOWN} {UNKNOWN}"
    tools = [Tool(name, described, schema(random.choice(("query", "name", "text")))) for name in names]
    if random.random() < 0.7:
        tools[random.randrange(len(tools))] = Tool("get_weather", *random.choice(WEATHER_TOOLS))
    return tuple(tools)


def schema(name: str, description: str | None = None) -> dict[str, object]:
    """The JSON schema of one required string."""
    value = {"type": "string"} if description is None else {"type": "string", "description": description}
    return {"type": "object", "properties": {name: value}, "required": [name]}


def has_weather(tools: Sequence[Tool]) -> bool:
    """Whether the weather can be looked up."""
    return any(tool.name == "get_weather" for tool in tools)


def weather_turn(random: Random, split: Split, history: list[Message]) -> tuple[list[Message], Exchange]:
    """The call of the weather tool, or the answer once it has replied."""
    call = explanations.weather_call(random, split)
    if random.random() < 0.7:
        return history, asked(random, call, split)
    result = json.dumps(random_weather(random), ensure_ascii=False)
    if random.random() < 0.3:
        result = UNKNOWN * random.randrange(1, 15)
    called = [Message(Role.USER, call.question)]
    if random.random() < 0.5:
        called.append(Message(Role.ASSISTANT, call.analysis[Effort.MEDIUM], channel=Channel.ANALYSIS))
    called += [said(call), Message(Role.TOOL, result, name=call.recipient)]
    return [*history, *called], explanations.tool_result()


def random_weather(random: Random) -> dict[str, str]:
    """What a weather tool may reply."""
    words = (UNKNOWN, f"{UNKNOWN} {UNKNOWN}", "sunny", str(random.randrange(40)))
    return {key: random.choice(words) for key in ("weather", "temperature", UNKNOWN)}
