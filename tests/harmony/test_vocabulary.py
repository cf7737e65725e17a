from importlib.resources import files

import openai_harmony
import pytest

from ossian.errors import ConfigurationError
from ossian.harmony import vocabulary

OUR_NAMES_ALONE = {200018: "<|endofprompt|>"}  # tiktoken and Hugging Face name it; openai-harmony calls it reserved


def test_ordinary_tokens_are_the_bytes_of_ids_from_zero() -> None:
    ranks = vocabulary.load_ranks()
    assert list(ranks.values()) == list(range(vocabulary.NUM_ORDINARY_TOKENS))
    assert {bytes([byte]) for byte in range(256)} <= ranks.keys()
    assert (ranks[b"assistant"], ranks[b"analysis"], ranks[b"final"], ranks[b" to"], ranks[b"="]) == (
        173781,
        35644,
        17196,
        316,
        28,
    )


def test_special_tokens_fill_the_rest_of_the_vocabulary() -> None:
    special = vocabulary.special_tokens()
    assert sorted(special.values()) == list(range(vocabulary.NUM_ORDINARY_TOKENS, vocabulary.VOCAB_SIZE))
    assert special["<|start|>"] == vocabulary.START == 200006
    assert special["<|channel|>"] == vocabulary.CHANNEL == 200005
    assert special["<|message|>"] == vocabulary.MESSAGE == 200008
    assert special["<|constrain|>"] == vocabulary.CONSTRAIN == 200003
    assert special["<|end|>"] == vocabulary.END == 200007
    assert special["<|return|>"] == vocabulary.RETURN == 200002
    assert special["<|call|>"] == vocabulary.CALL == 200012
    assert special["<|startoftext|>"] == vocabulary.START_OF_TEXT == 199998
    assert special["<|endoftext|>"] == vocabulary.END_OF_TEXT == 199999
    assert special["<|reserved_201087|>"] == 201087


def test_special_tokens_have_the_oracles_names(oracle: openai_harmony.HarmonyEncoding) -> None:
    ours = {token_id: name for name, token_id in vocabulary.special_tokens().items()}
    theirs = {token_id: oracle.decode([token_id]) for token_id in ours}
    assert ours == theirs | OUR_NAMES_ALONE


def test_a_damaged_file_is_an_error_that_says_what_to_do() -> None:
    content = files("ossian.harmony").joinpath(vocabulary.FILE_NAME).read_bytes()
    for damaged in (content[:-1], content.replace(b"\n", b"\r\n"), b""):
        with pytest.raises(ConfigurationError, match=r"damaged: sha256 .*, expected 446a.*Reinstall"):
            vocabulary.parse_ranks(damaged)


def test_a_missing_file_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "FILE_NAME", "absent.tiktoken")
    with pytest.raises(ConfigurationError, match=r"absent.tiktoken cannot be read.*Reinstall"):
        vocabulary.load_ranks()
