"""A prompt that fits the context: as it is, or, with `truncation: "auto"`, without the oldest items."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ossian.api.responses.items import InputItem
from ossian.api.responses.notices import Notice
from ossian.api.responses.truncation import droppable, truncation_notice, without
from ossian.generation import Generation
from ossian.harmony.messages import Conversation

Told: TypeAlias = Callable[[Sequence[InputItem]], Conversation]  # what the model is told of items

ANSWER_SHARE: Final = 8  # of a context that is shortened, one part in so many is left for an answer without a limit


@dataclass(frozen=True, slots=True)
class Fitted:
    """A rendered prompt, and what there is to say of it."""

    prompt: Sequence[int]
    notices: list[Notice] = field(default_factory=list)


async def fitted(
    generation: Generation, items: Sequence[InputItem], told: Told, max_tokens: int | None, *, may_drop: bool
) -> Fitted:
    """Return the prompt of items. When it does not fit, and even what `may_drop` leaves does not, it is for the caller
    to say so.
    """
    max_model_len = generation.engine.info.max_model_len
    fit = Fitted(await _rendered(generation, items, told))
    room = max_model_len - (max_tokens or max_model_len // ANSWER_SHARE)
    if may_drop and len(fit.prompt) > room:
        fit = await _shortened(generation, items, told, room) or fit
    return fit


async def _shortened(
    generation: Generation, items: Sequence[InputItem], told: Told, max_num_tokens: int
) -> Fitted | None:
    """Leave out as few of the oldest items as it takes, or all that may be; None when there are none.

    A bisection: rendering is what takes time.
    """
    groups = droppable(items)
    too_few, enough = 0, len(groups)
    prompt = await _rendered(generation, without(items, groups), told)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        shorter = await _rendered(generation, without(items, groups[:middle]), told)
        if len(shorter) > max_num_tokens:
            too_few = middle
        else:
            enough, prompt = middle, shorter
    return Fitted(prompt, [truncation_notice(items, groups[:enough])]) if groups else None


async def _rendered(generation: Generation, items: Sequence[InputItem], told: Told) -> Sequence[int]:
    """The prompt of items. Of a long history, both steps take a while, and others are served meanwhile."""
    return await generation.render(await asyncio.to_thread(told, items))
