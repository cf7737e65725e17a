"""The engine interface: what every engine takes, gives and promises.

An engine knows token ids and nothing else: no text, no messages, no HTTP.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class FinishReason(StrEnum):
    """Why a sequence ended."""

    STOP = "stop"  # a stop token was sampled
    LENGTH = "length"  # max_tokens or the model's context is used up
    ABORT = "abort"  # the caller left
    ERROR = "error"  # the engine failed


class TokenMask(Protocol):
    """The tokens a grammar allows next. One instance serves one sequence, in order."""

    def allowed(self) -> NDArray[np.uint32] | None:
        """Return a bitmask of `ceil(vocab_size / 32)` words, bit i % 32 of word i // 32 set when token i is
        allowed; None when every token is. Raises TokenMaskError, as `advance` does, when the grammar meets a limit.
        """
        ...

    def advance(self, token_id: int) -> Sequence[int]:
        """Tell the grammar which token was sampled. Returns the tokens that must follow it, often none; the engine
        appends them unsampled, and the grammar has taken them already.
        """
        ...


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How tokens are chosen and when a sequence ends.

    `stop` is matched on text, so `generation` applies it; engines ignore it.
    """

    temperature: float = 1.0  # 0 means greedy
    top_p: float = 1.0
    top_k: int = 0  # 0 means all tokens
    min_p: float = 0.0
    seed: int | None = None  # None draws a fresh one
    max_tokens: int | None = None  # None means until the context is full
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    num_logprobs: int | None = None  # None: no logprobs; n: the sampled token's and the n most likely (n <= 20)
    num_prompt_logprobs: int | None = None
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()  # on top of the model's own
    ignore_eos: bool = False  # the model's own stop tokens do not end the sequence


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """One sequence to generate."""

    request_id: str
    prompt_token_ids: Sequence[int]
    sampling: SamplingParams = SamplingParams()
    token_mask: TokenMask | None = None
    cache_salt: str = ""  # sequences share cached prefixes only within one salt
    snapshot_positions: Sequence[int] = ()  # of the prompt: where others will part from it, so worth keeping in cache
    snapshot_token_ids: Sequence[int] = ()  # after these, when they are generated, others may part from it, too


@dataclass(frozen=True, slots=True)
class TokenLogprobs:
    """Log probabilities at one position: the chosen token's and the most likely ones', best first.

    They are taken from the model's own distribution, before temperature and filters.
    """

    token_id: int
    logprob: float
    top_ids: tuple[int, ...] = ()
    top_logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineOutput:
    """What one step added to a sequence: the sampled token, and those a token mask forces after it. A stop token is
    the last of `token_ids`.
    """

    token_ids: tuple[int, ...]
    logprobs: tuple[TokenLogprobs, ...] | None = None  # the sampled token's, never those of forced ones
    finish_reason: FinishReason | None = None  # set on the last output only
    stop_token_id: int | None = None  # the stop token that ended the sequence
    num_cached_tokens: int = 0  # prompt tokens whose K/V came from the prefix cache
    prompt_logprobs: tuple[TokenLogprobs | None, ...] | None = None  # on the first output, when asked for


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine serves and how much of it."""

    model: str  # the name of the loaded checkpoint
    vocab_size: int
    max_model_len: int  # prompt and output tokens together
    stop_token_ids: tuple[int, ...]  # the model's own
    fingerprint: str  # changes when the same request and seed may give other tokens
    takes_token_masks: bool = False  # whether `EngineRequest.token_mask` is kept to
    default_temperature: float = 1.0  # of a request that names none


@dataclass(frozen=True, slots=True)
class EngineStats:
    """A moment's figures, for /metrics and admission."""

    num_waiting: int = 0
    num_running: int = 0
    num_blocks: int = 0
    num_free_blocks: int = 0  # cached but unreferenced blocks count as free
    num_prompt_tokens: int = 0  # since start, as are all below
    num_generated_tokens: int = 0
    num_cached_tokens: int = 0
    num_forced_tokens: int = 0  # of the generated ones, those that token masks left no choice about
    num_draft_tokens: int = 0  # computed on the chance that they are what will be sampled
    num_accepted_tokens: int = 0  # of them, those that were
    num_failed_masks: int = 0  # sequences whose token mask met a limit
    num_preemptions: int = 0
    num_steps: int = 0


class EngineStream(Protocol):
    """The outputs of one admitted request. Closing it early aborts the sequence and frees what it held within a
    step; closing it twice, or before the first output, is fine. A cancelled read closes it.
    """

    def __aiter__(self) -> AsyncIterator[EngineOutput]: ...

    async def __anext__(self) -> EngineOutput:
        """Return the next output; after the finish reason, or when closed, it is StopAsyncIteration. Raises
        EngineError when the engine failed meanwhile.
        """
        ...

    async def aclose(self) -> None: ...


class Engine(Protocol):
    """Token ids in, token ids out."""

    @property
    def info(self) -> EngineInfo: ...

    def stats(self) -> EngineStats: ...

    def check(self) -> None:
        """Raise EngineDeadError when the engine can no longer serve; return when it can."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def generate(self, request: EngineRequest) -> EngineStream:
        """Admit a request and return its stream, without waiting for the first token.

        Raises ContextLengthError when the prompt leaves no room for one token, InvalidRequestError for token ids
        outside the vocabulary, EngineOverloadedError when the waiting queue is full, and EngineDeadError when a
        step has failed.
        """
        ...
