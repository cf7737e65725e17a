"""The public catalogs of hosted services: every model that is offered, for people and programs that choose one."""

from collections.abc import Iterable
from dataclasses import dataclass

from ossian.api.fields import JsonObject
from ossian.api.models import ModelCard, iso_day, pricing, supported_features
from ossian.api.money import plain
from ossian.settings import DeclaredModel


@dataclass(frozen=True, slots=True)
class RequestRates:
    """How many requests to a model a project, and an address without a key, may send in a minute; None: any number."""

    project: int | None = None
    anonymous: int | None = None


def catalog_body(cards: Iterable[ModelCard], currency: str, rates: RequestRates) -> list[JsonObject]:
    """Return `models_v2`: an array, also of models that are not available at present."""
    return [_catalog_model(card, currency, rates) for card in cards]


def _catalog_model(card: ModelCard, currency: str, rates: RequestRates) -> JsonObject:
    declared = card.declared
    return {
        "id": card.id,
        "name": card.title,
        "description": declared.description,
        "available": card.is_served,
        "category": "Reasoning LLM" if declared.capabilities.reasoning else "Large Language Models (LLM)",
        "tags": list(card.tags),
        "metadata": {
            "aliases": list(card.aliases),
            "model_specs": _specs(card),
            "publishing_information": {
                "publisher": declared.publisher,
                "series": declared.series,
                "licence_name": declared.licence,
                "model_publication_date": iso_day(declared.published),
            },
            "usage_information": {
                "pricing": _prices(declared, currency),
                "rate_limit": {"rate_limit_api": rates.project, "rate_limit_api_anonymous": rates.anonymous},
            },
        },
    }


def _specs(card: ModelCard) -> JsonObject:
    capabilities = card.declared.capabilities
    return {
        "context_size": card.max_model_len,
        "max_tokens": card.max_output_tokens,
        "params": card.declared.params,
        "capabilities": {
            "input_modality": list(capabilities.input_modalities),
            "output_modality": list(capabilities.output_modalities),
            "reasoning": capabilities.reasoning,
            "function_calling": capabilities.function_calling,
            "structured_outputs": capabilities.structured_outputs,
            "streaming": capabilities.streaming,
        },
    }


def _prices(declared: DeclaredModel, currency: str) -> JsonObject:
    unit = f"{currency} per 1M tokens"
    prices = {"prompt": declared.prices.input, "completion": declared.prices.output}
    return {kind: {"price": plain(price), "unit": unit} for kind, price in prices.items()}


def openrouter_body(cards: Iterable[ModelCard]) -> JsonObject:
    """Return the models that are served, in the form that routers between providers read."""
    return {"data": [_openrouter_model(card) for card in cards if card.is_served]}


def _openrouter_model(card: ModelCard) -> JsonObject:
    capabilities = card.declared.capabilities
    return {
        "id": card.id,
        "name": card.title,
        "description": card.declared.description,
        "context_length": card.max_model_len,
        "max_output_length": card.max_output_tokens,
        "input_modalities": list(capabilities.input_modalities),
        "output_modalities": list(capabilities.output_modalities),
        "supported_features": supported_features(capabilities),
        "pricing": pricing(card.declared),
    }
