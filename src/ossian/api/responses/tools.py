"""The tools of a request, and the names under which the model knows them.

gpt-oss knows one namespace of functions, so tools of a namespace are offered as `{namespace}__{name}` and restored on
the way out. Tools that OpenAI runs itself (web_search, …) are kept for the echo, and not offered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

from pydantic import Discriminator, Field, Tag

from ossian.api.fields import SHALLOW, STOP_AT_FIRST, RequestModel
from ossian.api.grammars import GrammarDefinition, check_grammar
from ossian.api.responses.calls import CallName, Kind, NamespaceName, flat_name
from ossian.api.responses.hosted import Hosted
from ossian.errors import InvalidRequestError

MAX_TOOLS: Final = 128  # of a request, and of a namespace
MAX_OFFERED: Final = 512

Hint: TypeAlias = Annotated[Any, SHALLOW]


class FunctionTool(RequestModel):
    """A function the model may call. Its arguments are always held to `parameters`."""

    type: Literal["function"]
    name: CallName
    description: str | None = None
    parameters: dict[str, Any] | None = Field(default=None, description="A JSON schema of type object.")
    strict: bool | None = Field(default=None, description="Refuse `parameters` outside OpenAI's strict subset.")
    output_schema: Annotated[dict[str, Any], SHALLOW] | None = None
    defer_loading: bool | None = Field(default=None, description="Accepted; every tool is loaded at once.")
    allowed_callers: Hint = None
    is_async: bool | None = Field(default=None, alias="async", description="Accepted; the model waits for results.")


class TextFormat(RequestModel):
    """Any text."""

    type: Literal["text"]


class GrammarFormat(GrammarDefinition):
    """A text that fits a grammar."""

    type: Literal["grammar"]


class CustomTool(RequestModel):
    """A tool whose input is a text of its own format, not JSON."""

    type: Literal["custom"]
    name: CallName
    description: str | None = None
    format: Annotated[TextFormat | GrammarFormat, Field(discriminator="type")] | None = None
    defer_loading: bool | None = None
    allowed_callers: Hint = None
    is_async: bool | None = Field(default=None, alias="async")

    @property
    def grammar(self) -> GrammarDefinition | None:
        """What its input has to fit; None for any text."""
        return self.format if isinstance(self.format, GrammarFormat) else None


CallableTool: TypeAlias = FunctionTool | CustomTool


class NamespaceTool(RequestModel):
    """Tools under one name."""

    type: Literal["namespace"]
    name: NamespaceName
    description: str | None = None
    tools: Annotated[
        list[Annotated[CallableTool, Field(discriminator="type")]], Field(max_length=MAX_TOOLS), STOP_AT_FIRST
    ]


class HostedTool(Hosted):
    """A tool that OpenAI runs itself. It comes back as it was sent."""


_OWN_TYPES: Final = {"function", "custom", "namespace"}


def _tool_tag(value: object) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    if not isinstance(kind, str):
        return "function tool"  # whose model says that a type is missing
    return f"{kind if kind in _OWN_TYPES else 'hosted'} tool"


Tool: TypeAlias = FunctionTool | CustomTool | NamespaceTool | HostedTool
Tools: TypeAlias = Annotated[
    list[
        Annotated[
            Annotated[FunctionTool, Tag("function tool")]
            | Annotated[CustomTool, Tag("custom tool")]
            | Annotated[NamespaceTool, Tag("namespace tool")]
            | Annotated[HostedTool, Tag("hosted tool")],
            Discriminator(_tool_tag),
        ]
    ],
    Field(max_length=MAX_TOOLS),
    STOP_AT_FIRST,
]


class ToolName(NamedTuple):
    """A tool as the request has it."""

    kind: Kind
    name: str
    namespace: str | None = None


ToolNames: TypeAlias = Mapping[str, ToolName]  # by the name the model knows


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool the model may call; `param` is where the request has it."""

    name: str
    tool: CallableTool
    namespace: str | None
    param: str


def offers(tools: Sequence[Tool] | None) -> Iterator[Offer]:
    """Yield every tool the model could call, in the request's order."""
    for index, tool in enumerate(tools or ()):
        place = f"tools[{index}]"
        if isinstance(tool, FunctionTool | CustomTool):
            yield Offer(flat_name(tool.name, None), tool, None, place)
        elif isinstance(tool, NamespaceTool):
            for number, inner in enumerate(tool.tools):
                yield Offer(flat_name(inner.name, tool.name), inner, tool.name, f"{place}.tools[{number}]")


def check_tools(tools: Sequence[Tool] | None) -> None:
    """Raise InvalidRequestError for too many tools, two of one name, and a foreign grammar."""
    every = list(offers(tools))
    if len(every) > MAX_OFFERED:
        raise _invalid("tools", f"there are {len(every)} tools in all, more than {MAX_OFFERED}")
    places: dict[str, str] = {}
    for offer in every:
        if offer.name in places:
            raise _invalid(f"{offer.param}.name", f"{places[offer.name]} is called '{offer.name}' as well")
        places[offer.name] = offer.param
        if isinstance(offer.tool, CustomTool):
            check_grammar(offer.tool.grammar, f"{offer.param}.format.definition")


def _invalid(param: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid value for '{param}': {reason}.", param=param, code="invalid_value")
