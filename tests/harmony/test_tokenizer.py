import openai_harmony
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossian.harmony.encoding import HarmonyEncoding
from ossian.harmony.tokenizer import MAX_BLANKS, is_special
from ossian.harmony.vocabulary import NUM_ORDINARY_TOKENS, VOCAB_SIZE, special_tokens
from tests.harmony.strategies import texts

MEGABYTE = 1_000_000


def test_known_vectors(encoding: HarmonyEncoding) -> None:
    assert encoding.encode("hello world") == [24912, 2375]
    assert encoding.encode("<|start|>") == [27, 91, 5236, 91, 29]
    assert encoding.encode("") == []


@settings(deadline=None)
@given(texts)
def test_encodes_as_the_oracle_does(
    encoding: HarmonyEncoding, oracle: openai_harmony.HarmonyEncoding, text: str
) -> None:
    token_ids = encoding.encode(text)
    assert token_ids == oracle.encode(text, disallowed_special=())
    assert encoding.decode(token_ids) == text


@settings(deadline=None)
@given(st.text(st.characters()))
def test_no_text_becomes_a_special_token(encoding: HarmonyEncoding, text: str) -> None:
    assert all(token_id < NUM_ORDINARY_TOKENS for token_id in encoding.encode(text))


@pytest.mark.parametrize("name", ["<|start|>", "<|end|>", "<|return|>", "<|reserved_201087|>", "<|endoftext|>"])
def test_a_special_tokens_name_is_ordinary_text(encoding: HarmonyEncoding, name: str) -> None:
    assert special_tokens()[name] not in encoding.encode(f"a{name}b")
    assert encoding.decode(encoding.encode(f"a{name}b")) == f"a{name}b"


def test_a_lone_surrogate_becomes_the_replacement_character(encoding: HarmonyEncoding) -> None:
    assert encoding.decode(encoding.encode("a\ud800b")) == "a\ufffdb"


# A plain tiktoken panics on the blanks, and older ones take minutes for the letters; runs of blanks just short of the
# limit take minutes when the limit is looked for at each of their blanks.
@pytest.mark.parametrize(
    "text",
    [
        "a" * MEGABYTE,
        "\N{GRINNING FACE}" * (MEGABYTE // 4),
        " " * MEGABYTE,
        "x" + "\t" * MEGABYTE + "y",
        (" " * (MAX_BLANKS - 1) + "x") * (MEGABYTE // MAX_BLANKS),
        "\N{IDEOGRAPHIC SPACE}" * (MEGABYTE // 3),
        "\r\n" * (MEGABYTE // 2),
        "中" * (MEGABYTE // 3),
        "1" * MEGABYTE,
        "!" * MEGABYTE,
    ],
    ids=lambda text: repr(text[:2]),
)
def test_a_megabyte_of_anything_is_encoded_without_loss(encoding: HarmonyEncoding, text: str) -> None:
    assert encoding.decode(encoding.encode(text)) == text


def test_cutting_long_runs_of_blanks_leaves_shorter_ones_alone(
    encoding: HarmonyEncoding, oracle: openai_harmony.HarmonyEncoding
) -> None:
    text = "a" + " " * (MAX_BLANKS - 1) + "b"
    assert encoding.encode(text) == oracle.encode(text)


def test_every_token_has_bytes_and_every_id_outside_reads_as_invalid(encoding: HarmonyEncoding) -> None:
    assert all(encoding.token_bytes(token_id) for token_id in range(0, VOCAB_SIZE, 997))
    assert encoding.token_bytes(200006) == b"<|start|>"
    for outside in (-1, VOCAB_SIZE, 10**12):
        assert encoding.token_bytes(outside).decode(errors="replace") == "\ufffd"


def test_special_ids(encoding: HarmonyEncoding) -> None:
    assert [is_special(token_id) for token_id in (-1, 0, 199997, 199998, 201087, 201088)] == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]
    assert encoding.is_special(200006)
