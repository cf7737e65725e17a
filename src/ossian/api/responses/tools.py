"""The tools of a request: which of them the model is offered, and under which names.

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


class NamedTool(RequestModel):
    """One of the request's functions or custom tools."""

    type: Literal["function", "custom"]
    name: str
    namespace: str | None = None


class NamedNamespace(RequestModel):
    """All tools of a namespace."""

    type: Literal["namespace"]
    name: str


def _choice_tag(value: object) -> str | None:
    if isinstance(value, str):
        return "mode"
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    if not isinstance(kind, str):
        return None
    return {"function": "named", "custom": "named"}.get(
        kind, kind if kind in ("namespace", "allowed_tools") else "hosted"
    )


_ALLOWED_MEMBER = Discriminator(
    lambda value: "" if isinstance(value, str) else _choice_tag(value),
    custom_error_type="invalid_choice",
    custom_error_message="expected an object with the type and the name of a tool",
)


class AllowedTools(RequestModel):
    """The choice to offer only some of the request's tools."""

    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"] = "auto"
    tools: Annotated[
        list[
            Annotated[
                Annotated[NamedTool, Tag("named")]
                | Annotated[NamedNamespace, Tag("namespace")]
                | Annotated[HostedTool, Tag("hosted")],
                _ALLOWED_MEMBER,
            ]
        ],
        Field(min_length=1, max_length=MAX_OFFERED),
        STOP_AT_FIRST,
    ]


ToolChoice: TypeAlias = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("mode")]
    | Annotated[NamedTool, Tag("named")]
    | Annotated[NamedNamespace, Tag("namespace")]
    | Annotated[AllowedTools, Tag("allowed_tools")]
    | Annotated[HostedTool, Tag("hosted")],
    Discriminator(
        _choice_tag,
        custom_error_type="invalid_choice",
        custom_error_message="expected 'none', 'auto', 'required', or an object with the type of a tool",
    ),
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


def offered(tools: Sequence[Tool] | None, choice: ToolChoice | None) -> list[Offer]:
    """Return the tools the model is shown: those that `tool_choice` leaves it."""
    if choice == "none":
        return []
    members = _members(choice)
    if members is None:
        return list(offers(tools))
    named = {_key(member) for member in members}
    return [offer for offer in offers(tools) if not named.isdisjoint(_keys(offer))]


def tool_names(tools: Sequence[Tool] | None, choice: ToolChoice | None) -> ToolNames:
    """Return what the tools the model is shown are called in the request, by the names the model knows."""
    return {each.name: ToolName(each.tool.type, each.tool.name, each.namespace) for each in offered(tools, choice)}


def must_call(choice: ToolChoice | None) -> bool:
    """Tell whether a `tool_choice` wants a call in any case."""
    if isinstance(choice, AllowedTools):
        return choice.mode == "required"
    return choice == "required" or isinstance(choice, NamedTool | NamedNamespace | HostedTool)


def names_wanted(tools: Sequence[Tool] | None, choice: ToolChoice | None) -> list[str] | None:
    """Return the names of the tools one of which has to be called, None for any."""
    return None if _members(choice) is None else [offer.name for offer in offered(tools, choice)]


Member: TypeAlias = NamedTool | NamedNamespace | HostedTool
Key: TypeAlias = tuple[str, str, str | None]  # type, name and namespace


def _members(choice: ToolChoice | None) -> Sequence[Member] | None:
    """The tools that a choice names; None when it leaves them all."""
    if choice is None or isinstance(choice, str):
        return None
    return choice.tools if isinstance(choice, AllowedTools) else [choice]


def _key(member: Member) -> Key:
    match member:
        case NamedTool():
            return member.type, member.name, member.namespace
        case NamedNamespace():
            return member.type, member.name, None
        case HostedTool():
            return "hosted", member.type, None


def _keys(offer: Offer) -> set[Key]:
    """The ways to name a tool: one in a namespace with it, by the name the model knows, or by its namespace."""
    kind = offer.tool.type
    names: set[Key] = {(kind, offer.tool.name, offer.namespace), (kind, offer.name, None)}
    return names if offer.namespace is None else names | {("namespace", offer.namespace, None)}


def check_tools(tools: Sequence[Tool] | None, choice: ToolChoice | None) -> None:
    """Raise InvalidRequestError for two tools of one name, too many, a foreign grammar, and a choice of what is not
    there.
    """
    _check_offers(list(offers(tools)))
    members = _members(choice)
    if isinstance(choice, HostedTool):
        raise _invalid(
            "tool_choice", f"it wants a call of '{choice.type[:64]}', a tool that this server cannot run itself"
        )
    known = {key for offer in offers(tools) for key in _keys(offer)}
    for member in members or ():
        if not isinstance(member, HostedTool) and _key(member) not in known:
            raise _invalid("tool_choice", f"there is no {member.type} '{member.name[:64]}' in tools")
    if must_call(choice) and not offered(tools, choice):
        raise _invalid("tool_choice", "it wants a call, but there are no tools that can be called")


def _check_offers(every: list[Offer]) -> None:
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
