"""One response, three dialects: what a client sees of the canonical events and bodies, which are OpenAI's.

    openai           as they are
    open-responses   what the schema of Open Responses allows; what it does not know is prefixed with `ossian:`
    summary          as OpenAI's hosted models: reasoning goes as its summary

Translations are pure, so a stream that is played again has the same sequence numbers.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

from ossian.api.fields import JsonObject

Dialect: TypeAlias = Literal["openai", "open-responses", "summary"]

DIALECTS: Final[tuple[Dialect, ...]] = ("openai", "open-responses", "summary")
VENDOR: Final = "ossian:"

_OPEN_ITEMS: Final = {"message", "function_call", "function_call_output", "reasoning", "compaction"}
_OPEN_EVENTS: Final = {
    "response.reasoning_text.delta": "response.reasoning.delta",
    "response.reasoning_text.done": "response.reasoning.done",
    "response.custom_tool_call_input.delta": f"{VENDOR}custom_tool_call_input.delta",
    "response.custom_tool_call_input.done": f"{VENDOR}custom_tool_call_input.done",
}
_OPEN_EFFORTS: Final = {"minimal": "low", "max": "xhigh"}
_SUMMARY_EVENTS: Final = {
    "response.content_part.added": "response.reasoning_summary_part.added",
    "response.content_part.done": "response.reasoning_summary_part.done",
    "response.reasoning_text.delta": "response.reasoning_summary_text.delta",
    "response.reasoning_text.done": "response.reasoning_summary_text.done",
}


class DialectWriter:
    """Writes the events of one stream, from its first, in a dialect and numbered from 0."""

    def __init__(self, dialect: Dialect) -> None:
        self._translate = _EVENTS[dialect]
        self._next_number = 0

    def write(self, event: JsonObject) -> Iterator[JsonObject]:
        """Yield what a client gets for a canonical event."""
        translated = self._translate(event)
        yield {"type": translated["type"], "sequence_number": self._next_number, **translated}
        self._next_number += 1


def translated(response: JsonObject, dialect: Dialect) -> JsonObject:
    """Return a response object, or another object with `output` items, in a dialect."""
    return _RESPONSES[dialect](response)


def translated_item(item: JsonObject, dialect: Dialect) -> JsonObject:
    """Return an item in a dialect."""
    return _ITEMS[dialect](item)


def _same(value: JsonObject) -> JsonObject:
    return value


def _event(event: JsonObject, response: "_Translation", item: "_Translation") -> JsonObject:
    """Translate what an event carries."""
    if "response" in event:
        return {**event, "response": response(event["response"])}
    return {**event, "item": item(event["item"])} if "item" in event else event


def _open_event(event: JsonObject) -> JsonObject:
    if event["type"] == "error" and "error" not in event:
        told = {name: event[name] for name in ("code", "message", "param")}
        return {"type": "error", "error": {"type": "server_error", **told}}
    carried = _event(event, _open_response, _open_item)
    return {**carried, "type": _OPEN_EVENTS.get(event["type"], event["type"])}


def _open_item(item: JsonObject) -> JsonObject:
    is_known = item["type"] in _OPEN_ITEMS or ":" in item["type"]
    return item if is_known else {**item, "type": f"{VENDOR}{item['type']}"}


def _open_response(response: JsonObject) -> JsonObject:
    open_response = {**response, "output": [_open_item(item) for item in response["output"]]}
    if "tools" in response:
        open_response |= _open_echo(response)
    return open_response


def _open_echo(response: JsonObject) -> JsonObject:
    """What the schema has a narrower idea of: the settings a response repeats."""
    instructions, effort = response["instructions"], response["reasoning"]["effort"]
    return {
        "instructions": instructions if isinstance(instructions, str) else None,
        "tools": [tool for tool in response["tools"] if tool["type"] == "function"],
        "tool_choice": _open_tool_choice(response["tool_choice"]),
        "text": response["text"] | {"format": _open_format(response["text"]["format"])},
        "reasoning": response["reasoning"] | {"effort": _OPEN_EFFORTS.get(effort, effort)},
    }


def _open_tool_choice(choice: Any) -> Any:
    """Only functions can be named; of another tool it can be said that some call is wanted."""
    if not isinstance(choice, dict) or choice["type"] == "function":
        return choice
    if choice["type"] != "allowed_tools":
        return "required"
    return choice | {"tools": [tool for tool in choice["tools"] if tool.get("type") == "function"]}


def _open_format(form: JsonObject) -> JsonObject:
    """The schema itself can only be null there, which must be an oversight of the specification."""
    if form["type"] != "json_schema":
        return form
    return {"description": None, "strict": False} | form | {"schema": None}


def _summary_event(event: JsonObject) -> JsonObject:
    is_reasoning = event["type"].startswith("response.reasoning_text.") or (
        event.get("part", {}).get("type") == "reasoning_text"
    )
    if not is_reasoning:
        return _event(event, _summary_response, _summary_item)
    place = {name: event[name] for name in ("item_id", "output_index")} | {"summary_index": event["content_index"]}
    text: JsonObject = {name: event[name] for name in ("delta", "text") if name in event}
    part: JsonObject = {"part": _summary_part(event["part"])} if "part" in event else {}
    return {"type": _SUMMARY_EVENTS[event["type"]], **place, **text, **part}


def _summary_response(response: JsonObject) -> JsonObject:
    return {**response, "output": [_summary_item(item) for item in response["output"]]}


def _summary_item(item: JsonObject) -> JsonObject:
    if item["type"] != "reasoning" or "content" not in item:
        return item
    summary = [*item["summary"], *map(_summary_part, item["content"] or [])]
    return {name: value for name, value in item.items() if name != "content"} | {"summary": summary}


def _summary_part(part: JsonObject) -> JsonObject:
    return {"type": "summary_text", "text": part["text"]}


_Translation: TypeAlias = Callable[[JsonObject], JsonObject]

_EVENTS: Final[dict[Dialect, _Translation]] = {
    "openai": _same,
    "open-responses": _open_event,
    "summary": _summary_event,
}
_RESPONSES: Final[dict[Dialect, _Translation]] = {
    "openai": _same,
    "open-responses": _open_response,
    "summary": _summary_response,
}
_ITEMS: Final[dict[Dialect, _Translation]] = {"openai": _same, "open-responses": _open_item, "summary": _summary_item}
