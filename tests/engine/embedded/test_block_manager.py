"""Blocks are never leaked, freed twice or shared wrongly."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from ossian.engine.base import EngineRequest, SamplingParams
from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.sequence import Sequence

BLOCK_SIZE = 4


def sequence(token_ids: list[int], cache_salt: str = "", sampling: SamplingParams = SamplingParams()) -> Sequence:
    return Sequence(EngineRequest("r", token_ids, sampling, cache_salt=cache_salt), (), 1_000)


def computed(manager: BlockManager, token_ids: list[int], cache_salt: str = "") -> Sequence:
    """A sequence whose tokens are all computed."""
    one = sequence(token_ids, cache_salt)
    assert manager.allocate(one)
    one.num_cached_tokens = one.num_tokens
    manager.publish(one)
    return one


def num_cached(manager: BlockManager, token_ids: list[int]) -> int:
    return len(manager._cached_prefix(sequence(token_ids))) * BLOCK_SIZE


def test_a_prefix_is_shared_while_it_is_in_use() -> None:
    manager = BlockManager(8, BLOCK_SIZE)
    first = computed(manager, list(range(10)))
    second = sequence([*range(8), 99])
    assert manager.allocate(second)
    assert second.num_cached_tokens == 8
    assert second.block_table.values[:2].tolist() == first.block_table.values[:2].tolist()
    assert manager.num_free_blocks == 8 - 4


def test_a_prefix_is_revived_after_its_owner_left() -> None:
    manager = BlockManager(8, BLOCK_SIZE)
    manager.deallocate(computed(manager, list(range(10))))
    assert manager.num_free_blocks == 8
    again = sequence(list(range(10)))
    assert manager.allocate(again)
    assert again.num_cached_tokens == 8
    assert manager.num_free_blocks == 8 - 3


def test_one_token_is_always_left_to_compute() -> None:
    manager = BlockManager(8, BLOCK_SIZE)
    computed(manager, list(range(8)))
    again = sequence(list(range(8)))
    assert manager.allocate(again)
    assert again.num_cached_tokens == 4


def test_only_computed_blocks_are_shared() -> None:
    manager = BlockManager(8, BLOCK_SIZE)
    first = sequence(list(range(12)))
    assert manager.allocate(first)
    first.num_cached_tokens = 7
    manager.publish(first)
    second = sequence(list(range(12)))
    assert manager.allocate(second)
    assert second.num_cached_tokens == 4


def test_a_block_is_shared_only_behind_the_same_tokens() -> None:
    manager = BlockManager(8, BLOCK_SIZE)
    computed(manager, [1, 2, 3, 4, 5, 6, 7, 8])
    other = sequence([9, 9, 9, 9, 5, 6, 7, 8, 0])
    assert manager.allocate(other)
    assert other.num_cached_tokens == 0


def test_salts_do_not_share() -> None:
    manager = BlockManager(16, BLOCK_SIZE)
    computed(manager, list(range(8)), "alice")
    for salt, num_cached in (("", 0), ("bob", 0), ("\ud800", 0), ("alice", 8)):  # half a character is a salt, too
        one = sequence(list(range(9)), salt)
        assert manager.allocate(one)
        assert one.num_cached_tokens == num_cached


def test_generated_tokens_are_shared_too() -> None:
    manager = BlockManager(8, BLOCK_SIZE)
    first = sequence([1, 2, 3])
    assert manager.allocate(first)
    for token_id in range(4, 10):
        first.tokens.append(token_id)
        assert manager.append(first)
    first.num_cached_tokens = 8
    manager.publish(first)
    second = sequence(list(range(1, 10)))
    assert manager.allocate(second)
    assert second.num_cached_tokens == 8


def test_the_longest_unused_goes_first_and_a_tail_before_its_prefix() -> None:
    manager = BlockManager(4, BLOCK_SIZE)
    old, new = computed(manager, [1] * 8), computed(manager, [2] * 8)
    manager.deallocate(old)
    manager.deallocate(new)
    assert manager.allocate(sequence([3] * 4))
    assert num_cached(manager, [1] * 9) == 4
    assert num_cached(manager, [2] * 9) == 8
    assert manager.allocate(sequence([4] * 4))
    assert num_cached(manager, [1] * 9) == 0
    assert num_cached(manager, [2] * 9) == 8


def test_blocks_nobody_can_share_are_taken_first() -> None:
    manager = BlockManager(4, BLOCK_SIZE)
    manager.deallocate(computed(manager, [1] * 8))
    private = sequence([2] * 8)
    assert manager.allocate(private)
    manager.deallocate(private)
    assert manager.allocate(sequence([3] * 8))
    again = sequence([1] * 8)
    assert manager.allocate(again)
    assert again.num_cached_tokens == 4


def test_nothing_is_taken_when_it_is_not_enough() -> None:
    manager = BlockManager(4, BLOCK_SIZE)
    computed(manager, [1] * 8)
    big = sequence([1] * 17)
    assert not manager.allocate(big)
    assert manager.num_free_blocks == 2
    assert len(big.block_table) == 0
    assert not manager.allocate(sequence([5] * 4), num_spare_blocks=2)
    assert manager.allocate(sequence([5] * 4), num_spare_blocks=1)


def test_the_blocks_it_would_revive_are_not_counted_as_free() -> None:
    manager = BlockManager(3, BLOCK_SIZE)
    manager.deallocate(computed(manager, [1] * 8))
    assert not manager.allocate(sequence([1] * 8 + [2] * 5))
    assert manager.num_free_blocks == 3


def test_a_sequence_that_grows_takes_a_block_when_it_needs_one() -> None:
    manager = BlockManager(2, BLOCK_SIZE)
    one = sequence([1] * 4)
    assert manager.allocate(one)
    for num_blocks in (2, 2, 2, 2):
        one.tokens.append(1)
        assert manager.append(one)
        assert len(one.block_table) == num_blocks
    one.tokens.append(1)
    assert not manager.append(one)


def test_the_prefix_cache_can_be_off() -> None:
    manager = BlockManager(8, BLOCK_SIZE, enable_prefix_cache=False)
    computed(manager, list(range(8)))
    again = sequence(list(range(9)))
    assert manager.allocate(again)
    assert again.num_cached_tokens == 0


def test_prompt_logprobs_need_every_token_computed() -> None:
    manager = BlockManager(8, BLOCK_SIZE)
    computed(manager, list(range(8)))
    scored = sequence(list(range(9)), sampling=SamplingParams(num_prompt_logprobs=0))
    assert manager.allocate(scored)
    assert scored.num_cached_tokens == 0


def test_who_waits_has_the_next_hash_of_who_computes_it() -> None:
    manager = BlockManager(20, BLOCK_SIZE)
    first, same, other = sequence(list(range(20))), sequence(list(range(20))), sequence([*range(9), *range(50, 60)])
    assert manager.allocate(first)
    assert manager.next_hash(first) == manager.next_hash(same) == manager.next_hash(other) is not None
    first.num_cached_tokens = 9  # in the third block, which other does not have
    manager.publish(first)
    assert manager.next_hash(first) == manager.next_hash(same) != manager.next_hash(other)
    first.num_cached_tokens = 16
    manager.publish(first)
    assert manager.next_hash(first) is not None
    assert manager.next_hash(same) is None  # its last token is its own to compute


def test_what_cannot_be_shared_has_no_next_hash() -> None:
    tokens, scored = list(range(20)), SamplingParams(num_prompt_logprobs=1)
    assert BlockManager(20, BLOCK_SIZE, enable_prefix_cache=False).next_hash(sequence(tokens)) is None
    manager = BlockManager(20, BLOCK_SIZE)
    assert manager.next_hash(sequence([1, 2, 3, 4])) is None
    one = sequence(tokens, sampling=scored)
    assert manager.next_hash(one) is None
    assert manager.allocate(one)
    assert manager.next_hash(one) == manager.next_hash(sequence(tokens))  # others may use what it computes


class Blocks(RuleBasedStateMachine):
    """Random lives of sequences over few tokens, so that prefixes meet."""

    sequences = Bundle("sequences")

    def __init__(self) -> None:
        super().__init__()
        self.manager = BlockManager(12, BLOCK_SIZE)
        self.alive: list[Sequence] = []
        self.contents: dict[int, tuple[str, tuple[int, ...]]] = {}  # block id -> the tokens up to its end

    @rule(
        target=sequences,
        token_ids=st.lists(st.integers(0, 1), min_size=1, max_size=24),
        cache_salt=st.sampled_from(["", "a"]),
        num_spare_blocks=st.integers(0, 3),
    )
    def allocate(self, token_ids: list[int], cache_salt: str, num_spare_blocks: int) -> object:
        one = sequence(token_ids, cache_salt)
        num_free_blocks = self.manager.num_free_blocks
        if not self.manager.allocate(one, num_spare_blocks=num_spare_blocks):
            assert self.manager.num_free_blocks == num_free_blocks
            return multiple()
        self.alive.append(one)
        assert one.num_cached_tokens < one.num_tokens
        for index in range(one.num_cached_tokens // BLOCK_SIZE):
            assert self.contents[int(one.block_table.values[index])] == self.content(one, index)
        for block_id in one.block_table.values[one.num_cached_tokens // BLOCK_SIZE :].tolist():
            self.contents.pop(block_id, None)
        return one

    @rule(one=sequences, token_id=st.integers(0, 1))
    def append(self, one: Sequence, token_id: int) -> None:
        if self.manager.num_free_blocks == 0:
            return
        num_blocks = len(one.block_table)
        one.num_cached_tokens = one.num_tokens
        one.tokens.append(token_id)
        assert self.manager.append(one)
        for block_id in one.block_table.values[num_blocks:].tolist():
            self.contents.pop(block_id, None)
        self.publish(one, 1)

    @rule(one=sequences, num_tokens=st.integers(1, 9))
    def compute(self, one: Sequence, num_tokens: int) -> None:
        one.num_cached_tokens = min(one.num_tokens, one.num_cached_tokens + num_tokens)
        self.publish(one, num_tokens)

    @rule(one=consumes(sequences))
    def deallocate(self, one: Sequence) -> None:
        self.alive.remove(one)
        self.manager.deallocate(one)

    def publish(self, one: Sequence, num_tokens: int) -> None:
        for index in range(one.num_cached_tokens // BLOCK_SIZE):
            self.contents[int(one.block_table.values[index])] = self.content(one, index)
        self.manager.publish(one)

    def content(self, one: Sequence, index: int) -> tuple[str, tuple[int, ...]]:
        return one.cache_salt, tuple(one.tokens.values[: (index + 1) * BLOCK_SIZE].tolist())

    @invariant()
    def every_block_is_free_or_held_by_those_whose_table_it_is_in(self) -> None:
        held = [block_id for one in self.alive for block_id in one.block_table.values.tolist()]
        ref_counts = [held.count(block_id) for block_id in range(self.manager.num_blocks)]
        assert self.manager._ref_counts == ref_counts
        assert set(self.manager._free) == {block_id for block_id, count in enumerate(ref_counts) if count == 0}

    @invariant()
    def the_prefix_cache_knows_what_its_blocks_hold(self) -> None:
        for block_hash, block_id in self.manager._cached.items():
            assert self.manager._hashes[block_id] == block_hash
            assert block_id in self.contents
        assert sum(block_hash is not None for block_hash in self.manager._hashes) == len(self.manager._cached)

    @invariant()
    def no_sequence_holds_a_block_twice(self) -> None:
        for one in self.alive:
            table = one.block_table.values.tolist()
            assert len(set(table)) == len(table) == -(-one.num_tokens // BLOCK_SIZE)

    def teardown(self) -> None:
        for one in self.alive:
            self.manager.deallocate(one)
        assert self.manager.num_free_blocks == self.manager.num_blocks


Blocks.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBlocks = Blocks.TestCase
