from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.catalog.entry import Entry, entries_of
from ossian.catalog.ranking import select
from ossian.catalog.virtual_names import Ranker, VirtualName
from ossian.errors import ModelNotFoundError
from tests.catalog.models import declared, entry, served

TODAY = date(2026, 6, 1)

SMALL = entry("gpt-oss-20b", prices={"input": 0.05, "output": 0.18}, offered="2025-08-06", max_output_tokens=32_768)
LARGE = entry("gpt-oss-120b", prices={"input": 0.09, "output": 0.47}, offered="2025-09-01")
CODER = entry(
    "coder",
    series="qwen",
    publisher="Alibaba",
    tags=("code_completion", "code_chat"),
    params=27_000_000_000,
    prices={"input": 0.04, "output": 0.6},
    published="2026-03-01",
    max_model_len=65_536,
)
PLAIN = entry("plain", series="gpt-oss")  # nothing else is known of it
MODELS = (LARGE, SMALL, CODER)


def chosen(name: str, *entries: Entry, speeds: dict[str, float] | None = None) -> str:
    return select(VirtualName.read(name), entries or MODELS, TODAY, speeds or {}).id


@pytest.mark.parametrize(
    "name, expected",
    [
        ("gpt-oss@cheapest", "gpt-oss-20b"),
        ("gpt-oss@smallest", "gpt-oss-20b"),
        ("gpt-oss@biggest", "gpt-oss-120b"),
        ("code_completion@latest", "coder"),
        ("code_chat@biggest", "gpt-oss-120b"),
        ("openai@biggest?input_cost<0.06", "gpt-oss-20b"),
        ("code_chat@latest?context_size>100000", "gpt-oss-120b"),
        ("code_chat@cheapest", "gpt-oss-20b"),  # the coder's input alone is cheaper
        ("GPT-OSS@cheapest", "gpt-oss-20b"),
        ("alibaba@cheapest", "coder"),
        ("openai@cheapest?max_tokens>32768", "gpt-oss-120b"),
        ("openai@biggest?max_tokens=32768", "gpt-oss-20b"),
        ("code_chat@smallest?params>20.9B", "coder"),
        ("code_chat@biggest?params<100B&context_size>65536", "gpt-oss-20b"),
        ("openai@smallest?endpoint_publication_date>2025-08-06", "gpt-oss-120b"),
        ("openai@biggest?endpoint_publication_date=2025-08-06", "gpt-oss-20b"),
    ],
)
def test_the_best_of_a_tag(name: str, expected: str) -> None:
    assert chosen(name) == expected


def test_the_latest_of_those_published_on_one_day_was_offered_last() -> None:
    assert chosen("gpt-oss@latest", SMALL, LARGE) == "gpt-oss-120b"


def test_the_fastest_is_the_one_that_was_measured_so() -> None:
    assert chosen("gpt-oss@fastest", speeds={"gpt-oss-20b": 12.5, "gpt-oss-120b": 40.0}) == "gpt-oss-120b"
    assert chosen("gpt-oss@fastest", speeds={"gpt-oss-20b": 41.0, "gpt-oss-120b": 40.0}) == "gpt-oss-20b"


def test_a_measured_model_goes_before_one_that_never_answered() -> None:
    assert chosen("gpt-oss@fastest", speeds={"gpt-oss-120b": 0.5}) == "gpt-oss-120b"


def test_without_measurements_the_smallest_is_taken_for_the_fastest() -> None:
    assert chosen("gpt-oss@fastest") == "gpt-oss-20b"


def test_without_prices_the_smallest_is_the_cheapest() -> None:
    large, small = entry("gpt-oss-120b"), entry("gpt-oss-20b")
    assert chosen("gpt-oss@cheapest", large, small) == "gpt-oss-20b"


@pytest.mark.parametrize("ranker", ["biggest", "smallest"])
def test_a_model_of_unknown_size_comes_last(ranker: str) -> None:
    assert chosen(f"gpt-oss@{ranker}", PLAIN, SMALL) == "gpt-oss-20b"
    assert chosen(f"gpt-oss@{ranker}", PLAIN) == "plain"


@pytest.mark.parametrize("ranker", list(Ranker))
def test_of_equals_the_first_in_the_catalog(ranker: Ranker) -> None:
    first, second = (entry(name, tags=("chat",)) for name in "ab")
    assert chosen(f"chat@{ranker}", first, second) == "a"
    assert chosen(f"chat@{ranker}", second, first) == "b"


def test_an_unknown_fact_meets_no_condition() -> None:
    with pytest.raises(ModelNotFoundError, match=r"'plain' \(params unknown\)"):
        chosen("gpt-oss@latest?params<1000B", PLAIN)


@pytest.mark.parametrize("name", ["llama@latest", "gpt-oss-20b@latest", "gpt@latest"])
def test_an_unknown_tag_is_an_error_that_lists_the_tags(name: str) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        chosen(name)
    assert caught.value.message == (
        f"No model here has the tag '{name.split('@', maxsplit=1)[0]}'. The tags are 'gpt-oss', 'openai', 'chat', "
        "'reasoning', 'code_chat', 'summarization', 'qwen', 'Alibaba', 'code_completion'."
    )


def test_a_catalog_without_tags_says_so() -> None:
    with pytest.raises(ModelNotFoundError, match=r"No model here has the tag 'a'. No model here has any tag\."):
        chosen("a@latest", entry("plain"))


def test_conditions_that_nothing_meets_are_an_error_that_lists_the_facts() -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        chosen("gpt-oss @ latest ? input_cost<0.05 & endpoint_publication_date>2025-08-06&input_cost>0.01")
    assert caught.value.message == (
        "No model meets 'gpt-oss@latest?input_cost<0.05&endpoint_publication_date>2025-08-06&input_cost>0.01'. "
        "The models of 'gpt-oss' are 'gpt-oss-120b' (input_cost 0.09, endpoint_publication_date 2025-09-01), "
        "'gpt-oss-20b' (input_cost 0.05, endpoint_publication_date 2025-08-06)."
    )
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")


def test_a_deprecated_model_is_chosen_only_where_no_other_fits() -> None:
    small = entry("gpt-oss-20b", lifecycle={"deprecated": TODAY})
    assert chosen("gpt-oss@smallest", small, LARGE) == "gpt-oss-120b"
    assert chosen("gpt-oss@smallest?params<100B", small, LARGE) == "gpt-oss-20b"


def test_retired_models_and_models_that_are_not_served_are_never_chosen() -> None:
    retired = entry("gpt-oss-20b", lifecycle={"retired": TODAY})
    elsewhere = entries_of([], [declared("gpt-oss-120b")])
    with pytest.raises(ModelNotFoundError, match="No model here has the tag 'gpt-oss'"):
        chosen("gpt-oss@latest", retired, *elsewhere)
    assert chosen("gpt-oss@latest", retired, *elsewhere, PLAIN) == "plain"


@given(st.lists(st.none() | st.integers(1, 10**12), min_size=1, max_size=8))
def test_the_biggest_and_the_smallest_are(sizes: list[int | None]) -> None:
    models = [served(f"m{number}") for number in range(len(sizes))]
    facts = [declared(f"m{number}", tags=("t",), params=params) for number, params in enumerate(sizes)]
    entries = entries_of(models, facts)
    known = [params for params in sizes if params is not None]
    for ranker, expected in (("biggest", max(known, default=None)), ("smallest", min(known, default=None))):
        best = select(VirtualName.read(f"t@{ranker}"), entries, TODAY, {})
        assert best.declared.params == expected


@given(st.dictionaries(st.sampled_from(["gpt-oss-20b", "gpt-oss-120b"]), st.floats(0.001, 1e6), min_size=1))
def test_the_fastest_has_the_highest_speed(speeds: dict[str, float]) -> None:
    assert speeds[chosen("gpt-oss@fastest", speeds=speeds)] == max(speeds.values())
