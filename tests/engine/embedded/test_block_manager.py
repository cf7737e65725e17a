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
    assert manager.next_hash(one) is None  # others may use what it computes, but not wait for it


# Sliding layers


def run(manager: BlockManager, one: Sequence, *, chunk: int = 8, output: Ids[int] = ()) -> Sequence:
    """Prefill a sequence in chunks, and decode an output."""
    assert manager.allocate(one)
    while one.num_cached_tokens < one.num_prompt_tokens:
        one.num_cached_tokens += manager.reserve(one, min(chunk, one.num_uncached_tokens))
        manager.publish(one)
    decode(manager, one, output)
    return one


def decode(manager: BlockManager, one: Sequence, output: Ids[int]) -> None:
    for token_id in output:
        one.tokens.append(token_id)
        assert manager.append(one)
        one.num_cached_tokens += 1
        manager.publish(one)


def fill(manager: BlockManager, num_blocks: int) -> None:
    """Take and give back so many blocks: what others do meanwhile."""
    other = Sequence(EngineRequest("r", [7] * num_blocks * BLOCK_SIZE, cache_salt="other"), (), 1_000)
    assert manager.allocate(other)
    manager.deallocate(other)


def num_held(manager: BlockManager) -> int:
    return manager.num_blocks - manager.num_free_blocks


def test_a_long_sequence_holds_its_window_only() -> None:
    manager = manager_of(64, window=6)
    one = run(manager, sequence(list(range(100))), output=range(60))
    assert num_held(manager) == 160 // BLOCK_SIZE + 2  # the next token, at 160, sees from 155 on: two blocks
    manager.deallocate(one)
    assert num_held(manager) == 0


def test_a_prompt_that_fills_the_cache_is_prefilled_in_smaller_chunks() -> None:
    manager = manager_of(30, window=6)
    one = sequence(list(range(27 * BLOCK_SIZE)))  # and three blocks of the window
    assert manager.allocate(one)
    num_chunks = 0
    while one.num_uncached_tokens:
        assert manager.append(one)
        one.num_cached_tokens += manager.reserve(one, one.num_uncached_tokens)
        manager.publish(one)
        num_chunks += 1
    assert num_chunks > 27 // 3
    manager.deallocate(one)


def test_room_for_drafts_is_what_is_free() -> None:
    manager = manager_of(4, window=6)
    one = sequence([1] * 6)
    assert manager.allocate(one)
    assert manager.append(one)
    assert manager.reserve(one, 6) == 6
    one.num_cached_tokens = 6
    one.tokens.append(1)
    assert manager.reserve(one, 9) == 2  # four blocks, two of a kind, are full after that
    assert manager.num_free_blocks == 0
    manager.deallocate(one)
    assert manager.num_free_blocks == 4


def test_the_next_turn_goes_on_where_the_reasoning_began() -> None:
    """To the token, after any length of reasoning, and wherever in a block the prompt ended."""
    for num_prompt_tokens in range(20, 29):
        manager = manager_of(64, window=6)
        prompt = list(range(num_prompt_tokens))
        manager.deallocate(run(manager, sequence(prompt), output=[90] * 50))
        assert num_cached(manager, [*prompt, 91, 92]) == num_prompt_tokens


def test_the_same_prompt_again_computes_one_token() -> None:
    for num_prompt_tokens in range(20, 29):
        manager = manager_of(64, window=6)
        prompt = list(range(num_prompt_tokens))
        first = run(manager, sequence(prompt), output=[90] * 50)
        assert num_cached(manager, prompt) == num_prompt_tokens - 1  # while it runs
        manager.deallocate(first)
        assert num_cached(manager, prompt) == num_prompt_tokens - 1


def test_a_turn_goes_on_after_all_it_said_too() -> None:
    """As it does when it called a tool: to the last token that was computed."""
    manager = manager_of(64, window=6)
    one = run(manager, sequence(list(range(21))), output=[90] * 50)
    manager.deallocate(one)
    assert num_cached(manager, [*one.tokens.values.tolist(), 91]) == 71


def test_a_turn_goes_on_after_what_it_thought() -> None:
    """What it called a tool with need not come back as it was generated, but the message before does."""
    for thought_len in range(30, 36):
        manager = manager_of(64, window=6)
        request = EngineRequest("r", list(range(21)), snapshot_token_ids=(99,))
        thought = [*[90] * thought_len, 99]
        manager.deallocate(run(manager, Sequence(request, (), 1_000), output=[*thought, *[91] * 30]))
        assert num_cached(manager, [*range(21), *thought, 92]) == 21 + len(thought)


def test_conversations_go_on_from_a_common_preamble() -> None:
    for preamble_len in range(9, 18):
        manager = manager_of(64, window=6)
        request = EngineRequest("r", list(range(40)), snapshot_positions=(preamble_len,))
        manager.deallocate(run(manager, Sequence(request, (), 1_000), output=[90] * 10))
        for token_id in range(80, 86):  # each takes the preamble's blocks, and gives them back
            another = sequence([*range(preamble_len), *[token_id] * 30])
            manager.deallocate(run(manager, another, output=[90] * 10))
            assert another.num_prompt_tokens == preamble_len + 30
            fill(manager, 20)
            assert num_cached(manager, [*range(preamble_len), 99]) == preamble_len


def test_long_prompts_have_snapshots_on_the_way() -> None:
    manager = manager_of(2_000, window=6)
    manager.deallocate(run(manager, sequence(list(range(3_000))), chunk=512))
    fill(manager, 400)  # of blocks that nobody has any use for there were more
    for position, num_found in ((500, 0), (1_024, 1_024), (1_900, 1_024), (2_050, 2_048), (2_999, 2_048)):
        assert num_cached(manager, [*range(position), -1]) == num_found


def test_where_two_parted_a_third_may_go_on() -> None:
    manager = manager_of(200, window=6)
    prefix = list(range(40))
    manager.deallocate(run(manager, sequence([*prefix, *[90] * 60])))
    fill(manager, 80)
    assert num_cached(manager, [*prefix, 91]) == 0
    manager.deallocate(run(manager, sequence([*prefix, *[91] * 60])))
    fill(manager, 80)
    assert num_cached(manager, [*prefix, 92]) == 40


def test_blocks_that_left_the_window_go_before_all_others() -> None:
    manager = manager_of(40, window=6)
    old = list(range(200, 240))
    manager.deallocate(run(manager, sequence(old)))
    run(manager, sequence(list(range(60))))  # 15 blocks and its window; all the rest it gives back
    assert num_cached(manager, old) == 39


def test_a_snapshot_lives_as_long_as_its_prefix() -> None:
    """Of two conversations the one that was of use last survives, in the layers of both kinds."""
    manager = manager_of(60, window=6)
    first, second = list(range(30)), list(range(100, 130))
    manager.deallocate(run(manager, sequence(first), output=[90] * 20))
    manager.deallocate(run(manager, sequence(second), output=[90] * 20))
    manager.deallocate(run(manager, sequence([*first, 91, 92]), output=[93] * 20))  # the first goes on
    fill(manager, manager.num_blocks - 20)
    assert num_cached(manager, [*first, 94]) == 30
    assert num_cached(manager, [*second, 94]) == 0


def test_a_snapshot_of_who_still_runs_lives_as_long_as_its_prefix() -> None:
    """However much is computed and forgotten beside a long answer."""
    manager = manager_of(60, window=6)
    prompt = list(range(30))
    one = run(manager, sequence(prompt), output=[90] * 20)
    for number in range(1, 12):
        manager.deallocate(run(manager, sequence(list(range(100 * number, 100 * number + 30)))))
        decode(manager, one, [90] * BLOCK_SIZE)
    assert num_cached(manager, [*prompt, 94]) == 30
    manager.deallocate(one)
    assert num_cached(manager, [*prompt, 94]) == 30


def test_what_is_computed_again_replaces_what_was_known() -> None:
    """It is of use later than the old blocks, which are taken before all others."""
    manager = manager_of(60, window=6)
    prompt = list(range(40))
    first, second = sequence(prompt), sequence(prompt)
    assert manager.allocate(first)
    assert manager.allocate(second)
    for one in (first, second):
        one.num_cached_tokens = manager.reserve(one, 40)
        manager.publish(one)
    old = set(held_blocks(first))
    manager.deallocate(first)
    assert {manager._pool.take() for _ in old} == old
    manager.deallocate(second)
    assert num_cached(manager, prompt) == 39


def held_blocks(one: Sequence) -> list[int]:
    return [*one.block_table.values.tolist(), *one.sliding_block_table.values[one.num_left_blocks :].tolist()]


def test_partly_filled_blocks_are_copied_and_never_shared() -> None:
    copies: list[tuple[list[int], list[int]]] = []
    manager = BlockManager(64, BLOCK_SIZE, lambda *blocks: copies.append((list(blocks[0]), list(blocks[1]))), window=6)
    one = run(manager, sequence(list(range(10))))
    other = sequence([*range(10), 50])
    assert manager.allocate(other)
    assert other.num_cached_tokens == 10
    assert copies == [
        (
            [one.block_table.values[2], one.sliding_block_table.values[2]],
            [other.block_table.values[2], other.sliding_block_table.values[2]],
        )
    ]
    assert other.block_table.values[:2].tolist() == one.block_table.values[:2].tolist()
    assert other.block_table.values[2] != one.block_table.values[2]
    assert other.sliding_block_table.values[1:2].tolist() == one.sliding_block_table.values[1:2].tolist()


def test_a_partly_filled_block_is_found_until_it_is_taken() -> None:
    manager = manager_of(8, window=6)
    manager.deallocate(run(manager, sequence([1, 2, 3, 4, 5, 6])))
    assert num_cached(manager, [1, 2, 3, 4, 5, 6, 7]) == 6
    assert manager.allocate(sequence([9] * 16))  # takes the four that nobody used, and the last of these
    assert num_cached(manager, [1, 2, 3, 4, 5, 6, 7]) == 4
    assert not manager._prefix_cache._tails
    assert not manager._prefix_cache._tail_lens
