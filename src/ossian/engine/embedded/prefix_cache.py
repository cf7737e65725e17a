"""Which blocks hold the K/V of which tokens, and how much of a sequence they cover.

A block is known by a hash of its tokens and all before them. A prefix can be continued where the full layers' blocks
are there from its beginning on, and the sliding layers' for the last window before its end. It ends at the end of a
block, or inside one that was made known when it was partly filled; that one has to be copied: its owner goes on in it.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from ossian.engine.embedded.sequence import Sequence

HASH_SIZE = 16  # bytes; keyed, so that nobody can look for collisions


@dataclass(frozen=True, slots=True)
class Hit:
    """The blocks with the K/V of a sequence's first `num_tokens` tokens."""

    num_tokens: int
    full: list[int]  # filled ones, from the first on
    sliding: list[int]  # filled ones of the last window
    partial: list[int]  # the full and the sliding one after them, to be copied, unless num_tokens ends with a block
    num_known_tokens: int  # how many the full layers alone know, in filled blocks


NO_HIT = Hit(0, [], [], [], 0)


class PrefixCache:
    """Knows blocks by what is in them. `window` is the sliding layers'; 0 when there are none."""

    def __init__(self, block_size: int, window: int) -> None:
        self.block_size = block_size
        self.window = window
        self._key = secrets.token_bytes(32)
        self._full: dict[bytes, int] = {}  # hash -> block id
        self._sliding: dict[bytes, int] = {}
        self._hashes: dict[int, list[bytes]] = {}  # block id -> what it is known by
        self._tails: dict[bytes, tuple[bytes, int]] = {}  # of partly filled blocks: hash -> hash before, num_tokens
        self._tail_lens: dict[bytes, Counter[int]] = {}  # the same: hash before -> how many have so many tokens

    def is_known(self, block_id: int) -> bool:
        return block_id in self._hashes

    def first_visible(self, position: int) -> int:
        """The index of the first block that the token at `position` sees in a sliding layer."""
        return max(0, position - self.window + 1) // self.block_size

    def hashes(self, sequence: Sequence, num_blocks: int) -> list[bytes]:
        """The hashes of the first `num_blocks` blocks, or more; each covers all tokens before it and the salt."""
        hashes = sequence.block_hashes
        for index in range(len(hashes), num_blocks):
            hashes.append(self._hash_after(self._hash_before(sequence, index), sequence, index, self.block_size))
        return hashes

    def longest_hit(self, sequence: Sequence) -> Hit:
        """The longest prefix that can be continued; never all tokens, since one must be computed for its logits."""
        hashes = self.hashes(sequence, sequence.num_tokens // self.block_size)
        full = [self._full[block_hash] for block_hash in takewhile(self._full.__contains__, hashes)]
        for index in range(len(full), -1, -1):
            for length, tail in self._ends_in(sequence, index):
                num_tokens = min(index * self.block_size + length, sequence.num_tokens - 1)
                window = [*hashes[self.first_visible(num_tokens) : index], *tail] if self.window else []
                if all(block_hash in self._sliding for block_hash in window):
                    blocks = [*full[:index], *(self._full[block_hash] for block_hash in tail)]
                    sliding = [self._sliding[block_hash] for block_hash in window]
                    return self._hit(num_tokens, blocks, sliding, len(full))
        raise AssertionError("no tokens at all can always be continued")

    def publish(self, sequence: Sequence, start: int, stop: int) -> list[int]:
        """Make the blocks [start, stop) known, which are filled and computed.

        Returns the blocks that are no longer known, since these hold the same.
        """
        hashes = self.hashes(sequence, stop)
        return [block_id for index in range(start, stop) for block_id in self._add(sequence, index, hashes[index])]

    def publish_tail(self, sequence: Sequence, num_tokens: int) -> list[int]:
        """Make the block known that the first `num_tokens` tokens, which are computed, fill in part; if one does.

        Returns the blocks that are no longer known.
        """
        index, length = divmod(num_tokens, self.block_size)
        if length == 0:
            return []
        self.hashes(sequence, index)
        before = self._hash_before(sequence, index)
        tail = self._hash_after(before, sequence, index, length)
        if tail not in self._full:
            self._tails[tail] = before, length
            self._tail_lens.setdefault(before, Counter())[length] += 1
        return self._add(sequence, index, tail)

    def sliding_block(self, sequence: Sequence, index: int) -> int | None:
        """The sliding layers' block with what was in a sequence's block `index`, if one is known."""
        return self._sliding.get(sequence.block_hashes[index]) if index < len(sequence.block_hashes) else None

    def forget(self, block_id: int) -> None:
        """Make a block unknown, since something else is to be written into it."""
        for block_hash in self._hashes.pop(block_id, ()):
            if self._full.get(block_hash) == block_id:
                del self._full[block_hash]
                self._forget_tail(block_hash)
            else:
                del self._sliding[block_hash]

    def _forget_tail(self, block_hash: bytes) -> None:
        if (tail := self._tails.pop(block_hash, None)) is None:
            return
        before, length = tail
        lens = self._tail_lens[before]
        lens[length] -= 1
        if not lens[length]:
            del lens[length]
        if not lens:
            del self._tail_lens[before]

    def _add(self, sequence: Sequence, index: int, block_hash: bytes) -> list[int]:
        """Know a sequence's two blocks at `index`, rather than others with the same; returns those left unknown."""
        unknown = []
        for blocks, table in ((self._full, sequence.block_table), (self._sliding, sequence.sliding_block_table)):
            if index < len(table):
                if (other := blocks.get(block_hash)) is not None:
                    self._hashes[other].remove(block_hash)
                    if not self._hashes[other]:
                        del self._hashes[other]
                        unknown.append(other)
                blocks[block_hash] = int(table.values[index])
                self._hashes.setdefault(blocks[block_hash], []).append(block_hash)
        return unknown

    def _hit(self, num_tokens: int, full: list[int], sliding: list[int], num_known_blocks: int) -> Hit:
        num_filled, num_left_over = divmod(num_tokens, self.block_size)
        num_in_window = num_filled - self.first_visible(num_tokens)
        return Hit(
            num_tokens=num_tokens,
            full=full[:num_filled],
            sliding=sliding[:num_in_window],
            partial=[*full[num_filled:], *sliding[num_in_window:]] if num_left_over else [],
            num_known_tokens=num_known_blocks * self.block_size,
        )

    def _ends_in(self, sequence: Sequence, index: int) -> Iterator[tuple[int, list[bytes]]]:
        """After how many tokens of its block `index` a known prefix may end, the most first, and that block's hash."""
        before, start = self._hash_before(sequence, index), index * self.block_size
        for length in sorted(self._tail_lens.get(before, ()), reverse=True):
            tail = self._hash_after(before, sequence, index, length)
            if tail in self._full and start + length <= sequence.num_tokens:
                yield length, [tail]
        yield 0, []

    def _hash_before(self, sequence: Sequence, index: int) -> bytes:
        """The hash of the block before `index`, all before which are hashed."""
        if index == 0:
            return self._hash(sequence.cache_salt.encode(errors="surrogatepass"))
        return sequence.block_hashes[index - 1]

    def _hash_after(self, before: bytes, sequence: Sequence, index: int, length: int) -> bytes:
        """The hash of the first `length` tokens of block `index`."""
        start = index * self.block_size
        return self._hash(before + sequence.tokens.values[start : start + length].tobytes())

    def _hash(self, value: bytes) -> bytes:
        return hashlib.blake2b(value, digest_size=HASH_SIZE, key=self._key).digest()
