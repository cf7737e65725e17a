"""Which call each result answers.

As OpenAI, every call is answered once, somewhere after it. An id may be used again once its call is answered: some
servers count theirs from 0 in every response. A call that was cut off has no result; one of a tool that the server
cannot run is left out with its result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ossian.api.responses.calls import Call, CallOutputItem, CustomCallItem, FunctionCallItem
from ossian.api.responses.items import HostedItem, InputItem
from ossian.api.responses.messages import AssistantMessage, ToolMessage
from ossian.errors import InvalidRequestError

MAX_ID_SHOWN: Final = 64

Result: TypeAlias = CallOutputItem | ToolMessage


def calls_of(item: InputItem) -> Sequence[Call]:
    """Return the calls an item makes; chat-style messages make several."""
    return item.calls if isinstance(item, FunctionCallItem | CustomCallItem | AssistantMessage) else ()


def place_of(index: int, num_history: int) -> str:
    """Return where a request has an item that comes after `num_history` others; what it does not have is `input`."""
    return f"input[{index - num_history}]" if index >= num_history else "input"


def check_call_results(items: Sequence[InputItem], num_history: int = 0) -> None:
    """Raise InvalidRequestError, which names the item, for calls and results that do not belong together.

    The first `num_history` items are not the request's own.
    """
    pairs = _Pairs()
    for index, item in enumerate(items):
        pairs.note(index, item)
        if pairs.fault is not None:
            raise _invalid(pairs.fault, num_history)
    for call_id, place in pairs.waiting.items():
        if not place.is_cut_off:
            raise _invalid(_Fault(place.index, place.member, call_id, _MISSING), num_history)


def unanswered_calls(items: Sequence[InputItem]) -> set[int]:
    """Return the indexes of items whose calls have no result: those that were cut off."""
    answered = {call for call, _ in answered_calls(items)}
    return {index for index, item in enumerate(items) if calls_of(item) and index not in answered}


def answered_calls(items: Sequence[InputItem]) -> Iterator[tuple[int, int]]:
    """Yield the index of each call's item with that of its result."""
    pairs = _Pairs()
    for index, item in enumerate(items):
        if isinstance(item, Result) and item.call_id in pairs.waiting:
            yield pairs.waiting[item.call_id].index, index
        pairs.note(index, item)


_ORPHAN: Final = (
    "No tool call found for the output with call_id '{call_id}'. Send the call before its output, or continue the "
    "response that made it with 'previous_response_id'."
)
_TWICE: Final = "The call '{call_id}' has an output already. Send one output for each call."
_SAME_ID: Final = "The call_id '{call_id}' is that of an earlier call which has no output yet. Give each its own."
_MISSING: Final = (
    "No tool output found for the call '{call_id}'. Send an item of type function_call_output, or of type "
    "custom_tool_call_output, with its call_id."
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a call is."""

    index: int
    member: str
    is_cut_off: bool


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with which call or result."""

    index: int
    member: str
    call_id: str
    message: str


class _Pairs:
    """The calls made so far. What is wrong with the last item is its `fault`."""

    def __init__(self) -> None:
        self.waiting: dict[str, _Place] = {}
        self.fault: _Fault | None = None
        self._answered: set[str] = set()
        self._hosted: set[str] = set()

    def note(self, index: int, item: InputItem) -> None:
        """Take the next item."""
        if isinstance(item, HostedItem) and item.call_id is not None:
            self._hosted.add(item.call_id)
        elif isinstance(item, Result):
            self._answer(index, item)
        is_chat_style = isinstance(item, AssistantMessage)
        for number, call in enumerate(calls_of(item)):
            self._call(index, f"tool_calls[{number}].id" if is_chat_style else "call_id", call)

    def _call(self, index: int, member: str, call: Call) -> None:
        earlier = self.waiting.get(call.call_id)
        if earlier is not None and not earlier.is_cut_off:
            self.fault = _Fault(index, member, call.call_id, _SAME_ID)
        self.waiting[call.call_id] = _Place(index, member, not call.is_complete)
        self._answered.discard(call.call_id)

    def _answer(self, index: int, item: Result) -> None:
        if item.call_id in self.waiting:
            del self.waiting[item.call_id]
            self._answered.add(item.call_id)
        elif item.call_id not in self._hosted:
            member = "tool_call_id" if isinstance(item, ToolMessage) else "call_id"
            message = _TWICE if item.call_id in self._answered else _ORPHAN
            self.fault = _Fault(index, member, item.call_id, message)


def _invalid(fault: _Fault, num_history: int) -> InvalidRequestError:
    place = place_of(fault.index, num_history)
    param = place if place == "input" else f"{place}.{fault.member}"
    message = fault.message.format(call_id=fault.call_id[:MAX_ID_SHOWN])
    return InvalidRequestError(message, param=param, code="invalid_value")
