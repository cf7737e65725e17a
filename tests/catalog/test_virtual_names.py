from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ossian.catalog.virtual_names import (
    MAX_CONDITIONS,
    Comparison,
    Condition,
    ModelFact,
    Ranker,
    VirtualName,
    is_virtual,
)
from ossian.errors import InvalidRequestError

NUMBERS = st.decimals(0, 10**15, places=4) | st.integers(0, 10**12).map(Decimal)
NUMERIC = st.sampled_from([fact for fact in ModelFact if fact is not ModelFact.ENDPOINT_PUBLICATION_DATE])
CONDITIONS = st.builds(Condition, NUMERIC, st.sampled_from(Comparison), NUMBERS) | st.builds(
    Condition, st.just(ModelFact.ENDPOINT_PUBLICATION_DATE), st.sampled_from(Comparison), st.dates()
)
TAGS = st.text(min_size=1).map(lambda text: text.replace("@", "").strip()).filter(bool)
NAMES = st.builds(VirtualName, TAGS, st.sampled_from(Ranker), st.lists(CONDITIONS, max_size=MAX_CONDITIONS).map(tuple))
PIECES = st.sampled_from(
    [
        "gpt-oss",
        "@",
        "?",
        "&",
        "<",
        ">",
        "=",
        " ",
        "\n",
        "fastest",
        "latest",
        "context_size",
        "params",
        "20B",
        "0.5",
        "endpoint_publication_date",
        "2026-01-31",
        "2026-02-30",
        "-",
        "K",
        "\u212a",
        "\u0661",
        ".",
        "e9",
        "\x00",
    ]
)
TEXTS = st.text() | st.lists(PIECES).map("".join)


def outcome(text: str) -> tuple[str, VirtualName | None]:
    """What a text is: an error's message, or a name."""
    try:
        return "", VirtualName.read(text)
    except InvalidRequestError as error:
        return error.message, None


@pytest.mark.parametrize(
    "text, expected",
    [
        ("gpt-oss@cheapest", VirtualName("gpt-oss", Ranker.CHEAPEST)),
        ("code_completion@latest", VirtualName("code_completion", Ranker.LATEST)),
        (
            "mistral@latest?context_size>100000",
            VirtualName(
                "mistral",
                Ranker.LATEST,
                (Condition(ModelFact.CONTEXT_SIZE, Comparison.GREATER, Decimal(100_000)),),
            ),
        ),
        (
            "qwen@biggest?input_cost<0.5",
            VirtualName("qwen", Ranker.BIGGEST, (Condition(ModelFact.INPUT_COST, Comparison.LESS, Decimal("0.5")),)),
        ),
    ],
)
def test_the_vendors_examples(text: str, expected: VirtualName) -> None:
    assert VirtualName.read(text) == expected
    assert str(expected) == text


def test_spaces_are_allowed_around_every_part() -> None:
    spaced = VirtualName.read("  gpt-oss @ fastest ? context_size > 100000 & \t params = 20B ")
    assert spaced == VirtualName.read("gpt-oss@fastest?context_size>100000&params=20000000000")


def test_a_tag_may_hold_spaces_and_question_marks() -> None:
    assert VirtualName.read("what is this? a tag@latest").tag == "what is this? a tag"


@pytest.mark.parametrize("ranker", list(Ranker))
def test_every_ranker(ranker: Ranker) -> None:
    assert VirtualName.read(f"gpt-oss@{ranker.value}").ranker is ranker


@pytest.mark.parametrize("fact", list(ModelFact))
@pytest.mark.parametrize("comparison", list(Comparison))
def test_every_fact_with_every_comparison(fact: ModelFact, comparison: Comparison) -> None:
    is_day = fact is ModelFact.ENDPOINT_PUBLICATION_DATE
    value = "2026-01-31" if is_day else "7"
    (condition,) = VirtualName.read(f"a@latest?{fact.value}{comparison.value}{value}").conditions
    assert condition == Condition(fact, comparison, date(2026, 1, 31) if is_day else Decimal(7))


@pytest.mark.parametrize(
    "text, value",
    [
        ("20B", "20000000000"),
        ("20b", "20000000000"),
        ("128K", "128000"),
        ("0.5M", "500000"),
        ("007", "7"),
        ("1.50", "1.5"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    (condition,) = VirtualName.read(f"a@latest?params={text}").conditions
    assert condition.value == Decimal(value)


@pytest.mark.parametrize(
    "text, reasons",
    [
        ("gpt-oss", ["'gpt-oss' has no tag and ranker", "tag@ranker?condition"]),
        ("", ["'' has no tag and ranker"]),
        ("@latest", ["'@latest' has no tag and ranker"]),
        (" @latest", ["has no tag and ranker"]),
        ("gpt-oss?params>1", ["has no tag and ranker"]),
        ("gpt-oss@", ["no ranker ''", "'fastest', 'cheapest', 'biggest', 'latest', 'smallest'"]),
        ("gpt-oss@best", ["no ranker 'best'", "'fastest', 'cheapest', 'biggest', 'latest', 'smallest'"]),
        ("gpt-oss@Latest", ["no ranker 'Latest'"]),
        ("a@b@latest", ["no ranker 'b@latest'"]),
        ("a@latest?", ["'' is no condition: it has none of '<', '>', '='"]),
        ("a@latest?params>1&", ["'' is no condition"]),
        ("a@latest?params", ["'params' is no condition"]),
        (
            "a@latest?colour=1",
            ["no field 'colour'", "'context_size', 'max_tokens', 'input_cost', 'params', 'endpoint_"],
        ),
        ("a@latest?=1", ["no field ''"]),
        ("a@latest?params>=1", ["no operator '>='", "'<', '>', '='"]),
        ("a@latest?params!=1", ["no operator '!='"]),
        ("a@latest?params>", ["params is compared with a number such as", "not with ''"]),
        ("a@latest?params>many", ["not with 'many'"]),
        ("a@latest?params>-1", ["not with '-1'"]),
        ("a@latest?params>1e9", ["not with '1e9'"]),
        ("a@latest?params>20 B", ["not with '20 B'"]),
        ("a@latest?params>.5", ["not with '.5'"]),
        ("a@latest?params>1_000", ["not with '1_000'"]),
        ("a@latest?params>1\u212a", ["not with '1\u212a'"]),  # a Kelvin sign is no K
        ("a@latest?params>\u0661", ["not with '\u0661'"]),
        ("a@latest?params>1>2", ["not with '1>2'"]),
        ("a@latest?params>1?params<2", ["not with '1?params<2'"]),
        ("a@latest?endpoint_publication_date>1", ["compared with a day such as 2026-01-31", "not with '1'"]),
        ("a@latest?endpoint_publication_date>20260131", ["not with '20260131'"]),
        ("a@latest?endpoint_publication_date>2026-02-30", ["not with '2026-02-30'"]),
        ("a@latest?endpoint_publication_date>0000-01-01", ["not with '0000-01-01'"]),
        ("a@latest?" + "&".join(["params>1"] * 17), ["at most 16 conditions"]),
    ],
)
def test_what_cannot_be_read_says_what_there_is(text: str, reasons: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        VirtualName.read(text)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, "model", "invalid_value")
    for reason in reasons:
        assert reason in caught.value.message


def test_the_most_conditions() -> None:
    assert len(VirtualName.read("a@latest?" + "&".join(["params>1"] * MAX_CONDITIONS)).conditions) == MAX_CONDITIONS


@given(TEXTS)
@example("a@latest?params>1\u212a")
@example("a@latest?endpoint_publication_date=9999-99-99")
def test_any_text_is_a_virtual_name_or_a_clear_error(text: str) -> None:
    message, name = outcome(text)
    if name is None:
        assert message.endswith("such as gpt-oss@fastest?context_size>100000.")
        assert len(message) < 500
    else:
        assert is_virtual(text)
        assert VirtualName.read(str(name)) == name


@given(NAMES)
def test_what_is_written_can_be_read(name: VirtualName) -> None:
    assert VirtualName.read(str(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        "@" * 1_000_000,
        "a@latest?" + "<" * 1_000_000,
        "a@latest?params>" + "1" * 1_000_000 + "x",
        "a@latest?params>" + "1." * 500_000,
        "a@latest?params" + " " * 1_000_000,
        "a@latest?" + "params>1&" * 100_000,
        "a@" + "latest" * 200_000,
    ],
    ids=range(7),
)
def test_a_megabyte_of_anything_is_refused_at_once(text: str) -> None:
    """In quadratic time each of these would take hours."""
    with pytest.raises(InvalidRequestError) as caught:
        VirtualName.read(text)
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    "comparison, actual, is_met",
    [
        ("<", 4, True),
        ("<", 5, False),
        (">", 6, True),
        (">", 5, False),
        ("=", 5, True),
        ("=", 6, False),
        ("<", None, False),
        (">", None, False),
        ("=", None, False),
    ],
)
def test_what_meets_a_condition(comparison: str, actual: int | None, is_met: bool) -> None:
    (condition,) = VirtualName.read(f"a@latest?params{comparison}5").conditions
    assert condition.is_met_by(None if actual is None else Decimal(actual)) is is_met


def test_days_are_compared_as_days() -> None:
    (since,) = VirtualName.read("a@latest?endpoint_publication_date>2025-12-31").conditions
    assert since.is_met_by(date(2026, 1, 1))
    assert not since.is_met_by(date(2025, 12, 31))


@pytest.mark.parametrize("name, expected", [("gpt-oss@latest", True), ("gpt-oss-20b", False), ("a?params>1", False)])
def test_names_with_a_ranker_are_virtual(name: str, expected: bool) -> None:
    assert is_virtual(name) is expected
