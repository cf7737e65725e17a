from datetime import date

import pytest

from ossian.catalog.catalog import Catalog, Choice, Model, aliases_of
from ossian.errors import ConfigurationError, InvalidRequestError, ModelNotFoundError
from ossian.settings import DeclaredModel
from tests.catalog.models import declared, served

TODAY = date(2027, 1, 1)

NANO = Model(id="ossian-nano", created=1, max_model_len=4096, aliases=("gpt-oss-20b", "openai/gpt-oss-20b"))
OTHER = Model(id="other", created=2, max_model_len=8192)


def choose(catalog: Catalog, name: str, **speeds: float) -> Choice:
    return catalog.choose(name, TODAY, speeds)


def refused(catalog: Catalog, name: str) -> str:
    with pytest.raises(ModelNotFoundError) as caught:
        choose(catalog, name)
    return caught.value.message


@pytest.mark.parametrize("name", ["ossian-nano", "gpt-oss-20b", "openai/gpt-oss-20b"])
def test_a_model_answers_to_its_id_and_its_aliases(name: str) -> None:
    assert choose(Catalog([NANO, OTHER]), name).model is NANO


def test_models_keep_their_order() -> None:
    assert Catalog([OTHER, NANO]).models == (OTHER, NANO)


@pytest.mark.parametrize("name", ["gpt-4o", "", "OSSIAN-NANO", "ossian-nano ", "gpt-oss"])
def test_an_unknown_name_is_an_error_that_lists_what_exists(name: str) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        choose(Catalog([NANO, OTHER]), name)
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")
    assert f"'{name}'" in caught.value.message
    for known in ("'ossian-nano'", "'gpt-oss-20b'", "'openai/gpt-oss-20b'", "'other'"):
        assert known in caught.value.message


@pytest.mark.parametrize("aliases", [("ossian-nano",), ("gpt-oss-20b",)])
def test_two_models_cannot_share_a_name(aliases: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match=r"Both 'ossian-nano' and 'other'.*models\.aliases or catalog\.models"):
        Catalog([NANO, Model(id="other", created=2, max_model_len=8, aliases=aliases)])


def test_a_model_may_repeat_its_own_name() -> None:
    model = Model(id="a", created=0, max_model_len=1, aliases=("a", "b", "b"))
    assert choose(Catalog([model]), "b").model is model


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


@pytest.mark.parametrize(
    "name", ["gpt-oss-20b", "openai/gpt-oss-20b", "small", "gpt-oss@smallest", "openai @ cheapest"]
)
def test_a_model_is_chosen_by_its_names_its_declared_ones_and_virtual_ones(name: str) -> None:
    small, large = served("gpt-oss-20b", "openai/gpt-oss-20b"), served("gpt-oss-120b")
    catalog = Catalog([large, small], [declared("gpt-oss-20b", aliases=["small"])])
    choice = choose(catalog, name)
    assert choice.model is small
    assert choice.entry.id == "gpt-oss-20b"
    assert choice.warning is None


def test_measured_speeds_decide_who_is_fastest() -> None:
    catalog = Catalog([served("a"), served("b")], [declared(name, tags=["chat"]) for name in "ab"])
    assert choose(catalog, "chat@fastest", b=2.0, a=1.0).model.id == "b"
    assert choose(catalog, "chat@fastest", b=1.0, a=2.0).model.id == "a"


def test_a_real_name_with_a_ranker_in_it_is_real() -> None:
    assert choose(Catalog([served("folder@latest")]), "folder@latest").model.id == "folder@latest"


def test_a_virtual_name_that_cannot_be_read_is_an_error_of_its_own() -> None:
    with pytest.raises(InvalidRequestError, match="no ranker 'best'"):
        choose(Catalog([NANO]), "gpt-oss@best")


def test_a_deprecated_model_answers_with_a_warning() -> None:
    leaving = declared("a", lifecycle={"deprecated": TODAY, "retired": "2027-04-01", "successor": "b"})
    choice = choose(Catalog([served("a"), served("b")], [leaving]), "a")
    assert choice.model.id == "a"
    assert choice.warning == "The model 'a' is deprecated and will be retired on 2027-04-01. Use 'b' instead."


def test_a_deprecated_model_warns_by_a_virtual_name_too() -> None:
    catalog = Catalog([served("a")], [declared("a", tags=["chat"], lifecycle={"deprecated": TODAY})])
    assert choose(catalog, "chat@latest").warning == "The model 'a' is deprecated."


GONE = {"retired": TODAY, "successor": "b-again"}


@pytest.mark.parametrize("models", [[], [served("a")]], ids=["unloaded", "loaded"])
def test_a_retired_model_answers_no_more(models: list[Model]) -> None:
    catalog = Catalog([*models, served("b", "b-again")], [declared("a", lifecycle=GONE)])
    assert refused(catalog, "a") == "The model 'a' was retired on 2027-01-01. Use 'b-again' instead."


@pytest.mark.parametrize("models", [[], [served("a")]], ids=["unloaded", "loaded"])
def test_a_retired_model_redirects_where_it_is_set(models: list[Model]) -> None:
    leaving = declared("a", aliases=["a-too"], lifecycle={**GONE, "when_retired": "redirect"})
    catalog = Catalog([*models, served("b", "b-again")], [leaving])
    for name in ("a", "a-too"):
        choice = choose(catalog, name)
        assert choice.model.id == choice.entry.id == "b"
        assert choice.warning == "The model 'a' was retired on 2027-01-01; 'b' answers instead."


def test_redirections_follow_each_other() -> None:
    chain = [
        declared(first, lifecycle={"retired": TODAY, "successor": second, "when_retired": "redirect"})
        for first, second in ("ab", "bc")
    ]
    choice = choose(Catalog([served("c")], chain), "a")
    assert choice.model.id == "c"
    assert choice.warning == "The model 'a' was retired on 2027-01-01; 'c' answers instead."


def test_a_redirection_ends_at_a_model_that_refuses() -> None:
    first = declared("a", lifecycle={"retired": TODAY, "successor": "b", "when_retired": "redirect"})
    last = declared("b", lifecycle={"retired": TODAY})
    assert refused(Catalog([served("c")], [first, last]), "a") == "The model 'b' was retired on 2027-01-01."


def test_a_model_that_is_only_declared_is_not_served() -> None:
    catalog = Catalog([served("b", "b-too")], [declared("a")])
    expected = "The model 'a' is not served at present. This server answers to: 'b', 'b-too'."
    assert refused(catalog, "a") == expected
    assert [model.id for model in catalog.models] == ["b"]
    assert [entry.id for entry in catalog.entries] == ["b", "a"]


def test_a_declared_name_may_not_be_anothers() -> None:
    with pytest.raises(ConfigurationError, match=r"Both 'ossian-nano' and 'gpt-oss-20b' would answer to 'gpt-oss-20b'"):
        Catalog([NANO], [declared("gpt-oss-20b")])
    with pytest.raises(ConfigurationError, match="Both 'a' and 'b' would answer to 'c'"):
        Catalog([served("a"), served("b")], [declared("a", aliases=["c"]), declared("b", aliases=["c"])])


def test_a_successor_must_exist() -> None:
    with pytest.raises(ConfigurationError, match=r"the successor 'gone' of 'a' is neither served nor declared"):
        Catalog([served("a")], [declared("a", lifecycle={"successor": "gone"})])


@pytest.mark.parametrize("circle", ["a", "ab", "abc"])
def test_successors_do_not_go_round_in_a_circle(circle: str) -> None:
    following = zip(circle, circle[1:] + circle[0], strict=True)
    models = [declared(model, lifecycle={"successor": successor}) for model, successor in following]
    with pytest.raises(ConfigurationError, match=f"circle: {' -> '.join(circle + circle[0])}"):
        Catalog([served("z")], models)


@pytest.mark.parametrize("name", ["gpt-oss@cheapest", "openai@latest", "ossian@fastest", "code_chat@biggest?params<1B"])
def test_the_demonstration_answers_to_virtual_names_as_to_the_real_ones(name: str) -> None:
    choice = choose(Catalog([NANO, OTHER]), name)
    assert choice.model is NANO
    assert choice.entry.declared.publisher == "ossian"


def test_without_the_real_names_it_is_itself() -> None:
    alone = Catalog([served("ossian-nano")])
    assert "The tags are 'ossian'." in refused(alone, "gpt-oss@cheapest")


def test_a_retired_model_is_not_said_to_answer() -> None:
    catalog = Catalog([served("a"), served("b")], [declared("a", lifecycle={"retired": TODAY})])
    assert refused(catalog, "c").endswith("This server answers to: 'b'.")


def test_a_way_into_a_circle_is_found_too() -> None:
    following = {"before": "a", "a": "b", "b": "a"}
    models = [declared(model, lifecycle={"successor": successor}) for model, successor in following.items()]
    with pytest.raises(ConfigurationError, match="circle: before -> a -> b -> a"):
        Catalog([served("z")], models)


def test_virtual_names_stand_for_allowed_models_only() -> None:
    small, large = served("gpt-oss-20b"), served("gpt-oss-120b")
    catalog = Catalog([large, small])
    only_large = catalog.choose("gpt-oss@smallest", TODAY, {}, allows=lambda *names: "gpt-oss-120b" in names)
    assert only_large.model is large
    with pytest.raises(ModelNotFoundError, match=r"No model here has the tag 'gpt-oss'\. No model here has any tag"):
        catalog.choose("gpt-oss@smallest", TODAY, {}, allows=lambda *_names: False)


def test_a_model_asked_for_by_name_is_found_whether_it_is_allowed_or_not() -> None:
    catalog = Catalog([served("gpt-oss-20b")])
    assert catalog.choose("gpt-oss-20b", TODAY, {}, allows=lambda *_names: False).model.id == "gpt-oss-20b"


def test_a_redirected_request_waits_as_long_as_the_longest_delay_on_its_way() -> None:
    def retired(model_id: str, successor: str, seconds: float) -> DeclaredModel:
        lifecycle = {"retired": TODAY, "successor": successor, "when_retired": "redirect"}
        return declared(model_id, lifecycle={**lifecycle, "redirect_delay_seconds": seconds})

    catalog = Catalog([NANO], [retired("older", "old", 2), retired("old", "ossian-nano", 10)])
    assert [choose(catalog, name).delay_seconds for name in ("ossian-nano", "old", "older")] == [0, 10, 10]


@pytest.mark.parametrize("label", ["gpt-oss-20b", "GPT-OSS-20B", "gpt_oss_20b", "gpt.oss.20b"])
def test_a_label_stands_for_the_name_it_spells(label: str) -> None:
    catalog = Catalog([served("gpt-oss-20b"), OTHER])
    assert catalog.name_of(label) in ("gpt-oss-20b", "gpt_oss_20b")
    assert choose(catalog, catalog.name_of(label)).model.id == "gpt-oss-20b"


def test_a_label_of_nothing_is_its_own_name() -> None:
    assert Catalog([NANO]).name_of("No.Such_Model") == "No.Such_Model"


@pytest.mark.parametrize("name", ["gpt_oss_20b", "openai/gpt-oss-20b"])
def test_gpt_oss_models_answer_to_the_spellings_of_hosted_services(name: str) -> None:
    catalog = Catalog([served("gpt-oss-120b"), served("gpt-oss-20b")])
    assert choose(catalog, name).model.id == "gpt-oss-20b"


def test_what_is_declared_of_a_served_model() -> None:
    catalog = Catalog([NANO, OTHER], [declared("other", max_output_tokens=5)])
    assert catalog.declared("other").max_output_tokens == 5
    assert catalog.declared("ossian-nano").publisher == "ossian"
