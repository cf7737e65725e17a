"""The step thread: the one place where sequences, blocks and the model are touched.

Others leave commands in its inbox and get the outputs of each step by a callback. While nothing is to be done it
sleeps on the inbox.
"""

import threading
import time
from collections.abc import Callable
from collections.abc import Sequence as Items
from contextlib import suppress
from functools import partial
from queue import SimpleQueue

import structlog

from ossian.engine.base import EngineOutput, EngineStats, FinishReason
from ossian.engine.embedded.kernels import Float32
from ossian.engine.embedded.model_runner import ModelRunner
from ossian.engine.embedded.sampler import Sampled, Sampler, score_prompts
from ossian.engine.embedded.scheduler import Scheduler
from ossian.engine.embedded.sequence import Sequence
from ossian.engine.embedded.speculation import Speculation
from ossian.errors import EngineError, TokenMaskError

logger = structlog.get_logger(__name__)

SequenceOutput = tuple[Sequence, EngineOutput | EngineError]


class EngineLoop:
    """Runs steps in a thread of its own until it is stopped or a step fails.

    `deliver` gets the outputs of each step; `on_end` is called once, last, with the error of the failed step or None.
    Both are called in the step thread, as is `clock`, in seconds: it sizes prefills and drafts, no more.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        model_runner: ModelRunner,
        speculation: Speculation,
        deliver: Callable[[Items[SequenceOutput]], None],
        on_end: Callable[[BaseException | None], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.scheduler = scheduler
        self.model_runner = model_runner
        self.speculation = speculation
        self.sampler = Sampler(scheduler.max_num_seqs)
        self.stats = EngineStats()  # a snapshot, replaced after every change: any thread may read it
        self._deliver = deliver
        self._on_end = on_end
        self._clock = clock
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()  # put() may be called by the garbage collector
        self._thread = threading.Thread(target=self._run, name="ossian-step", daemon=True)
        self._is_stopping = False
        self._num_sent = self._num_received = 0  # sequences put into the inbox, and taken out
        self._num_prompt_tokens = self._num_generated_tokens = self._num_cached_tokens = self._num_steps = 0
        self._num_forced_tokens = self._num_failed_masks = 0
        self._publish_stats()

    @property
    def num_waiting(self) -> int:
        """Sequences in the waiting queue or on their way there."""
        return self._num_sent - self._num_received + len(self.scheduler.waiting)

    def start(self) -> None:
        self._thread.start()

    def add(self, sequence: Sequence) -> None:
        """Queue a sequence. One thread only may add."""
        self._num_sent += 1
        self._inbox.put(partial(self._receive, sequence))

    def abort(self, sequence: Sequence) -> None:
        """Take a sequence out before the next step and free its blocks; any thread may, at any time, twice."""
        self._inbox.put(partial(self.scheduler.remove, sequence))

    def stop(self) -> None:
        """Ask the thread to end after the step at hand, and to abort what is left."""
        self._inbox.put(self._stop)

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            while self._wait_for_work():
                self._step()
        except BaseException as step_error:  # a panic in a library written in Rust is no Exception
            error = step_error
            with suppress(Exception):  # a log that cannot be written is no reason to leave all streams waiting
                logger.exception("engine_step_failed", num_running=len(self.scheduler.running))
        with suppress(Exception):  # a failed step may have left anything behind, but all streams must hear of it
            self._abort_all()
        self._on_end(error)

    def _wait_for_work(self) -> bool:
        """Carry out the commands of the inbox, and sleep until there is a sequence; returns False when stopped."""
        while not self._is_stopping and not (self.scheduler.has_work and self._inbox.empty()):
            self._inbox.get()()
            self._publish_stats()
        return not self._is_stopping

    def _step(self) -> None:
        began = self._clock()
        scheduled = self.scheduler.schedule()
        self.speculation.propose(scheduled)
        logits = self.model_runner.run(scheduled)
        outputs = self._sample(scheduled, logits)
        self._note_time(scheduled, self._clock() - began)
        self._postprocess(scheduled, outputs)
        self._publish_stats()
        if outputs:
            self._deliver(outputs)

    def _note_time(self, scheduled: list[Sequence], seconds: float) -> None:
        self.speculation.settle(scheduled, seconds)
        self.scheduler.pace.note(sum(sequence.num_scheduled_tokens for sequence in scheduled), seconds)

    def _sample(self, scheduled: list[Sequence], logits: Float32) -> list[SequenceOutput]:
        """Sample a token of each sequence, and further ones of those whose draft has foreseen what came.

        Each is sampled as if it were the step's only one, so a draft changes nothing but the number of steps.
        """
        rows, sampled = score_prompts(scheduled, logits)
        outputs = [(one.sequence, self._output(one)) for one in sampled]
        while rows:
            latest = [(one.sequence, self._output(one)) for one in self.sampler.sample(rows, logits)]
            rows = _next_rows(rows, latest)
            outputs += latest
        return outputs

    def _postprocess(self, scheduled: list[Sequence], outputs: list[SequenceOutput]) -> None:
        self._num_steps += 1
        for sequence in scheduled:
            self.scheduler.advance(sequence)
        for sequence, output in outputs:
            if isinstance(output, EngineError) or output.finish_reason is not None:
                self.scheduler.remove(sequence)

    def _output(self, sampled: Sampled) -> EngineOutput | EngineError:
        """Append the token to its sequence, and say so. One whose grammar met a limit ends as cut off."""
        if isinstance(sampled.error, str):
            return EngineError(sampled.error)
        sequence = sampled.sequence
        is_first = sequence.num_output_tokens == 0
        if is_first:
            self._num_prompt_tokens += sequence.num_prompt_tokens
            self._num_cached_tokens += sequence.num_prefix_tokens or 0
        token_ids = () if sampled.error is not None else _append(sequence, (sampled.token_id, *sampled.forced))
        if sampled.error is not None:
            self._note_failed_mask(sequence, sampled.error)
        self._num_generated_tokens += len(token_ids)
        self._num_forced_tokens += max(0, len(token_ids) - 1)
        is_stop = bool(token_ids) and token_ids[-1] in sequence.stop_token_ids
        is_over = sequence.is_full or sampled.error is not None
        finish_reason = FinishReason.STOP if is_stop else FinishReason.LENGTH if is_over else None
        return EngineOutput(
            token_ids=token_ids,
            logprobs=(sampled.logprobs,) if sampled.logprobs is not None and token_ids else None,
            finish_reason=finish_reason,
            stop_token_id=token_ids[-1] if is_stop else None,
            num_cached_tokens=sequence.num_prefix_tokens or 0,
            prompt_logprobs=tuple(sequence.prompt_logprobs) if is_first and sequence.wants_prompt_logprobs else None,
        )

    def _note_failed_mask(self, sequence: Sequence, error: TokenMaskError) -> None:
        self._num_failed_masks += 1
        with suppress(Exception):  # a log that cannot be written must not end everybody's sequences
            logger.warning("token_mask_failed", request_id=sequence.request_id, error=str(error))

    def _receive(self, sequence: Sequence) -> None:
        self.scheduler.add(sequence)
        self._num_received += 1

    def _stop(self) -> None:
        self._is_stopping = True

    def _abort_all(self) -> None:
        for sequence in (*self.scheduler.running, *self.scheduler.waiting):
            self.scheduler.remove(sequence)
        self._publish_stats()

    def _publish_stats(self) -> None:
        self.stats = EngineStats(
            num_waiting=len(self.scheduler.waiting),
            num_running=len(self.scheduler.running),
            num_blocks=self.scheduler.block_manager.num_blocks,
            num_free_blocks=self.scheduler.block_manager.num_free_blocks,
            num_prompt_tokens=self._num_prompt_tokens,
            num_generated_tokens=self._num_generated_tokens,
            num_cached_tokens=self._num_cached_tokens,
            num_forced_tokens=self._num_forced_tokens,
            num_draft_tokens=self.speculation.num_draft_tokens,
            num_accepted_tokens=self.speculation.num_accepted_tokens,
            num_failed_masks=self._num_failed_masks,
            num_preemptions=self.scheduler.num_preemptions,
            num_steps=self._num_steps,
        )


def _next_rows(rows: dict[Sequence, int], outputs: list[SequenceOutput]) -> dict[Sequence, int]:
    """The rows of the logits after the tokens that were just sampled, where the step has computed these."""
    return {
        sequence: rows[sequence] + len(output.token_ids)
        for sequence, output in outputs
        if not isinstance(output, EngineError) and output.finish_reason is None and sequence.is_sampled
    }


def _append(sequence: Sequence, token_ids: Items[int]) -> tuple[int, ...]:
    """Append tokens up to the first stop token and the sequence's end; returns those appended."""
    appended: list[int] = []
    for token_id in token_ids:
        if sequence.is_full or (appended and appended[-1] in sequence.stop_token_ids):
            break
        sequence.tokens.append(token_id)
        appended.append(token_id)
    return tuple(appended)
