import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.harmony.vocabulary import CHANNEL, END, MESSAGE, RETURN
from training.batches import DECISION, HEADER, IGNORED, MAX_TOKENS, PER_BATCH, emphasis, length, split_up
from training.conversations import Example
from training.copying import tokenizer

pytestmark = pytest.mark.parity

lengths = st.lists(st.integers(1, 900), min_size=1, max_size=48)


def example(num_tokens: int, number: int) -> Example:
    """One that is run for so many tokens and says one more."""
    return Example("", (7,) * 20, (number,) * num_tokens, (number, number))


@given(lengths)
def test_every_example_is_in_one_batch_with_its_targets(wanted: list[int]) -> None:
    group = [example(num_tokens, number) for number, num_tokens in enumerate(wanted, 1)]
    seen = []
    for batch in split_up(group):
        assert batch.inputs.numel() <= max(MAX_TOKENS, batch.inputs.shape[1])
        assert batch.prefix.tolist() == [7] * 20
        for inputs, targets in zip(batch.inputs, batch.targets, strict=True):
            number = int(inputs[0])
            seen.append((number, int((inputs != 0).sum())))
            assert targets[targets != IGNORED].tolist() == [number, number]
    assert sorted(seen) == [(number, length(each)) for number, each in enumerate(group, 1)]


def test_examples_that_differ_much_are_apart_and_alike_ones_together() -> None:
    shapes = [tuple(batch.inputs.shape) for batch in split_up([example(n, 1) for n in (500, 9, 10, 11, 499)])]
    assert shapes == [(2, 501), (3, 12)]


@given(lengths)
def test_no_batches_are_costlier_than_all_examples_alone(wanted: list[int]) -> None:
    batches = list(split_up([example(num_tokens, 1) for num_tokens in wanted]))
    cost = sum(batch.num_tokens + PER_BATCH for batch in batches)
    assert cost <= sum(num_tokens + 1 + 20 + PER_BATCH for num_tokens in wanted)


def test_verdicts_and_headers_count_more() -> None:
    said, header, answer = (tokenizer().encode(text) for text in ("Tools: get no", "assistant", "No, none."))
    completion = [CHANNEL, *said, END, *header, MESSAGE, *answer, RETURN]
    plain = [1.0] * (len(said) - 1)
    assert emphasis(completion) == [1.0, *plain, DECISION, 1.0, HEADER, HEADER, *[1.0] * len(answer), 1.0]
