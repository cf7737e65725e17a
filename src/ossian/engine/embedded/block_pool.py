"""Which blocks of the KV cache are held, how often, and in which order the free ones are taken again.

Blocks with nothing useful in them go first, the latest first: its memory is in use already. Then those that were of no
use for the longest time.
"""

from collections import OrderedDict


class BlockPool:
    """Blocks [0, num_blocks), all free at first. A free block keeps what is in it until it is taken."""

    def __init__(self, num_blocks: int) -> None:
        self._ref_counts = [0] * num_blocks
        self._useless = dict.fromkeys(range(num_blocks - 1, -1, -1))  # free ones; the last is taken next
        self._useful: OrderedDict[int, None] = OrderedDict()  # free ones; after those, the first is taken next

    @property
    def num_free(self) -> int:
        return len(self._useless) + len(self._useful)

    def is_free(self, block_id: int) -> bool:
        return self._ref_counts[block_id] == 0

    def take(self) -> int:
        """Hold a free block to write something else into it."""
        block_id, _ = self._useless.popitem() if self._useless else self._useful.popitem(last=False)
        self._ref_counts[block_id] = 1
        return block_id

    def hold(self, block_id: int) -> None:
        """Hold a block for what is in it."""
        if self._ref_counts[block_id] == 0:
            del (self._useful if block_id in self._useful else self._useless)[block_id]
        self._ref_counts[block_id] += 1

    def release(self, block_id: int, *, is_useful: bool) -> None:
        """Let go of a block; `is_useful` counts when nobody else holds it."""
        assert self._ref_counts[block_id] > 0, f"block {block_id} is freed twice"
        self._ref_counts[block_id] -= 1
        if self._ref_counts[block_id] == 0:
            (self._useful if is_useful else self._useless)[block_id] = None

    def discard(self, block_id: int) -> None:
        """Note that nothing useful is in a block any more; a held one is released as such."""
        if block_id in self._useful:
            del self._useful[block_id]
            self._useless[block_id] = None

    def touch(self, block_id: int) -> None:
        """Note that a useful block was of use, so that it is taken last; if it is held or not useful, do nothing."""
        if block_id in self._useful:
            self._useful.move_to_end(block_id)
