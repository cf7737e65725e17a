import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from ossian.catalog import hub
from ossian.errors import CheckpointError
from tests.catalog.fake_hub import FakeHub, fake_hub

CONFIG = json.dumps({"model_type": "gpt_oss"}).encode()
FILES = {
    "config.json": CONFIG,
    "model.safetensors.index.json": json.dumps(
        {"weight_map": {"a": "m-0.safetensors", "b": "m-1.safetensors"}}
    ).encode(),
    "m-0.safetensors": b"first" * 100,
    "m-1.safetensors": b"second" * 100,
    "original/model.safetensors": b"again",
    "metal/model.bin": b"and again",
}
NEEDED = {path for path in FILES if "/" not in path}


@pytest.fixture
def the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with fake_hub({"openai/gpt-oss-20b": FILES}) as running:
        use(running.url, monkeypatch)
        yield running


def use(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def test_short_names_stand_for_the_official_repositories() -> None:
    assert hub.repository_name("gpt-oss-120b") == "openai/gpt-oss-120b"
    assert hub.repository_name("someone/else") == "someone/else"


def test_pull_fetches_the_needed_files_only(the_hub: FakeHub) -> None:
    folder = hub.pull("openai/gpt-oss-20b")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {name: FILES[name] for name in NEEDED}


def test_what_was_pulled_is_found_without_the_network(the_hub: FakeHub) -> None:
    folder = hub.pull("openai/gpt-oss-20b")
    the_hub.repositories.clear()
    assert hub.find("openai/gpt-oss-20b") == folder


@pytest.mark.parametrize("repository", ["openai/gpt-oss-20b", "nobody/nothing", "a/b/c", "", "gpt-4o"])
def test_what_was_never_pulled_is_not_found(the_hub: FakeHub, repository: str) -> None:
    assert hub.find(repository) is None
    assert the_hub.fetched == []


def test_an_interrupted_pull_says_so_and_resumes(the_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)  # between its retries
    the_hub.failing = {"m-1.safetensors"}
    with pytest.raises(CheckpointError, match="kept"):
        hub.pull("openai/gpt-oss-20b")
    with pytest.raises(CheckpointError, match=r"partly.*ossian models pull openai/gpt-oss-20b"):
        hub.find("openai/gpt-oss-20b")
    the_hub.failing, the_hub.fetched = set(), []
    assert hub.is_complete(hub.pull("openai/gpt-oss-20b"))
    assert set(the_hub.fetched) == {"m-1.safetensors"}


def test_pulling_twice_fetches_nothing_again(the_hub: FakeHub) -> None:
    hub.pull("openai/gpt-oss-20b")
    the_hub.fetched.clear()
    hub.pull("openai/gpt-oss-20b")
    assert the_hub.fetched == []


def test_offline_mode_is_named(the_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CheckpointError, match=r"HF_HUB_OFFLINE is set.*ossian serve PATH"):
        hub.pull("openai/gpt-oss-20b")


def test_no_network_says_what_to_do(the_hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    use("http://127.0.0.1:1", monkeypatch)
    with pytest.raises(CheckpointError, match=r"cannot be reached.*HF_ENDPOINT"):
        hub.pull("openai/gpt-oss-20b")


def test_an_unknown_repository_is_told_from_a_gated_one(the_hub: FakeHub) -> None:
    with pytest.raises(CheckpointError, match=r"no repository 'nobody/nothing'.*openai/gpt-oss-20b"):
        hub.pull("nobody/nothing")
    the_hub.error = (403, {"X-Error-Code": "GatedRepo"})
    with pytest.raises(CheckpointError, match=r"terms accepted.*hf auth login"):
        hub.pull("nobody/nothing")


def test_a_wrong_name_says_how_names_look(the_hub: FakeHub) -> None:
    with pytest.raises(CheckpointError, match="openai/gpt-oss-20b"):
        hub.pull("a/b/c")


def test_the_cache_lists_gpt_oss_models_only(the_hub: FakeHub) -> None:
    assert hub.cached() == []
    the_hub.repositories["someone/llama"] = {"config.json": b'{"model_type": "llama"}', "model.safetensors": b"x"}
    for repository in ("openai/gpt-oss-20b", "someone/llama"):
        hub.pull(repository)
    (only,) = hub.cached()
    assert (only.name, only.is_complete) == ("openai/gpt-oss-20b", True)
    assert only.num_bytes == sum(len(FILES[name]) for name in NEEDED)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"model_type": "llama"}', b"\xff"])
def test_other_configurations_are_not_gpt_oss(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    assert not hub.is_gpt_oss(tmp_path)


def test_completeness_is_read_from_the_index(tmp_path: Path) -> None:
    assert not hub.is_complete(tmp_path)
    (tmp_path / "config.json").write_bytes(CONFIG)
    assert not hub.is_complete(tmp_path)
    (tmp_path / "model.safetensors").touch()
    assert hub.is_complete(tmp_path)
    (tmp_path / "model.safetensors.index.json").write_bytes(FILES["model.safetensors.index.json"])
    assert not hub.is_complete(tmp_path)
