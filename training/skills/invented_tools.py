"""Tools made of words: any name, any parameter, so that nothing but the words can tell which one is meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from ossian.harmony.messages import Tool
from training.copying import is_spelled_alike
from training.skills.exchange import Split
from training.skills.tool_calls import CATALOG, Candidate, Request, object_schema, unused_value
from training.skills.tool_sketch import Slot
from training.skills.tool_words import Value, plain_word
from training.skills.wordings import expanded
from training.skills.words import of_split

VERBS = (
    "get", "set", "find", "list", "create", "delete", "update", "check", "start", "stop", "open", "close", "send",
    "fetch", "read", "write", "load", "save", "run", "build", "clean", "sort", "merge", "split", "count", "measure",
    "print", "scan", "sync", "test", "move", "copy", "rename", "archive", "restore", "export", "import", "publish",
    "register", "approve", "reject", "reserve", "cancel", "order", "ship", "pack", "paint", "cook", "wash", "repair",
    "install", "remove", "enable", "disable", "activate", "rotate", "draw", "render", "encode", "decode", "lookup",
)  # fmt: skip
PARAMETERS = (
    "query", "name", "id", "size", "color", "mode", "level", "type", "format", "limit", "page", "count", "width",
    "height", "speed", "code", "key", "label", "tag", "status", "owner", "user", "group", "region", "target", "source",
    "priority", "quantity", "price", "weight", "age", "year", "city", "street", "title", "author", "text", "message",
    "date", "time", "duration", "language", "topic", "category", "brand", "model", "version", "branch", "host", "port",
)  # fmt: skip
TEXT_KINDS = (
    *("word",) * 3, *("name", "quote") * 2, "phrase", "title", "person", "city", "country", "email", "date", "time", "id",
    "url", "path",
)  # fmt: skip
OTHER_KINDS = (
    *("int 1 99",) * 2, "int 1 9999", "number 100", "number 999", *("enum", "bool") * 2, "list word", "list name",
    "list int 1 99",
)  # fmt: skip
SWITCHES = ("bool on|off", "bool on|off", "bool true|false")
CHOICES = (
    "red|green|blue", "small|medium|large", "low|medium|high", "fast|slow", "json|xml|csv", "asc|desc", "daily|weekly|monthly",
    "north|south|east|west", "open|closed", "cold|warm|hot", "public|private", "left|right", "draft|final",
)  # fmt: skip
DESCRIPTIONS = (
    "{Verb} the {noun}", "{Verb} the {noun}.", "{Verb} a {noun}", "{Verb}s the {noun}.", "{Verb} the {w} {noun}.",
    "Use this to {verb} the {noun}.", "{Verb} {noun}", "Tool to {verb} the {noun}", "{Verb} the {noun} of the {w}.",
)  # fmt: skip
BOTH_WORDS = (
    "[Please |Please |Can you |Could you |I want to |You should |]{verb} the {noun}",
    "[Please |]{verb} [a|my|our|this] {noun}",
)
NOUN_ALONE = (
    "I need the {noun}",
    "Do the {noun}",
    "It is about the {noun}",
    "Please handle the {noun}",
    "The {noun} please",
)
BY_NAME = ("[Call|Use|Please call|Please use|Run] [the tool |]{name}",)
CATALOG_NAMES = frozenset(name.lower() for sketch in CATALOG for name in sketch.names.split())
NOTES = ("The {p}", "The {p}.", "The {p} of the {noun}", "{p}", "Which {p}", "The {p} to {verb}")


@dataclass(frozen=True, slots=True)
class Clauses:
    """How a request says several arguments: before all, each one, between two, before the last one."""

    start: str
    each: str
    between: str
    last: str


CLAUSES = (
    Clauses(" with ", "{p} {v}", ", ", " and "), Clauses(" with ", "{p} {v}", ", ", " and "),
    Clauses(" with the ", "{p} {v}", ", the ", " and the "), Clauses(": ", "{p} = {v}", ", ", ", "),
    Clauses(", ", "{p}: {v}", ", ", ", "), Clauses(". ", "Set {p} to {v}", ". ", ". "), Clauses(" using ", "{v} as {p}", ", ", " and "),
    Clauses(" and set ", "{p} to {v}", ", ", " and "), Clauses(". ", "The {p} is {v}", ". ", ". "),
    Clauses(". ", "The {p} should be {v}", ". ", " and "), Clauses(" where ", "{p} is {v}", ", ", " and "),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Invention:
    """The words of an invented tool. `asks_for_both` when another tool has the same noun."""

    name: str
    verb: str
    noun: str
    slots: tuple[Slot, ...]
    optional: frozenset[str]
    asks_for_both: bool = False


def invented(random: Random, num_tools: int, split: Split) -> list[Candidate]:
    """Tools that share at most a word."""
    inventions: list[Invention] = []
    used: set[str] = set()
    shares_noun = random.random() < 0.2
    for _ in range(num_tools):
        verb, noun = fresh_verb(random, used, split), fresh_word(random, used, split)
        if inventions and random.random() < 0.2:
            other = random.choice(inventions)
            verb, noun = (verb, other.noun) if shares_noun else (other.verb, noun)
        inventions.append(invention(random, verb, noun, used, split))
    return [candidate(random, replace(each, asks_for_both=shares_noun), split) for each in inventions]


def fresh_word(random: Random, used: set[str], split: Split) -> str:
    """A word that no other tool has."""
    while (drawn := plain_word(random, split)) in used | set(VERBS):
        pass
    used.add(drawn)
    return drawn


def fresh_verb(random: Random, used: set[str], split: Split) -> str:
    """Mostly a real verb."""
    drawn = of_split(random, VERBS, split)
    if drawn in used or random.random() < 0.3:
        return fresh_word(random, used, split)
    used.add(drawn)
    return drawn


def invention(random: Random, verb: str, noun: str, used: set[str], split: Split) -> Invention:
    """The words and parameters of a tool whose name the model can read off the prompt."""
    while not is_free((made := named_invention(random, verb, noun, used, split)).name):
        verb, noun = fresh_verb(random, used, split), fresh_word(random, used, split)
    return made


def is_free(name: str) -> bool:
    """Whether the model can read the name off the prompt, and no tool of the catalogue has it."""
    return is_spelled_alike(name) and name.lower() not in CATALOG_NAMES


def named_invention(random: Random, verb: str, noun: str, used: set[str], split: Split) -> Invention:
    """The words and parameters of a tool."""
    style = random.choice(("snake", "snake", "snake", "camel", "kebab"))
    chance = random.random()
    words = (
        [verb, noun]
        if chance < 0.7
        else [noun, verb]
        if chance < 0.75
        else [verb, fresh_word(random, used, split), noun]
    )
    if chance > 0.97:  # the description alone tells
        words = [fresh_word(random, used, split) for _ in range(random.choice((1, 2)))]
    slots = parameters(random, style, used, split)
    optional = frozenset(slot.key for slot in slots[1:] if random.random() < 0.35)
    if random.random() < 0.8:
        slots.sort(key=lambda slot: slot.key in optional)
    return Invention(joined(words, style), verb, noun, tuple(slots), optional)


def joined(words: Sequence[str], style: str) -> str:
    """snake_case, camelCase or kebab-case."""
    if style == "camel":
        return words[0] + "".join(word.capitalize() for word in words[1:])
    return ("-" if style == "kebab" else "_").join(words)


def parameters(random: Random, style: str, used: set[str], split: Split) -> list[Slot]:
    """None to four parameters; only one is a list."""
    slots: list[Slot] = []
    num_slots = random.choices((0, 1, 2, 3, 4), (6, 46, 32, 12, 4))[0]
    while len(slots) < num_slots:
        words = [parameter_word(random, used, split)]
        if random.random() < 0.2:
            words.append(parameter_word(random, used, split))
        kind = random_kind(random, split)
        is_second = kind.startswith("list") and any(slot.kind.startswith("list") for slot in slots)
        names = [slot.key for slot in slots]
        name = joined(words, "snake" if style == "kebab" else style)
        if not is_second and name not in names:
            slots.append(Slot(name, kind, " ".join(words)))
    return slots


def parameter_word(random: Random, used: set[str], split: Split) -> str:
    """A usual name, or any word."""
    return of_split(random, PARAMETERS, split) if random.random() < 0.45 else fresh_word(random, used, split)


def random_kind(random: Random, split: Split) -> str:
    """A kind of value."""
    kind = random.choice(TEXT_KINDS if random.random() < 0.6 else OTHER_KINDS)
    if kind == "bool":
        return random.choice(SWITCHES)
    if kind == "enum":
        chosen = random.choice(CHOICES) if random.random() < 0.4 else ""
        words = dict.fromkeys(plain_word(random, split) for _ in range(random.choice((2, 3, 4))))
        return f"enum {chosen or '|'.join(words)}"
    return kind


def candidate(random: Random, made: Invention, split: Split) -> Candidate:
    """The tool with its description and schema."""

    def noisy(pattern: str, parameter: str = "") -> str:
        text = re.sub(r"\{w\}", lambda _: plain_word(random, split), pattern)
        return text.format(verb=made.verb, Verb=made.verb.capitalize(), noun=made.noun, p=parameter)

    is_told_by_name = made.noun in made.name.lower()
    description = "" if is_told_by_name and random.random() < 0.1 else noisy(random.choice(DESCRIPTIONS))
    slots = [replace(slot, notes=noisy(random.choice(NOTES), slot.notes)) for slot in made.slots]
    schema = object_schema(random, slots, {slot.key: slot.key for slot in slots}, set(made.optional))

    def ask(random: Random, split: Split) -> Request:
        return request(random, made, split)

    return Candidate(
        Tool(made.name, description, schema), ask, frozenset({made.verb, made.noun, made.name.lower()}) - set(VERBS)
    )


def request(random: Random, made: Invention, split: Split) -> Request:
    """A request for an invented tool."""
    given = [slot for slot in made.slots if slot.key not in made.optional or random.random() < 0.5]
    values: dict[str, Value] = {}
    for slot in given:
        values[slot.key] = unused_value(random, slot.kind, values.values(), split)
    text = wish(random, made) + said_arguments(random, given, values)
    text = text[0].upper() + text[1:]
    return Request(f"{text}{random.choice(('.', '.', '.', ''))}", {key: drawn.json for key, drawn in values.items()})


def wish(random: Random, made: Invention) -> str:
    """What is wanted, without arguments."""
    chance = random.random()
    patterns = BY_NAME if chance < 0.12 else NOUN_ALONE if chance < 0.3 and not made.asks_for_both else BOTH_WORDS
    return expanded(random, random.choice(patterns)).format(verb=made.verb, noun=made.noun, name=made.name)


def said_arguments(random: Random, slots: Sequence[Slot], values: dict[str, Value]) -> str:
    """The arguments, mostly in the order of the parameters; a list comes last."""
    if not slots:
        return ""
    if len(slots) == 1 and is_clear_alone(slots[0]) and random.random() < 0.25:
        return f"{random.choice((' for', ':', ' of', ' to'))} {values[slots[0].key].said}"
    order = list(slots)
    if random.random() < 0.25:
        random.shuffle(order)
    order.sort(key=lambda slot: slot.kind.startswith("list"))
    spells_names = random.random() < 0.5
    switch = next((slot for slot in order if slot.kind.startswith("bool")), None)
    if switch is None or random.random() < 0.5:
        return clauses_text(random, order, values, spells_names=spells_names)
    order.remove(switch)
    start = " with " if values[switch.key].json else " without "
    return (
        start
        + named(switch, spells_names=spells_names)
        + clauses_text(random, order, values, spells_names=spells_names)
    )


def clauses_text(random: Random, order: Sequence[Slot], values: dict[str, Value], *, spells_names: bool) -> str:
    """The arguments in one of the ways to say them."""
    if not order:
        return ""
    clauses = random.choice(CLAUSES)
    texts = [clauses.each.format(p=named(slot, spells_names=spells_names), v=values[slot.key].said) for slot in order]
    *first, last = texts
    return clauses.start + (f"{clauses.between.join(first)}{clauses.last}{last}" if first else last)


def is_clear_alone(slot: Slot) -> bool:
    """Whether a value needs no name before it."""
    return not slot.kind.startswith(("bool", "list"))


def named(slot: Slot, *, spells_names: bool) -> str:
    """The name of a parameter, as it is spelled or as words."""
    return slot.key if spells_names else re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", slot.key).lower()
