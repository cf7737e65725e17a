"""One grammar for a whole assistant turn: what the model may write after the prompt's `<|start|>assistant`.

    turn      (analysis | preamble)*  (call | final)
    analysis  <|channel|>analysis<|message|> text <|end|><|start|>assistant
    preamble  <|channel|>commentary<|message|> text <|end|><|start|>assistant        only with tools and a free answer
    call       to=functions.NAME<|channel|>commentary TYPE<|message|> input <|call|>
              <|channel|>commentary to=functions.NAME TYPE<|message|> input <|call|>
    final     <|channel|>final<|message|> text or JSON <|return|>

Headers are spelled in token ids: only the tokenization the models were trained on is legal, so the mask of a header
has a few bits and what is forced is forced token by token. Contents are text. This module makes text of values;
`token_mask` compiles it.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from ossian.harmony.enforceable_schema import enforceable
from ossian.harmony.forced_text import forces_little
from ossian.harmony.messages import FUNCTIONS, JsonSchema
from ossian.harmony.vocabulary import CALL, CHANNEL, CONSTRAIN, END, MESSAGE, RETURN, START

Encode: TypeAlias = Callable[[str], list[int]]

NO_ARGUMENTS: Final[JsonSchema] = {"type": "object", "properties": {}, "additionalProperties": False}

NO_FORCING: Final = '%llguidance {"no_forcing": true}\n'
_TEXT: Final = "TEXT: /(?s:.*)/"  # valid UTF-8 of any length; no special token is text


class Syntax(StrEnum):
    """What a custom tool's input is written in."""

    TEXT = "text"
    LARK = "lark"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class FunctionGrammar:
    """A function the model may call; without a `schema` it has no parameters.

    `param` is where the request has the schema, for errors.
    """

    name: str
    schema: JsonSchema | None = None
    param: str = ""


@dataclass(frozen=True, slots=True)
class CustomGrammar:
    """A custom tool the model may call with a text."""

    name: str
    syntax: Syntax = Syntax.TEXT
    definition: str = ""
    param: str = ""


@dataclass(frozen=True, slots=True)
class TurnShape:
    """What a request leaves the model.

    `tools` are those that may be called: none with `tool_choice: "none"`, only some with a named one or allowed tools.
    `max_analysis_tokens` is the mask's to keep; the grammar does not know it.
    """

    tools: tuple[FunctionGrammar | CustomGrammar, ...] = ()
    must_call: bool = False
    final_schema: JsonSchema | None = None  # None: free text
    final_param: str = ""  # where the request has it
    max_analysis_tokens: int | None = None


def turn_grammar(shape: TurnShape, encode: Encode) -> str:
    """Return the turn's grammar in llguidance's JSON form: the turn, then a grammar for each constrained content.

    `encode` makes token ids of a text. Raises ValueError when a call is wanted but there are no tools.
    """
    if shape.must_call and not shape.tools:
        raise ValueError("a call is wanted, but there are no tools")
    turn = ("" if _forces_little(shape) else NO_FORCING) + "\n".join(_turn_rules(shape, _Speller(encode)))
    contents = [{"name": name, **grammar} for name, grammar in content_grammars(shape)]
    return json.dumps({"grammars": [{"name": "turn", "lark_grammar": turn}, *contents]}, ensure_ascii=False)


def content_grammars(shape: TurnShape) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the grammars of constrained contents by name: `answer`, and `input_2` for the third tool."""
    if shape.final_schema is not None and not shape.must_call:
        yield "answer", {"json_schema": enforceable(shape.final_schema)}
    for index, tool in enumerate(shape.tools):
        if grammar := _input_grammar(tool):
            yield f"input_{index}", grammar


def _input_grammar(tool: FunctionGrammar | CustomGrammar) -> dict[str, object] | None:
    if isinstance(tool, FunctionGrammar):
        return {"json_schema": enforceable(NO_ARGUMENTS if tool.schema is None else tool.schema)}
    match tool.syntax:
        case Syntax.TEXT:
            return None
        case Syntax.LARK:
            return {"lark_grammar": tool.definition}
        case Syntax.REGEX:
            return {"lark_grammar": f"start: /{_between_slashes(tool.definition)}/"}


def _forces_little(shape: TurnShape) -> bool:
    """Whether forced texts are short; of a caller's own grammar nobody knows."""
    schemas = [shape.final_schema, *(tool.schema for tool in shape.tools if isinstance(tool, FunctionGrammar))]
    has_grammar = any(isinstance(tool, CustomGrammar) and tool.syntax is not Syntax.TEXT for tool in shape.tools)
    return not has_grammar and all(forces_little(schema) for schema in schemas if schema is not None)


class _Speller:
    """Spells pieces of a header as token ids."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode

    def __call__(self, *pieces: str | int) -> str:
        ids = (each for piece in pieces for each in ([piece] if isinstance(piece, int) else self._encode(piece)))
        return " ".join(f"<[{token_id}]>" for token_id in ids)


def _turn_rules(shape: TurnShape, spell: _Speller) -> Iterator[str]:
    calls = [f"call_{index}" for index in range(len(shape.tools))]
    again = spell(END, START, "assistant")
    has_preamble = bool(shape.tools) and shape.final_schema is None  # clients read all that is said as the JSON
    before = "analysis | preamble" if has_preamble else "analysis"
    yield f"start: ({before})* ({' | '.join(calls if shape.must_call else [*calls, 'final'])})"
    yield f"analysis: {spell(CHANNEL, 'analysis', MESSAGE)} TEXT {again}"
    if has_preamble:
        yield f"preamble: {spell(CHANNEL, 'commentary', MESSAGE)} TEXT {again}"
    if not shape.must_call:
        content = "TEXT" if shape.final_schema is None else "@answer"
        yield f"final: {spell(CHANNEL, 'final', MESSAGE)} {content} {spell(RETURN)}"
    for index, tool in enumerate(shape.tools):
        yield from _call_rules(index, tool, spell)
    yield from _type_rules(shape, spell)
    yield _TEXT


def _call_rules(index: int, tool: FunctionGrammar | CustomGrammar, spell: _Speller) -> Iterator[str]:
    kind = "json_type" if isinstance(tool, FunctionGrammar) else "text_type"
    is_free = isinstance(tool, CustomGrammar) and tool.syntax is Syntax.TEXT
    content = "TEXT" if is_free else f"@input_{index}"
    to = f" to={FUNCTIONS}.{tool.name}"
    yield f"call_{index}: header_{index} {kind} {spell(MESSAGE)} {content} {spell(CALL)}"
    yield f"header_{index}: {spell(to, CHANNEL, 'commentary')} | {spell(CHANNEL, 'commentary', to)}"


def _type_rules(shape: TurnShape, spell: _Speller) -> Iterator[str]:
    """The content types that models write after a recipient, most usual first."""
    if any(isinstance(tool, FunctionGrammar) for tool in shape.tools):
        yield f"json_type: {spell(' ', CONSTRAIN, 'json')} | {spell(CONSTRAIN, 'json')} | {spell(' json')}"
    if any(isinstance(tool, CustomGrammar) for tool in shape.tools):
        yield f"text_type: {spell(' code')} | "


def _between_slashes(pattern: str) -> str:
    """A regex as it stands between Lark's slashes. Its line ends stay, as (?x) ends comments with them."""
    as_written = {None: r"\/", "\\\n": r"\n"}
    return re.sub(r"(\\.)|/", lambda found: as_written.get(found[1], found[0]), pattern, flags=re.DOTALL)
