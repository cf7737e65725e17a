import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.scores import TARGETS, Score, is_right, markdown, same_json, scores_of, table, verdict, with_sums
from training.server import Reply
from training.skills.exchange import Exchange, copied

TEXT = Exchange("conversation: name told", "I am Ida.", {}, f"Hello {copied('Ida')}!")
CALL = Exchange(
    "tools: one call",
    "Weather in Oslo?",
    {},
    f'{{"city": "{copied("Oslo")}", "days": 2}}',
    recipient=f"functions.{copied('weather')}",
)
JSON = Exchange("structured output: person", "Ida is 7.", {}, f'{{"name": "{copied("Ida")}", "age": 7}}')


def reply(content: str = "", *calls: tuple[str, str], refusal: str | None = None) -> Reply:
    return Reply(content=content, calls=calls, refusal=refusal)


@pytest.mark.parametrize(
    "exchange, answer",
    [
        (TEXT, reply("Hello Ida!")),
        (CALL, reply("", ("weather", '{"city": "Oslo", "days": 2}'))),
        (CALL, reply("", ("weather", '{"days":2.0,"city":"\\u004fslo"}'))),
        (CALL, reply("One moment.", ("weather", '{"city": "Oslo", "days": 2}'))),
        (JSON, reply('{"name": "Ida", "age": 7}')),
        (JSON, reply('{\n  "age": 7,\n  "name": "Ida"\n}')),
    ],
)
def test_right_answers(exchange: Exchange, answer: Reply) -> None:
    assert is_right(exchange, answer)


@pytest.mark.parametrize(
    "exchange, answer",
    [
        (TEXT, reply("Hello Ida")),
        (TEXT, reply("Hello Ida! ")),
        (TEXT, reply("hello Ida!")),
        (TEXT, reply("")),
        (TEXT, reply("Hello Ida!", ("weather", "{}"))),
        (TEXT, reply("Hello Ida!", refusal="HTTP 400")),
        (CALL, reply('{"city": "Oslo", "days": 2}')),
        (CALL, reply("", ("forecast", '{"city": "Oslo", "days": 2}'))),
        (CALL, reply("", ("weather", '{"city": "oslo", "days": 2}'))),
        (CALL, reply("", ("weather", '{"city": "Oslo", "days": "2"}'))),
        (CALL, reply("", ("weather", '{"city": "Oslo"}'))),
        (CALL, reply("", ("weather", '{"city": "Oslo", "days": 2, "unit": null}'))),
        (CALL, reply("", ("weather", '{"city": "Oslo", "days": 2'))),
        (CALL, reply("", *2 * [("weather", '{"city": "Oslo", "days": 2}')])),
        (JSON, reply('{"name": "Ida", "age": 8}')),
        (JSON, reply('Here it is: {"name": "Ida", "age": 7}')),
        (JSON, reply("", ("weather", '{"name": "Ida", "age": 7}'))),
    ],
)
def test_wrong_answers(exchange: Exchange, answer: Reply) -> None:
    assert not is_right(exchange, answer)


def test_only_structured_output_may_be_spelled_in_another_way() -> None:
    number = Exchange("arithmetic: addition", "3+4", {}, "7")
    assert is_right(number, reply("7"))
    assert not is_right(number, reply("7.0"))


def test_structured_output_that_is_a_sentence_is_compared_letter_by_letter() -> None:
    sentence = Exchange("structured output: without a format", "Ida is 7.", {}, "Which fields?")
    assert is_right(sentence, reply("Which fields?"))
    assert not is_right(sentence, reply("which fields?"))


@pytest.mark.parametrize("one, other", [("1", "1.0"), ("1e2", "100"), ('"é"', '"\\u00e9"'), ("[1, 2]", "[1,2]")])
def test_one_json_value_in_two_spellings(one: str, other: str) -> None:
    assert same_json(one, other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("1", "true"),
        ("0", "false"),
        ("null", "false"),
        ("[1, 2]", "[2, 1]"),
        ("1", '"1"'),
        ("1.5", "1.25"),
        ("{}", "[]"),
    ],
)
def test_two_json_values(one: str, other: str) -> None:
    assert not same_json(one, other)


@pytest.mark.parametrize("text", ["", "{", "NaN", "Infinity", "{} {}", '{"a": 1, "a": 1}', "[" * 100_000, "None"])
def test_what_is_no_json_equals_nothing(text: str) -> None:
    assert not same_json(text, text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values, st.integers(0, 3))
def test_indentation_and_order_change_no_value(value: object, indent: int) -> None:
    assert same_json(json.dumps(value), json.dumps(value, indent=indent, ensure_ascii=False, sort_keys=True))


def test_scores_are_counted_for_each_skill() -> None:
    results = [("b: x", True), ("a: x", False), ("b: x", False), ("a: x", False)]
    assert scores_of(results) == {"a: x": Score(0, 2), "b: x": Score(1, 2)}


SCORES = {
    "anything else: request": Score(98, 100),
    "arithmetic: addition": Score(19, 20),
    "arithmetic: multiplication": Score(16, 20),
    "conversation: greeting": Score(49, 50),
    "conversation: name told": Score(48, 50),
    "unheard: of": Score(1, 3),
}


def test_each_group_has_a_sum_after_its_rows() -> None:
    summed = with_sums(SCORES)
    assert list(summed) == [
        *("conversation: greeting", "conversation: name told", "conversation"),
        *("arithmetic: addition", "arithmetic: multiplication", "arithmetic"),
        *("anything else: request", "anything else", "unheard: of", "unheard", "together"),
    ]
    assert summed["conversation"] == Score(97, 100)
    assert summed["arithmetic"] == Score(35, 40)
    assert summed["together"] == Score(98 + 35 + 97 + 1, 100 + 40 + 100 + 3)


def test_the_targets_are_those_of_the_issue() -> None:
    for group in ("conversation", "facts", "instructions", "anything else"):
        assert TARGETS[group] == 0.98
    assert TARGETS["tools"] == TARGETS["arithmetic: addition"] == TARGETS["arithmetic: subtraction"] == 0.95
    assert TARGETS["arithmetic: multiplication"] == 0.85
    assert TARGETS["structured output"] == 0.90


@pytest.mark.parametrize(
    "name, score, said",
    [
        ("facts", Score(98, 100), "target 98%: met"),
        ("facts", Score(979, 1000), "target 98%: MISSED"),
        ("arithmetic: multiplication", Score(17, 20), "target 85%: met"),
        ("arithmetic: multiplication beyond 2x2", Score(0, 20), ""),
        ("arithmetic", Score(0, 20), ""),
        ("tools: chain", Score(0, 20), ""),
        ("tools", Score(949, 1000), "target 95%: MISSED"),
    ],
)
def test_a_target_is_met_or_missed(name: str, score: Score, said: str) -> None:
    assert verdict(name, score) == said


def test_the_table() -> None:
    lines = table(SCORES).splitlines()
    assert "conversation: greeting         49 of    50    98.0%" in lines
    assert "CONVERSATION                   97 of   100    97.0%  target 98%: MISSED" in lines
    assert "arithmetic: addition           19 of    20    95.0%  target 95%: met" in lines
    assert "TOGETHER                      231 of   243    95.1%" in lines


def test_the_table_against_an_earlier_run() -> None:
    lines = table(
        SCORES, {"conversation: greeting": Score(50, 50), "conversation: name told": Score(47, 50)}
    ).splitlines()
    assert "conversation: greeting         49 of    50    98.0%   -2.0" in lines
    assert "conversation: name told        48 of    50    96.0%   +2.0" in lines
    assert "CONVERSATION                   97 of   100    97.0%   +0.0  target 98%: MISSED" in lines
    assert "arithmetic: addition           19 of    20    95.0%         target 95%: met" in lines


def test_the_table_of_the_model_card() -> None:
    runs = {"temperature 0.0": SCORES, "temperature 1.0": {"arithmetic: addition": Score(1, 2)}}
    lines = markdown(runs).splitlines()
    assert lines[:2] == ["| | temperature 0.0 | temperature 1.0 | target |", "|---|---|---|---|"]
    assert "| arithmetic: addition | 19 of 20 (95.0%) | 1 of 2 (50.0%) | ≥ 95% |" in lines
    assert "| conversation: greeting | 49 of 50 (98.0%) | – |  |" in lines
    assert "| **conversation** | 97 of 100 (97.0%) | – | ≥ 98% |" in lines
    assert len(lines) == 2 + len(with_sums(SCORES))


def test_nothing_asked_is_nothing_wrong() -> None:
    assert Score().share == 1.0
    assert table({}) == "TOGETHER      0 of     0   100.0%\n"
