"""Grammars of custom tools: what the model is told of them, and what its input is held to."""

from typing import Annotated, Literal

from pydantic import Field

from ossian.api.fields import RequestModel
from ossian.errors import InvalidRequestError
from ossian.harmony.grammar import CustomGrammar, Syntax
from ossian.harmony.lark import foreign_lark


class GrammarDefinition(RequestModel):
    """A grammar of Lark's syntax, or a regular expression of Rust's."""

    syntax: Literal["lark", "regex"]
    definition: Annotated[str, Field(min_length=1, max_length=100_000)]


def check_grammar(grammar: GrammarDefinition | None, param: str) -> None:
    """Raise InvalidRequestError, at `param`, for a definition that reaches beyond Lark."""
    if grammar is None or grammar.syntax != "lark":
        return
    if foreign := foreign_lark(grammar.definition):
        reason = f"'{foreign[:64]}' is no part of Lark's grammar"
        raise InvalidRequestError(f"Invalid value for '{param}': {reason}.", param=param, code="invalid_value")


def custom_description(description: str | None, grammar: GrammarDefinition | None) -> str:
    """Return what gpt-oss, which was trained on functions only, must know of a custom tool."""
    lines = [description] if description else []
    lines.append("The input is plain text, not JSON.")
    if grammar is not None:
        kind = {"lark": "Lark grammar", "regex": "regular expression"}[grammar.syntax]
        lines.append(f"It must fit this {kind}:\n{grammar.definition}")
    return "\n".join(lines)


def custom_grammar(name: str, grammar: GrammarDefinition | None, param: str) -> CustomGrammar:
    """Return what a custom tool's input is held to; `param` is where the request has its format."""
    if grammar is None:
        return CustomGrammar(name, param=param)
    return CustomGrammar(name, Syntax(grammar.syntax), grammar.definition, param)
