"""A tool of a conversation, how a user asks for it, and the call that follows."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from ossian.harmony.messages import Channel, Message, Role, Tool
from training.copying import is_spelled_alike
from training.skills.exchange import Effort, Exchange, Split, analyses, copied, unmarked
from training.skills.tool_catalog_home import HOME
from training.skills.tool_catalog_office import OFFICE
from training.skills.tool_sketch import Sketch, Slot
from training.skills.tool_words import Json, Value, schema_of, value
from training.skills.wordings import expanded
from training.skills.words import is_held_out

CATALOG = (*HOME, *OFFICE)
OPTIONAL = re.compile(r"<([^<>]*)>")
KEY = re.compile(r"\{(\w+)\}")
JSON_TYPE = "<|constrain|>json"


@dataclass(frozen=True, slots=True)
class Request:
    """What a user writes, and the arguments it gives, in the order of the tool's parameters."""

    text: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool and a way to ask for it. `covers` names the plain skill it would do; `words` are those it is known by."""

    tool: Tool
    ask: Callable[[Random, Split], Request]
    words: frozenset[str]
    covers: str = ""


def of_catalog(split: Split) -> list[Sketch]:
    """The hand-written tools of a split."""
    return [sketch for sketch in CATALOG if is_held_out(sketch.stem) == (split is Split.HELD_OUT)]


def hand_written(random: Random, sketch: Sketch) -> Candidate:
    """A tool of the catalogue with one of its names, descriptions, …"""
    names = {slot.key: random.choice(slot.names.split()) for slot in sketch.slots}
    if len(set(names.values())) < len(names):
        names = {key: key for key in names}
    names_of_tool = sketch.names.split()
    tool = Tool(
        random.choice([*filter(is_spelled_alike, names_of_tool)] or names_of_tool),
        random.choice(sketch.descriptions),
        object_schema(random, sketch.slots, names, optional_keys(sketch)),
    )
    spoken = re.findall(r"[a-z]+", " ".join((sketch.names, *sketch.descriptions, *sketch.requests)).lower())

    def ask(random: Random, split: Split) -> Request:
        return filled(random, sketch, names, split)

    return Candidate(tool, ask, frozenset(spoken), sketch.covers)


def optional_keys(sketch: Sketch) -> set[str]:
    """The parameters that some request leaves out."""
    needed = [set(KEY.findall(OPTIONAL.sub("", pattern))) for pattern in sketch.requests]
    return {slot.key for slot in sketch.slots if any(slot.key not in keys for keys in needed)}


def object_schema(
    random: Random, slots: Sequence[Slot], names: Mapping[str, str], optional: set[str]
) -> dict[str, object]:
    """The schema of all parameters, with comments for all of them or for none."""
    has_notes = random.random() < 0.4
    properties = {}
    for slot in slots:
        properties[names[slot.key]] = schema_of(slot.kind)
        if has_notes and slot.notes:
            properties[names[slot.key]]["description"] = random.choice(slot.notes.split("|"))
        if slot.key in optional and random.random() < 0.15:
            properties[names[slot.key]].update(default_of(slot.kind))
    required = [names[slot.key] for slot in slots if slot.key not in optional]
    closed = {"additionalProperties": False} if random.random() < 0.3 else {}
    return {"type": "object", "properties": properties, "required": required, **closed}


def default_of(kind: str) -> dict[str, object]:
    """What a schema says of an argument that is left out."""
    name, _, rest = kind.partition(" ")
    match name:
        case "int":
            return {"default": int(rest.split()[0])}
        case "enum":
            return {"default": rest.split("|")[0]}
        case "bool":
            return {"default": False}
    return {}


def filled(random: Random, sketch: Sketch, names: Mapping[str, str], split: Split) -> Request:
    """A request with values."""
    pattern = OPTIONAL.sub(
        lambda found: found[1] if random.random() < 0.5 else "", expanded(random, random.choice(sketch.requests))
    )
    asked = set(KEY.findall(pattern))
    values: dict[str, Value] = {}
    for slot in sketch.slots:
        if slot.key in asked:
            values[slot.key] = unused_value(random, slot.kind, values.values(), split)
    text = KEY.sub(lambda found: values[found[1]].said, pattern)
    return Request(text, {names[key]: drawn.json for key, drawn in values.items()})


def unused_value(random: Random, kind: str, used: Iterable[Value], split: Split) -> Value:
    """A value that no other argument has, unless there are few to choose from."""
    if kind.startswith(("bool", "enum", "turned")):
        return value(random, kind, split)
    said = {drawn.said for drawn in used}
    while (drawn := value(random, kind, split)).said in said:
        pass
    return drawn


def marked(argument: Json) -> str:
    """A value as JSON, marked as a copy; true and false are not said in the prompt."""
    if isinstance(argument, bool):
        return json.dumps(argument)
    if isinstance(argument, list):
        return f"[{', '.join(map(marked, argument))}]"
    return f'"{copied(argument)}"' if isinstance(argument, str) else copied(json.dumps(argument))


def marked_arguments(arguments: Mapping[str, Json]) -> str:
    """The arguments as JSON, with marks."""
    return "{" + ", ".join(f'"{copied(name)}": {marked(argument)}' for name, argument in arguments.items()) + "}"


def verdicts(
    candidates: Sequence[Candidate],
    called: Candidate | None = None,
    *,
    done: Candidate | None = None,
    later: Candidate | None = None,
) -> str:
    """`Tools: get_news no, play_song yes.`: each tool in turn, up to the one to call. Each step is a small decision."""
    said = []
    for each in candidates:
        verdict = "yes" if each is called else "done" if each is done else "later" if each is later else "no"
        said.append(f"{copied(each.tool.name)} {verdict}")
        if each is called:
            break
    return f"Tools: {', '.join(said)}."


def call_analysis(found: str, candidate: Candidate) -> dict[Effort, str]:
    """Which tool. The arguments follow at once: a small model copies them better once than twice."""
    medium = f"I go through my tools. {found} I call {copied(candidate.tool.name)}."
    return analyses(found, medium, f"{medium} The request says all that the tool needs, so I wait for its result.")


def again_analysis(name: str) -> dict[Effort, str]:
    """The same call once more."""
    medium = f"{copied(name)} failed. I call it once more with the same arguments."
    return analyses(
        f"Failed. Again {copied(name)}.", medium, f"{medium} The error may be over, and a second try costs little."
    )


def call(
    skill: str,
    candidate: Candidate,
    request: Request,
    analysis: Mapping[Effort, str],
    earlier: tuple[Message, ...] = (),
    question: str = "",
) -> Exchange:
    """A call; without a question the last of the earlier messages is a tool's result."""
    name, arguments = candidate.tool.name, request.arguments
    return Exchange(skill, question, analysis, marked_arguments(arguments), f"functions.{copied(name)}", earlier)


def called(
    random: Random, candidate: Candidate, request: Request, analysis: Mapping[Effort, str]
) -> tuple[Message, ...]:
    """The messages of a call that was made, half of the time with their analysis."""
    thought = unmarked(analysis[random.choice((Effort.LOW, Effort.MEDIUM))])
    separators = (",", ":") if random.random() < 0.15 else None
    text = json.dumps(request.arguments, ensure_ascii=False, separators=separators)
    made = Message(
        Role.ASSISTANT,
        text,
        channel=Channel.COMMENTARY,
        recipient=f"functions.{candidate.tool.name}",
        content_type=JSON_TYPE,
    )
    return (Message(Role.ASSISTANT, thought, channel=Channel.ANALYSIS), made) if random.random() < 0.5 else (made,)


def answered(candidate: Candidate, text: str) -> Message:
    """A tool's result."""
    return Message(Role.TOOL, text, name=f"functions.{candidate.tool.name}")
