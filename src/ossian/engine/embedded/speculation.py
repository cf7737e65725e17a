"""Whether drafts are worth their time, sequence by sequence.

A step with drafts takes longer than a plain one, a decode of one token a sequence: more experts are read. How much
longer is measured. Each sequence has an account in tokens, of the time a token takes in a plain step: what its accepted
drafts saved, less what its drafts took, plus a small allowance for each token. It speculates while it is in credit. So
it loses no more than the allowance, and tries again when that has paid for the last failure.

The clock decides which drafts are computed; which tokens come out it does not.
"""

from weakref import WeakKeyDictionary

from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.drafts import NgramIndex
from ossian.engine.embedded.sequence import Sequence

ALLOWANCE = 0.01  # of the time of a token: what speculation may cost at most
MAX_CREDIT = 4.0  # tokens; or a long success would pay for many failures after it
MIN_DRAFT_LEN = 2
SMOOTHING = 0.1  # the newest plain step's weight in the average


class Account:
    """One sequence's drafts: where they come from, how long they may be, what they have earned."""

    def __init__(self) -> None:
        self.ngrams = NgramIndex()
        self.draft_len = MIN_DRAFT_LEN
        self.credit = ALLOWANCE

    def settle(self, num_draft_tokens: int, num_accepted_tokens: int, cost: float) -> None:
        """Note what became of a step's draft, which may be empty, and what it took, in tokens."""
        cost = min(max(cost, 0.0), num_draft_tokens)  # a token more never takes more than the others: that is noise
        self.credit = min(MAX_CREDIT, self.credit + ALLOWANCE + num_accepted_tokens - cost)
        if num_draft_tokens == 0:
            return
        is_right = num_accepted_tokens == num_draft_tokens
        self.draft_len = (
            max(self.draft_len, 2 * num_draft_tokens) if is_right else max(MIN_DRAFT_LEN, num_accepted_tokens)
        )


class Speculation:
    """Adds drafts to plain steps, `max_num_draft_tokens` in all to each, and learns from what becomes of them."""

    def __init__(self, block_manager: BlockManager, *, max_num_draft_tokens: int, max_num_batched_tokens: int) -> None:
        self.num_draft_tokens = self.num_accepted_tokens = 0  # since start
        self._block_manager = block_manager
        self._max_num_draft_tokens = max_num_draft_tokens
        self._max_num_batched_tokens = max_num_batched_tokens
        self._accounts: WeakKeyDictionary[Sequence, Account] = WeakKeyDictionary()
        self._plain_seconds: dict[int, float] = {}  # of a plain step, by its number of sequences

    def propose(self, scheduled: list[Sequence]) -> None:
        """Set the drafts of a plain step's sequences that are in credit, as far as there is room for them."""
        room = min(self._max_num_draft_tokens, self._max_num_batched_tokens - len(scheduled))
        if room <= 0 or len(scheduled) not in self._plain_seconds or not _is_plain(scheduled):
            return
        # A refused draft keeps its blocks: somebody could be preempted for want of them.
        may_grow = self._block_manager.can_spare(len(scheduled), room)
        drafts = {sequence: draft for sequence in scheduled if (draft := self._draft(sequence))}
        for sequence, draft in drafts.items():
            self._schedule(sequence, draft[: room // len(drafts)], may_grow=may_grow)

    def settle(self, scheduled: list[Sequence], seconds: float) -> None:
        """Note what a step took, once its tokens are sampled."""
        num_draft_tokens = sum(len(sequence.draft) for sequence in scheduled)
        if num_draft_tokens == 0:
            self._settle_without_drafts(scheduled, seconds)
            return
        plain_seconds = self._plain_seconds[len(scheduled)]
        cost = (seconds / plain_seconds - 1) * len(scheduled) / num_draft_tokens if plain_seconds else 0.0
        for sequence in scheduled:
            num_accepted_tokens = sequence.num_accepted_tokens
            self._account(sequence).settle(len(sequence.draft), num_accepted_tokens, cost * len(sequence.draft))
            self.num_accepted_tokens += num_accepted_tokens
        self.num_draft_tokens += num_draft_tokens

    def _settle_without_drafts(self, scheduled: list[Sequence], seconds: float) -> None:
        if self._max_num_draft_tokens == 0 or not _is_plain(scheduled):
            return
        average = self._plain_seconds.get(len(scheduled), seconds)
        average += SMOOTHING * (min(seconds, 2 * average) - average)  # a step that was held up says nothing
        self._plain_seconds[len(scheduled)] = average
        for sequence in scheduled:
            self._account(sequence).settle(0, 0, 0.0)

    def _draft(self, sequence: Sequence) -> list[int]:
        """What may follow a sequence's tokens; nothing while it is not in credit."""
        account = self._account(sequence)
        num_left = sequence.max_num_tokens - sequence.num_tokens - 1  # the last token needs no draft
        num_tokens = min(account.draft_len, self._max_num_draft_tokens, num_left)
        if not sequence.is_sampled or account.credit <= 0 or num_tokens <= 0:
            return []
        return account.ngrams.draft(sequence.tokens.values, num_tokens)

    def _schedule(self, sequence: Sequence, draft: list[int], *, may_grow: bool) -> None:
        num_tokens = sequence.num_scheduled_tokens + len(draft)
        if may_grow:
            self._block_manager.reserve(sequence, num_tokens)
        num_tokens = min(num_tokens, self._block_manager.room(sequence))
        sequence.draft = draft[: num_tokens - sequence.num_scheduled_tokens]
        sequence.num_scheduled_tokens += len(sequence.draft)

    def _account(self, sequence: Sequence) -> Account:
        account = self._accounts.get(sequence)
        if account is None:
            account = self._accounts[sequence] = Account()
        return account


def _is_plain(scheduled: list[Sequence]) -> bool:
    """Does a step compute one token of each sequence?"""
    return all(sequence.num_scheduled_tokens == 1 for sequence in scheduled)
