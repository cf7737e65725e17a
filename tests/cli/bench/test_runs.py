"""On an engine whose logits are a function of the tokens that the KV cache holds: no test here measures time."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from ossian.cli.bench.cases import SHORT, Decode, FirstToken, Output, Prefill, Turn
from ossian.cli.bench.runs import Answer, Asker, Dictation, measure, rate_together
from ossian.engine.base import EngineRequest, EngineStream
from ossian.engine.embedded.engine import EmbeddedEngine
from tests.engine.embedded.doubles import VOCAB_SIZE, running, settled, tiny_engine


class Watched:
    """An engine that remembers what it was asked, and how much of each prompt was cached."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self.info = engine.info
        self.stats, self.check, self.start, self.stop = engine.stats, engine.check, engine.start, engine.stop
        self.requests: list[EngineRequest] = []
        self._engine = engine

    async def generate(self, request: EngineRequest) -> EngineStream:
        self.requests.append(request)
        return await self._engine.generate(request)

    @property
    def prompts(self) -> list[list[int]]:
        return [list(request.prompt_token_ids) for request in self.requests]


@pytest.fixture
async def engine() -> AsyncIterator[Watched]:
    async with running(tiny_engine(num_blocks=256, max_model_len=512)) as engine:
        yield Watched(engine)


async def test_a_prefill_is_a_fresh_prompt_for_one_token(engine: Watched) -> None:
    assert await measure(Prefill(40), Asker(engine)) > 0
    assert [len(prompt) for prompt in engine.prompts] == [40]
    assert engine.requests[0].sampling.max_tokens == 1
    assert engine.stats().num_cached_tokens == 0


async def test_two_prefills_share_nothing(engine: Watched) -> None:
    asker = Asker(engine)
    await measure(Prefill(40), asker)
    await measure(Prefill(40), asker)
    assert engine.prompts[0] != engine.prompts[1]
    assert engine.stats().num_cached_tokens == 0


async def test_what_is_before_a_prefill_is_cached_when_it_begins(engine: Watched) -> None:
    await measure(Prefill(40, depth=64), Asker(engine))
    context, prompt = engine.prompts
    assert prompt[:64] == context
    assert len(prompt) == 104
    assert engine.stats().num_cached_tokens == 64


async def test_contexts_are_beginnings_of_one_another(engine: Watched) -> None:
    asker = Asker(engine)
    long = await asker.context(64)
    assert await asker.context(32) == long[:32]
    assert await asker.context(64) == long
    assert await asker.context(0) == []


async def test_decodes_run_together_and_to_their_end(engine: Watched) -> None:
    assert await measure(Decode(3, num_tokens=5), Asker(engine)) > 0
    assert [len(prompt) for prompt in engine.prompts] == [SHORT] * 3
    assert {request.sampling.ignore_eos for request in engine.requests} == {True}


async def test_every_stream_goes_on_until_all_have_their_tokens(engine: Watched) -> None:
    asker = Asker(engine)
    answers = await asker.ask_together([asker.fresh(200), asker.fresh(4), asker.fresh(90)], 5)
    start = max(answer.arrivals[0][0] for answer in answers)
    for answer in answers:
        assert sum(moment > start for moment, _ in answer.arrivals) >= 5
    await settled(engine)


async def test_decodes_at_a_depth_read_a_cached_context(engine: Watched) -> None:
    await measure(Decode(2, depth=64, num_tokens=5), Asker(engine))
    streams = [prompt for prompt in engine.prompts if len(prompt) > 64]
    assert [len(prompt) for prompt in streams] == [64 + SHORT] * 2
    assert streams[0][:64] == streams[1][:64]
    assert streams[0][64:] != streams[1][64:]


CACHED: dict[Turn, int] = {
    "new conversation": 0,
    "cached prefix": 64,
    "the same work": 64,
    "turn after a turn": 64,
}


@pytest.mark.parametrize("turn", CACHED)
async def test_a_first_token_waits_for_what_is_not_cached(engine: Watched, turn: Turn) -> None:
    case = FirstToken(turn, 64, num_reasoning_tokens=8, num_answer_tokens=6, num_question_tokens=10)
    before = 0
    assert await measure(case, Asker(engine)) > 0
    last = engine.prompts[-1]
    assert len(last) == 64 + (0 if turn == "cached prefix" else 6) + 10
    assert engine.stats().num_cached_tokens - before == CACHED[turn]


async def test_the_turn_after_a_turn_keeps_the_answer_and_drops_the_reasoning(engine: Watched) -> None:
    case = FirstToken("turn after a turn", 64, num_reasoning_tokens=8, num_answer_tokens=6, num_question_tokens=10)
    asker = Asker(engine)
    await measure(case, asker)
    prompt, following = engine.prompts
    generated = (await asker.ask(prompt, 14)).token_ids
    assert following[:70] == prompt + generated[8:]
    assert len(following) == 80


async def test_fresh_tokens_are_of_the_vocabulary(engine: Watched) -> None:
    assert set(Asker(engine).fresh(2000)) == set(range(VOCAB_SIZE))


async def test_a_text_is_generated_token_by_token(engine: Watched) -> None:
    text = [VOCAB_SIZE + 3, 5, 5, 2 * VOCAB_SIZE + 3, 63]
    answer = await Asker(engine).dictate([1, 2, VOCAB_SIZE], text)
    assert answer.token_ids == [3, 5, 5, 3, 63]
    assert len(answer.arrivals) == 5
    assert engine.prompts == [[1, 2, 0]]
    assert engine.stats().num_forced_tokens == 0


def test_a_dictation_allows_one_token_of_the_vocabulary() -> None:
    mask = Dictation([0, 31, 32, 99], vocab_size=100)
    for token_id in (0, 31, 32, 99):
        words = mask.allowed()
        assert len(words) == 4
        assert np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little")).tolist() == [token_id]
        assert mask.advance(token_id) == ()


async def test_outputs_are_measured_on_their_text(engine: Watched) -> None:
    assert await measure(Output("copied", num_tokens=20, num_prompt_tokens=100), Asker(engine)) > 0
    assert [len(prompt) for prompt in engine.prompts] == [100]
    assert engine.stats().num_generated_tokens == 20


def answer(*arrivals: tuple[float, int]) -> Answer:
    return Answer(0.0, tuple((moment, tuple(range(count))) for moment, count in arrivals))


def test_tokens_count_while_all_streams_run() -> None:
    early, late = answer((1, 1), (2, 1), (3, 1), (4, 1)), answer((2, 1), (3, 1), (4, 1), (5, 1))
    assert rate_together([early]) == 1.0
    assert rate_together([early, late]) == (2 + 2) / 2


def test_tokens_that_come_together_count_each() -> None:
    assert rate_together([answer((1, 1), (2, 3), (3, 2))]) == 5 / 2
