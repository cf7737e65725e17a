"""The arithmetic of the mixed clients' benchmark, and that its clients read a real server's streams."""

import json
from argparse import Namespace

import pytest

from benchmarks.mixed_clients import Answer, Figures, events_of, figures_of, has_text, measure, percentile, table, words
from ossian.engine.scripted import ScriptedEngine
from tests.server.serving import MODEL, scripted, serving

CHATS = [Answer(False, (1.0, 1.5, 2.0), 60, 3), Answer(False, (3.0, 3.5, 6.5), 60, 3)]
LONG = Answer(True, (9.0,), 2_000, 1)


def test_chats_and_long_prompts_are_told_apart() -> None:
    figures = figures_of([*CHATS, LONG], seconds=10.0)
    assert (figures.chat_ttft_p50, figures.long_ttft_p50) == (2.0, 9.0)
    assert (figures.between_p50, figures.between_max) == (0.5, 3.0)
    assert (figures.prompt_tokens_per_second, figures.completion_tokens_per_second) == (212.0, 0.7)


def test_without_long_prompts_there_is_no_figure_of_theirs() -> None:
    assert figures_of(CHATS, seconds=10.0).long_ttft_p50 is None


def test_a_percentile_is_of_one_value_too() -> None:
    assert percentile([3.0], 95) == 3.0
    assert percentile([float(value) for value in range(101)], 95) == pytest.approx(95, abs=1)


def test_the_table_has_a_row_for_each_number_of_clients() -> None:
    row = Figures(1.0, 2.0, None, 0.1, 0.2, 0.3, 100.0, 9.5, 60.0)
    assert table({1: row}).splitlines()[2] == "| 1 | 1.00 | 2.00 |  | 0.10 | 0.20 | 0.30 | 100 | 9.5 |"


def test_only_what_brings_text_counts() -> None:
    deltas = [{"role": "assistant", "content": ""}, {"content": "a"}, {"reasoning": "b", "reasoning_content": "b"}]
    lines = [b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() for delta in deltas]
    (empty, *full) = events_of(b"\r\n".join([b": keep-alive", *lines, b"data: [DONE]"]))
    assert not has_text(empty)
    assert len(full) == 2
    assert all(map(has_text, full))
    assert not has_text({"usage": {}, "choices": []})


def test_words_are_many_and_each_a_token() -> None:
    vocabulary = words()
    assert len(vocabulary) > 10_000
    assert all(word.isalpha() for word in vocabulary)


async def test_each_client_asks_what_it_should() -> None:
    with serving(scripted()) as server:
        port = int(server.url.rsplit(":", 1)[1])
        options = Namespace(port=port, model=MODEL, long=300, max_tokens=20, seed=0)
        figures = await measure(options, num_clients=4)
        assert isinstance(server.engine, ScriptedEngine)
        lens = sorted(len(request.prompt_token_ids) for request in server.engine.requests)
    assert len(lens) == 3 * 3 + 1
    assert lens[-1] - 260 > lens[-2] > 40
    assert figures.long_ttft_p50 is not None
    assert 0 < figures.chat_ttft_p50 <= figures.chat_ttft_p95 < figures.seconds
