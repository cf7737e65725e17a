"""The models of `GET /v1/models`, with the fields that clients of hosted gpt-oss services look for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from ossian.api.fields import JsonObject
from ossian.api.money import per_token
from ossian.settings import DeclaredModel, ModelCapabilities

FEATURES: Final = {
    "json_mode": "structured_outputs",
    "structured_outputs": "structured_outputs",
    "reasoning": "reasoning",
    "tools": "function_calling",
}


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What clients are told of a model. `created` is in Unix seconds, lengths are in tokens; None: not known.

    `stage` is `active`, `deprecated` or `retired`, as of now. `aliases` and `tags` are all there are.
    """

    id: str
    title: str
    declared: DeclaredModel
    stage: str
    is_served: bool
    created: int = 0
    owned_by: str = "ossian"
    max_model_len: int | None = None
    max_output_tokens: int | None = None
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def model_body(card: ModelCard) -> JsonObject:
    """Return one model. Its context has the three names that clients look for, its longest output two."""
    return {
        "id": card.id,
        "object": "model",
        "created": card.created,
        "owned_by": card.owned_by,
        "name": card.title,
        "description": card.declared.description,
        "context_length": card.max_model_len,
        "context_window": card.max_model_len,
        "max_model_len": card.max_model_len,
        "max_completion_tokens": card.max_output_tokens,
        "max_output_tokens": card.max_output_tokens,
        "aliases": list(card.aliases),
        "tags": list(card.tags),
        "architecture": architecture(card.declared.capabilities),
        "supported_features": supported_features(card.declared.capabilities),
        "pricing": pricing(card.declared),
        "lifecycle": lifecycle(card),
    }


def model_list(models: Iterable[JsonObject]) -> JsonObject:
    """Return the list of models."""
    return {"object": "list", "data": list(models)}


def architecture(capabilities: ModelCapabilities) -> JsonObject:
    """Return what goes in and what comes out, each as a list and both as `text->text`."""
    given, made = capabilities.input_modalities, capabilities.output_modalities
    return {
        "modality": f"{'+'.join(given)}->{'+'.join(made)}",
        "input_modalities": list(given),
        "output_modalities": list(made),
    }


def supported_features(capabilities: ModelCapabilities) -> list[str]:
    """Return the names of what a model can do."""
    return [feature for feature, capability in FEATURES.items() if getattr(capabilities, capability)]


def pricing(declared: DeclaredModel) -> JsonObject:
    """Return the prices of one token as strings; all members are amounts, since some clients add up what they find."""
    return {
        "prompt": per_token(declared.prices.input),
        "completion": per_token(declared.prices.output),
        "input_cache_read": per_token(declared.prices.cached_input_price),
    }


def lifecycle(card: ModelCard) -> JsonObject:
    """Return how far a model is on its way out, and what is announced."""
    announced = card.declared.lifecycle
    return {
        "status": card.stage,
        "deprecation_date": iso_day(announced.deprecated),
        "retirement_date": iso_day(announced.retired),
        "successor": announced.successor,
    }


def iso_day(day: date | None) -> str | None:
    """Return a day as `2026-01-31`."""
    return None if day is None else day.isoformat()
