"""Whatever becomes of sequences, their blocks hold their K/V: none is leaked, freed twice, or shared wrongly."""

from collections.abc import Sequence as Ids
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from ossian.engine.base import EngineRequest
from ossian.engine.embedded.block_manager import LEFT, BlockManager
from ossian.engine.embedded.sequence import GrowingArray, Sequence

BLOCK_SIZE = 4
NUM_BLOCKS = 24

KV: TypeAlias = tuple[str, str, tuple[int, ...]]  # what K/V depend on: the layers' kind, the salt, the tokens so far


class Slots:
    """What is written in the slots of a KV cache."""

    def __init__(self) -> None:
        self.kv: dict[tuple[int, int], KV] = {}

    def copy_blocks(self, sources: Ids[int], targets: Ids[int]) -> None:
        copies = {
            (target, offset): self.kv[source, offset]
            for source, target in zip(sources, targets, strict=True)
            for offset in range(BLOCK_SIZE)
            if (source, offset) in self.kv
        }
        self.kv |= copies

    def write(self, table: GrowingArray, position: int, kv: KV) -> None:
        self.kv[int(table.values[position // BLOCK_SIZE]), position % BLOCK_SIZE] = kv

    def read(self, table: GrowingArray, position: int) -> KV | None:
        return self.kv.get((int(table.values[position // BLOCK_SIZE]), position % BLOCK_SIZE))


class BlockLives(RuleBasedStateMachine):
    """Sequences over two tokens, so that prefixes meet, with too few blocks for all."""

    sequences = Bundle("sequences")

    @initialize(
        window=st.sampled_from([0, 1, 2, 4, 5, 9, 40]), enable_prefix_cache=st.sampled_from([True, True, False])
    )
    def start(self, window: int, enable_prefix_cache: bool) -> None:
        self.window = window
        self.slots = Slots()
        self.manager = BlockManager(
            NUM_BLOCKS, BLOCK_SIZE, self.slots.copy_blocks, window=window, enable_prefix_cache=enable_prefix_cache
        )
        self.alive: list[Sequence] = []

    @rule(
        target=sequences,
        token_ids=st.lists(st.integers(0, 1), min_size=1, max_size=30),
        cache_salt=st.sampled_from(["", "a"]),
        snapshot_positions=st.lists(st.integers(0, 30), max_size=2),
        num_spare_blocks=st.integers(0, 3),
    )
    def allocate(
        self, token_ids: list[int], cache_salt: str, snapshot_positions: list[int], num_spare_blocks: int
    ) -> object:
        request = EngineRequest("r", token_ids, cache_salt=cache_salt, snapshot_positions=snapshot_positions)
        one = Sequence(request, (), 1_000)
        num_free_blocks = self.manager.num_free_blocks
        if not self.manager.allocate(one, num_spare_blocks=num_spare_blocks):
            assert self.manager.num_free_blocks == num_free_blocks
            return multiple()
        assert one.num_cached_tokens < one.num_tokens
        self.alive.append(one)
        return one

    @rule(source=sequences, num_tokens=st.integers(0, 30), rest=st.lists(st.integers(0, 1), min_size=1, max_size=9))
    def come_back(self, source: Sequence, num_tokens: int, rest: list[int]) -> None:
        """The next turn of a conversation: it parts from the last one somewhere, and leaves at once."""
        prompt = [*source.tokens.values[:num_tokens].tolist(), *rest]
        one = Sequence(EngineRequest("r", prompt, cache_salt=source.cache_salt), (), 1_000)
        if self.manager.allocate(one):
            self.check_kv(one)
            self.manager.deallocate(one)

    @rule(one=sequences, num_tokens=st.integers(1, 9), num_drafts=st.integers(0, 5))
    def compute(self, one: Sequence, num_tokens: int, num_drafts: int) -> None:
        """Compute some tokens, and after them drafts that are refused."""
        num_wanted = min(num_tokens, one.num_tokens - one.num_cached_tokens)
        if num_wanted == 0 or not self.manager.append(one):
            return
        num_reserved = self.manager.reserve(one, num_wanted + num_drafts)
        assert 1 <= num_reserved <= num_wanted + num_drafts
        num_computed = min(num_wanted, num_reserved)
        for position in range(one.num_cached_tokens, one.num_cached_tokens + num_reserved):
            is_draft = position >= one.num_cached_tokens + num_computed
            self.write(one, position, () if is_draft else tuple(one.tokens.values[: position + 1].tolist()))
        one.num_cached_tokens += num_computed
        self.manager.publish(one)

    @rule(one=sequences, token_id=st.integers(0, 1))
    def sample(self, one: Sequence, token_id: int) -> None:
        if one.num_cached_tokens == one.num_tokens:
            one.tokens.append(token_id)

    @rule(one=consumes(sequences))
    def deallocate(self, one: Sequence) -> None:
        self.alive.remove(one)
        self.manager.deallocate(one)
        assert one.num_cached_tokens == len(one.block_table) == len(one.sliding_block_table) == 0

    @rule(target=sequences, one=consumes(sequences))
    def preempt(self, one: Sequence) -> object:
        self.deallocate(one)
        if not self.manager.allocate(one):
            return multiple()
        self.alive.append(one)
        return one

    def write(self, one: Sequence, position: int, tokens: tuple[int, ...]) -> None:
        self.slots.write(one.block_table, position, ("full", one.cache_salt, tokens))
        if self.window:
            self.slots.write(one.sliding_block_table, position, ("sliding", one.cache_salt, tokens))

    def check_kv(self, one: Sequence) -> None:
        """The next token sees the K/V that computing the sequence alone would have written."""
        end = one.num_cached_tokens
        for position in range(end):
            tokens = tuple(one.tokens.values[: position + 1].tolist())
            assert self.slots.read(one.block_table, position) == ("full", one.cache_salt, tokens)
            if position > end - self.window:
                assert self.slots.read(one.sliding_block_table, position) == ("sliding", one.cache_salt, tokens)

    @invariant()
    def every_sequence_sees_its_own_kv(self) -> None:
        for one in getattr(self, "alive", []):
            self.check_kv(one)

    @invariant()
    def every_block_is_free_or_held_by_those_whose_tables_it_is_in(self) -> None:
        if not hasattr(self, "manager"):
            return
        full = [block_id for one in self.alive for block_id in one.block_table.values.tolist()]
        sliding = [block_id for one in self.alive for block_id in one.sliding_block_table.values.tolist()]
        assert not set(full) & set(sliding), "a block serves layers of both kinds"
        held = [block_id for block_id in (*full, *sliding) if block_id != LEFT]
        pool = self.manager._pool
        assert pool._ref_counts == [held.count(block_id) for block_id in range(NUM_BLOCKS)]
        assert sorted([*pool._useless, *pool._useful]) == sorted(set(range(NUM_BLOCKS)) - set(held))

    @invariant()
    def sliding_layers_hold_their_window_only(self) -> None:
        for one in getattr(self, "alive", []):
            first = max(0, one.num_cached_tokens - self.window + 1) // BLOCK_SIZE if self.window else 0
            table = one.sliding_block_table.values.tolist()
            assert table[:first] == [LEFT] * first
            assert LEFT not in table[first:]
            assert first == one.num_left_blocks

    @invariant()
    def the_prefix_cache_remembers_no_more_than_its_blocks(self) -> None:
        if not hasattr(self, "manager"):
            return
        cache = self.manager._prefix_cache
        known = [*cache._full.items(), *cache._sliding.items()]
        assert sorted((block_id, name) for block_id, names in cache._hashes.items() for name in names) == sorted(
            (block_id, name) for name, block_id in known
        )
        assert set(cache._tails) <= set(cache._full)
        assert sum(map(sum, map(dict.values, cache._tail_lens.values()))) == len(cache._tails)

    def teardown(self) -> None:
        for one in getattr(self, "alive", []):
            self.manager.deallocate(one)
        assert not hasattr(self, "manager") or self.manager.num_free_blocks == NUM_BLOCKS


BlockLives.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestBlockLives = BlockLives.TestCase
