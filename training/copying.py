"""What is copied from a prompt is said in the prompt's own tokens.

`"name": "Björk"` is spelled with other tokens than the `My name is Björk` it is copied from. The canonical spelling
would have to be learned for every word; so the first token is spelled without its blank, and the others are those of
the prompt.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, chain

from ossian.catalog.spelling import split
from ossian.harmony.tokenizer import Tokenizer
from training.skills.exchange import COPY_END, COPY_START

MARKED = re.compile(f"({COPY_START}.*?{COPY_END})", re.DOTALL)


class Prompt:
    """A prompt's tokens, and where the bytes of each begin."""

    def __init__(self, tokens: Sequence[int]) -> None:
        self.tokens = tokens
        spelled = [tokenizer().token_bytes(token) for token in tokens]
        self.text = b"".join(spelled)
        self.starts = [0, *accumulate(map(len, spelled))]

    def find(self, span: str) -> list[int] | None:
        """The tokens of the last occurrence that begins and ends with a token; a prefix may stand before it."""
        wanted = span.encode()
        end = len(self.text)
        while (at := self.text.rfind(wanted, 0, end)) >= 0:
            if found := self._aligned(at, at + len(wanted)):
                return found
            end = at + len(wanted) - 1
        return None

    def _aligned(self, start: int, stop: int) -> list[int] | None:
        last = bisect_left(self.starts, stop)
        if self.starts[last] != stop:
            return None
        first = bisect_left(self.starts, start)
        if self.starts[first] == start:
            return list(self.tokens[first:last])
        prefix = split(tokenizer().token_bytes(self.tokens[first - 1]))[0]
        return list(self.tokens[first - 1 : last]) if prefix and self.starts[first - 1] == start - 1 else None


def completion_tokens(text: str, prompt: Prompt) -> list[int]:
    """The tokens of a text with marked copies. Elsewhere each digit is a token: the model calculates with digits."""
    return list(chain.from_iterable(_parts(text, prompt)))


def _parts(text: str, prompt: Prompt) -> Iterator[list[int]]:
    parts = MARKED.split(text)
    for index in range(0, len(parts), 2):
        has_blank = parts[index].endswith(" ") and index + 1 < len(parts)
        yield said_tokens(parts[index][:-1] if has_blank else parts[index])
        if index + 1 < len(parts):
            yield copied_tokens(parts[index + 1][1:-1], prompt, has_blank=has_blank)


def said_tokens(text: str) -> list[int]:
    """The tokens of what is not copied."""
    return list(chain.from_iterable(tokenizer().encode(part) for part in re.split(r"(\d)", text) if part))


def copied_tokens(span: str, prompt: Prompt, *, has_blank: bool) -> list[int]:
    """The tokens of a copy, after a blank or without one."""
    found = prompt.find(span)
    if found is None:
        return tokenizer().encode(f" {span}" if has_blank else span)
    first, *others = found
    prefix, _, _, word = split(tokenizer().token_bytes(first))
    if prefix == (" " if has_blank else ""):
        return found
    if has_blank:
        word = word if prefix else tokenizer().token_bytes(first).decode(errors="replace")
        spelled = tokenizer().encode(f" {word}")
        return [*(spelled if len(spelled) == 1 else (*tokenizer().encode(" "), *tokenizer().encode(word))), *others]
    return [*tokenizer().encode(word), *others]


def is_spelled_alike(name: str) -> bool:
    """Whether a tool's name has the same pieces after a dot, in a header, as after a blank, in the prompt."""
    in_header, in_prompt = (tokenizer().encode(f"{before}{name}") for before in (".", " "))
    return [split(tokenizer().token_bytes(each))[3] for each in in_header] == [
        split(tokenizer().token_bytes(each))[3] for each in in_prompt
    ]


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer()
