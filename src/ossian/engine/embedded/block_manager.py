"""Which sequence has which blocks of the KV cache, in the full layers and in the sliding ones.

A block is held by the sequences in whose tables it is. When the last one lets go it is free, but it keeps its contents,
and the prefix cache knows it, until it is taken for something else: the longest unused goes first.

    free ── allocate, reserve ──► held ── publish (filled and computed) ──► held and known
     ▲                             │                                              │
     └───────── deallocate ────────┘             free and known ◄── deallocate ───┘

A sequence gets the full layers' blocks of all its tokens when it is admitted, and the sliding layers' as it goes on;
those that leave the window it gives back. They are taken next, but not those at its snapshots, the positions where
others may part from it: without them a prefix cannot be continued, so they are kept as long as the full layers' are.
"""

from collections.abc import Callable
from collections.abc import Sequence as Ids

from ossian.engine.embedded.block_pool import BlockPool
from ossian.engine.embedded.kv_cache import num_window_blocks
from ossian.engine.embedded.prefix_cache import NO_HIT, Hit, PrefixCache
from ossian.engine.embedded.sequence import GrowingArray, Sequence

SNAPSHOT_INTERVAL = 1024  # tokens of a prompt
LEFT = -1  # in a table of the sliding layers: the block has left the window


class BlockManager:
    """Allocates, shares and frees the blocks of the KV cache.

    `copy_blocks(sources, targets)` copies what is in blocks, and reads all before it writes any. `window` is the
    sliding layers', 0 when there are none.
    """

    def __init__(
        self,
        num_blocks: int,
        block_size: int,
        copy_blocks: Callable[[Ids[int], Ids[int]], None],
        *,
        window: int = 0,
        enable_prefix_cache: bool = True,
    ) -> None:
        self.num_blocks = num_blocks
        self.block_size = block_size
        self.enable_prefix_cache = enable_prefix_cache
        self._copy_blocks = copy_blocks
        self._window = window
        self._num_kinds = 2 if window else 1
        self._num_window_blocks = num_window_blocks(window, block_size)
        self._pool = BlockPool(num_blocks)
        self._prefix_cache = PrefixCache(block_size, window)

    @property
    def num_free_blocks(self) -> int:
        return self._pool.num_free

    def allocate(self, sequence: Sequence, *, num_spare_blocks: int = 0) -> bool:
        """Give a waiting sequence blocks for all its tokens, sharing those of its longest cached prefix.

        Returns False, with nothing taken, when that would leave fewer than `num_spare_blocks` of a kind free.
        """
        hit = self._hit(sequence)
        if self._num_needed(sequence, hit) + self._num_kinds * num_spare_blocks > self._pool.num_free:
            return False
        for block_id in (*hit.full, *hit.sliding):  # before any is taken, so that none of them is
            self._pool.hold(block_id)
        for block_id in hit.partial:  # it need not outlive its copy
            self._pool.touch(block_id)
        self._fill_tables(sequence, hit)
        sequence.num_cached_tokens = sequence.num_published_tokens = hit.num_tokens
        self._add_snapshots(sequence, hit)
        return True

    def next_hash(self, sequence: Sequence) -> bytes | None:
        """The hash of the first block that a sequence has to compute, None when nobody could share it, or should wait
        for it: a prompt that is scored takes a few tokens a step.

        A waiting one whose hash a prefill has, too, gets the block when that is computed.
        """
        if not self.enable_prefix_cache or sequence.wants_prompt_logprobs:
            return None
        is_running = len(sequence.block_table) > 0
        num_full = (sequence.num_tokens - (not is_running)) // self.block_size  # the last token is not shared
        num_cached_tokens = sequence.num_cached_tokens if is_running else self._hit(sequence).num_tokens
        first = num_cached_tokens // self.block_size
        return self._prefix_cache.hashes(sequence, num_full)[first] if first < num_full else None

    def append(self, sequence: Sequence) -> bool:
        """Make room for a running sequence's next token, and in the full layers for all its tokens.

        Returns False when no block is free for one of them.
        """
        has_room = self._grow(sequence.block_table, sequence.num_tokens)
        if has_room and self._window:
            has_room = self._grow(sequence.sliding_block_table, sequence.num_cached_tokens + 1)
        return has_room

    def can_spare(self, num_sequences: int, num_tokens: int) -> bool:
        """Would each of so many sequences find a block to grow into, had they taken so many tokens more in all?"""
        num_blocks = 2 * num_sequences + num_tokens // self.block_size
        return self._num_kinds * num_blocks <= self._pool.num_free

    def reserve(self, sequence: Sequence, num_tokens: int) -> int:
        """Make room for the next `num_tokens` tokens to compute, or as many as fit; returns for how many there is."""
        for table in self._tables(sequence):
            self._grow(table, sequence.num_cached_tokens + num_tokens)
        return min(num_tokens, self.room(sequence))

    def room(self, sequence: Sequence) -> int:
        """For how many of the next tokens to compute there is room in a sequence's blocks."""
        return min(map(len, self._tables(sequence))) * self.block_size - sequence.num_cached_tokens

    def publish(self, sequence: Sequence) -> None:
        """Let others share what this sequence has computed, and take back what has left the window."""
        if self.enable_prefix_cache:
            self._publish(sequence)
        if self._window:
            self._leave(sequence)

    def deallocate(self, sequence: Sequence) -> None:
        """Take back a sequence's blocks, the last first, so that the start of a prefix stays cached longest."""
        if self.enable_prefix_cache:
            self._discard(self._prefix_cache.publish_tail(sequence, sequence.num_cached_tokens))
        full, sliding = sequence.block_table.values.tolist(), sequence.sliding_block_table.values.tolist()
        for index in range(len(full) - 1, -1, -1):
            self._release(full[index])
            if sequence.num_left_blocks <= index < len(sliding):
                self._release(sliding[index])
            elif (block_id := self._prefix_cache.sliding_block(sequence, index)) is not None:
                self._pool.touch(block_id)  # at a snapshot, perhaps of somebody else who shares this block
        for table in self._tables(sequence):
            table.clear()
        sequence.num_left_blocks = sequence.num_cached_tokens = sequence.num_published_tokens = 0

    def _hit(self, sequence: Sequence) -> Hit:
        if not self.enable_prefix_cache or sequence.wants_prompt_logprobs:
            return NO_HIT
        return self._prefix_cache.longest_hit(sequence)

    def _num_needed(self, sequence: Sequence, hit: Hit) -> int:
        """How many blocks are no longer free when a sequence is admitted and its window has filled."""
        num_blocks = self._num_blocks(sequence.num_tokens)
        num_new = num_blocks - len(hit.full) + min(num_blocks, self._num_window_blocks) - len(hit.sliding)
        return num_new + sum(map(self._pool.is_free, (*hit.full, *hit.sliding)))

    def _fill_tables(self, sequence: Sequence, hit: Hit) -> None:
        """Put shared blocks, new ones and copies of partly filled ones into a sequence's tables."""
        sequence.num_left_blocks = len(hit.full) - len(hit.sliding) if self._window else 0
        for block_id in hit.full:
            sequence.block_table.append(block_id)
        self._grow(sequence.block_table, sequence.num_tokens)
        if self._window:
            for block_id in (*[LEFT] * sequence.num_left_blocks, *hit.sliding):
                sequence.sliding_block_table.append(block_id)
            self._grow(sequence.sliding_block_table, hit.num_tokens + 1)
        if hit.partial:
            self._copy_blocks(hit.partial, [int(table.values[len(hit.full)]) for table in self._tables(sequence)])

    def _add_snapshots(self, sequence: Sequence, hit: Hit) -> None:
        """On the way of long prompts, and where two have parted: a third may."""
        interval = -(-SNAPSHOT_INTERVAL // self.block_size) * self.block_size
        sequence.snapshot_positions.update(range(interval, sequence.num_prompt_tokens, interval))
        sequence.snapshot_positions |= {hit.num_tokens, max(hit.num_tokens, hit.num_known_tokens)}

    def _publish(self, sequence: Sequence) -> None:
        start, stop = sequence.num_published_tokens, sequence.num_cached_tokens
        self._discard(self._prefix_cache.publish(sequence, start // self.block_size, stop // self.block_size))
        for position in range(max(start, sequence.num_prompt_tokens), stop):
            if int(sequence.tokens.values[position]) in sequence.snapshot_token_ids:
                sequence.snapshot_positions.add(position + 1)
        for position in sequence.snapshot_positions:
            if start < position <= stop:
                self._discard(self._prefix_cache.publish_tail(sequence, position))
        sequence.num_published_tokens = stop

    def _leave(self, sequence: Sequence) -> None:
        """Take back the blocks of the sliding layers that the next token does not see."""
        first = self._prefix_cache.first_visible(sequence.num_cached_tokens)
        if first > sequence.num_left_blocks:
            self._touch_snapshots(sequence)
        for index in range(sequence.num_left_blocks, first):
            is_kept = self._is_in_snapshot(sequence, index)
            self._release(int(sequence.sliding_block_table.values[index]), is_useful=is_kept)
            sequence.sliding_block_table.values[index] = LEFT
        sequence.num_left_blocks = max(sequence.num_left_blocks, first)

    def _touch_snapshots(self, sequence: Sequence) -> None:
        """Note that what a running sequence left at snapshots is of use, as the full layers' blocks beside it are."""
        for index in range(sequence.num_left_blocks - 1, -1, -1):
            if (block_id := self._prefix_cache.sliding_block(sequence, index)) is not None:
                self._pool.touch(block_id)

    def _is_in_snapshot(self, sequence: Sequence, index: int) -> bool:
        """Does a token at a snapshot, or the one before it, see the sliding layers' block at `index`?"""
        start, stop = index * self.block_size, (index + 1) * self.block_size
        return any(start < position < stop + self._window for position in sequence.snapshot_positions)

    def _tables(self, sequence: Sequence) -> list[GrowingArray]:
        tables = [sequence.block_table, sequence.sliding_block_table]
        return tables if self._window else tables[:1]

    def _num_blocks(self, num_tokens: int) -> int:
        return -(-num_tokens // self.block_size)

    def _grow(self, table: GrowingArray, num_tokens: int) -> bool:
        """Take blocks until a table has room for `num_tokens`; returns False when there are too few."""
        num_blocks = self._num_blocks(num_tokens)
        while len(table) < num_blocks:
            if not self._pool.num_free:
                return False
            block_id = self._pool.take()
            self._prefix_cache.forget(block_id)
            table.append(block_id)
        return True

    def _discard(self, block_ids: Ids[int]) -> None:
        for block_id in block_ids:
            self._pool.discard(block_id)

    def _release(self, block_id: int, *, is_useful: bool = True) -> None:
        self._pool.release(block_id, is_useful=is_useful and self._prefix_cache.is_known(block_id))
