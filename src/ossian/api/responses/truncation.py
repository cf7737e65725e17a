"""Which items a too long context can do without: the oldest, in groups that only make sense together.

    developer   user1   reasoning call call output output   reasoning message   user2   reasoning call output
    stays       1       2                                   3                   stays   stays: it is the last group

Instructions stay, and so do the user's last message and the last group: they are what the turn is about. A call and its
result never part, nor do they part from the reasoning before them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from ossian.api.responses.call_results import answered_calls
from ossian.api.responses.items import CompactionItem, InputItem
from ossian.api.responses.messages import InputMessage
from ossian.api.responses.notices import INPUT_TRUNCATED, Notice


def droppable(items: Sequence[InputItem]) -> list[list[int]]:
    """Return the groups of items that may be dropped, as indexes, in the order to drop them."""
    groups = _groups(items)
    last_user = max((index for index, item in enumerate(items) if _is_users(item)), default=-1)
    return [group for group in groups[:-1] if last_user not in group]


def without(items: Sequence[InputItem], groups: Iterable[Sequence[int]]) -> list[InputItem]:
    """Return the items that are in none of the groups."""
    dropped = {index for group in groups for index in group}
    return [item for index, item in enumerate(items) if index not in dropped]


def truncation_notice(items: Sequence[InputItem], groups: Iterable[Sequence[int]]) -> Notice:
    """Return what to say of dropping groups of items."""
    dropped = [items[index] for group in groups for index in group]
    kinds = Counter(kind for item in dropped for kind in _kinds(item))
    counts = ", ".join(f"{number} × {kind}" for kind, number in kinds.items())
    message = (
        f"The context was too long, so {len(dropped)} of its {len(items)} items, the oldest, were left out: {counts}."
    )
    return Notice(INPUT_TRUNCATED, "truncation", message)


def _groups(items: Sequence[InputItem]) -> list[list[int]]:
    """All items but instructions, in groups by their first items."""
    pairs = list(answered_calls(items))
    last_results = dict(pairs)  # of a chat-style message's calls, the last one's
    results = {result for _, result in pairs}
    groups: list[list[int]] = []
    step: list[int] = []  # what the assistant did last, open for more
    open_until = -1  # the index of the last result that the step waits for
    for index, item in enumerate(items):
        if isinstance(item, InputMessage | CompactionItem):
            if index > open_until:
                step = []
            if not _is_instruction(item):
                groups.append([index])
            continue
        has_ended = bool(step) and step[-1] in results and index > open_until and index not in results
        if not step or has_ended:
            step = []
            groups.append(step)
        step.append(index)
        open_until = max(open_until, last_results.get(index, -1))
    return groups


def _is_users(item: InputItem) -> bool:
    return isinstance(item, InputMessage) and not item.is_instruction


def _is_instruction(item: InputItem) -> bool:
    return isinstance(item, InputMessage) and item.is_instruction


def _kinds(item: InputItem) -> Iterable[str]:
    """The types of an item; a chat-style one has several."""
    return (body["type"] for body in item.bodies(lambda prefix: prefix))
