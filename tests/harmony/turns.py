"""Turns as tests write and read them: text with special tokens in it, and events folded into messages."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ossian.harmony.encoding import HarmonyEncoding
from ossian.harmony.events import HarmonyEvent, MessageEnd, MessageStart, TextDelta
from ossian.harmony.messages import Channel
from ossian.harmony.vocabulary import special_tokens

SPECIAL = special_tokens()
_SPECIAL_TOKEN = re.compile(r"(<\|\w+\|>)")


@dataclass(frozen=True)
class Said:
    """A message the parser read."""

    channel: Channel
    text: str
    recipient: str | None = None
    content_type: str | None = None
    is_complete: bool = True


def analysis(text: str, *, is_complete: bool = True) -> Said:
    return Said(Channel.ANALYSIS, text, is_complete=is_complete)


def final(text: str, *, is_complete: bool = True) -> Said:
    return Said(Channel.FINAL, text, is_complete=is_complete)


def preamble(text: str, *, is_complete: bool = True) -> Said:
    return Said(Channel.COMMENTARY, text, is_complete=is_complete)


def call(name: str, text: str, content_type: str | None = "<|constrain|>json", *, is_complete: bool = True) -> Said:
    return Said(Channel.COMMENTARY, text, f"functions.{name}", content_type, is_complete)


def turn_ids(encoding: HarmonyEncoding, turn: str) -> list[int]:
    """Encode a turn in which `<|name|>` is the special token."""
    parts = [part for part in _SPECIAL_TOKEN.split(turn) if part]
    return [token_id for part in parts for token_id in ([SPECIAL[part]] if part in SPECIAL else encoding.encode(part))]


def events_of(encoding: HarmonyEncoding, token_ids: Iterable[int]) -> list[HarmonyEvent]:
    parser = encoding.parser()
    events = [event for token_id in token_ids for event in parser.feed(token_id)]
    return [*events, *parser.finish()]


def folded(events: Sequence[HarmonyEvent]) -> list[Said]:
    """Fold events into messages, and check that they come in order: start, deltas with text, end."""
    said: list[Said] = []
    start: MessageStart | None = None
    text = ""
    for event in events:
        match event:
            case MessageStart():
                assert start is None, "a message began inside another"
                start, text = event, ""
            case TextDelta():
                assert start is not None, "text outside a message"
                assert event.text, "an empty delta"
                assert not event.choices
                text += event.text
            case MessageEnd():
                assert start is not None, "an end without a beginning"
                said.append(Said(start.channel, text, start.recipient, start.content_type, event.is_complete))
                start = None
    assert start is None, "a message without an end"
    return said


def parsed(encoding: HarmonyEncoding, turn: str) -> list[Said]:
    return folded(events_of(encoding, turn_ids(encoding, turn)))
