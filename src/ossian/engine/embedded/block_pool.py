"""Which blocks of the KV cache are held, how often, and in which order the free ones are taken again."""

from collections import OrderedDict


class BlockPool:
    """Blocks [0, num_blocks), all free at first. A free block keeps what is in it until it is taken."""

    def __init__(self, num_blocks: int) -> None:
        self._ref_counts = [0] * num_blocks
        self._free = OrderedDict.fromkeys(range(num_blocks))  # the next one to take is the first

    @property
    def num_free(self) -> int:
        return len(self._free)

    def is_free(self, block_id: int) -> bool:
        return self._ref_counts[block_id] == 0

    def take(self) -> int:
        """Hold the free block that was of no use for the longest time."""
        block_id, _ = self._free.popitem(last=False)
        self._ref_counts[block_id] = 1
        return block_id

    def hold(self, block_id: int) -> None:
        """Hold a block for what is in it."""
        if self._ref_counts[block_id] == 0:
            del self._free[block_id]
        self._ref_counts[block_id] += 1

    def release(self, block_id: int, *, is_useful: bool) -> None:
        """Let go of a block. When nobody else holds it, it is taken last if what is in it may be useful, else next."""
        assert self._ref_counts[block_id] > 0, f"block {block_id} is freed twice"
        self._ref_counts[block_id] -= 1
        if self._ref_counts[block_id] == 0:
            self._free[block_id] = None
            if not is_useful:
                self._free.move_to_end(block_id, last=False)

    def touch(self, block_id: int) -> None:
        """Note that a block was of use: if it is free, it is taken last."""
        if block_id in self._free:
            self._free.move_to_end(block_id)
