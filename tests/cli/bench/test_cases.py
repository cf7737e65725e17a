import pytest

from ossian.cli.bench.cases import PROFILED, SECTIONS, Decode, FirstToken, Output, Plan, Prefill, plan, sections_of
from ossian.cli.bench.rows import TARGETS
from ossian.errors import ConfigurationError


def test_a_case_says_what_it_is() -> None:
    assert Prefill(512).name == "prefill 512"
    assert Prefill(512, depth=8192).name == "prefill 512 at 8192"
    assert Decode().name == "decode"
    assert Decode(8).name == "decode x8"
    assert Decode(8, depth=2048).name == "decode x8 at 2048"
    assert FirstToken("turn after a turn").name == "first token, turn after a turn"
    assert Output("copied").name == "copied text"
    assert Output("other", speculates=True).name == "other text, speculation"


@pytest.mark.parametrize("is_quick", [True, False])
def test_no_two_cases_of_a_plan_have_one_name(is_quick: bool) -> None:
    names = [case.name for case in plan(SECTIONS, 1, is_quick=is_quick).cases]
    assert len(set(names)) == len(names)


def test_the_full_plan_measures_all_that_has_a_target() -> None:
    names = {case.name for case in plan(SECTIONS, 3, is_quick=False).cases}
    wanted = {row for row, _ in TARGETS if row.startswith(("prefill", "decode", "first token", "copied", "other"))}
    assert wanted <= names


def test_sections_choose_cases() -> None:
    chosen = plan(["decode"], 3, is_quick=False)
    assert {type(case) for case in chosen.cases} == {Decode}
    assert chosen.repeats == 3
    assert not chosen.profiles
    assert plan(["profile"], 1, is_quick=False) == Plan((), 1, PROFILED)
    assert plan(["load"], 1, is_quick=False) == Plan((), 1)


def test_what_a_context_is_too_short_for_is_left_out() -> None:
    cases = (Prefill(63), Prefill(64), Decode(depth=8, num_tokens=24), Decode(depth=9, num_tokens=24))
    assert Plan(cases, 2, cases).fitting(64) == Plan((cases[0], cases[2]), 2, (cases[0], cases[2]))


@pytest.mark.parametrize("is_quick", [True, False])
def test_set_texts_are_measured_once_a_process_with_speculation_and_without(is_quick: bool) -> None:
    whole = plan(SECTIONS, 3, is_quick=is_quick)
    others, plain, speculating = whole.parted()
    assert [case.name for case in plain.cases] == ["copied text", "other text"]
    assert [case.name for case in speculating.cases] == ["copied text, speculation", "other text, speculation"]
    assert {*others.cases, *plain.cases, *speculating.cases} == set(whole.cases)
    assert [(each.repeats, each.profiles) for each in (others, plain, speculating)] == [
        (3, whole.profiles),
        (1, ()),
        (1, ()),
    ]


def test_sections_are_named_with_commas() -> None:
    assert sections_of(None) == SECTIONS
    assert list(sections_of("prefill, profile")) == ["prefill", "profile"]
    with pytest.raises(ConfigurationError, match=r"--only takes load, prefill, .*; not 'speed'\."):
        sections_of("prefill,speed")
