"""Who holds which block of the KV cache, and which blocks can be shared.

A block is referenced by the sequences whose table it is in. When the last one lets go it is free, but it keeps its
contents, and its place in the prefix cache, until it is taken for something else: the longest unused goes first.

    free ── allocate, append ──► referenced ── publish (full and computed) ──► referenced and cached
     ▲                               │                                                │
     └──────── deallocate ───────────┘            free and cached ◄── deallocate ─────┘
"""

import hashlib
import secrets
from collections import OrderedDict

from ossian.engine.embedded.sequence import Sequence

HASH_SIZE = 16  # bytes; keyed, so that nobody can look for collisions


class BlockManager:
    """Allocates, shares and frees the blocks of the KV cache."""

    def __init__(self, num_blocks: int, block_size: int, *, enable_prefix_cache: bool = True) -> None:
        self.num_blocks = num_blocks
        self.block_size = block_size
        self.enable_prefix_cache = enable_prefix_cache
        self._key = secrets.token_bytes(32)
        self._ref_counts = [0] * num_blocks
        self._hashes: list[bytes | None] = [None] * num_blocks
        self._cached: dict[bytes, int] = {}  # hash -> block id
        self._free = OrderedDict.fromkeys(range(num_blocks))  # the next one to take is the first

    @property
    def num_free_blocks(self) -> int:
        return len(self._free)

    def allocate(self, sequence: Sequence, *, num_spare_blocks: int = 0) -> bool:
        """Give a waiting sequence blocks for all its tokens, sharing those of its longest cached prefix.

        Returns False, with nothing taken, when that would leave fewer than `num_spare_blocks` free.
        """
        prefix = self._cached_prefix(sequence)
        num_new = self._num_blocks_of(sequence) - len(prefix)
        num_revived = sum(self._ref_counts[block_id] == 0 for block_id in prefix)
        if num_new + num_revived + num_spare_blocks > len(self._free):
            return False
        for block_id in prefix:  # before any is taken, so that none of them is
            self._reference(block_id)
        for block_id in (*prefix, *(self._take() for _ in range(num_new))):
            sequence.block_table.append(block_id)
        sequence.num_published_blocks = len(prefix)
        sequence.num_cached_tokens = len(prefix) * self.block_size
        return True

    def next_hash(self, sequence: Sequence) -> bytes | None:
        """The hash of the first block that a sequence has to compute, None when nobody could share it.

        A waiting one whose hash a prefill has, too, gets the block when that is computed.
        """
        is_running = len(sequence.block_table) > 0
        if not self.enable_prefix_cache or (sequence.wants_prompt_logprobs and not is_running):
            return None
        num_full = (sequence.num_tokens - (not is_running)) // self.block_size  # the last token is not shared
        first = sequence.num_cached_tokens // self.block_size if is_running else len(self._cached_prefix(sequence))
        self._extend_hashes(sequence, num_full)
        return sequence.block_hashes[first] if first < num_full else None

    def append(self, sequence: Sequence) -> bool:
        """Make room for a running sequence's newest tokens; returns False when no block is free for one of them."""
        while self._num_blocks_of(sequence) > len(sequence.block_table):
            if not self._free:
                return False
            sequence.block_table.append(self._take())
        return True

    def publish(self, sequence: Sequence) -> None:
        """Let others share the blocks that this sequence has filled and computed."""
        num_full = sequence.num_cached_tokens // self.block_size
        if not self.enable_prefix_cache or num_full <= sequence.num_published_blocks:
            return
        self._extend_hashes(sequence, num_full)
        for index in range(sequence.num_published_blocks, num_full):
            block_hash = sequence.block_hashes[index]
            if block_hash not in self._cached:
                block_id = int(sequence.block_table.values[index])
                self._cached[block_hash] = block_id
                self._hashes[block_id] = block_hash
        sequence.num_published_blocks = num_full

    def deallocate(self, sequence: Sequence) -> None:
        """Take back a sequence's blocks, the last first, so that the start of a prefix stays cached longest."""
        for block_id in reversed(sequence.block_table.values.tolist()):
            self._release(block_id)
        sequence.block_table.clear()
        sequence.num_published_blocks = 0
        sequence.num_cached_tokens = 0

    def _num_blocks_of(self, sequence: Sequence) -> int:
        return -(-sequence.num_tokens // self.block_size)

    def _cached_prefix(self, sequence: Sequence) -> list[int]:
        """The cached blocks a sequence starts with; never all its tokens, since one must be computed for logits."""
        if not self.enable_prefix_cache or sequence.wants_prompt_logprobs:
            return []
        num_full = (sequence.num_tokens - 1) // self.block_size
        self._extend_hashes(sequence, num_full)
        prefix: list[int] = []
        for block_hash in sequence.block_hashes[:num_full]:
            block_id = self._cached.get(block_hash)
            if block_id is None:
                break
            prefix.append(block_id)
        return prefix

    def _extend_hashes(self, sequence: Sequence, num_full: int) -> None:
        """Chain the hashes of full blocks: each covers all the tokens before it, and the salt at the root."""
        hashes, token_ids = sequence.block_hashes, sequence.tokens.values
        for index in range(len(hashes), num_full):
            previous = hashes[-1] if hashes else self._hash(sequence.cache_salt.encode(errors="surrogatepass"))
            block = token_ids[index * self.block_size : (index + 1) * self.block_size]
            hashes.append(self._hash(previous + block.tobytes()))

    def _hash(self, value: bytes) -> bytes:
        return hashlib.blake2b(value, digest_size=HASH_SIZE, key=self._key).digest()

    def _take(self) -> int:
        block_id, _ = self._free.popitem(last=False)
        block_hash = self._hashes[block_id]
        if block_hash is not None:
            del self._cached[block_hash]
            self._hashes[block_id] = None
        self._ref_counts[block_id] = 1
        return block_id

    def _reference(self, block_id: int) -> None:
        if self._ref_counts[block_id] == 0:
            del self._free[block_id]
        self._ref_counts[block_id] += 1

    def _release(self, block_id: int) -> None:
        assert self._ref_counts[block_id] > 0, f"block {block_id} is freed twice"
        self._ref_counts[block_id] -= 1
        if self._ref_counts[block_id] == 0:
            self._free[block_id] = None
            if self._hashes[block_id] is None:  # nobody can share it: take it first
                self._free.move_to_end(block_id, last=False)
