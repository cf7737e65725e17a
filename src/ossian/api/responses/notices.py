"""What of a request is accepted but not honoured; the answer says so in `ossian.warnings`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ossian.api.responses.items import HostedItem, InputItem
from ossian.api.responses.schema import ConversationFields, Reasoning
from ossian.api.responses.tools import HostedTool, offers

TOOL_LEFT_OUT: Final = "tool_left_out"
ITEM_LEFT_OUT: Final = "item_left_out"
PARAMETER_IGNORED: Final = "parameter_ignored"
PARAMETER_CHANGED: Final = "parameter_changed"
INPUT_TRUNCATED: Final = "input_truncated"

_MAX_TOLD: Final = 64


@dataclass(frozen=True, slots=True)
class Notice:
    """Something accepted but not honoured. `param` is where the request has it."""

    code: str
    param: str | None
    message: str


def notices(request: ConversationFields, items: Sequence[InputItem], *, has_summaries: bool = False) -> list[Notice]:
    """Return what to say of a request; `items` are those it sends. With `has_summaries` the answer's reasoning is
    shown as summaries.
    """
    return [
        *_left_out_tools(request),
        *_left_out_items(items),
        *_of_reasoning(request.reasoning or Reasoning(), has_summaries=has_summaries),
        *_ignored(request),
    ]


def _left_out_tools(request: ConversationFields) -> Iterator[Notice]:
    for index, tool in enumerate(request.tools or ()):
        if isinstance(tool, HostedTool):
            reason = "this server cannot run it itself, so the model is not told of it."
            yield Notice(TOOL_LEFT_OUT, f"tools[{index}]", f"The tool '{tool.type[:_MAX_TOLD]}' is left out: {reason}")
    for offer in offers(request.tools):
        if offer.tool.is_async:
            yield _ignored_one(f"{offer.param}.async", "The model waits for every result.")


_OF_A_TOOL: Final = "it belongs to a tool that this server cannot run itself, so the model is not shown it."
_REASONS: Final = {
    "additional_tools": "send its tools in 'tools'.",
    "agent_message": "gpt-oss knows no agents but itself; send what another one said as a user's message.",
    "compaction_trigger": "shorten a history with POST /v1/responses/compact.",
    "configuration_update": "send 'reasoning' with the request.",
    "context_compaction": "shorten a history with POST /v1/responses/compact.",
}


def _left_out_items(items: Sequence[InputItem]) -> Iterator[Notice]:
    for index, item in enumerate(items):
        if isinstance(item, HostedItem):
            reason = _REASONS.get(item.type, _OF_A_TOOL)
            message = f"The item of type '{item.type[:_MAX_TOLD]}' is left out: {reason}"
            yield Notice(ITEM_LEFT_OUT, f"input[{index}]", message)


def _of_reasoning(reasoning: Reasoning, *, has_summaries: bool) -> Iterator[Notice]:
    if reasoning.effort in ("none", "minimal", "xhigh", "max"):
        served = "high" if reasoning.effort in ("xhigh", "max") else "low"
        message = f"gpt-oss knows the efforts low, medium and high: '{reasoning.effort}' is served as {served}."
        yield Notice(PARAMETER_CHANGED, "reasoning.effort", message)
    for name in ("summary", "generate_summary"):
        if getattr(reasoning, name) is not None and not has_summaries:
            message = "The reasoning itself is shown, not a summary of it."
            yield Notice(PARAMETER_IGNORED, f"reasoning.{name}", message)
    if reasoning.mode not in (None, "standard"):
        yield _ignored_one("reasoning.mode", "gpt-oss has one mode.")
    if reasoning.context == "all_turns":
        yield _ignored_one("reasoning.context", "gpt-oss sees its reasoning again only inside an open tool loop.")


# Parameter -> the values that ask for nothing special, and why others have no effect.
_IGNORED: Final[dict[str, tuple[tuple[Any, ...], str]]] = {
    "service_tier": (("auto", "default"), "Every request is served alike."),
    "context_management": (([],), "Shorten a history with truncation 'auto' or POST /v1/responses/compact."),
    "prompt_cache_retention": (("in_memory",), "Prefixes stay cached while there is room for them."),
    "personality": ((), "gpt-oss has no presets of style; say in the instructions how it shall speak."),
}


def _ignored(request: ConversationFields) -> Iterator[Notice]:
    for name, (plain, reason) in _IGNORED.items():
        value = getattr(request, name, None)
        if value is not None and value not in plain:
            yield _ignored_one(name, reason)
    if request.text is not None and request.text.verbosity in ("low", "high"):
        yield _ignored_one("text.verbosity", "Say in the instructions how long the answer shall be.")


def _ignored_one(param: str, reason: str) -> Notice:
    return Notice(PARAMETER_IGNORED, param, f"'{param}' has no effect. {reason}")
