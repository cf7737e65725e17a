"""Which model a virtual name stands for."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from math import inf
from typing import Final

from ossian.catalog.entry import Entry
from ossian.catalog.lifecycle import Stage
from ossian.catalog.virtual_names import ModelFact, Ranker, Value, VirtualName, listing
from ossian.errors import ModelNotFoundError


def select(name: VirtualName, entries: Iterable[Entry], today: date, speeds: Mapping[str, float]) -> Entry:
    """Return the best model that is served and meets every condition; a deprecated one only where no other does.

    speeds: output tokens a second by model id; models without come last. Of equals, the first in the catalog is the
    best. Raises ModelNotFoundError, which lists the tags, or the models of the tag and what they lack.
    """
    offered = [entry for entry in entries if entry.model and entry.stage(today) is not Stage.RETIRED]
    tagged = [entry for entry in offered if has_tag(entry, name.tag)]
    if not tagged:
        raise ModelNotFoundError(f"No model here has the tag '{name.tag}'. {known_tags(offered)}")
    fitting = [entry for entry in tagged if meets(entry, name)]
    if not fitting:
        raise ModelNotFoundError(f"No model meets '{name}'. {facts_of(tagged, name)}")
    active = [entry for entry in fitting if entry.stage(today) is Stage.ACTIVE]
    return min(active or fitting, key=lambda entry: RANKINGS[name.ranker](entry, speeds))


def has_tag(entry: Entry, tag: str) -> bool:
    """Tell whether a model has a tag, in any letter case."""
    return tag.casefold() in {each.casefold() for each in entry.virtual_tags}


def meets(entry: Entry, name: VirtualName) -> bool:
    """Tell whether a model meets all conditions."""
    return all(condition.is_met_by(fact(entry, condition.fact)) for condition in name.conditions)


def fact(entry: Entry, kind: ModelFact) -> Value | None:
    """Return what conditions compare; None where it is not known."""
    if kind is ModelFact.ENDPOINT_PUBLICATION_DATE:
        return entry.offered
    if kind is ModelFact.INPUT_COST:
        return entry.declared.prices.input
    number = {
        ModelFact.CONTEXT_SIZE: entry.max_model_len,
        ModelFact.MAX_TOKENS: entry.max_output_tokens,
        ModelFact.PARAMS: entry.declared.params,
    }[kind]
    return None if number is None else Decimal(number)


def known_tags(entries: Iterable[Entry]) -> str:
    """Return a sentence on the tags that exist."""
    tags = dict.fromkeys(tag for entry in entries for tag in entry.virtual_tags)
    return f"The tags are {listing(tags)}." if tags else "No model here has any tag."


def facts_of(entries: Iterable[Entry], name: VirtualName) -> str:
    """Return a sentence on a tag's models, with what the conditions are about."""
    kinds = dict.fromkeys(condition.fact for condition in name.conditions)
    models = []
    for entry in entries:
        facts = ", ".join(f"{kind} {shown(fact(entry, kind))}" for kind in kinds)
        models.append(f"'{entry.id}' ({facts})")
    return f"The models of '{name.tag}' are {', '.join(models)}."


def shown(value: Value | None) -> str:
    """Return a fact as it stands in a message."""
    if value is None:
        return "unknown"
    return f"{value:f}" if isinstance(value, Decimal) else value.isoformat()


def speed(entry: Entry, speeds: Mapping[str, float]) -> tuple[float, ...]:
    """Rank the fastest first, and of those not measured the smallest, which is likely to be."""
    return -speeds.get(entry.id, 0.0), *size(entry, speeds)


def price(entry: Entry, speeds: Mapping[str, float]) -> tuple[Decimal | float, ...]:
    """Rank by the price of as much input as output; of equals, the smallest takes the least to run."""
    return entry.declared.prices.input + entry.declared.prices.output, *size(entry, speeds)


def size(entry: Entry, _: Mapping[str, float]) -> tuple[float, ...]:
    """Rank the smallest first; what is not known comes last."""
    return (inf if entry.declared.params is None else entry.declared.params,)


def greatness(entry: Entry, _: Mapping[str, float]) -> tuple[float, ...]:
    """Rank the biggest first; what is not known comes last."""
    return (inf if entry.declared.params is None else -entry.declared.params,)


def age(entry: Entry, _: Mapping[str, float]) -> tuple[float, ...]:
    """Rank the one published last first, and of those the one offered here last."""
    offered = entry.offered or date.min
    return -(entry.declared.published or offered).toordinal(), -offered.toordinal()


Ranking = Callable[[Entry, Mapping[str, float]], tuple[Decimal | float, ...]]
RANKINGS: Final[Mapping[Ranker, Ranking]] = {
    Ranker.FASTEST: speed,
    Ranker.CHEAPEST: price,
    Ranker.BIGGEST: greatness,
    Ranker.LATEST: age,
    Ranker.SMALLEST: size,
}
