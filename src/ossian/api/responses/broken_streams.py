"""The end of a stream whose server is gone: what its last events left open is closed, as incomplete.

    logged   created  in_progress  item.added  part.added  delta  delta
    mended                                                              text.done  part.done  item.done

The terminal event follows from the failed response, whose output is what the mended stream tells.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.responses.open_items import INCOMPLETE

_PARTS: Final = {
    "message": ("response.output_text", "output_text"),
    "reasoning": ("response.reasoning_text", "reasoning_text"),
}
_CALLS: Final = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}


def mended(events: Sequence[JsonObject]) -> tuple[list[JsonObject], list[JsonObject]]:
    """Return the events that close what a stream of canonical events left open, and all its items then."""
    begins = [index for index, event in enumerate(events) if event["type"] == "response.output_item.added"]
    items = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    if len(items) == len(begins):
        return [], items
    added, *others = events[begins[-1] :]
    closing = list(_closing(added, others))
    return closing, [*items, closing[-1]["item"]]


def _closing(added: JsonObject, others: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """The events of an item, but for its deltas, that are not among those that follow its first one."""
    deltas = [event for event in others if event["type"].endswith(".delta")]
    text = "".join(event["delta"] for event in deltas)
    logprobs = [each for event in deltas for each in event.get("logprobs", ())]
    make = _of_parts if added["item"]["type"] in _PARTS else _of_call
    yield from list(make(added, text, logprobs))[len(others) - len(deltas) :]


def _of_parts(added: JsonObject, text: str, logprobs: list[JsonObject]) -> Iterator[JsonObject]:
    item = added["item"]
    kind, part_type = _PARTS[item["type"]]
    place = {"item_id": item["id"], "output_index": added["output_index"], "content_index": 0}
    of_text = {"logprobs": logprobs} if part_type == "output_text" else {}
    empty: JsonObject = {"type": part_type, "text": ""} | ({"annotations": [], "logprobs": []} if of_text else {})
    part = empty | {"text": text} | of_text
    yield {"type": "response.content_part.added", **place, "part": empty}
    yield {"type": f"{kind}.done", **place, "text": text, **of_text}
    yield {"type": "response.content_part.done", **place, "part": part}
    yield _done(added, {"content": [part]})


def _of_call(added: JsonObject, text: str, _logprobs: list[JsonObject]) -> Iterator[JsonObject]:
    item = added["item"]
    kind, member = _CALLS[item["type"]]
    name = {"name": item["name"]} if item["type"] == "function_call" else {}
    yield {"type": f"{kind}.done", "item_id": item["id"], "output_index": added["output_index"], **name, member: text}
    yield _done(added, {member: text})


def _done(added: JsonObject, written: JsonObject) -> JsonObject:
    item = added["item"] | written | {"status": INCOMPLETE}
    return {"type": "response.output_item.done", "output_index": added["output_index"], "item": item}
