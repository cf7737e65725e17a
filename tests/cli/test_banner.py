import json
import shlex

import pytest

from ossian.catalog.catalog import Model
from ossian.cli.banner import banner, listing

URL = "http://127.0.0.1:8000"
NANO = Model("ossian-nano", created=0, max_model_len=4096, aliases=("gpt-oss-20b", "gpt_oss_20b"))
HOUSE = Model("house", created=0, max_model_len=131_072)


def text(model: Model, *, is_demonstration: bool = False, **keys: bool) -> str:
    return "\n".join(banner(model, URL, is_demonstration=is_demonstration, **keys))


def test_the_demonstration_says_what_it_is_and_who_answers() -> None:
    said = text(NANO, is_demonstration=True)
    assert "ossian-nano answers at http://127.0.0.1:8000/v1 (4096 tokens of context)" in said
    assert "demonstration model" in said
    assert "Requests for gpt-oss-20b and gpt_oss_20b are answered by ossian-nano too" in said
    assert "ossian models pull gpt-oss-20b" in said


def test_another_model_is_not_called_a_demonstration() -> None:
    said = text(HOUSE)
    assert "house answers at" in said
    assert "demonstration" not in said
    assert "answered by" not in said


@pytest.mark.parametrize("needs_key", [False, True])
def test_the_request_can_be_pasted(needs_key: bool) -> None:
    said = text(NANO, needs_key=needs_key)
    arguments = shlex.split(said[said.index("curl ") : said.index("\nOr OpenAI(")])
    assert arguments[:2] == ["curl", f"{URL}/v1/chat/completions"]
    assert json.loads(arguments[-1])["model"] == "ossian-nano"
    assert ("Authorization: Bearer THE-KEY" in arguments) is needs_key


@pytest.mark.parametrize(
    "keys, said, key",
    [
        ({}, "No API key is needed. `ossian keys create NAME` makes one", "any"),
        ({"has_keys": True}, "No API key is needed. `ossian keys create NAME` makes one", "THE-KEY"),
        ({"needs_key": True}, "there is none: make the first with `ossian keys create NAME`", "THE-KEY"),
        ({"is_local_allowed": False}, "Without an API key everybody may use what access.anonymous", "THE-KEY"),
        ({"needs_key": True, "is_local_allowed": False}, "there is none: make the first", "THE-KEY"),
        ({"needs_key": True, "has_keys": True}, "Everybody needs an API key. `ossian keys create NAME`", "THE-KEY"),
    ],
)
def test_who_needs_a_key_and_how_to_make_it(keys: dict[str, bool], said: str, key: str) -> None:
    """Where there are keys, one that is none of them is refused."""
    assert said in text(HOUSE, **keys)
    assert f'api_key="{key}"' in text(HOUSE, **keys)


@pytest.mark.parametrize("names, expected", [(("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")])
def test_listing(names: tuple[str, ...], expected: str) -> None:
    assert listing(names) == expected
