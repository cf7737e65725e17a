from datetime import date
from decimal import Decimal

import pytest

from ossian.catalog.entry import Entry, entries_of
from ossian.catalog.lifecycle import Stage
from ossian.errors import ConfigurationError
from tests.catalog.models import declared, entry, served


def test_served_models_come_first_and_in_their_order() -> None:
    entries = entries_of([served("b"), served("a")], [declared("z"), declared("a", series="s"), declared("y")])
    assert [(each.id, each.model is not None) for each in entries] == [
        ("b", True),
        ("a", True),
        ("z", False),
        ("y", False),
    ]
    assert entries[1].declared.series == "s"


def test_a_served_model_needs_no_declaration() -> None:
    (undeclared,) = entries_of([served("my model!")], [])  # a folder may be called so
    assert (undeclared.id, undeclared.title, undeclared.tags) == ("my model!", "my model!", ())
    assert undeclared.declared.prices.input == 0


@pytest.mark.parametrize(
    "model_id, tags, params",
    [
        ("gpt-oss-20b", ("gpt-oss", "openai"), 20_900_000_000),
        ("gpt-oss-120b", ("gpt-oss", "openai"), 116_800_000_000),
        ("ossian-nano", ("ossian",), 109_000_000),
    ],
)
def test_much_is_known_without_a_declaration(model_id: str, tags: tuple[str, ...], params: int) -> None:
    (known,) = entries_of([served(model_id)], [])
    assert known.tags[: len(tags)] == tags
    assert known.declared.params == params
    assert known.declared.licence == "apache-2.0"
    assert known.declared.description


def test_the_demonstration_model_is_nobody_elses() -> None:
    (nano,) = entries_of([served("ossian-nano", "gpt-oss-20b", "openai/gpt-oss-20b")], [])
    assert nano.tags == ("ossian",)
    assert nano.virtual_tags[:3] == ("ossian", "gpt-oss", "openai")


def test_what_is_declared_goes_before_what_is_known() -> None:
    made = entry("gpt-oss-20b", publisher="us", tags=(), prices={"input": 1})
    assert made.tags == ("gpt-oss", "us")
    assert made.declared.prices.input == Decimal(1)
    assert made.declared.published == date(2025, 8, 5)


def test_something_known_can_be_taken_back() -> None:
    assert entry("gpt-oss-20b", series=None).tags[0] == "openai"


def test_a_tag_is_named_once() -> None:
    assert entry("a", series="x", publisher="x", tags=("y", "x", "y")).tags == ("x", "y")


def test_names_are_those_served_and_those_declared() -> None:
    (made,) = entries_of([served("a", "b", "a")], [declared("a", aliases=["c", "b"])])
    assert made.names == ("a", "b", "c")
    (elsewhere,) = entries_of([], [declared("a", aliases=["c"])])
    assert elsewhere.names == ("a", "c")


def limited(engine: int | None, **facts: object) -> Entry:
    models = [served("a", max_model_len=engine)] if engine else []
    (made,) = entries_of(models, [declared("a", **facts)])
    return made


@pytest.mark.parametrize(
    "made, context, output",
    [
        (limited(1000), 1000, 1000),
        (limited(1000, max_model_len=800), 800, 800),
        (limited(1000, max_model_len=2000), 1000, 1000),  # no declaration makes an engine greater
        (limited(1000, max_output_tokens=100), 1000, 100),
        (limited(1000, max_output_tokens=5000), 1000, 1000),
        (limited(None, max_model_len=800), 800, 800),
        (limited(None, max_output_tokens=100), None, 100),
        (limited(None), None, None),
    ],
)
def test_limits_are_the_engines_or_less(made: Entry, context: int | None, output: int | None) -> None:
    assert (made.max_model_len, made.max_output_tokens) == (context, output)


def test_a_model_is_offered_since_it_is_here() -> None:
    (made,) = entries_of([served("a", since=date(2026, 3, 4))], [])
    assert made.offered == date(2026, 3, 4)
    assert entry("a", offered="2025-01-01").offered == date(2025, 1, 1)
    (elsewhere,) = entries_of([], [declared("a")])
    assert elsewhere.offered is None


def test_a_model_has_a_name_for_people() -> None:
    assert entry("gpt-oss-20b").title == "gpt-oss 20b"
    assert entry("gpt-oss-20b", name="Small").title == "Small"
    assert entry("a").title == "a"


def test_the_stage_is_that_of_the_day() -> None:
    made = entry("a", lifecycle={"deprecated": "2026-01-01"})
    assert made.stage(date(2025, 12, 31)) is Stage.ACTIVE
    assert made.stage(date(2026, 1, 1)) is Stage.DEPRECATED


def test_a_model_is_declared_once() -> None:
    with pytest.raises(ConfigurationError, match=r"catalog\.models: 'a' is declared twice"):
        entries_of([served("a")], [declared("a"), declared("b"), declared("a")])
