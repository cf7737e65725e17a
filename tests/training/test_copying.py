import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.harmony.tokenizer import Tokenizer
from training.copying import Prompt, completion_tokens, copied_tokens
from training.skills.exchange import copied, unmarked

TOKENIZER = Tokenizer()


def pieces(tokens: list[int]) -> list[str]:
    return [TOKENIZER.decode([token]) for token in tokens]


def prompt(text: str) -> Prompt:
    return Prompt(TOKENIZER.encode(text))


@given(st.text())
def test_what_is_not_copied_reads_the_same_and_has_one_token_for_each_digit(text: str) -> None:
    text = unmarked(text)
    tokens = completion_tokens(text, prompt(""))
    assert TOKENIZER.decode(tokens) == TOKENIZER.decode(TOKENIZER.encode(text))
    assert [token for token in tokens if re.search(r"[0-9].", TOKENIZER.decode([token]))] == []


WORDS = st.sampled_from(
    ["Anna", "Björk", "Hiroshi", "Ana Maria", "zorblify", "東京", "12.50", "2026-01-12", "a@b.org", "get_tax"]
)
BEFORE = st.sampled_from(["", " ", '"', "(", "\n", "name is ", 'to "', "_", ": "])
AFTER = st.sampled_from(["", " ", '"', ")", "\n", ".", ", and", ","])


@given(WORDS, BEFORE, AFTER, st.sampled_from(["Your name is ", '{"name": "', "functions.", ""]))
def test_a_copy_reads_as_the_text_wherever_it_stood(word: str, before: str, after: str, said: str) -> None:
    tokens = completion_tokens(f"{said}{copied(word)}.", prompt(f"x{before}{word}{after}"))
    assert TOKENIZER.decode(tokens) == f"{said}{word}."


def test_a_copy_after_a_blank_takes_the_prompts_tokens() -> None:
    told = prompt("My name is Hiroshi Björk.")
    assert completion_tokens(f"You are {copied('Hiroshi Björk')}", told)[-3:] == list(told.tokens)[-4:-1]


def test_without_a_blank_only_the_first_token_is_spelled_anew() -> None:
    told = prompt("My name is Hiroshi Björk.")
    said = pieces(copied_tokens("Hiroshi Björk", told, has_blank=False))
    first, *others = pieces(TOKENIZER.encode(" Hiroshi Björk"))
    assert said == [*pieces(TOKENIZER.encode(first.strip())), *others]


def test_a_number_keeps_its_token() -> None:
    assert pieces(completion_tokens(f'{{"people": {copied("120")}}}', prompt("for 120 people"))) == [
        '{"',
        "people",
        '":',
        " ",
        "120",
        "}",
    ]


def test_a_word_that_stood_in_quotes_gets_its_blank() -> None:
    said = completion_tokens(f"status is {copied('open')}.", prompt('{"status": "open"}'))
    assert pieces(said) == ["status", " is", " open", "."]


@pytest.mark.parametrize("text", ["", "Anna", "Susannah"])
def test_what_is_not_in_the_prompt_is_spelled_as_usual(text: str) -> None:
    assert prompt(text).find("nna") is None
    assert copied_tokens("nna", prompt(text), has_blank=True) == TOKENIZER.encode(" nna")


def test_the_last_occurrence_counts() -> None:
    told = prompt('{"city": "Lyon"} I live in Lyon')
    assert told.find("Lyon") == TOKENIZER.encode(" Lyon")
