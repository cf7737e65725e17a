"""Which models this server offers, and by which names they answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ossian.errors import ConfigurationError, ModelNotFoundError


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is served. `created` is in Unix seconds, `max_model_len` in tokens, prompt and output together."""

    id: str
    created: int
    max_model_len: int
    owned_by: str = "ossian"
    aliases: tuple[str, ...] = ()


class Catalog:
    """The served models. A name is a model's id or one of its aliases; letter case counts."""

    def __init__(self, models: Iterable[Model]) -> None:
        """Raise ConfigurationError when two models claim the same name."""
        self.models = tuple(models)
        self._by_name: dict[str, Model] = {}
        for model in self.models:
            for name in dict.fromkeys((model.id, *model.aliases)):
                self._claim(name, model)

    def _claim(self, name: str, model: Model) -> None:
        if name in self._by_name:
            raise ConfigurationError(
                f"Both '{self._by_name[name].id}' and '{model.id}' would answer to '{name}'. "
                "Change models.served_name or models.aliases."
            )
        self._by_name[name] = model

    def resolve(self, name: str) -> Model:
        """Return the model that answers to a name; raise ModelNotFoundError, which lists what exists."""
        model = self._by_name.get(name)
        if model is None:
            served = ", ".join(f"'{known}'" for known in self._by_name)
            raise ModelNotFoundError(f"The model '{name}' does not exist here. This server answers to: {served}.")
        return model


def aliases_of(model_id: str, own: Iterable[str], configured: Mapping[str, str]) -> tuple[str, ...]:
    """Return a model's own aliases and those the settings give it. An alias may name another alias of the model.

    Raises ConfigurationError for a configured alias that leads to no served name.
    """
    names = {model_id, *own}
    waiting = dict(configured)
    while reached := [alias for alias, target in waiting.items() if target in names]:
        names.update(reached)
        for alias in reached:
            del waiting[alias]
    if waiting:
        alias, target = next(iter(waiting.items()))
        known = ", ".join(f"'{name}'" for name in sorted(names))
        raise ConfigurationError(
            f"models.aliases: '{alias}' points to '{target}', which is not served. Known: {known}."
        )
    return tuple(dict.fromkeys(name for name in (*own, *configured) if name != model_id))
