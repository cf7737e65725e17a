from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ossian.api.responses.items import InputItem, parse_items
from ossian.api.responses.prompt import conversation
from ossian.api.responses.schema import ResponseRequest
from ossian.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from ossian.generation import Generation
from ossian.harmony.encoding import load_encoding
from ossian.harmony.messages import Conversation
from ossian.server.responses.fitting import Fitted, fitted

REQUEST = ResponseRequest(model="m", input="x", instructions="Be brief.")


def told(items: Sequence[InputItem]) -> Conversation:
    return conversation(REQUEST, items, None, lambda text: text)


def num_tokens(items: Sequence[InputItem]) -> int:
    return len(load_encoding().render(told(items)))


def history(*lengths: int) -> list[InputItem]:
    return parse_items([{"role": "user", "content": f"{index}:" + " word" * n} for index, n in enumerate(lengths)])


async def fit(
    items: list[InputItem], max_model_len: int, max_tokens: int | None = 1, *, may_drop: bool = True
) -> Fitted:
    engine = ScriptedEngine([], info=replace(SCRIPTED_INFO, max_model_len=max_model_len))
    return await fitted(Generation(engine, load_encoding()), items, told, max_tokens, may_drop=may_drop)


async def test_what_fits_stays_as_it_is() -> None:
    items = history(10, 10, 10)
    whole = await fit(items, num_tokens(items) + 1)
    assert (len(whole.prompt), whole.notices) == (num_tokens(items), [])


async def test_what_must_not_be_shortened_is_left_to_the_caller_to_refuse() -> None:
    items = history(10, 10, 10)
    assert len((await fit(items, 50, may_drop=False)).prompt) == num_tokens(items)


async def test_an_answer_without_a_limit_gets_room() -> None:
    items = history(*[20] * 20)
    shorter = await fit(items, 400, None)
    assert len(shorter.prompt) <= 350
    assert len(shorter.notices) == 1


async def test_where_nothing_can_be_left_out_nothing_is() -> None:
    items = history(100)
    only = await fit(items, 50)
    assert (len(only.prompt), only.notices) == (num_tokens(items), [])


@given(st.lists(st.integers(0, 60), min_size=2, max_size=12), st.integers(60, 500))
async def test_no_more_is_left_out_than_it_takes(lengths: list[int], max_model_len: int) -> None:
    items = history(*lengths)
    shorter = await fit(items, max_model_len)
    fits = [num for num in range(len(items)) if num_tokens(items[num:]) < max_model_len]
    expected = items[fits[0] if fits else len(items) - 1 :]
    assert len(shorter.prompt) == num_tokens(expected)
    assert bool(shorter.notices) == (len(expected) < len(items))
