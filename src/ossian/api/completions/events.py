"""The way out: the deltas of continuations become completion chunks, and the chunks fold into the full answer.

chunks = CompletionChunks(head, options)
[*chunks.open(), *chunks.push(0, event), …, *chunks.close()]           the stream
answer = CompletionAnswer(options); answer.add(chunk) for each; answer.body()    the full answer
"""

from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from itertools import accumulate

from ossian.api.completions.options import CompletionOptions
from ossian.api.fields import JsonObject
from ossian.api.head import Head
from ossian.api.logprobs import prompt_logprobs, token_text
from ossian.api.usage import total, usage_body
from ossian.harmony.events import Finished, TextDelta, TokenChoice, TurnEvent, Usage


class CompletionChunks:
    """Makes the chunks of one answer, with its choices interleaved as their deltas come."""

    def __init__(self, head: Head, options: CompletionOptions) -> None:
        self._head = head.body("text_completion")
        self._options = options
        self._texts = options.texts
        self._lengths = [len(text) if options.echo else 0 for text in self._texts]  # characters so far
        self._usages: dict[int, Usage] = {}

    def open(self) -> Iterator[JsonObject]:
        """Yield the prompts, when they are to be echoed."""
        if self._options.echo:
            for index, text in enumerate(self._texts):
                yield self._chunk([_choice(index, text)])

    def push(self, index: int, event: TurnEvent) -> Iterator[JsonObject]:
        """Yield the chunk of a choice's next event."""
        if isinstance(event, TextDelta) and (event.text or event.choices):
            yield self._chunk([_choice(index, event.text, self._logprobs(index, event))])
        if isinstance(event, Finished):
            self._usages[index] = event.usage
            yield self._chunk([self._finish(index, event)])

    def close(self) -> Iterator[JsonObject]:
        """Yield the usage of the whole answer, when it was asked for. Every choice has finished."""
        if self._options.include_usage:
            usages = [self._usages[index] for index in range(len(self._texts))]
            size = self._options.num_candidates
            prompts = [usages[first : first + size] for first in range(0, len(usages), size)]
            yield self._chunk([]) | {"usage": usage_body(total(prompts))}

    def _logprobs(self, index: int, event: TextDelta) -> JsonObject | None:
        offset = self._lengths[index]
        self._lengths[index] += len(event.text)
        return _legacy_logprobs(event.choices, offset) if event.choices else None

    def _finish(self, index: int, event: Finished) -> JsonObject:
        """Return the last chunk's choice. The engine's word on the prompt comes only now, and so do its logprobs."""
        choice = _choice(index, "") | {"finish_reason": event.finish_reason, "stop_reason": event.stop_reason}
        if event.prompt_choices is not None:
            if self._options.echo and self._options.include_logprobs:
                choice["logprobs"] = _echo_logprobs(self._texts[index], event.prompt_choices)
            if self._options.include_prompt_logprobs:
                choice["prompt_logprobs"] = prompt_logprobs(event.prompt_choices)
        return choice

    def _chunk(self, choices: list[JsonObject]) -> JsonObject:
        chunk = self._head | {"choices": choices}
        return chunk | {"usage": None} if self._options.include_usage else chunk


def _choice(index: int, text: str, logprobs: JsonObject | None = None) -> JsonObject:
    return {"text": text, "index": index, "logprobs": logprobs, "finish_reason": None}


def _legacy_logprobs(choices: Sequence[TokenChoice], offset: int) -> JsonObject:
    """Return the `logprobs` of some tokens, the first of which stands at character `offset`."""
    tokens = [token_text(choice.chosen) for choice in choices]
    return {
        "tokens": tokens,
        "token_logprobs": [choice.chosen.logprob for choice in choices],
        "top_logprobs": [{token_text(token): token.logprob for token in choice.top} for choice in choices],
        "text_offset": list(accumulate(_lengths(choices), initial=offset))[:-1],
    }


def _lengths(choices: Sequence[TokenChoice]) -> list[int]:
    """How many characters each token adds to a text; one that several tokens spell comes with the last of them."""
    decode = getincrementaldecoder("utf-8")("replace").decode
    return [len(decode(choice.chosen.bytes)) for choice in choices]


def _echo_logprobs(text: str, choices: Sequence[TokenChoice | None]) -> JsonObject:
    """Return the prompt's `logprobs`. Its first token has none; what it says is what the others leave of the text."""
    known = [choice for choice in choices if choice is not None]
    first = text[: max(len(text) - sum(_lengths(known)), 0)]
    rest = _legacy_logprobs(known, len(first))
    start = {"tokens": [first], "token_logprobs": [None], "top_logprobs": [None], "text_offset": [0]}
    return {name: values + rest[name] for name, values in start.items()}
