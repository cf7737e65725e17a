"""The way out: the events of a turn become the events of a response, and the response itself.

events = ResponseEvents(response_body(…), options, new_id)
[*events.open(), *events.push(event), …, *events.close(now)]    the stream: OpenAI's dialect, no sequence numbers
events.response                                                 the response as it is now; whole after `close`

The terminal event carries the whole response: there is no second way to make it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ossian.api.fields import JsonObject
from ossian.api.recipients import function_name, is_tool
from ossian.api.responses.calls import NewId
from ossian.api.responses.open_items import (
    COMPLETED,
    IN_PROGRESS,
    INCOMPLETE,
    Conceal,
    OpenCall,
    OpenCustomCall,
    OpenFunctionCall,
    OpenItem,
    OpenMessage,
    OpenReasoning,
)
from ossian.api.responses.response import cancelled, completed, failed, incomplete, response_error, terminal_event
from ossian.api.responses.schema import ENCRYPTED_REASONING, LOGPROBS
from ossian.api.responses.tools import ToolName, ToolNames
from ossian.api.usage import response_usage_body
from ossian.harmony.events import Finished, MessageEnd, MessageStart, TextDelta, TurnEvent
from ossian.harmony.messages import Channel

Remember: TypeAlias = Callable[[str, str], None]

_BETWEEN_MESSAGES: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class ResponseOptions:
    """What a request wants to see of its answer, and how to write what the model calls.

    `tool_names` are the tools the model was offered, by the names it knows them under; without any, what looks like a
    call is text. `conceal` encrypts reasoning when `include` asks for it.
    """

    tool_names: ToolNames = field(default_factory=dict)
    include: frozenset[str] = frozenset()
    conceal: Conceal | None = None


class ResponseEvents:
    """Makes the events of one response. `remember` is told of every complete call with the reasoning that led to it."""

    def __init__(
        self,
        body: JsonObject,
        options: ResponseOptions,
        new_id: NewId,
        remember: Remember = lambda _call_id, _reasoning: None,
    ) -> None:
        self._body = body
        self._options = options
        self._new_id = new_id
        self._remember = remember
        self._output: list[JsonObject] = []
        self._item: OpenItem | None = None
        self._reasoning: list[str] = []
        self._was_cut = False
        self._is_created = False

    @property
    def response(self) -> JsonObject:
        """The response as it is now, with what is written of an open item."""
        opened = [self._item.body(IN_PROGRESS)] if self._item else []
        return self._body | {"output": [*self._output, *opened]}

    def queue(self) -> Iterator[JsonObject]:
        """Yield the first events of a response that has to wait; `open` follows when it begins."""
        self._body = self._body | {"status": "queued"}
        yield from self._create()
        yield {"type": "response.queued", "response": self._body}

    def open(self) -> Iterator[JsonObject]:
        """Yield the events that begin a response."""
        self._body = self._body | {"status": IN_PROGRESS}
        yield from self._create()
        yield {"type": "response.in_progress", "response": self._body}

    def push(self, event: TurnEvent) -> Iterator[JsonObject]:
        """Yield the events of the turn's next event; often one, or none."""
        match event:
            case MessageStart():
                yield from self._end(INCOMPLETE)
                self._item = self._item_for(event)
                yield from self._item.added()
            case TextDelta():
                if self._item is not None:
                    yield from self._item.text(event)
            case MessageEnd(is_complete=True):
                yield from self._end(COMPLETED)
            case Finished():
                yield from self._end(self._status_of_rest(event))
                self._was_cut |= event.finish_reason == "length"
                self._body = self._body | {"usage": response_usage_body(event.usage)}

    def close(self, completed_at: int) -> Iterator[JsonObject]:
        """Yield the terminal event of a turn that has finished, at this time in Unix seconds."""
        yield from self._end(INCOMPLETE)
        yield self._terminate(incomplete(self.response) if self._was_cut else completed(self.response, completed_at))

    def fail(self, error: Exception) -> Iterator[JsonObject]:
        """Yield the events that end a response because of an error; what is half-written stays, as incomplete."""
        yield from self._end(INCOMPLETE)
        yield self._terminate(failed(self.response, response_error(error)))

    def cancel(self) -> Iterator[JsonObject]:
        """Yield the events that end a response because its caller wants no more of it."""
        yield from self._end(INCOMPLETE)
        yield self._terminate(cancelled(self.response))

    def _status_of_rest(self, event: Finished) -> str:
        """What became of a message without its end: a text that one of the caller's stop strings ended is whole."""
        return COMPLETED if event.finish_reason == "stop" and not isinstance(self._item, OpenCall) else INCOMPLETE

    def _create(self) -> Iterator[JsonObject]:
        if not self._is_created:
            self._is_created = True
            yield {"type": "response.created", "response": self._body}

    def _item_for(self, event: MessageStart) -> OpenItem:
        if is_tool(event.recipient) and self._options.tool_names:
            return self._call(function_name(event.recipient or ""))
        index = len(self._output)
        if event.channel is Channel.ANALYSIS:
            conceal = self._options.conceal if ENCRYPTED_REASONING in self._options.include else None
            return OpenReasoning(self._new_id("rs_"), index, conceal)
        phase = "final_answer" if event.channel is Channel.FINAL else "commentary"
        return OpenMessage(self._new_id("msg_"), index, phase, include_logprobs=LOGPROBS in self._options.include)

    def _call(self, flat_name: str) -> OpenCall:
        kind, name, namespace = self._options.tool_names.get(flat_name, ToolName("function", flat_name))
        make, prefix = (OpenCustomCall, "ctc_") if kind == "custom" else (OpenFunctionCall, "fc_")
        return make(self._new_id(prefix), len(self._output), self._new_id("call_"), name, namespace)

    def _end(self, status: str) -> Iterator[JsonObject]:
        """Close the open item, if there is one."""
        item, self._item = self._item, None
        if item is None:
            return
        for event in item.done(status):
            if event["type"] == "response.output_item.done":
                self._output.append(event["item"])
            yield event
        self._was_cut |= status == INCOMPLETE
        if isinstance(item, OpenReasoning):
            self._reasoning.append(item.written)
        elif isinstance(item, OpenCall) and status == COMPLETED:
            self._remember(item.call_id, _BETWEEN_MESSAGES.join(filter(None, self._reasoning)))

    def _terminate(self, body: JsonObject) -> JsonObject:
        self._body = body
        return terminal_event(body)
