"""Items while the model writes them: the events of each, and what it is at any moment.

    reasoning         item added, part added, reasoning_text.delta …, reasoning_text.done, part done, item done
    message           item added, part added, output_text.delta …, output_text.done, part done, item done
    function_call     item added, function_call_arguments.delta …, function_call_arguments.done, item done
    custom_tool_call  item added, custom_tool_call_input.delta …, custom_tool_call_input.done, item done

Events are OpenAI's, without sequence numbers. What was yielded is never changed afterwards: it may be stored later.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar, Final, TypeAlias

from ossian.api.fields import JsonObject
from ossian.api.json_pieces import JsonPieces
from ossian.api.logprobs import content_logprobs
from ossian.harmony.events import TextDelta

Conceal: TypeAlias = Callable[[str], str]

IN_PROGRESS: Final = "in_progress"
COMPLETED: Final = "completed"
INCOMPLETE: Final = "incomplete"


class OpenItem(ABC):
    """An item that is being written: `added`, then `text` for each delta, then `done`."""

    def __init__(self, item_id: str, output_index: int) -> None:
        self._id = item_id
        self._output_index = output_index
        self._texts: list[str] = []

    @property
    def written(self) -> str:
        """What the model has written so far."""
        return "".join(self._texts)

    @abstractmethod
    def body(self, status: str) -> JsonObject:
        """Return the item as it is now."""

    def added(self) -> Iterator[JsonObject]:
        """Yield the events that open the item."""
        yield {
            "type": "response.output_item.added",
            "output_index": self._output_index,
            "item": self.body(IN_PROGRESS),
        }

    @abstractmethod
    def text(self, delta: TextDelta) -> Iterator[JsonObject]:
        """Yield the events of more text; there may be none."""

    def done(self, status: str) -> Iterator[JsonObject]:
        """Yield the events that close the item, whole or cut off."""
        yield {"type": "response.output_item.done", "output_index": self._output_index, "item": self.body(status)}


class _OpenParts(OpenItem):
    """An item whose text is in a content part."""

    _event: ClassVar[str]

    def __init__(self, item_id: str, output_index: int) -> None:
        super().__init__(item_id, output_index)
        self._place = {"item_id": item_id, "output_index": output_index, "content_index": 0}
        self._has_part = False

    def added(self) -> Iterator[JsonObject]:
        yield from super().added()
        self._has_part = True
        yield {"type": "response.content_part.added", **self._place, "part": self._part()}

    def done(self, status: str) -> Iterator[JsonObject]:
        yield {"type": f"{self._event}.done", **self._place, "text": self.written, **self._logprobs()}
        yield {"type": "response.content_part.done", **self._place, "part": self._part()}
        yield from super().done(status)

    def _content(self) -> list[JsonObject]:
        return [self._part()] if self._has_part else []

    @abstractmethod
    def _part(self) -> JsonObject: ...

    def _logprobs(self) -> JsonObject:
        return {}


class OpenMessage(_OpenParts):
    """What the model says: its answer, or a preamble on the way to it."""

    _event = "response.output_text"

    def __init__(self, item_id: str, output_index: int, phase: str, *, include_logprobs: bool) -> None:
        super().__init__(item_id, output_index)
        self._phase = phase
        self._include_logprobs = include_logprobs
        self._choices: list[JsonObject] = []

    def body(self, status: str) -> JsonObject:
        return {
            "type": "message",
            "id": self._id,
            "status": status,
            "role": "assistant",
            "content": self._content(),
            "phase": self._phase,
        }

    def text(self, delta: TextDelta) -> Iterator[JsonObject]:
        logprobs = content_logprobs(delta.choices) if self._include_logprobs else []
        if delta.text or logprobs:
            self._texts.append(delta.text)
            self._choices += logprobs
            yield {"type": "response.output_text.delta", **self._place, "delta": delta.text, "logprobs": logprobs}

    def _part(self) -> JsonObject:
        return {"type": "output_text", "text": self.written, "annotations": [], **self._logprobs()}

    def _logprobs(self) -> JsonObject:
        return {"logprobs": list(self._choices)}


class OpenReasoning(_OpenParts):
    """What the model thinks. With `conceal`, the finished item also has it encrypted."""

    _event = "response.reasoning_text"

    def __init__(self, item_id: str, output_index: int, conceal: Conceal | None) -> None:
        super().__init__(item_id, output_index)
        self._conceal = conceal

    def body(self, status: str) -> JsonObject:
        item = {"type": "reasoning", "id": self._id, "status": status, "summary": [], "content": self._content()}
        if self._conceal is not None and status != IN_PROGRESS:
            item["encrypted_content"] = self._conceal(self.written)
        return item

    def text(self, delta: TextDelta) -> Iterator[JsonObject]:
        if delta.text:
            self._texts.append(delta.text)
            yield {"type": "response.reasoning_text.delta", **self._place, "delta": delta.text}

    def _part(self) -> JsonObject:
        return {"type": "reasoning_text", "text": self.written}


class OpenCall(OpenItem):
    """A call of one of the caller's tools."""

    _kind: ClassVar[str]
    _event: ClassVar[str]
    _field: ClassVar[str]  # what holds the text

    def __init__(self, item_id: str, output_index: int, call_id: str, name: str, namespace: str | None) -> None:
        super().__init__(item_id, output_index)
        self.call_id = call_id
        self._place = {"item_id": item_id, "output_index": output_index}
        self._name = name
        self._namespace = {"namespace": namespace} if namespace else {}

    def body(self, status: str) -> JsonObject:
        return {
            "type": self._kind,
            "id": self._id,
            "status": status,
            "call_id": self.call_id,
            **self._namespace,
            "name": self._name,
            self._field: self.written,
        }

    def text(self, delta: TextDelta) -> Iterator[JsonObject]:
        yield from self._write(self._cut(delta.text))

    def done(self, status: str) -> Iterator[JsonObject]:
        yield from self._write(self._rest(is_complete=status == COMPLETED))
        yield {"type": f"{self._event}.done", **self._place, **self._name_told(), self._field: self.written}
        yield from super().done(status)

    def _write(self, text: str) -> Iterator[JsonObject]:
        if text:
            self._texts.append(text)
            yield {"type": f"{self._event}.delta", **self._place, "delta": text}

    def _cut(self, text: str) -> str:
        return text

    def _rest(self, *, is_complete: bool) -> str:
        del is_complete
        return ""

    def _name_told(self) -> JsonObject:
        return {}


class OpenCustomCall(OpenCall):
    """A call with a text of the tool's own format."""

    _kind = "custom_tool_call"
    _event = "response.custom_tool_call_input"
    _field = "input"


class OpenFunctionCall(OpenCall):
    """A call with JSON arguments: `{}` when there are none; cut off, nothing is made up."""

    _kind = "function_call"
    _event = "response.function_call_arguments"
    _field = "arguments"

    def __init__(self, item_id: str, output_index: int, call_id: str, name: str, namespace: str | None) -> None:
        super().__init__(item_id, output_index, call_id, name, namespace)
        self._pieces = JsonPieces()

    def _cut(self, text: str) -> str:
        return self._pieces.push(text)

    def _rest(self, *, is_complete: bool) -> str:
        held = self._pieces.flush()
        if self._texts or not is_complete:
            return held
        return held.strip() or "{}"

    def _name_told(self) -> JsonObject:
        return {"name": self._name}
