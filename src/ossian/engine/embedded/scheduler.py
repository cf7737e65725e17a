"""Which sequences the next step runs, and what becomes of them after it.

First every decode, one token each, so that no prefill holds up a running answer. What is left of the token budget, or
while answers run of what a step may have within its time, is for what token masks forced after the last token, half of
it at most while there are prefills, and for chunks of prefills: half to the oldest, the rest to the shortest first. So
a short prompt need not wait for a long one, and a long one goes on however many short ones come.

Sequences are admitted first come, first served, and get blocks for all their tokens then, but in sliding layers blocks
come and go with the window: so each step asks for some, and where few are left it computes fewer tokens. When none is
left for a next token, the most recent sequence is preempted: it gives up its blocks and is computed again later, from
the prefix cache as far as that goes. So the oldest one that runs always goes on. Two kinds of sequences are passed: one
that an older prefill is computing the next block of waits for it, and one that there is no room for lets others go
first, `max_num_seqs` of them in all.
"""

from bisect import insort

from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.sequence import MAX_SCORED_TOKENS, Sequence, SequenceStatus
from ossian.engine.embedded.step_pace import LEAST_PREFILL, StepPace


class Scheduler:
    """Continuous batching under a token budget; `waiting` and `running` are in the order of arrival."""

    def __init__(
        self, block_manager: BlockManager, pace: StepPace, *, max_num_seqs: int, max_num_batched_tokens: int
    ) -> None:
        assert max_num_batched_tokens >= max_num_seqs, "else a decode could be left out of a step"
        self.block_manager = block_manager
        self.pace = pace
        self.max_num_seqs = max_num_seqs
        self.max_num_batched_tokens = max_num_batched_tokens
        self.waiting: list[Sequence] = []
        self.running: list[Sequence] = []
        self.num_preemptions = 0
        self._num_arrivals = 0

    @property
    def has_work(self) -> bool:
        return bool(self.waiting or self.running)

    def add(self, sequence: Sequence) -> None:
        """Queue a sequence; all its tokens, and those to come, must fit the KV cache when it is alone."""
        sequence.arrival = self._num_arrivals
        self._num_arrivals += 1
        self.waiting.append(sequence)

    def schedule(self) -> list[Sequence]:
        """Choose the next step's sequences and set their `num_scheduled_tokens`; never none while there is work."""
        decodes = self._schedule_decodes()
        self._admit()
        prefills = self._prefills()
        budget = self._step_budget(len(decodes)) - len(decodes)
        budget -= _schedule_forced(decodes, budget // 2 if prefills else budget)
        scheduled = decodes + _schedule_prefills(prefills, budget)
        for sequence in scheduled:
            sequence.num_scheduled_tokens = self.block_manager.reserve(sequence, sequence.num_scheduled_tokens)
        assert scheduled or not self.has_work, "a sequence that needs more blocks than there are was added"
        return scheduled

    def advance(self, sequence: Sequence) -> None:
        """Note that a step has computed a sequence's scheduled tokens; what is left of its draft is forgotten."""
        sequence.num_cached_tokens += sequence.num_computed_tokens
        sequence.draft = []
        self.block_manager.publish(sequence)

    def remove(self, sequence: Sequence) -> None:
        """Take out a sequence that finished or was aborted, and free its blocks; doing it twice is fine."""
        if sequence.status is SequenceStatus.WAITING:
            self.waiting.remove(sequence)
        elif sequence.status is SequenceStatus.RUNNING:
            self.running.remove(sequence)
            self.block_manager.deallocate(sequence)
        sequence.status = SequenceStatus.FINISHED

    def _step_budget(self, num_decodes: int) -> int:
        """The most tokens of the step: all there may be, or as many as keep the running answers' pace."""
        if num_decodes == 0:
            return self.max_num_batched_tokens
        num_paced = self.pace.max_num_tokens(self.max_num_batched_tokens)
        return min(self.max_num_batched_tokens, max(num_paced, num_decodes + LEAST_PREFILL))

    def _schedule_decodes(self) -> list[Sequence]:
        scheduled = []
        for sequence in tuple(self.running):
            is_running = sequence.status is SequenceStatus.RUNNING  # an earlier one may have preempted it
            if is_running and self._append(sequence) and sequence.is_decoding:
                sequence.num_scheduled_tokens = 1
                scheduled.append(sequence)
        return scheduled

    def _append(self, sequence: Sequence) -> bool:
        """Make room for a sequence's next token; returns False when it had to be preempted itself."""
        while not self.block_manager.append(sequence):
            self._preempt(self.running[-1])
            if sequence.status is SequenceStatus.WAITING:
                return False
        return True

    def _preempt(self, sequence: Sequence) -> None:
        self.running.remove(sequence)
        self.block_manager.deallocate(sequence)
        sequence.status = SequenceStatus.WAITING
        sequence.num_prefill_tokens = sequence.urgent_len = sequence.num_tokens
        insort(self.waiting, sequence, key=_arrival)
        self.num_preemptions += 1

    def _admit(self) -> None:
        """Let waiting sequences run, as long as there is room."""
        prefills = self._prefills()
        for sequence in prefills:
            sequence.urgent_len = sequence.num_prefill_tokens
        next_hash = self.block_manager.next_hash
        computing = {next_hash(each): each for each in reversed(prefills)} if self.waiting else {}
        passed: list[Sequence] = []
        for sequence in self.waiting[: self.max_num_seqs]:
            if len(self.running) == self.max_num_seqs or any(self._must_be_next(one) for one in passed):
                break
            block_hash = next_hash(sequence) if computing else None  # it takes a search
            older = computing.get(block_hash) if block_hash else None
            if older is not None and older.arrival < sequence.arrival:
                _wait(sequence, older)
            elif self._allocate(sequence):
                for one in passed:
                    one.num_overtaken += 1
                computing.setdefault(next_hash(sequence), sequence)
            else:
                passed.append(sequence)

    def _prefills(self) -> list[Sequence]:
        return [sequence for sequence in self.running if not sequence.is_decoding]

    def _must_be_next(self, sequence: Sequence) -> bool:
        return sequence.num_overtaken >= self.max_num_seqs

    def _allocate(self, sequence: Sequence) -> bool:
        """Let a sequence run if there is room. Each running one keeps a block to grow into, or the newcomer would soon
        be preempted.
        """
        if not self.block_manager.allocate(sequence, num_spare_blocks=len(self.running)):
            return False
        if sequence.num_prefix_tokens is None:
            sequence.num_prefix_tokens = sequence.num_cached_tokens
        self.waiting.remove(sequence)
        sequence.status = SequenceStatus.RUNNING
        insort(self.running, sequence, key=_arrival)
        return True


def _wait(sequence: Sequence, older: Sequence) -> None:
    """Make an older sequence as urgent as one that waits for it, and let that one go on from where they part."""
    older.urgent_len = min(older.urgent_len, sequence.num_tokens)
    num_tokens = min(sequence.num_tokens, older.num_tokens)
    differs = sequence.tokens.values[:num_tokens] != older.tokens.values[:num_tokens]
    older.snapshot_positions.add(int(differs.argmax()) if differs.any() else num_tokens)


def _schedule_forced(decodes: list[Sequence], budget: int) -> int:
    """Give decodes the tokens that were forced after their last; returns how many that were."""
    left = budget
    for sequence in decodes:
        num_forced = min(left, sequence.num_uncached_tokens - 1)
        sequence.num_scheduled_tokens += num_forced
        left -= num_forced
    return budget - left


def _schedule_prefills(prefills: list[Sequence], budget: int) -> list[Sequence]:
    """Give half of the budget to the oldest, and the rest to the shortest first; returns those that got some.

    Prompts that are scored share a budget of rows besides, in the same way.
    """
    num_rows = MAX_SCORED_TOKENS
    for sequence in prefills:
        sequence.num_scheduled_tokens = 0
    shares = [(sequence, budget, num_rows) for sequence in sorted(prefills, key=_urgency)]
    of_oldest = [(oldest, -(-budget // 2), num_rows // 2) for oldest in prefills[:1]]
    for sequence, share, share_of_rows in [*of_oldest, *shares]:
        num_tokens = min(share, budget, sequence.max_chunk - sequence.num_scheduled_tokens)
        if sequence.is_scored:
            num_tokens = min(num_tokens, share_of_rows, num_rows)
            num_rows -= num_tokens
        sequence.num_scheduled_tokens += num_tokens
        budget -= num_tokens
    return [sequence for sequence in prefills if sequence.num_scheduled_tokens]


def _urgency(sequence: Sequence) -> tuple[int, int]:
    """How much is to compute before the first of those that wait for it can go on, itself included."""
    return sequence.urgent_len - sequence.num_cached_tokens, sequence.arrival


def _arrival(sequence: Sequence) -> int:
    return sequence.arrival
