"""The way out: the events of turns become chat completion chunks, and the chunks fold into the full answer.

chunks = ChatChunks(head, 1, options, new_tool_call_id)
[*chunks.open(), *chunks.push(0, event), …, *chunks.close()]      the stream
answer = ChatAnswer(); answer.add(chunk) for each; answer.body()    the full answer
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ossian.api.chat_completions.schema import ChatCompletionRequest
from ossian.api.chat_completions.tools import CustomTool, offered
from ossian.api.fields import IdFactory, JsonObject
from ossian.api.head import Head
from ossian.api.json_pieces import JsonPieces
from ossian.api.logprobs import content_logprobs, prompt_logprobs
from ossian.api.recipients import function_name, is_tool
from ossian.api.usage import total, usage_body
from ossian.harmony.events import Finished, MessageEnd, MessageStart, TextDelta, TurnEvent, Usage
from ossian.harmony.messages import Channel

Remember: TypeAlias = Callable[[str, str], None]

_BETWEEN_MESSAGES = "\n\n"


@dataclass(frozen=True, slots=True)
class DebugView:
    """What the model saw, and how to spell what it wrote, special tokens as their names."""

    prompt: str
    decode: Callable[[list[int]], str]


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What a request wants to see of its answer."""

    include_usage: bool = True
    include_reasoning: bool = True
    include_logprobs: bool = False
    has_tools: bool = False  # without tools, what looks like a call is text
    custom_tools: frozenset[str] = frozenset()
    is_legacy: bool = False  # calls are answered as `function_call`
    debug: DebugView | None = None

    @classmethod
    def of(cls, request: ChatCompletionRequest, debug: DebugView | None = None) -> "ChatOptions":
        """Return a request's options."""
        asked = request.stream_options and request.stream_options.include_usage
        tools = offered(request.all_tools, request.choice).values()
        return cls(
            include_usage=bool(asked) or not request.stream,
            include_reasoning=not (request.reasoning and request.reasoning.exclude),
            include_logprobs=bool(request.logprobs),
            has_tools=bool(tools),
            custom_tools=frozenset(tool.name for tool in tools if isinstance(tool, CustomTool)),
            is_legacy=request.is_legacy,
            debug=debug,
        )


class ChatChunks:
    """Makes the chunks of one answer, with its choices interleaved as their events come.

    `remember` is told of every complete tool call, by its id, with the reasoning that led to it.
    """

    def __init__(
        self,
        head: Head,
        num_choices: int,
        options: ChatOptions,
        new_tool_call_id: IdFactory,
        remember: Remember = lambda _call_id, _reasoning: None,
    ) -> None:
        self._head = head.body("chat.completion.chunk") | {"service_tier": "default"}
        self._include_usage = options.include_usage
        self._choices = [_Choice(index, options, new_tool_call_id, remember) for index in range(num_choices)]
        self._usages: dict[int, Usage] = {}

    def open(self) -> Iterator[JsonObject]:
        """Yield the chunks that say who speaks, one a choice."""
        for choice in self._choices:
            yield self._chunk([choice.delta({"role": "assistant", "content": "", "refusal": None})])

    def push(self, index: int, event: TurnEvent) -> Iterator[JsonObject]:
        """Yield the chunks of a choice's next event; often there are none."""
        for delta in self._choices[index].push(event):
            yield self._chunk([delta])
        if isinstance(event, Finished):
            self._usages[index] = event.usage
            yield self._finish(index, event)

    def close(self) -> Iterator[JsonObject]:
        """Yield the usage of the whole answer, when it was asked for. Every choice has finished."""
        if self._include_usage:
            usages = [self._usages[index] for index in range(len(self._choices))]
            yield self._chunk([]) | {"usage": usage_body(total([usages]))}

    def _finish(self, index: int, event: Finished) -> JsonObject:
        chunk = self._chunk([self._choices[index].finish(event)])
        if event.prompt_choices is not None and index == 0:
            chunk["prompt_logprobs"] = prompt_logprobs(event.prompt_choices)
        return chunk

    def _chunk(self, choices: list[JsonObject]) -> JsonObject:
        chunk = self._head | {"choices": choices}
        return chunk | {"usage": None} if self._include_usage else chunk


class _Choice:
    """One choice: which field of the message the model is writing, and what was written so far."""

    def __init__(self, index: int, options: ChatOptions, new_tool_call_id: IdFactory, remember: Remember) -> None:
        self._index = index
        self._options = options
        self._new_tool_call_id = new_tool_call_id
        self._field = ""  # "content", "reasoning", "tool_calls" or "unsaid"; "" between messages
        self._remember = remember
        self._reasoning: list[str] = []
        self._call_id = ""
        self._num_tool_calls = 0
        self._kind = "function"  # of the call that is written
        self._started: set[str] = set()  # fields with text in them
        self._separator = ""  # owed before the field's next text
        self._arguments = JsonPieces()
        self._has_arguments = False

    def delta(self, delta: JsonObject, logprobs: JsonObject | None = None) -> JsonObject:
        """Return the choice object of one chunk."""
        return {"index": self._index, "delta": delta, "logprobs": logprobs, "finish_reason": None}

    def push(self, event: TurnEvent) -> Iterator[JsonObject]:
        match event:
            case MessageStart():
                yield from self._start(event)
            case TextDelta():
                yield from self._text(event)
            case MessageEnd():
                yield from self._end(event)

    def finish(self, event: Finished) -> JsonObject:
        is_call = event.finish_reason == "stop" and self._num_tool_calls > 0 and event.stop_reason is None
        call_reason = "function_call" if self._options.is_legacy else "tool_calls"
        finish = self.delta({}) | {
            "finish_reason": call_reason if is_call else event.finish_reason,
            "stop_reason": event.stop_reason,
        }
        if self._options.debug is not None:
            completion = self._options.debug.decode(list(event.token_ids))
            finish["ossian_debug"] = {"prompt": self._options.debug.prompt, "completion": completion}
        return finish

    def _start(self, event: MessageStart) -> Iterator[JsonObject]:
        self._field = self._field_of(event)
        self._separator = _BETWEEN_MESSAGES if self._field in self._started else ""
        if self._field == "tool_calls":
            self._num_tool_calls += 1
            self._arguments = JsonPieces()
            self._has_arguments = False
            name = function_name(event.recipient or "")
            self._kind = "custom" if name in self._options.custom_tools else "function"
            self._call_id = self._new_tool_call_id()
            yield self._call_delta("", {"id": self._call_id, "type": self._kind}, {"name": name})

    def _field_of(self, event: MessageStart) -> str:
        if is_tool(event.recipient) and self._options.has_tools:  # `function_call` has room for one
            return "unsaid" if self._options.is_legacy and self._num_tool_calls else "tool_calls"
        return "reasoning" if event.channel is Channel.ANALYSIS else "content"

    def _text(self, event: TextDelta) -> Iterator[JsonObject]:
        if self._field == "tool_calls":
            yield from self._input(event.text if self._kind == "custom" else self._arguments.push(event.text))
        elif self._field == "reasoning":
            text = self._separated(event.text)
            self._reasoning.append(text)
            if text and self._options.include_reasoning:
                yield self.delta({"reasoning": text, "reasoning_content": text})
        elif self._field != "unsaid" and (event.text or (event.choices and self._options.include_logprobs)):
            yield self.delta({"content": self._separated(event.text)}, self._logprobs(event))

    def _separated(self, text: str) -> str:
        """Put an empty line between two messages of the same field."""
        if not text:
            return text
        separator, self._separator = self._separator, ""
        self._started.add(self._field)
        return separator + text

    def _logprobs(self, event: TextDelta) -> JsonObject | None:
        if not self._options.include_logprobs:
            return None
        return {"content": content_logprobs(event.choices), "refusal": None}

    def _input(self, text: str) -> Iterator[JsonObject]:
        self._has_arguments |= bool(text)
        if text:
            yield self._call_delta(text)

    def _end(self, event: MessageEnd) -> Iterator[JsonObject]:
        """A call ends whole, without arguments as `{}`, or cut off, and then nothing is made up."""
        if self._field == "tool_calls":
            yield from self._input(self._rest(event))
            if event.is_complete and not self._options.is_legacy:  # those have no ids
                self._remember(self._call_id, "".join(self._reasoning))
        self._field = ""

    def _rest(self, event: MessageEnd) -> str:
        held = self._arguments.flush()
        if self._kind == "custom" or not event.is_complete or self._has_arguments:
            return held
        return held.strip() or "{}"

    def _call_delta(self, text: str, head: JsonObject | None = None, name: JsonObject | None = None) -> JsonObject:
        """More of a call's text; with its first, what it is and the tool's name."""
        written = (name or {}) | {"input" if self._kind == "custom" else "arguments": text}
        if self._options.is_legacy:
            return self.delta({"function_call": written})
        return self.delta({"tool_calls": [{"index": self._num_tool_calls - 1, **(head or {}), self._kind: written}]})
