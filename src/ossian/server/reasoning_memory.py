"""What the model thought before it called a tool, for clients that send the result back without it.

gpt-oss is trained to see its reasoning again between a call and what follows it; most clients drop it, since OpenAI's
Chat Completions never show any. Kept in this process only, for a while, for the project that asked.
"""

import threading
from collections.abc import Callable

from cachetools import TTLCache

from ossian.settings import ReasoningMemorySettings

Entry = tuple[str, str]  # scope and call id


class ReasoningMemory:
    """Reasoning by scope and tool call id: at most `max_bytes` of it, the longest unused goes first."""

    def __init__(self, settings: ReasoningMemorySettings, now: Callable[[], float]) -> None:
        max_bytes = settings.max_bytes if settings.enabled else 0
        self._lock = threading.Lock()  # conversations are put together in threads
        self._entries: TTLCache[Entry, str] = TTLCache(max_bytes, settings.ttl_seconds, timer=now, getsizeof=num_bytes)

    def __len__(self) -> int:
        return len(self._entries)

    def remember(self, scope: str, call_id: str, reasoning: str) -> None:
        """Keep the reasoning that led to a call; what is larger than the whole memory is not kept."""
        if reasoning and num_bytes(reasoning) <= self._entries.maxsize:
            with self._lock:
                self._entries[scope, call_id] = reasoning

    def recall(self, scope: str, call_id: str) -> str | None:
        """Return the reasoning that led to a call, None when it is unknown here, too old or another's."""
        with self._lock:
            reasoning: str | None = self._entries.get((scope, call_id))
        return reasoning


def num_bytes(reasoning: str) -> int:
    """What an entry takes, roughly: the text and what holds it."""
    return len(reasoning.encode(errors="surrogatepass")) + 500
