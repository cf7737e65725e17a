"""What both kinds of partner are asked, a chat completion: the request's body, and what the answer's deltas say."""

from collections.abc import Iterator, Sequence

from ossian.api.fields import JsonObject
from ossian.cli.chat.partner import ChatOptions, CutOff, Exchange, Piece, Round, ToolCall
from ossian.harmony.messages import Tool


def request_body(
    model: str, options: ChatOptions, earlier: Sequence[Exchange], question: str, rounds: Sequence[Round] = ()
) -> JsonObject:
    """Return the chat completion request."""
    body: JsonObject = {
        "model": model,
        "messages": list(messages(options.instructions, earlier, question, rounds)),
        "stream": True,
        "reasoning_effort": options.reasoning_effort.value,
    }
    if options.temperature is not None:
        body["temperature"] = options.temperature
    if options.max_tokens:
        body["max_completion_tokens"] = options.max_tokens
    if options.tools:
        body["tools"] = [tool_definition(tool) for tool in options.tools]
    return body


def tool_definition(tool: Tool) -> JsonObject:
    """Return a tool as a request offers it."""
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def messages(
    instructions: str, earlier: Sequence[Exchange], question: str, rounds: Sequence[Round]
) -> Iterator[JsonObject]:
    """Yield the request's messages. Reasoning is told again only inside the turn that it belongs to."""
    if instructions:
        yield {"role": "developer", "content": instructions}
    for exchange in earlier:
        yield {"role": "user", "content": exchange.question}
        for each in exchange.rounds:
            yield from round_messages(each)
        if exchange.answer:
            yield {"role": "assistant", "content": exchange.answer}
    yield {"role": "user", "content": question}
    for each in rounds:
        yield from round_messages(each, with_reasoning=True)


def round_messages(each: Round, *, with_reasoning: bool = False) -> Iterator[JsonObject]:
    """Yield the assistant's message with its calls, then their results."""
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in each.calls
    ]
    reasoning = {"reasoning": each.reasoning} if with_reasoning and each.reasoning else {}
    yield {"role": "assistant", "content": each.text or None, **reasoning, "tool_calls": calls}
    for call, result in zip(each.calls, each.results, strict=True):
        yield {"role": "tool", "tool_call_id": call.id, "content": result}


class DeltaReader:
    """Reads the deltas of one answer: text as it comes, the calls when all of them are there."""

    def __init__(self) -> None:
        self._calls: dict[int, ToolCall] = {}
        self._finish_reason = ""

    def read(self, chunk: JsonObject) -> Iterator[Piece]:
        """Yield what a chunk adds to the text."""
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            self._finish_reason = choice.get("finish_reason") or self._finish_reason
            if reasoning := delta.get("reasoning") or delta.get("reasoning_content"):
                yield Piece(reasoning, is_reasoning=True)
            if content := delta.get("content"):
                yield Piece(content, is_reasoning=False)
            for part in delta.get("tool_calls") or ():
                self._add(part)

    @property
    def is_whole(self) -> bool:
        """Whether the answer came to its end, which its last chunk tells."""
        return bool(self._finish_reason)

    def end(self) -> Iterator[ToolCall | CutOff]:
        """Yield the calls, in order; or that the answer was cut off, when calls may be in pieces."""
        if self._finish_reason == "length":
            yield CutOff()
            return
        for index in sorted(self._calls):
            yield self._calls[index]

    def _add(self, part: JsonObject) -> None:
        index, function = part.get("index", 0), part.get("function") or {}
        known = self._calls.get(index, ToolCall("", "", ""))
        self._calls[index] = ToolCall(
            known.id or part.get("id") or f"call_{index}",
            known.name or function.get("name") or "",
            known.arguments + (function.get("arguments") or ""),
        )
