"""From settings to models that can answer: the checkpoints, their engines, their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ossian.catalog.catalog import Catalog, Model, aliases_of
from ossian.catalog.entry import entries_of
from ossian.catalog.serving_profile import ServingProfile, serving_profile
from ossian.engine.embedded import kernels
from ossian.engine.embedded.model_config import load_model_config
from ossian.engine.registry import check_memory_for, create_engine
from ossian.errors import CheckpointError, ConfigurationError
from ossian.generation import Generation
from ossian.harmony.encoding import load_encoding
from ossian.harmony.vocabulary import VOCAB_SIZE
from ossian.server.parts import Parts
from ossian.settings import DeclaredModel, ModelSettings, Settings


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory; its engine still has to be started."""

    model: Model
    generation: Generation
    is_demonstration: bool


def load_models(settings: Settings) -> list[LoadedModel]:
    """Load the model that the settings ask for, and then those that the catalog has checkpoints of.

    Raises ConfigurationError for names and instruction sets that cannot be, before the minutes that loading may
    take, and CheckpointError.
    """
    kernels.isa()
    first = serving_profile(settings.models)
    others = [declared_profile(each, settings) for each in settings.catalog.models if each.checkpoint is not None]
    aliases = aliases_of(first.name, own_aliases(first, settings.catalog.models), settings.models.aliases)
    named = [(first, aliases), *((other, other.aliases) for other in others)]
    Catalog([Model(each.name, 0, 1, aliases=names) for each, names in named], settings.catalog.models)
    if others and settings.engine.kv_cache_bytes is None:
        message = "Several models share the memory: set engine.kv_cache_bytes, which each of their KV caches gets."
        raise ConfigurationError(message)
    if others:
        check_memory_for([each.checkpoint for each, _ in named], settings.engine)
    for each, _ in named:
        check_vocabulary(each.checkpoint)
    return [load(each, names, settings) for each, names in named]


def own_aliases(profile: ServingProfile, declared: Sequence[DeclaredModel]) -> tuple[str, ...]:
    """Return a model's aliases. The demonstration model stands for no model that is declared."""
    taken = {name for entry in entries_of((), declared) for name in entry.names} if profile.is_demonstration else set()
    return tuple(alias for alias in profile.aliases if alias not in taken)


def load_model(settings: Settings) -> LoadedModel:
    """Load only the first of them. Raises what `load_models` does."""
    alone = settings.catalog.model_copy(update={"models": tuple(map(without_checkpoint, settings.catalog.models))})
    return load_models(settings.model_copy(update={"catalog": alone}))[0]


def declared_profile(declared: DeclaredModel, settings: Settings) -> ServingProfile:
    """Find a checkpoint that the catalog names. Raises what `serving_profile` does."""
    where = ModelSettings(model=declared.checkpoint, served_name=declared.id, cache_dir=settings.models.cache_dir)
    profile = serving_profile(where)
    return ServingProfile(profile.name, profile.checkpoint, is_demonstration=profile.is_demonstration)


def check_vocabulary(checkpoint: Path) -> None:
    """Raise CheckpointError when a model's token ids are not harmony's, before its weights are loaded."""
    vocab_size = load_model_config(checkpoint).vocab_size
    if vocab_size != VOCAB_SIZE:
        raise CheckpointError(
            f"{checkpoint / 'config.json'}: vocab_size is {vocab_size}, and harmony's conversations need gpt-oss's "
            f"{VOCAB_SIZE}. Cut or fill up the rows of the embedding and of lm_head to as many."
        )


def load(profile: ServingProfile, aliases: tuple[str, ...], settings: Settings) -> LoadedModel:
    """Load a checkpoint."""
    engine = create_engine(profile.checkpoint, settings.engine, profile.name, settings.models.cache_dir)
    model = Model(
        id=profile.name,
        created=creation_time(profile),
        max_model_len=engine.info.max_model_len,
        aliases=aliases,
    )
    return LoadedModel(model, Generation(engine, load_encoding()), profile.is_demonstration)


def parts_of(loaded: Sequence[LoadedModel], settings: Settings) -> Parts:
    """Return what a server of these models is made of."""
    catalog = Catalog([each.model for each in loaded], settings.catalog.models)
    return Parts(catalog, {each.model.id: each.generation for each in loaded}, settings)


def without_checkpoint(declared: DeclaredModel) -> DeclaredModel:
    """Return what is declared of a model that is not loaded."""
    return declared.model_copy(update={"checkpoint": None})


def creation_time(profile: ServingProfile) -> int:
    """Return when a checkpoint came to this machine, in Unix seconds."""
    return int((profile.checkpoint / "config.json").stat().st_mtime)
