"""The tools of a chat completion request, and which of them the model is offered."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from ossian.api.fields import STOP_AT_FIRST, FunctionName, RequestModel
from ossian.api.grammars import GrammarDefinition, check_grammar
from ossian.errors import InvalidRequestError

MAX_TOOLS = 128
KINDS = ("function", "custom")


class FunctionDefinition(RequestModel):
    """A function the model may call. Its arguments are always held to `parameters`."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = Field(default=None, description="A JSON schema of type object.")
    strict: bool | None = Field(default=None, description="Refuse `parameters` outside OpenAI's strict subset.")


class FunctionTool(RequestModel):
    """A function."""

    type: Literal["function"]
    function: FunctionDefinition

    @property
    def name(self) -> str:
        return self.function.name


class TextFormat(RequestModel):
    """Any text."""

    type: Literal["text"]


class GrammarFormat(RequestModel):
    """A text that fits a grammar."""

    type: Literal["grammar"]
    grammar: GrammarDefinition


class CustomDefinition(RequestModel):
    """A tool whose input is a text of its own format, not JSON."""

    name: FunctionName
    description: str | None = None
    format: Annotated[TextFormat | GrammarFormat, Field(discriminator="type")] | None = None

    @property
    def grammar(self) -> GrammarDefinition | None:
        """What its input has to fit; None for any text."""
        return self.format.grammar if isinstance(self.format, GrammarFormat) else None


class CustomTool(RequestModel):
    """A custom tool."""

    type: Literal["custom"]
    custom: CustomDefinition

    @property
    def name(self) -> str:
        return self.custom.name


Tool: TypeAlias = FunctionTool | CustomTool


class Reference(RequestModel):
    """A tool by its name."""

    name: str


class NamedFunction(RequestModel):
    """One of the request's functions."""

    type: Literal["function"]
    function: Reference

    @property
    def name(self) -> str:
        return self.function.name


class NamedCustom(RequestModel):
    """One of the request's custom tools."""

    type: Literal["custom"]
    custom: Reference

    @property
    def name(self) -> str:
        return self.custom.name


NamedTool: TypeAlias = NamedFunction | NamedCustom


class AllowedTools(RequestModel):
    """Some of the request's tools."""

    mode: Literal["auto", "required"]
    tools: Annotated[
        list[Annotated[NamedTool, Field(discriminator="type")]],
        Field(min_length=1, max_length=MAX_TOOLS),
        STOP_AT_FIRST,
    ]


class AllowedToolsChoice(RequestModel):
    """The choice to offer only some of the request's tools."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


def _known_kind(tool: object) -> object:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if isinstance(kind, str) and kind not in KINDS:
        raise PydanticCustomError("unsupported_content", "chat completions take tools of type 'function' or 'custom'")
    return tool


def _choice_kind(value: object) -> str | None:
    if isinstance(value, dict):
        kind = value.get("type")
        return kind if isinstance(kind, str) else None
    return "mode" if isinstance(value, str) else None


Tools: TypeAlias = Annotated[
    list[Annotated[Annotated[Tool, Field(discriminator="type")], BeforeValidator(_known_kind)]],
    Field(max_length=MAX_TOOLS),
    STOP_AT_FIRST,
]
ToolChoice: TypeAlias = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("mode")]
    | Annotated[NamedFunction, Tag("function")]
    | Annotated[NamedCustom, Tag("custom")]
    | Annotated[AllowedToolsChoice, Tag("allowed_tools")],
    Discriminator(
        _choice_kind,
        custom_error_type="invalid_choice",
        custom_error_message=(
            "expected 'none', 'auto', 'required', or an object of type 'function', 'custom' or 'allowed_tools'"
        ),
    ),
]


def offered(tools: Sequence[Tool], choice: ToolChoice | None) -> dict[int, Tool]:
    """Return the tools the model is shown, by their places in the request: those that `tool_choice` leaves it."""
    if choice == "none":
        return {}
    names = chosen_names(choice)
    return {index: tool for index, tool in enumerate(tools) if names is None or tool.name in names}


def chosen_names(choice: ToolChoice | None) -> list[str] | None:
    """Return the tools a `tool_choice` names, or None when it leaves them all."""
    return None if choice is None or isinstance(choice, str) else [tool.name for tool in _chosen(choice)]


def _chosen(choice: NamedTool | AllowedToolsChoice) -> list[NamedTool]:
    return choice.allowed_tools.tools if isinstance(choice, AllowedToolsChoice) else [choice]


def must_call(choice: ToolChoice | None) -> bool:
    """Tell whether a `tool_choice` wants a call in any case."""
    if isinstance(choice, AllowedToolsChoice):
        return choice.allowed_tools.mode == "required"
    return choice == "required" or isinstance(choice, NamedFunction | NamedCustom)


def check_tools(tools: Sequence[Tool], choice: ToolChoice | None, param: str = "tools") -> None:
    """Raise InvalidRequestError for two tools of one name, a foreign grammar, and a choice of what is not there.

    `param` is what the request calls its tools.
    """
    kinds: dict[str, str] = {}
    for index, tool in enumerate(tools):
        place = f"{param}[{index}]" if param == "functions" else f"{param}[{index}].{tool.type}"
        if tool.name in kinds:
            raise _invalid(f"{place}.name", f"there are two tools '{tool.name}'")
        kinds[tool.name] = tool.type
        if isinstance(tool, CustomTool):
            check_grammar(tool.custom.grammar, f"{place}.format.grammar.definition")
    choice_param = "tool_choice" if param == "tools" else "function_call"
    if must_call(choice) and not tools:
        raise _invalid(choice_param, "it wants a call, but there are no tools")
    for named in () if choice is None or isinstance(choice, str) else _chosen(choice):
        if kinds.get(named.name) != named.type:
            raise _invalid(choice_param, f"there is no {named.type} tool '{named.name[:64]}' in {param}")


def _invalid(param: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid value for '{param}': {reason}.", param=param, code="invalid_value")
