"""Checkpoints on the Hugging Face Hub and in its cache on this machine. The only module that may reach the Hub."""

import json
from dataclasses import dataclass
from pathlib import Path

import httpx2
import huggingface_hub
from huggingface_hub.errors import (
    CacheNotFound,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from ossian.errors import CheckpointError

OFFICIAL_REPOSITORIES = {"gpt-oss-20b": "openai/gpt-oss-20b", "gpt-oss-120b": "openai/gpt-oss-120b"}

# The same weights a second and third time, in the formats of the reference implementations.
UNUSED_FILES = ["original/*", "metal/*", "*.gguf", "*.bin", "*.pth"]


@dataclass(frozen=True, slots=True)
class CachedRepository:
    """A gpt-oss checkpoint in the Hub's cache."""

    name: str
    path: Path
    num_bytes: int
    is_complete: bool


def repository_name(model: str) -> str:
    """Return the repository that a short name stands for; any other name is a repository's own."""
    return OFFICIAL_REPOSITORIES.get(model, model)


def find(repository: str) -> Path | None:
    """Return the folder of a repository that was pulled, or None. Never uses the network.

    Raises CheckpointError when only a part of it is there.
    """
    try:
        folder = Path(
            huggingface_hub.snapshot_download(repository, local_files_only=True, ignore_patterns=UNUSED_FILES)
        )
    except huggingface_hub.errors.IncompleteSnapshotError as error:
        raise incomplete(repository) from error
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    if not is_complete(folder):
        raise incomplete(repository)
    return folder


def incomplete(repository: str) -> CheckpointError:
    """Make the error for a repository of which a part is missing."""
    return CheckpointError(
        f"'{repository}' is only partly on this machine. Fetch the rest with: ossian models pull {repository}"
    )


def is_complete(folder: Path) -> bool:
    """Tell whether the configuration and every weight file that the index names are there."""
    if not (folder / "config.json").exists():
        return False
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return (folder / "model.safetensors").exists()
    shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    return all((folder / shard).exists() for shard in shards)


def pull(repository: str) -> Path:
    """Download a repository into the cache, or what is missing of it, with progress bars; return its folder.

    Raises CheckpointError with what to do when the Hub cannot be reached or refuses.
    """
    try:
        return Path(huggingface_hub.snapshot_download(repository, ignore_patterns=UNUSED_FILES))
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, httpx2.TransportError) as error:
        raise CheckpointError(unreachable(repository, error)) from error
    except GatedRepoError as error:
        raise CheckpointError(
            f"'{repository}' needs its terms accepted: do so on its page on the Hub, then run: hf auth login"
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(
            f"The Hub has no repository '{repository}' that you may read. OpenAI's are "
            f"{' and '.join(OFFICIAL_REPOSITORIES.values())}; for a private one, run: hf auth login"
        ) from error
    except HFValidationError as error:
        raise CheckpointError(
            f"'{repository}' is not a repository's name; they look like openai/gpt-oss-20b"
        ) from error
    except HfHubHTTPError as error:
        raise CheckpointError(f"The Hub failed: {error}. Try again: what was fetched is kept.") from error
    except OSError as error:
        raise CheckpointError(f"'{repository}' could not be stored: {error}. What was fetched is kept.") from error


def unreachable(repository: str, error: Exception) -> str:
    """Explain how to get a model without the network."""
    cause = error.__cause__ or error
    reason = "HF_HUB_OFFLINE is set" if isinstance(cause, OfflineModeIsEnabled) else "the Hub cannot be reached"
    return (
        f"'{repository}' was not pulled, because {reason} ({type(cause).__name__}). What was fetched is kept; "
        "run the command again when there is a network. Without one, copy the repository's folder from another "
        "machine and serve it by its path (ossian serve PATH), or name a mirror with HF_ENDPOINT."
    )


def cached() -> list[CachedRepository]:
    """Return the gpt-oss checkpoints in the cache, whole or not, by name."""
    try:
        repositories = huggingface_hub.scan_cache_dir().repos
    except CacheNotFound:
        return []
    found = [
        CachedRepository(
            repository.repo_id, revision.snapshot_path, revision.size_on_disk, is_complete(revision.snapshot_path)
        )
        for repository in repositories
        for revision in repository.revisions
        if repository.repo_type == "model" and is_gpt_oss(revision.snapshot_path)
    ]
    return sorted(found, key=lambda each: each.name)


def is_gpt_oss(folder: Path) -> bool:
    """Tell whether a folder holds a checkpoint of this architecture, by its configuration."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == "gpt_oss"
