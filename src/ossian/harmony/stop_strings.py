"""Stop strings: find them in streamed text, and let nothing of them out.

A stop string may span any number of deltas, so text that could still become one is held back until it cannot.
"""

from collections import deque
from collections.abc import Iterable

from ossian.harmony.events import TextDelta


class StopStringMatcher:
    """Watches the deltas of one text. After a match, `matched` is the stop string and nothing more comes out.

    >>> matcher = StopStringMatcher(["END"])
    >>> [delta.text for delta in matcher.push(TextDelta("one E"))]
    ['one ']
    """

    def __init__(self, stop: Iterable[str]) -> None:
        self.matched: str | None = None
        self._stop = tuple(stop)
        self._held: deque[TextDelta] = deque()

    def push(self, delta: TextDelta) -> list[TextDelta]:
        """Return the deltas that can no longer be part of a stop string, `delta` included when it is one."""
        if self.matched is not None:
            return []
        if not self._stop:
            return [delta]
        self._held.append(delta)
        text = "".join(held.text for held in self._held)
        start, self.matched = self._first_match(text)
        if self.matched is not None:
            released = self._release(start)
            self._held.clear()
            return released
        return self._release(len(text) - self._num_held_back(text))

    def flush(self) -> list[TextDelta]:
        """Return what is held back: the text is over, so it is not a stop string."""
        released = list(self._held)
        self._held.clear()
        return released

    def _first_match(self, text: str) -> tuple[int, str | None]:
        """The earliest match and, among matches that start together, the one listed first."""
        matches = [(text.find(stop), order) for order, stop in enumerate(self._stop) if stop in text]
        if not matches:
            return len(text), None
        start, order = min(matches)
        return start, self._stop[order]

    def _num_held_back(self, text: str) -> int:
        """The length of the longest end of `text` that begins a stop string."""
        longest = max(len(stop) for stop in self._stop) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                return length
        return 0

    def _release(self, num_chars: int) -> list[TextDelta]:
        """Take the first `num_chars` characters out, splitting a delta if need be; its choices go with its start."""
        released = []
        while self._held and len(self._held[0].text) <= num_chars:
            delta = self._held.popleft()
            num_chars -= len(delta.text)
            released.append(delta)
        if num_chars:
            split = self._held.popleft()
            released.append(TextDelta(split.text[:num_chars], split.choices))
            self._held.appendleft(TextDelta(split.text[num_chars:]))
        return released
