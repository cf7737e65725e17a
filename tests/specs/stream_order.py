"""The order of a stream's events: a reader as strict as a client could be, which puts the response together itself."""

from typing import Any, Final

from ossian.api.responses.dialects import VENDOR

Json = dict[str, Any]

_TERMINAL: Final = {
    "response.completed": {"completed"},
    "response.incomplete": {"incomplete", "cancelled"},
    "response.failed": {"failed"},
}
_TEXTS: Final = {  # part type -> what its text events are called
    "output_text": {"response.output_text"},
    "refusal": {"response.refusal"},
    "reasoning_text": {"response.reasoning_text", "response.reasoning"},
    "summary_text": {"response.reasoning_summary_text"},
}
_CALLS: Final = {  # item type -> what its text events are called, and the member they fill
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
    f"{VENDOR}custom_tool_call": (f"{VENDOR}custom_tool_call_input", "input"),
}


def check_order(events: list[Json]) -> Json:
    """Raise AssertionError unless the events follow each other as they must; return the finished response."""
    assert [event["sequence_number"] for event in events] == list(range(len(events))), "the numbers have gaps"
    num_first = _check_first(events)
    items = _Items()
    for event in events[num_first:-1]:
        items.read(event)
    return _check_last(events[0]["response"], events[-1], items)


def _check_first(events: list[Json]) -> int:
    """Check how the stream begins; return how many events that takes. What never ran ends without `in_progress`."""
    is_queued = events[0]["response"]["status"] == "queued"
    statuses = ["queued", "queued", "in_progress"] if is_queued else ["in_progress", "in_progress"]
    kinds = ["response.created", *(["response.queued"] if is_queued else []), "response.in_progress"]
    if len(events) <= len(kinds):
        assert events[-1]["response"]["status"] in ("failed", "cancelled"), "the stream ends before it began"
        kinds = kinds[: len(events) - 1]
    for event, kind, status in zip(events, kinds, statuses, strict=False):
        assert event["type"] == kind, f"{event['type']} instead of {kind}"
        assert event["response"]["status"] == status
        assert event["response"]["output"] == [], "there is output before the response began"
    return len(kinds)


def _check_last(created: Json, event: Json, items: "_Items") -> Json:
    assert event["type"] in _TERMINAL, f"the last event is {event['type']}"
    response: Json = event["response"]
    assert response["status"] in _TERMINAL[event["type"]], f"{event['type']} with status {response['status']}"
    assert items.open is None, "the stream ends within an item"
    assert response["output"] == items.done, "the finished response is not what the stream made of it"
    before, after = _settings(created), _settings(response)
    for name in before.keys() | after.keys():
        assert before.get(name) == after.get(name), f"{name} has changed on the way"
    return response


def _settings(response: Json) -> Json:
    """What of a response stays as it is: all but its state, and the debug view that comes at the end."""
    changing = {"status", "output", "usage", "completed_at", "error", "incomplete_details", "ossian"}
    ours = {name: value for name, value in response.get("ossian", {}).items() if name != "debug"}
    return {name: value for name, value in response.items() if name not in changing} | ours


class _Items:
    """The items that a stream tells of, one at a time."""

    def __init__(self) -> None:
        self.done: list[Json] = []
        self.open: Json | None = None
        self._parts: list[Json] = []
        self._part: Json | None = None
        self._text = ""
        self._logprobs: list[Json] = []
        self._has_text_ended = False

    def read(self, event: Json) -> None:
        kind = event["type"]
        if kind == "response.output_item.added":
            self._add(event)
            return
        assert self.open is not None, f"{kind} outside any item"
        assert event["output_index"] == len(self.done), f"{kind} with output_index {event['output_index']}"
        if kind == "response.output_item.done":
            self._finish(event["item"])
            return
        assert event["item_id"] == self.open["id"], f"{kind} is about another item"
        if kind.endswith(("_part.added", "_part.done")):
            self._read_part(event)
        elif kind.endswith(".delta"):
            self._read_delta(event)
        else:
            assert kind.endswith(".done"), f"what is {kind}?"
            self._end_text(event)

    def _add(self, event: Json) -> None:
        assert self.open is None, "an item begins within another"
        assert event["output_index"] == len(self.done)
        item = event["item"]
        assert item["status"] == "in_progress"
        assert not item.get("content"), "a new item has content"
        assert not item.get("summary"), "a new item has a summary"
        assert not item.get("arguments", item.get("input")), "a new call has arguments"
        self.open, self._parts, self._part = item, [], None
        self._begin_text()

    def _begin_text(self) -> None:
        self._text, self._logprobs, self._has_text_ended = "", [], False

    def _read_part(self, event: Json) -> None:
        is_summary = event["type"].startswith("response.reasoning_summary_part")
        assert event["summary_index" if is_summary else "content_index"] == len(self._parts)
        assert (event["part"]["type"] == "summary_text") == is_summary
        if event["type"].endswith(".added"):
            assert self._part is None, "a part begins within another"
            assert not event["part"].get("text", event["part"].get("refusal")), "a new part has text"
            self._part = event["part"]
            self._begin_text()
            return
        assert self._has_text_ended, "a part is done before its text"
        assert event["part"].get("text", event["part"].get("refusal")) == self._text
        assert event["part"].get("logprobs", []) == self._logprobs
        self._parts.append(event["part"])
        self._part = None

    def _read_delta(self, event: Json) -> None:
        self._check_place(event, "delta")
        assert event["delta"] or event.get("logprobs"), "a delta with nothing in it"
        self._text += event["delta"]
        self._logprobs += event.get("logprobs", [])

    def _end_text(self, event: Json) -> None:
        self._check_place(event, "done")
        text = next(event[name] for name in ("text", "arguments", "input", "refusal") if name in event)
        assert text == self._text, "the text is not what its deltas say"
        assert event.get("logprobs", []) == self._logprobs
        self._has_text_ended = True

    def _check_place(self, event: Json, end: str) -> None:
        assert self.open is not None
        assert not self._has_text_ended, f"{event['type']} after the text was done"
        if self._part is None:
            assert event["type"] == f"{_CALLS[self.open['type']][0]}.{end}"
            return
        assert event["type"].removesuffix(f".{end}") in _TEXTS[self._part["type"]], f"{event['type']} in such a part"
        assert event.get("content_index", event.get("summary_index")) == len(self._parts)

    def _finish(self, item: Json) -> None:
        opened, self.open = self.open, None
        assert opened is not None
        assert self._part is None, "an item ends within a part"
        assert self._has_text_ended, "an item is done before its text"
        assert item["status"] in ("completed", "incomplete")
        assert not self.done or self.done[-1]["status"] == "completed", "an item follows an incomplete one"
        if item["type"] in _CALLS:
            self._check_call(item)
        else:
            assert (item.get("content") or item.get("summary")) == self._parts
        for name in opened.keys() - {"status", "content", "summary", "arguments", "input"}:
            assert item[name] == opened[name], f"the item's {name} has changed on the way"
        self.done.append(item)

    def _check_call(self, item: Json) -> None:
        assert item[_CALLS[item["type"]][1]] == self._text
        if item["type"] == "function_call" and item["status"] == "completed":
            assert self._text, "a call without arguments has {}"
