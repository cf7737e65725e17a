"""Measures one case once, on a started engine. Prompts are random tokens, since speed does not depend on sense."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, assert_never

import numpy as np
from numpy.typing import NDArray

from ossian.cli.bench import texts
from ossian.cli.bench.cases import SHORT, Case, Decode, FirstToken, Output, Prefill
from ossian.engine.base import Engine, EngineRequest, EngineStream, SamplingParams

NUM_TEXT_TOKENS: Final = 199_998  # the vocabulary's special tokens come after them


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine generated, and when: seconds of a clock, and the tokens that came at that moment."""

    asked: float
    arrivals: tuple[tuple[float, tuple[int, ...]], ...]

    @property
    def seconds_to_first(self) -> float:
        return self.arrivals[0][0] - self.asked

    @property
    def token_ids(self) -> list[int]:
        return [token_id for _, token_ids in self.arrivals for token_id in token_ids]


class Asker:
    """Asks an engine for tokens. `context(n)` is the same whenever it is asked for, so that it can be cached."""

    def __init__(self, engine: Engine, seed: int | None = None) -> None:
        self._engine = engine
        self._num_ids = min(engine.info.vocab_size, NUM_TEXT_TOKENS)
        self._random = Random(seed)
        self._context: list[int] = []

    def fresh(self, num_tokens: int) -> list[int]:
        """Return tokens that no prompt had before."""
        return [self._random.randrange(self._num_ids) for _ in range(num_tokens)]

    async def context(self, num_tokens: int) -> list[int]:
        """Return tokens whose keys and values are in the prefix cache, and always the same."""
        self._context += self.fresh(num_tokens - len(self._context))
        prompt = self._context[:num_tokens]
        if prompt:
            await self.ask(prompt, 1)
        return prompt

    async def ask(self, prompt: Sequence[int], max_tokens: int) -> Answer:
        """Generate exactly `max_tokens`, greedily."""
        asked = time.perf_counter()
        stream = await self._engine.generate(_request(prompt, max_tokens))
        return Answer(asked, tuple([(time.perf_counter(), output.token_ids) async for output in stream]))

    async def dictate(self, prompt: Sequence[int], text: Sequence[int]) -> Answer:
        """Let the engine generate a set text, computing and sampling each token as it would any other."""
        prompt, text = self._in_vocabulary(prompt), self._in_vocabulary(text)
        mask = Dictation(text, self._engine.info.vocab_size)
        asked = time.perf_counter()
        stream = await self._engine.generate(replace(_request(prompt, len(text)), token_mask=mask))
        return Answer(asked, tuple([(time.perf_counter(), output.token_ids) async for output in stream]))

    def _in_vocabulary(self, token_ids: Sequence[int]) -> list[int]:
        """Return token ids that stand for others in a smaller vocabulary: equal ones stay equal."""
        return [token_id % self._num_ids for token_id in token_ids]

    async def ask_together(self, prompts: Sequence[Sequence[int]], num_tokens: int) -> list[Answer]:
        """Generate until each stream has `num_tokens` since the last of them had its first, greedily."""
        asked = time.perf_counter()
        streams = [await self._engine.generate(_request(prompt, None)) for prompt in prompts]
        num_silent = len(streams)

        async def read(stream: EngineStream) -> Answer:
            nonlocal num_silent
            arrivals: list[tuple[float, tuple[int, ...]]] = []
            num_since = 0
            async for output in stream:
                num_since += len(output.token_ids) if num_silent == 0 else 0
                num_silent -= not arrivals
                arrivals.append((time.perf_counter(), output.token_ids))
                if num_since >= num_tokens:
                    break
            await stream.aclose()
            return Answer(asked, tuple(arrivals))

        return await asyncio.gather(*map(read, streams))


class Dictation:
    """A token mask that leaves no choice, and yet forces nothing: each token takes a decode."""

    def __init__(self, token_ids: Sequence[int], vocab_size: int) -> None:
        self._token_ids = token_ids
        self._num_words = -(-vocab_size // 32)
        self._position = 0

    def allowed(self) -> NDArray[np.uint32]:
        """Return the bitmask of the next token."""
        words = np.zeros(self._num_words, np.uint32)
        token_id = self._token_ids[self._position]
        words[token_id // 32] = 1 << (token_id % 32)
        return words

    def advance(self, _token_id: int) -> Sequence[int]:
        """Go on to the next."""
        self._position += 1
        return ()


def _request(prompt: Sequence[int], max_tokens: int | None) -> EngineRequest:
    return EngineRequest("bench", prompt, SamplingParams(temperature=0.0, max_tokens=max_tokens, ignore_eos=True))


async def measure(case: Case, asker: Asker) -> float:
    """Return the case's figure, in its unit."""
    match case:
        case Prefill():
            prompt = await asker.context(case.depth) + asker.fresh(case.num_tokens)
            return case.num_tokens / (await asker.ask(prompt, 1)).seconds_to_first
        case Decode():
            prompts = [await asker.context(case.depth) + asker.fresh(SHORT) for _ in range(case.num_streams)]
            return rate_together(await asker.ask_together(prompts, case.num_tokens))
        case FirstToken():
            return (await asker.ask(await _prompt_of(case, asker), 1)).seconds_to_first
        case Output():
            prompt, text = texts.prompt_and_output(case)
            return rate_together([await asker.dictate(prompt, text)])
    assert_never(case)


async def _prompt_of(case: FirstToken, asker: Asker) -> list[int]:
    """Return the prompt whose first token is waited for, with all that comes before it done."""
    num_new_tokens = case.num_answer_tokens + case.num_question_tokens
    match case.turn:
        case "new conversation":
            return asker.fresh(case.depth + num_new_tokens)
        case "cached prefix":
            return await asker.context(case.depth) + asker.fresh(case.num_question_tokens)
        case "the same work":
            return await asker.context(case.depth) + asker.fresh(num_new_tokens)
        case "turn after a turn":
            prompt = asker.fresh(case.depth)
            turn = await asker.ask(prompt, case.num_reasoning_tokens + case.num_answer_tokens)
            return prompt + turn.token_ids[case.num_reasoning_tokens :] + asker.fresh(case.num_question_tokens)
    assert_never(case.turn)


def rate_together(answers: Sequence[Answer]) -> float:
    """Return tokens a second of all, from when the last of them has its first token until the first of them ends."""
    start = max(answer.arrivals[0][0] for answer in answers)
    end = min(answer.arrivals[-1][0] for answer in answers)
    counts = [len(tokens) for answer in answers for moment, tokens in answer.arrivals if start < moment <= end]
    return sum(counts) / (end - start)
