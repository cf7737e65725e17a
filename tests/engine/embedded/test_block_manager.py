"""Which blocks are shared, kept and taken. Random lives of sequences are in test_block_lives.py."""

from collections.abc import Sequence as Ids

from ossian.engine.base import EngineRequest, SamplingParams
from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.sequence import Sequence

BLOCK_SIZE = 4


def no_copies(sources: Ids[int], targets: Ids[int]) -> None:
    """There are no K/V here."""


def manager_of(num_blocks: int, window: int = 0, *, enable_prefix_cache: bool = True) -> BlockManager:
    return BlockManager(num_blocks, BLOCK_SIZE, no_copies, window=window, enable_prefix_cache=enable_prefix_cache)


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
    return manager._prefix_cache.longest_hit(sequence(token_ids)).num_tokens


def test_a_prefix_is_shared_while_it_is_in_use() -> None:
    manager = manager_of(8)
    first = computed(manager, list(range(10)))
    second = sequence([*range(8), 99])
    assert manager.allocate(second)
    assert second.num_cached_tokens == 8
    assert second.block_table.values[:2].tolist() == first.block_table.values[:2].tolist()
    assert manager.num_free_blocks == 8 - 4


def test_a_prefix_is_revived_after_its_owner_left() -> None:
    manager = manager_of(8)
    manager.deallocate(computed(manager, list(range(10))))
    assert manager.num_free_blocks == 8
    again = sequence(list(range(10)))
    assert manager.allocate(again)
    assert again.num_cached_tokens == 9
    assert manager.num_free_blocks == 8 - 3


def test_one_token_is_always_left_to_compute() -> None:
    manager = manager_of(8)
    computed(manager, list(range(8)))
    again = sequence(list(range(8)))
    assert manager.allocate(again)
    assert again.num_cached_tokens == 7


def test_only_computed_blocks_are_shared() -> None:
    manager = manager_of(8)
    first = sequence(list(range(12)))
    assert manager.allocate(first)
    first.num_cached_tokens = 7
    manager.publish(first)
    second = sequence(list(range(12)))
    assert manager.allocate(second)
    assert second.num_cached_tokens == 4


def test_a_block_is_shared_only_behind_the_same_tokens() -> None:
    manager = manager_of(8)
    computed(manager, [1, 2, 3, 4, 5, 6, 7, 8])
    other = sequence([9, 9, 9, 9, 5, 6, 7, 8, 0])
    assert manager.allocate(other)
    assert other.num_cached_tokens == 0


def test_salts_do_not_share() -> None:
    manager = manager_of(16)
    computed(manager, list(range(8)), "alice")
    for salt, num_cached in (("", 0), ("bob", 0), ("\ud800", 0), ("alice", 8)):  # half a character is a salt, too
        one = sequence(list(range(9)), salt)
        assert manager.allocate(one)
        assert one.num_cached_tokens == num_cached


def test_generated_tokens_are_shared_too() -> None:
    manager = manager_of(8)
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
    manager = manager_of(4)
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
    manager = manager_of(4)
    manager.deallocate(computed(manager, [1] * 8))
    private = sequence([2] * 8)
    assert manager.allocate(private)
    manager.deallocate(private)
    assert manager.allocate(sequence([3] * 8))
    again = sequence([1] * 8)
    assert manager.allocate(again)
    assert again.num_cached_tokens == 7


def test_nothing_is_taken_when_it_is_not_enough() -> None:
    manager = manager_of(4)
    computed(manager, [1] * 8)
    big = sequence([1] * 17)
    assert not manager.allocate(big)
    assert manager.num_free_blocks == 2
    assert len(big.block_table) == 0
    assert not manager.allocate(sequence([5] * 4), num_spare_blocks=2)
    assert manager.allocate(sequence([5] * 4), num_spare_blocks=1)


def test_the_blocks_it_would_revive_are_not_counted_as_free() -> None:
    manager = manager_of(3)
    manager.deallocate(computed(manager, [1] * 8))
    assert not manager.allocate(sequence([1] * 8 + [2] * 5))
    assert manager.num_free_blocks == 3


def test_a_sequence_that_grows_takes_a_block_when_it_needs_one() -> None:
    manager = manager_of(2)
    one = sequence([1] * 4)
    assert manager.allocate(one)
    for num_blocks in (2, 2, 2, 2):
        one.tokens.append(1)
        assert manager.append(one)
        assert len(one.block_table) == num_blocks
    one.tokens.append(1)
    assert not manager.append(one)


def test_the_prefix_cache_can_be_off() -> None:
    manager = manager_of(8, enable_prefix_cache=False)
    computed(manager, list(range(8)))
    again = sequence(list(range(9)))
    assert manager.allocate(again)
    assert again.num_cached_tokens == 0


def test_prompt_logprobs_need_every_token_computed() -> None:
    manager = manager_of(8)
    computed(manager, list(range(8)))
    scored = sequence(list(range(9)), sampling=SamplingParams(num_prompt_logprobs=0))
    assert manager.allocate(scored)
    assert scored.num_cached_tokens == 0


def test_who_waits_has_the_next_hash_of_who_computes_it() -> None:
    manager = manager_of(20)
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
    assert manager_of(20, enable_prefix_cache=False).next_hash(sequence(tokens)) is None
    manager = manager_of(20)
    assert manager.next_hash(sequence([1, 2, 3, 4])) is None
    one = sequence(tokens, sampling=scored)
    assert manager.next_hash(one) is None
    assert manager.allocate(one)
    assert manager.next_hash(one) == manager.next_hash(sequence(tokens))  # others may use what it computes
