"""The harmony codec in one object: conversation to prompt, generated tokens to events."""

from collections.abc import Sequence
from functools import cache

from ossian.harmony import render, tokenizer, vocabulary
from ossian.harmony.messages import Conversation
from ossian.harmony.parse import Parser


class HarmonyEncoding:
    """Renders and parses with one vocabulary. It never changes: share it between requests and threads.

    >>> encoding = load_encoding()
    >>> prompt = encoding.render(Conversation((Message(Role.USER, "Hello"),)))
    """

    vocab_size = vocabulary.VOCAB_SIZE
    stop_token_ids = (vocabulary.RETURN, vocabulary.CALL, vocabulary.END_OF_TEXT)  # they end a turn; <|end|> does not

    def __init__(self) -> None:
        self._tokenizer = tokenizer.Tokenizer()

    @property
    def ranks(self) -> dict[bytes, int]:
        """The ordinary tokens, bytes to id. Not to be changed."""
        return self._tokenizer.ranks

    def render(self, conversation: Conversation, *, keep_all_analysis: bool = False) -> list[int]:
        """Return the prompt's token ids, which end in `<|start|>assistant`. See `render.render` for what it raises."""
        return render.render(conversation, self._tokenizer, keep_all_analysis=keep_all_analysis)

    def preamble_len(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of a rendered prompt precede its conversation: many conversations may share them."""
        return render.preamble_len(prompt, self._tokenizer)

    def parser(self) -> Parser:
        """Return a parser for one turn, whose first token follows `<|start|>assistant`."""
        return Parser(self._tokenizer)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a raw text; no special token ever comes of it."""
        return self._tokenizer.encode(text)

    def decode(self, token_ids: list[int]) -> str:
        """Return the text of tokens, for people to read: special tokens are spelled out."""
        return self._tokenizer.decode(token_ids)

    def token_bytes(self, token_id: int) -> bytes:
        """Return a token's bytes, perhaps part of a character; a special token's name."""
        return self._tokenizer.token_bytes(token_id)

    def is_special(self, token_id: int) -> bool:
        """Whether a token is structure rather than text."""
        return tokenizer.is_special(token_id)


@cache
def load_encoding() -> HarmonyEncoding:
    """Return the process's one encoding; the first call takes about 0.3 s.

    Raises ConfigurationError when the vocabulary is missing or damaged.
    """
    return HarmonyEncoding()
