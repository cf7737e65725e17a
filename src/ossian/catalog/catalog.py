"""Which models this server offers, and by which names they answer."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from ossian.catalog.entry import Entry, Model, entries_of
from ossian.catalog.lifecycle import Stage, deprecation, redirection, retirement
from ossian.catalog.ranking import select
from ossian.catalog.virtual_names import VirtualName, is_virtual
from ossian.errors import ConfigurationError, ModelNotFoundError
from ossian.settings import DeclaredModel

__all__ = ["Catalog", "Choice", "Entry", "Model", "aliases_of"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers a request, and what its caller should be warned of.

    With `delay_seconds` the answer begins later: callers shall notice that the model they asked for is retired.
    """

    entry: Entry
    model: Model
    warning: str | None = None
    delay_seconds: float = 0.0


class Catalog:
    """The served models, and what is declared. A name is a model's id or one of its aliases; letter case counts."""

    def __init__(self, models: Iterable[Model], declared: Iterable[DeclaredModel] = ()) -> None:
        """Raise ConfigurationError when two models claim the same name, or one's successor cannot be."""
        self.entries = entries_of(models, declared)
        self.models = tuple(entry.model for entry in self.entries if entry.model)
        self._by_name: dict[str, Entry] = {}
        for entry in self.entries:
            for name in entry.names:
                self._claim(name, entry)
        self._by_label = {_label(name): name for name in reversed(self._by_name)}  # of several, the first
        for entry in self.entries:
            self._check_successors(entry)

    def _claim(self, name: str, entry: Entry) -> None:
        if name in self._by_name:
            raise ConfigurationError(
                f"Both '{self._by_name[name].id}' and '{entry.id}' would answer to '{name}'. "
                "Change models.served_name, models.aliases or catalog.models."
            )
        self._by_name[name] = entry

    def _check_successors(self, entry: Entry) -> None:
        """Follow the successors to the last: each must exist, and none comes twice."""
        passed = [entry.id]
        while (name := entry.declared.lifecycle.successor) is not None:
            if name not in self._by_name:
                raise ConfigurationError(
                    f"catalog.models: the successor '{name}' of '{entry.id}' is neither served nor declared."
                )
            entry = self._by_name[name]
            if entry.id in passed:
                circle = " -> ".join((*passed, entry.id))
                raise ConfigurationError(f"catalog.models: the successors go round in a circle: {circle}.")
            passed.append(entry.id)

    def choose(
        self, name: str, today: date, speeds: Mapping[str, float], allows: Callable[..., bool] = lambda *_names: True
    ) -> Choice:
        """Return the model that answers to a name or virtual name today.

        speeds: output tokens a second, as measured, by model id. allows: tells of a model's names whether a virtual
        name may stand for it; a model asked for by its own name is not looked at. Raises InvalidRequestError for a
        virtual name that cannot be read, and ModelNotFoundError, which lists what exists.
        """
        if is_virtual(name) and name not in self._by_name:
            allowed = [entry for entry in self.entries if allows(*entry.names)]
            entry = select(VirtualName.read(name), allowed, today, speeds)
        else:
            entry = self._find(name, today)
        return self._current(entry, today)

    def name_of(self, label: str) -> str:
        """Return the name that a host's or a path's label stands for; a label that stands for none is its own name.

        Hosts have no letter case, no dots in a label and no underscores: `gpt-oss-20b` may be `GPT_OSS.20B`.
        """
        return label if label in self._by_name else self._by_label.get(_label(label), label)

    def _current(self, entry: Entry, today: date) -> Choice:
        """Follow the successors of retired models as far as they redirect."""
        lifecycle = entry.declared.lifecycle
        stage = entry.stage(today)
        if stage is not Stage.RETIRED:
            warning = deprecation(entry.id, lifecycle) if stage is Stage.DEPRECATED else None
            return Choice(entry, self._served(entry, today), warning)
        if lifecycle.successor is None or lifecycle.when_retired == "refuse":
            raise ModelNotFoundError(retirement(entry.id, lifecycle))
        choice = self._current(self._by_name[lifecycle.successor], today)
        warning = redirection(entry.id, lifecycle, choice.entry.id)
        delay_seconds = max(lifecycle.redirect_delay_seconds, choice.delay_seconds)
        return Choice(choice.entry, choice.model, warning, delay_seconds)

    def id_of(self, name: str) -> str | None:
        """Return the id of the model that a name is of, served or not; None of a name of nothing."""
        entry = self._by_name.get(name)
        return None if entry is None else entry.id

    def declared(self, model_id: str) -> DeclaredModel:
        """Return what is declared of a model that is served, by its id."""
        return self._by_name[model_id].declared

    def _find(self, name: str, today: date) -> Entry:
        entry = self._by_name.get(name)
        if entry is None:
            raise ModelNotFoundError(f"The model '{name}' does not exist here. {self._answering(today)}")
        return entry

    def _served(self, entry: Entry, today: date) -> Model:
        if entry.model is None:
            raise ModelNotFoundError(f"The model '{entry.id}' is not served at present. {self._answering(today)}")
        return entry.model

    def _answering(self, today: date) -> str:
        names = [
            f"'{name}'"
            for name, entry in self._by_name.items()
            if entry.model and entry.stage(today) is not Stage.RETIRED
        ]
        return f"This server answers to: {', '.join(names)}."


def _label(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


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
