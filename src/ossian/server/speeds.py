"""How fast models have answered of late, for whoever asks for the fastest."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RECENT: Final = 0.1  # the share of the last turn; after some twenty turns an earlier speed is forgotten


class Speeds:
    """Output tokens a second by model id, averaged over the last turns of each."""

    def __init__(self) -> None:
        self._speeds: dict[str, float] = {}

    @property
    def measured(self) -> Mapping[str, float]:
        """The speeds of the models that have answered."""
        return MappingProxyType(self._speeds)

    def note(self, model: str, num_tokens: int, seconds: float) -> None:
        """Take notice of a turn: its tokens after the first, and how long they took."""
        if num_tokens > 0 and seconds > 0:
            speed = num_tokens / seconds
            earlier = self._speeds.get(model, speed)
            self._speeds[model] = earlier + RECENT * (speed - earlier)
