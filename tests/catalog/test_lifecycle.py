from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossian.catalog.lifecycle import Stage, deprecation, redirection, retirement, stage_of
from ossian.settings import ModelLifecycle

JANUARY, APRIL = date(2027, 1, 1), date(2027, 4, 1)
BOTH = ModelLifecycle(deprecated=JANUARY, retired=APRIL, successor="gpt-oss-120b")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "today, stage",
    [
        (JANUARY - DAY, Stage.ACTIVE),
        (JANUARY, Stage.DEPRECATED),
        (APRIL - DAY, Stage.DEPRECATED),
        (APRIL, Stage.RETIRED),
        (APRIL + 1000 * DAY, Stage.RETIRED),
    ],
)
def test_each_date_is_the_first_day_of_its_stage(today: date, stage: Stage) -> None:
    assert stage_of(BOTH, today) is stage


def test_a_model_without_dates_is_active_for_ever() -> None:
    assert stage_of(ModelLifecycle(), date.max) is Stage.ACTIVE


def test_a_model_may_be_retired_without_having_been_deprecated() -> None:
    assert stage_of(ModelLifecycle(retired=APRIL), APRIL - DAY) is Stage.ACTIVE
    assert stage_of(ModelLifecycle(retired=APRIL), APRIL) is Stage.RETIRED


def test_a_model_can_be_deprecated_with_no_end_in_sight() -> None:
    assert stage_of(ModelLifecycle(deprecated=JANUARY), date.max) is Stage.DEPRECATED


@given(st.dates(), st.dates(), st.dates(), st.dates())
def test_a_model_never_comes_back(first: date, second: date, third: date, fourth: date) -> None:
    deprecated, retired = sorted((first, second))
    earlier, later = sorted((third, fourth))
    lifecycle = ModelLifecycle(deprecated=deprecated, retired=retired)
    stages = list(Stage)
    assert stages.index(stage_of(lifecycle, earlier)) <= stages.index(stage_of(lifecycle, later))


def test_what_callers_are_told() -> None:
    assert deprecation("a", BOTH) == (
        "The model 'a' is deprecated and will be retired on 2027-04-01. Use 'gpt-oss-120b' instead."
    )
    assert deprecation("a", ModelLifecycle(deprecated=JANUARY)) == "The model 'a' is deprecated."
    assert redirection("a", BOTH, "b") == "The model 'a' was retired on 2027-04-01; 'b' answers instead."
    assert retirement("a", BOTH) == "The model 'a' was retired on 2027-04-01. Use 'gpt-oss-120b' instead."
    assert retirement("a", ModelLifecycle(retired=APRIL)) == "The model 'a' was retired on 2027-04-01."
