"""One model of the catalog: what its engine says of it joined with what is declared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain

from ossian.catalog.known_models import KNOWN_MODELS
from ossian.catalog.lifecycle import Stage, stage_of
from ossian.errors import ConfigurationError
from ossian.settings import DeclaredModel


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is served. `created` is in Unix seconds, `max_model_len` in tokens, prompt and output together."""

    id: str
    created: int
    max_model_len: int
    owned_by: str = "ossian"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A model as the catalog shows it. `model` is None when it is declared and not served here."""

    declared: DeclaredModel
    model: Model | None

    @property
    def id(self) -> str:
        """The name that answers carry."""
        return self.declared.id if self.model is None else self.model.id

    @property
    def names(self) -> tuple[str, ...]:
        """The id, and then every other name it answers to."""
        served = () if self.model is None else self.model.aliases
        return tuple(dict.fromkeys((self.id, *served, *self.declared.aliases)))

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.declared.name or self.id

    @property
    def max_model_len(self) -> int | None:
        """The context, in tokens: the engine's, or less where it is declared so."""
        return least(self.model.max_model_len if self.model else None, self.declared.max_model_len)

    @property
    def max_output_tokens(self) -> int | None:
        """The longest output, in tokens."""
        return least(self.declared.max_output_tokens, self.max_model_len)

    @property
    def offered(self) -> date | None:
        """The day it was made available here, in UTC."""
        if self.declared.offered is not None or self.model is None:
            return self.declared.offered
        return datetime.fromtimestamp(self.model.created, UTC).date()

    @property
    def tags(self) -> tuple[str, ...]:
        """Its series, its publisher, then what it is good for."""
        return tags_of(self.declared)

    @property
    def virtual_tags(self) -> tuple[str, ...]:
        """What virtual names for it may begin with: a model that answers to a known name has that one's tags too."""
        known = (tags_of(KNOWN_MODELS[name]) for name in self.names if name in KNOWN_MODELS)
        return tuple(dict.fromkeys(chain(self.tags, *known)))

    def stage(self, today: date) -> Stage:
        """How far it is on its way out."""
        return stage_of(self.declared.lifecycle, today)


def tags_of(declared: DeclaredModel) -> tuple[str, ...]:
    """Return a model's series, publisher and uses, each once."""
    return tuple(dict.fromkeys(tag for tag in (declared.series, declared.publisher, *declared.tags) if tag))


def least(*limits: int | None) -> int | None:
    """Return the smallest of the limits that there are."""
    return min((limit for limit in limits if limit is not None), default=None)


def entries_of(models: Iterable[Model], declared: Iterable[DeclaredModel]) -> tuple[Entry, ...]:
    """Return the served models, in their order, and then those that are only declared.

    Raises ConfigurationError when an id is declared twice.
    """
    by_id: dict[str, DeclaredModel] = {}  # emptied below of what is served
    for each in declared:
        if each.id in by_id:
            raise ConfigurationError(f"catalog.models: '{each.id}' is declared twice. Make one table of the two.")
        by_id[each.id] = each
    served = [Entry(completed(by_id.pop(model.id, nothing_declared(model.id))), model) for model in models]
    return (*served, *(Entry(completed(each), None) for each in by_id.values()))


def nothing_declared(model_id: str) -> DeclaredModel:
    """Return a declaration that says nothing. A served name may be one that no declaration can have."""
    return DeclaredModel.model_construct({"id"}, id=model_id)


def completed(declared: DeclaredModel) -> DeclaredModel:
    """Fill in what is known of a model; what is declared goes first."""
    model = KNOWN_MODELS.get(declared.id)
    if model is None:
        return declared
    return model.model_copy(update={name: getattr(declared, name) for name in declared.model_fields_set})
