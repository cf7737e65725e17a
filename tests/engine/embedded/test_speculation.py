"""Drafts are computed while they pay, and cost little when they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.engine.base import EngineRequest, SamplingParams
from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.sequence import Sequence
from ossian.engine.embedded.speculation import ALLOWANCE, MAX_CREDIT, MIN_DRAFT_LEN, Account, Speculation
from tests.engine.embedded.test_block_manager import no_copies

PERIOD = [1, 2, 3, 4, 5]
BLOCK_SIZE = 16


def sequence(tokens: list[int], max_tokens: int = 100) -> Sequence:
    """One that decodes: all its tokens but the last are computed."""
    one = Sequence(EngineRequest("r", tokens, SamplingParams(max_tokens=max_tokens)), (), 1000)
    one.num_cached_tokens, one.num_scheduled_tokens = len(tokens) - 1, 1
    return one


class Steps:
    """Plain steps of some sequences, each of which takes `seconds`; with drafts, `per_draft_token` more for each."""

    def __init__(
        self,
        *sequences: Sequence,
        num_blocks: int = 64,
        max_num_draft_tokens: int = 16,
        max_num_batched_tokens: int = 64,
        seconds: float = 0.06,
        per_draft_token: float = 0.02,
    ) -> None:
        self.manager = BlockManager(num_blocks, BLOCK_SIZE, no_copies, enable_prefix_cache=False)
        self.speculation = Speculation(
            self.manager,
            max_num_draft_tokens=max_num_draft_tokens,
            max_num_batched_tokens=max_num_batched_tokens,
        )
        self.sequences = list(sequences)
        self.seconds, self.per_draft_token = seconds, per_draft_token
        for one in sequences:
            num_cached_tokens = one.num_cached_tokens
            assert self.manager.allocate(one)
            one.num_cached_tokens = num_cached_tokens

    def step(self, *, is_right: bool = True) -> list[list[int]]:
        """Run one; what is sampled is the draft and one token more, or something else. Returns the drafts."""
        self.speculation.propose(self.sequences)
        drafts = [one.draft for one in self.sequences]
        for one in self.sequences:
            for token_id in [*one.draft, 0] if is_right else [999]:
                one.tokens.append(token_id)
        self.speculation.settle(self.sequences, self.seconds + self.per_draft_token * sum(map(len, drafts)))
        for one in self.sequences:
            one.num_cached_tokens += one.num_computed_tokens
            one.draft, one.num_scheduled_tokens = [], 1
            assert self.manager.append(one)
        return drafts

    def forget(self, *tokens: list[int]) -> None:
        """Put other tokens in the place of the sequences', so that there is something to copy again."""
        for one, own in zip(self.sequences, tokens, strict=True):
            one.tokens.clear()
            for token_id in own:
                one.tokens.append(token_id)
            one.num_cached_tokens = len(own) - 1


def lens(drafts: list[list[int]]) -> list[int]:
    return [len(draft) for draft in drafts]


# An account


def test_a_right_draft_is_followed_by_one_twice_as_long_and_a_wrong_one_by_a_short_one() -> None:
    account = Account()
    seen = []
    for num_draft_tokens, num_accepted_tokens in ((2, 2), (4, 4), (8, 8), (16, 5), (5, 0), (2, 1), (0, 0), (2, 2)):
        account.settle(num_draft_tokens, num_accepted_tokens, 0.0)
        seen.append(account.draft_len)
    assert seen == [4, 8, 16, 5, MIN_DRAFT_LEN, MIN_DRAFT_LEN, MIN_DRAFT_LEN, 4]


def test_a_draft_that_was_cut_short_does_not_shorten_the_next() -> None:
    account = Account()
    account.draft_len = 16
    account.settle(2, 2, 0.0)
    assert account.draft_len == 16


def test_a_wrong_draft_is_paid_for_before_the_next() -> None:
    account = Account()
    account.settle(2, 0, 0.8)
    num_steps = 0
    while account.credit <= 0:
        account.settle(0, 0, 0.0)
        num_steps += 1
    assert num_steps == pytest.approx((0.8 - 2 * ALLOWANCE) / ALLOWANCE, abs=1)


@given(st.lists(st.tuples(st.integers(0, 16), st.floats(0, 1), st.floats(-5, 50)), max_size=60))
def test_nobody_loses_more_than_a_draft_and_the_allowance(steps: list[tuple[int, float, float]]) -> None:
    account = Account()
    balance, longest = 0.0, MIN_DRAFT_LEN
    for num_steps, (wish, share, cost) in enumerate(steps, start=1):
        num_draft_tokens = min(wish, account.draft_len) if account.credit > 0 else 0
        num_accepted_tokens = round(share * num_draft_tokens)
        account.settle(num_draft_tokens, num_accepted_tokens, cost)
        balance += num_accepted_tokens - min(max(cost, 0), num_draft_tokens)
        longest = max(longest, num_draft_tokens)
        assert account.credit <= MAX_CREDIT
        assert balance >= -longest - ALLOWANCE * (num_steps + 1)


# Proposals


def test_the_first_step_of_so_many_sequences_is_plain_and_the_next_has_drafts() -> None:
    steps = Steps(sequence(PERIOD * 3))
    assert lens(steps.step()) == [0]
    steps.forget(PERIOD * 3)
    assert steps.step() == [PERIOD[:2]]


def test_without_a_match_a_step_is_plain() -> None:
    steps = Steps(sequence(list(range(20, 40))))
    assert [lens(steps.step()) for _ in range(3)] == [[0]] * 3
    assert steps.speculation.num_draft_tokens == 0


def test_a_step_that_computes_more_than_a_token_of_one_has_no_drafts() -> None:
    one, prefill = sequence(PERIOD * 3), sequence(list(range(20, 40)))
    steps = Steps(one, prefill)
    steps.step()
    steps.forget(PERIOD * 3, list(range(20, 40)))
    prefill.num_cached_tokens, prefill.num_scheduled_tokens = 10, 9
    steps.speculation.propose([one, prefill])
    assert (one.draft, prefill.draft) == ([], [])


def test_what_is_not_sampled_gets_no_draft() -> None:
    one = sequence(PERIOD * 3)
    steps = Steps(one)
    steps.step()
    steps.forget(PERIOD * 3)
    one.num_cached_tokens -= 1  # the budget leaves a forced token for the next step
    steps.speculation.propose([one])
    assert one.draft == []


def test_drafts_share_the_room_evenly() -> None:
    steps = Steps(sequence(PERIOD * 3), sequence([7] * 15), sequence(list(range(20, 40))), max_num_draft_tokens=3)
    steps.step()
    steps.forget(PERIOD * 3, [7] * 15, list(range(20, 40)))
    assert steps.step() == [[1], [7], []]


@pytest.mark.parametrize("max_num_batched_tokens, num_draft_tokens", [(1, 0), (2, 1), (3, 2), (64, 2)])
def test_drafts_keep_to_the_token_budget(max_num_batched_tokens: int, num_draft_tokens: int) -> None:
    steps = Steps(sequence(PERIOD * 3), max_num_batched_tokens=max_num_batched_tokens)
    steps.step()
    steps.forget(PERIOD * 3)
    assert lens(steps.step()) == [num_draft_tokens]


def test_drafts_keep_to_the_blocks_that_are_free() -> None:
    steps = Steps(sequence(PERIOD * 3), num_blocks=1)  # of 16 tokens, 15 are there
    steps.speculation._plain_seconds[1] = 0.06
    assert steps.speculation.num_draft_tokens == 0
    steps.speculation.propose(steps.sequences)
    assert steps.sequences[0].draft == [1]
    assert steps.manager.num_free_blocks == 0


@pytest.mark.parametrize("num_blocks, num_draft_tokens", [(2, 1), (3, 1), (4, 2)])
def test_drafts_leave_a_block_for_whoever_needs_it_next(num_blocks: int, num_draft_tokens: int) -> None:
    """A second block would stay with the sequence, draft refused or not."""
    steps = Steps(sequence(PERIOD * 3), num_blocks=num_blocks)
    steps.speculation._plain_seconds[1] = 0.06
    steps.speculation.propose(steps.sequences)
    assert len(steps.sequences[0].draft) == num_draft_tokens


@pytest.mark.parametrize("max_tokens, num_draft_tokens", [(1, 0), (2, 1), (3, 2), (50, 2)])
def test_the_last_token_needs_no_draft(max_tokens: int, num_draft_tokens: int) -> None:
    steps = Steps(sequence(PERIOD * 3, max_tokens=max_tokens))
    steps.speculation._plain_seconds[1] = 0.06
    steps.speculation.propose(steps.sequences)
    assert len(steps.sequences[0].draft) == num_draft_tokens


def test_off_means_no_drafts() -> None:
    steps = Steps(sequence(PERIOD * 3), max_num_draft_tokens=0)
    for _ in range(3):
        assert lens(steps.step()) == [0]
        steps.forget(PERIOD * 3)
    assert len(steps.speculation._accounts) == 0


# What is learned


def test_drafts_grow_while_they_are_right() -> None:
    steps = Steps(sequence(PERIOD * 20, max_tokens=900))
    steps.step()
    seen = []
    for _ in range(6):
        steps.forget(PERIOD * 20)
        seen += lens(steps.step())
    assert seen == [2, 4, 8, 16, 16, 16]
    assert steps.speculation.num_draft_tokens == steps.speculation.num_accepted_tokens == sum(seen)


def test_drafts_that_are_always_wrong_cost_two_steps_of_a_hundred_at_most() -> None:
    steps = Steps(sequence(PERIOD * 3, max_tokens=900), per_draft_token=0.03)
    steps.step(is_right=False)
    lost = 0.0
    num_steps = 500
    for _ in range(num_steps):
        steps.forget(PERIOD * 3)
        (num_draft_tokens,) = lens(steps.step(is_right=False))
        lost += num_draft_tokens * 0.03
    assert 0 < lost < 0.02 * num_steps * 0.06
    assert steps.speculation.num_accepted_tokens == 0


def test_each_sequence_has_an_account_of_its_own() -> None:
    good, bad = sequence(PERIOD * 20, max_tokens=900), sequence([7] * 60, max_tokens=900)
    steps = Steps(good, bad)
    steps.step()
    for _ in range(20):
        steps.forget(PERIOD * 20, [7] * 60)
        steps.speculation.propose(steps.sequences)
        for token_id in [*good.draft, 0]:
            good.tokens.append(token_id)
        bad.tokens.append(999)
        num_draft_tokens = len(good.draft) + len(bad.draft)
        steps.speculation.settle(steps.sequences, 0.06 + 0.01 * num_draft_tokens)
        drafts = (good.draft, bad.draft)
        for one in steps.sequences:
            one.draft, one.num_scheduled_tokens = [], 1
    assert lens(list(drafts)) == [16, 0]


def test_a_step_that_was_held_up_costs_no_more_than_its_drafts_tokens() -> None:
    steps = Steps(sequence(PERIOD * 3, max_tokens=900))
    steps.step()
    steps.forget(PERIOD * 3)
    steps.per_draft_token = 1000.0
    steps.step(is_right=False)
    (account,) = steps.speculation._accounts.values()
    assert account.credit == pytest.approx(3 * ALLOWANCE - MIN_DRAFT_LEN)


def test_the_time_of_plain_steps_is_an_average_that_one_delay_hardly_moves() -> None:
    steps = Steps(sequence(list(range(20, 40))))
    steps.step()
    steps.seconds = 60.0
    steps.step()
    assert steps.speculation._plain_seconds[1] == pytest.approx(0.066)
    steps.seconds = 0.03
    for _ in range(100):
        steps.step()
    assert steps.speculation._plain_seconds[1] == pytest.approx(0.03, rel=0.01)


def test_an_account_goes_with_its_sequence() -> None:
    steps = Steps(sequence(PERIOD * 3))
    steps.step()
    assert len(steps.speculation._accounts) == 1
    steps.sequences.clear()
    assert len(steps.speculation._accounts) == 0
