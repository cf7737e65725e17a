"""Whatever tokens an engine brings, the route answers, whole and streamed alike: a turn is never an error."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.engine.scripted import ScriptedEngine
from ossian.harmony.vocabulary import VOCAB_SIZE
from tests.server.serving import CALL, SPECIAL, serving, turn_ids

STRUCTURE = sorted({*SPECIAL.values(), *turn_ids(CALL)})  # ends, marks, and the words of headers
TURNS = st.lists(st.sampled_from(STRUCTURE) | st.integers(0, VOCAB_SIZE - 1), max_size=30)
TOOL = {"type": "function", "function": {"name": "get_weather"}}


def test_any_tokens_are_an_answer() -> None:
    turn: list[int] = []
    with serving(ScriptedEngine(lambda _prompt: turn)) as served:

        @settings(max_examples=60, deadline=None)
        @given(TURNS, st.sampled_from([{}, {"tools": [TOOL]}]))
        def run(token_ids: list[int], fields: dict[str, Any]) -> None:
            turn[:] = token_ids
            whole = served.chat(**fields)
            assert whole.status_code == 200, whole.text
            assert whole.json()["choices"][0]["finish_reason"] in ("stop", "length", "tool_calls")
            stream = served.chat(stream=True, **fields)
            assert stream.status_code == 200
            assert stream.text.endswith("data: [DONE]\n\n")

        run()
