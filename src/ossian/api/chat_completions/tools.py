"""The tools of a chat completion request, and which of them the model is offered."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from ossian.api.chat_completions.messages import FunctionName
from ossian.api.fields import STOP_AT_FIRST, RequestModel
from ossian.errors import InvalidRequestError

NAMESPACE = "functions"


class FunctionDefinition(RequestModel):
    """A function the model may call."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = Field(default=None, description="A JSON schema of type object.")
    strict: bool | None = Field(default=None, description="Accepted; arguments are not yet held to the schema.")


def _only_functions(tool: object) -> object:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if isinstance(kind, str) and kind != "function":
        raise PydanticCustomError("unsupported_content", "chat completions take tools of type 'function' only")
    return tool


class ToolDefinition(RequestModel):
    """A tool of the only kind there is here, a function."""

    type: Literal["function"]
    function: FunctionDefinition


class FunctionReference(RequestModel):
    """A function by its name."""

    name: str


class NamedTool(RequestModel):
    """One of the request's tools."""

    type: Literal["function"]
    function: FunctionReference


class AllowedTools(RequestModel):
    """Some of the request's tools."""

    mode: Literal["auto", "required"]
    tools: Annotated[list[NamedTool], Field(min_length=1), STOP_AT_FIRST]


class AllowedToolsChoice(RequestModel):
    """The choice to offer only some of the request's tools."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


def _choice_kind(value: object) -> str | None:
    if isinstance(value, dict):
        kind = value.get("type")
        return kind if isinstance(kind, str) else None
    return "mode" if isinstance(value, str) else None


Tools: TypeAlias = Annotated[
    list[Annotated[ToolDefinition, BeforeValidator(_only_functions)]], Field(max_length=128), STOP_AT_FIRST
]
ToolChoice: TypeAlias = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("mode")]
    | Annotated[NamedTool, Tag("function")]
    | Annotated[AllowedToolsChoice, Tag("allowed_tools")],
    Discriminator(
        _choice_kind,
        custom_error_type="invalid_choice",
        custom_error_message="expected 'none', 'auto', 'required', or an object of type 'function' or 'allowed_tools'",
    ),
]


def offered(tools: list[ToolDefinition], choice: ToolChoice | None) -> list[FunctionDefinition]:
    """Return the functions the model is shown: those that `tool_choice` leaves it."""
    functions = [tool.function for tool in tools]
    if choice == "none":
        return []
    names = chosen_names(choice)
    return functions if names is None else [function for function in functions if function.name in names]


def chosen_names(choice: ToolChoice | None) -> list[str] | None:
    """Return the functions a `tool_choice` names, or None when it leaves them all."""
    if isinstance(choice, NamedTool):
        return [choice.function.name]
    if isinstance(choice, AllowedToolsChoice):
        return [tool.function.name for tool in choice.allowed_tools.tools]
    return None


def must_call(choice: ToolChoice | None) -> bool:
    """Tell whether a `tool_choice` wants a call in any case."""
    if isinstance(choice, AllowedToolsChoice):
        return choice.allowed_tools.mode == "required"
    return choice == "required" or isinstance(choice, NamedTool)


def check_tools(tools: list[ToolDefinition], choice: ToolChoice | None) -> None:
    """Raise InvalidRequestError for two tools of one name, and for a choice of what is not there."""
    names: set[str] = set()
    for index, tool in enumerate(tools):
        if tool.function.name in names:
            raise _invalid(f"tools[{index}].function.name", f"there are two functions '{tool.function.name}'")
        names.add(tool.function.name)
    if must_call(choice) and not tools:
        raise _invalid("tool_choice", "it wants a call, but there are no tools")
    for name in chosen_names(choice) or ():
        if name not in names:
            raise _invalid("tool_choice", f"there is no function '{name[:64]}' in tools")


def _invalid(param: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid value for '{param}': {reason}.", param=param, code="invalid_value")
