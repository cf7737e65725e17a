"""Random turns under a token mask, and what is true of each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from jsonschema import Draft202012Validator
from numpy.typing import NDArray

from ossian.harmony.encoding import load_encoding
from ossian.harmony.events import MessageEnd, MessageStart, TextDelta
from ossian.harmony.grammar import NO_ARGUMENTS, CustomGrammar, FunctionGrammar, Syntax, TurnShape
from ossian.harmony.messages import Channel
from ossian.harmony.token_mask import GrammarMask
from ossian.harmony.vocabulary import CALL, END, RETURN
from tests.harmony.formats import FORMATS

ENCODING = load_encoding()

_CLOSING = (
    RETURN,
    END,
    CALL,
    *(ENCODING.encode(text)[0] for text in ('"', '"}', "}", "]", '",', "null", "true", '"]')),
)
CLOSING = np.array(_CLOSING)


@dataclass
class Said:
    """One message of a turn."""

    start: MessageStart
    text: str = ""
    is_complete: bool = False


def draw(random: Random, words: NDArray[np.uint32]) -> int:
    """A token that a mask allows: mostly any, and now and then one that closes something, or no turn would end."""
    closing = CLOSING[(words[CLOSING // 32] >> (CLOSING % 32).astype(np.uint32) & 1).astype(bool)]
    if len(closing) and random.random() < 0.4:
        return int(random.choice(closing.tolist()))
    allowed = np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little"))
    assert len(allowed), "nothing is allowed"
    return int(allowed[random.randrange(len(allowed))])


def walk(mask: GrammarMask, choose: Callable[[NDArray[np.uint32]], int], max_tokens: int = 2_000) -> list[int]:
    """A turn's tokens; one that was not cut off ends in <|return|> or <|call|>."""
    token_ids: list[int] = []
    while len(token_ids) < max_tokens:
        token_id = choose(mask.allowed())
        for each in (token_id, *mask.advance(token_id)):
            token_ids.append(each)
            if each in (RETURN, CALL):
                return token_ids
    return token_ids


def messages_of(token_ids: list[int]) -> list[Said]:
    """The messages that the parser makes of a turn."""
    parser = ENCODING.parser()
    said: list[Said] = []
    for event in [event for token_id in token_ids for event in parser.feed(token_id)] + parser.finish():
        if isinstance(event, MessageStart):
            said.append(Said(event))
        elif isinstance(event, TextDelta):
            said[-1].text += event.text
        elif isinstance(event, MessageEnd):
            said[-1].is_complete = event.is_complete
    return said


def num_analysis_tokens(token_ids: list[int]) -> int:
    parser = ENCODING.parser()
    num = 0
    for token_id in token_ids:
        before = parser.channel
        parser.feed(token_id)
        num += before is Channel.ANALYSIS and parser.channel is before
    return num


def check(shape: TurnShape, token_ids: list[int]) -> None:
    """Assert that a finished turn is what its shape allows."""
    *before, last = messages_of(token_ids)
    has_preamble = shape.tools and shape.final_schema is None
    for each in before:
        assert each.start.recipient is None
        assert each.start.channel is Channel.ANALYSIS or (has_preamble and each.start.channel is Channel.COMMENTARY)
    assert all(each.is_complete for each in (*before, last))
    if last.start.recipient is not None:
        check_call(shape, last)
        return
    assert last.start.channel is Channel.FINAL
    assert not shape.must_call
    if shape.final_schema is not None:
        check_json(last.text, shape.final_schema)


def check_call(shape: TurnShape, last: Said) -> None:
    (tool,) = (each for each in shape.tools if last.start.recipient == f"functions.{each.name}")
    assert last.start.channel is Channel.COMMENTARY
    if isinstance(tool, FunctionGrammar):
        check_json(last.text, NO_ARGUMENTS if tool.schema is None else tool.schema)


def check_json(text: str, schema: Any) -> None:
    Draft202012Validator(schema, format_checker=FORMATS).validate(json.loads(text))


OBJECTS: dict[str, Any] = {
    "weather": {
        "type": "object",
        "properties": {"location": {"type": "string", "maxLength": 30}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["location"],
        "additionalProperties": False,
    },
    "nested": {
        "type": "object",
        "properties": {
            "a": {
                "type": "array",
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": {"x": {"type": "integer", "minimum": -5, "maximum": 1000}, "y": {"type": "null"}},
                    "required": ["x", "y"],
                    "additionalProperties": False,
                },
            },
            "b": {"anyOf": [{"type": "boolean"}, {"const": "zwölf"}]},
        },
        "required": ["a", "b"],
        "additionalProperties": False,
    },
    "recursive": {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "value": {"type": "string", "maxLength": 8},
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
                "required": ["value", "next"],
                "additionalProperties": False,
            }
        },
    },
    "formats": {
        "type": "object",
        "properties": {
            "d": {"type": "string", "format": "date"},
            "u": {"type": "string", "format": "uuid"},
            "t": {"type": "string", "pattern": "^[a-z]{2,5}-\\d{1,3}$"},
            "m": {"type": "number", "multipleOf": 0.25, "minimum": 0, "maximum": 10},
        },
        "required": ["d", "u", "t", "m"],
        "additionalProperties": False,
    },
    "enum": {
        "type": "object",
        "properties": {
            "e": {"enum": [f"value_{index:04d}" for index in range(500)]},
            "k": {"enum": [1, 2.5, None, True, {"a": [1, 2]}, 'x"y']},
        },
        "required": ["e", "k"],
        "additionalProperties": False,
    },
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 3},
    "pets": {
        "type": "object",
        "properties": {"pet": {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}},
        "required": ["pet"],
        "$defs": {
            "Cat": {
                "type": "object",
                "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
                "required": ["kind", "lives"],
                "additionalProperties": False,
            },
            "Dog": {
                "type": "object",
                "properties": {"kind": {"const": "dog"}, "likes": {"$ref": "#/properties/pet"}},
                "required": ["kind"],
                "additionalProperties": False,
            },
        },
    },
    "any": {"type": "object"},
}
SQL = 'start: "SELECT " NAME ("," " "? NAME){0,3} " FROM " NAME\nNAME: /[a-z]{1,6}/\n'
TOOLS: tuple[FunctionGrammar | CustomGrammar, ...] = (
    *(FunctionGrammar(f"tool_{name}", schema) for name, schema in OBJECTS.items()),
    FunctionGrammar("no-arguments"),
    CustomGrammar("free"),
    CustomGrammar("sql", Syntax.LARK, SQL),
    CustomGrammar("when", Syntax.REGEX, r"[0-9]{4}/[0-9]{2}/[a-z]+"),
)
SHAPES = {
    "plain": TurnShape(),
    "capped": TurnShape(max_analysis_tokens=5),
    "no thoughts": TurnShape(TOOLS[:2], max_analysis_tokens=0),
    "all tools": TurnShape(TOOLS),
    "required": TurnShape(TOOLS, must_call=True),
    "tools and json": TurnShape(TOOLS[:3], final_schema=OBJECTS["recursive"]),
    **{f"only {tool.name}": TurnShape((tool,), must_call=True) for tool in TOOLS},
    **{f"json {name}": TurnShape(final_schema=schema) for name, schema in OBJECTS.items()},
}
