"""A request inside the embedded engine: its tokens, its blocks, and how far it has come."""

import secrets
from collections.abc import Sequence as Ids
from enum import Enum, auto
from itertools import takewhile
from operator import eq

import numpy as np
from numpy.typing import NDArray

from ossian.engine.base import EngineRequest, TokenLogprobs

NUM_SEED_BITS = 64
MAX_SCORED_TOKENS = 64  # a step, of all prompts that want logprobs; each costs a row of vocab_size float32


class SequenceStatus(Enum):
    """Which of the scheduler's queues a sequence is in."""

    WAITING = auto()
    RUNNING = auto()
    FINISHED = auto()


class GrowingArray:
    """An int32 array with room to append, so that a step copies slices instead of converting lists."""

    def __init__(self, values: Ids[int] = ()) -> None:
        self._buffer = np.array(values, dtype=np.int32)
        self._len = len(values)

    def __len__(self) -> int:
        return self._len

    @property
    def values(self) -> NDArray[np.int32]:
        """A view; it is stale after the next append."""
        return self._buffer[: self._len]

    def append(self, value: int) -> None:
        if self._len == len(self._buffer):
            self._buffer = np.concatenate((self._buffer, np.empty(max(16, self._len), np.int32)))
        self._buffer[self._len] = value
        self._len += 1

    def clear(self) -> None:
        self._len = 0


class Sequence:
    """Tokens are [0, num_prompt_tokens) prompt, [num_prompt_tokens, num_tokens) output.

    The full layers' K/V of [0, num_cached_tokens) are in the blocks of `block_table`, the sliding layers' in those of
    `sliding_block_table`, of which [0, num_left_blocks) have left the window; the step at hand computes the
    `num_scheduled_tokens` after them. When the last of these are a `draft`, tokens that may follow its own, what is
    sampled says how many of them become its own. Owned by the step thread from its admission on.

    `stop_token_ids` are the model's own; `max_model_len` is the most tokens a sequence can have.
    """

    def __init__(self, request: EngineRequest, stop_token_ids: Ids[int], max_model_len: int) -> None:
        self.request_id = request.request_id
        self.sampling = request.sampling
        self.token_mask = request.token_mask
        self.cache_salt = request.cache_salt
        seed = request.sampling.seed
        self.seed = secrets.randbits(NUM_SEED_BITS) if seed is None else seed % (1 << NUM_SEED_BITS)
        self.status = SequenceStatus.WAITING
        self.tokens = GrowingArray(request.prompt_token_ids)
        self.num_prompt_tokens = len(self.tokens)
        max_tokens = max_model_len if self.sampling.max_tokens is None else self.sampling.max_tokens
        self.max_num_tokens = min(max_model_len, self.num_prompt_tokens + max_tokens)
        model_stops = () if self.sampling.ignore_eos else stop_token_ids
        self.stop_token_ids = frozenset((*model_stops, *self.sampling.stop_token_ids))
        self.arrival = 0  # its number among all that the scheduler was given
        self.num_overtaken = 0  # times that a younger one got the blocks there were not enough of for this one
        self.num_prefill_tokens = self.num_prompt_tokens  # after a preemption with the output there was
        self.urgent_len = self.num_prompt_tokens  # tokens of the shortest that waits for its blocks, itself included
        self.num_cached_tokens = 0
        self.num_scheduled_tokens = 0
        self.draft: list[int] = []  # of the step at hand
        self.num_prefix_tokens: int | None = None  # found in the prefix cache at the first admission
        self.block_table = GrowingArray()
        self.sliding_block_table = GrowingArray()  # stays empty in a model without sliding layers
        self.num_left_blocks = 0
        self.block_hashes: list[bytes] = []  # of full blocks, from the first on; they survive a preemption
        self.snapshot_positions = {self.num_prompt_tokens, *request.snapshot_positions}  # BlockManager adds to them
        self.snapshot_token_ids = frozenset(request.snapshot_token_ids)
        self.num_published_tokens = 0  # of the cached ones, those that the prefix cache knows or has refused
        self.prompt_logprobs: list[TokenLogprobs | None] = [None]  # the first token has none

    @property
    def num_tokens(self) -> int:
        return len(self.tokens)

    @property
    def num_output_tokens(self) -> int:
        return len(self.tokens) - self.num_prompt_tokens

    @property
    def prompt_token_ids(self) -> NDArray[np.int32]:
        return self.tokens.values[: self.num_prompt_tokens]

    @property
    def output_token_ids(self) -> NDArray[np.int32]:
        return self.tokens.values[self.num_prompt_tokens :]

    @property
    def num_uncached_tokens(self) -> int:
        """Tokens still to compute: those of a prefill; of a decode 1, and those that were forced after it."""
        return len(self.tokens) - self.num_cached_tokens

    @property
    def is_full(self) -> bool:
        return len(self.tokens) >= self.max_num_tokens

    @property
    def is_decoding(self) -> bool:
        """Is its prompt computed, and what it had generated before it was preempted?"""
        return self.num_cached_tokens >= self.num_prefill_tokens

    @property
    def is_sampled(self) -> bool:
        """Does this step compute its last token, so that the next one can be sampled?"""
        return self.num_computed_tokens == self.num_uncached_tokens

    @property
    def num_computed_tokens(self) -> int:
        """How many of the scheduled tokens are its own: all but the drafts that nobody sampled."""
        return self.num_scheduled_tokens - len(self.draft) + self.num_accepted_tokens

    @property
    def num_accepted_tokens(self) -> int:
        """How many tokens of the draft were sampled since, in its order and from its first on."""
        if not self.draft:
            return 0
        start = self.num_cached_tokens + self.num_scheduled_tokens - len(self.draft)
        agreements = takewhile(bool, map(eq, self.draft, self.tokens.values[start:].tolist()))
        return sum(agreements)

    @property
    def scheduled_token_ids(self) -> NDArray[np.int32]:
        """The tokens of the step at hand, the draft included."""
        start, end = self.num_cached_tokens, self.num_cached_tokens + self.num_scheduled_tokens - len(self.draft)
        own = self.tokens.values[start:end]
        return np.concatenate((own, np.array(self.draft, np.int32))) if self.draft else own

    @property
    def wants_prompt_logprobs(self) -> bool:
        return self.sampling.num_prompt_logprobs is not None

    @property
    def max_chunk(self) -> int:
        """The most tokens it may be scheduled at once."""
        return min(self.num_uncached_tokens, MAX_SCORED_TOKENS) if self.is_scored else self.num_uncached_tokens

    @property
    def is_scored(self) -> bool:
        """Does its prompt still want logprobs?"""
        return self.wants_prompt_logprobs and len(self.prompt_logprobs) < self.num_prompt_tokens

    @property
    def prompt_logits_positions(self) -> range:
        """The scheduled positions whose logits score a prompt token: position p scores token p + 1."""
        if not self.wants_prompt_logprobs:
            return range(0)
        end = min(self.num_cached_tokens + self.num_scheduled_tokens, self.num_prompt_tokens - 1)
        return range(max(self.num_cached_tokens, len(self.prompt_logprobs) - 1), end)
