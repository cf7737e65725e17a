"""From settings to a model that can answer: the checkpoint, its engine, its names."""

from dataclasses import dataclass

from ossian.catalog.catalog import Catalog, Model, aliases_of
from ossian.catalog.serving_profile import ServingProfile, serving_profile
from ossian.engine.embedded import kernels
from ossian.engine.registry import create_engine
from ossian.generation import Generation
from ossian.harmony.encoding import load_encoding
from ossian.server.parts import Parts
from ossian.settings import Settings


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory; its engine still has to be started."""

    model: Model
    generation: Generation
    is_demonstration: bool

    def parts(self, settings: Settings) -> Parts:
        """Return what a server of this model is made of."""
        return Parts(Catalog([self.model], settings.catalog.models), {self.model.id: self.generation}, settings)


def load_model(settings: Settings) -> LoadedModel:
    """Load the model that the settings ask for.

    Raises ConfigurationError for names and instruction sets that cannot be, before the minutes that loading may
    take, and CheckpointError.
    """
    kernels.isa()
    profile = serving_profile(settings.models)
    aliases = aliases_of(profile.name, profile.aliases, settings.models.aliases)
    Catalog([Model(profile.name, 0, 1, aliases=aliases)], settings.catalog.models)  # its names are checked already here
    engine = create_engine(profile.checkpoint, settings.engine, profile.name)
    model = Model(
        id=profile.name,
        created=creation_time(profile),
        max_model_len=engine.info.max_model_len,
        aliases=aliases,
    )
    return LoadedModel(model, Generation(engine, load_encoding()), profile.is_demonstration)


def creation_time(profile: ServingProfile) -> int:
    """Return when a checkpoint came to this machine, in Unix seconds."""
    return int((profile.checkpoint / "config.json").stat().st_mtime)
