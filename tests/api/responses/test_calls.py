import re

from hypothesis import given
from hypothesis import strategies as st

from ossian.api.responses.calls import MAX_FLAT_NAME, flat_name

NAMES = st.text(min_size=1, max_size=128)


def test_a_name_that_fits_stays_as_it_is() -> None:
    assert flat_name("add", None) == "add"
    assert flat_name("spawn", "agents") == "agents__spawn"
    assert flat_name("a" * 64, None) == "a" * 64


def test_a_name_that_does_not_fit_ends_in_a_digest() -> None:
    long = flat_name("a" * 65, None)
    assert re.fullmatch(r"a{55}_[0-9a-f]{8}", long)
    assert re.fullmatch(r"my_server__go_[0-9a-f]{8}", flat_name("go", "my server"))
    assert flat_name("go", "my server") != flat_name("go", "my_server")


@given(NAMES, NAMES | st.none())
def test_every_name_is_one_a_function_may_have(name: str, namespace: str | None) -> None:
    assert re.fullmatch(rf"[a-zA-Z0-9_-]{{1,{MAX_FLAT_NAME}}}", flat_name(name, namespace))


@given(st.sets(st.tuples(NAMES.filter(lambda name: "_" not in name), NAMES.filter(lambda name: "_" not in name))))
def test_different_tools_keep_different_names(tools: set[tuple[str, str]]) -> None:
    assert len({flat_name(name, namespace) for namespace, name in tools}) == len(tools)
