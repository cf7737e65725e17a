"""Tools: which one to call and with what, and what to say of its result."""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from ossian.harmony.messages import Message, Role
from training.instructions import manual
from training.skills import anything_else, arithmetic, capitals, explanations, memory, talk
from training.skills.exchange import Effort, Exchange, Family, Setting, Split, analyses, copied
from training.skills.invented_tools import invented
from training.skills.tool_calls import (
    Candidate,
    Request,
    again_analysis,
    answered,
    call,
    call_analysis,
    called,
    hand_written,
    of_catalog,
    verdicts,
)
from training.skills.tool_results import Reply, failure, reply, told
from training.skills.tool_words import value

FamilySkill = Callable[[Random, Split], Family]
Maker = Callable[[Random, list[Candidate], Split], Exchange]

NUM_EXCHANGES = 12
MAX_NUM_TOOLS = 6
INSTRUCTIONS = (
    "You are a helpful assistant.", "You are a helpful assistant with access to tools.", "Use the tools when they help.",
    "You are a helpful AI assistant.", "Call a tool if it is needed.", "You are an assistant that can call functions.",
    "Be concise.", "You are a careful assistant. Use the given tools.",
)  # fmt: skip
AFTERWORDS = (
    "If needed, call the tool.",
    "Use a tool if needed.",
    "Thanks!",
    "Thank you.",
    "Use the tools.",
    "Please.",
)
NO_TOOL = "None of my tools can do that, and I cannot do it without one."
QUESTIONS = ("What ", "Which ", "How ", "When ", "Where ", "Who ", "Were ", "I ", "It ", "The ", "My ", "Alarm", "Timer", "Note",
             "Todo", "Volume")  # fmt: skip
LONGEST_PLAIN_ANSWER = 700  # characters
USUAL = (
    "get set find create add delete list show search send make new open close read write start check look up the a an of in "
    "on to for with and from by at please what is can you could me give tell i need number name text value time day date "
    "current it my how which or whether"
)
COMMON_WORDS = frozenset(USUAL.split())
EXPLANATIONS = {skill: share for skill, share in explanations.SKILLS.items() if skill is not explanations.weather}
PLAIN = {
    "explanations": EXPLANATIONS,
    "talk": talk.SKILLS,
    "capitals": capitals.SKILLS,
    "arithmetic": arithmetic.SKILLS,
    "memory": memory.SKILLS,
}


def tool_family(random: Random, split: Split) -> Family:
    """Some tools, and everything that may happen with them."""
    candidates = drawn(random, split)
    chance = random.random()
    instructions = manual(random, split) if chance < 0.03 else random.choice(INSTRUCTIONS) if chance < 0.45 else None
    makers = random.choices(list(MAKERS), list(MAKERS.values()), k=NUM_EXCHANGES)
    exchanges = [after_past_turns(random, candidates, make(random, candidates, split), split) for make in makers]
    return Family(Setting(instructions, tuple(candidate.tool for candidate in candidates)), exchanges)


def drawn(random: Random, split: Split) -> list[Candidate]:
    """One to six tools: invented ones, ones of the catalogue, or both."""
    num_tools = random.choice((1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 5, MAX_NUM_TOOLS))
    num_invented = random.choice((0, num_tools, random.randint(0, num_tools)))
    sketches = random.sample(of_catalog(split), num_tools - num_invented)
    while True:
        candidates = [*(hand_written(random, sketch) for sketch in sketches), *invented(random, num_invented, split)]
        if len({candidate.tool.name.lower() for candidate in candidates}) == num_tools:
            random.shuffle(candidates)
            return candidates


def one_call(random: Random, candidates: list[Candidate], split: Split) -> Exchange:
    """A request for one of the tools."""
    candidate = random.choice(candidates)
    request = candidate.ask(random, split)
    thoughts = call_analysis(verdicts(candidates, candidate), candidate)
    return call("tools: one call", candidate, request, thoughts, question=chatty(random, request.text))


def chatty(random: Random, text: str) -> str:
    """As people type it: with a greeting, in lower case, with a word to the tools."""
    chance = random.random()
    if chance < 0.06:
        return random.choice(("Hi, ", "Hello! ", "Hey, ", "Hi! ", "Ok, ", "So, ")) + text
    if chance < 0.12:
        return lowered(text)
    if chance < 0.2:
        return f"{ended(text)} {random.choice(AFTERWORDS)}"
    return text


def none_fits(random: Random, candidates: list[Candidate], split: Split) -> Exchange:
    """A request that needs a tool which is not there, or that nobody here can do."""
    known = frozenset().union(*(candidate.words for candidate in candidates)) - COMMON_WORDS
    while (asked := unfitting(random, known, split)) is None:
        pass
    low = f"{verdicts(candidates)} None fits."
    medium = f"I go through my tools. {low} I say so."
    high = f"{medium} I compared the request with the name and the description of each tool, and there is no match."
    thoughts = analyses(low, medium, high)
    return Exchange("tools: none fits", asked, thoughts, NO_TOOL)


def unfitting(random: Random, known: frozenset[str], split: Split) -> str | None:
    """A request for another tool, or of any kind, that shares no word with the tools; None if it shares one."""
    if random.random() < 0.3:
        text = anything_else.request(random, split)
        return None if set(re.findall(r"\w+", text.lower())) & known or "\n" in text else text
    sketches = of_catalog(split)
    other = hand_written(random, random.choice(sketches)) if random.random() < 0.6 else invented(random, 1, split)[0]
    if other.covers or (other.words - COMMON_WORDS) & known:
        return None
    return chatty(random, other.ask(random, split).text)


def none_needed(random: Random, candidates: list[Candidate], split: Split) -> Exchange:
    """A question that the model answers itself, as it does without tools."""
    covered = {candidate.covers for candidate in candidates}
    skills = PLAIN[random.choice([group for group in PLAIN if group not in covered])]
    while True:
        exchange = random.choices(list(skills), list(skills.values()))[0](random, split)
        if len(exchange.answer) < LONGEST_PLAIN_ANSWER:
            before = f"{verdicts(candidates)} None is needed."
            thoughts = analyses(before, *[f"I go through my tools. {before} I answer myself."] * 2)
            return replace(exchange, analysis={e: f"{thoughts[e]}\n{text}" for e, text in exchange.analysis.items()})


def result(random: Random, candidates: list[Candidate], split: Split) -> Exchange:
    """A result to pass on; now and then the call was repeated after an error."""
    candidate = random.choice(candidates)
    request = candidate.ask(random, split)
    earlier, thoughts = [Message(Role.USER, request.text)], call_analysis(verdicts(candidates, candidate), candidate)
    if random.random() < 0.15:
        earlier += [*called(random, candidate, request, thoughts), answered(candidate, failure(random, split).text)]
        thoughts = again_analysis(candidate.tool.name)
    found = reply(random, split, echoed(random, request))
    earlier += [*called(random, candidate, request, thoughts), answered(candidate, found.text)]
    return passed_on("tools: result", [(candidate, found)], earlier)


def echoed(random: Random, request: Request) -> dict[str, str] | None:
    """An argument that a result repeats."""
    texts = {name: given for name, given in request.arguments.items() if isinstance(given, str)}
    if not texts or random.random() < 0.8:
        return None
    name = random.choice(list(texts))
    return {name: texts[name]}


def passed_on(skill: str, found: list[tuple[Candidate, Reply]], earlier: list[Message]) -> Exchange:
    """The final answer: what each tool said."""
    name = copied(found[-1][0].tool.name)
    medium = f"{name} has answered. I report the result."
    high = f"{medium} I say what the tool found, with its own names and values, and I add nothing to it."
    answer = " ".join(told(candidate.tool.name, said) for candidate, said in found)
    return Exchange(skill, "", analyses("The result is there.", medium, high), answer, None, tuple(earlier))


def chain(random: Random, candidates: list[Candidate], split: Split) -> Exchange:
    """One of the three steps of two calls."""
    first, second = (random.choice(candidates) for _ in range(2))
    before, after = first.ask(random, split), second.ask(random, split)
    found = reply(random, split)
    if random.random() < 0.35 and (used := from_result(random, second, after, split)):
        after, field = used
        found = reply(random, split, field)
    text = joined(random, before.text, after.text)
    thoughts = call_analysis(verdicts(candidates, first, later=second), first)
    step = random.choices((1, 2, 3), (35, 45, 20))[0]
    if step == 1:
        return call("tools: chain", first, before, thoughts, question=text)
    earlier = [Message(Role.USER, text), *called(random, first, before, thoughts), answered(first, found.text)]
    thoughts = next_analysis(verdicts(candidates, second, done=first), second)
    if step == 2:
        return call("tools: chain", second, after, thoughts, tuple(earlier))
    last = reply(random, split)
    earlier += [*called(random, second, after, thoughts), answered(second, last.text)]
    return passed_on("tools: chain", [(first, found), (second, last)], earlier)


def next_analysis(found: str, second: Candidate) -> dict[Effort, str]:
    """The second of two calls."""
    medium = f"The first result is there. Next I go through my tools again. {found} I call {copied(second.tool.name)}."
    return analyses(f"Next. {found}", medium, f"{medium} The request asks for it after the first one, so I wait again.")


def from_result(
    random: Random, candidate: Candidate, request: Request, split: Split
) -> tuple[Request, dict[str, str]] | None:
    """The same request with one argument taken from the first result: its text, and the result's field."""
    texts = {name: given for name, given in request.arguments.items() if isinstance(given, str)}
    usable = [
        name for name, given in texts.items() if request.text.count(given) == 1 and not is_choice(candidate, name)
    ]
    if not usable:
        return None
    name = random.choice(usable)
    found = value(random, random.choice(("id", "word", "name", "email")), split).said
    where = f"the {name} from the result"
    text = request.text
    for quote in ('"', "'", ""):
        text = text.replace(f"{quote}{texts[name]}{quote}", where)
    return Request(text, {**request.arguments, name: found}), {name: found}


def is_choice(candidate: Candidate, name: str) -> bool:
    """Whether a parameter has only some values."""
    schema = candidate.tool.parameters or {}
    return "enum" in schema["properties"][name]


def joined(random: Random, first: str, second: str) -> str:
    """Two requests in one."""
    if not first.startswith(QUESTIONS) and not second.startswith(QUESTIONS) and random.random() < 0.6:
        start = random.choice(
            ("First {a}, then {b}.", "{A} and then {b}.", "First {a} and then {b}.", "{A}, then {b}.")
        )
        a, b = (text.rstrip(".?") for text in (first, second))
        return start.format(a=lowered(a), A=a, b=lowered(b))
    return f"{ended(first)} {random.choice(('After that: ', 'Then: ', 'After that, ', 'Then '))}" + (
        lowered(second) if not second.startswith("I ") else second
    )


def lowered(text: str) -> str:
    """With a small first letter."""
    return text[0].lower() + text[1:]


def ended(text: str) -> str:
    """With a mark at the end."""
    return text if text.endswith((".", "?")) else f"{text}."


def error(random: Random, candidates: list[Candidate], split: Split) -> Exchange:
    """A call that failed: it is tried once more, then the user is told."""
    candidate = random.choice(candidates)
    request = candidate.ask(random, split)
    thoughts, failed = call_analysis(verdicts(candidates, candidate), candidate), failure(random, split)
    made = called(random, candidate, request, thoughts)
    earlier = [Message(Role.USER, request.text), *made, answered(candidate, failed.text)]
    thoughts = again_analysis(candidate.tool.name)
    if random.random() < 0.55:
        return call("tools: error", candidate, request, thoughts, tuple(earlier))
    if random.random() < 0.5:
        failed = failure(random, split)
    earlier += [*called(random, candidate, request, thoughts), answered(candidate, failed.text)]
    medium = f"{copied(candidate.tool.name)} has failed twice. I say so."
    high = f"{medium} A third call would hardly help, so I tell the user what the tool said and stop here."
    thoughts = analyses("It failed again.", medium, high)
    return Exchange("tools: error", "", thoughts, f"The tool failed: {failed.said}.", None, tuple(earlier))


def after_past_turns(random: Random, candidates: list[Candidate], exchange: Exchange, split: Split) -> Exchange:
    """The exchange, now and then after a turn that is over, unless that might tell what is unknown."""
    begins_otherwise = exchange.earlier and exchange.earlier[0].role is not Role.USER
    if random.random() > 0.15 or begins_otherwise or exchange.skill.endswith("unknown"):
        return exchange
    past = random.choice((none_needed, result, none_fits))(random, candidates, split)
    return replace(exchange, earlier=(*past.over, *exchange.earlier))


MAKERS: dict[Maker, float] = {
    one_call: 0.34, none_fits: 0.2, none_needed: 0.12, result: 0.13, chain: 0.13, error: 0.08,
}  # fmt: skip
FAMILIES: dict[FamilySkill, float] = {tool_family: 1.0}
