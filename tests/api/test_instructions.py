import pytest

from ossian.api.instructions import joined, wanted_call


def test_instructions_are_one_text() -> None:
    assert joined(["Be kind.", None, "", "Be short."]) == "Be kind.\n\nBe short."
    assert joined([]) is None
    assert joined([None, ""]) is None


@pytest.mark.parametrize(
    "names, words",
    [
        (None, "one of the functions in the namespace `functions`."),
        (["a", "b"], "one of the functions in the namespace `functions`."),
        (["a"], "the function `functions.a`."),
    ],
)
def test_the_wish_for_a_call(names: list[str] | None, words: str) -> None:
    assert list(wanted_call(names)) == [f"Before anything else, call {words}"]
