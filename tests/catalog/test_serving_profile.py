import json
from pathlib import Path

import pytest

from ossian.catalog import demonstration, hub, serving_profile
from ossian.catalog.serving_profile import ServingProfile
from ossian.errors import CheckpointError, ConfigurationError
from ossian.settings import ModelSettings


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "my-model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "gpt_oss"}))
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace what unpacks the demonstration model and what reads the Hub's cache; both have tests of their own."""
    monkeypatch.setattr(demonstration, "expand", lambda cache_dir: cache_dir / "expanded")
    pulled = {"openai/gpt-oss-20b": tmp_path / "pulled"}
    monkeypatch.setattr(hub, "find", pulled.get)
    return tmp_path


def profile(cache: Path, model: str | None, served_name: str | None = None) -> ServingProfile:
    return serving_profile.serving_profile(ModelSettings(model=model, served_name=served_name, cache_dir=cache))


def test_without_a_model_the_demonstration_answers_for_gpt_oss(cache: Path) -> None:
    chosen = profile(cache, None)
    assert (chosen.name, chosen.checkpoint, chosen.is_demonstration) == ("ossian-nano", cache / "expanded", True)
    assert set(chosen.aliases) == {
        *("gpt-oss-20b", "openai/gpt-oss-20b", "gpt_oss_20b"),
        *("gpt-oss-120b", "openai/gpt-oss-120b", "gpt_oss_120b"),
    }


def test_the_demonstration_model_by_name_answers_for_itself_only(cache: Path) -> None:
    chosen = profile(cache, "ossian-nano")
    assert (chosen.name, chosen.aliases, chosen.is_demonstration) == ("ossian-nano", (), True)


@pytest.mark.parametrize("model", ["gpt-oss-20b", "openai/gpt-oss-20b"])
def test_a_pulled_repository_is_served_by_both_its_names(cache: Path, model: str) -> None:
    chosen = profile(cache, model)
    assert chosen == ServingProfile("gpt-oss-20b", cache / "pulled", ("gpt-oss-20b", "openai/gpt-oss-20b"))


def test_a_folder_is_served_by_its_name(cache: Path, checkpoint: Path) -> None:
    assert profile(cache, str(checkpoint)) == ServingProfile("my-model", checkpoint)


def test_a_folder_needs_no_slash(cache: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkpoint.parent)
    assert profile(cache, "my-model") == ServingProfile("my-model", Path("my-model"))
    monkeypatch.chdir(checkpoint)
    assert profile(cache, ".").name == "my-model"


def test_the_home_folder_may_be_abbreviated(cache: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(checkpoint.parent))
    assert profile(cache, "~/my-model").checkpoint == checkpoint


def test_the_served_name_is_the_operators_to_choose(cache: Path, checkpoint: Path) -> None:
    for model in (None, "ossian-nano", "gpt-oss-20b", str(checkpoint)):
        assert profile(cache, model, served_name="house-model").name == "house-model"


def test_a_model_that_is_nowhere_says_how_to_fetch_it(cache: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'gpt-oss-120b' is neither.*ossian models pull openai/gpt-oss-120b"):
        profile(cache, "gpt-oss-120b")


@pytest.mark.parametrize("model", ["/nowhere/at/all", "./nowhere", "~/nowhere"])
def test_a_path_to_nothing_is_called_a_folder(cache: Path, model: str) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no folder '.*nowhere"):
        profile(cache, model)


def test_a_folder_without_a_configuration_is_no_checkpoint(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no config\.json"):
        profile(cache, str(tmp_path))


def test_half_a_download_is_an_error_of_its_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(repository: str) -> Path:
        raise hub.incomplete(repository)

    monkeypatch.setattr(hub, "find", find)
    with pytest.raises(CheckpointError, match="only partly"):
        profile(cache, "gpt-oss-20b")
