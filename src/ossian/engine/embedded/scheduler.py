"""Which sequences the next step runs, and what becomes of them after it.

First every decode, one token each, so that no prefill holds up a running answer, and what token masks forced after
the last one; then, with what is left of the token budget, chunks of running prefills and of waiting sequences, first
come, first served. A sequence gets the blocks of all its tokens when it is admitted, so only decodes ask for more. When
none is left, the most recent sequence is preempted: it gives up its blocks and is computed again later, from the prefix
cache as far as that goes.

Every running sequence came before every waiting one.
"""

from collections import deque
from collections.abc import Iterator

from ossian.engine.embedded.block_manager import BlockManager
from ossian.engine.embedded.sequence import Sequence, SequenceStatus


class Scheduler:
    """Continuous batching under a token budget."""

    def __init__(self, block_manager: BlockManager, *, max_num_seqs: int, max_num_batched_tokens: int) -> None:
        assert max_num_batched_tokens >= max_num_seqs, "else a decode could be left out of a step"
        self.block_manager = block_manager
        self.max_num_seqs = max_num_seqs
        self.max_num_batched_tokens = max_num_batched_tokens
        self.waiting: deque[Sequence] = deque()
        self.running: list[Sequence] = []
        self.num_preemptions = 0

    @property
    def has_work(self) -> bool:
        return bool(self.waiting or self.running)

    def add(self, sequence: Sequence) -> None:
        """Queue a sequence; all its tokens, and those to come, must fit the KV cache when it is alone."""
        self.waiting.append(sequence)

    def schedule(self) -> list[Sequence]:
        """Choose the next step's sequences and set their `num_scheduled_tokens`; never none while there is work."""
        scheduled = self._schedule_decodes()
        budget = self.max_num_batched_tokens - sum(sequence.num_scheduled_tokens for sequence in scheduled)
        for sequence in self._prefills() if budget else ():
            sequence.num_scheduled_tokens = min(budget, sequence.max_chunk)
            scheduled.append(sequence)
            budget -= sequence.num_scheduled_tokens
            if budget == 0:
                break
        assert scheduled or not self.has_work, "a sequence that needs more blocks than there are was added"
        return scheduled

    def advance(self, sequence: Sequence) -> None:
        """Note that a step has computed a sequence's scheduled tokens."""
        sequence.num_cached_tokens += sequence.num_scheduled_tokens
        self.block_manager.publish(sequence)

    def remove(self, sequence: Sequence) -> None:
        """Take out a sequence that finished or was aborted, and free its blocks; doing it twice is fine."""
        if sequence.status is SequenceStatus.WAITING:
            self.waiting.remove(sequence)
        elif sequence.status is SequenceStatus.RUNNING:
            self.running.remove(sequence)
            self.block_manager.deallocate(sequence)
        sequence.status = SequenceStatus.FINISHED

    def _schedule_decodes(self) -> list[Sequence]:
        scheduled = []
        for sequence in tuple(self.running):
            is_running = sequence.status is SequenceStatus.RUNNING  # an earlier one may have preempted it
            if is_running and sequence.is_decoding and self._append(sequence):
                sequence.num_scheduled_tokens = 1
                scheduled.append(sequence)
        budget = self.max_num_batched_tokens - len(scheduled)
        for sequence in scheduled:
            num_forced = min(budget, sequence.num_uncached_tokens - 1)
            sequence.num_scheduled_tokens += num_forced
            budget -= num_forced
        return scheduled

    def _append(self, sequence: Sequence) -> bool:
        """Make room for a sequence's newest tokens; returns False when it had to be preempted itself."""
        while not self.block_manager.append(sequence):
            self._preempt(self.running[-1])
            if sequence.status is SequenceStatus.WAITING:
                return False
        return True

    def _preempt(self, sequence: Sequence) -> None:
        self.running.remove(sequence)
        self.block_manager.deallocate(sequence)
        sequence.status = SequenceStatus.WAITING
        self.waiting.appendleft(sequence)
        self.num_preemptions += 1

    def _prefills(self) -> Iterator[Sequence]:
        """The running prefills, then waiting sequences, each admitted when it is asked for."""
        yield from [sequence for sequence in self.running if not sequence.is_decoding]
        while self.waiting and len(self.running) < self.max_num_seqs and self._allocate(self.waiting[0]):
            sequence = self.waiting.popleft()
            sequence.status = SequenceStatus.RUNNING
            self.running.append(sequence)
            yield sequence

    def _allocate(self, sequence: Sequence) -> bool:
        """Leave each running sequence a block to grow into, or the newcomer would soon be preempted."""
        is_allocated = self.block_manager.allocate(sequence, num_spare_blocks=len(self.running))
        if is_allocated and sequence.num_prefix_tokens is None:
            sequence.num_prefix_tokens = sequence.num_cached_tokens
        return is_allocated
