"""The full chat completion: the fold of its stream.

answer = ChatAnswer(); answer.add(chunk) for each chunk; answer.body()
"""

from collections.abc import Iterable

from ossian.api.fields import JsonObject


class ChatAnswer:
    """The full answer, folded from its chunks."""

    def __init__(self) -> None:
        self._head: JsonObject = {}
        self._usage: JsonObject | None = None
        self._prompt_logprobs: list[JsonObject | None] | None = None
        self._choices: dict[int, _Folded] = {}

    def add(self, chunk: JsonObject) -> None:
        """Add the next chunk."""
        if not self._head:
            self._head = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
        self._usage = chunk.get("usage") or self._usage
        self._prompt_logprobs = chunk.get("prompt_logprobs") or self._prompt_logprobs
        for choice in chunk["choices"]:
            self._choices.setdefault(choice["index"], _Folded()).add(choice)

    def body(self) -> JsonObject:
        """Return the chat completion."""
        return self._head | {
            "object": "chat.completion",
            "choices": [self._choices[index].body(index) for index in sorted(self._choices)],
            "usage": self._usage,
            "prompt_logprobs": self._prompt_logprobs,
        }


def collect(chunks: Iterable[JsonObject]) -> JsonObject:
    """Return the chat completion that a stream of chunks amounts to."""
    answer = ChatAnswer()
    for chunk in chunks:
        answer.add(chunk)
    return answer.body()


class _Folded:
    """One choice of the full answer."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {"content": [], "reasoning": []}
        self._calls: list[JsonObject] = []
        self._inputs: list[list[str]] = []
        self._function_call: JsonObject = {}  # the older form of a call
        self._logprobs: JsonObject | None = None
        self._finish: JsonObject = {"finish_reason": None, "stop_reason": None}

    def add(self, choice: JsonObject) -> None:
        for name, texts in self._texts.items():
            texts.append(choice["delta"].get(name) or "")
        for call in choice["delta"].get("tool_calls", ()):
            self._add_call(call)
        if "function_call" in choice["delta"]:
            self._add_function_call(choice["delta"]["function_call"])
        if choice["logprobs"] is not None:
            self._add_logprobs(choice["logprobs"])
        if choice["finish_reason"] is not None:
            self._finish = {name: choice[name] for name in (*self._finish, "ossian_debug") if name in choice}

    def _add_call(self, call: JsonObject) -> None:
        if "id" in call:
            self._calls.append(call)
            self._inputs.append([])
        written = call[self._calls[call["index"]]["type"]]
        self._inputs[call["index"]].append(written.get("arguments", written.get("input")))

    def _add_function_call(self, written: JsonObject) -> None:
        self._function_call["name"] = written.get("name", self._function_call.get("name"))
        self._function_call["arguments"] = self._function_call.get("arguments", "") + written["arguments"]

    def _add_logprobs(self, logprobs: JsonObject) -> None:
        if self._logprobs is None:
            self._logprobs = {"content": [], "refusal": None}
        self._logprobs["content"] += logprobs["content"]

    def body(self, index: int) -> JsonObject:
        return {"index": index, "message": self._message(), "logprobs": self._logprobs, **self._finish}

    def _message(self) -> JsonObject:
        content, reasoning = "".join(self._texts["content"]), "".join(self._texts["reasoning"]) or None
        message: JsonObject = {
            "role": "assistant",
            "content": content if content or not (self._calls or self._function_call) else None,
            "refusal": None,
            "annotations": [],
            "reasoning": reasoning,
            "reasoning_content": reasoning,
        }
        if self._function_call:
            message["function_call"] = self._function_call
        return message | {"tool_calls": self._tool_calls()} if self._calls else message

    def _tool_calls(self) -> list[JsonObject]:
        return [_whole_call(call, "".join(texts)) for call, texts in zip(self._calls, self._inputs, strict=True)]


def _whole_call(call: JsonObject, text: str) -> JsonObject:
    kind = call["type"]
    written = {"name": call[kind]["name"], "input" if kind == "custom" else "arguments": text}
    return {"id": call["id"], "type": kind, kind: written}
