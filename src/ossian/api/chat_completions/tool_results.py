"""Which tool call each tool message of a request answers.

As OpenAI, every call is answered once, before the user or the assistant speaks again. More lenient than OpenAI where
clients that work elsewhere differ: ids may be used again by a later turn, calls made at once may come as several
assistant messages in a row, instructions may stand between a call and its results, and `function` messages, which have
no ids, need no more than an earlier call of their name.
"""

from collections.abc import Sequence

from ossian.api.chat_completions.messages import (
    AssistantMessage,
    ChatMessage,
    FunctionMessage,
    ToolMessage,
    UserMessage,
    calls_of,
)
from ossian.errors import InvalidRequestError

MAX_ID_SHOWN = 64


def check_tool_results(messages: Sequence[ChatMessage]) -> None:
    """Raise InvalidRequestError, which names the message, for results and calls that do not belong together."""
    results = _Results()
    for index, message in enumerate(messages):
        match message:
            case AssistantMessage():
                results.call(index, message)
            case ToolMessage():
                results.answer(index, message.tool_call_id)
            case FunctionMessage():
                results.answer_by_name(index, message.name)
            case UserMessage():
                results.check_complete()
    results.check_complete()


class _Results:
    """The calls made so far."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}  # id of a call that waits for its result -> where it is
        self._answered: dict[str, int] = {}  # id of a call -> the message with its result
        self._names: set[str] = set()
        self._is_answering = False  # whether a result came after the last call

    def call(self, index: int, message: AssistantMessage) -> None:
        calls = calls_of(message)
        if not calls or self._is_answering:
            self.check_complete()
        self._is_answering = False
        self._names.update(call.name for call in calls)
        for number, call in enumerate(message.tool_calls or ()):
            place = f"messages[{index}].tool_calls[{number}]"
            if call.id in self._open:
                raise _invalid(f"{place}.id", f"{self._open[call.id]} has the same id '{call.id[:MAX_ID_SHOWN]}'")
            self._open[call.id] = place
            self._answered.pop(call.id, None)

    def answer(self, index: int, call_id: str) -> None:
        place = f"messages[{index}].tool_call_id"
        if call_id in self._answered:
            raise _invalid(place, f"messages[{self._answered[call_id]}] has the result of this call already")
        if call_id not in self._open:
            raise _invalid(place, "no assistant message before it made a tool call with this id")
        del self._open[call_id]
        self._answered[call_id] = index
        self._is_answering = True

    def answer_by_name(self, index: int, name: str) -> None:
        if name not in self._names:
            raise _invalid(f"messages[{index}].name", f"no assistant message before it called '{name}'")

    def check_complete(self) -> None:
        for call_id, place in self._open.items():
            reason = f"its result is missing; a tool message with tool_call_id '{call_id[:MAX_ID_SHOWN]}' has to follow"
            raise _invalid(place, reason)


def _invalid(param: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Invalid value for '{param}': {reason}.", param=param, code="invalid_value")
