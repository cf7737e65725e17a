"""What `MODEL` means: which checkpoint is served, and under which names."""

from dataclasses import dataclass
from pathlib import Path

from ossian.catalog import demonstration, hub
from ossian.errors import ConfigurationError
from ossian.settings import DEMONSTRATION_MODEL, ModelSettings

# The names that programs written for gpt-oss ask for.
DEMONSTRATION_ALIASES = tuple(
    spelling.format(size) for size in ("20b", "120b") for spelling in ("gpt-oss-{}", "openai/gpt-oss-{}", "gpt_oss_{}")
)


@dataclass(frozen=True, slots=True)
class ServingProfile:
    """A checkpoint's folder, the name it is served under, and the names it also answers to."""

    name: str
    checkpoint: Path
    aliases: tuple[str, ...] = ()
    is_demonstration: bool = False


def serving_profile(settings: ModelSettings) -> ServingProfile:
    """Find the checkpoint that the settings ask for. May unpack the demonstration model; never uses the network.

    Raises ConfigurationError when there is no such model on this machine, CheckpointError when only a part of it is.
    """
    model = settings.model
    if model is None:
        return demonstration_profile(settings, DEMONSTRATION_ALIASES)
    if model == DEMONSTRATION_MODEL:
        return demonstration_profile(settings, ())
    try:
        folder = Path(model).expanduser()
    except RuntimeError as error:
        raise ConfigurationError(f"models.model cannot be '{model}': {error}") from error
    if folder.is_dir() or model.startswith(("/", ".", "~")):
        return folder_profile(settings, folder)
    return repository_profile(settings, hub.repository_name(model))


def demonstration_profile(settings: ModelSettings, aliases: tuple[str, ...]) -> ServingProfile:
    """Serve the model that ships with the package."""
    return ServingProfile(
        name=settings.served_name or DEMONSTRATION_MODEL,
        checkpoint=demonstration.expand(settings.cache_dir),
        aliases=aliases,
        is_demonstration=True,
    )


def folder_profile(settings: ModelSettings, folder: Path) -> ServingProfile:
    """Serve a folder in the Hugging Face layout, under its own name."""
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder '{folder}' to serve a checkpoint from.")
    if not (folder / "config.json").is_file():
        raise ConfigurationError(
            f"The folder '{folder}' holds no config.json, so it is not a checkpoint in the Hugging Face layout."
        )
    return ServingProfile(name=settings.served_name or folder.resolve().name, checkpoint=folder)


def repository_profile(settings: ModelSettings, repository: str) -> ServingProfile:
    """Serve a repository that was pulled, under its short name and its full one."""
    folder = hub.find(repository)
    if folder is None:
        raise ConfigurationError(
            f"'{settings.model}' is neither a folder nor a model on this machine. `ossian models pull {repository}` "
            "fetches it, `ossian models list` shows what is here, `ossian serve` alone serves a demonstration model."
        )
    short = repository.rsplit("/", maxsplit=1)[-1]
    return ServingProfile(name=settings.served_name or short, checkpoint=folder, aliases=(short, repository))
