"""The turns of the last minutes, for whoever wants to know how fast a model is."""

from collections import defaultdict, deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from ossian.api.aimlapi.models import TurnFigures

WINDOW_SECONDS: Final = 300
_MAX_NUM_TURNS: Final = 1000  # of a model: enough for a 99th percentile, and cheap to sort


class RecentTurns:
    """How long the last turns of each model took, by its id; only of those that came to their end."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._turns: defaultdict[str, deque[tuple[float, TurnFigures]]] = defaultdict(
            lambda: deque(maxlen=_MAX_NUM_TURNS)
        )

    def note(self, model: str, figures: TurnFigures) -> None:
        """Take notice of a turn that has just ended."""
        self._turns[model].append((self._now(), figures))

    def of(self, model: str) -> list[TurnFigures]:
        """Return the turns of a model within the window."""
        since = self._now() - WINDOW_SECONDS
        return [figures for time, figures in self._turns.get(model, ()) if time > since]
