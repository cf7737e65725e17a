import pytest

from ossian.catalog.catalog import Catalog, Model, aliases_of
from ossian.errors import ConfigurationError, ModelNotFoundError

NANO = Model(id="ossian-nano", created=1, max_model_len=4096, aliases=("gpt-oss-20b", "openai/gpt-oss-20b"))
OTHER = Model(id="other", created=2, max_model_len=8192)


@pytest.mark.parametrize("name", ["ossian-nano", "gpt-oss-20b", "openai/gpt-oss-20b"])
def test_a_model_answers_to_its_id_and_its_aliases(name: str) -> None:
    assert Catalog([NANO, OTHER]).resolve(name) is NANO


def test_models_keep_their_order() -> None:
    assert Catalog([OTHER, NANO]).models == (OTHER, NANO)


@pytest.mark.parametrize("name", ["gpt-4o", "", "OSSIAN-NANO", "ossian-nano "])
def test_an_unknown_name_is_an_error_that_lists_what_exists(name: str) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        Catalog([NANO, OTHER]).resolve(name)
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")
    assert f"'{name}'" in caught.value.message
    for known in ("'ossian-nano'", "'gpt-oss-20b'", "'openai/gpt-oss-20b'", "'other'"):
        assert known in caught.value.message


@pytest.mark.parametrize("aliases", [("ossian-nano",), ("gpt-oss-20b",)])
def test_two_models_cannot_share_a_name(aliases: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match=r"Both 'ossian-nano' and 'other'.*models\.aliases"):
        Catalog([NANO, Model(id="other", created=2, max_model_len=8, aliases=aliases)])


def test_a_model_may_repeat_its_own_name() -> None:
    model = Model(id="a", created=0, max_model_len=1, aliases=("a", "b", "b"))
    assert Catalog([model]).resolve("b") is model


def test_configured_aliases_follow_the_models_own() -> None:
    assert aliases_of("nano", ("small",), {"gpt-4o": "nano", "tiny": "small"}) == ("small", "gpt-4o", "tiny")


def test_an_alias_may_lead_through_another() -> None:
    assert aliases_of("nano", (), {"a": "b", "b": "nano"}) == ("a", "b")


def test_an_alias_that_repeats_the_id_is_dropped() -> None:
    assert aliases_of("nano", ("nano", "small"), {"small": "nano"}) == ("small",)


@pytest.mark.parametrize("configured", [{"gpt-4o": "gone"}, {"a": "b", "b": "a"}])
def test_an_alias_to_nothing_is_an_error(configured: dict[str, str]) -> None:
    alias, target = next(iter(configured.items()))
    with pytest.raises(ConfigurationError, match=rf"models\.aliases: '{alias}' points to '{target}'.*Known: 'nano'"):
        aliases_of("nano", (), configured)
