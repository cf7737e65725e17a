"""Token ids to text with no harmony in it, for raw continuations. Special tokens are left out of the text."""

import codecs

from ossian.harmony.encoding import HarmonyEncoding
from ossian.harmony.events import HarmonyEvent, TextDelta
from ossian.harmony.messages import Channel


class PlainTextReader:
    """Reads tokens as one text without end."""

    channel: Channel | None = Channel.FINAL

    def __init__(self, encoding: HarmonyEncoding) -> None:
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token_id: int) -> list[HarmonyEvent]:
        """Return the text the token completes."""
        if self._encoding.is_special(token_id):
            return []
        return self._deltas(self._decoder.decode(self._encoding.token_bytes(token_id)))

    def finish(self) -> list[HarmonyEvent]:
        """Return what is left of an unfinished character."""
        return self._deltas(self._decoder.decode(b"", final=True))

    def _deltas(self, text: str) -> list[HarmonyEvent]:
        return [TextDelta(text)] if text else []
