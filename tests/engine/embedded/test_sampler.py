"""Each row is sampled as its own request says, and a row that cannot be sampled fails alone."""

import math
from collections.abc import Callable
from collections.abc import Sequence as Ids

import numpy as np
import pytest
from numpy.typing import NDArray

from ossian.engine.base import EngineRequest, SamplingParams, TokenMask
from ossian.engine.embedded import kernels
from ossian.engine.embedded.sampler import Sampled, Sampler, score_prompts
from ossian.engine.embedded.sequence import Sequence
from ossian.errors import TokenMaskError

VOCAB_SIZE = 40
GREEDY = SamplingParams(temperature=0.0)


class Only:
    """A grammar that allows a set of tokens."""

    def __init__(self, *token_ids: int) -> None:
        self.words = np.zeros(math.ceil(VOCAB_SIZE / 32), np.uint32)
        for token_id in token_ids:
            self.words[token_id // 32] |= np.uint32(1 << token_id % 32)
        self.heard: list[int] = []

    def allowed(self) -> NDArray[np.uint32]:
        return self.words

    def advance(self, token_id: int) -> Ids[int]:
        self.heard.append(token_id)
        return ()


class Anything(Only):
    def allowed(self) -> None:  # type: ignore[override]  # None allows all
        return None


class FailsToSay(Only):
    def allowed(self) -> NDArray[np.uint32]:
        raise RuntimeError("no state")


class Panic(BaseException):
    """As a library written in Rust raises it: no Exception."""


class PanicsWhenItIsToSay(Only):
    def allowed(self) -> NDArray[np.uint32]:
        raise Panic("no state")


class PanicsWhenItHears(Only):
    def advance(self, token_id: int) -> Ids[int]:
        raise Panic("no such token")


class FailsToHear(Only):
    def advance(self, token_id: int) -> Ids[int]:
        raise RuntimeError("no such token")


class Forces(Only):
    def advance(self, token_id: int) -> Ids[int]:
        return [token_id + 1, token_id + 2]


class MeetsLimit(Only):
    def allowed(self) -> NDArray[np.uint32]:
        raise TokenMaskError("too many states")


class MeetsLimitLater(Only):
    def advance(self, token_id: int) -> Ids[int]:
        raise TokenMaskError("too many states")


class WrongSize(Only):
    def allowed(self) -> NDArray[np.uint32]:
        return self.words[:1]


def sequence(
    sampling: SamplingParams = GREEDY, prompt: tuple[int, ...] = (1, 2), token_mask: TokenMask | None = None
) -> Sequence:
    """Its last token is scheduled."""
    one = Sequence(EngineRequest("r", prompt, sampling, token_mask=token_mask), (), 100)
    one.num_cached_tokens, one.num_scheduled_tokens = len(prompt) - 1, 1
    return one


def rising(num_rows: int = 1) -> NDArray[np.float32]:
    """Token 39 is the most likely, then 38, …, each a tenth more than the one before."""
    return np.tile(np.arange(VOCAB_SIZE, dtype=np.float32) / 10, (num_rows, 1))


def sample(*sequences: Sequence, logits: NDArray[np.float32] | None = None) -> list[Sampled]:
    logits = rising(len(sequences)) if logits is None else logits
    rows, failed = score_prompts(list(sequences), logits)
    return failed + (Sampler(len(rows)).sample(rows, logits) if rows else [])


def tokens(*sequences: Sequence) -> list[int]:
    return [sampled.token_id for sampled in sample(*sequences)]


def test_greedy_takes_the_most_likely() -> None:
    assert tokens(sequence()) == [39]


def test_every_row_has_its_own_parameters() -> None:
    bias = SamplingParams(temperature=0.0, logit_bias={3: 100.0})
    top_k_one = SamplingParams(temperature=5.0, top_k=1, seed=1)
    masked = sequence(token_mask=Only(4, 5))
    assert tokens(sequence(), sequence(bias), sequence(top_k_one), masked) == [39, 3, 39, 5]


def test_the_draw_depends_on_the_seed_and_the_step_alone() -> None:
    sampling = SamplingParams(seed=11)
    (alone,) = tokens(sequence(sampling))
    assert tokens(sequence(SamplingParams(seed=5)), sequence(sampling), sequence())[1] == alone
    draws = set()
    for num_output_tokens in range(10):
        later = output_of(*[5] * num_output_tokens)
        later.sampling, later.seed = sampling, sampling.seed or 0
        draws.update(tokens(later))
    assert alone in draws
    assert len(draws) > 3


@pytest.mark.parametrize(
    "make", [lambda: sequence(prompt=(39, 38)), lambda: output_of(39, 38)], ids=["prompt", "output"]
)
def test_the_repetition_penalty_counts_prompt_and_output(make: Callable[[], Sequence]) -> None:
    one = make()
    one.sampling = SamplingParams(temperature=0.0, repetition_penalty=2.0)
    assert tokens(one) == [37]


@pytest.mark.parametrize("name", ["presence_penalty", "frequency_penalty"])
def test_presence_and_frequency_penalties_count_output(name: str) -> None:
    sampling = SamplingParams(temperature=0.0, **{name: 0.35})  # type: ignore[arg-type]  # mypy cannot know which field
    assert tokens(sequence(sampling, prompt=(39, 39))) == [39]
    one = output_of(39, 39)
    one.sampling = sampling
    assert tokens(one) == [38]


def output_of(*token_ids: int) -> Sequence:
    one = sequence()
    for token_id in token_ids:
        one.tokens.append(token_id)
    one.num_cached_tokens = one.num_tokens - 1
    return one


def test_a_bias_is_added() -> None:
    assert tokens(sequence(SamplingParams(temperature=0.0, logit_bias={37: 0.5, 3: 3.0}))) == [37]


def test_a_bias_may_ban() -> None:
    assert tokens(sequence(SamplingParams(temperature=0.0, logit_bias={39: -100.0, 38: -100.0}))) == [37]


def test_the_token_mask_limits_the_choice_and_hears_it() -> None:
    mask = Only(0, 7, 33)
    assert tokens(sequence(token_mask=mask)) == [33]
    assert mask.heard == [33]
    free = Anything()
    assert tokens(sequence(token_mask=free)) == [39]
    assert free.heard == [39]


@pytest.mark.parametrize(
    "mask, error",
    [
        (FailsToSay(), "no state"),
        (FailsToHear(39), "no such token"),
        (PanicsWhenItIsToSay(), "no state"),
        (PanicsWhenItHears(39), "no such token"),
        (Only(), "no token can be sampled"),
        (WrongSize(), "no token can be sampled"),
    ],
)
def test_a_grammar_that_fails_ends_its_own_sequence_only(mask: TokenMask, error: str) -> None:
    before, failed, after = sample(sequence(), sequence(token_mask=mask), sequence())
    assert (before.token_id, before.error, after.token_id, after.error) == (39, None, 39, None)
    assert isinstance(failed.error, str)
    assert error in failed.error


def test_what_a_grammar_forces_comes_with_the_token() -> None:
    forcing, plain = sample(sequence(token_mask=Forces(5)), sequence())
    assert (forcing.token_id, forcing.forced, plain.forced) == (5, [6, 7], ())


@pytest.mark.parametrize("mask", [MeetsLimit(), MeetsLimitLater(39)])
def test_a_grammar_that_meets_a_limit_says_so_for_its_own_sequence(mask: TokenMask) -> None:
    before, failed, after = sample(sequence(), sequence(token_mask=mask), sequence())
    assert (before.error, after.error) == (None, None)
    assert isinstance(failed.error, TokenMaskError)


def test_logits_that_are_not_numbers_end_their_own_sequence_only() -> None:
    logits = rising(3)
    logits[1, 5] = np.nan
    before, failed, after = sample(sequence(), sequence(), sequence(), logits=logits)
    assert (before.token_id, after.token_id) == (39, 39)
    assert failed.error is not None


def test_logits_that_cannot_be_scored_end_their_own_sequence_only() -> None:
    logits = rising(4)
    logits[0, 5] = logits[2, 5] = np.nan
    prompt = Sequence(EngineRequest("r", (1, 2, 3), SamplingParams(temperature=0.0, num_prompt_logprobs=1)), (), 100)
    prompt.num_scheduled_tokens = 1  # of three: it is not sampled in this step
    masked = sequence(SamplingParams(temperature=0.0, num_logprobs=1), token_mask=Only(3, 4))
    unscored, before, failed, after = sample(prompt, sequence(), masked, sequence(), logits=logits)
    assert (before.token_id, after.token_id) == (39, 39)
    assert (unscored.sequence, failed.sequence) == (prompt, masked)
    assert isinstance(unscored.error, str)
    assert "the prompt cannot be scored: logits has a NaN" in unscored.error
    assert isinstance(failed.error, str)
    assert "the token cannot be scored: logits has a NaN" in failed.error


def test_logprobs_are_taken_before_everything_else() -> None:
    sampling = SamplingParams(temperature=0.0, logit_bias={3: 100.0}, num_logprobs=2, repetition_penalty=1.5)
    plain, scored = sample(sequence(), sequence(sampling, token_mask=Only(3, 4)))
    logprob, *_ = kernels.top_logprobs(rising()[0], 3, 0)
    assert plain.logprobs is None
    assert scored.logprobs is not None
    assert (scored.logprobs.token_id, scored.logprobs.logprob) == (3, logprob)
    assert scored.logprobs.top_ids == (39, 38)


def test_no_logprobs_but_the_tokens_own() -> None:
    (scored,) = sample(sequence(SamplingParams(temperature=0.0, num_logprobs=0)))
    assert scored.logprobs is not None
    assert scored.logprobs.top_ids == ()
    assert scored.logprobs.logprob < 0


def test_prompt_rows_come_before_the_sampled_row_of_each_sequence() -> None:
    scored = Sequence(EngineRequest("r", (1, 2, 3), SamplingParams(temperature=0.0, num_prompt_logprobs=1)), (), 100)
    scored.num_scheduled_tokens = 3
    unfinished = Sequence(EngineRequest("r", (1, 2, 3)), (), 100)
    unfinished.num_scheduled_tokens = 2
    logits = rising(4)
    logits[0, 2], logits[1, 3], logits[2, 7] = 50.0, 60.0, 70.0  # two prompt rows, the sampled row, another sequence
    first, second = sample(scored, unfinished, sequence(), logits=logits)
    assert (first.sequence, first.token_id, second.token_id) == (scored, 7, 39)
    assert [one and one.token_id for one in scored.prompt_logprobs] == [None, 2, 3]
    assert [one and one.top_ids for one in scored.prompt_logprobs] == [None, (2,), (3,)]
    assert len(unfinished.prompt_logprobs) == 1


def test_a_step_may_sample_nothing() -> None:
    unfinished = Sequence(EngineRequest("r", (1, 2, 3)), (), 100)
    unfinished.num_scheduled_tokens = 2
    assert sample(unfinished, logits=rising(0)) == []
