"""Message headers as models really write them.

    [author] [ to=recipient] [<|channel|>channel] [ to=recipient] [ <|constrain|>type | type]

Fields may stand in any order, be left out, be glued together or be surrounded by words that mean nothing. Reading one
never fails, and what is no header is handed back rather than lost. Everything is bytes: a header can end inside a
character.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ossian.harmony import vocabulary
from ossian.harmony.messages import CONSTRAIN_MARK, FUNCTIONS, Channel, Role

MAX_HEADER_TOKENS: Final = 128  # the longest name takes about 70; more than this is text without a header

_CHANNELS: Final = {channel.value.encode(): channel for channel in Channel}
_ROLES: Final = tuple(role.value.encode() for role in Role)
_NOBODY: Final = ("all", *(role.value for role in Role))  # a message to them is a message to everybody
_ASSISTANT: Final = Role.ASSISTANT.value.encode()
_CONTENT_TYPES: Final = (b"json", b"code")
_BUILT_IN_TOOLS: Final = (b"python",)
_TO: Final = b"to="
_TOOL_PREFIXES: Final = (b"functions.", b"browser.")
_WORDS: Final = (*_ROLES, *_CHANNELS, *_CONTENT_TYPES, *_BUILT_IN_TOOLS)
_PREFIXES: Final = (_TO, *_TOOL_PREFIXES, _ASSISTANT)

_WORD: Final = re.compile(rb"\S+")
_RECIPIENT: Final = re.compile(rb"[^\s<|>{]+")  # a name ends where markup or arguments begin
_CONTENT_TYPE: Final = re.compile(rb"[\w.+/-]+")
_NAME: Final = re.compile(rb"[\w.-]{1,128}")
_MIN_ABBREVIATION: Final = 3


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says. `rest` is what was in it and says nothing: noise or, when no `<|message|>` came, text."""

    channel: Channel
    recipient: str | None = None
    content_type: str | None = None
    rest: bytes = b""


@dataclass(slots=True)
class Segment:
    """A header's bytes from one special token to the next."""

    opener: int  # START, CHANNEL or CONSTRAIN
    text: bytes = b""


class HeaderBuffer:
    """Collects a header's tokens. `has_author` after `<|start|>`; else the author is given and may be left out."""

    def __init__(self, *, has_author: bool) -> None:
        self._has_author = has_author
        self._segments = [Segment(vocabulary.START)]
        self._num_tokens = 0

    def open_segment(self, opener: int) -> None:
        """Note `<|channel|>` or `<|constrain|>`."""
        self._segments.append(Segment(opener))

    def push(self, text: bytes) -> None:
        """Add an ordinary token."""
        self._segments[-1].text += text
        self._num_tokens += 1

    @property
    def has_fields(self) -> bool:
        """Whether a `<|channel|>` or a `<|constrain|>` came."""
        return len(self._segments) > 1

    def is_text(self) -> bool:
        """Whether what was collected cannot be the beginning of a header, so the model left the header out."""
        if self._num_tokens > MAX_HEADER_TOKENS:
            return True
        return not self.has_fields and not could_be_header(self._segments[0].text, self._has_author)

    def read(self) -> Header:
        """Read a header that `<|message|>` ended: all of it is header, and words without meaning are noise."""
        reader = HeaderReader(self._has_author, is_recovery=False)
        noise = [reader.take(word[0], opener) for _, opener, word in self._words()]
        return reader.header(b" ".join(reader.take_name([word for word in noise if word])))

    def recover(self) -> Header:
        """Read a header without `<|message|>`: from the first word that makes no header, it is text."""
        is_author_possible = self._has_author or self.has_fields
        reader = HeaderReader(is_author_possible, is_recovery=True)
        for index, opener, word in self._words():
            if text := reader.take(word[0], opener):
                following = (segment.text for segment in self._segments[index + 1 :])
                return reader.header(b"".join((text, word.string[word.end() :], *following)))
        return reader.header(b"")

    def _words(self) -> Iterator[tuple[int, int | None, re.Match[bytes]]]:
        """Yield every word with its segment's index and, when it is the segment's first, what opened the segment."""
        for index, segment in enumerate(self._segments):
            for position, word in enumerate(_WORD.finditer(segment.text)):
                yield index, segment.opener if position == 0 else None, word


def could_be_header(text: bytes, has_author: bool) -> bool:
    """Whether `text`, without special tokens so far, may be the beginning of a header."""
    words = text.split()[has_author:]  # an author may be a tool of any name
    unfinished = [] if text[-1:].isspace() else words[-1:]
    return all(map(is_word, words[: len(words) - len(unfinished)])) and all(map(begins_word, unfinished))


def is_word(text: bytes) -> bool:
    """Whether `text` has a meaning in a header."""
    return text in _WORDS or text.startswith(_PREFIXES)


def begins_word(text: bytes) -> bool:
    """Whether `text` is the beginning of a word that has a meaning in a header."""
    return text.startswith(_PREFIXES) or any(word.startswith(text) for word in (*_WORDS, *_PREFIXES))


class HeaderReader:
    """Takes a header's words one by one. In recovery it takes only what can hardly be text."""

    def __init__(self, has_author: bool, *, is_recovery: bool) -> None:
        self._has_author = has_author
        self._is_recovery = is_recovery
        self._is_foreign = False  # the model speaks for somebody else
        self._expects_recipient = False
        self._channel: Channel | None = None
        self._recipient: str | None = None
        self._content_type: str | None = None

    def header(self, rest: bytes) -> Header:
        """Return what was read, with what was left out filled in.

        Words put into somebody else's mouth are neither an answer nor a call, so they are analysis. Without a channel,
        a call is commentary and anything else is final; a call to a function is commentary whatever the header says.
        """
        if self._is_foreign:
            return Header(Channel.ANALYSIS, rest=rest)
        if self._recipient is None or self._recipient in _NOBODY:
            return Header(self._channel or Channel.FINAL, None, self._content_type, rest)
        is_built_in = self._channel is Channel.ANALYSIS and not self._recipient.startswith(f"{FUNCTIONS}.")
        channel = Channel.ANALYSIS if is_built_in else Channel.COMMENTARY
        return Header(channel, self._recipient, self._content_type, rest)

    def take(self, word: bytes, opener: int | None) -> bytes:
        """Take a word, which `opener` directly precedes, and return what of it is no header."""
        if opener is not None:
            self._expects_recipient = False  # a "to=" does not reach over a special token
        match opener:
            case vocabulary.START:
                word = self._take_author(word)
            case vocabulary.CHANNEL:
                word = self._take_channel(word)
            case vocabulary.CONSTRAIN:
                word = self._take_constrained(word)
        return self._take_field(word)

    def take_name(self, noise: list[bytes]) -> list[bytes]:
        """Take a lone name without a mark: on commentary whom the message is for, else what it is made of."""
        if len(noise) != 1 or not _NAME.fullmatch(noise[0]):
            return noise
        name = noise[0].decode()
        if self._channel is Channel.COMMENTARY and self._recipient is None:
            self._recipient = name
            return []
        if self._content_type is None:
            self._content_type = name
            return []
        return noise

    def _take_author(self, word: bytes) -> bytes:
        if word.startswith(_ASSISTANT) and (self._has_author or not self._is_recovery):
            return word.removeprefix(_ASSISTANT)
        if not self._has_author or word in _CHANNELS or word in _CONTENT_TYPES or word.startswith(_TO):
            return word
        if self._is_recovery and word not in _ROLES:
            return word
        self._is_foreign = True
        return b""

    def _take_channel(self, word: bytes) -> bytes:
        """Take a channel's name: whole, with something glued to it, cut short, or one nobody knows."""
        word = word.removeprefix(_ASSISTANT)
        for name, channel in _CHANNELS.items():
            is_short = len(word) >= _MIN_ABBREVIATION and name.startswith(word)
            if word.startswith(name) or is_short:
                self._channel = channel
                return word[len(name) :]
        return word if self._is_recovery or is_word(word) else b""

    def _take_constrained(self, word: bytes) -> bytes:
        """Take the content type after `<|constrain|>`; in recovery text may be glued to it."""
        match = (_CONTENT_TYPE if self._is_recovery else _WORD).match(word)
        if match is None:
            return word
        self._content_type = CONSTRAIN_MARK + match[0].decode(errors="replace")
        return word[match.end() :]

    def _take_field(self, word: bytes) -> bytes:
        if self._expects_recipient or word.startswith(_TO):
            return self._take_recipient(word.removeprefix(_TO))
        if word in _CONTENT_TYPES and (self._recipient is not None or not self._is_recovery):
            self._content_type = self._content_type or word.decode()
            return b""
        if self._is_recovery:
            return word
        if word in _CHANNELS:
            self._channel = self._channel or _CHANNELS[word]
        elif word.startswith(_TOOL_PREFIXES) or word in _BUILT_IN_TOOLS:
            return self._take_recipient(word)
        elif word not in _ROLES:
            return word
        return b""

    def _take_recipient(self, word: bytes) -> bytes:
        """Take the recipient, the first one if there are two; text may be glued to it."""
        match = _RECIPIENT.match(word)
        self._expects_recipient = not word
        name = match and match[0].decode(errors="replace")
        if match is None or self._recipient not in (None, name):
            return word
        self._recipient = name
        return word[match.end() :]
