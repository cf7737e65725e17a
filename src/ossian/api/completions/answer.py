"""The full completion: the fold of its stream.

answer = CompletionAnswer(options); answer.add(chunk) for each chunk; answer.body()
"""

from collections.abc import Iterable, Iterator

from ossian.api.completions.options import CompletionOptions
from ossian.api.fields import JsonObject


class CompletionAnswer:
    """The full answer, folded from its chunks: for each prompt the `n` likeliest of its candidates."""

    def __init__(self, options: CompletionOptions) -> None:
        self._options = options
        self._head: JsonObject = {}
        self._usage: JsonObject | None = None
        self._choices = [_Folded() for _ in options.texts]

    def add(self, chunk: JsonObject) -> None:
        """Add the next chunk."""
        if not self._head:
            self._head = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
        self._usage = chunk.get("usage") or self._usage
        for choice in chunk["choices"]:
            self._choices[choice["index"]].add(choice)

    def body(self) -> JsonObject:
        """Return the completion."""
        return self._head | {
            "choices": [
                choice.body(index, self._options.include_logprobs) for index, choice in enumerate(self._best())
            ],
            "usage": self._usage,
        }

    def _best(self) -> Iterator["_Folded"]:
        size = self._options.num_candidates
        for first in range(0, len(self._choices), size):
            candidates = self._choices[first : first + size]
            if size > self._options.n:
                candidates = sorted(candidates, key=_Folded.mean_logprob, reverse=True)
            yield from candidates[: self._options.n]


def collect(options: CompletionOptions, chunks: Iterable[JsonObject]) -> JsonObject:
    """Return the completion that a stream of chunks amounts to."""
    answer = CompletionAnswer(options)
    for chunk in chunks:
        answer.add(chunk)
    return answer.body()


class _Folded:
    """One choice of the full answer."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._prompt_logprobs: list[JsonObject] = []  # they come last
        self._logprobs: list[JsonObject] = []
        self._finish: JsonObject = {"finish_reason": None, "stop_reason": None, "prompt_logprobs": None}

    def add(self, choice: JsonObject) -> None:
        self._texts.append(choice["text"])
        is_last = choice["finish_reason"] is not None
        if choice["logprobs"] is not None:
            (self._prompt_logprobs if is_last else self._logprobs).append(choice["logprobs"])
        if is_last:
            self._finish = {name: choice.get(name) for name in self._finish}

    def mean_logprob(self) -> float:
        """Of the candidate's own tokens: an echo of the prompt changes no choice."""
        values = [value for part in self._logprobs for value in part["token_logprobs"] if value is not None]
        return sum(values) / len(values) if values else float("-inf")

    def body(self, index: int, include_logprobs: bool) -> JsonObject:
        logprobs = self._all_logprobs() if include_logprobs else None
        return {"text": "".join(self._texts), "index": index, "logprobs": logprobs, **self._finish}

    def _all_logprobs(self) -> JsonObject:
        names = ("tokens", "token_logprobs", "top_logprobs", "text_offset")
        parts = (*self._prompt_logprobs, *self._logprobs)
        return {name: [value for part in parts for value in part[name]] for name in names}
