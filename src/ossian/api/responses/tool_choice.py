"""Which of its tools a request leaves the model, and whether it wants a call."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from ossian.api.fields import STOP_AT_FIRST, RequestModel
from ossian.api.responses.tools import MAX_OFFERED, HostedTool, Offer, Tool, ToolName, ToolNames, offers
from ossian.errors import InvalidRequestError

MAX_NAME_SHOWN: Final = 64


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


def check_choice(tools: Sequence[Tool] | None, choice: ToolChoice | None) -> None:
    """Raise InvalidRequestError for a choice of what is not there, and for one that forces a hosted tool."""
    if isinstance(choice, HostedTool):
        raise _invalid(
            f"it wants a call of '{choice.type[:MAX_NAME_SHOWN]}', a tool that this server cannot run itself"
        )
    known = {key for offer in offers(tools) for key in _keys(offer)}
    for member in _members(choice) or ():
        if not isinstance(member, HostedTool) and _key(member) not in known:
            raise _invalid(f"there is no {member.type} '{member.name[:MAX_NAME_SHOWN]}' in tools")
    if must_call(choice) and not offered(tools, choice):
        raise _invalid("it wants a call, but there are no tools that can be called")


def _invalid(reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid value for 'tool_choice': {reason}.", param="tool_choice", code="invalid_value")
