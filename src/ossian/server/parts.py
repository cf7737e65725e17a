"""What the application is made of."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ossian.catalog.catalog import Catalog
from ossian.engine.base import Engine
from ossian.generation import Generation
from ossian.settings import Settings


def new_id(prefix: str) -> str:
    """Return an identifier nobody has used, such as `chatcmpl-…`."""
    return prefix + uuid.uuid4().hex


@dataclass(frozen=True)
class Parts:
    """Everything the application needs from outside. `generations` are by model id, `now` is in Unix seconds."""

    catalog: Catalog
    generations: Mapping[str, Generation]
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], float] = time.time
    new_id: Callable[[str], str] = new_id

    @property
    def engines(self) -> dict[str, Engine]:
        """The engines, by model id."""
        return {model_id: generation.engine for model_id, generation in self.generations.items()}
