"""Logits → token ids, and the log probabilities that were asked for."""

from collections.abc import Sequence as Ids
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ossian.engine.base import SamplingParams, TokenLogprobs
from ossian.engine.embedded import kernels
from ossian.engine.embedded.kernels import Bitmask, Float32
from ossian.engine.embedded.sequence import Sequence
from ossian.errors import TokenMaskError

Failure: TypeAlias = str | TokenMaskError


@dataclass(frozen=True, slots=True)
class Sampled:
    """A sequence's next token and those its mask forces after it, or why there is none (and then token_id is -1)."""

    sequence: Sequence
    token_id: int
    logprobs: TokenLogprobs | None = None
    forced: Ids[int] = ()
    error: Failure | None = None  # with a TokenMaskError the sequence ends as cut off


class Sampler:
    """Samples up to `max_num_seqs` sequences at once; each as if it were alone."""

    def __init__(self, max_num_seqs: int) -> None:
        self._temperature = np.empty(max_num_seqs, np.float32)
        self._top_k = np.empty(max_num_seqs, np.int32)
        self._top_p = np.empty(max_num_seqs, np.float32)
        self._min_p = np.empty(max_num_seqs, np.float32)
        self._seeds = np.empty(max_num_seqs, np.uint64)
        self._steps = np.empty(max_num_seqs, np.int64)
        self._token_ids = np.empty(max_num_seqs, np.int32)

    def sample(self, rows: dict[Sequence, int], logits: Float32) -> list[Sampled]:
        """Sample each sequence's next token from its row of the logits, [num_logits, vocab_size], changed in place."""
        sequences = list(rows)
        logits = _pick(list(rows.values()), logits)
        own = {row: logits[row].copy() for row, sequence in enumerate(sequences) if _wants_logprobs(sequence)}
        for sequence, row_logits in zip(sequences, logits, strict=True):
            _adjust(sequence, row_logits)
        choices = self._choose(sequences, logits)
        return [_sampled(sequence, choices[row], own.get(row)) for row, sequence in enumerate(sequences)]

    def _choose(self, sequences: list[Sequence], logits: Float32) -> list[int | Failure]:
        """A token id for each row, or why it has none: one bad row is no reason to fail the others."""
        masks = [_mask(sequence) for sequence in sequences]
        bitmasks = [None if isinstance(mask, Failure) else mask for mask in masks]
        for row, sequence in enumerate(sequences):
            self._set(row, sequence)
        try:
            token_ids: list[int | Failure] = list(self._draw(slice(0, len(sequences)), logits, bitmasks))
        except (TypeError, ValueError):
            token_ids = [self._draw_alone(row, logits, bitmasks) for row in range(len(sequences))]
        return [mask if isinstance(mask, Failure) else token_ids[row] for row, mask in enumerate(masks)]

    def _set(self, row: int, sequence: Sequence) -> None:
        sampling = sequence.sampling
        self._temperature[row] = sampling.temperature
        self._top_k[row] = sampling.top_k
        self._top_p[row] = sampling.top_p
        self._min_p[row] = sampling.min_p
        self._seeds[row] = sequence.seed
        self._steps[row] = sequence.num_output_tokens

    def _draw(self, rows: slice, logits: Float32, masks: list[Bitmask | None]) -> list[int]:
        kernels.sample(
            logits[rows],
            self._temperature[rows],
            self._top_k[rows],
            self._top_p[rows],
            self._min_p[rows],
            self._seeds[rows],
            self._steps[rows],
            masks[rows],
            self._token_ids[rows],
        )
        token_ids: list[int] = self._token_ids[rows].tolist()
        return token_ids

    def _draw_alone(self, row: int, logits: Float32, masks: list[Bitmask | None]) -> int | str:
        try:
            return self._draw(slice(row, row + 1), logits, masks)[0]
        except (TypeError, ValueError) as error:
            return f"no token can be sampled: {error}"


def score_prompts(scheduled: list[Sequence], logits: Float32) -> tuple[dict[Sequence, int], list[Sampled]]:
    """Add the log probabilities of the prompts that ask for them to their sequences.

    logits: [num_logits, vocab_size]; each sequence's `prompt_logits_positions` and then, if it is sampled, its last
    position and those of its draft. Returns the row to sample from of each sequence that is sampled, which those of
    its draft follow, and the sequences whose prompt cannot be scored.
    """
    rows: dict[Sequence, int] = {}
    failed = []
    end = 0
    for sequence in scheduled:
        begin, first = end, end + len(sequence.prompt_logits_positions)
        end = first + (1 + len(sequence.draft) if sequence.is_sampled else 0)
        try:
            _score_prompt(sequence, logits[begin:first])
        except ValueError as error:
            failed.append(Sampled(sequence, -1, error=f"the prompt cannot be scored: {error}"))
            continue
        if sequence.is_sampled:
            rows[sequence] = first
    return rows, failed


def _pick(rows: list[int], logits: Float32) -> Float32:
    """The rows; without a copy if they lie side by side."""
    first, last = rows[0], rows[-1]
    return logits[first : last + 1] if rows == list(range(first, last + 1)) else logits[rows]


def _score_prompt(sequence: Sequence, logits: Float32) -> None:
    for row, position in enumerate(sequence.prompt_logits_positions):
        token_id = int(sequence.tokens.values[position + 1])
        sequence.prompt_logprobs.append(_logprobs(logits[row], token_id, sequence.sampling.num_prompt_logprobs))


def _adjust(sequence: Sequence, logits: Float32) -> None:
    """Apply penalties and logit_bias to a row, in place."""
    sampling = sequence.sampling
    if _has_penalties(sampling):
        kernels.apply_penalties(
            logits,
            sequence.prompt_token_ids,
            sequence.output_token_ids,
            sampling.presence_penalty,
            sampling.frequency_penalty,
            sampling.repetition_penalty,
        )
    if sampling.logit_bias:
        logits[list(sampling.logit_bias)] += np.fromiter(sampling.logit_bias.values(), np.float32)


def _has_penalties(sampling: SamplingParams) -> bool:
    return bool(sampling.presence_penalty or sampling.frequency_penalty or sampling.repetition_penalty != 1.0)


def _mask(sequence: Sequence) -> Bitmask | Failure | None:
    """What the sequence's grammar allows, or how it failed."""
    if sequence.token_mask is None:
        return None
    try:
        return sequence.token_mask.allowed()
    except TokenMaskError as error:
        return error
    except BaseException as error:  # a grammar's bug, a panic in Rust included, may end its sequence, never the engine
        return f"the token mask failed: {error!r}"


def _sampled(sequence: Sequence, choice: int | Failure, own_logits: Float32 | None) -> Sampled:
    if isinstance(choice, Failure):
        return Sampled(sequence, -1, error=choice)
    forced = _advance(sequence, choice)
    if isinstance(forced, Failure):
        return Sampled(sequence, -1, error=forced)
    if own_logits is None:
        return Sampled(sequence, choice, forced=forced)
    try:
        return Sampled(sequence, choice, _logprobs(own_logits, choice, sequence.sampling.num_logprobs), forced)
    except ValueError as error:  # a logit that the mask hid is not a number
        return Sampled(sequence, -1, error=f"the token cannot be scored: {error}")


def _advance(sequence: Sequence, token_id: int) -> Ids[int] | Failure:
    """Tell the sequence's grammar its token; what must follow, or how it failed."""
    if sequence.token_mask is None:
        return ()
    try:
        return sequence.token_mask.advance(token_id)
    except TokenMaskError as error:
        return error
    except BaseException as error:
        return f"the token mask failed: {error!r}"


def _wants_logprobs(sequence: Sequence) -> bool:
    return sequence.sampling.num_logprobs is not None


def _logprobs(logits: Float32, token_id: int, num: int | None) -> TokenLogprobs:
    logprob, top_ids, top_logprobs = kernels.top_logprobs(logits, token_id, num or 0)
    return TokenLogprobs(token_id, logprob, tuple(top_ids.tolist()), tuple(top_logprobs.tolist()))
