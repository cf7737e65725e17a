import json
import re
import tomllib
from pathlib import Path

import pytest

from ossian.catalog.catalog import Catalog, Model
from ossian.catalog.serving_profile import DEMONSTRATION_ALIASES, demonstration_profile
from ossian.cli.loading import load_model, load_models, own_aliases
from ossian.engine import registry
from ossian.errors import CheckpointError, ConfigurationError
from ossian.settings import ModelSettings, Settings
from tests.engine.embedded.checkpoints import tiny_config


@pytest.mark.parametrize(
    "models, reason",
    [
        ([{"id": "a"}, {"id": "a"}], "'a' is declared twice"),
        ([{"id": "other", "aliases": ["served"]}], "Both 'served' and 'other' would answer to 'served'"),
        ([{"id": "other", "aliases": ["too"]}], "Both 'served' and 'other' would answer to 'too'"),
        ([{"id": "served", "lifecycle": {"successor": "gone"}}], "the successor 'gone' of 'served'"),
    ],
)
def test_what_is_declared_is_checked_before_a_model_is_loaded(
    tmp_path: Path, models: list[dict[str, object]], reason: str
) -> None:
    (tmp_path / "config.json").write_text("{}")  # loading this would be a CheckpointError
    names = {"model": str(tmp_path), "served_name": "served", "aliases": {"too": "served"}}
    settings = Settings.model_validate({"models": names, "catalog": {"models": models}})
    with pytest.raises(ConfigurationError, match=reason):
        load_model(settings)


def test_names_of_several_models_are_checked_before_any_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    models = [{"id": "served", "checkpoint": str(tmp_path)}]
    settings = Settings.model_validate(
        {"models": {"model": str(tmp_path), "served_name": "served"}, "catalog": {"models": models}}
    )
    with pytest.raises(ConfigurationError, match="Both 'served' and 'served' would answer to 'served'"):
        load_models(settings)


def test_several_models_need_a_size_for_each_kv_cache(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    models = [{"id": "second", "checkpoint": str(tmp_path)}]
    names = {"model": str(tmp_path), "served_name": "served"}
    settings = Settings.model_validate({"models": names, "catalog": {"models": models}})
    with pytest.raises(ConfigurationError, match=r"set engine\.kv_cache_bytes"):
        load_models(settings)
    with pytest.raises(CheckpointError):  # chatting needs only the first
        load_model(settings)


def test_several_models_need_memory_for_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {"cache_dir": tmp_path}
    nano = demonstration_profile(ModelSettings.model_validate(first), DEMONSTRATION_ALIASES).checkpoint
    models = [{"id": "second", "checkpoint": str(nano)}]
    engine = {"kv_cache_bytes": 64_000_000}  # each for itself would fit
    settings = Settings.model_validate({"models": first, "engine": engine, "catalog": {"models": models}})
    monkeypatch.setattr(registry, "free_memory", lambda: 120_000_000)
    with pytest.raises(
        ConfigurationError, match=r"The weights of 2 models take .* KV caches 0\.1 GB .* 0\.1 GB are free"
    ):
        load_models(settings)


def test_a_model_whose_token_ids_are_not_harmonys_is_refused_before_its_weights_are_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_config(vocab_size=201_216)))
    with pytest.raises(CheckpointError, match=r"vocab_size is 201216, .* gpt-oss's 201088"):
        load_models(Settings.model_validate({"models": {"model": str(tmp_path)}}))


def test_the_catalog_of_the_settings_page_is_one_that_a_server_starts_with(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    tables = [text for text in re.findall(r"```toml\n(.*?)```", page, re.S) if "[[catalog.models]]" in text]
    assert tables
    for text in tables:
        settings = Settings.model_validate({"models": {"cache_dir": tmp_path}, **tomllib.loads(text)})
        profile = demonstration_profile(settings.models, DEMONSTRATION_ALIASES)
        aliases = own_aliases(profile, settings.catalog.models)
        catalog = Catalog([Model(profile.name, 0, 1, aliases=aliases)], settings.catalog.models)
        assert {entry.id for entry in catalog.entries} == {"ossian-nano", "gpt-oss-20b", "gpt-oss-120b"}


def test_a_checkpoint_that_is_not_here(tmp_path: Path) -> None:
    models = [{"id": "second", "checkpoint": str(tmp_path / "gone")}]
    settings = Settings.model_validate({"models": {"cache_dir": tmp_path}, "catalog": {"models": models}})
    with pytest.raises(ConfigurationError, match="There is no folder"):
        load_models(settings)
