"""Decodes first and at their pace, short prefills beside long ones, no block twice, and nobody waits for ever."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ossian.engine.base import EngineRequest, SamplingParams
from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.kv_cache import max_len_in
from ossian.engine.embedded.scheduler import Scheduler
from ossian.engine.embedded.sequence import MAX_SCORED_TOKENS, Sequence, SequenceStatus
from ossian.engine.embedded.step_pace import LEAST_PREFILL, StepPace

BLOCK_SIZE = 4
TARGET_SECONDS = 1.0


def no_copies(sources: Iterable[int], targets: Iterable[int]) -> None:
    """There are no K/V here."""


def scheduler(
    num_blocks: int = 64,
    max_num_seqs: int = 4,
    max_num_batched_tokens: int = 16,
    enable_prefix_cache: bool = True,
    window: int = 0,
) -> Scheduler:
    manager = BlockManager(num_blocks, BLOCK_SIZE, no_copies, window=window, enable_prefix_cache=enable_prefix_cache)
    pace = StepPace(TARGET_SECONDS)
    return Scheduler(manager, pace, max_num_seqs=max_num_seqs, max_num_batched_tokens=max_num_batched_tokens)


def sequence(token_ids: Iterable[int], cache_salt: str = "", **sampling: Any) -> Sequence:
    return Sequence(EngineRequest("r", list(token_ids), SamplingParams(**sampling), cache_salt=cache_salt), (), 10_000)


def step(one: Scheduler, token_ids: Iterable[int] = (0,), max_num_tokens: int = 1_000) -> list[tuple[Sequence, int]]:
    """Run a step as the loop does, with what is sampled and forced; returns who computed how many tokens."""
    scheduled = one.schedule()
    chunks = [(each, each.num_scheduled_tokens) for each in scheduled]
    sampled = [each for each in scheduled if each.is_sampled]
    for each in scheduled:
        one.advance(each)
    for each in sampled:
        for token_id in token_ids:
            if each.num_tokens < max_num_tokens:
                each.tokens.append(token_id)
    return chunks


def test_a_long_prompt_is_prefilled_in_chunks_of_the_budget() -> None:
    one, prompt = scheduler(), sequence(range(40))
    one.add(prompt)
    assert [step(one) for _ in range(4)] == [[(prompt, 16)], [(prompt, 16)], [(prompt, 8)], [(prompt, 1)]]


def test_decodes_come_first_and_prefills_get_the_rest_of_the_budget() -> None:
    one, short, long = scheduler(), sequence([1, 2]), sequence(range(100, 140))
    one.add(short)
    step(one)
    one.add(long)
    assert [step(one) for _ in range(3)] == [
        [(short, 1), (long, 15)],
        [(short, 1), (long, 15)],
        [(short, 1), (long, 10)],
    ]


def test_forced_tokens_are_computed_together_before_any_prefill() -> None:
    one, forced, plain = scheduler(), sequence([1]), sequence([2])
    one.add(forced)
    one.add(plain)
    step(one)
    for token_id in range(6):
        forced.tokens.append(token_id)
    one.add(long := sequence(range(40)))
    assert step(one) == [(forced, 7), (plain, 1), (long, 8)]


def test_more_forced_tokens_than_the_budget_has_take_several_steps() -> None:
    one, forced, plain = scheduler(), sequence([1]), sequence([2])
    one.add(forced)
    one.add(plain)
    step(one)
    for token_id in range(20):
        forced.tokens.append(token_id)
    assert step(one) == [(forced, 15), (plain, 1)]
    assert step(one) == [(forced, 6), (plain, 1)]


def test_short_prompts_share_a_step() -> None:
    one, sequences = scheduler(), [sequence([i] * 6) for i in range(3)]
    for each in sequences:
        one.add(each)
    first, second, third = sequences
    assert step(one) == [(first, 6), (second, 6), (third, 4)]
    assert step(one) == [(first, 1), (second, 1), (third, 2)]


def test_max_num_seqs_run_at_once() -> None:
    one, sequences = scheduler(max_num_seqs=2), [sequence([i]) for i in range(3)]
    for each in sequences:
        one.add(each)
    assert [each for each, _ in step(one)] == sequences[:2]
    one.remove(sequences[0])
    assert [each for each, _ in step(one)] == sequences[1:]


def test_the_most_recent_is_preempted_and_comes_back_first() -> None:
    one, old, new, third = scheduler(num_blocks=4), sequence([1] * 7), sequence([2] * 4), sequence([3])
    for each in (old, new, third):
        one.add(each)
    step(one)  # two blocks, one block; the fourth is left to grow into
    assert one.running == [old, new]
    step(one)
    step(one)  # old has nine tokens: it needs a third block, and new, with six, has taken the fourth
    assert one.running == [old]
    assert list(one.waiting) == [new, third]
    assert (new.num_cached_tokens, len(new.block_table)) == (0, 0)
    assert one.num_preemptions == 1
    one.remove(old)
    assert [each for each, _ in step(one)] == [new, third]


def test_the_most_recent_preempts_itself_rather_than_an_older_one() -> None:
    one, old, new = scheduler(num_blocks=3), sequence([1] * 5), sequence([2] * 2)
    one.add(old)
    one.add(new)
    step(one)
    assert one.running == [old]  # a block is left, and kept for old to grow into
    one.remove(old)
    one.add(young := sequence([3] * 3))
    step(one)
    assert one.running == [new, young]
    for _ in range(9):
        step(one)
    assert one.running == [new]
    assert list(one.waiting) == [young]


def test_a_preempted_sequence_goes_on_from_the_prefix_cache() -> None:
    one, sequences = scheduler(num_blocks=6, max_num_seqs=2), [sequence([i] * 8) for i in (1, 2)]
    for each in sequences:
        one.add(each)
    while one.num_preemptions == 0:
        step(one)
    one.remove(sequences[0])
    ((again, num_scheduled_tokens),) = step(one)
    assert again is sequences[1]
    assert num_scheduled_tokens < 8
    assert again.num_prefix_tokens == 0  # told of the first admission only


def test_it_says_how_much_of_the_prompt_was_cached() -> None:
    one, first, second = scheduler(), sequence(range(9)), sequence(range(9))
    one.add(first)
    step(one)
    one.add(second)
    assert step(one) == [(first, 1), (second, 1)]
    assert second.num_prefix_tokens == 8


def test_scored_prompts_take_small_chunks() -> None:
    one = scheduler(max_num_batched_tokens=512)
    scored = sequence(range(100), num_prompt_logprobs=1)
    one.add(scored)
    assert step(one) == [(scored, 64)]


def test_scored_prompts_share_the_rows_of_a_step() -> None:
    one = scheduler(max_num_batched_tokens=512)
    scored = [sequence(range(40 * i, 40 * i + 40), num_prompt_logprobs=1) for i in range(3)]
    plain = sequence(range(500, 540))
    for each in (*scored, plain):
        one.add(each)
    assert dict(step(one)) == {scored[0]: 40, scored[1]: 24, plain: 40}
    assert dict(step(one)) == {scored[0]: 1, scored[1]: 16, scored[2]: 40, plain: 1}
    assert dict(step(one)) == dict.fromkeys((*scored, plain), 1)


def test_removing_twice_and_removing_what_waits() -> None:
    one, first, second = scheduler(max_num_seqs=1), sequence([1]), sequence([2])
    one.add(first)
    one.add(second)
    step(one)
    for each in (second, first, first):
        one.remove(each)
    assert not one.has_work
    assert one.block_manager.num_free_blocks == 64
    assert first.status is second.status is SequenceStatus.FINISHED


def test_a_budget_that_would_starve_a_decode_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        scheduler(max_num_seqs=4, max_num_batched_tokens=3)


# The pace of running answers


def paced(seconds_per_token: float) -> tuple[Scheduler, Sequence]:
    """A scheduler that knows how long steps take, and an answer that runs."""
    one, answer = scheduler(num_blocks=2_000, max_num_batched_tokens=512), sequence([1])
    for num_tokens in (512, 64) * 50:
        one.pace.note(num_tokens, seconds_per_token * num_tokens)
    one.add(answer)
    step(one)
    return one, answer


def test_prefills_beside_an_answer_take_what_the_pace_allows() -> None:
    one, answer = paced(seconds_per_token=1 / 200)
    one.add(long := sequence(range(1_000)))
    assert step(one) == [(answer, 1), (long, 199)]


def test_a_prefill_gets_the_least_chunk_whatever_the_pace() -> None:
    one, answer = paced(seconds_per_token=1.0)
    one.add(long := sequence(range(1_000)))
    assert step(one) == [(answer, 1), (long, LEAST_PREFILL)]


def test_no_pace_allows_more_than_the_token_budget() -> None:
    one, answer = paced(seconds_per_token=1e-6)
    one.add(long := sequence(range(1_000)))
    assert step(one) == [(answer, 1), (long, 511)]


def test_without_a_running_answer_a_prefill_takes_the_whole_budget() -> None:
    one, answer = paced(seconds_per_token=1.0)
    one.remove(answer)
    one.add(long := sequence(range(1_000)))
    assert step(one) == [(long, 512)]


def test_what_a_preempted_answer_computes_again_is_a_prefill() -> None:
    """With all its output: nobody else's answer waits while it is computed."""
    one, answer = paced(seconds_per_token=1.0)
    one.add(other := sequence([2]))
    step(one)
    for _ in range(400):
        step(one)
    one._preempt(other)
    for block_id in range(one.block_manager.num_blocks):  # as if others had taken all its blocks
        one.block_manager._prefix_cache.forget(block_id)
    assert step(one) == [(answer, 1), (other, LEAST_PREFILL)]
    assert not other.is_decoding


# Fairness


def test_a_short_prompt_need_not_wait_for_a_long_one_that_goes_on_all_the_same() -> None:
    one, long, short = scheduler(num_blocks=300, max_num_seqs=8), sequence(range(900)), sequence(range(1_000, 1_020))
    one.add(long)
    assert step(one) == [(long, 16)]
    one.add(short)
    assert [step(one) for _ in range(3)] == [
        [(long, 8), (short, 8)],
        [(long, 8), (short, 8)],
        [(long, 12), (short, 4)],
    ]


def test_the_shortest_gets_what_the_oldest_leaves() -> None:
    one = scheduler(num_blocks=300, max_num_seqs=8)
    oldest, long, short = sequence(range(100)), sequence(range(100, 190)), sequence(range(200, 206))
    for each in (oldest, long, short):
        one.add(each)
    assert step(one) == [(oldest, 8), (long, 2), (short, 6)]


def test_a_long_prompt_is_done_in_time_however_many_short_ones_come() -> None:
    one, long = scheduler(num_blocks=300, max_num_seqs=8), sequence(range(400))
    one.add(long)
    num_steps = 0
    while not long.is_decoding:
        one.add(sequence(range(1_000 + 20 * num_steps, 1_020 + 20 * num_steps), max_tokens=1))
        for each in [each for each, _ in step(one) if each is not long and each.is_decoding]:
            one.remove(each)
        num_steps += 1
    assert num_steps <= 400 / 8 + 1


def test_prefills_keep_half_of_the_budget_from_forced_tokens() -> None:
    one, forced = scheduler(), sequence([1])
    one.add(forced)
    step(one)
    for token_id in range(40):
        forced.tokens.append(token_id)
    one.add(prompt := sequence(range(40)))
    assert step(one) == [(forced, 8), (prompt, 8)]


def test_one_that_does_not_fit_is_passed_so_many_times_and_no_more() -> None:
    """Whoever comes after that waits until the long one has had its turn."""
    one, holder, long = scheduler(num_blocks=40, max_num_seqs=3), sequence([1] * 60), sequence([2] * 100)
    one.add(holder)
    step(one)
    one.add(long)
    for number in range(3):
        one.add(short := sequence([3 + number]))
        assert short in dict(step(one))
        one.remove(short)
    assert long.num_overtaken == 3
    one.add(last := sequence([9]))
    assert last not in dict(step(one))
    one.remove(holder)
    assert [each for each, _ in step(one)] == [long, last]


# Blocks that somebody computes already


def test_choices_of_one_prompt_compute_it_once() -> None:
    one, prompt = scheduler(num_blocks=200), range(38)
    first, second, third = (sequence(prompt) for _ in range(3))
    for each in (first, second, third):
        one.add(each)
    assert [step(one) for _ in range(4)] == [
        [(first, 16)],
        [(first, 16)],
        [(first, 6)],
        [(first, 1), (second, 1), (third, 1)],
    ]
    assert [each.num_prefix_tokens for each in (first, second, third)] == [0, 37, 37]


def test_one_goes_on_alone_where_its_prompt_leaves_the_other() -> None:
    one, first, second = scheduler(num_blocks=200), sequence(range(60)), sequence([*range(17), *range(100, 120)])
    one.add(first)
    one.add(second)
    assert step(one) == [(first, 16)]
    assert step(one) == [(first, 8), (second, 8)]
    assert second.num_prefix_tokens == 16


def test_where_they_part_the_window_is_kept_for_who_waits() -> None:
    """The step that passes that place gives back what is behind its window, and answers take blocks before anybody is
    admitted.
    """
    one = scheduler(num_blocks=150, max_num_seqs=10, max_num_batched_tokens=64, window=9)
    for number in range(6):
        one.add(sequence([number] * 3))
    step(one)
    one.add(first := sequence(range(100, 150)))
    one.add(second := sequence([*range(100, 118), *range(50)]))
    assert first in dict(step(one, token_ids=[0] * 4))
    while second.num_prefix_tokens is None:
        step(one, token_ids=[0] * 4)
    assert second.num_prefix_tokens == 18


def test_a_shared_beginning_is_as_urgent_as_the_shortest_that_waits_for_it() -> None:
    one = scheduler(num_blocks=300, max_num_seqs=8)
    oldest, shared, middle = sequence([1] * 100), sequence([2] * 80), sequence([3] * 40)
    for each in (oldest, shared, middle):
        one.add(each)
    assert step(one) == [(oldest, 8), (middle, 8)]
    one.add(short := sequence([2] * 20))
    assert step(one) == [(oldest, 8), (shared, 8)]
    assert step(one) == [(oldest, 8), (shared, 8)]
    assert step(one) == [(oldest, 8), (middle, 4), (short, 4)]


def test_nobody_waits_for_a_younger_one() -> None:
    """Or ever more of these, each with the same beginning, could keep one that they passed from its turn."""
    one = scheduler(num_blocks=40, max_num_batched_tokens=8)
    holder, long, passing = sequence([1] * 60), sequence([2] * 100), sequence([2] * 20)
    one.add(holder)
    while not holder.is_decoding:
        step(one)
    one.add(long)
    one.add(passing)
    assert step(one) == [(holder, 1), (passing, 7)]
    one.remove(holder)
    assert step(one) == [(long, 4), (passing, 4)]


@pytest.mark.parametrize("fields", [{"cache_salt": "b"}, {"num_prompt_logprobs": 1}], ids=str)
def test_what_cannot_share_does_not_wait(fields: dict[str, Any]) -> None:
    one, first, second = scheduler(), sequence(range(38), cache_salt="a"), sequence(range(37), **fields)
    one.add(first)
    one.add(second)
    assert step(one) == [(first, 8), (second, 8)]


def test_nothing_waits_without_a_prefix_cache() -> None:
    one, first, second = scheduler(enable_prefix_cache=False), sequence(range(38)), sequence(range(37))
    one.add(first)
    one.add(second)
    assert step(one) == [(first, 8), (second, 8)]


def test_who_waits_for_one_that_leaves_goes_on_from_what_it_computed() -> None:
    one, first, second = scheduler(), sequence(range(38)), sequence(range(38))
    one.add(first)
    one.add(second)
    step(one)
    one.remove(first)
    assert step(one) == [(second, 16)]
    assert second.num_prefix_tokens == 16


def held_blocks(one: Sequence) -> list[int]:
    return [*one.block_table.values.tolist(), *one.sliding_block_table.values[one.num_left_blocks :].tolist()]


def fair_chunk(one: Sequence) -> int:
    """What a prefill needs, as far as it may have it: of the rows for scored prompts half."""
    return min(one.max_chunk, MAX_SCORED_TOKENS // 2) if one.is_scored else one.max_chunk


class Scheduling(RuleBasedStateMachine):
    """Sequences come, grow, leave and are aborted, with never quite enough blocks, and steps take any time."""

    @initialize(
        num_blocks=st.integers(26, 90),
        max_num_seqs=st.integers(1, 5),
        spare_budget=st.integers(0, 8) | st.integers(0, 200),
        enable_prefix_cache=st.booleans(),
        window=st.just(0) | st.sampled_from([1, 4, 9, 30, 200]),
    )
    def start(
        self, num_blocks: int, max_num_seqs: int, spare_budget: int, enable_prefix_cache: bool, window: int
    ) -> None:
        self.scheduler = scheduler(num_blocks, max_num_seqs, max_num_seqs + spare_budget, enable_prefix_cache, window)
        self.may_cut = window > 0  # chunks, when few blocks are free
        self.max_num_tokens = min(120, max_len_in(num_blocks, BLOCK_SIZE, window))
        self.arrivals: list[Sequence] = []

    @rule(
        shared=st.tuples(st.integers(0, 1), st.integers(0, 100)),
        own=st.lists(st.integers(2, 3), min_size=1, max_size=3),
        scores=st.booleans(),
    )
    def add(self, shared: tuple[int, int], own: list[int], scores: bool) -> None:
        token_id, num_shared = shared
        prompt = ([token_id] * num_shared + own)[-self.max_num_tokens + 1 :]
        one = sequence(prompt, num_prompt_logprobs=0 if scores else None)
        self.arrivals.append(one)
        self.scheduler.add(one)

    @precondition(lambda self: self.arrivals)
    @rule(data=st.data())
    def abort(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.arrivals))
        self.arrivals.remove(one)
        self.scheduler.remove(one)

    @precondition(lambda self: self.arrivals)
    @rule(token_ids=st.lists(st.integers(0, 1), min_size=1, max_size=8), seconds=st.floats(0.0, 5.0))
    def step(self, token_ids: list[int], seconds: float) -> None:
        decoding = [one for one in self.scheduler.running if one.is_decoding]
        num_preemptions = self.scheduler.num_preemptions
        num_paced = self.scheduler.pace.max_num_tokens(self.scheduler.max_num_batched_tokens)
        scheduled = self.scheduler.schedule()
        decodes = [one for one in scheduled if one.is_decoding]
        self.check_budget(scheduled, len(decodes) + max(LEAST_PREFILL, num_paced - len(decodes)) if decodes else None)
        self.check_shares([one for one in self.scheduler.running if not one.is_decoding], scheduled, len(decodes))
        was_preempted = self.scheduler.num_preemptions > num_preemptions
        for one in decoding:  # one that was preempted may be back at once, when its prefix is in others' blocks
            assert one in scheduled or (was_preempted and not one.is_decoding), "a decode was starved"
        self.advance(scheduled, token_ids)
        self.scheduler.pace.note(sum(one.num_scheduled_tokens for one in scheduled), seconds)

    def check_budget(self, scheduled: list[Sequence], max_num_paced: int | None) -> None:
        num_tokens = [one.num_scheduled_tokens for one in scheduled]
        assert scheduled, "there was work and nothing was done"
        assert sum(num_tokens) <= self.scheduler.max_num_batched_tokens
        assert max_num_paced is None or sum(num_tokens) <= max_num_paced, "running answers were held up"
        assert len(scheduled) <= self.scheduler.max_num_seqs
        assert min(num_tokens) > 0

    def check_shares(self, prefills: list[Sequence], scheduled: list[Sequence], num_decodes: int) -> None:
        """The oldest gets half of what prefills get, or all it needs, and so does the shortest unless it is the oldest;
        and however many answers run, prefills together get half of the least chunk.
        """
        if not prefills or self.may_cut:
            return
        chunks = {one: one.num_scheduled_tokens if one in scheduled else 0 for one in prefills}
        num_tokens = sum(chunks.values())
        oldest, shortest = prefills[0], min(prefills, key=lambda one: (one.num_uncached_tokens, one.arrival))
        least = min(LEAST_PREFILL, self.scheduler.max_num_batched_tokens - num_decodes)
        assert num_tokens >= min(sum(one.max_chunk for one in prefills), -(-least // 2))
        assert chunks[oldest] >= min(fair_chunk(oldest), -(-num_tokens // 2)), "the oldest prefill was starved"
        if all(one.urgent_len == one.num_prefill_tokens for one in prefills):
            assert chunks[shortest] >= min(fair_chunk(shortest), num_tokens // 2), "a short prefill waits for long ones"

    def advance(self, scheduled: list[Sequence], token_ids: list[int]) -> None:
        sampled = [one for one in scheduled if one.is_sampled]
        for one in scheduled:
            self.scheduler.advance(one)
        for one in sampled:
            for token_id in token_ids[: self.max_num_tokens - one.num_tokens]:
                one.tokens.append(token_id)
            if one.num_tokens >= self.max_num_tokens:
                self.arrivals.remove(one)
                self.scheduler.remove(one)

    @precondition(lambda self: self.arrivals)
    @rule()
    def drain(self) -> None:
        for _ in range(5_000):
            if not self.scheduler.has_work:
                break
            self.step([0], 1.0)
        assert not self.scheduler.has_work, "a livelock"

    @invariant()
    def they_stand_in_the_order_of_arrival(self) -> None:
        if not hasattr(self, "scheduler"):
            return
        queues = (self.scheduler.running, self.scheduler.waiting)
        assert all([one for one in self.arrivals if one in queue] == queue for queue in queues)
        assert sum(map(len, queues)) == len(self.arrivals)

    @invariant()
    def nobody_is_passed_for_ever(self) -> None:
        if hasattr(self, "scheduler"):
            assert all(one.num_overtaken <= self.scheduler.max_num_seqs for one in self.arrivals)

    @invariant()
    def blocks_are_held_by_running_sequences_only(self) -> None:
        if not hasattr(self, "scheduler"):
            return
        manager = self.scheduler.block_manager
        held = {block_id for one in self.scheduler.running for block_id in held_blocks(one)}
        assert len(held) + manager.num_free_blocks == manager.num_blocks
        assert not any(held_blocks(one) for one in self.scheduler.waiting)
        assert all(one.num_cached_tokens < one.num_tokens for one in self.arrivals)

    def teardown(self) -> None:
        if hasattr(self, "scheduler"):
            for one in self.arrivals:
                self.scheduler.remove(one)
            assert self.scheduler.block_manager.num_free_blocks == self.scheduler.block_manager.num_blocks


Scheduling.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestScheduling = Scheduling.TestCase
