"""Generated token ids to events, one token at a time, for any tokens whatever.

A turn begins after the prompt's `<|start|>assistant`, so in a header whose author is known.

    state    token                                  goes to   events
    ───────  ─────────────────────────────────────  ────────  ─────────────────────────────────────────
    HEADER   <|message|>                            CONTENT   MessageStart
             <|channel|>, <|constrain|>             HEADER
             text                                   HEADER
             text that no header begins with        CONTENT   MessageStart, TextDelta (recovered)
             <|start|>, <|end|>, <|return|>,        HEADER    MessageStart, TextDelta, MessageEnd
             <|call|>, <|endoftext|>                          (recovered; none when nothing was said)
    CONTENT  text                                   CONTENT   TextDelta, once a character is complete
             <|end|>, <|return|>, <|call|>,         HEADER    MessageEnd
             <|endoftext|>, <|start|>, <|channel|>
    both     any other special token                the same

The reading is lenient: what headers may look like is in header.py, and a header that never ends was text. Nothing the
model said is lost: text without a header is a final message, and words that make no sense in a header become an
analysis message of their own. Special tokens are never text. An invalid byte becomes U+FFFD, as in `bytes.decode`
over the whole message, and a message ends with its last byte: no half character leaks into the next.
"""

import codecs
from typing import Final

from ossian.harmony.events import HarmonyEvent, MessageEnd, MessageStart, Recovery, TextDelta
from ossian.harmony.header import Header, HeaderBuffer
from ossian.harmony.messages import Channel
from ossian.harmony.tokenizer import Tokenizer, is_special
from ossian.harmony.vocabulary import CALL, CHANNEL, CONSTRAIN, END, END_OF_TEXT, MESSAGE, RETURN, START

_ENDS: Final = frozenset({END, RETURN, CALL, END_OF_TEXT})


class Parser:
    """Reads one turn. It never raises, whatever the tokens.

    >>> parser = load_encoding().parser()
    >>> events = [event for token_id in (200005, 17196, 200008, 24912) for event in parser.feed(token_id)]
    >>> events
    [MessageStart(channel=<Channel.FINAL: 'final'>, …), TextDelta(text='hello', choices=())]

    `channel` is the channel of the message whose content is being read, None in a header: a token is content when
    `channel` is the same before and after it, and not None.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.channel: Channel | None = None
        self._tokenizer = tokenizer
        self._header = HeaderBuffer(has_author=False)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token_id: int) -> list[HarmonyEvent]:
        """Return the events that a token completes."""
        if token_id in _ENDS:
            return self._end(HeaderBuffer(has_author=False))
        if token_id == START:
            return self._end(HeaderBuffer(has_author=True))
        if self.channel is None:
            return self._feed_header(token_id)
        if token_id == CHANNEL:
            events = self._end(HeaderBuffer(has_author=False))
            self._header.open_segment(CHANNEL)
            return events
        if is_special(token_id):
            return []
        return self._text(self._tokenizer.token_bytes(token_id))

    def finish(self) -> list[HarmonyEvent]:
        """Return the events of a turn that stops here: what is open ends, incomplete.

        A header that was cut off said nothing: the name of its recipient may be half a name.
        """
        return self._end(HeaderBuffer(has_author=False), is_complete=False)

    def _feed_header(self, token_id: int) -> list[HarmonyEvent]:
        if token_id == MESSAGE:
            return self._open_after_noise(self._header.read())
        if token_id in (CHANNEL, CONSTRAIN):
            self._header.open_segment(token_id)
        elif not is_special(token_id):
            self._header.push(self._tokenizer.token_bytes(token_id))
            if self._header.is_text():
                return self._open(self._header.recover())
        return []

    def _open_after_noise(self, header: Header) -> list[HarmonyEvent]:
        noise = header.rest.decode(errors="replace")
        events: list[HarmonyEvent] = []
        if noise:
            events = [MessageStart(Channel.ANALYSIS, recovery=Recovery.NOISE), TextDelta(noise), MessageEnd()]
        return events + self._start(header)

    def _open(self, header: Header) -> list[HarmonyEvent]:
        recovery = Recovery.OPEN_HEADER if self._header.has_fields else Recovery.NO_HEADER
        return self._start(header, recovery) + self._text(header.rest)

    def _start(self, header: Header, recovery: Recovery | None = None) -> list[HarmonyEvent]:
        self.channel = header.channel
        return [MessageStart(header.channel, header.recipient, header.content_type, recovery)]

    def _text(self, content: bytes, *, is_last: bool = False) -> list[HarmonyEvent]:
        text = self._decoder.decode(content, final=is_last)
        return [TextDelta(text)] if text else []

    def _end(self, next_header: HeaderBuffer, *, is_complete: bool = True) -> list[HarmonyEvent]:
        """End the open message, or the header that never became one, and begin the next header."""
        events: list[HarmonyEvent] = []
        if self.channel is None:
            header = self._header.recover()
            says_something = header.rest or (header.recipient and is_complete)
            events = self._open(header) if says_something else []
        if self.channel is not None:
            events += [*self._text(b"", is_last=True), MessageEnd(is_complete)]
        self.channel = None
        self._header = next_header
        return events
