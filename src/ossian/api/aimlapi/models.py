"""AI/ML API's catalog: its models, and how fast they have answered of late."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.models import ModelCard, iso_day
from ossian.api.organization.query import Query

TYPE: Final = "openai/chat-completions"
MAX_NUM_ALIASES: Final = 100  # of a query for figures
_FILTERS: Final = ("id", "type", "tags", "modalities", "input_modalities", "output_modalities", "capabilities")
EXTRAS: Final = ("pricing", "modalities", "capabilities")
_PERCENTILES: Final = (50, 75, 90, 99)


@dataclass(frozen=True, slots=True)
class CatalogQuery:
    """Which models are asked for, and what of them. Filters are in lower case; of each, one value must fit."""

    filters: Mapping[str, frozenset[str]]
    extras: frozenset[str]

    def wants(self, card: ModelCard) -> bool:
        """Tell whether a model meets every filter."""
        facts = _facts(card)
        return all(values & facts[name] for name, values in self.filters.items())


@dataclass(frozen=True, slots=True)
class TurnFigures:
    """How long one turn took: to its first token and in all, in seconds; and its tokens a second after the first."""

    time_to_first_token: float
    duration: float
    speed: float | None


def catalog_query(pairs: Iterable[tuple[str, str]]) -> CatalogQuery:
    """Return the query of the list of models; what is not known is ignored, as that service does."""
    query = Query(pairs, (*_FILTERS, "include", "details"), ignore_unknown=True)
    listed = {name: _words(query.texts(name)) for name in _FILTERS}
    included = _words(query.texts("include"))
    has_all = "all" in included or query.text("details") == "true"
    extras = frozenset(EXTRAS) if has_all else included & frozenset(EXTRAS)
    return CatalogQuery({name: words for name, words in listed.items() if words}, extras)


def model_entry(card: ModelCard, extras: frozenset[str], currency: str) -> JsonObject:
    """Return one model."""
    declared, capabilities = card.declared, card.declared.capabilities
    body: JsonObject = {
        "id": card.id,
        "aliases": list(card.aliases),
        "type": TYPE,
        "info": {
            "name": card.title,
            "developer": declared.publisher,
            "description": declared.description,
            "releasedAt": iso_day(declared.published),
            "contextLength": card.max_model_len,
            "outputMax": card.max_output_tokens,
        },
        "tags": list(card.tags),
    }
    if "pricing" in extras:
        body["pricing"] = _pricing(card, currency)
    if "modalities" in extras:
        body["modalities"] = {
            "input": list(capabilities.input_modalities),
            "output": list(capabilities.output_modalities),
        }
    if "capabilities" in extras:
        body["capabilities"] = sorted(_capabilities(card))
    return body


def figures_body(
    asked: Sequence[str], turns: Mapping[str, Sequence[TurnFigures]], window_seconds: int, generated_at: str
) -> JsonObject:
    """Return the figures of the models that have answered within the window; the names are those that were asked."""
    models = [_figures(name, turns[name]) for name in asked if turns.get(name)]
    return {"window_seconds": window_seconds, "generated_at": generated_at, "models": models}


def _figures(name: str, turns: Sequence[TurnFigures]) -> JsonObject:
    speeds = [turn.speed for turn in turns if turn.speed is not None]
    return {
        "alias": name,
        "endpoint": "/v1/chat/completions",
        "metrics": {
            "ttft_ms": _percentiles([turn.time_to_first_token * 1000 for turn in turns]),
            "tps": _percentiles(speeds),
            "duration_ms": _percentiles([turn.duration * 1000 for turn in turns]),
        },
    }


def _percentiles(values: Sequence[float]) -> JsonObject:
    """The smallest value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return {
        f"p{each}": round(ordered[max(0, -(-each * len(ordered) // 100) - 1)], 3) if ordered else None
        for each in _PERCENTILES
    }


def _pricing(card: ModelCard, currency: str) -> JsonObject:
    prices = card.declared.prices
    units = {"input": prices.input, "cached_input": prices.cached_input_price, "output": prices.output}
    return {
        "kind": "fixed",
        "currency": currency,
        "units": [
            {"name": name, "measure": "token", "price": float(price), "per": 1_000_000} for name, price in units.items()
        ],
    }


def _facts(card: ModelCard) -> dict[str, frozenset[str]]:
    """What each filter is compared with, in lower case."""
    given, made = card.declared.capabilities.input_modalities, card.declared.capabilities.output_modalities
    return {
        "id": _words((card.id, *card.aliases)),
        "type": _words((TYPE,)),
        "tags": _words(card.tags),
        "modalities": _words((*given, *made)),
        "input_modalities": _words(given),
        "output_modalities": _words(made),
        "capabilities": _words(_capabilities(card)),
    }


def _capabilities(card: ModelCard) -> set[str]:
    names = ("reasoning", "function_calling", "structured_outputs", "streaming")
    return {name for name in names if getattr(card.declared.capabilities, name)}


def _words(texts: Iterable[str]) -> frozenset[str]:
    """Values may come one by one or with commas between them."""
    return frozenset(word.strip().lower() for text in texts for word in text.split(",") if word.strip())
