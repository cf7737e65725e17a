import numpy as np
import pytest

from ossian.catalog.spelling import MAX_PIECES, NO_PIECE, PREFIXES, Case, Spelling, case_of, spelling, split
from ossian.harmony.tokenizer import Tokenizer
from ossian.harmony.vocabulary import NUM_ORDINARY_TOKENS, VOCAB_SIZE

TOKENIZER = Tokenizer()


@pytest.fixture(scope="module")
def spelled() -> Spelling:
    return spelling(TOKENIZER)


def token(text: str) -> int:
    [token] = TOKENIZER.encode(text)
    return token


@pytest.mark.parametrize(
    "text, prefix, case, word",
    [
        ("name", "", Case.LOWER, "name"),
        (" name", " ", Case.LOWER, "name"),
        (" Name", " ", Case.CAPITAL, "name"),
        ("_NAME", "_", Case.UPPER, "name"),
        (" A", " ", Case.CAPITAL, "a"),
        (" iPhone", " ", Case.OTHER, "iPhone"),
        ("123", "", Case.NONE, "123"),
        (" 东京", " ", Case.NONE, "东京"),
        ('":', "", Case.OTHER, '":'),
        ("  ", "", Case.OTHER, "  "),
        (" straße", " ", Case.LOWER, "straße"),
        (" STRASSE", " ", Case.UPPER, "strasse"),
    ],
)
def test_a_token_is_a_prefix_and_a_word_in_a_case(text: str, prefix: str, case: Case, word: str) -> None:
    assert split(text.encode())[:3] == (prefix, case, word)


def test_bytes_that_are_no_text_are_a_word_of_their_own() -> None:
    assert split(b"\xe4\xb8") == ("", Case.OTHER, b"\xe4\xb8", "")


@pytest.mark.parametrize("word", ["ǅ", "ŉ", "ß", "İ", "ﬁnd", "ΑΣ", "mcDonald"])
def test_a_case_leads_back_to_the_word_or_is_none_of_them(word: str) -> None:
    lower = word.lower()
    forms = {
        Case.LOWER: lower,
        Case.CAPITAL: lower[:1].upper() + lower[1:],
        Case.UPPER: lower.upper(),
        Case.NONE: lower,
    }
    assert forms.get(case_of(word), word) == word


def test_prefix_case_and_word_tell_every_token_from_all_others(spelled: Spelling) -> None:
    described = np.stack((spelled.prefix, spelled.case, spelled.key), axis=1)
    assert len(np.unique(described, axis=0)) == VOCAB_SIZE


def test_words_that_differ_in_prefix_or_case_are_one_word(spelled: Spelling) -> None:
    keys = {int(spelled.key[token(text)]) for text in ("name", " name", "_name", ".name", "Name", " Name", " NAME")}
    assert len(keys) == 1
    assert spelled.key[token(" word")] not in keys


def test_pieces_spell_the_word_without_its_prefix(spelled: Spelling) -> None:
    for start in range(0, NUM_ORDINARY_TOKENS, 997):
        prefix, _, _, word = split(TOKENIZER.token_bytes(start))
        pieces = [piece for piece in spelled.pieces[start] if piece != NO_PIECE]
        if prefix:
            assert pieces == [spelled.key[piece] for piece in TOKENIZER.encode(word)[:MAX_PIECES]]
        else:
            assert pieces == [spelled.key[start]]


def test_a_name_of_one_token_after_a_blank_may_need_several_without(spelled: Spelling) -> None:
    assert len(TOKENIZER.encode(" Hiroshi")) <= len(TOKENIZER.encode("Hiroshi"))
    assert spelled.prefix[token(" London")] == PREFIXES.index(" ")
    assert spelled.pieces[token(" London")].tolist() == [spelled.key[token("London")], NO_PIECE, NO_PIECE]
