"""Decodes first, the budget kept, first come first served, and nobody waits for ever."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ossian.engine.base import EngineRequest, SamplingParams
from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.scheduler import Scheduler
from ossian.engine.embedded.sequence import Sequence, SequenceStatus

BLOCK_SIZE = 4


def scheduler(num_blocks: int = 64, max_num_seqs: int = 4, max_num_batched_tokens: int = 16) -> Scheduler:
    manager = BlockManager(num_blocks, BLOCK_SIZE)
    return Scheduler(manager, max_num_seqs=max_num_seqs, max_num_batched_tokens=max_num_batched_tokens)


def sequence(token_ids: Iterable[int], **sampling: Any) -> Sequence:
    return Sequence(EngineRequest("r", list(token_ids), SamplingParams(**sampling)), (), 1_000)


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


class Scheduling(RuleBasedStateMachine):
    """Sequences come, grow, leave and are aborted, with never quite enough blocks."""

    @initialize(
        num_blocks=st.integers(6, 20),
        max_num_seqs=st.integers(1, 5),
        spare_budget=st.integers(0, 12),
        enable_prefix_cache=st.booleans(),
    )
    def start(self, num_blocks: int, max_num_seqs: int, spare_budget: int, enable_prefix_cache: bool) -> None:
        manager = BlockManager(num_blocks, BLOCK_SIZE, enable_prefix_cache=enable_prefix_cache)
        budget = max_num_seqs + spare_budget
        self.scheduler = Scheduler(manager, max_num_seqs=max_num_seqs, max_num_batched_tokens=budget)
        self.max_num_tokens = min(24, num_blocks * BLOCK_SIZE)
        self.arrivals: list[Sequence] = []

    @rule(token_ids=st.lists(st.integers(0, 1), min_size=1, max_size=23), scores=st.booleans())
    def add(self, token_ids: list[int], scores: bool) -> None:
        one = sequence(token_ids, num_prompt_logprobs=0) if scores else sequence(token_ids)
        self.arrivals.append(one)
        self.scheduler.add(one)

    @precondition(lambda self: self.arrivals)
    @rule(data=st.data())
    def abort(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.arrivals))
        self.arrivals.remove(one)
        self.scheduler.remove(one)

    @precondition(lambda self: self.arrivals)
    @rule(token_ids=st.lists(st.integers(0, 1), min_size=1, max_size=8))
    def step(self, token_ids: list[int]) -> None:
        decoding = [one for one in self.scheduler.running if one.is_decoding]
        num_preemptions = self.scheduler.num_preemptions
        chunks = dict(step(self.scheduler, token_ids, self.max_num_tokens))
        self.check_chunks(chunks)
        was_preempted = self.scheduler.num_preemptions > num_preemptions
        for one in decoding:  # one that was preempted may be back at once, when its prefix is in others' blocks
            is_served = one in chunks or one.status is SequenceStatus.WAITING if was_preempted else chunks[one] >= 1
            assert is_served, "a decode was starved"
        for one in list(chunks):
            if one.num_tokens >= self.max_num_tokens:
                self.arrivals.remove(one)
                self.scheduler.remove(one)

    def check_chunks(self, chunks: dict[Sequence, int]) -> None:
        assert chunks, "there was work and nothing was done"
        assert sum(chunks.values()) <= self.scheduler.max_num_batched_tokens
        assert len(chunks) <= self.scheduler.max_num_seqs
        assert all(num_tokens > 0 for num_tokens in chunks.values())
        assert self.arrivals[0] in chunks, "the oldest sequence was not served"

    @precondition(lambda self: self.arrivals)
    @rule()
    def drain(self) -> None:
        for _ in range(1_000):
            if not self.scheduler.has_work:
                break
            self.step([0])
        assert not self.scheduler.has_work, "a livelock"

    @invariant()
    def every_running_sequence_came_before_every_waiting_one(self) -> None:
        if hasattr(self, "scheduler"):
            assert [*self.scheduler.running, *self.scheduler.waiting] == self.arrivals

    @invariant()
    def blocks_are_held_by_running_sequences_only(self) -> None:
        if not hasattr(self, "scheduler"):
            return
        manager = self.scheduler.block_manager
        held = {block_id for one in self.scheduler.running for block_id in one.block_table.values.tolist()}
        assert len(held) + manager.num_free_blocks == manager.num_blocks
        assert all(len(one.block_table) == 0 for one in self.scheduler.waiting)
        assert all(one.num_cached_tokens < one.num_tokens for one in self.arrivals)

    def teardown(self) -> None:
        if hasattr(self, "scheduler"):
            for one in self.arrivals:
                self.scheduler.remove(one)
            assert self.scheduler.block_manager.num_free_blocks == self.scheduler.block_manager.num_blocks


Scheduling.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestScheduling = Scheduling.TestCase
