"""What a WebSocket connection remembers: responses that are not stored, so that the next turn can continue them."""

from collections.abc import Sequence
from typing import Final

import orjson
from cachetools import LRUCache

from ossian.api.fields import JsonObject

MAX_NUM_RESPONSES: Final = 32


class ConnectionMemory:
    """All the items of responses, by id, as long as the connection lives.

    At most MAX_NUM_RESPONSES, and at most `max_bytes` of items as JSON; the longest unused goes first.
    """

    def __init__(self, max_bytes: int) -> None:
        self._smallest = max(max_bytes // MAX_NUM_RESPONSES, 1)  # what an entry counts at least bounds their number
        self._entries: LRUCache[str, Sequence[JsonObject]] = LRUCache(max_bytes, getsizeof=self._num_bytes)

    def __len__(self) -> int:
        return len(self._entries)

    def remember(self, response_id: str, items: Sequence[JsonObject]) -> None:
        """Keep all the items of a response and of those it continues, unless they are larger than the memory."""
        if self._num_bytes(items) <= self._entries.maxsize:
            self._entries[response_id] = items

    def recall(self, response_id: str) -> Sequence[JsonObject] | None:
        """Return the items of a response, None when it is not remembered."""
        items: Sequence[JsonObject] | None = self._entries.get(response_id)
        return items

    def forget(self, response_id: str) -> None:
        """Forget a response: a turn that continued it failed, and the protocol wants its client to start anew."""
        self._entries.pop(response_id, None)

    def _num_bytes(self, items: Sequence[JsonObject]) -> int:
        return max(len(orjson.dumps(items)), self._smallest)
